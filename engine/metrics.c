#include "engine/metrics.h"

#include <stdlib.h>

#include "base/gofloat.h"

static const double bucket_edges[METRICS_BUCKETS] = {0.01, 0.1, 1, 10};
static const char *const bucket_names[METRICS_BUCKETS] = {"0.01", "0.1", "1", "10"};
static const char *const type_names[] = {"counter", "gauge", "summary", "histogram"};

void metrics_init(struct metrics_writer *w, struct strbuf *out) {
	*w = (struct metrics_writer){.out = out, .name = ""};
}

void metrics_family(struct metrics_writer *w, const char *name, enum metrics_type type,
					const char *help) {
	w->name = name;
	strbuf_printf(w->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_names[type]);
}

static void add_escaped(struct strbuf *out, struct str s) {
	for (size_t i = 0; i < s.len; i++) {
		switch (s.ptr[i]) {
		case '\\': strbuf_add_c(out, "\\\\"); break;
		case '"': strbuf_add_c(out, "\\\""); break;
		case '\n': strbuf_add_c(out, "\\n"); break;
		default: strbuf_add_char(out, s.ptr[i]); break;
		}
	}
}

/* `extra` is one more label, such as le: NULL when there is none. */
static void add_sample(struct metrics_writer *w, const char *suffix,
					   const struct metrics_label *labels, size_t count,
					   const struct metrics_label *extra, double value) {
	size_t total = count + (extra != NULL);
	strbuf_printf(w->out, "%s%s", w->name, suffix);
	for (size_t i = 0; i < total; i++) {
		const struct metrics_label *l = i < count ? &labels[i] : extra;
		strbuf_printf(w->out, "%s%s=\"", i == 0 ? "{" : ",", l->name);
		add_escaped(w->out, l->value);
		strbuf_add_char(w->out, '"');
	}
	strbuf_add_c(w->out, total > 0 ? "} " : " ");
	gofloat_print(w->out, value, 'g');
	strbuf_add_char(w->out, '\n');
}

void metrics_sample(struct metrics_writer *w, const struct metrics_label *labels, size_t count,
					double value) {
	add_sample(w, "", labels, count, NULL, value);
}

void metrics_observe(struct metrics_distribution *d, double seconds) {
	d->recent[d->count % METRICS_RECENT] = seconds;
	d->count++;
	d->sum += seconds;
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		d->buckets[i] += seconds <= bucket_edges[i];
	}
}

static int compare_doubles(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void add_totals(struct metrics_writer *w, const struct metrics_distribution *d,
					   const struct metrics_label *labels, size_t label_count) {
	add_sample(w, "_sum", labels, label_count, NULL, d->sum);
	add_sample(w, "_count", labels, label_count, NULL, (double)d->count);
}

void metrics_summary(struct metrics_writer *w, const struct metrics_distribution *d,
					 const double *quantiles, size_t quantile_count,
					 const struct metrics_label *labels, size_t label_count) {
	double sorted[METRICS_RECENT];
	size_t count = d->count < METRICS_RECENT ? (size_t)d->count : METRICS_RECENT;
	memcpy(sorted, d->recent, sizeof(sorted));
	qsort(sorted, count, sizeof(sorted[0]), compare_doubles);
	for (size_t i = 0; i < quantile_count; i++) {
		struct strbuf name = STRBUF_INIT;
		gofloat_print(&name, quantiles[i], 'g');
		struct metrics_label quantile = {.name = "quantile", .value = strbuf_str(&name)};
		double value =
			count == 0 ? __builtin_nan("") : sorted[(size_t)(quantiles[i] * (double)(count - 1))];
		add_sample(w, "", labels, label_count, &quantile, value);
		strbuf_finish(&name);
	}
	add_totals(w, d, labels, label_count);
}

void metrics_histogram(struct metrics_writer *w, const struct metrics_distribution *d,
					   const struct metrics_label *labels, size_t label_count) {
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		bool last = i == METRICS_BUCKETS;
		struct metrics_label le = {.name = "le",
								   .value = str_from(last ? "+Inf" : bucket_names[i])};
		add_sample(w, "_bucket", labels, label_count, &le,
				   (double)(last ? d->count : d->buckets[i]));
	}
	add_totals(w, d, labels, label_count);
}
