/* What an evaluation costs, in process: the shapes of Prometheus' own engine benchmark over series of 15 s scrapes.
 *
 *   eval_bench [--only PART] [--steps N] [--runs N]     one JSON object per query and number of steps
 *   eval_bench --openmetrics                            the data, for a server to be compared with
 *
 * Data in memory, text parsed: what is timed is pql_eval alone, as a server's innerEvalTime is its engine alone. */
#include "base/bug.h"
#include "base/gofloat.h"
#include "base/json.h"
#include "promql-lite/eval.h"
#include "promql-lite/parser.h"
#include "promql-lite/store.h"
#include "tests/bench/timing.h"

#define SCRAPE 15000
#define FIRST_TIME INT64_C(1600000000000)
#define LONG_SAMPLES 2500  /* of a_X: 1,000 steps and a range of 6 h before them */
#define SHORT_SAMPLES 1100 /* of the others: 1,000 steps and 25 min; the end is the same */
#define LEAST_NS 20000000  /* spent on each query at least */

/* X stands for the number of series (h_X has ten buckets for each of them). */
static const char *const queries[] = {
	"a_X",
	"rate(a_X[1m])",
	"rate(a_X[5m])",
	"rate(a_X[6h])",
	"irate(a_X[5m])",
	"sum_over_time(a_X[1h])",
	"avg_over_time(a_X[1h])",
	"max_over_time(a_X[1h])",
	"stddev_over_time(a_X[1h])",
	"quantile_over_time(0.9, a_X[1h])",
	"changes(a_X[1h])",
	"deriv(a_X[1h])",
	"-a_X",
	"abs(a_X)",
	"a_X > bool 100",
	"a_X - b_X",
	"rate(a_X[1m]) + rate(b_X[1m])",
	"a_X and b_X{l=~\".*[0-4]$\"}",
	"a_X or b_X{l=~\".*[0-4]$\"}",
	"b_X * on (g) group_left sum by (g) (a_X)",
	"a_one + on () group_right b_X",
	"label_replace(a_X, \"l2\", \"$1\", \"l\", \"(.*)\")",
	"sum(a_X)",
	"sum by (g) (rate(a_X[5m]))",
	"sum without (l) (h_X)",
	"sum by (le) (rate(h_X[1m]))",
	"sum(rate(a_X[1m])) / sum(rate(b_X[1m]))",
	"topk(5, a_X)",
	"quantile(0.9, a_X)",
	"count_values(\"value\", a_X > bool 1000)",
	"histogram_quantile(0.9, rate(h_X[5m]))",
	"histogram_quantile(0.9, sum by (g, le) (rate(h_X[5m])))",
	"max_over_time(rate(a_X[1m])[10m:1m])",
	"double_exponential_smoothing(a_X[1h], 0.3, 0.3)",
};

static const struct {
	const char *name;
	size_t count;
} sizes[] = {{"one", 1}, {"ten", 10}, {"hundred", 100}, {"thousand", 1000}};

#define LARGEST_HISTOGRAMS 100 /* times ten buckets */

static const char *const bounds[] = {"0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50", "+Inf"};

/* ---- the data ---- */

/* Counters: those of the upper buckets rise faster; every series starts anew once. */
static double sample_value(size_t series, size_t bucket, size_t i) {
	size_t since = i < 900 + series % 700 ? i : i - 900 - series % 700;

	return (double)(since * (3 + series % 17) * (bucket + 1)) + (double)(series % 10) / 8;
}

typedef void series_sink(void *data, struct labels labels, size_t series, size_t bucket,
						 size_t first);

static void give_series(char kind, size_t size, size_t series, size_t bucket, series_sink *sink,
						void *data) {
	struct label items[4];
	char name[16], l[8], g[8];
	size_t count = 0;

	snprintf(name, sizeof(name), "%c_%s", kind, sizes[size].name);
	snprintf(l, sizeof(l), "%zu", series);
	snprintf(g, sizeof(g), "%zu", series % 10);
	items[count++] = (struct label){LABEL_NAME, str_from(name)};
	items[count++] = (struct label){STR("g"), str_from(g)};
	items[count++] = (struct label){STR("l"), str_from(l)};
	if (kind == 'h') {
		items[count++] = (struct label){STR("le"), str_from(bounds[bucket])};
	}
	sink(data, (struct labels){items, count}, series, bucket,
		 kind == 'a' ? 0 : LONG_SAMPLES - SHORT_SAMPLES);
}

static void give_all(series_sink *sink, void *data) {
	for (size_t size = 0; size < sizeof(sizes) / sizeof(sizes[0]); size++) {
		for (size_t i = 0; i < sizes[size].count; i++) {
			give_series('a', size, i, 0, sink, data);
			give_series('b', size, i, 0, sink, data);
			for (size_t b = 0; b < 10 && sizes[size].count <= LARGEST_HISTOGRAMS; b++) {
				give_series('h', size, i, b, sink, data);
			}
		}
	}
}

static void store_series(void *data, struct labels labels, size_t series, size_t bucket,
						 size_t first) {
	for (size_t i = first; i < LONG_SAMPLES; i++) {
		pql_store_add(data, labels, FIRST_TIME + (ts_ms)i * SCRAPE,
					  sample_value(series, bucket, i));
	}
}

static void print_series(void *data, struct labels labels, size_t series, size_t bucket,
						 size_t first) {
	struct strbuf b = STRBUF_INIT;

	(void)data;
	for (size_t i = 0; i < labels.count; i++) {
		if (i == 0) {
			strbuf_add(&b, labels.items[i].value);
			continue;
		}
		strbuf_printf(&b, "%c%.*s=\"%.*s\"", i == 1 ? '{' : ',', STR_FMT(labels.items[i].name),
					  STR_FMT(labels.items[i].value));
	}
	for (size_t i = first; i < LONG_SAMPLES; i++) {
		printf("%s} %.17g %lld\n", b.ptr, sample_value(series, bucket, i),
			   (long long)(FIRST_TIME + (ts_ms)i * SCRAPE) / 1000);
	}
	strbuf_finish(&b);
}

/* ---- the evaluations ---- */

struct bench {
	struct pql_store *store;
	const char *only; /* NULL: all */
	size_t only_steps, runs;
	struct strbuf line;
};

struct query {
	struct pql_expr *expr;
	struct pql_series_set *sets;
	struct pql_grid grid;
	struct arena tree, work;
	size_t rows; /* of the result */
};

static const struct pql_eval_options options = {
	.time = {.lookback = 300000, .default_subquery_step = 60000}};

/* The last step is a third of a scrape after the last sample: no sample on the edge of a window. */
static void query_init(struct query *q, const struct pql_store *store, const char *text,
					   size_t steps) {
	ts_ms end = FIRST_TIME + (ts_ms)(LONG_SAMPLES - 1) * SCRAPE + SCRAPE / 3;
	struct pql_need *needs;
	struct diags diags;
	const char *error;

	*q = (struct query){.grid = {end - (ts_ms)(steps - 1) * SCRAPE, end, SCRAPE}};
	diags_init(&diags, &q->tree);
	q->expr = pql_parse(str_from(text), &pql_syntax_all, &q->tree, &diags);
	BUG_ON(q->expr == NULL);
	q->sets = ARENA_ARRAY(&q->tree, struct pql_series_set, q->expr->selector_count + 1);
	pql_needs(q->expr, q->grid, &options.time, &q->tree, &needs);
	for (size_t i = 0; i < q->expr->selector_count; i++) {
		BUG_ON(!pql_store_select(store, &needs[i], &options.time, &q->tree, &q->sets[i], &error));
	}
}

static void query_finish(struct query *q) {
	pql_expr_finish(q->expr);
	arena_finish(&q->tree);
	arena_finish(&q->work);
}

static uint64_t query_time(struct query *q) {
	struct pql_value value;
	struct pql_notes notes;
	struct pql_failure failure;
	uint64_t start = timing_ns();

	arena_reset(&q->work);
	if (!pql_eval(q->expr, q->grid, &options, q->sets, &q->work, &value, &notes, &failure)) {
		fprintf(stderr, "%s\n", failure.message);
		BUG("a query of the benchmark failed");
	}
	q->rows = value.row_count;
	return timing_ns() - start;
}

static void print_result(struct bench *b, const char *text, const struct query *q, size_t steps,
						 uint64_t ns) {
	struct json_writer w;

	strbuf_clear(&b->line);
	json_init(&w, &b->line);
	json_open_object(&w);
	json_key(&w, "query");
	json_string(&w, str_from(text));
	json_key(&w, "start");
	json_int(&w, q->grid.start / 1000);
	json_key(&w, "end");
	json_int(&w, q->grid.end / 1000);
	json_key(&w, "step");
	json_int(&w, q->grid.step / 1000);
	json_key(&w, "steps");
	json_int(&w, (int64_t)steps);
	json_key(&w, "rows");
	json_int(&w, (int64_t)q->rows);
	json_key(&w, "ns");
	json_int(&w, (int64_t)ns);
	json_close_object(&w);
	printf("%s\n", b->line.ptr);
}

static void run_query(struct bench *b, const char *text, size_t steps) {
	struct query q;
	uint64_t best = UINT64_MAX, spent = 0;

	query_init(&q, b->store, text, steps);
	for (size_t i = 0; i < b->runs || (b->runs > 1 && spent < LEAST_NS); i++) {
		uint64_t ns = query_time(&q);

		best = ns < best ? ns : best;
		spent += ns;
	}
	print_result(b, text, &q, steps, best);
	query_finish(&q);
}

static void put_size(struct strbuf *out, const char *pattern, const char *size) {
	strbuf_clear(out);
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == 'X') {
			strbuf_add_c(out, size);
		} else {
			strbuf_add_char(out, *pattern);
		}
	}
}

static void run_all(struct bench *b) {
	static const size_t steps[] = {1, 100, 1000};
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			put_size(&text, queries[i], sizes[j].name);
			if ((b->only != NULL && strstr(text.ptr, b->only) == NULL) ||
				(strstr(text.ptr, "h_thousand") != NULL)) {
				continue;
			}
			for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
				if (b->only_steps == 0 || b->only_steps == steps[k]) {
					run_query(b, text.ptr, steps[k]);
				}
			}
		}
	}
	strbuf_finish(&text);
}

int main(int argc, char **argv) {
	struct bench b = {.runs = 5};

	if (argc > 1 && strcmp(argv[1], "--openmetrics") == 0) {
		give_all(print_series, NULL);
		printf("# EOF\n");
		return 0;
	}
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--only") == 0) {
			b.only = argv[i + 1];
		} else if (strcmp(argv[i], "--steps") == 0) {
			b.only_steps = strtoul(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "--runs") == 0) {
			b.runs = strtoul(argv[i + 1], NULL, 10);
		} else {
			fprintf(stderr, "unknown option %s\n", argv[i]);
			return 2;
		}
	}
	b.store = pql_store_create();
	give_all(store_series, b.store);
	run_all(&b);
	pql_store_destroy(b.store);
	strbuf_finish(&b.line);
	return 0;
}
