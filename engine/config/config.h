/* tocsin.yml, flags and environment variables, in one structure. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/labels.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "engine/config/config_access.h"
#include "engine/config/evaluation_mode.h"
#include "engine/config/shard.h"
#include "notifiers/relabel.h"
#include "rules/group.h"
#include "rules/preset.h"

struct config_peer {
	struct str url; /* without a slash at the end */
	dur_ms timeout; /* of one request */
	struct relabel_rules
		alert_relabel; /* of an Alertmanager: for what it alone is told, behind those of all */
	struct config_access access;
};

struct config_preset {
	struct str name;
	const struct preset_parameter *values; /* those that were given */
	size_t count;
	struct span span;
};

/* For groups whose name and file match the patterns, with *, ? and [ ] as in a shell; the first that does counts. */
struct config_override {
	struct str group, file;
	enum evaluation_mode evaluation;
	struct shard shard; /* whose groups run here; all of them */
};

/* Our own HTTP side. */
struct config_web {
	struct str
		config_file; /* TLS, passwords and headers in the exporters' format; empty: none of them */
	struct str cors_origin; /* an anchored regular expression: whose scripts may read; ".*" */
	bool lifecycle;         /* POST /-/reload is allowed */
};

enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };

struct config {
	struct config_peer prometheus;           /* http://localhost:9090, 30s */
	bool allow_partial_answers;              /* of it */
	const struct config_peer *alertmanagers; /* http://localhost:9093, 10s */
	size_t alertmanager_count;
	struct config_peer
		remote_write; /* where own outputs are written; the whole URL; empty: nowhere; 30s */
	dur_ms for_outage_tolerance; /* how old `for` state may be that is restored; 1h */
	dur_ms for_grace_period; /* a restored alert fires no sooner than this after the start; 10m */
	struct config_access prometheus_given, alertmanagers_given,
		remote_write_given;       /* by flags and variables */
	const struct str *rule_files; /* globs, relative to the configuration file's folder */
	size_t rule_file_count;
	bool allow_bad_rule_files; /* at the start: without those that are bad; false */
	bool watch;                /* reload when a file changes; false */
	const struct config_preset
		*presets; /* "generic" when neither rule files nor presets are given */
	size_t preset_count;
	dur_ms evaluation_interval; /* 15s */
	enum evaluation_mode evaluation;
	struct shard shard; /* whose groups run here; all of them */
	const struct config_override *overrides;
	size_t override_count;
	dur_ms query_offset;       /* 0 */
	dur_ms lookback;           /* 5m */
	dur_ms resend_delay;       /* 1m */
	dur_ms resolved_retention; /* 15m */
	struct labels external_labels;
	struct relabel_rules alert_relabel;
	bool keep_alive;         /* true */
	bool forget_over_limit;  /* false */
	struct str external_url; /* for generatorURL and templates; Prometheus' own URL when empty */
	struct str listen;       /* "127.0.0.1:9099"; empty: no listener */
	struct config_web web;
	dur_ms drain_timeout; /* at SIGTERM: how long to go on delivering; 10s */
	enum config_log_level log_level;
	enum config_log_format log_format;
	size_t limit_answer_bytes, limit_alerts_per_rule, limit_fetches, limit_samples,
		limit_write_bytes, limit_auto_bytes;
};

/* The defaults, of which every field is valid. */
void config_init(struct config *c);

/* Who evaluates the rules of a group. */
enum evaluation_mode config_evaluation_mode(const struct config *c, const struct rule_group *group);

/* Deep copy: strings and lists in `a`. */
void config_dup(struct arena *a, const struct config *c, struct config *ret_copy);

/* Reads a configuration's text over `c`. Every error at its place; false when there was one. Strings live in `a`. */
bool config_parse(struct str text, struct arena *a, struct diags *diags, struct config *c);

/* A text that is nothing but a list of relabelling rules, as `alert_relabel_configs` has it. */
bool config_parse_relabel(struct str text, struct arena *a, struct diags *diags,
						  struct relabel_rules *ret_rules);

/* Whether a key at the top of a file is one that a configuration may have. */
bool config_is_setting(struct str key);

/* One setting by its dotted name, "prometheus.url" or "log.level": what flags and TOCSIN_… variables set. Lists take one more item
 * (the first one given replaces the default). false: *ret_error in the arena. */
bool config_set(struct config *c, struct str name, struct str value, struct arena *a,
				const char **ret_error);

/* Paths in the file begin at its folder; to be called before anything is set by flags. */
void config_set_folder(struct config *c, struct str folder, struct arena *a);

/* What flags and variables say of the way into servers takes the place of what the file says, for each of them; to be called once,
 * after the last config_set. false: *ret_error, in the arena, says what contradicts itself. */
bool config_finish(struct config *c, struct arena *a, const char **ret_error);

/* A setting that has a variable and mostly a flag, as --help and the documentation list it. */
struct config_option {
	const char *name;     /* "prometheus.url" */
	const char *flag;     /* "prometheus"; NULL: there is only the variable */
	const char *variable; /* "TOCSIN_PROMETHEUS" */
	const char *argument; /* "URL"; NULL: a switch */
	const char *help;
	const char *choices; /* "text json": the values that it takes; NULL: others */
	bool repeats;
	bool is_url;    /* its value must not be repeated as it is: url_mask() */
	bool is_secret; /* its value must not be repeated at all */
};
const struct config_option *config_options(size_t *ret_count);

/* A path that is not absolute begins at the folder; "": where we are. An empty one stays empty. */
struct str config_join_path(struct arena *a, struct str folder, struct str path);

/* The configuration as a file: every setting with the value that it has, secrets masked. What has no secret reads back the same. */
void config_print(struct strbuf *out, const struct config *c);
/* The value of one setting as its flag would take it; the items of a list parted by commas. */
void config_print_option(struct strbuf *out, const struct config *c,
						 const struct config_option *option);

#endif
