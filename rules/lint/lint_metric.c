/* What names of metrics tell: counter or gauge, the unit, and for model servers whether there is such a metric at all. */
#include <math.h>

#include "rules/lint/lint_private.h"

/* ---- counter or gauge ---- */

static const char *const counter_suffixes[] = {"_total", "_sum", "_count", "_bucket", NULL};

/* Only those that are never a counter's. */
static const char *const gauge_suffixes[] = {
	"_ratio",     "_percent",     "_percentage",        "_celsius",   "_volts", "_utilization",
	"_info",      "_temperature", "_timestamp_seconds", "_timestamp", "_limit", "_capacity",
	"_available", "_free",        "_created",           NULL,
};

/* Counters of model servers that are called otherwise. */
static const char *const odd_counters[] = {
	"nv_inference_request_success",
	"nv_inference_request_failure",
	"nv_inference_exec_count",
	"nv_inference_request_duration_us",
	"nv_inference_queue_duration_us",
	"nv_inference_compute_infer_duration_us",
	"nv_inference_compute_input_duration_us",
	"nv_inference_compute_output_duration_us",
	"ts_inference_latency_microseconds",
	"ts_queue_latency_microseconds",
	"Requests2XX",
	"Requests4XX",
	"Requests5XX",
	"tgi_request_success",
	"tgi_request_failure",
	"te_request_success",
	"te_request_failure",
	"ovms_requests_success",
	"ovms_requests_fail",
	"ovms_requests_accepted",
	"ovms_requests_rejected",
	"nginx_ingress_controller_requests",
	"envoy_cluster_upstream_rq",
	"envoy_cluster_upstream_rq_xx",
	"litellm_proxy_total_requests_metric",
	"litellm_proxy_failed_requests_metric",
	NULL,
};

static bool has_suffix(struct str name, const char *const *suffixes) {
	for (size_t i = 0; suffixes[i] != NULL; i++) {
		if (str_ends_with(name, str_from(suffixes[i]))) {
			return true;
		}
	}
	return false;
}

static bool is_listed(struct str name, const char *const *names) {
	for (size_t i = 0; names[i] != NULL; i++) {
		if (str_equal(name, str_from(names[i]))) {
			return true;
		}
	}
	return false;
}

static bool has_colon(struct str name) {
	return name.len > 0 && memchr(name.ptr, ':', name.len) != NULL;
}

enum metric_kind metric_kind_of(struct str name) {
	if (has_suffix(name, counter_suffixes) && !has_colon(name)) {
		return METRIC_COUNTER;
	}
	if (has_colon(name)) {
		return METRIC_UNKNOWN;
	}
	if (str_equal(name, STR("up")) || has_suffix(name, gauge_suffixes)) {
		return METRIC_GAUGE;
	}
	return is_listed(name, odd_counters) ? METRIC_COUNTER : METRIC_UNKNOWN;
}

/* ---- units ---- */

static const struct {
	const char *suffix;
	enum unit unit;
} unit_suffixes[] = {
	{"_seconds", UNIT_SECONDS}, {"_milliseconds", UNIT_MILLISECONDS},
	{"_ms", UNIT_MILLISECONDS}, {"_microseconds", UNIT_MICROSECONDS},
	{"_us", UNIT_MICROSECONDS}, {"_bytes", UNIT_BYTES},
};

enum unit metric_unit(struct str name) {
	static const char *const parts[] = {"_bucket", "_sum"}; /* they have the unit of the whole */
	for (size_t i = 0; i < 2; i++) {
		struct str part = str_from(parts[i]);
		name = str_ends_with(name, part) ? str_slice(name, 0, name.len - part.len) : name;
	}
	for (size_t i = 0; i < sizeof(unit_suffixes) / sizeof(unit_suffixes[0]); i++) {
		if (str_ends_with(name, str_from(unit_suffixes[i].suffix))) {
			return unit_suffixes[i].unit;
		}
	}
	return UNIT_NONE;
}

/* ---- model servers ---- */

/* Shares, from 0 to 1, though their names say percent or nothing. */
static const char *const shares[] = {
	"vllm:gpu_cache_usage_perc", "vllm:cpu_cache_usage_perc", "vllm:kv_cache_usage_perc",
	"sglang:token_usage",        "nv_gpu_utilization",        NULL,
};

const struct pql_facts *metric_find_facts(struct str name) {
	static const struct pql_facts share = {
		.presence = PQL_WITH_SERIES,
		.others = PQL_LABEL_MAYBE,
		.value = {0, 1, false},
	};
	return is_listed(name, shares) ? &share : NULL;
}

/* Names that many rules have and no server. */
static const struct wrong_metric {
	const char *name;
	const char *label; /* wrong is this label of it; NULL: the name itself */
	const char *why, *help;
} wrong_metrics[] = {
	{"nv_inference_request_duration_us_bucket", NULL,
	 "Triton has no such metric: nv_inference_request_duration_us is a counter of microseconds",
	 "for quantiles: nv_inference_first_response_histogram_ms_bucket with "
	 "--metrics-config histogram_latencies=true"},
	{"nv_inference_queue_duration_us_bucket", NULL,
	 "Triton has no such metric: nv_inference_queue_duration_us is a counter of microseconds",
	 "the mean is rate(nv_inference_queue_duration_us[5m]) / rate(nv_inference_request_success[5m])"},
	{"ts_inference_latency_microseconds_bucket", NULL,
	 "TorchServe has no histograms: ts_inference_latency_microseconds is a counter",
	 "the mean is rate(ts_inference_latency_microseconds[5m]) / rate(ts_inference_requests_total[5m])"},
	{"vllm:request_failure_total", NULL, "vLLM does not count failed requests",
	 "http_requests_total{status=~\"5..\"} of its API server, or "
	 "vllm:request_success_total{finished_reason=\"error\"}"},
	{"vllm:request_success_total", "finish_reason",
	 "the label of vllm:request_success_total is called finished_reason", "use finished_reason"},
	{"llamacpp:kv_cache_usage_ratio", NULL, "llama.cpp has removed llamacpp:kv_cache_usage_ratio",
	 "llamacpp:requests_deferred tells of overload"},
	{"nv_inference_first_response_histogram_ms", "le",
	 "the buckets of a histogram are called …_bucket",
	 "nv_inference_first_response_histogram_ms_bucket"},
};

static size_t find_matcher(const struct pql_selector *s, const char *label) {
	size_t i = 0;
	while (i < s->matcher_count && !str_equal(s->matchers[i].name, str_from(label))) {
		i++;
	}
	return i;
}

/* vllm_… and sglang_…: the colon of the names is easily taken for an underscore. */
static const char *const colon_prefixes[] = {"vllm", "sglang", "llamacpp"};

static void judge_prefix(struct lint_rule *r, const struct pql_node *n, struct str name) {
	for (size_t i = 0; i < sizeof(colon_prefixes) / sizeof(colon_prefixes[0]); i++) {
		struct str prefix = str_from(colon_prefixes[i]);
		if (str_starts_with(name, prefix) && name.len > prefix.len + 1 &&
			name.ptr[prefix.len] == '_') {
			struct str rest = str_slice(name, prefix.len + 1, name.len);
			struct diag *d = lint_report_node(r, LINT_WRONG_METRIC, n,
											  "names of %.*s have a colon behind the first word",
											  STR_FMT(prefix));
			lint_help(d, r, "%.*s:%.*s", STR_FMT(prefix), STR_FMT(rest));
			if (n->selector.name.len > 0) {
				struct span colon = {n->span.start + prefix.len, n->span.start + prefix.len + 1};
				lint_fix_expr(d, r, colon, STR(":"));
			}
		}
	}
}

void lint_wrong_metric(struct lint_rule *r, const struct pql_node *n) {
	struct str name = lint_metric_name(n);
	for (size_t i = 0; i < sizeof(wrong_metrics) / sizeof(wrong_metrics[0]); i++) {
		const struct wrong_metric *w = &wrong_metrics[i];
		if (!str_equal(name, str_from(w->name))) {
			continue;
		}
		size_t matcher = w->label != NULL ? find_matcher(&n->selector, w->label) : 0;
		if (w->label == NULL || matcher < n->selector.matcher_count) {
			struct span span = w->label == NULL ? n->span : lint_matcher_span(r, n, matcher);
			struct diag *d = lint_report_expr(r, LINT_WRONG_METRIC, span, "%s", w->why);
			lint_help(d, r, "%s", w->help);
		}
	}
	judge_prefix(r, n, name);
}
