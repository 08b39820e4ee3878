#include <stddef.h>

#include "base/mem.h"
#include "engine/config/config_access_private.h"
#include "engine/limits.h"

#define AT(field) offsetof(struct config, field)
#define OPTION(name, kind, field, flag, variable, argument, help)                                  \
	{ name, kind, AT(field), flag, "TOCSIN_" variable, argument, help, NULL, NULL }
/* FILE_ONLY(name, field, read, print): a mapping or list too large for a flag. */
#define FILE_ONLY(name, field, read, print)                                                        \
	{ name, SETTING_NODE, AT(field), NULL, NULL, NULL, NULL, read, print }

/* The way into a server, as far as containers and command lines want it. What is a secret has no flag: others see those. */
#define ACCESS_OPTIONS(section, field, flag, variable, whom)                                       \
	OPTION(section ".basic_auth.username", SETTING_TEXT, field.basic_auth.username,                \
		   flag "-username", variable "_USERNAME", "NAME", "who tocsin is to " whom),              \
		OPTION(section ".basic_auth.password", SETTING_SECRET, field.basic_auth.password, NULL,    \
			   variable "_PASSWORD", "TEXT", "the password to that name"),                         \
		OPTION(section ".basic_auth.password_file", SETTING_FILE, field.basic_auth.password_file,  \
			   flag "-password-file", variable "_PASSWORD_FILE", "FILE", "where the password is"), \
		OPTION(section ".authorization.credentials", SETTING_SECRET,                               \
			   field.authorization.credentials, NULL, variable "_BEARER_TOKEN", "TEXT",            \
			   "a bearer token for " whom),                                                        \
		OPTION(section ".authorization.credentials_file", SETTING_FILE,                            \
			   field.authorization.credentials_file, flag "-bearer-token-file",                    \
			   variable "_BEARER_TOKEN_FILE", "FILE", "where the bearer token is"),                \
		OPTION(section ".tls_config.ca_file", SETTING_FILE, field.tls.ca_file, flag "-ca-file",    \
			   variable "_CA_FILE", "FILE", "CA certificates for " whom " (the system's)"),        \
		OPTION(section ".tls_config.cert_file", SETTING_FILE, field.tls.cert_file,                 \
			   flag "-cert-file", variable "_CERT_FILE", "FILE",                                   \
			   "the certificate that tocsin shows to " whom),                                      \
		OPTION(section ".tls_config.key_file", SETTING_FILE, field.tls.key_file, flag "-key-file", \
			   variable "_KEY_FILE", "FILE", "the key to that certificate"),                       \
		OPTION(section ".tls_config.server_name", SETTING_TEXT, field.tls.server_name,             \
			   flag "-server-name", variable "_SERVER_NAME", "HOST",                               \
			   "the name in the certificate of " whom " (the URL's host)"),                        \
		OPTION(section ".tls_config.insecure_skip_verify", SETTING_CHOICE,                         \
			   field.tls.insecure_skip_verify, flag "-insecure-skip-verify",                       \
			   variable "_INSECURE_SKIP_VERIFY", NULL, "take any certificate of " whom),           \
		OPTION(section ".http_headers.values", SETTING_HEADERS, field, flag "-header",             \
			   variable "_HEADER", "NAME=VALUE",                                                   \
			   "a header for " whom ", such as X-Scope-OrgID=team")

static const struct setting table[] = {
	OPTION("prometheus.url", SETTING_URL, prometheus.url, "prometheus", "PROMETHEUS", "URL",
		   "where samples come from (http://localhost:9090)"),
	OPTION("prometheus.timeout", SETTING_DURATION, prometheus.timeout, "prometheus-timeout",
		   "PROMETHEUS_TIMEOUT", "DURATION", "how long one answer may take (30s)"),
	OPTION("prometheus.allow_partial_answers", SETTING_BOOL, allow_partial_answers,
		   "allow-partial-answers", "ALLOW_PARTIAL_ANSWERS", NULL,
		   "take answers that say that something is missing (false)"),
	ACCESS_OPTIONS("prometheus", prometheus_given, "prometheus", "PROMETHEUS", "Prometheus"),
	CONFIG_ACCESS_ROWS("prometheus.", AT(prometheus.access)),
	OPTION("alertmanagers", SETTING_PEERS, alertmanagers, "alertmanager", "ALERTMANAGER", "URL",
		   "who is told of alerts; each of them gets all (http://localhost:9093)"),
	ACCESS_OPTIONS("alertmanagers", alertmanagers_given, "alertmanager", "ALERTMANAGER",
				   "Alertmanager"),
	OPTION(
		"remote_write.url", SETTING_OPTIONAL_URL, remote_write.url, "remote-write", "REMOTE_WRITE",
		"URL",
		"where recorded series and ALERTS are written, such as http://localhost:9090/api/v1/write"),
	OPTION("remote_write.timeout", SETTING_DURATION, remote_write.timeout, "remote-write-timeout",
		   "REMOTE_WRITE_TIMEOUT", "DURATION", "how long one write may take (30s)"),
	ACCESS_OPTIONS("remote_write", remote_write_given, "remote-write", "REMOTE_WRITE",
				   "the database"),
	CONFIG_ACCESS_ROWS("remote_write.", AT(remote_write.access)),
	CONFIG_ACCESS_ROW("remote_write.headers", SETTING_NODE, AT(remote_write.access),
					  config_access_read_plain_headers),
	OPTION("rule_files", SETTING_TEXTS, rule_files, "rules", "RULES", "FILE",
		   "a rule file, or a pattern such as rules/*.yml"),
	OPTION("allow_bad_rule_files", SETTING_BOOL, allow_bad_rule_files, "allow-bad-rule-files",
		   "ALLOW_BAD_RULE_FILES", NULL,
		   "start although rule files are bad, without those (false)"),
	OPTION("watch", SETTING_BOOL, watch, "watch", "WATCH", NULL,
		   "reload when the configuration or a rule file changes (false)"),
	OPTION(
		"presets", SETTING_PRESETS, presets, "preset", "PRESET", "NAME",
		"built-in rules for a model server, with parameters: NAME?by=service&window=10m (generic)"),
	OPTION("evaluation_interval", SETTING_DURATION, evaluation_interval, "interval", "INTERVAL",
		   "DURATION", "how often rules are evaluated (15s)"),
	OPTION("evaluation", SETTING_EVALUATION, evaluation, "evaluation", "EVALUATION", "MODE",
		   "who evaluates rules: auto, local (tocsin) or remote (Prometheus) (auto)"),
	OPTION("shard", SETTING_SHARD, shard, "shard", "SHARD", "INDEX/COUNT",
		   "which part of the rule groups this engine has, such as 0/3 (all)"),
	FILE_ONLY("overrides", overrides, config_read_overrides, config_print_overrides),
	OPTION("query_offset", SETTING_OPTIONAL_DURATION, query_offset, "query-offset", "QUERY_OFFSET",
		   "DURATION", "how far in the past rules look, for late samples (0s)"),
	OPTION("lookback", SETTING_DURATION, lookback, "lookback", "LOOKBACK", "DURATION",
		   "how old a sample may be and still count as current (5m)"),
	OPTION("resend_delay", SETTING_DURATION, resend_delay, "resend-delay", "RESEND_DELAY",
		   "DURATION", "how long before an alert is sent again (1m)"),
	OPTION("resolved_retention", SETTING_DURATION, resolved_retention, "resolved-retention",
		   "RESOLVED_RETENTION", "DURATION", "how long a resolved alert is sent again (15m)"),
	OPTION("for_outage_tolerance", SETTING_OPTIONAL_DURATION, for_outage_tolerance,
		   "for-outage-tolerance", "FOR_OUTAGE_TOLERANCE", "DURATION",
		   "how long tocsin may have been away for `for` to go on, with remote_write (1h)"),
	OPTION("for_grace_period", SETTING_OPTIONAL_DURATION, for_grace_period, "for-grace-period",
		   "FOR_GRACE_PERIOD", "DURATION",
		   "a restored alert fires this long after the start at the earliest (10m)"),
	OPTION("external_labels", SETTING_LABELS, external_labels, "external-label", "EXTERNAL_LABEL",
		   "NAME=VALUE", "a label for every alert that does not have it"),
	FILE_ONLY("alert_relabel_configs", alert_relabel, config_read_relabel, config_print_relabel),
	OPTION("keep_alive", SETTING_BOOL, keep_alive, "keep-alive", "KEEP_ALIVE", "BOOL",
		   "what fires goes on firing while Prometheus does not answer (true)"),
	OPTION("forget_over_limit", SETTING_BOOL, forget_over_limit, "forget-over-limit",
		   "FORGET_OVER_LIMIT", "BOOL",
		   "a rule with more alerts than its group's limit loses all, as in Prometheus (false)"),
	OPTION("external_url", SETTING_OPTIONAL_URL, external_url, "external-url", "EXTERNAL_URL",
		   "URL", "what links in alerts point to (the URL of Prometheus)"),
	OPTION("listen", SETTING_LISTEN, listen, "listen", "LISTEN", "ADDRESS",
		   "where the HTTP API is, \"\" for nowhere (127.0.0.1:9099)"),
	OPTION("web.config_file", SETTING_FILE, web.config_file, "web-config", "WEB_CONFIG", "FILE",
		   "TLS and passwords for the HTTP API, in the format of the exporters (neither)"),
	OPTION("web.lifecycle", SETTING_BOOL, web.lifecycle, "web-lifecycle", "WEB_LIFECYCLE", NULL,
		   "allow POST /-/reload (false)"),
	OPTION("web.cors_origin", SETTING_REGEX, web.cors_origin, "web-cors-origin", "WEB_CORS_ORIGIN",
		   "REGEX", "sites whose scripts may read the HTTP API, as a whole origin (.*)"),
	OPTION("drain_timeout", SETTING_OPTIONAL_DURATION, drain_timeout, "drain-timeout",
		   "DRAIN_TIMEOUT", "DURATION", "at the end, how long to go on delivering (10s)"),
	OPTION("log.level", SETTING_LOG_LEVEL, log_level, "log-level", "LOG_LEVEL", "LEVEL",
		   "debug, info, warn or error (info)"),
	OPTION("log.format", SETTING_LOG_FORMAT, log_format, "log-format", "LOG_FORMAT", "FORMAT",
		   "text or json (text)"),
	OPTION("limits.answer_bytes", SETTING_BYTES, limit_answer_bytes, "limit-answer-bytes",
		   "LIMIT_ANSWER_BYTES", "BYTES", "largest answer taken from Prometheus (256MiB)"),
	OPTION("limits.alerts_per_rule", SETTING_COUNT, limit_alerts_per_rule, "limit-alerts-per-rule",
		   "LIMIT_ALERTS_PER_RULE", "COUNT", "alerts that one rule may make (100000)"),
	OPTION("limits.fetches", SETTING_COUNT, limit_fetches, "limit-fetches", "LIMIT_FETCHES",
		   "COUNT", "requests to Prometheus at the same time (8)"),
	OPTION("limits.samples", SETTING_COUNT, limit_samples, "limit-samples", "LIMIT_SAMPLES",
		   "COUNT", "samples in memory for one evaluation (50000000)"),
	OPTION("limits.auto_bytes", SETTING_BYTES, limit_auto_bytes, "limit-auto-bytes",
		   "LIMIT_AUTO_BYTES", "BYTES",
		   "with evaluation auto, a rule that reads more than this is given to Prometheus (16MiB)"),
	OPTION("limits.remote_write_bytes", SETTING_BYTES, limit_write_bytes,
		   "limit-remote-write-bytes", "LIMIT_REMOTE_WRITE_BYTES", "BYTES",
		   "samples that wait to be written, encoded; past it the oldest are dropped (64MiB)"),
};

static const struct setting peer_table[] = {
	{"url", SETTING_URL, offsetof(struct config_peer, url), NULL, NULL, NULL, NULL, NULL, NULL},
	{"timeout", SETTING_DURATION, offsetof(struct config_peer, timeout), NULL, NULL, NULL, NULL,
	 NULL, NULL},
	{"alert_relabel_configs", SETTING_NODE, offsetof(struct config_peer, alert_relabel), NULL, NULL,
	 NULL, NULL, config_read_peer_relabel, config_print_relabel},
	CONFIG_ACCESS_ROWS("", offsetof(struct config_peer, access)),
	CONFIG_ACCESS_ROW("scheme", SETTING_NODE, 0, config_read_scheme),
	CONFIG_ACCESS_ROW("path_prefix", SETTING_NODE, 0, config_read_path_prefix),
	CONFIG_ACCESS_ROW("api_version", SETTING_NODE, 0, config_read_api_version),
	CONFIG_ACCESS_ROW("static_configs", SETTING_NODE, 0, config_read_static_configs),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct setting *settings(size_t *ret_count) {
	*ret_count = COUNT(table);
	return table;
}

const struct setting *peer_settings(size_t *ret_count) {
	*ret_count = COUNT(peer_table);
	return peer_table;
}

bool config_setting_is_url(const struct setting *s) {
	return s->kind == SETTING_URL || s->kind == SETTING_OPTIONAL_URL || s->kind == SETTING_PEERS;
}

bool config_setting_is_secret(const struct setting *s) {
	return s->kind == SETTING_SECRET || s->kind == SETTING_PROXY || s->kind == SETTING_HEADERS;
}

static bool setting_is_list(const struct setting *s) {
	return s->kind == SETTING_HEADERS || s->kind == SETTING_LABELS || s->kind == SETTING_PEERS ||
		   s->kind == SETTING_TEXTS || s->kind == SETTING_PRESETS;
}

static const char *setting_choices(const struct setting *s) {
	return s->kind == SETTING_EVALUATION   ? "auto local remote"
		   : s->kind == SETTING_LOG_LEVEL  ? "debug info warn error"
		   : s->kind == SETTING_LOG_FORMAT ? "text json"
										   : NULL;
}

const struct config_option *config_options(size_t *ret_count) {
	static struct config_option options[COUNT(table)];
	size_t count = 0;
	for (size_t i = 0; i < COUNT(table); i++) {
		if (table[i].variable == NULL) {
			continue; /* only in the file */
		}
		options[count++] = (struct config_option){.name = table[i].name,
												  .flag = table[i].flag,
												  .variable = table[i].variable,
												  .argument = table[i].argument,
												  .help = table[i].help,
												  .choices = setting_choices(&table[i]),
												  .repeats = setting_is_list(&table[i]),
												  .is_url = config_setting_is_url(&table[i]),
												  .is_secret = config_setting_is_secret(&table[i])};
	}
	*ret_count = count;
	return options;
}

const struct config_peer config_default_peer = {
	.url = {"http://localhost:9093", sizeof("http://localhost:9093") - 1}, .timeout = 10000};
const struct config_preset config_default_preset = {.name = {"generic", 7}};

void config_init(struct config *c) {
	*c = (struct config){
		.prometheus = {.url = STR("http://localhost:9090"), .timeout = 30000},
		.alertmanagers = &config_default_peer,
		.alertmanager_count = 1,
		.presets = &config_default_preset,
		.preset_count = 1,
		.evaluation_interval = 15000,
		.lookback = 300000,
		.resend_delay = 60000,
		.resolved_retention = 900000,
		.remote_write = {.url = STR(""), .timeout = 30000},
		.for_outage_tolerance = 3600000,
		.for_grace_period = 600000,
		.keep_alive = true,
		.external_url = STR(""),
		.listen = STR("127.0.0.1:9099"),
		.web = {.config_file = STR(""), .cors_origin = STR(".*")},
		.drain_timeout = 10000,
		.log_level = CONFIG_LOG_INFO,
		.log_format = CONFIG_LOG_TEXT,
		.limit_answer_bytes = LIMIT_ANSWER_BYTES,
		.limit_alerts_per_rule = LIMIT_ALERTS_PER_RULE,
		.limit_fetches = LIMIT_FETCHES,
		.limit_samples = LIMIT_SAMPLES,
		.limit_write_bytes = LIMIT_WRITE_BYTES,
		.limit_auto_bytes = LIMIT_AUTO_BYTES,
	};
}

void config_add_peer(struct config *c, const struct config_peer *peer, struct arena *a) {
	size_t kept = c->alertmanagers == &config_default_peer ? 0 : c->alertmanager_count;
	struct config_peer *items = ARENA_ARRAY(a, struct config_peer, kept + 1);
	if (kept > 0) {
		memcpy(items, c->alertmanagers, kept * sizeof(*items));
	}
	items[kept] = *peer;
	c->alertmanagers = items;
	c->alertmanager_count = kept + 1;
}

void config_add_text(const struct str **items, size_t *count, struct str text, struct arena *a) {
	struct str *grown = ARENA_ARRAY(a, struct str, *count + 1);
	if (*count > 0) {
		memcpy(grown, *items, *count * sizeof(*grown));
	}
	grown[*count] = text;
	*items = grown;
	*count += 1;
}

void config_add_preset(struct config *c, const struct config_preset *preset, struct arena *a) {
	config_drop_default_preset(c);
	struct config_preset *items = ARENA_ARRAY(a, struct config_preset, c->preset_count + 1);
	if (c->preset_count > 0) {
		memcpy(items, c->presets, c->preset_count * sizeof(*items));
	}
	items[c->preset_count] = *preset;
	c->presets = items;
	c->preset_count++;
}

void config_drop_default_preset(struct config *c) {
	if (c->presets == &config_default_preset) {
		c->presets = NULL;
		c->preset_count = 0;
	}
}

static void dup_peer(struct arena *a, struct config_peer *p) {
	p->url = arena_dup(a, p->url);
	p->alert_relabel = relabel_rules_dup(a, p->alert_relabel);
	config_access_dup(a, &p->access);
}

static const struct config_preset *dup_presets(struct arena *a, const struct config *c) {
	struct config_preset *presets = ARENA_ARRAY(a, struct config_preset, c->preset_count);
	for (size_t i = 0; i < c->preset_count; i++) {
		const struct config_preset *from = &c->presets[i];
		struct preset_parameter *values = ARENA_ARRAY(a, struct preset_parameter, from->count);
		for (size_t j = 0; j < from->count; j++) {
			values[j] = (struct preset_parameter){.name = arena_dup(a, from->values[j].name),
												  .value = arena_dup(a, from->values[j].value)};
		}
		presets[i] = (struct config_preset){.name = arena_dup(a, from->name),
											.values = values,
											.count = from->count,
											.span = from->span};
	}
	return presets;
}

void config_dup(struct arena *a, const struct config *c, struct config *ret_copy) {
	struct config copy = *c;
	struct config_peer *peers = ARENA_ARRAY(a, struct config_peer, c->alertmanager_count);
	struct str *files = ARENA_ARRAY(a, struct str, c->rule_file_count);
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		peers[i] = c->alertmanagers[i];
		dup_peer(a, &peers[i]);
	}
	for (size_t i = 0; i < c->rule_file_count; i++) {
		files[i] = arena_dup(a, c->rule_files[i]);
	}
	dup_peer(a, &copy.prometheus);
	dup_peer(a, &copy.remote_write);
	config_access_dup(a, &copy.prometheus_given);
	config_access_dup(a, &copy.alertmanagers_given);
	config_access_dup(a, &copy.remote_write_given);
	copy.alertmanagers = peers;
	copy.rule_files = files;
	copy.presets = dup_presets(a, c);
	copy.overrides = config_dup_overrides(a, c);
	copy.external_labels = labels_dup(a, c->external_labels);
	copy.alert_relabel = relabel_rules_dup(a, c->alert_relabel);
	copy.external_url = arena_dup(a, c->external_url);
	copy.listen = arena_dup(a, c->listen);
	copy.web.config_file = arena_dup(a, c->web.config_file);
	copy.web.cors_origin = arena_dup(a, c->web.cors_origin);
	*ret_copy = copy;
}
