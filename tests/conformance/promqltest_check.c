#include "tests/conformance/promqltest_check.h"

#include "base/gofloat.h"
#include "base/regex.h"
#include "promql-lite/almost.h"
#include "tests/conformance/promqltest_histogram.h"

/* ---- numbers ---- */

static const char *text_of(struct arena *a, double v) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	gofloat_print(&b, v, 'g');
	text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

static const char *text_of_labels(struct arena *a, struct labels l) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	labels_print(&b, l);
	text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

/* ---- texts ---- */

static bool text_matches(const struct expect *e, const char *text, struct arena *a) {
	const char *error;
	struct regex *regex;
	size_t *spans;
	bool found;

	if (e->match == MATCH_ANY) {
		return true;
	}
	if (e->match == MATCH_TEXT) {
		return str_equal(e->text, str_trim(str_from(text))); /* the script's lines are trimmed */
	}
	regex = regex_create(e->text, REGEX_UNANCHORED, a, &error);
	if (regex == NULL) {
		return false;
	}
	spans = ARENA_ARRAY(a, size_t, 2 * (regex_group_count(regex) + 1));
	found = regex_find(regex, str_from(text), 0, spans, &found) && found;
	regex_destroy(regex);
	return found;
}

static const char *check_failure(const struct command *c, const struct outcome *o,
								 struct arena *a) {
	for (size_t i = 0; i < c->expect_count; i++) {
		if (c->expects[i].kind == EXPECT_FAIL && !text_matches(&c->expects[i], o->failure, a)) {
			return arena_printf(a, "expected the error \"%.*s\", got \"%s\"",
								STR_FMT(c->expects[i].text), o->failure);
		}
	}
	return NULL;
}

/* "… (1:25)" */
static bool has_position(struct str text) {
	size_t at = text.len;
	size_t digits = 0, colons = 0;

	if (!str_ends_with(text, STR(")"))) {
		return false;
	}
	for (at--; at > 0 && text.ptr[at - 1] != '('; at--) {
		char c = text.ptr[at - 1];

		digits += c >= '0' && c <= '9';
		colons += c == ':';
		if (c != ':' && !(c >= '0' && c <= '9')) {
			return false;
		}
	}
	return digits > 1 && colons == 1;
}

/* Prometheus 3.14's own scripts give notes without what their query adds to them: where, and how much of it. */
static bool note_matches(const struct expect *e, const char *text, struct arena *a) {
	struct str rest;

	if (e->match != MATCH_TEXT || has_position(e->text)) {
		return text_matches(e, text, a);
	}
	if (!str_starts_with(str_from(text), e->text)) {
		return false;
	}
	rest = str_slice(str_from(text), e->text.len, strlen(text));
	return rest.len == 0 || str_starts_with(rest, STR(" (")) ||
		   str_starts_with(rest, STR(", from "));
}

/* Every expected note must be there, and none beside them. */
static const char *check_notes_of(const struct command *c, const struct pql_notes *notes,
								  bool warnings, struct arena *a) {
	enum expect_kind wanted = warnings ? EXPECT_WARN : EXPECT_INFO;
	enum expect_kind unwanted = warnings ? EXPECT_NO_WARN : EXPECT_NO_INFO;
	const char *kind = warnings ? "warning" : "info";

	for (size_t i = 0; i < c->expect_count; i++) {
		bool found = false;

		for (size_t j = 0; j < notes->count; j++) {
			found = found || (notes->items[j].is_warning == warnings &&
							  note_matches(&c->expects[i], notes->items[j].message, a));
		}
		if (c->expects[i].kind == wanted && !found) {
			return arena_printf(a, "expected the %s \"%.*s\", did not get it (but %s)", kind,
								STR_FMT(c->expects[i].text),
								notes->count == 0 ? "nothing" : notes->items[0].message);
		}
	}
	for (size_t j = 0; j < notes->count; j++) {
		bool found = !command_expects(c, wanted) && !command_expects(c, unwanted);

		if (notes->items[j].is_warning != warnings) {
			continue;
		}
		for (size_t i = 0; i < c->expect_count; i++) {
			found = found || (c->expects[i].kind == wanted &&
							  note_matches(&c->expects[i], notes->items[j].message, a));
		}
		if (!found) {
			return arena_printf(a, "unexpected %s \"%s\"", kind, notes->items[j].message);
		}
	}
	return NULL;
}

static const char *check_notes(const struct command *c, const struct pql_notes *notes,
							   struct arena *a) {
	const char *wrong = check_notes_of(c, notes, true, a);

	return wrong != NULL ? wrong : check_notes_of(c, notes, false, a);
}

/* ---- series ---- */

/* A result series, whatever it came from: points at start + i * step. */
struct got {
	struct labels labels;
	const double *values;
	const uint8_t *present;
	struct pql_histogram *const *histograms; /* NULL: floats only */
};

static struct pql_histogram *histogram_of(const struct got *got, size_t point) {
	return got->histograms == NULL || !got->present[point] ? NULL : got->histograms[point];
}

static const struct series_line *find_line(const struct command *c, struct labels l) {
	for (size_t i = 0; i < c->line_count; i++) {
		if (labels_equal(c->lines[i].labels, l)) {
			return &c->lines[i];
		}
	}
	return NULL;
}

/* At a point where one is a histogram. */
static const char *check_histogram(const struct pql_point *want, const struct got *got,
								   size_t point, double tolerance, struct arena *a) {
	const struct pql_histogram *h = histogram_of(got, point);
	const char *labels = text_of_labels(a, got->labels);

	if (h == NULL) {
		return arena_printf(a, "%s: expected %s at point %zu, got %s", labels,
							histogram_text(want->histogram, a), point,
							got->present[point] ? text_of(a, got->values[point]) : "nothing");
	}
	if (want->kind != PQL_POINT_HISTOGRAM) {
		return arena_printf(a, "%s: got %s at point %zu, which is not expected", labels,
							histogram_text(h, a), point);
	}
	return histograms_match(want->histogram, h, tolerance)
			   ? NULL
			   : arena_printf(a, "%s: expected %s at point %zu, got %s", labels,
							  histogram_text(want->histogram, a), point, histogram_text(h, a));
}

static const char *check_points(const struct series_line *want, const struct got *got,
								size_t points, double tolerance, struct arena *a) {
	const char *labels = text_of_labels(a, got->labels);

	if (want->points.count > points) {
		return arena_printf(a, "%s: %zu points expected in a grid of %zu", labels,
							want->points.count, points);
	}
	for (size_t i = 0; i < points; i++) {
		struct pql_point p = {.kind = PQL_POINT_NONE};

		if (i < want->points.count) {
			p = want->points.items[i];
		}
		if (p.kind == PQL_POINT_HISTOGRAM || histogram_of(got, i) != NULL) {
			const char *wrong = check_histogram(&p, got, i, tolerance, a);

			if (wrong != NULL) {
				return wrong;
			}
			continue;
		}
		if (got->present[i] != (p.kind == PQL_POINT_VALUE)) {
			return arena_printf(a, "%s: %s at point %zu", labels,
								got->present[i] ? "a value that is not expected" : "no value", i);
		}
		if (got->present[i] && !pql_almost_equal(got->values[i], p.value, tolerance)) {
			return arena_printf(a, "%s: expected %s at point %zu, got %s", labels,
								text_of(a, p.value), i, text_of(a, got->values[i]));
		}
	}
	return NULL;
}

static const char *check_series(const struct command *c, const struct got *got, size_t count,
								size_t points, double tolerance, struct arena *a) {
	if (c->has_scalar) {
		return "expected a scalar";
	}
	for (size_t i = 0; i < count; i++) {
		const struct series_line *want = find_line(c, got[i].labels);
		const char *wrong;

		if (want == NULL) {
			return arena_printf(a, "unexpected series %s with %s", text_of_labels(a, got[i].labels),
								got[i].present[0] ? text_of(a, got[i].values[0]) : "nothing first");
		}
		wrong = check_points(want, &got[i], points, tolerance, a);
		if (wrong != NULL) {
			return wrong;
		}
	}
	for (size_t i = 0; i < c->line_count; i++) {
		bool found = false;

		for (size_t j = 0; j < count; j++) {
			found = found || labels_equal(c->lines[i].labels, got[j].labels);
		}
		if (!found) {
			return arena_printf(a, "no series %s", text_of_labels(a, c->lines[i].labels));
		}
	}
	return NULL;
}

/* Series with equal values may stand in any order: Prometheus sorts them as they come from its storage, which is by chance. */
static const char *check_order(const struct command *c, const struct got *got, size_t count,
							   double tolerance, struct arena *a) {
	for (size_t i = 0; i < count && i < c->line_count; i++) {
		double want = c->lines[i].points.items[0].value;

		if (!labels_equal(c->lines[i].labels, got[i].labels) &&
			!pql_almost_equal(want, got[i].values[0], tolerance)) {
			return arena_printf(a, "%s is not expected in place %zu",
								text_of_labels(a, got[i].labels), i + 1);
		}
	}
	return NULL;
}

static struct got *rows_at(const struct pql_value *v, size_t step, struct arena *a,
						   size_t *ret_count, bool whole) {
	struct got *got = ARENA_ARRAY(a, struct got, v->row_count + 1);

	*ret_count = 0;
	for (size_t i = 0; i < v->row_count; i++) {
		const struct pql_row *row = &v->rows[i];

		if (whole || row->present[step]) {
			got[(*ret_count)++] =
				(struct got){row->labels, row->values + step, row->present + step,
							 row->histograms == NULL ? NULL : row->histograms + step};
		}
	}
	return got;
}

/* The samples of a range vector on the grid that the script gives. */
static const char *check_matrix(const struct command *c, const struct pql_value *v,
								double tolerance, struct arena *a) {
	size_t points = (size_t)((c->matrix_end - c->matrix_start) / c->matrix_step) + 1;
	struct got *got = ARENA_ARRAY(a, struct got, v->matrix.count + 1);

	for (size_t i = 0; i < v->matrix.count; i++) {
		const struct pql_series *s = &v->matrix.items[i];
		double *values = ARENA_ARRAY(a, double, points);
		uint8_t *present = ARENA_ARRAY(a, uint8_t, points);
		struct pql_histogram **histograms = ARENA_ARRAY(a, struct pql_histogram *, points);

		for (size_t j = 0; j < s->count; j++) {
			dur_ms since = s->times[j] - c->matrix_start;

			if (since < 0 || since % c->matrix_step != 0 || s->times[j] > c->matrix_end) {
				return arena_printf(a, "%s: a sample at %lld", text_of_labels(a, s->labels),
									(long long)s->times[j]);
			}
			present[since / c->matrix_step] = 1;
			values[since / c->matrix_step] = s->values[j];
			if (s->histograms != NULL) {
				histograms[since / c->matrix_step] = s->histograms[j];
			}
		}
		got[i] = (struct got){s->labels, values, present, histograms};
	}
	return check_series(c, got, v->matrix.count, points, tolerance, a);
}

static const char *check_scalar(const struct command *c, double v, double tolerance,
								struct arena *a) {
	if (!c->has_scalar) {
		return "a scalar is not expected";
	}
	return pql_almost_equal(v, c->scalar, tolerance)
			   ? NULL
			   : arena_printf(a, "expected %s, got %s", text_of(a, c->scalar), text_of(a, v));
}

static const char *check_value(const struct command *c, const struct pql_value *v, double tolerance,
							   struct arena *a) {
	struct got *got;
	const char *wrong;
	size_t count;

	switch (v->type) {
	case PQL_TYPE_STRING:
		return c->has_string && str_equal(c->string, v->string)
				   ? NULL
				   : arena_printf(a, "got the string \"%.*s\"", STR_FMT(v->string));
	case PQL_TYPE_MATRIX:
		return c->has_matrix ? check_matrix(c, v, tolerance, a) : "a range vector is not expected";
	case PQL_TYPE_SCALAR:
		if (!c->is_range) {
			return check_scalar(c, v->scalars[0], tolerance, a);
		}
		got = ARENA_ARRAY(a, struct got, 1);
		got->values = v->scalars;
		got->present = memset(arena_alloc(a, v->steps), 1, v->steps);
		return check_series(c, got, 1, v->steps, tolerance, a);
	case PQL_TYPE_VECTOR:
		got = rows_at(v, 0, a, &count, true);
		wrong = check_series(c, got, count, v->steps, tolerance, a);
		return wrong == NULL && command_expects(c, EXPECT_ORDERED)
				   ? check_order(c, got, count, tolerance, a)
				   : wrong;
	case PQL_TYPE_NONE: break;
	}
	return "no type";
}

const char *check_outcome(const struct command *c, const struct outcome *o, double tolerance,
						  struct arena *a) {
	const char *wrong;

	if (!o->ok) {
		return command_expects(c, EXPECT_FAIL)
				   ? check_failure(c, o, a)
				   : arena_printf(a, "unexpected error \"%s\"", o->failure);
	}
	if (command_expects(c, EXPECT_FAIL)) {
		return "expected an error, got none";
	}
	wrong = check_notes(c, &o->notes, a);
	return wrong != NULL ? wrong : check_value(c, &o->value, tolerance, a);
}

const char *check_step(const struct command *c, const struct outcome *o, ts_ms t, double tolerance,
					   struct arena *a) {
	size_t step, count;
	struct got *got;

	if (!o->ok) {
		return arena_printf(a, "unexpected error \"%s\"", o->failure);
	}
	step = (size_t)((t - o->value.grid.start) / o->value.grid.step);
	if (command_expects(c, EXPECT_ORDERED)) {
		return NULL; /* a range has no order */
	}
	if (o->value.type == PQL_TYPE_SCALAR) {
		return check_scalar(c, o->value.scalars[step], tolerance, a);
	}
	got = rows_at(&o->value, step, a, &count, false);
	return check_series(c, got, count, 1, tolerance, a);
}
