/* stripPort, stripDomain */
#include "rules/template/template_private.h"

static size_t count_char(struct str s, char c) {
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++) {
		count += s.ptr[i] == c;
	}
	return count;
}

static bool has_bracket(struct str s) {
	return count_char(s, '[') + count_char(s, ']') > 0;
}

/* As Go's net.SplitHostPort: host:port or [host]:port. */
static bool split_host_port(struct str s, struct str *ret_host, struct str *ret_port) {
	size_t colon = s.len;
	while (colon > 0 && s.ptr[colon - 1] != ':') {
		colon--;
	}
	if (colon == 0) {
		return false;
	}
	colon--;
	struct str host = str_slice(s, 0, colon), port = str_slice(s, colon + 1, s.len);
	if (s.ptr[0] == '[') {
		size_t end = str_find(s, STR("]"));
		if (end + 1 != colon) {
			return false;
		}
		host = str_slice(s, 1, end);
	} else if (count_char(host, ':') > 0) {
		return false;
	}
	if (has_bracket(host) || has_bracket(port)) {
		return false;
	}
	*ret_host = host;
	*ret_port = port;
	return true;
}

static bool is_ipv4(struct str s) {
	size_t parts = 0;
	for (size_t at = 0; at <= s.len; parts++) {
		size_t length = str_find(str_slice(s, at, s.len), STR("."));
		int value = 0;
		if (length == 0 || length > 3 || (length > 1 && s.ptr[at] == '0')) {
			return false;
		}
		for (size_t i = at; i < at + length; i++) {
			if (s.ptr[i] < '0' || s.ptr[i] > '9') {
				return false;
			}
			value = value * 10 + (s.ptr[i] - '0');
		}
		if (value > 255) {
			return false;
		}
		at += length + 1;
	}
	return parts == 4;
}

static bool is_hex_group(struct str s) {
	for (size_t i = 0; i < s.len; i++) {
		char c = (char)(s.ptr[i] | 32);
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
			return false;
		}
	}
	return s.len >= 1 && s.len <= 4;
}

/* Groups on one side of `::`, or all of them. An IPv4 address at the end counts as two. -1: no groups. */
static int count_groups(struct str s, bool last) {
	int groups = 0;
	if (s.len == 0) {
		return 0;
	}
	for (size_t at = 0; at <= s.len;) {
		size_t length = str_find(str_slice(s, at, s.len), STR(":"));
		struct str group = str_slice(s, at, at + length);
		bool at_end = at + length == s.len;
		if (last && at_end && is_ipv4(group)) {
			groups += 2;
		} else if (is_hex_group(group)) {
			groups++;
		} else {
			return -1;
		}
		at += length + 1;
	}
	return groups;
}

static bool is_ipv6(struct str s) {
	size_t gap = str_find(s, STR("::"));
	if (gap == s.len) {
		return count_groups(s, true) == 8;
	}
	int left = count_groups(str_slice(s, 0, gap), false);
	int right = count_groups(str_slice(s, gap + 2, s.len), true);
	return left >= 0 && right >= 0 && left + right < 8;
}

bool tfn_strip_port(const struct tcall *call, struct tvalue *ret_value) {
	struct str host = call->args[0].s, port;
	split_host_port(call->args[0].s, &host, &port);
	*ret_value = tvalue_string(host);
	return true;
}

/* web-1.example.org:80 becomes web-1:80; addresses stay. */
bool tfn_strip_domain(const struct tcall *call, struct tvalue *ret_value) {
	struct str host = call->args[0].s, port = STR_EMPTY;
	split_host_port(call->args[0].s, &host, &port);
	if (is_ipv4(host) || is_ipv6(host)) {
		*ret_value = call->args[0];
		return true;
	}
	host = str_slice(host, 0, str_find(host, STR(".")));
	struct strbuf *out = call->x->out;
	size_t start = out->len;
	bool brackets = port.len > 0 && (count_char(host, ':') > 0 || count_char(host, '%') > 0);
	strbuf_add_c(out, brackets ? "[" : "");
	strbuf_add(out, host);
	strbuf_add_c(out, brackets ? "]" : "");
	if (port.len > 0) {
		strbuf_add_char(out, ':');
		strbuf_add(out, port);
	}
	return tcall_return_text(call, start, ret_value);
}
