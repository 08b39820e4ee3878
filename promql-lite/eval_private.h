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
#include "promql-lite/histogram_math.h"

struct note;
struct pql_stretch_error;

struct pql_run {
	const struct pql_expr *expr;
	struct pql_eval_options options; /* with the defaults filled in */
	const struct pql_series_set *sets;
	struct pql_grid query; /* as asked: start(), end(), step(), range() mean this one everywhere */
	struct arena *arena;
	struct arena work; /* for histograms on the way to a result; see row_make_histogram */
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

/* ---- row_histograms.c: native histograms in rows; what is below enters it only when a row has any ---- */

/* The histogram that a row has at a step where it has a sample; NULL: the sample is a float. */
static inline struct pql_histogram *row_histogram(const struct pql_row *row, size_t step) {
	return row->histograms == NULL ? NULL : row->histograms[step];
}

/* Puts a histogram there that lives elsewhere: it counts as several numbers until the row is released. */
bool row_put_histogram(struct pql_frame *f, struct pql_row *row, size_t step,
					   struct pql_histogram *h);
/* Puts a copy there of one that was computed in run->work, which is then emptied. As the copy stays until the end, so does what it
 * counts. */
bool row_make_histogram(struct pql_frame *f, struct pql_row *row, size_t step,
						const struct pql_histogram *h);
void row_put_float(struct pql_row *row, size_t step, double v);
bool row_copy_sample(struct pql_frame *f, struct pql_row *to, const struct pql_row *from,
					 size_t step);
bool value_has_histograms(const struct pql_value *v);
/* For what only knows floats: samples that are histograms go, and rows that have nothing else. */
void row_drop_histograms(struct pql_frame *f, struct pql_row *row);
/* What is there stays, with other values. */
void row_forget_histograms(struct pql_frame *f, struct pql_row *row);
void value_drop_histograms(struct pql_frame *f, struct pql_value *v);

bool row_any(const struct pql_row *row, size_t steps);
void row_release(struct pql_frame *f, struct pql_row *row);
/* One number per step, zeroed in its present half only. NULL: the limit is reached and the run has failed. */
double *column_take(struct pql_frame *f);
void column_release(struct pql_frame *f, double *column);

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
/* What there is to say of a metric whose samples are not all floats. */
enum metric_note {
	NOTE_MIXED_SAMPLES,
	NOTE_MIXED_SCHEMAS,
	NOTE_NOT_COUNTER,
	NOTE_NOT_GAUGE,
	NOTE_HISTOGRAMS_IGNORED,
};
void note_add_metric(struct pql_run *run, enum metric_note kind, struct span span,
					 struct labels labels);
/* What adding histograms had to say, but for those that do not fit; `operation` as the texts call it. */
void note_add_remarks(struct pql_run *run, struct span span,
					  const struct pql_histogram_remarks *remarks, const char *operation);
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

static inline struct pql_histogram *series_histogram(const struct pql_series *s, size_t i) {
	return s->histograms == NULL ? NULL : s->histograms[i];
}

/* Whether a sample is a number: no marker, no native histogram. */
static inline bool series_has_float(const struct pql_series *s, size_t i) {
	return !pql_is_stale_nan(s->values[i]) && (s->histograms == NULL || s->histograms[i] == NULL);
}

/* Also where a histogram is, as its value is 0. */
static inline bool series_has_sample(const struct pql_series *s, size_t i) {
	return !pql_is_stale_nan(s->values[i]);
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
/* smoothed: what a selector finds in a series with histograms. */
void smooth_mixed_row(struct pql_frame *f, const struct pql_node *n, const struct pql_series *s,
					  const struct data_time *time, struct pql_row *row);
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
	const ts_ms *starts, *ends;                 /* of the windows, left-open */
	size_t count;                               /* of samples */
	size_t visits;                              /* of samples by windows */
	double *scratch;                            /* room for as many numbers */
	size_t *queue;                              /* and as many indices */
	const struct histogram_windows *histograms; /* NULL: no window has any */
};

/* The samples of a series that are histograms, in the same windows. */
struct histogram_windows {
	const ts_ms *times;
	struct pql_histogram *const *items;
	const size_t *from, *to;
	size_t count;
};

/* ---- eval_subquery.c ---- */

bool subquery_open(struct pql_frame *f, const struct pql_node *n, struct range_source *ret);
/* Whether a counter was reset since the sample before is not known any more when that may be another one: windows over a subquery
 * find out for themselves. */
void subquery_forget_resets(struct pql_frame *f, struct range_source *source);

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
/* For a function over a range vector: runs `each` per series, and gives the rows their labels. It only knows floats: histograms
 * that are left out beside them are noted. */
void call_over_series(struct pql_call_context *call, bool keep_names, call_series *each);
/* For one that knows both: `each` is run for the windows that have floats only, then `mixed` for each of the others. It may compute
 * in run->work, which is emptied after it. `mixed` NULL: as call_over_series. */
typedef void call_mixed_window(struct pql_call_context *call, const struct windows *w, size_t step,
							   struct pql_row *out);
void call_over_mixed_series(struct pql_call_context *call, bool keep_names, call_series *each,
							call_mixed_window *mixed);

/* One number out of one window; false: no value. For functions that look at each window afresh. */
typedef bool call_window(const struct windows *w, size_t from, size_t to, double *ret);

void call_over_windows(struct pql_call_context *call, const struct windows *w, struct pql_row *out,
					   call_window *each);

/* Argument 0 becomes the result, without samples that are histograms. */
void call_take_floats(struct pql_call_context *call);
/* ---- fn_rate_histogram.c, histogram_fold.c: windows with histograms, and more than those ---- */

void rise_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
				struct pql_row *out, bool is_counter, bool is_rate);
/* irate and idelta; `floats` is what they do when the last two samples are floats. */
void instant_mixed(struct pql_call_context *call, const struct windows *w, size_t step,
				   struct pql_row *out, bool is_rate, call_window *floats);
call_mixed_window sum_histograms, avg_histograms;
/* ---- histogram_line.c, histogram_stats.c ---- */

/* What sums have to say goes into notes about this metric. They are computed in run->work; NULL: the two do not fit together. */
struct noted {
	struct pql_run *run;
	struct span span;
	struct labels metric;
};
struct pql_histogram *noted_plus(const struct noted *n, const struct pql_histogram *x,
								 const struct pql_histogram *y);
struct pql_histogram *noted_minus(const struct noted *n, const struct pql_histogram *x,
								  const struct pql_histogram *y);

struct histogram_pair {
	struct pql_histogram *before, *after;
	ts_ms from, to;
};
/* As line_at. A counter that was reset between the two starts from zero. */
struct pql_histogram *histogram_line_at(const struct noted *n, const struct histogram_pair *p,
										ts_ms t, bool is_counter);

/* Takes the buckets away where nobody looks at them. */
void histogram_stats_prepare(struct pql_run *run);

/* The sum, or the mean, of at least one. NULL: remarks->incompatible, and *ret_misfit is the first that does not fit. */
struct pql_histogram *histogram_fold(struct pql_histogram *const *items, size_t count, bool mean,
									 struct arena *a, struct pql_histogram_remarks *remarks,
									 size_t *ret_misfit);

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

/* ---- fn_histogram_native.c: what histogram_quantile and histogram_fraction do with native histograms ---- */

/* Buckets and a native histogram with the same labels, at the same step: neither counts. */
void native_note_conflict(struct pql_call_context *call, size_t arg, struct labels labels);
double native_quantile(struct pql_call_context *call, size_t arg, double q,
					   const struct pql_histogram *h, struct labels labels);
double native_fraction(struct pql_call_context *call, size_t step, const struct pql_histogram *h,
					   struct labels labels);

#define FUNCTION(name, args, variadic, result, experimental, body, file) pql_function_body body;
#include "promql-lite/functions.def"
#undef FUNCTION

/* ---- eval_binary.c, eval_match.c, eval_set.c ---- */

double binary_apply(enum pql_op op, double l, double r, bool *ret_keep);
bool binary_changes_meaning(enum pql_op op);

/* ---- eval_binary_histograms.c ---- */

enum binary_remark {
	REMARK_NONE,
	/* The operator is not for these two. */
	REMARK_FLOAT_FLOAT,
	REMARK_FLOAT_HISTOGRAM,
	REMARK_HISTOGRAM_FLOAT,
	REMARK_HISTOGRAM_HISTOGRAM,
	REMARK_LAYOUT, /* the buckets do not fit together */
	REMARK_COLLISION,
	REMARK_RECONCILED,
};

struct binary_side {
	double value;
	struct pql_histogram *histogram; /* NULL: the value counts */
};

struct binary_outcome {
	bool refused; /* there is no result, and never was a match */
	bool keep;    /* a comparison holds */
	double value;
	struct pql_histogram *histogram; /* NULL: the value counts */
	bool borrowed;                   /* it is an operand, else it was made in the arena */
	enum binary_remark remark;
};

/* Whether binary_apply is not enough. */
bool binary_is_mixed(enum pql_op op, const struct pql_value *v);
struct binary_outcome binary_apply_mixed(enum pql_op op, struct binary_side l, struct binary_side r,
										 struct arena *a);
bool binary_put(struct pql_frame *f, struct pql_row *row, size_t step,
				const struct binary_outcome *o);

/* What there is to say per step; NULL: nothing anywhere. */
struct binary_remarks {
	uint8_t *remarks;
	size_t *orders; /* of the pairs at a step */
};
void binary_remarks_add(struct binary_remarks *x, struct pql_frame *f, size_t step, size_t order,
						enum binary_remark remark);
void binary_remarks_note(const struct binary_remarks *x, struct pql_frame *f,
						 const struct pql_node *n);

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

/* ---- eval_aggregate_histograms.c ---- */

/* Takes histograms out of the input, and says so, where the aggregation has no use for them. */
void aggregate_ignore_histograms(struct pql_frame *f, const struct pql_node *n,
								 const struct pql_value *param, struct pql_value *in);
/* sum and avg: what a group has at the steps at which there are histograms in it, instead of what is there of the floats. */
bool aggregate_fold_histograms(struct pql_frame *f, const struct pql_node *n,
							   const struct row_groups *g, size_t group, const struct pql_value *in,
							   struct pql_row *out);

/* ---- quantile.c ---- */

/* Sorts the values, NaN first. NaN for none or for a NaN q; -Inf and +Inf outside 0 … 1. */
double quantile_of(double q, double *values, size_t count);

#endif
