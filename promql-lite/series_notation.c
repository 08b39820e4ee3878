#include "promql-lite/series_notation.h"

#include "base/gofloat.h"
#include "promql-lite/lexer.h"
#include "promql-lite/series.h"

/* ---- labels ---- */

static bool fail(struct arena *a, const char **ret_error, const char *message, struct str at) {
	*ret_error = arena_printf(a, "%s \"%.*s\"", message, STR_FMT(at));
	return false;
}

/* name="value", "name"="value" or a quoted metric name, behind the token `first`. */
static bool parse_label(struct pql_lexer *lx, struct pql_token first, struct labels_builder *b,
						struct arena *a, const char **ret_error) {
	struct pql_lexer ahead = *lx;
	struct pql_token token;
	struct str name =
		first.kind == PQL_TOKEN_STRING ? pql_lexer_unquote(first.text, a) : first.text;

	if (first.kind != PQL_TOKEN_STRING && !pql_token_names_label(first.kind)) {
		return fail(a, ret_error, "unexpected text in series labels:", first.text);
	}
	pql_lexer_next(&ahead, &token);
	if (token.kind != PQL_TOKEN_EQL) {
		labels_builder_set(b, LABEL_NAME, name);
		return first.kind == PQL_TOKEN_STRING ||
			   fail(a, ret_error, "no value for label", first.text);
	}
	pql_lexer_next(&ahead, &token);
	*lx = ahead;
	if (token.kind != PQL_TOKEN_STRING) {
		return fail(a, ret_error, "no quoted value for label", first.text);
	}
	labels_builder_set(b, name, pql_lexer_unquote(token.text, a));
	return true;
}

static bool parse_braces(struct pql_lexer *lx, struct labels_builder *b, struct arena *a,
						 const char **ret_error) {
	struct pql_token token;

	for (;;) {
		pql_lexer_next(lx, &token);
		if (token.kind == PQL_TOKEN_RIGHT_BRACE) {
			return true;
		}
		if (token.kind == PQL_TOKEN_ERROR) {
			*ret_error = lx->error;
			return false;
		}
		if (!parse_label(lx, token, b, a, ret_error)) {
			return false;
		}
		pql_lexer_next(lx, &token);
		if (token.kind == PQL_TOKEN_RIGHT_BRACE) {
			return true;
		}
		if (token.kind != PQL_TOKEN_COMMA) {
			return fail(a, ret_error, "unexpected text in series labels:", token.text);
		}
	}
}

bool pql_notation_parse_labels(struct str text, struct arena *a, struct labels *ret_labels,
							   struct str *ret_rest, const char **ret_error) {
	struct labels_builder b;
	struct pql_lexer lx;
	struct pql_token token;

	pql_lexer_init(&lx, text, a);
	labels_builder_init(&b, a);
	pql_lexer_next(&lx, &token);
	if (pql_token_names_metric(token.kind)) {
		labels_builder_set(&b, LABEL_NAME, arena_dup(a, token.text));
		if (lx.at < text.len && text.ptr[lx.at] == '{') {
			pql_lexer_next(&lx, &token);
		}
	} else if (token.kind != PQL_TOKEN_LEFT_BRACE) {
		return fail(a, ret_error, "no series at", text);
	}
	if (token.kind == PQL_TOKEN_LEFT_BRACE && !parse_braces(&lx, &b, a, ret_error)) {
		return false;
	}
	*ret_labels = labels_dup(a, labels_builder_take(&b));
	*ret_rest = str_slice(text, lx.at, text.len);
	return true;
}

/* ---- points ---- */

struct points_parser {
	struct arena *arena;
	struct str text;
	size_t at;
	struct pql_points points;
	size_t capacity;
	const char *error;
};

static bool points_fail(struct points_parser *p, const char *message, size_t from) {
	size_t end = from;

	while (end < p->text.len && p->text.ptr[end] != ' ' && p->text.ptr[end] != '\t') {
		end++;
	}
	return fail(p->arena, &p->error, message, str_slice(p->text, from, end));
}

static char peek(const struct points_parser *p) {
	return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool add_point(struct points_parser *p, struct pql_point point) {
	if (p->points.count == PQL_NOTATION_MAX_POINTS) {
		p->error =
			arena_printf(p->arena, "a series has more than %d points", PQL_NOTATION_MAX_POINTS);
		return false;
	}
	p->points.items = arena_grow(p->arena, p->points.items, p->points.count, &p->capacity,
								 sizeof(*p->points.items));
	p->points.items[p->points.count++] = point;
	return true;
}

/* `x` and how often; *ret_times stays as it is when there is no x. */
static bool parse_times(struct points_parser *p, size_t *ret_times) {
	size_t from = p->at, times = 0;

	if (peek(p) != 'x') {
		return true;
	}
	p->at++;
	if (!(peek(p) >= '0' && peek(p) <= '9')) {
		return points_fail(p, "invalid repetition in series values:", from);
	}
	for (; peek(p) >= '0' && peek(p) <= '9'; p->at++) {
		times = times * 10 + (size_t)(peek(p) - '0');
		if (times > PQL_NOTATION_MAX_POINTS) {
			return points_fail(p, "too many repetitions in series values:", from);
		}
	}
	*ret_times = times;
	return true;
}

static bool is_word(struct str s, const char *word) {
	for (size_t i = 0; i < s.len; i++) {
		if ((s.ptr[i] | 0x20) != word[i]) {
			return false;
		}
	}
	return s.len == strlen(word);
}

/* Letters, digits and points; a sign only behind an exponent. No hexadecimal: x repeats. */
static struct str scan_number(struct points_parser *p) {
	size_t from = p->at;
	bool digits = peek(p) >= '0' && peek(p) <= '9';

	for (;; p->at++) {
		char c = peek(p);
		bool digit = (c >= '0' && c <= '9') || c == '.';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (digit || (letter && (c == 'e' || c == 'E' || (!digits && c != 'x')))) {
			continue;
		}
		if ((c == '+' || c == '-') && digits && p->at > from &&
			(p->text.ptr[p->at - 1] | 0x20) == 'e') {
			continue;
		}
		return str_slice(p->text, from, p->at);
	}
}

static bool parse_number(struct points_parser *p, double *ret) {
	size_t from = p->at;
	bool negative = peek(p) == '-';
	struct str s;

	p->at += negative || peek(p) == '+';
	s = scan_number(p);
	if (is_word(s, "stale") && p->at - from == s.len) {
		*ret = pql_stale_nan();
		return true;
	}
	if (s.len == 0 || !gofloat_parse(s, ret, NULL)) {
		return points_fail(p, "invalid number in series values:", from);
	}
	*ret = negative ? -*ret : *ret;
	return true;
}

static bool parse_value(struct points_parser *p) {
	double value, delta = 0;
	size_t times = 0;
	bool stepped;

	if (!parse_number(p, &value)) {
		return false;
	}
	stepped = peek(p) == '+' || peek(p) == '-';
	if (stepped && (!parse_number(p, &delta) || peek(p) != 'x')) {
		return points_fail(p, "a step needs a repetition:", p->at);
	}
	if (!parse_times(p, &times)) {
		return false;
	}
	for (size_t i = 0; i <= times; i++) {
		if (!add_point(p, (struct pql_point){PQL_POINT_VALUE, value})) {
			return false;
		}
		value = stepped ? value + delta : value;
	}
	return true;
}

static bool parse_blank(struct points_parser *p) {
	size_t times = 1;

	p->at++;
	if (!parse_times(p, &times)) {
		return false;
	}
	for (size_t i = 0; i < times; i++) {
		if (!add_point(p, (struct pql_point){PQL_POINT_NONE, 0})) {
			return false;
		}
	}
	return true;
}

static bool skip_braces(struct points_parser *p) {
	size_t from = p->at;
	struct str rest = str_slice(p->text, p->at, p->text.len);
	size_t end = str_find(rest, STR("}}"));

	if (end == rest.len) {
		return points_fail(p, "unterminated histogram in series values:", from);
	}
	p->at += end + 2;
	return true;
}

static bool parse_histogram(struct points_parser *p) {
	size_t times = 0;

	if (!skip_braces(p)) {
		return false;
	}
	if (peek(p) == '+' || peek(p) == '-') {
		p->at++;
		if (!skip_braces(p)) {
			return false;
		}
	}
	if (!parse_times(p, &times)) {
		return false;
	}
	for (size_t i = 0; i <= times; i++) {
		if (!add_point(p, (struct pql_point){PQL_POINT_HISTOGRAM, 0})) {
			return false;
		}
	}
	return true;
}

bool pql_notation_parse_points(struct str text, struct arena *a, struct pql_points *ret_points,
							   const char **ret_error) {
	struct points_parser p = {.arena = a, .text = text};
	bool ok = true;

	for (;;) {
		while (peek(&p) == ' ' || peek(&p) == '\t' || peek(&p) == '\n' || peek(&p) == '\r') {
			p.at++;
		}
		if (p.at == text.len) {
			*ret_points = p.points;
			return true;
		}
		if (p.points.count > 0 && p.at > 0 && strchr(" \t\r\n", text.ptr[p.at - 1]) == NULL) {
			ok = points_fail(&p, "unexpected text in series values:", p.at);
		} else if (peek(&p) == '_') {
			ok = parse_blank(&p);
		} else if (peek(&p) == '{') {
			ok = parse_histogram(&p);
		} else {
			ok = parse_value(&p);
		}
		if (!ok) {
			*ret_error = p.error;
			return false;
		}
	}
}

bool pql_notation_parse(struct str text, struct arena *a, struct labels *ret_labels,
						struct pql_points *ret_points, const char **ret_error) {
	struct str rest;

	return pql_notation_parse_labels(text, a, ret_labels, &rest, ret_error) &&
		   pql_notation_parse_points(rest, a, ret_points, ret_error);
}
