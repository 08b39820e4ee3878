#include "tests/conformance/promqltest_histogram.h"

#include <math.h>
#include <stdlib.h>

#include "base/gofloat.h"
#include "promql-lite/almost.h"
#include "promql-lite/series.h"

/* ---- comparing ---- */

static size_t next_filled(const struct pql_buckets *b, size_t at) {
	while (at < b->count && b->cells[at].count == 0) {
		at++;
	}
	return at;
}

static bool buckets_match(const struct pql_buckets *x, const struct pql_buckets *y,
						  double tolerance) {
	size_t i = next_filled(x, 0), j = next_filled(y, 0);

	while (i < x->count && j < y->count) {
		if (x->cells[i].index != y->cells[j].index ||
			!pql_almost_equal(x->cells[i].count, y->cells[j].count, tolerance)) {
			return false;
		}
		i = next_filled(x, i + 1);
		j = next_filled(y, j + 1);
	}
	return i == x->count && j == y->count;
}

static bool limits_match(const struct pql_histogram *x, const struct pql_histogram *y) {
	if (x->custom_count != y->custom_count) {
		return false;
	}
	for (size_t i = 0; i < x->custom_count; i++) {
		if (!(x->custom_values[i] == y->custom_values[i])) {
			return false;
		}
	}
	return true;
}

bool histograms_match(const struct pql_histogram *want, const struct pql_histogram *got,
					  double tolerance) {
	return want->schema == got->schema && pql_almost_equal(want->count, got->count, tolerance) &&
		   pql_almost_equal(want->sum, got->sum, tolerance) && limits_match(want, got) &&
		   want->zero_width == got->zero_width &&
		   pql_almost_equal(want->zero_count, got->zero_count, tolerance) &&
		   buckets_match(&want->positive, &got->positive, tolerance) &&
		   buckets_match(&want->negative, &got->negative, tolerance) &&
		   (want->reset == PQL_RESET_UNKNOWN || want->reset == got->reset);
}

const char *histogram_text(const struct pql_histogram *h, struct arena *a) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	pql_histogram_print(&b, h);
	text = arena_dup(a, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

/* ---- histograms with custom buckets from classic ones ---- */

enum part { PART_NONE, PART_BUCKET, PART_COUNT, PART_SUM };

/* The lines of one classic histogram: its buckets by rising limit, which are a list. */
struct classic {
	struct labels labels;
	struct classic_bucket {
		double limit;
		const struct pql_points *points;
	} * buckets;
	size_t count, capacity;
	const struct pql_points *counts, *sums;
	size_t points; /* of the longest line */
};

static enum part part_of(struct labels l, struct arena *a, struct labels *ret_base) {
	static const struct {
		struct str ending;
		enum part part;
	} endings[] = {
		{{"_bucket", 7}, PART_BUCKET}, {{"_count", 6}, PART_COUNT}, {{"_sum", 4}, PART_SUM}};
	struct str name = labels_get(l, LABEL_NAME);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (str_ends_with(name, endings[i].ending)) {
			struct labels_builder b;

			labels_builder_init_from(&b, a, l);
			labels_builder_set(&b, LABEL_NAME,
							   str_slice(name, 0, name.len - endings[i].ending.len));
			labels_builder_remove(&b, STR("le"));
			*ret_base = labels_builder_take(&b);
			return endings[i].part;
		}
	}
	return PART_NONE;
}

static void add_bucket(struct classic *c, double limit, const struct pql_points *points,
					   struct arena *a) {
	size_t at = c->count;

	c->buckets = arena_grow(a, c->buckets, c->count, &c->capacity, sizeof(*c->buckets));
	for (; at > 0 && c->buckets[at - 1].limit > limit; at--) {
		c->buckets[at] = c->buckets[at - 1];
	}
	c->buckets[at] = (struct classic_bucket){limit, points};
	c->count++;
}

static void add_line(struct classic *c, enum part part, const struct series_line *line,
					 struct arena *a) {
	double limit;

	if (part == PART_BUCKET) {
		if (gofloat_parse(labels_get(line->labels, STR("le")), &limit, NULL) && !isnan(limit)) {
			add_bucket(c, limit, &line->points, a);
		}
	} else if (part == PART_COUNT) {
		c->counts = &line->points;
	} else {
		c->sums = &line->points;
	}
	c->points = line->points.count > c->points ? line->points.count : c->points;
}

static bool value_at(const struct pql_points *p, size_t i, double *ret) {
	bool is_there = p != NULL && i < p->count && p->items[i].kind == PQL_POINT_VALUE;

	*ret = is_there ? p->items[i].value : 0;
	return is_there;
}

/* The last bucket reaches to +Inf and has all there is, whether it was written or not. */
static struct pql_point native_point(const struct classic *c, size_t i, struct arena *a) {
	struct pql_histogram *h = ARENA_NEW(a, struct pql_histogram);
	double value, below = 0, total, highest = 0;
	bool counted = value_at(c->counts, i, &total), any = counted;
	size_t limits = 0, cells = 0;

	*h = (struct pql_histogram){.schema = PQL_HISTOGRAM_CUSTOM};
	any = value_at(c->sums, i, &h->sum) || any;
	h->custom_values = ARENA_ARRAY(a, double, c->count + 1);
	h->positive.cells = ARENA_ARRAY(a, struct pql_cell, c->count + 1);
	for (size_t j = 0; j < c->count; j++) {
		if (!value_at(c->buckets[j].points, i, &value)) {
			continue;
		}
		any = true;
		highest = value;
		if (!isinf(c->buckets[j].limit)) {
			h->custom_values[limits++] = c->buckets[j].limit;
			h->positive.cells[cells] = (struct pql_cell){(int64_t)cells, value - below};
			cells++;
			below = value;
		}
	}
	h->count = counted ? total : highest;
	h->positive.cells[cells] = (struct pql_cell){(int64_t)cells, h->count - below};
	h->positive.count = cells + 1;
	h->custom_count = limits;
	return (struct pql_point){.kind = any ? PQL_POINT_HISTOGRAM : PQL_POINT_NONE, .histogram = h};
}

static struct classic *find_or_add(struct classic *items, size_t *count, struct labels labels) {
	for (size_t i = 0; i < *count; i++) {
		if (labels_equal(items[i].labels, labels)) {
			return &items[i];
		}
	}
	items[*count] = (struct classic){.labels = labels};
	return &items[(*count)++];
}

struct series_line *natives_of_buckets(const struct command *c, struct arena *a,
									   size_t *ret_count) {
	struct classic *classics = ARENA_ARRAY(a, struct classic, c->line_count + 1);
	struct series_line *lines = ARENA_ARRAY(a, struct series_line, c->line_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < c->line_count; i++) {
		struct labels base;
		enum part part = part_of(c->lines[i].labels, a, &base);

		if (part != PART_NONE) {
			add_line(find_or_add(classics, &count, base), part, &c->lines[i], a);
		}
	}
	for (size_t i = 0; i < count; i++) {
		lines[i].labels = classics[i].labels;
		lines[i].points.count = classics[i].points;
		lines[i].points.items = ARENA_ARRAY(a, struct pql_point, classics[i].points + 1);
		for (size_t j = 0; j < classics[i].points; j++) {
			lines[i].points.items[j] = native_point(&classics[i], j, a);
		}
	}
	*ret_count = count;
	return lines;
}
