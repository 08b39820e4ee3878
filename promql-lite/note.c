#include "promql-lite/eval_private.h"

#include <math.h>

#include "base/diag.h"
#include "base/gofloat.h"

#define NOTES_MAX                                                                                  \
	1000 /* different ones kept: they name metrics, and a query may meet any number of those */

/* Two notes with the same text are one; the place of the later one stays, as in Prometheus. */
struct note {
	bool is_warning;
	const char *text; /* without the place */
	struct span span;
	bool repaired; /* the text goes on with what follows */
	struct note_repair repair;
};

static struct note *note_find_or_add(struct pql_run *run, bool is_warning, struct span span,
									 const char *text) {
	struct note *note;

	for (size_t i = 0; i < run->note_count; i++) {
		if (strcmp(run->notes[i].text, text) == 0) {
			run->notes[i].span = span;
			return &run->notes[i];
		}
	}
	if (run->note_count == NOTES_MAX) {
		return NULL;
	}
	run->notes = arena_grow(run->arena, run->notes, run->note_count, &run->note_capacity,
							sizeof(*run->notes));
	note = &run->notes[run->note_count++];
	*note = (struct note){.is_warning = is_warning, .text = text, .span = span};
	return note;
}

static const char *note_text(struct pql_run *run, bool is_warning, const char *format,
							 va_list args) {
	struct strbuf b = STRBUF_INIT;
	const char *text;

	strbuf_add_c(&b, is_warning ? "PromQL warning: " : "PromQL info: ");
	strbuf_vprintf(&b, format, args);
	text = arena_dup(run->arena, strbuf_str(&b)).ptr;
	strbuf_finish(&b);
	return text;
}

void note_add(struct pql_run *run, bool is_warning, struct span span, const char *format, ...) {
	va_list args;

	va_start(args, format);
	note_find_or_add(run, is_warning, span, note_text(run, is_warning, format, args));
	va_end(args);
}

void note_add_metric(struct pql_run *run, enum metric_note kind, struct span span,
					 struct labels labels) {
	static const struct {
		bool is_warning;
		const char *text;
	} texts[] = {
		[NOTE_MIXED_SAMPLES] = {true, "encountered a mix of histograms and floats for metric name"},
		[NOTE_MIXED_SCHEMAS] = {true,
								"vector contains a mix of histograms with exponential and "
								"custom buckets schemas for metric name"},
		[NOTE_NOT_COUNTER] = {true, "this native histogram metric is not a counter:"},
		[NOTE_NOT_GAUGE] = {true, "this native histogram metric is not a gauge:"},
		[NOTE_HISTOGRAMS_IGNORED] = {false,
									 "ignored histograms in a range containing both floats "
									 "and histograms for metric name"},
	};
	struct strbuf b = STRBUF_INIT;

	strbuf_add_quoted(&b, labels_get(labels, LABEL_NAME));
	note_add(run, texts[kind].is_warning, span, "%s %s", texts[kind].text, b.ptr);
	strbuf_finish(&b);
}

void note_add_remarks(struct pql_run *run, struct span span,
					  const struct pql_histogram_remarks *remarks, const char *operation) {
	if (remarks->reset_collision) {
		note_add(run, true, span, "conflicting counter resets during histogram %s", operation);
	}
	if (remarks->reconciled) {
		note_add(run, false, span, "mismatched custom buckets were reconciled during %s",
				 operation);
	}
}

void note_bad_quantile(struct pql_run *run, double q, struct span span) {
	if (isnan(q) || q < 0 || q > 1) {
		note_add(run, true, span, "quantile value should be between 0 and 1, got %s",
				 number_text(run->arena, q));
	}
}

void note_repair_join(struct note_repair *into, const struct note_repair *more) {
	if (into->times == 0) {
		*into = *more;
		return;
	}
	into->min_bucket = fmin(into->min_bucket, more->min_bucket);
	into->max_bucket = fmax(into->max_bucket, more->max_bucket);
	into->max_diff = fmax(into->max_diff, more->max_diff);
	into->min_t = more->min_t < into->min_t ? more->min_t : into->min_t;
	into->max_t = more->max_t > into->max_t ? more->max_t : into->max_t;
	into->times += more->times;
}

void note_add_repair(struct pql_run *run, struct span span, struct str metric_name,
					 const struct note_repair *repair) {
	static const char start[] =
		"PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
		"https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
	struct strbuf b = STRBUF_INIT;
	struct note *note;

	strbuf_add_c(&b, start);
	if (metric_name.len > 0) {
		strbuf_add_c(&b, " for metric name ");
		strbuf_add_quoted(&b, metric_name);
	}
	note = note_find_or_add(run, false, span, arena_dup(run->arena, strbuf_str(&b)).ptr);
	strbuf_finish(&b);
	if (note != NULL) {
		note->repaired = true;
		note_repair_join(&note->repair, repair);
	}
}

static void repair_print(struct strbuf *b, const struct note *note) {
	strbuf_add_c(b, ", from buckets ");
	gofloat_print(b, note->repair.min_bucket, 'g');
	strbuf_add_c(b, " to ");
	gofloat_print(b, note->repair.max_bucket, 'g');
	strbuf_add_c(b, ", with a max diff of ");
	gofloat_print_precision(b, note->repair.max_diff, 'g', 2);
	strbuf_printf(b, ", over %zu samples from ", note->repair.times);
	/* Whole seconds, rounded towards zero as Go divides. */
	timestamp_print_rfc3339(b, note->repair.min_t / 1000 * 1000);
	strbuf_add_c(b, " to ");
	timestamp_print_rfc3339(b, note->repair.max_t / 1000 * 1000);
}

void notes_print(struct pql_run *run, struct pql_notes *ret) {
	struct strbuf b = STRBUF_INIT;

	ret->items = ARENA_ARRAY(run->arena, struct pql_note, run->note_count + 1);
	ret->count = ret->capacity = run->note_count;
	for (size_t i = 0; i < run->note_count; i++) {
		const struct note *note = &run->notes[i];
		struct diag_place place = diag_place(run->expr->text, note->span.start);

		strbuf_clear(&b);
		strbuf_add_c(&b, note->text);
		if (note->repaired) {
			repair_print(&b, note);
		}
		strbuf_printf(&b, " (%zu:%zu)", place.line, place.column);
		ret->items[i] = (struct pql_note){
			.is_warning = note->is_warning,
			.message = arena_dup(run->arena, strbuf_str(&b)).ptr,
		};
	}
	strbuf_finish(&b);
}
