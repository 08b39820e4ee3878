/* sum, avg, count, min, max, group, stddev, stdvar, quantile: rows are put into groups once, then each group is run through row by
 * row, with one cell per step. topk and its kin stand in aggregate_top.c, count_values in aggregate_count_values.c. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/kahan.h"

/* ---- groups ---- */

static void number_rows(struct row_groups *g, struct arena *a, const struct pql_node *n,
						const struct pql_value *v) {
	struct label_index *x = label_index_create_grouping(
		a, n->aggregate.labels, n->aggregate.label_count, n->aggregate.without);
	bool is_new;

	for (size_t i = 0; i < v->row_count; i++) {
		g->of_row[i] = label_index_add(x, v->rows[i].labels, &is_new);
	}
	g->count = label_index_count(x);
}

void row_groups_init(struct row_groups *g, struct arena *a, const struct pql_node *n,
					 const struct pql_value *v) {
	size_t *at;

	*g = (struct row_groups){.of_row = ARENA_ARRAY(a, size_t, v->row_count + 1)};
	number_rows(g, a, n, v);
	g->order = ARENA_ARRAY(a, size_t, v->row_count + 1);
	g->first = ARENA_ARRAY(a, size_t, g->count + 1);
	at = ARENA_ARRAY(a, size_t, g->count + 1);
	for (size_t i = 0; i < v->row_count; i++) {
		g->first[g->of_row[i] + 1]++;
	}
	for (size_t i = 0; i < g->count; i++) {
		g->first[i + 1] += g->first[i];
		at[i] = g->first[i];
	}
	for (size_t i = 0; i < v->row_count; i++) {
		g->order[at[g->of_row[i]]++] = i;
	}
}

/* ---- cells ---- */

/* What one group knows at one step. */
struct cell {
	struct kahan sum; /* sum: the sum. avg: the sum, then the running mean. */
	double value;     /* min, max; stddev, stdvar: squares */
	double mean;      /* stddev, stdvar */
	double count;     /* 0: nothing seen */
	bool running;     /* avg: the sum would have overflowed */
};

typedef void cell_add(struct cell *c, double v);
typedef double cell_result(const struct cell *c);

static void sum_add(struct cell *c, double v) {
	if (c->count++ == 0) {
		c->sum.sum = v;
	} else {
		kahan_add(&c->sum, v);
	}
}

static double sum_result(const struct cell *c) {
	return c->sum.sum + c->sum.c;
}

static void avg_add(struct cell *c, double v) {
	if (c->count++ == 0) {
		c->sum.sum = v;
		return;
	}
	if (!c->running) {
		struct kahan next = c->sum;

		kahan_add(&next, v);
		if (!isinf(next.sum)) {
			c->sum = next;
			return;
		}
		c->running = true;
		c->sum.sum /= c->count - 1;
		c->sum.c /= c->count - 1;
	}
	c->sum.sum *= (c->count - 1) / c->count;
	c->sum.c *= (c->count - 1) / c->count;
	kahan_add(&c->sum, v / c->count);
}

static double avg_result(const struct cell *c) {
	return c->running ? c->sum.sum + c->sum.c : c->sum.sum / c->count + c->sum.c / c->count;
}

static void count_add(struct cell *c, double v) {
	(void)v;
	c->count++;
}

static double count_result(const struct cell *c) {
	return c->count;
}

static double group_result(const struct cell *c) {
	(void)c;
	return 1;
}

static void max_add(struct cell *c, double v) {
	if (c->count++ == 0 || c->value < v || isnan(c->value)) {
		c->value = v;
	}
}

static void min_add(struct cell *c, double v) {
	if (c->count++ == 0 || c->value > v || isnan(c->value)) {
		c->value = v;
	}
}

static double value_result(const struct cell *c) {
	return c->value;
}

static void stdvar_add(struct cell *c, double v) {
	double delta;

	if (c->count++ == 0) {
		c->mean = v;
		c->value = isnan(v) || isinf(v) ? NAN : 0;
		return;
	}
	delta = v - c->mean;
	c->mean += delta / c->count;
	c->value += delta * (v - c->mean);
}

static double stdvar_result(const struct cell *c) {
	return c->value / c->count;
}

static double stddev_result(const struct cell *c) {
	return sqrt(c->value / c->count);
}

static const struct {
	cell_add *add;
	cell_result *result;
} operations[] = {
	[PQL_AGG_SUM] = {sum_add, sum_result},          [PQL_AGG_AVG] = {avg_add, avg_result},
	[PQL_AGG_COUNT] = {count_add, count_result},    [PQL_AGG_GROUP] = {count_add, group_result},
	[PQL_AGG_MIN] = {min_add, value_result},        [PQL_AGG_MAX] = {max_add, value_result},
	[PQL_AGG_STDDEV] = {stdvar_add, stddev_result}, [PQL_AGG_STDVAR] = {stdvar_add, stdvar_result},
};

static struct labels group_labels(struct arena *a, const struct pql_node *n, struct labels l) {
	return labels_pick(a, l, n->aggregate.labels, n->aggregate.label_count, !n->aggregate.without);
}

/* The flag is that of the rows at the last step that has any. */
static bool group_drops_name(const struct pql_frame *f, const struct row_groups *g, size_t group,
							 const struct pql_value *in) {
	for (size_t k = f->steps; k-- > 0;) {
		bool any = false, drop = false;

		for (size_t i = g->first[group]; i < g->first[group + 1]; i++) {
			const struct pql_row *row = &in->rows[g->order[i]];

			any = any || row->present[k];
			drop = drop || (row->present[k] && row->drop_name);
		}
		if (any) {
			return drop;
		}
	}
	return false;
}

static struct pql_row *add_group_row(struct pql_frame *f, const struct pql_node *n,
									 const struct row_groups *g, size_t group,
									 const struct pql_value *in, struct pql_value *ret) {
	struct labels l = in->rows[g->order[g->first[group]]].labels;
	struct pql_row *row = value_add_row(f, ret, group_labels(f->run->arena, n, l));

	if (row != NULL) {
		row->drop_name = group_drops_name(f, g, group, in);
	}
	return row;
}

static bool fold_groups(struct pql_frame *f, const struct pql_node *n, const struct row_groups *g,
						const struct pql_value *in, struct pql_value *ret) {
	struct cell *cells = ARENA_ARRAY(f->run->arena, struct cell, f->steps);
	cell_add *add = operations[n->aggregate.op].add;

	for (size_t group = 0; group < g->count; group++) {
		struct pql_row *out = add_group_row(f, n, g, group, in, ret);

		if (out == NULL) {
			return false;
		}
		memset(cells, 0, f->steps * sizeof(*cells));
		for (size_t i = g->first[group]; i < g->first[group + 1]; i++) {
			const struct pql_row *row = &in->rows[g->order[i]];

			for (size_t k = 0; k < f->steps; k++) {
				if (row->present[k]) {
					add(&cells[k], row->values[k]);
				}
			}
		}
		for (size_t k = 0; k < f->steps; k++) {
			if (cells[k].count > 0) {
				out->present[k] = 1;
				out->values[k] = operations[n->aggregate.op].result(&cells[k]);
			}
		}
		if (!aggregate_fold_histograms(f, n, g, group, in, out)) {
			return false;
		}
	}
	return true;
}

/* ---- quantile ---- */

/* Go's %g of the worst values, as Prometheus warns once for each side. */
static void warn_quantile(struct pql_frame *f, const struct pql_node *n, const double *q) {
	struct span span = eval_unwrap(n->aggregate.param)->span;
	double least = q[0], most = q[0];

	/* Once there is a NaN only an infinity changes the worst value, as with Go's math.Min and math.Max. */
	for (size_t k = 0; k < f->steps; k++) {
		least = isnan(least) ? (q[k] == -INFINITY ? q[k] : least) : !(q[k] >= least) ? q[k] : least;
		most = isnan(most) ? (q[k] == INFINITY ? q[k] : most) : !(q[k] <= most) ? q[k] : most;
		if (isnan(q[k])) {
			note_bad_quantile(f->run, NAN, span);
		}
	}
	if (most > 1) {
		note_bad_quantile(f->run, most, span);
	}
	if (least < 0) {
		note_bad_quantile(f->run, least, span);
	}
}

#define BLOCK 16 /* steps that are gathered at a time: a row's values lie side by side */

/* Per step of a block the values of a group: its own stretch of `values`, as long as the group has rows. */
static void quantile_block(const struct row_groups *g, size_t group, const struct pql_value *in,
						   const double *q, size_t first_step, size_t steps, double *values,
						   struct pql_row *out) {
	size_t begin = g->first[group], rows = g->first[group + 1] - begin, counts[BLOCK] = {0};

	for (size_t i = 0; i < rows; i++) {
		const struct pql_row *row = &in->rows[g->order[begin + i]];

		for (size_t b = 0; b < steps; b++) {
			values[b * rows + counts[b]] = row->values[first_step + b];
			counts[b] += row->present[first_step + b];
		}
	}
	for (size_t b = 0; b < steps; b++) {
		if (counts[b] > 0) {
			out->present[first_step + b] = 1;
			out->values[first_step + b] =
				quantile_of(q[first_step + b], values + b * rows, counts[b]);
		}
	}
}

static bool quantile_groups(struct pql_frame *f, const struct pql_node *n,
							const struct row_groups *g, const double *q, const struct pql_value *in,
							struct pql_value *ret) {
	size_t blocks = f->steps < BLOCK ? f->steps : BLOCK;
	double *values;

	warn_quantile(f, n, q);
	if (!slots_take(f->run, blocks * in->row_count)) {
		return false;
	}
	values = ARENA_ARRAY(f->run->arena, double, blocks * in->row_count + 1);
	for (size_t group = 0; group < g->count; group++) {
		struct pql_row *out = add_group_row(f, n, g, group, in, ret);

		if (out == NULL) {
			return false;
		}
		for (size_t k = 0; k < f->steps; k += BLOCK) {
			quantile_block(g, group, in, q, k, f->steps - k < BLOCK ? f->steps - k : BLOCK, values,
						   out);
		}
	}
	return true;
}

/* ---- dispatch ---- */

static bool aggregate_rows(struct pql_frame *f, const struct pql_node *n,
						   const struct pql_value *param, struct pql_value *in,
						   struct pql_value *ret) {
	struct row_groups g;

	switch (n->aggregate.op) {
	case PQL_AGG_TOPK:
	case PQL_AGG_BOTTOMK:
	case PQL_AGG_LIMITK:
	case PQL_AGG_LIMIT_RATIO: return aggregate_top(f, n, param, in, ret);
	case PQL_AGG_COUNT_VALUES: return aggregate_count_values(f, n, in, ret);
	case PQL_AGG_QUANTILE:
		row_groups_init(&g, f->run->arena, n, in);
		return quantile_groups(f, n, &g, param->scalars, in, ret);
	case PQL_AGG_SUM:
	case PQL_AGG_AVG:
	case PQL_AGG_COUNT:
	case PQL_AGG_MIN:
	case PQL_AGG_MAX:
	case PQL_AGG_GROUP:
	case PQL_AGG_STDDEV:
	case PQL_AGG_STDVAR:
		row_groups_init(&g, f->run->arena, n, in);
		return fold_groups(f, n, &g, in, ret);
	}
	BUG("unknown aggregation");
}

bool eval_aggregate(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	const struct pql_node *param = n->aggregate.param;
	struct pql_value in, parameter = {0};

	if (param != NULL && param->type == PQL_TYPE_SCALAR && !eval_node(f, param, &parameter)) {
		return false;
	}
	if (!eval_node(f, n->aggregate.inner, &in)) {
		return false;
	}
	if (value_has_histograms(&in)) {
		aggregate_ignore_histograms(f, n, &parameter, &in);
	}
	if (!aggregate_rows(f, n, &parameter, &in, ret)) {
		return false;
	}
	value_clear(f, &parameter);
	value_clear(f, &in);
	return true;
}
