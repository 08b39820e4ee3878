#include "promql-lite/eval_private.h"

#include <stdlib.h>

#include "promql-lite/info_time.h"

#define DEFAULT_MAX_SAMPLES 50000000 /* Prometheus' --query.max-samples */
#define DEFAULT_MAX_STEPS 11000      /* Prometheus' limit on query_range */
#define DEFAULT_MAX_LABEL_BYTES ((size_t)64 << 20)
#define DEFAULT_MAX_VISITS ((size_t)4000000000)

bool eval_fail(struct pql_run *run, struct span span, const char *format, ...) {
	struct strbuf b = STRBUF_INIT;
	va_list args;

	if (run->failed) {
		return false;
	}
	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	run->failed = true;
	run->failure.message = arena_dup(run->arena, strbuf_str(&b)).ptr;
	run->failure.span = span;
	strbuf_finish(&b);
	return false;
}

bool frame_init(struct pql_frame *f, struct pql_run *run, struct pql_grid grid) {
	*f = (struct pql_frame){.run = run, .grid = grid, .steps = pql_grid_count(grid)};
	/* Refused before anything is laid out over so many steps; each column counts for itself. */
	if (!slots_take(run, f->steps)) {
		return false;
	}
	run->slots -= f->steps;
	return true;
}

const struct pql_node *eval_unwrap(const struct pql_node *n) {
	while (n->kind == PQL_PAREN) {
		n = n->paren;
	}
	return n;
}

struct str eval_string(const struct pql_node *n) {
	return eval_unwrap(n)->string;
}

/* ---- what @ pins down ---- */

/* How an expression's value depends on the step. */
enum variance {
	CONSTANT, /* no data in it */
	PINNED,   /* data, all of it at fixed times */
	VARYING,
};

/* Their value depends on the evaluation time even if their arguments do not (AtModifierUnsafeFunctions). */
static const char *const time_functions[] = {
	"day_of_month", "day_of_week",    "day_of_year", "days_in_month", "hour", "minute",
	"month",        "predict_linear", "time",        "timestamp",     "year",
};

static bool call_varies(const struct pql_node *n) {
	const char *name = n->call.function->name;
	bool info = strcmp(name, "info") == 0;
	size_t count = info ? 1 : n->call.count;

	/* Info series are looked up where the first argument's data comes from, unless that is in several places. */
	if (info && !pql_info_time_is_single(n->call.args[0])) {
		return true;
	}

	for (size_t i = 0; i < count; i++) {
		if (eval_varies(n->call.args[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(time_functions) / sizeof(time_functions[0]); i++) {
		if (strcmp(name, time_functions[i]) == 0) {
			/* timestamp(x @ 5) is the time of a sample, timestamp(abs(x @ 5)) that of the evaluation. */
			return strcmp(name, "timestamp") != 0 ||
				   eval_unwrap(n->call.args[0])->kind != PQL_SELECTOR;
		}
	}
	return false;
}

bool eval_varies(const struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_DURATION: return false;
	case PQL_SELECTOR: return n->selector.shift.at == PQL_AT_NONE;
	case PQL_RANGE: return eval_varies(n->range.selector);
	case PQL_SUBQUERY: return n->subquery.shift.at == PQL_AT_NONE;
	case PQL_PAREN: return eval_varies(n->paren);
	case PQL_UNARY: return eval_varies(n->unary.inner);
	case PQL_BINARY: return eval_varies(n->binary.lhs) || eval_varies(n->binary.rhs);
	case PQL_AGGREGATE: return eval_varies(n->aggregate.inner); /* not of the parameter */
	case PQL_CALL: return call_varies(n);
	}
	BUG("unknown kind of node");
}

static bool spread_histogram(struct pql_frame *f, struct pql_row *row, struct pql_histogram *h) {
	for (size_t k = 0; h != NULL && k < f->steps; k++) {
		if (!row_put_histogram(f, row, k, h)) {
			return false;
		}
	}
	return true;
}

/* The value at the first step, at every step. */
static bool value_spread(struct pql_frame *f, const struct pql_value *once, struct pql_value *ret) {
	if (once->type == PQL_TYPE_SCALAR) {
		if (!value_make_scalar(f, ret)) {
			return false;
		}
		for (size_t k = 0; k < f->steps; k++) {
			ret->scalars[k] = once->scalars[0];
		}
		return true;
	}
	value_reserve(f, ret, once->row_count);
	for (size_t i = 0; i < once->row_count; i++) {
		struct pql_row *row;

		if (!once->rows[i].present[0]) {
			continue;
		}
		row = value_add_row(f, ret, once->rows[i].labels);
		if (row == NULL) {
			return false;
		}
		row->drop_name = once->rows[i].drop_name;
		memset(row->present, 1, f->steps);
		for (size_t k = 0; k < f->steps; k++) {
			row->values[k] = once->rows[i].values[0];
		}
		if (!spread_histogram(f, row, row_histogram(&once->rows[i], 0))) {
			return false;
		}
	}
	return true;
}

static eval_kind *const kinds[] = {
	[PQL_NUMBER] = eval_number, [PQL_STRING] = eval_string_value, [PQL_SELECTOR] = eval_selector,
	[PQL_RANGE] = eval_matrix,  [PQL_SUBQUERY] = eval_matrix,     [PQL_UNARY] = eval_unary,
	[PQL_BINARY] = eval_binary, [PQL_AGGREGATE] = eval_aggregate, [PQL_CALL] = eval_call,
};

bool eval_node(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	n = eval_unwrap(n);
	*ret = (struct pql_value){.type = n->type, .grid = f->grid, .steps = f->steps};
	if (f->grid.start != f->grid.end && n->kind != PQL_NUMBER && n->kind != PQL_STRING &&
		!eval_varies(n)) {
		struct pql_grid instant = {f->grid.start, f->grid.start, f->grid.step};
		struct pql_frame once;
		struct pql_value v;

		return frame_init(&once, f->run, instant) && eval_node(&once, n, &v) &&
			   value_spread(f, &v, ret);
	}
	return kinds[n->kind](f, n, ret);
}

bool eval_number(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	if (!value_make_scalar(f, ret)) {
		return false;
	}
	for (size_t k = 0; k < f->steps; k++) {
		ret->scalars[k] = n->number.value;
	}
	return true;
}

bool eval_string_value(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	(void)f;
	ret->string = n->string;
	return true;
}

static bool negate_histograms(struct pql_frame *f, struct pql_row *row) {
	for (size_t k = 0; k < f->steps; k++) {
		const struct pql_histogram *h = row->present[k] ? row_histogram(row, k) : NULL;

		if (h != NULL &&
			!row_make_histogram(f, row, k, pql_histogram_times(h, -1, &f->run->work))) {
			return false;
		}
	}
	return true;
}

bool eval_unary(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret) {
	if (!eval_node(f, n->unary.inner, ret) || n->unary.op == PQL_OP_ADD) {
		return !f->run->failed;
	}
	ret->ordered = false;
	if (ret->type == PQL_TYPE_SCALAR) {
		for (size_t k = 0; k < f->steps; k++) {
			ret->scalars[k] = -ret->scalars[k];
		}
		return true;
	}
	for (size_t i = 0; i < ret->row_count; i++) {
		for (size_t k = 0; k < f->steps; k++) {
			ret->rows[i].values[k] = -ret->rows[i].values[k];
		}
		if (ret->rows[i].histograms != NULL && !negate_histograms(f, &ret->rows[i])) {
			return false;
		}
	}
	return value_drop_names(f, ret);
}

/* ---- the whole ---- */

static int compare_rows(const void *a, const void *b) {
	const struct pql_row *x = a, *y = b;

	return labels_compare(x->labels, y->labels);
}

static bool value_finish(struct pql_frame *f, struct pql_value *v) {
	if (v->type == PQL_TYPE_VECTOR) {
		if (f->run->options.delayed_name_removal) {
			for (size_t i = 0; i < v->row_count; i++) {
				if (v->rows[i].drop_name) {
					v->rows[i].labels = labels_drop_metadata(f->run->arena, v->rows[i].labels);
				}
			}
			if (!value_merge(f, v)) {
				return false;
			}
		}
		value_compact(f, v);
		if (f->grid.start != f->grid.end && v->row_count > 1) {
			qsort(v->rows, v->row_count, sizeof(*v->rows), compare_rows);
		}
	}
	return true;
}

static void options_init(struct pql_run *run, const struct pql_eval_options *options) {
	struct pql_eval_limits *limits = &run->options.limits;

	run->options = *options;
	limits->max_samples = limits->max_samples ? limits->max_samples : DEFAULT_MAX_SAMPLES;
	limits->max_steps = limits->max_steps ? limits->max_steps : DEFAULT_MAX_STEPS;
	limits->max_visits = limits->max_visits ? limits->max_visits : DEFAULT_MAX_VISITS;
	limits->max_label_bytes =
		limits->max_label_bytes ? limits->max_label_bytes : DEFAULT_MAX_LABEL_BYTES;
}

static bool check_query(struct pql_run *run) {
	struct span all = {0, run->expr->text.len};
	enum pql_type type = run->expr->root->type;
	size_t steps = pql_grid_count(run->query);

	if (run->query.start != run->query.end && type != PQL_TYPE_VECTOR && type != PQL_TYPE_SCALAR) {
		return eval_fail(run, all,
						 "invalid expression type \"%s\" for range query, must be Scalar or "
						 "instant Vector",
						 pql_type_name(type));
	}
	if (steps > run->options.limits.max_steps) {
		return eval_fail(run, all,
						 "exceeded maximum resolution of %zu points per timeseries (max_steps). "
						 "Try decreasing the query resolution (?step=XX)",
						 run->options.limits.max_steps);
	}
	return true;
}

static bool resolve_node(struct pql_node *n, void *data) {
	struct pql_frame *f = data;
	dur_ms duration;

	if (f->run->failed) {
		return false;
	}
	switch ((int)n->kind) {
	case PQL_SELECTOR: eval_stretch(f, &n->selector.shift.offset, true, &duration); break;
	case PQL_RANGE: eval_stretch(f, &n->range.range, false, &duration); break;
	case PQL_SUBQUERY:
		if (eval_stretch(f, &n->subquery.shift.offset, true, &duration) &&
			(n->subquery.step.expr == NULL ||
			 eval_stretch(f, &n->subquery.step, false, &duration))) {
			eval_stretch(f, &n->subquery.range, false, &duration);
		}
		break;
	default: break;
	}
	return true;
}

/* What is wrong with computed durations is said before anything is evaluated. */
static bool resolve_durations(struct pql_frame *f) {
	pql_walk(f->run->expr->root, resolve_node, f);
	return !f->run->failed;
}

bool pql_eval(const struct pql_expr *expr, struct pql_grid grid,
			  const struct pql_eval_options *options, const struct pql_series_set *sets,
			  struct arena *a, struct pql_value *ret_value, struct pql_notes *ret_notes,
			  struct pql_failure *ret_failure) {
	struct pql_run run = {.expr = expr, .sets = sets, .query = grid, .arena = a};
	struct pql_frame f;
	struct pql_value v;
	bool good;

	options_init(&run, options);
	arena_init(&run.work);
	histogram_stats_prepare(&run);
	good = check_query(&run) && frame_init(&f, &run, grid) && resolve_durations(&f) &&
		   eval_node(&f, expr->root, &v) && value_finish(&f, &v);
	arena_finish(&run.work);
	if (!good) {
		*ret_failure = run.failure;
		return false;
	}
	*ret_value = v;
	notes_print(&run, ret_notes);
	return true;
}
