/* /metrics: under Prometheus' own names where the meaning is the same, so that dashboards and alerts about rules work; else
 * under tocsin_. The shell adds the process' figures. */
#include "engine/api/api_private.h"
#include "engine/limits.h"

static void write_single(struct metrics_writer *w, const char *name, enum metrics_type type,
						 const char *help, double value) {
	metrics_family(w, name, type, help);
	metrics_sample(w, NULL, 0, value);
}

struct group_metric {
	const char *name;
	enum metrics_type type;
	const char *help;
	double (*value)(const struct group_state *g);
};

static double interval_of(const struct group_state *g) {
	return (double)g->interval / 1000;
}
static double iterations_of(const struct group_state *g) {
	return (double)g->iterations;
}
static double missed_of(const struct group_state *g) {
	return (double)g->missed;
}
static double evaluations_of(const struct group_state *g) {
	return (double)g->evaluations;
}
static double failures_of(const struct group_state *g) {
	return (double)g->failures;
}
static double rules_of(const struct group_state *g) {
	return (double)g->rule_count;
}
static double samples_of(const struct group_state *g) {
	return (double)g->last_samples;
}
static double last_at_of(const struct group_state *g) {
	return g->last_evaluation == TS_NONE ? 0 : (double)g->last_evaluation / 1000;
}
static double last_duration_of(const struct group_state *g) {
	return (double)g->evaluation_time / 1e6;
}
static double restore_duration_of(const struct group_state *g) {
	return (double)g->restore_time / 1e6;
}
static double rule_duration_of(const struct group_state *g) {
	dur_us sum = 0;
	for (size_t i = 0; i < g->rule_count; i++) {
		sum += g->rules[i].evaluation_time;
	}
	return (double)sum / 1e6;
}

static const struct group_metric group_metrics[] = {
	{"prometheus_rule_evaluations_total", METRICS_COUNTER, "The total number of rule evaluations.",
	 evaluations_of},
	{"prometheus_rule_evaluation_failures_total", METRICS_COUNTER,
	 "The total number of rule evaluation failures.", failures_of},
	{"prometheus_rule_group_iterations_total", METRICS_COUNTER,
	 "The total number of scheduled rule group evaluations, whether executed or missed.",
	 iterations_of},
	{"prometheus_rule_group_iterations_missed_total", METRICS_COUNTER,
	 "The total number of rule group evaluations missed due to slow rule group evaluation.",
	 missed_of},
	{"prometheus_rule_group_interval_seconds", METRICS_GAUGE, "The interval of a rule group.",
	 interval_of},
	{"prometheus_rule_group_last_evaluation_timestamp_seconds", METRICS_GAUGE,
	 "The timestamp of the last rule group evaluation in seconds.", last_at_of},
	{"prometheus_rule_group_last_duration_seconds", METRICS_GAUGE,
	 "The duration of the last rule group evaluation.", last_duration_of},
	{"prometheus_rule_group_last_rule_duration_sum_seconds", METRICS_GAUGE,
	 "The sum of time in seconds it took to evaluate each rule in the group.", rule_duration_of},
	{"prometheus_rule_group_last_restore_duration_seconds", METRICS_GAUGE,
	 "The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.",
	 restore_duration_of},
	{"prometheus_rule_group_rules", METRICS_GAUGE, "The number of rules.", rules_of},
	{"prometheus_rule_group_last_evaluation_samples", METRICS_GAUGE,
	 "The number of samples returned during the last rule group evaluation.", samples_of},
};

static void write_groups(struct metrics_writer *w, const struct engine *e) {
	for (size_t i = 0; i < sizeof(group_metrics) / sizeof(group_metrics[0]); i++) {
		const struct group_metric *m = &group_metrics[i];
		metrics_family(w, m->name, m->type, m->help);
		for (size_t j = 0; j < engine_group_count(e); j++) {
			const struct group_state *g = engine_group(e, j);
			struct strbuf key = STRBUF_INIT;
			strbuf_printf(&key, "%.*s;%.*s", STR_FMT(g->group->file), STR_FMT(g->group->name));
			struct metrics_label label = {"rule_group", strbuf_str(&key)};
			metrics_sample(w, &label, 1, m->value(g));
			strbuf_finish(&key);
		}
	}
}

static void write_durations(struct metrics_writer *w, const struct engine_counters *c) {
	static const double rule_quantiles[] = {0.5, 0.9, 0.99};
	static const double group_quantiles[] = {0.01, 0.05, 0.5, 0.9, 0.99};
	metrics_family(w, "prometheus_rule_evaluation_duration_seconds", METRICS_SUMMARY,
				   "The duration for a rule to execute.");
	metrics_summary(w, &c->rule_duration, rule_quantiles, 3, NULL, 0);
	metrics_family(w, "prometheus_rule_evaluation_duration_histogram_seconds", METRICS_HISTOGRAM,
				   "The duration for a rule to execute.");
	metrics_histogram(w, &c->rule_duration, NULL, 0);
	metrics_family(w, "prometheus_rule_group_duration_seconds", METRICS_SUMMARY,
				   "The duration of rule group evaluations.");
	metrics_summary(w, &c->group_duration, group_quantiles, 5, NULL, 0);
	metrics_family(w, "prometheus_rule_group_duration_histogram_seconds", METRICS_HISTOGRAM,
				   "The duration of rule group evaluations.");
	metrics_histogram(w, &c->group_duration, NULL, 0);
}

static double queued_of(const struct outbox_stats *s) {
	return (double)s->queued;
}
static double sent_of(const struct outbox_stats *s) {
	return (double)s->sent;
}
static double dropped_of(const struct outbox_stats *s) {
	return (double)s->dropped;
}
static double errors_of(const struct outbox_stats *s) {
	return (double)s->errors;
}

static double withheld_of(const struct outbox_stats *s) {
	return (double)s->withheld;
}

static const struct peer_metric {
	const char *name;
	enum metrics_type type;
	const char *help;
	double (*value)(const struct outbox_stats *s);
} peer_metrics[] = {
	{"prometheus_notifications_sent_total", METRICS_COUNTER, "Total number of alerts sent.",
	 sent_of},
	{"prometheus_notifications_errors_total", METRICS_COUNTER,
	 "Total number of sent alerts affected by errors: they are sent again, or dropped.", errors_of},
	{"prometheus_notifications_dropped_total", METRICS_COUNTER,
	 "Total number of alerts dropped: refused by Alertmanager, or beyond the capacity.",
	 dropped_of},
	{"prometheus_notifications_queue_length", METRICS_GAUGE,
	 "The number of alerts that wait to be sent.", queued_of},
	{"tocsin_notifications_withheld_total", METRICS_COUNTER,
	 "Words on alerts that were not sent because another engine has told Alertmanager better.",
	 withheld_of},
};

/* With the path to which is sent, as Prometheus labels them. */
static struct str peer_label(const struct engine_peer_view *peer, struct strbuf *url) {
	strbuf_clear(url);
	strbuf_add(url, peer->url);
	strbuf_add_c(url, API_ALERTS_PATH);
	return strbuf_str(url);
}

typedef void write_distribution(struct metrics_writer *w, const struct metrics_distribution *d,
								const struct metrics_label *label);

static void write_summary(struct metrics_writer *w, const struct metrics_distribution *d,
						  const struct metrics_label *label) {
	static const double quantiles[] = {0.5, 0.9, 0.99};
	metrics_summary(w, d, quantiles, 3, label, 1);
}

static void write_histogram(struct metrics_writer *w, const struct metrics_distribution *d,
							const struct metrics_label *label) {
	metrics_histogram(w, d, label, 1);
}

static void write_latencies(struct metrics_writer *w, const struct engine *e,
							write_distribution *write) {
	struct strbuf url = STRBUF_INIT;
	for (size_t i = 0; i < engine_peer_count(e); i++) {
		struct engine_peer_view peer;
		engine_peer(e, i, &peer);
		struct metrics_label label = {"alertmanager", peer_label(&peer, &url)};
		write(w, peer.latency, &label);
	}
	strbuf_finish(&url);
}

static void write_peer_counts(struct metrics_writer *w, const struct engine *e) {
	struct strbuf url = STRBUF_INIT;
	for (size_t i = 0; i < sizeof(peer_metrics) / sizeof(peer_metrics[0]); i++) {
		const struct peer_metric *m = &peer_metrics[i];
		metrics_family(w, m->name, m->type, m->help);
		for (size_t j = 0; j < engine_peer_count(e); j++) {
			struct engine_peer_view peer;
			engine_peer(e, j, &peer);
			struct metrics_label label = {"alertmanager", peer_label(&peer, &url)};
			metrics_sample(w, &label, 1, m->value(&peer.outbox));
		}
	}
	strbuf_finish(&url);
}

static void write_peers(struct metrics_writer *w, const struct engine *e) {
	write_single(w, "prometheus_notifications_alertmanagers_discovered", METRICS_GAUGE,
				 "The number of alertmanagers discovered and active.",
				 (double)engine_peer_count(e));
	write_single(w, "prometheus_notifications_queue_capacity", METRICS_GAUGE,
				 "The capacity of the alert notifications queue.", LIMIT_OUTBOX_ALERTS);
	write_peer_counts(w, e);
	metrics_family(w, "prometheus_notifications_latency_seconds", METRICS_SUMMARY,
				   "Latency quantiles for sending alert notifications.");
	write_latencies(w, e, write_summary);
	metrics_family(w, "prometheus_notifications_latency_histogram_seconds", METRICS_HISTOGRAM,
				   "Latency histogram for sending alert notifications.");
	write_latencies(w, e, write_histogram);
}

/* The URL is a setting, not a secret: passwords are refused in it. */
static void write_remote(struct metrics_writer *w, const struct engine *e) {
	struct write_queue_stats stats;
	if (!engine_writer(e, &stats)) {
		return;
	}
	const struct {
		const char *name;
		enum metrics_type type;
		const char *help;
		double value;
	} rows[] = {
		{"prometheus_remote_storage_samples_total", METRICS_COUNTER,
		 "Total number of samples sent to remote storage.", (double)stats.sent},
		{"prometheus_remote_storage_samples_failed_total", METRICS_COUNTER,
		 "Total number of samples which were given up, because they were refused or waited too long.",
		 (double)stats.dropped},
		{"prometheus_remote_storage_samples_pending", METRICS_GAUGE,
		 "The number of samples that wait to be sent.", (double)stats.queued_samples},
		{"tocsin_remote_write_failures_total", METRICS_COUNTER,
		 "Requests of remote write that failed or were refused.", (double)stats.errors},
	};
	struct metrics_label label = {"url", engine_config(e)->remote_write.url};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		metrics_family(w, rows[i].name, rows[i].type, rows[i].help);
		metrics_sample(w, &label, 1, rows[i].value);
	}
}

static void write_reload(struct metrics_writer *w, const struct engine *e) {
	const struct rule_set *set = engine_rule_set(e);
	write_single(w, "tocsin_rule_files_outdated", METRICS_GAUGE,
				 "Rule files of which the newest text is bad and an older one runs.",
				 set == NULL ? 0 : (double)rule_set_outdated_count(set));
	struct engine_reload_view reload;
	engine_reload_view(e, &reload);
	write_single(w, "prometheus_config_last_reload_successful", METRICS_GAUGE,
				 "Whether the last configuration reload attempt was successful.", reload.last_ok);
	write_single(w, "prometheus_config_last_reload_success_timestamp_seconds", METRICS_GAUGE,
				 "Timestamp of the last successful configuration reload.",
				 reload.last_success == TS_NONE ? 0 : (double)reload.last_success / 1000);
}

static void write_templates(struct metrics_writer *w, const struct engine *e) {
	struct template_counts all = {0};
	for (size_t i = 0; i < engine_group_count(e); i++) {
		all.expansions += engine_group(e, i)->templates.expansions;
		all.failures += engine_group(e, i)->templates.failures;
	}
	write_single(w, "prometheus_template_text_expansions_total", METRICS_COUNTER,
				 "The total number of template text expansions.", (double)all.expansions);
	write_single(w, "prometheus_template_text_expansion_failures_total", METRICS_COUNTER,
				 "The total number of template text expansion failures.", (double)all.failures);
}

static void write_alert_counts(struct metrics_writer *w, const struct engine *e) {
	size_t counts[4] = {0};
	for (size_t i = 0; i < engine_group_count(e); i++) {
		const struct group_state *g = engine_group(e, i);
		for (size_t j = 0; j < g->rule_count; j++) {
			for (size_t k = 0; k < g->rules[j].alerting.count; k++) {
				counts[g->rules[j].alerting.alerts[k]->state]++;
			}
		}
	}
	metrics_family(w, "tocsin_alerts", METRICS_GAUGE, "Alerts by state.");
	for (int state = ALERT_PENDING; state <= ALERT_FIRING; state++) {
		struct metrics_label label = {"state", str_from(alert_state_name[state])};
		metrics_sample(w, &label, 1, (double)counts[state]);
	}
}

static void write_fetches(struct metrics_writer *w, const struct engine_counters *c) {
	static const double quantiles[] = {0.5, 0.9, 0.99};
	write_single(w, "tocsin_fetches_total", METRICS_COUNTER, "Requests to Prometheus.",
				 (double)c->fetches);
	metrics_family(w, "tocsin_fetch_errors_total", METRICS_COUNTER,
				   "Requests to Prometheus that failed.");
	for (size_t i = 0; i < FETCH_ERROR_COUNT; i++) {
		struct metrics_label label = {"kind", str_from(engine_fetch_error_name[i])};
		metrics_sample(w, &label, 1, (double)c->fetch_errors[i]);
	}
	write_single(w, "tocsin_fetch_bytes_total", METRICS_COUNTER,
				 "Bytes of Prometheus' answers, uncompressed.", (double)c->fetch_bytes);
	write_single(w, "tocsin_fetch_series_total", METRICS_COUNTER, "Series in Prometheus' answers.",
				 (double)c->fetch_series);
	write_single(w, "tocsin_fetch_histograms_skipped_total", METRICS_COUNTER,
				 "Native histogram samples in Prometheus' answers, which are not read.",
				 (double)c->histograms_skipped);
	write_single(w, "tocsin_fetch_partial_total", METRICS_COUNTER,
				 "Answers that were taken though they say that something is missing.",
				 (double)c->partial_answers);
	metrics_family(w, "tocsin_fetch_duration_seconds", METRICS_SUMMARY,
				   "How long Prometheus takes to answer.");
	metrics_summary(w, &c->fetch_duration, quantiles, 3, NULL, 0);
}

void api_metrics(const struct api_call *call, struct api_response *response) {
	const struct engine *e = call->engine;
	struct metrics_writer w;
	struct metrics_label version = {"version", STR(TOCSIN_VERSION)};
	response->status = 200;
	response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_init(&w, &response->body);
	metrics_family(&w, "tocsin_build_info", METRICS_GAUGE, "The version of tocsin.");
	metrics_sample(&w, &version, 1, 1);
	write_groups(&w, e);
	write_durations(&w, engine_counters(e));
	write_peers(&w, e);
	write_templates(&w, e);
	write_remote(&w, e);
	write_reload(&w, e);
	write_alert_counts(&w, e);
	write_fetches(&w, engine_counters(e));
	write_single(&w, "tocsin_output_series", METRICS_GAUGE,
				 "Series of recording rules and alerts that are kept in memory.",
				 (double)engine_output_series(e));
}
