/* Binary operators where a side may be a native histogram, and what there is to say when the two do not go together. As Prometheus'
 * vectorElemBinop. */
#include "promql-lite/eval_private.h"

static bool is_trim(enum pql_op op) {
	return op == PQL_OP_TRIM_UPPER || op == PQL_OP_TRIM_LOWER;
}

bool binary_is_mixed(enum pql_op op, const struct pql_value *v) {
	return is_trim(op) || value_has_histograms(v);
}

static struct binary_outcome refused(enum binary_remark remark) {
	return (struct binary_outcome){.refused = true, .remark = remark};
}

static struct binary_outcome made(struct pql_histogram *h) {
	return (struct binary_outcome){.keep = true, .histogram = h};
}

static struct binary_outcome sum_of(enum pql_op op, const struct pql_histogram *l,
									const struct pql_histogram *r, struct arena *a) {
	struct pql_histogram_remarks remarks = {0};
	struct binary_outcome o;

	if (op == PQL_OP_ADD) {
		o = made(pql_histogram_plus(l, r, a, &remarks));
	} else {
		o = made(pql_histogram_minus(l, r, a, &remarks));
		if (o.histogram != NULL) {
			o.histogram = pql_histogram_with_reset(o.histogram, PQL_RESET_GAUGE, a);
		}
	}
	if (o.histogram == NULL) {
		return refused(REMARK_LAYOUT);
	}
	if (remarks.reset_collision) {
		return refused(REMARK_COLLISION);
	}
	o.remark = remarks.reconciled ? REMARK_RECONCILED : REMARK_NONE;
	return o;
}

static struct binary_outcome of_histograms(enum pql_op op, struct pql_histogram *l,
										   struct pql_histogram *r, struct arena *a) {
	switch ((int)op) {
	case PQL_OP_ADD:
	case PQL_OP_SUB: return sum_of(op, l, r, a);
	case PQL_OP_EQL:
	case PQL_OP_NEQ:
		return (struct binary_outcome){.keep = pql_histogram_equal(l, r) == (op == PQL_OP_EQL),
									   .histogram = l,
									   .borrowed = true};
	default: return refused(REMARK_HISTOGRAM_HISTOGRAM);
	}
}

static struct binary_outcome of_histogram_and_float(enum pql_op op, const struct pql_histogram *l,
													double r, struct arena *a) {
	switch ((int)op) {
	case PQL_OP_MUL: return made(pql_histogram_compact(pql_histogram_times(l, r, a), a));
	case PQL_OP_DIV: return made(pql_histogram_compact(pql_histogram_divided(l, r, a), a));
	case PQL_OP_TRIM_UPPER:
	case PQL_OP_TRIM_LOWER: return made(pql_histogram_trim(l, r, op == PQL_OP_TRIM_UPPER, a));
	default: return refused(REMARK_HISTOGRAM_FLOAT);
	}
}

struct binary_outcome binary_apply_mixed(enum pql_op op, struct binary_side l, struct binary_side r,
										 struct arena *a) {
	struct binary_outcome o = {0};

	if (l.histogram != NULL && r.histogram != NULL) {
		return of_histograms(op, l.histogram, r.histogram, a);
	}
	if (l.histogram != NULL) {
		return of_histogram_and_float(op, l.histogram, r.value, a);
	}
	if (r.histogram != NULL) {
		return op == PQL_OP_MUL ? of_histogram_and_float(op, r.histogram, l.value, a)
								: refused(REMARK_FLOAT_HISTOGRAM);
	}
	if (is_trim(op)) {
		return refused(REMARK_FLOAT_FLOAT);
	}
	o.value = binary_apply(op, l.value, r.value, &o.keep);
	return o;
}

bool binary_put(struct pql_frame *f, struct pql_row *row, size_t step,
				const struct binary_outcome *o) {
	if (o->histogram == NULL) {
		row_put_float(row, step, o->value);
		return true;
	}
	return o->borrowed ? row_put_histogram(f, row, step, o->histogram)
					   : row_make_histogram(f, row, step, o->histogram);
}

/* ---- remarks ---- */

/* Of all that is to be said at a step Prometheus says what comes last. */
void binary_remarks_add(struct binary_remarks *x, struct pql_frame *f, size_t step, size_t order,
						enum binary_remark remark) {
	if (remark == REMARK_NONE) {
		return;
	}
	if (x->remarks == NULL) {
		x->remarks = ARENA_ARRAY(f->run->arena, uint8_t, f->steps);
		x->orders = ARENA_ARRAY(f->run->arena, size_t, f->steps);
	}
	if (x->remarks[step] == REMARK_NONE || order >= x->orders[step]) {
		x->remarks[step] = (uint8_t)remark;
		x->orders[step] = order;
	}
}

static void print_types(struct pql_frame *f, const struct pql_node *n, const char *l,
						const char *r) {
	const char *op = pql_op_text(n->binary.op);

	note_add(f->run, false, n->span,
			 "incompatible sample types encountered for binary operator \"%s\": %s %s %s", op, l,
			 op, r);
}

static void print_remark(struct pql_frame *f, const struct pql_node *n, enum binary_remark remark) {
	struct pql_histogram_remarks remarks = {.reset_collision = remark == REMARK_COLLISION,
											.reconciled = remark == REMARK_RECONCILED};

	switch (remark) {
	case REMARK_NONE: return;
	case REMARK_FLOAT_FLOAT: print_types(f, n, "float", "float"); return;
	case REMARK_FLOAT_HISTOGRAM: print_types(f, n, "float", "histogram"); return;
	case REMARK_HISTOGRAM_FLOAT: print_types(f, n, "histogram", "float"); return;
	case REMARK_HISTOGRAM_HISTOGRAM: print_types(f, n, "histogram", "histogram"); return;
	case REMARK_LAYOUT:
		note_add(f->run, true, n->span,
				 "incompatible bucket layout encountered for binary operator %s",
				 pql_op_text(n->binary.op));
		return;
	case REMARK_COLLISION:
	case REMARK_RECONCILED:
		note_add_remarks(f->run, n->span, &remarks,
						 n->binary.op == PQL_OP_ADD ? "addition" : "subtraction");
		return;
	}
}

void binary_remarks_note(const struct binary_remarks *x, struct pql_frame *f,
						 const struct pql_node *n) {
	for (size_t k = 0; x->remarks != NULL && k < f->steps; k++) {
		print_remark(f, n, x->remarks[k]);
	}
}
