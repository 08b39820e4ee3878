#include "base/gofloat.h"
#include "promql-lite/lexer.h"
#include "promql-lite/series_notation_private.h"

struct labels_parser {
	struct pql_lexer lexer;
	struct arena *arena;
	struct labels_builder builder;
	struct label *empty; /* labels that are given an empty value */
	size_t empty_count, empty_capacity;
	struct pql_notation_error *error;
};

static bool fail(struct labels_parser *p, struct span span, const char *message, struct str at) {
	p->error->message = arena_printf(p->arena, "%s \"%.*s\"", message, STR_FMT(at));
	p->error->span = span;
	return false;
}

/* The lexer's own words where it does not know what it sees. */
static bool fail_token(struct labels_parser *p, const struct pql_token *t, const char *message) {
	if (t->kind == PQL_TOKEN_ERROR) {
		p->error->message = p->lexer.error;
		p->error->span = t->span;
		return false;
	}
	return fail(p, t->span, message, t->text);
}

static bool set_label(struct labels_parser *p, struct span span, struct str name,
					  struct str value) {
	bool again = labels_has((struct labels){p->builder.items, p->builder.count}, name) ||
				 labels_has((struct labels){p->empty, p->empty_count}, name);
	if (again) {
		p->error->message =
			arena_printf(p->arena, "label name \"%.*s\" is not unique", STR_FMT(name));
		p->error->span = span;
		return false;
	}
	if (value.len > 0) {
		labels_builder_set(&p->builder, name, value);
		return true;
	}
	p->empty =
		arena_grow(p->arena, p->empty, p->empty_count, &p->empty_capacity, sizeof(*p->empty));
	p->empty[p->empty_count++] = (struct label){.name = name};
	return true;
}

/* name="value", "name"="value" or a quoted metric name, behind the token `first`. */
static bool parse_label(struct labels_parser *p, struct pql_token first) {
	struct pql_lexer ahead = p->lexer;
	struct pql_token token;
	struct str name = first.kind == PQL_TOKEN_STRING ? pql_lexer_unquote(first.text, p->arena)
													 : arena_dup(p->arena, first.text);

	if (first.kind != PQL_TOKEN_STRING && !pql_token_names_label(first.kind)) {
		return fail_token(p, &first, "unexpected text in series labels:");
	}
	pql_lexer_next(&ahead, &token);
	if (token.kind != PQL_TOKEN_EQL) {
		return first.kind == PQL_TOKEN_STRING ? set_label(p, first.span, LABEL_NAME, name)
											  : fail(p, first.span, "no value for label", name);
	}
	pql_lexer_next(&ahead, &token);
	p->lexer = ahead;
	if (token.kind != PQL_TOKEN_STRING) {
		return token.kind == PQL_TOKEN_ERROR
				   ? fail_token(p, &token, "")
				   : fail(p, token.span, "no quoted value for label", first.text);
	}
	return set_label(p, first.span, name, pql_lexer_unquote(token.text, p->arena));
}

static bool parse_braces(struct labels_parser *p) {
	struct pql_token token;

	for (;;) {
		pql_lexer_next(&p->lexer, &token);
		if (token.kind == PQL_TOKEN_RIGHT_BRACE) {
			return true;
		}
		if (!parse_label(p, token)) {
			return false;
		}
		pql_lexer_next(&p->lexer, &token);
		if (token.kind == PQL_TOKEN_RIGHT_BRACE) {
			return true;
		}
		if (token.kind != PQL_TOKEN_COMMA) {
			return fail_token(p, &token, "unexpected text in series labels:");
		}
	}
}

/* *ret_named: a name stood before the brace. */
static bool parse_labels(struct labels_parser *p, struct str text, struct arena *a,
						 struct pql_notation_error *error, bool *ret_named) {
	struct pql_token token;

	*p = (struct labels_parser){.arena = a, .error = error};
	pql_lexer_init(&p->lexer, text, a);
	labels_builder_init(&p->builder, a);
	pql_lexer_next(&p->lexer, &token);
	*ret_named = pql_token_names_metric(token.kind);
	if (*ret_named) {
		struct pql_lexer ahead = p->lexer;
		set_label(p, token.span, LABEL_NAME, arena_dup(a, token.text));
		if (p->lexer.at < text.len && text.ptr[p->lexer.at] == '{') {
			pql_lexer_next(&ahead, &token);
			p->lexer = ahead;
		}
	} else if (token.kind != PQL_TOKEN_LEFT_BRACE) {
		return fail(p, token.span, "no series at", text);
	}
	return token.kind != PQL_TOKEN_LEFT_BRACE || parse_braces(p);
}

bool pql_notation_parse_sequence(struct str text, struct arena *a, struct pql_sequence *ret,
								 struct pql_notation_error *ret_error) {
	struct labels_parser p;
	bool named;

	*ret = (struct pql_sequence){0};
	if (!parse_labels(&p, text, a, ret_error, &named)) {
		return false;
	}
	ret->labels = labels_dup(a, labels_builder_take(&p.builder));
	return series_points_parse(text, p.lexer.at, a, ret, ret_error);
}

/* By hand, since a builder takes no empty values. */
static struct labels with_empty(struct labels_parser *p, struct labels l) {
	struct label *items = ARENA_ARRAY(p->arena, struct label, l.count + p->empty_count);
	size_t count = 0;

	for (size_t i = 0; i < l.count; i++) {
		items[count++] = l.items[i];
	}
	for (size_t i = 0; i < p->empty_count; i++) {
		size_t at = count++;
		for (; at > 0 && str_compare(items[at - 1].name, p->empty[i].name) > 0; at--) {
			items[at] = items[at - 1];
		}
		items[at] = (struct label){.name = p->empty[i].name, .value = STR_EMPTY};
	}
	return (struct labels){.items = items, .count = count};
}

bool pql_notation_parse_metric(struct str text, struct arena *a, struct labels *ret_labels,
							   struct pql_notation_error *ret_error) {
	struct labels_parser p;
	bool named;

	if (str_trim(text).len == 0) {
		*ret_labels = LABELS_EMPTY;
		return true;
	}
	if (!parse_labels(&p, text, a, ret_error, &named)) {
		return false;
	}
	struct str rest = str_trim(str_slice(text, p.lexer.at, text.len));
	if (rest.len > 0) {
		size_t at = (size_t)(rest.ptr - text.ptr);
		return fail(&p, (struct span){at, text.len}, "unexpected text behind the labels:", rest);
	}
	struct labels labels = labels_builder_take(&p.builder);
	*ret_labels = named || p.empty_count == 0 ? labels : with_empty(&p, labels);
	return true;
}

bool pql_notation_parse_histogram(struct str text, struct arena *a,
								  struct pql_histogram **ret_histogram,
								  struct pql_notation_error *ret_error) {
	struct pql_sequence s = {0};

	if (!series_points_parse(text, 0, a, &s, ret_error)) {
		return false;
	}
	if (s.point_count != 1 || s.runs[0].first.kind != PQL_POINT_HISTOGRAM) {
		*ret_error = (struct pql_notation_error){
			.message = s.point_count == 1
						   ? "expected histogram, got a value"
						   : arena_printf(a, "expected 1 value, got %zu", s.point_count),
			.span = {0, text.len}};
		return false;
	}
	*ret_histogram = s.runs[0].first.histogram;
	return true;
}

static bool parse_octal(struct str s, double *ret) {
	uint64_t value = 0;

	if (s.len < 2 || s.len > 20 || s.ptr[0] != '0') {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '7') {
			return false;
		}
		value = value * 8 + (uint64_t)(s.ptr[i] - '0');
	}
	*ret = (double)value;
	return true;
}

bool series_number_parse(struct str s, double *ret) {
	return s.len > 0 && (parse_octal(s, ret) || gofloat_parse(s, ret, NULL));
}

/* ---- all points laid out ---- */

static bool lay_out(const struct pql_sequence *s, struct arena *a, struct pql_points *ret_points,
					const char **ret_error) {
	struct pql_point_cursor c = {0};
	struct pql_points points = {.items = ARENA_ARRAY(a, struct pql_point, s->point_count)};

	*ret_error = NULL;
	while (pql_point_cursor_next(&c, s, a, ret_error)) {
		points.items[points.count++] = c.point;
	}
	*ret_points = points;
	return *ret_error == NULL;
}

bool pql_notation_parse_labels(struct str text, struct arena *a, struct labels *ret_labels,
							   struct str *ret_rest, const char **ret_error) {
	struct pql_notation_error error;
	struct labels_parser p;
	bool named;

	if (!parse_labels(&p, text, a, &error, &named)) {
		*ret_error = error.message;
		return false;
	}
	*ret_labels = labels_dup(a, labels_builder_take(&p.builder));
	*ret_rest = str_slice(text, p.lexer.at, text.len);
	return true;
}

bool pql_notation_parse_points(struct str text, struct arena *a, struct pql_points *ret_points,
							   const char **ret_error) {
	struct pql_sequence s = {0};
	struct pql_notation_error error;

	if (!series_points_parse(text, 0, a, &s, &error)) {
		*ret_error = error.message;
		return false;
	}
	return lay_out(&s, a, ret_points, ret_error);
}

bool pql_notation_parse(struct str text, struct arena *a, struct labels *ret_labels,
						struct pql_points *ret_points, const char **ret_error) {
	struct pql_sequence s;
	struct pql_notation_error error;

	if (!pql_notation_parse_sequence(text, a, &s, &error)) {
		*ret_error = error.message;
		return false;
	}
	*ret_labels = s.labels;
	return lay_out(&s, a, ret_points, ret_error);
}
