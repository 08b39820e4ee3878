/* The evaluator from the inside. Three nested things:
 *
 *   run    one call of pql_eval: the data, the limits, what went wrong
 *   frame  the grid in force: the query's own, a subquery's, or a single step for what @ pins down
 *   value  what a node returns: rows over the frame's steps
 *
 * A value belongs to the node above it, which may change it in place: the tree is a tree, nobody else sees it. Labels, matching
 * and grouping are worked out once per row; the loops over the steps only touch the columns of numbers. */
#ifndef PQL_EVAL_PRIVATE_H
#define PQL_EVAL_PRIVATE_H

#include "base/bug.h"
#include "promql-lite/eval.h"
#include "promql-lite/functions.h"

struct note;
struct pql_stretch_error;

struct pql_run {
	const struct pql_expr *expr;
	struct pql_eval_options options; /* with the defaults filled in */
	const struct pql_series_set *sets;
	struct pql_grid query; /* as asked: start(), end(), step(), range() mean this one everywhere */
	struct arena *arena;
	struct note *notes;
	size_t note_count, note_capacity;
	struct pql_failure failure;
	bool failed;
	size_t slots;       /* numbers in columns, held now */
	size_t label_bytes; /* made so far by functions that write labels */
	size_t visits;      /* of samples in windows, so far */
};

struct pql_frame {
	struct pql_run *run;
	struct pql_grid grid;
	size_t steps;
	double *free_columns; /* given back, chained through their first slot */
};

static inline ts_ms frame_time(const struct pql_frame *f, size_t step) {
	return f->grid.start + (ts_ms)step * f->grid.step;
}

/* Remembers the first failure of the run; always false, so that it can be returned. */
bool eval_fail(struct pql_run *run, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool eval_fail_stretch(struct pql_run *run, const struct pql_stretch_error *error);

bool frame_init(struct pql_frame *f, struct pql_run *run, struct pql_grid grid);

/* Evaluates a node over the frame's grid. Not for range vectors and strings: see range_open and eval_string. */
bool eval_node(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret);
const struct pql_node *eval_unwrap(const struct pql_node *n); /* without parentheses */
struct str eval_string(const struct pql_node *n);
/* Whether a node's value may differ from step to step. Numbers do not, nor does data that is all pinned by @. */
bool eval_varies(const struct pql_node *n);

typedef bool eval_kind(struct pql_frame *f, const struct pql_node *n, struct pql_value *ret);
eval_kind eval_number, eval_string_value, eval_selector, eval_unary, eval_binary, eval_aggregate,
	eval_call, eval_matrix;

/* ---- row.c: columns, rows, and what happens to their names ---- */

/* Every number that is held counts against max_samples. false: too many, the run has failed. */
bool slots_take(struct pql_run *run, size_t count);

/* A row of the frame with nothing present. NULL: the limit is reached and the run has failed. */
struct pql_row *value_add_row(struct pql_frame *f, struct pql_value *v, struct labels labels);
/* Takes the last row away again. */
void value_drop_row(struct pql_frame *f, struct pql_value *v);
void value_reserve(struct pql_frame *f, struct pql_value *v, size_t rows);
/* Gives back all rows. */
void value_clear(struct pql_frame *f, struct pql_value *v);
bool value_make_scalar(struct pql_frame *f, struct pql_value *v);

bool row_any(const struct pql_row *row, size_t steps);
void row_release(struct pql_frame *f, struct pql_row *row);

/* Leaves out rows without any value. */
void value_compact(struct pql_frame *f, struct pql_value *v);
/* An operation has changed what the rows mean: their names go, now or at the end. Rows that have become equal are merged. */
bool value_drop_names(struct pql_frame *f, struct pql_value *v);
/* Joins rows with the same labels; it is an error if two of them have a value at the same step. */
bool value_merge(struct pql_frame *f, struct pql_value *v);

/* Without __name__, __type__ and __unit__. */
struct labels labels_drop_metadata(struct arena *a, struct labels l);
/* As labels.MatchLabels: the labels listed, or all but those and the name. */
struct labels labels_pick(struct arena *a, struct labels l, const struct str *names, size_t count,
						  bool listed);
bool names_contain(const struct str *names, size_t count, struct str name);
const char *labels_text(struct arena *a, struct labels l);
const char *number_text(struct arena *a, double v); /* as Go's %v */

/* Numbers label sets from 0: equal labels, equal number. */
struct label_index;
struct label_index *label_index_create(struct arena *a);
/* Only some of the labels count: those listed, or (`without`) all but those and the name. */
struct label_index *label_index_create_grouping(struct arena *a, const struct str *names,
												size_t count, bool without);
size_t label_index_add(struct label_index *x, struct labels l, bool *ret_new);
bool label_index_find(const struct label_index *x, struct labels l, size_t *ret_number);
size_t label_index_count(const struct label_index *x);

/* ---- note.c: warnings and infos ---- */

void note_add(struct pql_run *run, bool is_warning, struct span span, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void note_bad_quantile(struct pql_run *run, double q, struct span span);
/* Classic histograms were not monotonic, within [min_t, max_t]. Notes on the same metric are joined. */
struct note_repair {
	double min_bucket, max_bucket, max_diff;
	ts_ms min_t, max_t;
	size_t times;
};
void note_repair_join(struct note_repair *into, const struct note_repair *more);
void note_add_repair(struct pql_run *run, struct span span, struct str metric_name,
					 const struct note_repair *repair);
void notes_print(struct pql_run *run, struct pql_notes *ret);

/* Whether a sample is a number: no marker, no native histogram. */
static inline bool series_has_float(const struct pql_series *s, size_t i) {
	return !pql_is_stale_nan(s->values[i]) && (s->histograms == NULL || s->histograms[i] == NULL);
}

/* At t on the line through two samples. */
static inline double line_at(ts_ms t1, double y1, ts_ms t2, double y2, ts_ms t) {
	return y1 + (y2 - y1) * (double)(t - t1) / (double)(t2 - t1);
}

/* ---- eval_selector.c ---- */

/* Where the data of an evaluation at t stands: (at, or t) - offset. */
struct data_time {
	bool pinned;
	ts_ms at;
	dur_ms offset;
};

bool data_time_init(struct pql_frame *f, const struct pql_shift *shift, struct data_time *ret);

static inline ts_ms data_time_of(const struct data_time *d, ts_ms t) {
	return pql_time_minus(d->pinned ? d->at : t, d->offset);
}

bool eval_stretch(struct pql_frame *f, const struct pql_stretch *s, bool may_be_negative,
				  dur_ms *ret);
/* The time of the sample in seconds instead of its value. `time` is where to look, instead of what the selector says; or NULL. */
bool eval_selector_timestamps(struct pql_frame *f, const struct pql_node *n,
							  const struct data_time *time, struct pql_value *ret);

/* ---- eval_range.c: range vectors ---- */

/* A range selector or a subquery, ready to be looked at through windows. */
struct range_source {
	const struct pql_series *series; /* with markers if `marked` */
	const bool *drop_name;           /* of subquery rows; NULL: none */
	size_t count;
	bool marked;
	dur_ms range;
	struct data_time time;
	enum pql_range_mode mode;
	const struct pql_node *node; /* the range or the subquery */
};

bool range_open(struct pql_frame *f, const struct pql_node *n, struct range_source *ret);

/* One series' samples and, per step, which of them the window has: [from, to). Markers are left out.
 * Anchored and smoothed windows reach beyond the range by the lookback. */
struct windows {
	struct labels labels;
	const ts_ms *times;
	const double *values;
	const size_t *from, *to;
	const ts_ms *starts, *ends; /* of the windows, left-open */
	size_t count;               /* of samples */
	size_t visits;              /* of samples by windows */
	double *scratch;            /* room for as many numbers */
	size_t *queue;              /* and as many indices */
};

/* ---- eval_subquery.c ---- */

bool subquery_open(struct pql_frame *f, const struct pql_node *n, struct range_source *ret);

/* ---- eval_call.c: what a function body is given ---- */

struct pql_call_context {
	struct pql_frame *frame;
	const struct pql_node *node;  /* PQL_CALL */
	const struct pql_node **args; /* without parentheses */
	struct pql_value *values;     /* of the arguments that are vectors or scalars */
	size_t count;                 /* of arguments given */
	struct range_source *source;  /* of the range vector among them, or NULL */
	size_t source_index;
	struct regex *regex;   /* of label_replace; NULL for others */
	struct pql_value *ret; /* empty; of the function's type */
};

/* label_replace() and label_join() refuse what their strings say before anything is evaluated. true for all others. */
bool label_call_init(struct pql_call_context *call);

typedef void call_series(struct pql_call_context *call, const struct windows *w,
						 struct pql_row *out);
/* For a function over a range vector: runs `each` per series, and gives the rows their labels. */
void call_over_series(struct pql_call_context *call, bool keep_names, call_series *each);

/* One number out of one window; false: no value. For functions that look at each window afresh. */
typedef bool call_window(const struct windows *w, size_t from, size_t to, double *ret);
void call_over_windows(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
					   call_window *each);

/* For a function of one number: the rows of argument 0, changed in place, names dropped. */
void call_map(struct pql_call_context *call, double (*function)(double));

struct span call_arg_span(const struct pql_call_context *call, size_t arg);
/* End of the window of a step, and its start. */
static inline ts_ms call_range_end(const struct pql_call_context *call, size_t step) {
	return data_time_of(&call->source->time, frame_time(call->frame, step));
}

static inline ts_ms call_range_start(const struct pql_call_context *call, size_t step) {
	return pql_time_minus(call_range_end(call, step), call->source->range);
}

#define FUNCTION(name, args, variadic, result, experimental, body, file) pql_function_body body;
#include "promql-lite/functions.def"
#undef FUNCTION

/* ---- eval_binary.c, eval_match.c, eval_set.c ---- */

double binary_apply(enum pql_op op, double l, double r, bool *ret_keep);
bool binary_changes_meaning(enum pql_op op);
bool match_vectors(struct pql_frame *f, const struct pql_node *n, struct pql_value *lhs,
				   struct pql_value *rhs, struct pql_value *ret);
bool set_vectors(struct pql_frame *f, const struct pql_node *n, struct pql_value *lhs,
				 struct pql_value *rhs, struct pql_value *ret);

/* Which rows agree on the labels that are matched: rows with the same number do. */
struct match_groups {
	size_t *of_lhs, *of_rhs;
	size_t count;
};
void match_groups_init(struct match_groups *g, struct arena *a, const struct pql_node *n,
					   const struct pql_value *lhs, const struct pql_value *rhs);

/* ---- aggregate_top.c, aggregate_count_values.c ---- */

/* Rows of one group are rows[order[first]] … in the order of the input. */
struct row_groups {
	size_t *of_row;
	size_t *order, *first; /* first has count + 1 entries */
	size_t count;
};
void row_groups_init(struct row_groups *g, struct arena *a, const struct pql_node *n,
					 const struct pql_value *v);
bool aggregate_top(struct pql_frame *f, const struct pql_node *n, const struct pql_value *param,
				   struct pql_value *in, struct pql_value *ret);
bool aggregate_count_values(struct pql_frame *f, const struct pql_node *n, struct pql_value *in,
							struct pql_value *ret);

/* ---- quantile.c ---- */

/* Sorts the values, NaN first. NaN for none or for a NaN q; -Inf and +Inf outside 0 … 1. */
double quantile_of(double q, double *values, size_t count);

#endif
