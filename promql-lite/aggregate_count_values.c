/* count_values: a row per group and value met, the value in a label. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "base/gofloat.h"

struct counting {
	struct pql_frame *f;
	const struct pql_node *n;
	struct str label;
	struct label_index *outputs; /* the number of a label set is the row of the result */
	struct pql_value *ret;
};

/* Labels of the group that a row is in when it has this value. */
static struct labels value_labels(struct counting *c, struct labels l, double v,
								  const struct pql_histogram *h) {
	struct arena *a = c->f->run->arena;
	const struct pql_node *n = c->n;
	struct strbuf text = STRBUF_INIT;
	struct labels_builder b, kept;

	if (h != NULL) {
		pql_histogram_describe(&text, h);
	} else {
		gofloat_print(&text, v, 'f');
	}
	labels_builder_init_from(&b, a, l);
	labels_builder_set(&b, c->label, arena_dup(a, strbuf_str(&text)));
	c->f->run->label_bytes += text.len;
	strbuf_finish(&text);
	l = labels_builder_take(&b);
	if (n->aggregate.without) {
		return labels_pick(a, l, n->aggregate.labels, n->aggregate.label_count, false);
	}
	labels_builder_init_from(
		&kept, a, labels_pick(a, l, n->aggregate.labels, n->aggregate.label_count, true));
	labels_builder_set(&kept, c->label, labels_get(l, c->label));
	return labels_builder_take(&kept);
}

static struct pql_row *value_row(struct counting *c, struct labels l, double v,
								 const struct pql_histogram *h, size_t *ret_at) {
	struct pql_run *run = c->f->run;
	struct labels with_value = value_labels(c, l, v, h);
	bool is_new;

	if (run->label_bytes > run->options.limits.max_label_bytes) {
		eval_fail(run, c->n->span,
				  "count_values made more than %zu bytes of labels (max_label_bytes)",
				  run->options.limits.max_label_bytes);
		return NULL;
	}
	*ret_at = label_index_add(c->outputs, with_value, &is_new);
	if (is_new && value_add_row(c->f, c->ret, with_value) == NULL) {
		return NULL;
	}
	return &c->ret->rows[*ret_at];
}

static bool same_number(double a, double b) {
	return a == b ? signbit(a) == signbit(b) : isnan(a) && isnan(b);
}

/* Values often stay for many steps: the row of the last one is remembered. */
static bool count_row(struct counting *c, const struct pql_row *in) {
	const struct pql_histogram *last_histogram = NULL;
	double last = 0;
	size_t at = SIZE_MAX;

	for (size_t k = 0; k < c->f->steps; k++) {
		const struct pql_histogram *h = row_histogram(in, k);
		struct pql_row *out;

		if (!in->present[k]) {
			continue;
		}
		if (at == SIZE_MAX || h != last_histogram || !same_number(in->values[k], last)) {
			last = in->values[k];
			last_histogram = h;
			if (value_row(c, in->labels, last, h, &at) == NULL) {
				return false;
			}
		}
		out = &c->ret->rows[at];
		out->values[k] = out->present[k] ? out->values[k] + 1 : 1;
		out->present[k] = 1;
	}
	return true;
}

bool aggregate_count_values(struct pql_frame *f, const struct pql_node *n, struct pql_value *in,
							struct pql_value *ret) {
	struct counting c = {
		.f = f,
		.n = n,
		.label = eval_string(n->aggregate.param),
		.outputs = label_index_create(f->run->arena),
		.ret = ret,
	};

	if (!label_name_is_valid(c.label)) {
		struct strbuf b = STRBUF_INIT;

		strbuf_add_quoted(&b, c.label);
		eval_fail(f->run, n->aggregate.param->span, "invalid label name %s", b.ptr);
		strbuf_finish(&b);
		return false;
	}
	for (size_t i = 0; i < in->row_count; i++) {
		if (!count_row(&c, &in->rows[i])) {
			return false;
		}
	}
	return true;
}
