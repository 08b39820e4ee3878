#include "base/json.h"

#include <math.h>

#include "base/bug.h"
#include "base/gofloat.h"
#include "base/utf8.h"

void json_init(struct json_writer *w, struct strbuf *out) {
	*w = (struct json_writer){.out = out};
}

static void begin_value(struct json_writer *w) {
	if (w->comma) {
		strbuf_add_char(w->out, ',');
	}
	w->comma = true;
}

static void open(struct json_writer *w, char bracket) {
	begin_value(w);
	strbuf_add_char(w->out, bracket);
	w->comma = false;
}

static void close(struct json_writer *w, char bracket) {
	strbuf_add_char(w->out, bracket);
	w->comma = true;
}

void json_open_object(struct json_writer *w) {
	open(w, '{');
}

void json_close_object(struct json_writer *w) {
	close(w, '}');
}

void json_open_array(struct json_writer *w) {
	open(w, '[');
}

void json_close_array(struct json_writer *w) {
	close(w, ']');
}

void json_key(struct json_writer *w, const char *key) {
	json_key_str(w, str_from(key));
}

void json_key_str(struct json_writer *w, struct str key) {
	json_string(w, key);
	strbuf_add_char(w->out, ':');
	w->comma = false;
}

static const char *const escapes[128] = {
	['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
	['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t",
};

static bool needs_code(uint32_t rune) {
	return rune < 0x20 || rune == '<' || rune == '>' || rune == '&' || rune == 0x2028 ||
		   rune == 0x2029;
}

static void add_rune(struct strbuf *out, struct str bytes, uint32_t rune) {
	if (rune < 128 && escapes[rune] != NULL) {
		strbuf_add_c(out, escapes[rune]);
	} else if (needs_code(rune)) {
		strbuf_printf(out, "\\u%04x", rune);
	} else if (rune == UTF8_INVALID && bytes.len == 1) {
		strbuf_add_c(out, "\\ufffd");
	} else {
		strbuf_add(out, bytes);
	}
}

/* Bytes that stand for themselves are copied in runs. */
static size_t plain_run(struct str s) {
	size_t at = 0;
	while (at < s.len) {
		unsigned char c = (unsigned char)s.ptr[at];
		if (c >= 0x80 || c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&') {
			break;
		}
		at++;
	}
	return at;
}

void json_string(struct json_writer *w, struct str s) {
	begin_value(w);
	strbuf_add_char(w->out, '"');
	while (s.len > 0) {
		size_t run = plain_run(s);
		strbuf_add(w->out, str_slice(s, 0, run));
		s = str_slice(s, run, s.len);
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		if (len > 0) {
			add_rune(w->out, str_slice(s, 0, len), rune);
			s = str_slice(s, len, s.len);
		}
	}
	strbuf_add_char(w->out, '"');
}

void json_int(struct json_writer *w, int64_t v) {
	begin_value(w);
	strbuf_printf(w->out, "%lld", (long long)v);
}

/* encoding/json: plain below 1e21 and down to 1e-6, else an exponent without the leading zero ("1e-7"). */
void json_number(struct json_writer *w, double v) {
	BUG_ON(!isfinite(v));
	begin_value(w);
	double size = fabs(v);
	if (size == 0 || (size >= 1e-6 && size < 1e21)) {
		gofloat_print(w->out, v, 'f');
		return;
	}
	gofloat_print(w->out, v, 'e');
	size_t len = w->out->len;
	char *text = w->out->ptr;
	if (len >= 4 && text[len - 4] == 'e' && text[len - 3] == '-' && text[len - 2] == '0') {
		text[len - 2] = text[len - 1];
		text[len - 1] = '\0';
		w->out->len--;
	}
}

void json_bool(struct json_writer *w, bool v) {
	begin_value(w);
	strbuf_add_c(w->out, v ? "true" : "false");
}

void json_null(struct json_writer *w) {
	begin_value(w);
	strbuf_add_c(w->out, "null");
}

void json_raw(struct json_writer *w, struct str text) {
	begin_value(w);
	strbuf_add(w->out, text);
}

void json_labels(struct json_writer *w, struct labels l) {
	json_open_object(w);
	for (size_t i = 0; i < l.count; i++) {
		json_key_str(w, l.items[i].name);
		json_string(w, l.items[i].value);
	}
	json_close_object(w);
}
