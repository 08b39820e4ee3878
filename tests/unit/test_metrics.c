/* The text format of metrics. */
#include "tests/unit/check.h"

#include "engine/metrics.h"

static void test_families(void **state) {
	(void)state;
	struct strbuf out = STRBUF_INIT;
	struct metrics_writer w;
	const struct metrics_label labels[] = {{"rule_group", STR("a \"b\"\\\n;c")}, {"x", STR("")}};
	metrics_init(&w, &out);
	metrics_family(&w, "a_total", METRICS_COUNTER, "Help.");
	metrics_sample(&w, NULL, 0, 12345678);
	metrics_family(&w, "b", METRICS_GAUGE, "More help.");
	metrics_sample(&w, labels, 2, 0.25);
	metrics_sample(&w, labels + 1, 1, -1e300);
	assert_string_equal(out.ptr,
						"# HELP a_total Help.\n# TYPE a_total counter\na_total 1.2345678e+07\n"
						"# HELP b More help.\n# TYPE b gauge\n"
						"b{rule_group=\"a \\\"b\\\"\\\\\\n;c\",x=\"\"} 0.25\n"
						"b{x=\"\"} -1e+300\n");
	strbuf_finish(&out);
}

static void test_distribution(void **state) {
	(void)state;
	struct strbuf out = STRBUF_INIT;
	struct metrics_writer w;
	struct metrics_distribution d = {0};
	static const double quantiles[] = {0.5, 0.99};
	const struct metrics_label label = {"x", STR("1")};
	metrics_init(&w, &out);
	metrics_family(&w, "s", METRICS_SUMMARY, "S.");
	metrics_summary(&w, &d, quantiles, 2, NULL, 0);
	for (int i = 1; i <= 100; i++) {
		metrics_observe(&d, i * 0.125); /* 0.125 … 12.5 */
	}
	metrics_summary(&w, &d, quantiles, 2, &label, 1);
	metrics_family(&w, "h", METRICS_HISTOGRAM, "H.");
	metrics_histogram(&w, &d, &label, 1);
	assert_string_equal(
		out.ptr,
		"# HELP s S.\n# TYPE s summary\n"
		"s{quantile=\"0.5\"} NaN\ns{quantile=\"0.99\"} NaN\ns_sum 0\ns_count 0\n"
		"s{x=\"1\",quantile=\"0.5\"} 6.25\ns{x=\"1\",quantile=\"0.99\"} 12.375\n"
		"s_sum{x=\"1\"} 631.25\ns_count{x=\"1\"} 100\n"
		"# HELP h H.\n# TYPE h histogram\n"
		"h_bucket{x=\"1\",le=\"0.01\"} 0\nh_bucket{x=\"1\",le=\"0.1\"} 0\n"
		"h_bucket{x=\"1\",le=\"1\"} 8\nh_bucket{x=\"1\",le=\"10\"} 80\n"
		"h_bucket{x=\"1\",le=\"+Inf\"} 100\nh_sum{x=\"1\"} 631.25\nh_count{x=\"1\"} 100\n");
	strbuf_finish(&out);
}

/* Quantiles are of the latest observations: what was long ago is forgotten. */
static void test_recent(void **state) {
	(void)state;
	struct strbuf out = STRBUF_INIT;
	struct metrics_writer w;
	struct metrics_distribution d = {0};
	static const double quantiles[] = {0.01};
	for (int i = 0; i < 1000; i++) {
		metrics_observe(&d, i < 800 ? 0.5 : 2);
	}
	metrics_init(&w, &out);
	metrics_family(&w, "s", METRICS_SUMMARY, "S.");
	strbuf_clear(&out);
	metrics_summary(&w, &d, quantiles, 1, NULL, 0);
	assert_string_equal(out.ptr, "s{quantile=\"0.01\"} 2\ns_sum 800\ns_count 1000\n");
	strbuf_finish(&out);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_distribution),
		cmocka_unit_test(test_recent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
