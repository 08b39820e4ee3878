/* The rows of a vector as the histograms that they are. */
#include "promql-lite/fn_histogram_private.h"

#include "base/gofloat.h"

#define LE STR("le")

static bool parse_bound(struct pql_call_context *call, const struct pql_row *row, size_t arg,
						double *ret) {
	struct str le = labels_get(row->labels, LE), name = labels_get(row->labels, LABEL_NAME);
	struct strbuf b = STRBUF_INIT;
	bool range = false;

	if (gofloat_parse(le, ret, &range) && !range) {
		return true;
	}
	strbuf_add_quoted(&b, le);
	if (call->frame->run->options.delayed_name_removal && name.len > 0) {
		strbuf_add_c(&b, " for metric name ");
		strbuf_add_quoted(&b, name);
	}
	note_add(call->frame->run, true, call_arg_span(call, arg),
			 "bucket label \"le\" is missing or has a malformed value of %s", b.ptr);
	strbuf_finish(&b);
	return false;
}

struct bucket_row {
	const struct pql_row *row;
	double bound;
	size_t group;
};

static int compare_bucket_rows(const void *a, const void *b) {
	const struct bucket_row *x = a, *y = b;

	if (x->group != y->group) {
		return x->group < y->group ? -1 : 1;
	}
	return (x->bound > y->bound) - (x->bound < y->bound);
}

static struct labels labels_without_le(struct arena *a, struct labels l) {
	struct labels_builder b;

	labels_builder_init_from(&b, a, l);
	labels_builder_remove(&b, LE);
	return labels_builder_take(&b);
}

/* `rows` is sorted by group. */
static void fill_classics(struct arena *a, const struct bucket_row *rows, size_t count,
						  const struct labels *labels, struct classics *ret) {
	const struct pql_row **sorted =
		(const struct pql_row **)ARENA_ARRAY(a, struct pql_row *, count + 1);
	double *bounds = ARENA_ARRAY(a, double, count + 1);

	for (size_t i = 0; i < count; i++) {
		struct classic *c = &ret->items[rows[i].group];

		sorted[i] = rows[i].row;
		bounds[i] = rows[i].bound;
		if (c->count == 0) {
			*c = (struct classic){
				.labels = labels[rows[i].group], .rows = sorted + i, .bounds = bounds + i};
		}
		c->mixed = c->mixed || rows[i].row->histograms != NULL;
		c->count++;
		ret->longest = c->count > ret->longest ? c->count : ret->longest;
	}
	ret->scratch = ARENA_ARRAY(a, struct bucket, ret->longest + 1);
}

static bool has_floats(const struct pql_row *row, size_t steps) {
	for (size_t k = 0; k < steps; k++) {
		if (row->present[k] && row_histogram(row, k) == NULL) {
			return true;
		}
	}
	return false;
}

/* Rows with the same labels but for `le` meet. */
static void find_natives(struct classics *c, struct pql_frame *f, const struct pql_value *in,
						 const struct label_index *index) {
	c->natives = ARENA_ARRAY(f->run->arena, struct native, in->row_count + 1);
	for (size_t i = 0; i < in->row_count; i++) {
		struct native *n = &c->natives[c->native_count];
		size_t group;

		if (in->rows[i].histograms == NULL) {
			continue;
		}
		c->native_count++;
		n->row = &in->rows[i];
		if (label_index_find(index, n->row->labels, &group)) {
			n->classic = &c->items[group];
			c->items[group].native = n->row;
		}
	}
}

void classics_init(struct classics *ret, struct pql_call_context *call, size_t arg) {
	struct arena *a = call->frame->run->arena;
	const struct pql_value *in = &call->values[arg];
	struct bucket_row *rows = ARENA_ARRAY(a, struct bucket_row, in->row_count + 1);
	struct labels *labels = ARENA_ARRAY(a, struct labels, in->row_count + 1);
	struct label_index *index = label_index_create(a);
	size_t count = 0;

	*ret = (struct classics){0};
	for (size_t i = 0; i < in->row_count; i++) {
		struct labels without;
		bool is_new;

		if (!has_floats(&in->rows[i], call->frame->steps) ||
			!parse_bound(call, &in->rows[i], arg, &rows[count].bound)) {
			continue;
		}
		without = labels_without_le(a, in->rows[i].labels);
		rows[count].row = &in->rows[i];
		rows[count].group = label_index_add(index, without, &is_new);
		labels[rows[count].group] = without;
		ret->count += is_new;
		count++;
	}
	qsort(rows, count, sizeof(*rows), compare_bucket_rows);
	ret->items = ARENA_ARRAY(a, struct classic, ret->count + 1);
	fill_classics(a, rows, count, labels, ret);
	if (value_has_histograms(in)) {
		find_natives(ret, call->frame, in, index);
	}
}

size_t gather_buckets(const struct classic *c, size_t step, struct bucket *ret) {
	size_t count = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (!c->rows[i]->present[step] || (c->mixed && row_histogram(c->rows[i], step) != NULL)) {
			continue;
		}
		if (count > 0 && ret[count - 1].bound == c->bounds[i]) {
			ret[count - 1].count += c->rows[i]->values[step];
		} else {
			ret[count++] = (struct bucket){c->bounds[i], c->rows[i]->values[step]};
		}
	}
	return count;
}

const struct pql_histogram *native_at(const struct pql_row *row, size_t step) {
	return row != NULL && row->present[step] ? row_histogram(row, step) : NULL;
}

const struct pql_histogram *native_alone(struct pql_call_context *call, size_t arg,
										 const struct classics *c, const struct native *n,
										 size_t step) {
	const struct pql_histogram *h = native_at(n->row, step);

	if (h != NULL && n->classic != NULL && gather_buckets(n->classic, step, c->scratch) > 0) {
		native_note_conflict(call, arg, n->row->labels);
		return NULL;
	}
	return h;
}
