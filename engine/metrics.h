/* Metrics in Prometheus' text format, and a distribution to be shown as one. Counters live where what they count happens. */
#ifndef ENGINE_METRICS_H
#define ENGINE_METRICS_H

#include <stdint.h>

#include "base/labels.h"
#include "base/strbuf.h"

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_SUMMARY, METRICS_HISTOGRAM };

/* Writes metric families one after the other. */
struct metrics_writer {
	struct strbuf *out; /* borrowed */
	const char *name;   /* of the family under way */
};

struct metrics_label {
	const char *name;
	struct str value;
};

void metrics_init(struct metrics_writer *w, struct strbuf *out);
void metrics_family(struct metrics_writer *w, const char *name, enum metrics_type type,
					const char *help);
/* A sample of the family; `labels` in the order in which they are printed. */
void metrics_sample(struct metrics_writer *w, const struct metrics_label *labels, size_t count,
					double value);

#define METRICS_BUCKETS 4
#define METRICS_RECENT 128 /* observations of which a summary's quantiles are made */

/* Durations in seconds: count, sum, the buckets .01 .1 1 10 of Prometheus' rule histograms, and the latest ones for quantiles. */
struct metrics_distribution {
	uint64_t count;
	double sum;
	uint64_t buckets[METRICS_BUCKETS];
	double recent[METRICS_RECENT];
};

void metrics_observe(struct metrics_distribution *d, double seconds);
/* The samples of a family of type summary or histogram, with these labels. */
void metrics_summary(struct metrics_writer *w, const struct metrics_distribution *d,
					 const double *quantiles, size_t quantile_count,
					 const struct metrics_label *labels, size_t label_count);
void metrics_histogram(struct metrics_writer *w, const struct metrics_distribution *d,
					   const struct metrics_label *labels, size_t label_count);

#endif
