/* What the evaluator costs per query, in process: the shapes of Prometheus' own engine benchmark over series of 15 s scrapes,
 *
 *   eval_bench [NAME-PART]
 *
 * One line per query and number of steps: milliseconds, and nanoseconds per sample that its windows cover. */
#include <stdio.h>
#include <time.h>

#include "promql-lite/eval.h"
#include "promql-lite/parser.h"
#include "promql-lite/store.h"

#define SCRAPE 15000
#define SAMPLES 6000 /* a bit over a day */

static const char *const queries[] = {
	"a_one",
	"a_hundred",
	"a_thousand",
	"rate(a_hundred[1m])",
	"rate(a_hundred[1d])",
	"max_over_time(a_hundred[1h])",
	"sum_over_time(a_hundred[1h])",
	"avg_over_time(a_hundred[1d])",
	"-a_hundred",
	"a_hundred - b_hundred",
	"a_hundred and b_hundred{l=~\".*[0-4]$\"}",
	"a_hundred or b_hundred{l=~\".*[0-4]$\"}",
	"a_hundred{l=\"1\"} + on() group_right b_hundred",
	"abs(a_hundred)",
	"label_replace(a_hundred, \"l2\", \"$1\", \"l\", \"(.*)\")",
	"sum(a_hundred)",
	"sum by (l) (h_hundred)",
	"sum without (le) (h_hundred)",
	"count_values(\"value\", h_one)",
	"topk(1, a_hundred)",
	"topk(5, a_thousand)",
	"quantile(0.9, a_hundred)",
	"rate(a_hundred[1m]) + rate(b_hundred[1m])",
	"sum by (le) (rate(h_hundred[1m]))",
	"sum(rate(a_hundred[1m])) / sum(rate(b_hundred[1m]))",
	"histogram_quantile(0.9, rate(h_hundred[5m]))",
	"histogram_quantile(0.9, sum by (le) (rate(h_hundred[5m])))",
	"max_over_time(rate(a_hundred[1m])[10m:1m])",
	"double_exponential_smoothing(a_hundred[1h], 0.3, 0.3)",
};

static void add_series(struct pql_store *s, const char *name, size_t l, const char *le) {
	char text[24];
	struct label items[3];
	size_t count = 0;

	items[count++] = (struct label){LABEL_NAME, str_from(name)};
	snprintf(text, sizeof(text), "%zu", l);
	items[count++] = (struct label){STR("l"), str_from(text)};
	if (le != NULL) {
		items[count++] = (struct label){STR("le"), str_from(le)};
	}
	for (size_t i = 0; i < SAMPLES; i++) {
		pql_store_add(s, (struct labels){items, count}, (ts_ms)i * SCRAPE,
					  (double)(i * (l + 3) % 4001));
	}
}

static void load(struct pql_store *s) {
	static const char *const bounds[] = {"0.1", "0.2", "0.5", "1",  "2",
										 "5",   "10",  "20",  "50", "+Inf"};

	add_series(s, "a_one", 0, NULL);
	for (size_t i = 0; i < 1000; i++) {
		if (i < 100) {
			add_series(s, "a_hundred", i, NULL);
			add_series(s, "b_hundred", i, NULL);
			for (size_t b = 0; b < sizeof(bounds) / sizeof(bounds[0]); b++) {
				add_series(s, "h_hundred", i, bounds[b]);
				if (i == 0) {
					add_series(s, "h_one", i, bounds[b]);
				}
			}
		}
		add_series(s, "a_thousand", i, NULL);
	}
}

static double now_ms(void) {
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double covered(const struct pql_need *needs, const struct pql_series_set *sets,
					  size_t count) {
	double samples = 0;

	for (size_t i = 0; i < count; i++) {
		samples += needs[i].kind == PQL_NEED_RANGE
					   ? (double)sets[i].count * (double)(needs[i].end - needs[i].start) / SCRAPE
					   : (double)(sets[i].count * pql_grid_count(needs[i].grid));
	}
	return samples;
}

/* Evaluates again and again for at least 200 ms and takes the mean. */
static void run(const struct pql_store *store, const char *text, size_t steps) {
	struct pql_eval_options options = {
		.time = {.lookback = 300000, .default_subquery_step = 60000}};
	ts_ms end = (ts_ms)(SAMPLES - 1) * SCRAPE;
	struct pql_grid grid = {end - (ts_ms)(steps - 1) * 10000, end, 10000};
	struct arena tree, data, work;
	struct pql_series_set *sets;
	struct pql_need *needs;
	struct diags diags;
	struct pql_expr *expr;
	double start, spent;
	size_t times = 0;

	arena_init(&tree);
	arena_init(&data);
	arena_init(&work);
	diags_init(&diags, &tree);
	expr = pql_parse(str_from(text), &pql_syntax_all, &tree, &diags);
	sets = ARENA_ARRAY(&data, struct pql_series_set, expr->selector_count + 1);
	pql_needs(expr, grid, &options.time, &data, &needs);
	for (size_t i = 0; i < expr->selector_count; i++) {
		pql_store_select(store, &needs[i], &options.time, &data, &sets[i]);
	}
	start = now_ms();
	do {
		struct pql_value value;
		struct pql_notes notes;
		struct pql_failure failure = {.message = ""};

		arena_reset(&work);
		if (!pql_eval(expr, grid, &options, sets, &work, &value, &notes, &failure)) {
			printf("%s: %s\n", text, failure.message);
			break;
		}
		times++;
		spent = now_ms() - start;
	} while (spent < 200);
	spent = (now_ms() - start) / (double)times;
	printf("%10.3f ms %8.1f ns/sample %5zu steps  %s\n", spent,
		   spent * 1e6 / covered(needs, sets, expr->selector_count), steps, text);
	pql_expr_finish(expr);
	arena_finish(&tree);
	arena_finish(&data);
	arena_finish(&work);
}

int main(int argc, char **argv) {
	static const size_t steps[] = {1, 100, 1000};
	struct pql_store *store = pql_store_create();

	load(store);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (argc > 1 && strstr(queries[i], argv[1]) == NULL) {
			continue;
		}
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			run(store, queries[i], steps[j]);
		}
	}
	pql_store_destroy(store);
	return 0;
}
