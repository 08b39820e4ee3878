/* The points of the notation: items between blanks. */
#include "base/gofloat.h"
#include "promql-lite/histogram_math.h"
#include "promql-lite/series.h"
#include "promql-lite/series_notation_private.h"

struct points_parser {
	struct arena *arena;
	struct str text;
	size_t at;
	struct pql_sequence *out;
	size_t capacity;
	struct pql_notation_error *error;
};

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* At the word that begins at `from`. */
static bool fail(struct points_parser *p, const char *message, size_t from) {
	size_t end = from;

	while (end < p->text.len && !is_blank(p->text.ptr[end])) {
		end++;
	}
	struct str word = str_slice(p->text, from, end);
	p->error->message = arena_printf(p->arena, "%s \"%.*s\"", message, STR_FMT(word));
	p->error->span = (struct span){from, end};
	return false;
}

static char peek(const struct points_parser *p) {
	return p->at < p->text.len ? p->text.ptr[p->at] : '\0';
}

static bool add_run(struct points_parser *p, struct pql_point_run run, size_t from) {
	struct pql_sequence *s = p->out;

	if (s->point_count + run.count > PQL_NOTATION_MAX_POINTS) {
		p->error->message =
			arena_printf(p->arena, "a series has more than %d points", PQL_NOTATION_MAX_POINTS);
		p->error->span = (struct span){from, p->at};
		return false;
	}
	s->runs = arena_grow(p->arena, s->runs, s->run_count, &p->capacity, sizeof(*s->runs));
	s->runs[s->run_count++] = run;
	s->point_count += run.count;
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
		return fail(p, "invalid repetition in series values:", from);
	}
	for (; peek(p) >= '0' && peek(p) <= '9'; p->at++) {
		times = times * 10 + (size_t)(peek(p) - '0');
		if (times > PQL_NOTATION_MAX_POINTS) {
			return fail(p, "too many repetitions in series values:", from);
		}
	}
	*ret_times = times;
	return true;
}

static bool is_letter(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word is as long as it can be: `stalex2` is one. A number has digits and points, and a sign only behind an exponent. No
 * hexadecimal: x repeats. */
static struct str scan_number(struct points_parser *p) {
	size_t from = p->at;
	bool word = is_letter(peek(p)) && peek(p) != 'x';

	for (;; p->at++) {
		char c = peek(p);
		bool digit = (c >= '0' && c <= '9') || (!word && c == '.');

		if (digit || (is_letter(c) && (word || c == 'e' || c == 'E'))) {
			continue;
		}
		if ((c == '+' || c == '-') && !word && p->at > from &&
			(p->text.ptr[p->at - 1] | 0x20) == 'e') {
			continue;
		}
		return str_slice(p->text, from, p->at);
	}
}

static bool fail_number(struct points_parser *p, struct str word, size_t from) {
	bool identifier = word.len > 0 && (word.ptr[0] < '0' || word.ptr[0] > '9');

	if (!identifier) {
		return fail(p, "invalid number in series values:", from);
	}
	fail(p, "", from);
	p->error->message = arena_printf(
		p->arena, "unexpected identifier \"%.*s\" in series values, expected number or \"stale\"",
		STR_FMT(word));
	return false;
}

static bool parse_number(struct points_parser *p, double *ret) {
	size_t from = p->at;
	bool negative = peek(p) == '-';
	struct str s;

	p->at += negative || peek(p) == '+';
	s = scan_number(p);
	if (str_equal(s, STR("stale")) && p->at - from == s.len) {
		*ret = pql_stale_nan();
		return true;
	}
	if (s.len == 0 || !series_number_parse(s, ret)) {
		return fail_number(p, s, from);
	}
	*ret = negative ? -*ret : *ret;
	return true;
}

static bool parse_value(struct points_parser *p) {
	size_t from = p->at, times = 0;
	struct pql_point_run run = {.first.kind = PQL_POINT_VALUE};

	if (!parse_number(p, &run.first.value)) {
		return false;
	}
	run.stepped = peek(p) == '+' || peek(p) == '-';
	if (run.stepped && (!parse_number(p, &run.step) || peek(p) != 'x')) {
		return p->error->message != NULL ? false : fail(p, "a step needs a repetition:", p->at);
	}
	if (!parse_times(p, &times)) {
		return false;
	}
	run.count = times + 1;
	return add_run(p, run, from);
}

static bool parse_blank(struct points_parser *p) {
	size_t from = p->at, times = 1;

	p->at++;
	return parse_times(p, &times) && add_run(p, (struct pql_point_run){.count = times}, from);
}

static struct pql_histogram *parse_braces(struct points_parser *p) {
	if (p->at + 1 >= p->text.len || p->text.ptr[p->at + 1] != '{') {
		fail(p, "unexpected text in series values:", p->at);
		return NULL;
	}
	return pql_histogram_parse(p->text, &p->at, p->arena, &p->error->message, &p->error->span);
}

static bool parse_histogram(struct points_parser *p) {
	size_t from = p->at, times = 0;
	struct pql_point_run run = {.first = {.kind = PQL_POINT_HISTOGRAM}};

	run.first.histogram = parse_braces(p);
	if (run.first.histogram == NULL) {
		return false;
	}
	run.stepped = peek(p) == '+' || peek(p) == '-';
	if (run.stepped) {
		run.step = peek(p) == '+' ? 1 : -1;
		p->at++;
		run.step_histogram = parse_braces(p);
		if (run.step_histogram == NULL) {
			return false;
		}
		if (peek(p) != 'x') {
			return fail(p, "a step needs a repetition:", p->at);
		}
	}
	if (!parse_times(p, &times)) {
		return false;
	}
	run.count = times + 1;
	return add_run(p, run, from);
}

static bool parse_item(struct points_parser *p) {
	if (p->out->run_count > 0 && p->at > 0 && !is_blank(p->text.ptr[p->at - 1])) {
		return fail(p, "unexpected text in series values:", p->at);
	}
	switch (peek(p)) {
	case '_': return parse_blank(p);
	case '{': return parse_histogram(p);
	default: return parse_value(p);
	}
}

bool series_points_parse(struct str text, size_t at, struct arena *a, struct pql_sequence *ret,
						 struct pql_notation_error *ret_error) {
	struct points_parser p = {.arena = a, .text = text, .at = at, .out = ret, .error = ret_error};

	*ret_error = (struct pql_notation_error){0};
	for (;;) {
		while (is_blank(peek(&p))) {
			p.at++;
		}
		if (p.at == text.len) {
			return true;
		}
		if (!parse_item(&p)) {
			return false;
		}
	}
}

static bool step_histogram(struct pql_point *point, const struct pql_point_run *run,
						   struct arena *a, const char **ret_error) {
	const struct pql_histogram *x = point->histogram, *y = run->step_histogram;
	struct pql_histogram_remarks remarks = {0};
	if (x->schema > y->schema) {
		*ret_error =
			arena_printf(a, "error combining histograms: cannot merge from schema %d to %d",
						 (int)y->schema, (int)x->schema);
		return false;
	}
	point->histogram = run->step > 0 ? pql_histogram_plus(x, y, a, &remarks)
									 : pql_histogram_minus(x, y, a, &remarks);
	if (point->histogram == NULL) {
		*ret_error =
			"cannot apply this operation on histograms with a mix of exponential and "
			"custom bucket schemas";
	}
	return point->histogram != NULL;
}

bool pql_point_cursor_next(struct pql_point_cursor *c, const struct pql_sequence *s,
						   struct arena *a, const char **ret_error) {
	while (c->run < s->run_count && c->at == s->runs[c->run].count) {
		c->run++;
		c->at = 0;
	}
	if (c->run == s->run_count) {
		return false;
	}
	const struct pql_point_run *run = &s->runs[c->run];
	bool first = c->at++ == 0;
	if (first) {
		c->point = run->first;
	} else if (run->stepped && run->step_histogram != NULL) {
		return step_histogram(&c->point, run, a, ret_error);
	} else if (run->stepped) {
		c->point.value += run->step;
	}
	return true;
}
