/* Aggregations that meet native histograms: sum and avg add them up, what asks for the order of values or for their spread passes
 * over them. */
#include "promql-lite/eval_private.h"

static bool ignores_histograms(enum pql_aggregation op) {
	switch (op) {
	case PQL_AGG_TOPK:
	case PQL_AGG_BOTTOMK:
	case PQL_AGG_QUANTILE:
	case PQL_AGG_MIN:
	case PQL_AGG_MAX:
	case PQL_AGG_STDDEV:
	case PQL_AGG_STDVAR: return true;
	case PQL_AGG_SUM:
	case PQL_AGG_AVG:
	case PQL_AGG_COUNT:
	case PQL_AGG_GROUP:
	case PQL_AGG_LIMITK:
	case PQL_AGG_LIMIT_RATIO:
	case PQL_AGG_COUNT_VALUES: return false;
	}
	BUG("unknown aggregation");
}

/* With a k of less than 1 nothing is looked at. */
static bool looks_at(const struct pql_node *n, const struct pql_value *param, size_t step) {
	bool chooses = n->aggregate.op == PQL_AGG_TOPK || n->aggregate.op == PQL_AGG_BOTTOMK;

	return !chooses || param->scalars[step] >= 1;
}

static bool meets_histogram(const struct pql_frame *f, const struct pql_node *n,
							const struct pql_value *param, const struct pql_value *in) {
	for (size_t i = 0; i < in->row_count; i++) {
		for (size_t k = 0; in->rows[i].histograms != NULL && k < f->steps; k++) {
			if (in->rows[i].present[k] && in->rows[i].histograms[k] != NULL &&
				looks_at(n, param, k)) {
				return true;
			}
		}
	}
	return false;
}

void aggregate_ignore_histograms(struct pql_frame *f, const struct pql_node *n,
								 const struct pql_value *param, struct pql_value *in) {
	bool whole = n->aggregate.op == PQL_AGG_TOPK || n->aggregate.op == PQL_AGG_BOTTOMK;

	if (!ignores_histograms(n->aggregate.op)) {
		return;
	}
	if (meets_histogram(f, n, param, in)) {
		note_add(f->run, false, whole ? n->span : n->aggregate.inner->span,
				 "ignored histogram in %s aggregation", pql_aggregation_name(n->aggregate.op));
	}
	value_drop_histograms(f, in);
}

/* ---- sum and avg ---- */

/* The samples of a group at one step. */
struct members {
	struct pql_histogram **items;
	size_t *rows; /* of the items */
	size_t count;
	size_t first_float; /* row in the group's order; SIZE_MAX: none */
	bool starts_with_float;
};

static void members_gather(struct members *m, const struct row_groups *g, size_t group,
						   const struct pql_value *in, size_t step) {
	m->count = 0;
	m->first_float = SIZE_MAX;
	m->starts_with_float = false;
	for (size_t i = g->first[group]; i < g->first[group + 1]; i++) {
		const struct pql_row *row = &in->rows[g->order[i]];
		struct pql_histogram *h = row->present[step] ? row_histogram(row, step) : NULL;

		if (h != NULL) {
			m->items[m->count] = h;
			m->rows[m->count++] = i;
		} else if (row->present[step] && m->first_float == SIZE_MAX) {
			m->starts_with_float = m->count == 0;
			m->first_float = i;
		}
	}
}

/* What the histograms of a group give at a step where it has some. After the first that does not fit nothing is looked at. */
static bool fold_step(struct pql_frame *f, const struct pql_node *n, const struct members *m,
					  const struct row_groups *g, const struct pql_value *in, size_t step,
					  struct pql_row *out) {
	struct pql_histogram_remarks remarks = {0};
	struct span span = n->aggregate.inner->span;
	struct pql_histogram *result = NULL;
	size_t last = SIZE_MAX, misfit;
	bool collision;

	out->present[step] = 0;
	if (!m->starts_with_float) {
		result = histogram_fold(m->items, m->count, n->aggregate.op == PQL_AGG_AVG, &f->run->work,
								&remarks, &misfit);
		if (result == NULL) {
			last = m->rows[misfit];
			note_add_metric(f->run, NOTE_MIXED_SCHEMAS, span, in->rows[g->order[last]].labels);
		}
	}
	collision = remarks.reset_collision;
	remarks.reset_collision = false;
	note_add_remarks(f->run, span, &remarks, "aggregation");
	if (m->first_float < last) {
		note_add(f->run, true, span, "encountered a mix of histograms and floats for aggregation");
		return true;
	}
	remarks = (struct pql_histogram_remarks){.reset_collision = collision && result != NULL};
	note_add_remarks(f->run, span, &remarks, "aggregation");
	return result == NULL ||
		   row_make_histogram(f, out, step, pql_histogram_compact(result, &f->run->work));
}

static bool group_has_histograms(const struct row_groups *g, size_t group,
								 const struct pql_value *in) {
	for (size_t i = g->first[group]; i < g->first[group + 1]; i++) {
		if (in->rows[g->order[i]].histograms != NULL) {
			return true;
		}
	}
	return false;
}

bool aggregate_fold_histograms(struct pql_frame *f, const struct pql_node *n,
							   const struct row_groups *g, size_t group, const struct pql_value *in,
							   struct pql_row *out) {
	size_t rows = g->first[group + 1] - g->first[group];
	bool adds = n->aggregate.op == PQL_AGG_SUM || n->aggregate.op == PQL_AGG_AVG;
	struct members m;

	if (!adds || !group_has_histograms(g, group, in)) {
		return true;
	}
	if (!slots_take(f->run, 2 * rows)) {
		return false;
	}
	m.items = ARENA_ARRAY(f->run->arena, struct pql_histogram *, rows);
	m.rows = ARENA_ARRAY(f->run->arena, size_t, rows);
	for (size_t k = 0; k < f->steps; k++) {
		members_gather(&m, g, group, in, k);
		if (m.count > 0 && !fold_step(f, n, &m, g, in, k, out)) {
			return false;
		}
		arena_reset(&f->run->work);
	}
	return true;
}
