#include "engine/json_cursor.h"

#include "base/gofloat.h"
#include "base/utf8.h"

#define MAX_DEPTH 100 /* of what is passed over */

/* ---- strings ---- */

static bool read_hex4(struct json_cursor *c, uint32_t *ret) {
	uint32_t v = 0;
	for (int i = 0; i < 4; i++, c->at++) {
		char ch = c->at < c->end ? *c->at : '\0', low = (char)(ch | 0x20);
		if (ch >= '0' && ch <= '9') {
			v = v * 16 + (uint32_t)(ch - '0');
		} else if (low >= 'a' && low <= 'f') {
			v = v * 16 + (uint32_t)(low - 'a' + 10);
		} else {
			return false;
		}
	}
	*ret = v;
	return true;
}

/* Behind "\u". What lies outside of the first 65,536 characters is written as two halves. */
static bool read_unicode(struct json_cursor *c, uint32_t *ret) {
	uint32_t high, low;
	if (!read_hex4(c, &high)) {
		return false;
	}
	if (high < 0xd800 || high > 0xdfff) {
		*ret = high;
		return true;
	}
	if (high > 0xdbff || c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u') {
		return false;
	}
	c->at += 2;
	if (!read_hex4(c, &low) || low < 0xdc00 || low > 0xdfff) {
		return false;
	}
	*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static const char plain_escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* Behind the backslash. */
static bool read_escape(struct json_cursor *c, struct strbuf *out) {
	unsigned char ch = c->at < c->end ? (unsigned char)*c->at++ : 0;
	uint32_t rune;
	if (plain_escapes[ch] != '\0') {
		strbuf_add_char(out, plain_escapes[ch]);
		return true;
	}
	if (ch != 'u' || !read_unicode(c, &rune)) {
		return false;
	}
	utf8_encode(out, rune);
	return true;
}

/* Up to the quote or the backslash that comes next; false: neither does. */
static bool read_run(struct json_cursor *c, struct str *ret) {
	const char *start = c->at, *at = start, *end = c->end;
	while (at < end && *at != '"' && *at != '\\') {
		at++;
	}
	c->at = at;
	*ret = (struct str){.ptr = start, .len = (size_t)(at - start)};
	return at < end;
}

/* From the first backslash on. */
static bool read_escaped(struct json_cursor *c, struct str run, struct strbuf *out) {
	strbuf_add(out, run);
	while (*c->at == '\\') {
		c->at++;
		if (!read_escape(c, out) || !read_run(c, &run)) {
			return false;
		}
		strbuf_add(out, run);
	}
	return true;
}

bool json_cursor_string(struct json_cursor *c, struct str *ret) {
	struct str run;
	if (!json_cursor_take(c, '"') || !read_run(c, &run)) {
		return false;
	}
	if (*c->at == '\\') {
		struct strbuf b = STRBUF_INIT;
		bool ok = read_escaped(c, run, &b);
		if (ok) {
			run = arena_dup(c->arena, strbuf_str(&b));
		}
		strbuf_finish(&b);
		if (!ok) {
			return false;
		}
	}
	c->at++;
	*ret = run;
	return true;
}

bool json_cursor_key(struct json_cursor *c, struct str *ret) {
	return json_cursor_string(c, ret) && json_cursor_take(c, ':');
}

/* ---- other values ---- */

static bool is_of_number(char ch) {
	return (ch >= '0' && ch <= '9') || ch == '-' || ch == '+' || ch == '.' || ch == 'e' ||
		   ch == 'E';
}

bool json_cursor_number(struct json_cursor *c, double *ret) {
	char first = json_cursor_peek(c);
	const char *start = c->at;
	while (c->at < c->end && is_of_number(*c->at)) {
		c->at++;
	}
	return (first == '-' || (first >= '0' && first <= '9')) &&
		   gofloat_parse((struct str){.ptr = start, .len = (size_t)(c->at - start)}, ret, NULL);
}

static bool skip_word(struct json_cursor *c) {
	static const struct str words[] = {{"null", 4}, {"true", 4}, {"false", 5}};
	struct str rest = {.ptr = c->at, .len = (size_t)(c->end - c->at)};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_starts_with(rest, words[i])) {
			c->at += words[i].len;
			return true;
		}
	}
	return false;
}

static bool skip_value(struct json_cursor *c, size_t depth, size_t *ret_items);

static bool skip_items(struct json_cursor *c, char close, size_t depth, size_t *ret_items) {
	bool more = !json_cursor_take(c, close);
	struct str key;
	size_t inner;
	for (*ret_items = 0; more; ++*ret_items) {
		if ((close == '}' && !json_cursor_key(c, &key)) || !skip_value(c, depth + 1, &inner) ||
			!json_cursor_next(c, close, &more)) {
			return false;
		}
	}
	return true;
}

static bool skip_value(struct json_cursor *c, size_t depth, size_t *ret_items) {
	char first = json_cursor_peek(c);
	struct str text;
	double v;
	*ret_items = 0;
	switch (first) {
	case '[':
	case '{':
		c->at++;
		return depth < MAX_DEPTH && skip_items(c, first == '[' ? ']' : '}', depth, ret_items);
	case '"': return json_cursor_string(c, &text);
	case 'n':
	case 't':
	case 'f': return skip_word(c);
	default: return json_cursor_number(c, &v);
	}
}

bool json_cursor_skip(struct json_cursor *c, size_t *ret_items) {
	return skip_value(c, 0, ret_items);
}
