/* Arithmetic and comparison between two vectors. Rows are put into groups by the labels that are matched; a group has rows of
 * the "many" and of the "one" side (for group_right the sides are swapped first; one-to-one is the case in which a second row
 * on the many side is an error too). At each step the one row that is there meets every many row that is there. */
#include "promql-lite/eval_private.h"

/* ---- groups ---- */

static void number_rows(struct label_index *x, const struct pql_value *v, size_t *of_row) {
	bool is_new;

	for (size_t i = 0; i < v->row_count; i++) {
		of_row[i] = label_index_add(x, v->rows[i].labels, &is_new);
	}
}

void match_groups_init(struct match_groups *g, struct arena *a, const struct pql_node *n,
					   const struct pql_value *lhs, const struct pql_value *rhs) {
	struct label_index *x =
		label_index_create_grouping(a, n->binary.labels, n->binary.label_count, !n->binary.on);

	*g = (struct match_groups){
		.of_lhs = ARENA_ARRAY(a, size_t, lhs->row_count + 1),
		.of_rhs = ARENA_ARRAY(a, size_t, rhs->row_count + 1),
	};
	number_rows(x, lhs, g->of_lhs);
	number_rows(x, rhs, g->of_rhs);
	g->count = label_index_count(x);
}

/* ---- one operation ----
 *
 * fill_left stands in for a missing row on the many side and fill_right for one on the one side, whichever of them is written
 * on the left: that is what Prometheus does with group_right. */

/* Where the results of a pair of rows go. A many row mostly meets the same one row at all steps. */
struct pair {
	size_t one; /* index, or NO_ROW for a filled in value */
	size_t out; /* row of the result */
	struct pair *next;
};

#define NO_ROW SIZE_MAX

/* What is known of a row of the result besides the row: the group that writes to it, and where its first pair stands, many rows
 * in their order and after them those that are filled in, in the order of the one rows. */
struct out {
	size_t group, order;
};

struct match {
	struct pql_frame *f;
	const struct pql_node *n;
	const struct pql_value *many, *one;
	const size_t *many_group, *one_group;
	size_t groups;
	bool swapped; /* the many side is the right one */
	bool has_fill_many, has_fill_one;
	double fill_many, fill_one;
	bool mixed; /* a sample may be a histogram, or the operator is only for those */
	struct binary_remarks remarks;
	struct pql_value *ret;
	struct label_index *outputs; /* the number of a label set is the row of the result */
	struct out *outs;            /* per row of the result */
	size_t out_capacity;
	struct pair **pairs; /* per many row; the last one is for filled in many sides */
	/* The first step at which the operation fails, and why: what comes after it does not matter. */
	size_t fail_step;
	const char *failure;
	/* Rows by group: rows order[first[g]] … order[first[g + 1]]. */
	size_t *many_order, *many_first, *one_order, *one_first;
};

/* Marks in `present` while it is worked out; only VALUE stays. */
enum { NOTHING, VALUE, FILTERED };

static void sort_by_group(struct arena *a, const size_t *group, size_t rows, size_t groups,
						  size_t **ret_order, size_t **ret_first) {
	size_t *first = ARENA_ARRAY(a, size_t, groups + 2);
	size_t *order = ARENA_ARRAY(a, size_t, rows + 1);

	for (size_t i = 0; i < rows; i++) {
		first[group[i] + 2]++;
	}
	for (size_t g = 0; g < groups; g++) {
		first[g + 2] += first[g + 1];
	}
	for (size_t i = 0; i < rows; i++) {
		order[first[group[i] + 1]++] = i;
	}
	*ret_order = order;
	*ret_first = first;
}

/* As Prometheus' resultMetric: the many side's labels, less the name if it no longer means the same. */
static struct labels result_labels(struct match *m, struct labels many, struct labels one) {
	const struct pql_node *n = m->n;
	struct arena *a = m->f->run->arena;
	bool drop_now = n->binary.return_bool && !m->f->run->options.delayed_name_removal;
	struct labels_builder b;

	if (drop_now || binary_changes_meaning(n->binary.op)) {
		many = labels_drop_metadata(a, many);
	}
	labels_builder_init_from(&b, a, many);
	if (n->binary.cardinality == PQL_ONE_TO_ONE) {
		for (size_t i = 0; i < many.count; i++) {
			if (names_contain(n->binary.labels, n->binary.label_count, many.items[i].name) !=
				n->binary.on) {
				labels_builder_remove(&b, many.items[i].name);
			}
		}
	}
	for (size_t i = 0; i < n->binary.include_count; i++) {
		/* An empty value takes the label away. */
		labels_builder_set(&b, n->binary.include[i], labels_get(one, n->binary.include[i]));
	}
	return labels_builder_take(&b);
}

static struct labels match_labels(const struct match *m, struct labels l) {
	return labels_pick(m->f->run->arena, l, m->n->binary.labels, m->n->binary.label_count,
					   m->n->binary.on);
}

/* The row of the result for a pair; either may be NO_ROW, but not both. NULL: too many samples. */
static struct pql_row *out_row(struct match *m, size_t many, size_t one, size_t group) {
	/* Filled in many sides hang at one place, by their one row. */
	struct pair **pairs = &m->pairs[many == NO_ROW ? m->many->row_count : many];
	struct labels l, o;
	struct pair *p;
	bool is_new;

	for (p = *pairs; p != NULL; p = p->next) {
		if (p->one == one) {
			return &m->ret->rows[p->out];
		}
	}
	l = many == NO_ROW ? match_labels(m, m->one->rows[one].labels) : m->many->rows[many].labels;
	o = one == NO_ROW ? match_labels(m, l) : m->one->rows[one].labels;
	l = result_labels(m, l, o);
	p = ARENA_NEW(m->f->run->arena, struct pair);
	*p = (struct pair){.one = one, .next = *pairs};
	p->out = label_index_add(m->outputs, l, &is_new);
	*pairs = p;
	if (is_new) {
		if (value_add_row(m->f, m->ret, l) == NULL) {
			return NULL;
		}
		m->outs = arena_grow(m->f->run->arena, m->outs, p->out, &m->out_capacity, sizeof(*m->outs));
		m->outs[p->out] = (struct out){group, many == NO_ROW ? m->many->row_count + one : many};
		m->ret->rows[p->out].drop_name = m->n->binary.return_bool;
	}
	return &m->ret->rows[p->out];
}

static void fail_at(struct match *m, size_t step, const char *why) {
	m->fail_step = step;
	m->failure = why;
}

/* Two rows of the one side in the same group at the same step. */
static void fail_duplicate(struct match *m, size_t step, size_t first, size_t second) {
	struct arena *a = m->f->run->arena;
	struct labels labels = m->one->rows[first].labels;
	const char *one = labels_text(a, labels), *other = labels_text(a, m->one->rows[second].labels);
	bool sorted = strcmp(one, other) < 0;

	fail_at(m, step,
			arena_printf(a,
						 "found duplicate series for the match group %s on the %s hand-side of the "
						 "operation: [%s, %s];many-to-many matching not allowed: matching labels "
						 "must be unique on one side",
						 labels_text(a, match_labels(m, labels)), m->swapped ? "left" : "right",
						 sorted ? one : other, sorted ? other : one));
}

/* Whether the many side has anything at all at a step: if it does not, nothing is compared, not even for an error. */
static bool many_side_any(const struct match *m, size_t step) {
	if (m->has_fill_many || m->has_fill_one) {
		return true;
	}
	for (size_t i = 0; i < m->many->row_count; i++) {
		if (m->many->rows[i].present[step]) {
			return true;
		}
	}
	return false;
}

/* The first two rows of a group's one side that are there at a step. */
static bool find_two(const struct match *m, size_t group, size_t step, size_t *ret_first,
					 size_t *ret_second) {
	*ret_first = NO_ROW;
	for (size_t i = m->one_first[group]; i < m->one_first[group + 1]; i++) {
		size_t row = m->one_order[i];

		if (m->one->rows[row].present[step]) {
			if (*ret_first != NO_ROW) {
				*ret_second = row;
				return true;
			}
			*ret_first = row;
		}
	}
	return false;
}

/* Step by step, as this comes before anything is computed at a step; of several groups the one whose second row stands first. */
static void check_duplicates(struct match *m) {
	size_t worst = NO_ROW;

	for (size_t g = 0; g < m->groups; g++) {
		size_t last = m->fail_step < m->f->steps ? m->fail_step + 1 : m->f->steps, first, second;

		if (m->one_first[g + 1] - m->one_first[g] < 2) {
			continue;
		}
		for (size_t k = 0; k < last; k++) {
			if (find_two(m, g, k, &first, &second) && (k < m->fail_step || second < worst) &&
				many_side_any(m, k)) {
				fail_duplicate(m, k, first, second);
				worst = second;
				break;
			}
		}
	}
}

static struct binary_side side_of(const struct pql_value *v, size_t row, double fill, size_t step) {
	if (row == NO_ROW) {
		return (struct binary_side){.value = fill};
	}
	return (struct binary_side){v->rows[row].values[step], row_histogram(&v->rows[row], step)};
}

/* What comes of a pair that may have histograms. false: nothing, and it is no match. */
static bool work_out(struct match *m, size_t many, size_t one, size_t step,
					 struct binary_outcome *ret) {
	struct binary_side x = side_of(m->many, many, m->fill_many, step);
	struct binary_side y = side_of(m->one, one, m->fill_one, step);

	arena_reset(&m->f->run->work);
	*ret = binary_apply_mixed(m->n->binary.op, m->swapped ? y : x, m->swapped ? x : y,
							  &m->f->run->work);
	binary_remarks_add(&m->remarks, m->f, step, many == NO_ROW ? m->many->row_count + one : many,
					   ret->remark);
	return !ret->refused;
}

static bool put_mixed(struct match *m, struct pql_row *out, size_t step, struct binary_outcome *o) {
	bool keep = o->keep || m->n->binary.return_bool;

	if (m->n->binary.return_bool) {
		*o = (struct binary_outcome){.value = o->keep ? 1 : 0};
	}
	if (keep && !binary_put(m->f, out, step, o)) {
		return false;
	}
	out->present[step] = keep ? VALUE : FILTERED;
	return true;
}

/* Puts one result where it belongs. `mixed`: what was worked out, or NULL. */
static inline bool apply(struct match *m, size_t many, size_t one, size_t group, size_t step,
						 struct binary_outcome *mixed) {
	double x = many == NO_ROW ? m->fill_many : m->many->rows[many].values[step];
	double y = one == NO_ROW ? m->fill_one : m->one->rows[one].values[step];
	struct pql_row *out = out_row(m, many, one, group);
	bool keep;
	double v;

	if (out == NULL) {
		return false;
	}
	if (out->present[step] != NOTHING && m->n->binary.cardinality != PQL_ONE_TO_ONE &&
		m->outs[out - m->ret->rows].group == group) {
		fail_at(m, step, "multiple matches for labels: grouping labels must ensure unique matches");
	} else if (out->present[step] == VALUE) {
		fail_at(m, step, "vector cannot contain metrics with the same labelset");
	}
	if (mixed != NULL) {
		return put_mixed(m, out, step, mixed);
	}
	v = m->swapped ? binary_apply(m->n->binary.op, y, x, &keep)
				   : binary_apply(m->n->binary.op, x, y, &keep);
	if (m->n->binary.return_bool) {
		v = keep ? 1 : 0;
		keep = true;
	}
	out->values[step] = v;
	out->present[step] = keep ? VALUE : FILTERED;
	return true;
}

/* The one row that is there at a step; check_duplicates has seen to it that there is no other. */
static size_t find_one(const struct match *m, size_t group, size_t step) {
	for (size_t i = m->one_first[group]; i < m->one_first[group + 1]; i++) {
		if (m->one->rows[m->one_order[i]].present[step]) {
			return m->one_order[i];
		}
	}
	return NO_ROW;
}

/* Written for one kind of operation at a time: numbers alone need no outcome. */
static inline __attribute__((always_inline)) bool match_step(struct match *m, size_t group,
															 size_t step, bool is_mixed) {
	size_t one = find_one(m, group, step), matched = 0;
	struct binary_outcome outcome, *mixed = is_mixed ? &outcome : NULL;

	if (one == NO_ROW && !m->has_fill_one) {
		return true;
	}
	for (size_t i = m->many_first[group]; i < m->many_first[group + 1]; i++) {
		size_t row = m->many_order[i];

		if (!m->many->rows[row].present[step] ||
			(is_mixed && !work_out(m, row, one, step, &outcome))) {
			continue;
		}
		if (matched++ > 0 && m->n->binary.cardinality == PQL_ONE_TO_ONE) {
			fail_at(m, step,
					"multiple matches for labels: many-to-one matching must be explicit "
					"(group_left/group_right)");
			return true;
		}
		if (!apply(m, row, one, group, step, mixed)) {
			return false;
		}
	}
	if (matched > 0 || one == NO_ROW || !m->has_fill_many ||
		(is_mixed && !work_out(m, NO_ROW, one, step, &outcome))) {
		return true;
	}
	return apply(m, NO_ROW, one, group, step, mixed);
}

static void match_init(struct match *m, struct pql_frame *f, const struct pql_node *n,
					   struct pql_value *lhs, struct pql_value *rhs, struct pql_value *ret) {
	struct arena *a = f->run->arena;
	struct match_groups g;

	match_groups_init(&g, a, n, lhs, rhs);
	*m = (struct match){
		.f = f,
		.n = n,
		.many = lhs,
		.one = rhs,
		.many_group = g.of_lhs,
		.one_group = g.of_rhs,
		.groups = g.count,
		.swapped = n->binary.cardinality == PQL_ONE_TO_MANY,
		.has_fill_many = n->binary.has_fill_left,
		.has_fill_one = n->binary.has_fill_right,
		.fill_many = n->binary.fill_left,
		.fill_one = n->binary.fill_right,
		.ret = ret,
		.outputs = label_index_create(a),
		.fail_step = f->steps,
	};
	if (m->swapped) {
		m->many = rhs;
		m->one = lhs;
		m->many_group = g.of_rhs;
		m->one_group = g.of_lhs;
	}
	m->mixed = binary_is_mixed(n->binary.op, lhs) || value_has_histograms(rhs);
	m->pairs = ARENA_ARRAY(a, struct pair *, m->many->row_count + 1);
	sort_by_group(a, m->many_group, m->many->row_count, g.count, &m->many_order, &m->many_first);
	sort_by_group(a, m->one_group, m->one->row_count, g.count, &m->one_order, &m->one_first);
}

/* Drops the marks of pairs that were compared and did not hold. */
static void clear_marks(struct match *m) {
	for (size_t i = 0; i < m->ret->row_count; i++) {
		for (size_t k = 0; k < m->f->steps; k++) {
			m->ret->rows[i].present[k] = m->ret->rows[i].present[k] == VALUE;
		}
	}
	value_compact(m->f, m->ret);
}

struct placed {
	size_t order;
	struct pql_row row;
};

static int compare_placed(const void *a, const void *b) {
	const struct placed *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* From the order of the groups to that of the many side, which an instant's answer shows. */
static void restore_order(struct match *m) {
	size_t count = m->ret->row_count;
	struct placed *placed = ARENA_ARRAY(m->f->run->arena, struct placed, count + 1);

	for (size_t i = 0; i < count; i++) {
		placed[i] = (struct placed){m->outs[i].order, m->ret->rows[i]};
	}
	qsort(placed, count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < count; i++) {
		m->ret->rows[i] = placed[i].row;
	}
}

bool match_vectors(struct pql_frame *f, const struct pql_node *n, struct pql_value *lhs,
				   struct pql_value *rhs, struct pql_value *ret) {
	struct match m;

	match_init(&m, f, n, lhs, rhs, ret);
	check_duplicates(&m);
	for (size_t g = 0; g < m.groups; g++) {
		for (size_t k = 0; k < m.fail_step; k++) {
			if (!(m.mixed ? match_step(&m, g, k, true) : match_step(&m, g, k, false))) {
				return false;
			}
		}
	}
	if (m.failure != NULL) {
		return eval_fail(f->run, n->span, "%s", m.failure);
	}
	binary_remarks_note(&m.remarks, f, n);
	if (f->steps == 1) {
		restore_order(&m);
	}
	clear_marks(&m);
	value_clear(f, lhs);
	value_clear(f, rhs);
	return true;
}
