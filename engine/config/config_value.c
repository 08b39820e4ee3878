/* One setting's value from its text. */
#include <inttypes.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/url.h"
#include "base/utf8.h"
#include "engine/config/config_access_private.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool parse_whole(struct str text, uint64_t *ret_value) {
	uint64_t value = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c < '0' || c > '9' || __builtin_mul_overflow(value, UINT64_C(10), &value) ||
			__builtin_add_overflow(value, (uint64_t)(c - '0'), &value)) {
			return false;
		}
	}
	*ret_value = value;
	return text.len > 0;
}

static const char *quote(struct arena *a, const char *format, struct str text) {
	struct strbuf b = STRBUF_INIT;
	strbuf_add_quoted(&b, text);
	const char *message = arena_printf(a, format, b.ptr);
	strbuf_finish(&b);
	return message;
}

/* A URL, without what is secret in it. */
static const char *quote_url(struct arena *a, const char *format, struct str url) {
	struct strbuf masked = STRBUF_INIT;
	url_mask(&masked, url);
	const char *message = quote(a, format, strbuf_str(&masked));
	strbuf_finish(&masked);
	return message;
}

/* "256MiB", "64KB", "1048576" */
static bool parse_bytes(struct str text, struct arena *a, size_t *ret_bytes,
						const char **ret_error) {
	static const struct {
		struct str suffix;
		uint64_t factor;
	} units[] = {
		{{"KiB", 3}, UINT64_C(1) << 10},
		{{"MiB", 3}, UINT64_C(1) << 20},
		{{"GiB", 3}, UINT64_C(1) << 30},
		{{"KB", 2}, UINT64_C(1000)},
		{{"MB", 2}, UINT64_C(1000000)},
		{{"GB", 2}, UINT64_C(1000000000)},
		{{"B", 1}, 1},
		{{"", 0}, 1},
	};
	for (size_t i = 0; i < COUNT(units); i++) {
		if (!str_ends_with(text, units[i].suffix)) {
			continue;
		}
		uint64_t value;
		struct str digits = str_trim(str_slice(text, 0, text.len - units[i].suffix.len));
		if (parse_whole(digits, &value) && value > 0 &&
			!__builtin_mul_overflow(value, units[i].factor, &value) && value <= SIZE_MAX / 2) {
			*ret_bytes = (size_t)value;
			return true;
		}
		break;
	}
	*ret_error = quote(a, "%s is not a size such as 268435456 or 256MiB", text);
	return false;
}

static bool parse_count(struct str text, struct arena *a, size_t *ret_count,
						const char **ret_error) {
	uint64_t value;
	if (!parse_whole(text, &value) || value == 0 || value > SIZE_MAX / 2) {
		*ret_error = quote(a, "%s is not a whole number above 0", text);
		return false;
	}
	*ret_count = (size_t)value;
	return true;
}

static bool parse_duration(struct str text, bool zero_allowed, struct arena *a,
						   dur_ms *ret_duration, const char **ret_error) {
	dur_ms value;
	if (!duration_parse(text, a, &value, ret_error)) {
		return false;
	}
	if (value == 0 && !zero_allowed) {
		*ret_error = "the duration must be above 0";
		return false;
	}
	*ret_duration = value;
	return true;
}

static bool parse_word(struct str text, const char *const *words, size_t count, struct arena *a,
					   int *ret_index, const char **ret_error) {
	struct strbuf list = STRBUF_INIT;
	for (size_t i = 0; i < count; i++) {
		if (str_equal(text, str_from(words[i]))) {
			*ret_index = (int)i;
			strbuf_finish(&list);
			return true;
		}
		strbuf_printf(&list, "%s%s", i == 0 ? "" : (i + 1 == count ? " or " : ", "), words[i]);
	}
	*ret_error = arena_printf(a, "%s, expected %s", quote(a, "unknown value %s", text), list.ptr);
	strbuf_finish(&list);
	return false;
}

static bool port_is_valid(struct str port, bool zero_allowed) {
	uint64_t number;
	return parse_whole(port, &number) && number <= 65535 && (number > 0 || zero_allowed);
}

/* Splits `host:port` at the last colon outside of brackets. false: no colon there. */
static bool split_port(struct str s, struct str *ret_host, struct str *ret_port) {
	size_t at = s.len;
	while (at > 0 && s.ptr[at - 1] != ':' && s.ptr[at - 1] != ']') {
		at--;
	}
	if (at == 0 || s.ptr[at - 1] == ']') {
		return false;
	}
	*ret_host = str_slice(s, 0, at - 1);
	*ret_port = str_slice(s, at, s.len);
	return true;
}

static bool host_is_valid(struct str host) {
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
		for (size_t i = 1; i + 1 < host.len; i++) {
			if (!strchr("0123456789abcdefABCDEF:.%", host.ptr[i])) {
				return false;
			}
		}
		return host.len > 2;
	}
	for (size_t i = 0; i < host.len; i++) {
		unsigned char c = (unsigned char)host.ptr[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!alnum && c != '.' && c != '-' && c != '_') {
			return false;
		}
	}
	return host.len > 0;
}

/* NULL: fine. A URL with a password in it is never repeated in a message. */
static const char *judge_url(struct str text, struct str rest, struct arena *a) {
	size_t slash = str_find(rest, STR("/"));
	struct str authority = str_slice(rest, 0, slash), path = str_slice(rest, slash, rest.len);
	if (memchr(rest.ptr, '@', rest.len) != NULL) {
		return "a user name or password in a URL would end up in logs and alerts; they belong into "
			   "basic_auth";
	}
	if (memchr(rest.ptr, '?', rest.len) != NULL || memchr(rest.ptr, '#', rest.len) != NULL) {
		return quote_url(a, "%s has a query or a fragment; only the base of the API is wanted",
						 text);
	}
	struct str host = authority, port = STR_EMPTY;
	if (split_port(authority, &host, &port) && !port_is_valid(port, false)) {
		return quote_url(a, "%s has a bad port", text);
	}
	if (!host_is_valid(host)) {
		return quote_url(a, "%s has no valid host name", text);
	}
	for (size_t i = 0; i < path.len; i++) {
		if ((unsigned char)path.ptr[i] <= ' ' || (unsigned char)path.ptr[i] >= 0x7f) {
			return quote_url(a, "%s has a blank, a control character or one beyond ASCII", text);
		}
	}
	return NULL;
}

bool config_parse_url(struct str text, struct arena *a, struct str *ret_url,
					  const char **ret_error) {
	static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (!str_starts_with(text, schemes[i])) {
			continue;
		}
		const char *wrong = judge_url(text, str_slice(text, schemes[i].len, text.len), a);
		if (wrong != NULL) {
			*ret_error = wrong;
			return false;
		}
		struct str url = text;
		while (url.ptr[url.len - 1] == '/') {
			url.len--;
		}
		*ret_url = arena_dup(a, url);
		return true;
	}
	*ret_error = quote_url(a, "%s is not a URL beginning with http:// or https://", text);
	return false;
}

static bool parse_listen(struct str text, struct arena *a, struct str *ret_address,
						 const char **ret_error) {
	struct str host, port;
	if (text.len > 0 && (!split_port(text, &host, &port) || !port_is_valid(port, true) ||
						 (host.len > 0 && !host_is_valid(host)))) {
		*ret_error = quote(a, "%s is not an address such as 127.0.0.1:9099 or [::1]:9099", text);
		return false;
	}
	*ret_address = arena_dup(a, text);
	return true;
}

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const format_names[] = {"text", "json"};
static const char *const tls_names[] = {"TLS10", "TLS11", "TLS12", "TLS13"};

const char *config_tls_version_name(enum config_tls_version version) {
	return version == CONFIG_TLS_ANY ? "" : tls_names[version - CONFIG_TLS_10];
}

/* One of a few words, whose place in the list is the value of an enum. */
static bool parse_choice(enum setting_kind kind, struct str text, struct arena *a, void *target,
						 const char **ret_error) {
	int index;
	if (kind == SETTING_EVALUATION) {
		if (!parse_word(text, evaluation_mode_name, EVALUATION_MODES, a, &index, ret_error)) {
			return false;
		}
		*(enum evaluation_mode *)target = (enum evaluation_mode)index;
	} else if (kind == SETTING_TLS_VERSION) {
		if (!parse_word(text, tls_names, COUNT(tls_names), a, &index, ret_error)) {
			return false;
		}
		*(enum config_tls_version *)target = (enum config_tls_version)(index + (int)CONFIG_TLS_10);
	} else if (kind == SETTING_LOG_LEVEL) {
		if (!parse_word(text, level_names, COUNT(level_names), a, &index, ret_error)) {
			return false;
		}
		*(enum config_log_level *)target = (enum config_log_level)index;
	} else {
		if (!parse_word(text, format_names, COUNT(format_names), a, &index, ret_error)) {
			return false;
		}
		*(enum config_log_format *)target = (enum config_log_format)index;
	}
	return true;
}

const char *config_log_level_name(enum config_log_level level) {
	return level_names[level];
}

const char *config_log_format_name(enum config_log_format format) {
	return format_names[format];
}

static bool parse_text(struct str text, struct arena *a, struct str *ret_text,
					   const char **ret_error) {
	if (!utf8_valid(text) || (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)) {
		*ret_error = "the text is not valid UTF-8";
		return false;
	}
	*ret_text = arena_dup(a, text);
	return true;
}

static bool parse_secret(struct str text, struct arena *a, struct config_secret *ret_secret,
						 const char **ret_error) {
	if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL) {
		*ret_error = "a secret has no NUL character in it";
		return false;
	}
	/* the end of a block scalar */
	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
		text.len--;
	}
	ret_secret->text = arena_dup(a, text);
	return true;
}

static bool parse_proxy(struct str text, struct arena *a, struct config_secret *ret_url,
						const char **ret_error) {
	static const struct str schemes[] = {
		{"http://", 7}, {"https://", 8}, {"socks5://", 9}, {"socks5h://", 10}};
	bool known = text.len == 0;
	struct str rest = STR_EMPTY;
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (str_starts_with(text, schemes[i])) {
			known = true;
			rest = str_slice(text, schemes[i].len, text.len);
		}
	}
	for (size_t i = rest.len; i-- > 0;) {
		if (rest.ptr[i] == '@') {
			rest = str_slice(rest, i + 1, rest.len);
			break;
		}
	}
	struct str host = rest, port;
	host.len -= str_ends_with(host, STR("/"));
	bool has_port = split_port(host, &host, &port);
	if (!known) {
		*ret_error = "a proxy is a URL beginning with http://, https://, socks5:// or socks5h://";
	} else if (text.len > 0 &&
			   (!host_is_valid(host) || (has_port && !port_is_valid(port, false)))) {
		*ret_error = quote_url(a, "%s has no valid host name and port", text);
	} else {
		ret_url->text = arena_dup(a, text);
		return true;
	}
	return false;
}

static bool parse_bool(struct str text, struct arena *a, bool *ret_value, const char **ret_error) {
	/* the words of YAML 1.1, which Prometheus takes */
	static const char *const words[2][11] = {
		{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"},
		{"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"},
	};
	for (size_t i = 0; i < 2 * COUNT(words[0]); i++) {
		bool yes = i >= COUNT(words[0]);
		if (str_equal(text, str_from(words[yes][i % COUNT(words[0])]))) {
			*ret_value = yes;
			return true;
		}
	}
	*ret_error = quote(a, "%s is neither true nor false", text);
	return false;
}

static bool parse_yes_no(struct str text, struct arena *a, enum config_choice *ret_choice,
						 const char **ret_error) {
	bool yes;
	if (!parse_bool(text, a, &yes, ret_error)) {
		return false;
	}
	*ret_choice = yes ? CONFIG_YES : CONFIG_NO;
	return true;
}

static bool parse_regex(struct str text, struct arena *a, struct str *ret_text,
						const char **ret_error) {
	struct regex *regex = regex_create(text, REGEX_ANCHORED, a, ret_error);
	if (regex == NULL) {
		return false;
	}
	regex_destroy(regex);
	*ret_text = arena_dup(a, text);
	return true;
}

bool config_parse_value(const struct setting *s, struct str text, struct arena *a, void *target,
						const char **ret_error) {
	switch (s->kind) {
	case SETTING_OPTIONAL_URL:
		if (text.len == 0) {
			*(struct str *)target = STR_EMPTY;
			return true;
		}
		return config_parse_url(text, a, target, ret_error);
	case SETTING_URL: return config_parse_url(text, a, target, ret_error);
	case SETTING_DURATION: return parse_duration(text, false, a, target, ret_error);
	case SETTING_OPTIONAL_DURATION: return parse_duration(text, true, a, target, ret_error);
	case SETTING_FILE:
	case SETTING_TEXT: return parse_text(text, a, target, ret_error);
	case SETTING_SECRET: return parse_secret(text, a, target, ret_error);
	case SETTING_PROXY: return parse_proxy(text, a, target, ret_error);
	case SETTING_BOOL: return parse_bool(text, a, target, ret_error);
	case SETTING_CHOICE: return parse_yes_no(text, a, target, ret_error);
	case SETTING_REGEX: return parse_regex(text, a, target, ret_error);
	case SETTING_LISTEN: return parse_listen(text, a, target, ret_error);
	case SETTING_BYTES: return parse_bytes(text, a, target, ret_error);
	case SETTING_COUNT: return parse_count(text, a, target, ret_error);
	case SETTING_SHARD: return shard_parse(text, target, ret_error);
	case SETTING_EVALUATION:
	case SETTING_LOG_LEVEL:
	case SETTING_LOG_FORMAT:
	case SETTING_TLS_VERSION: return parse_choice(s->kind, text, a, target, ret_error);
	case SETTING_HEADERS: return config_access_parse_header(text, a, target, ret_error);
	case SETTING_LABELS:
	case SETTING_PEERS:
	case SETTING_TEXTS:
	case SETTING_PRESETS:
	case SETTING_NODE: break;
	}
	*ret_error = "a list or mapping is expected";
	return false;
}
