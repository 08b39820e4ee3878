/* The table of settings: one row each, read by the YAML reader, by flags and variables, and by --help. */
#ifndef ENGINE_CONFIG_PRIVATE_H
#define ENGINE_CONFIG_PRIVATE_H

#include "engine/config/config.h"
#include "rules/yaml/yaml.h"

enum setting_kind {
	SETTING_URL,
	SETTING_OPTIONAL_URL,      /* may be empty */
	SETTING_DURATION,          /* > 0 */
	SETTING_OPTIONAL_DURATION, /* 0 is meant */
	SETTING_TEXT,
	SETTING_BOOL,   /* "true" or "false"; a flag without a value means true */
	SETTING_CHOICE, /* the same, into an enum config_choice */
	SETTING_REGEX,  /* anchored */
	SETTING_LISTEN,
	SETTING_BYTES,
	SETTING_COUNT,
	SETTING_EVALUATION,
	SETTING_SHARD,
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	SETTING_LABELS,
	SETTING_PEERS,
	SETTING_TEXTS,
	SETTING_PRESETS,
	SETTING_SECRET, /* into a struct config_secret; may be empty */
	SETTING_FILE,   /* a path, relative to the configuration file's folder; may be empty */
	SETTING_PROXY,  /* a URL that may have a password in it, into a struct config_secret */
	SETTING_TLS_VERSION,
	SETTING_HEADERS, /* NAME=VALUE, one more of a struct config_access */
	SETTING_NODE,    /* a mapping or list that only its own `read` understands */
};

/* What the walk over the YAML tree carries along. */
struct config_reader {
	struct arena *arena; /* of the configuration's strings */
	struct diags *diags;
	struct config *config;
};

/* Reads what stands at a key; errors go to the reader's diags. `target` is where the setting stands. */
typedef void setting_read(struct config_reader *r, const struct yaml_node *node, void *target);

/* Adds the lines of it to a printed configuration, each after `indent` blanks; none when there is nothing to say. */
typedef void setting_print(struct strbuf *out, const struct config *c, const void *target,
						   size_t indent);

struct setting {
	const char *name; /* dotted: "prometheus.url" */
	enum setting_kind kind;
	size_t offset; /* in struct config, or in the element of a list */
	/* flag NULL: not on the command line, where others can read it; variable NULL: only in the file */
	const char *flag, *variable, *argument, *help;
	setting_read *read;   /* NULL: the kind says how */
	setting_print *print; /* the same */
};

/* config.c: for those that read a part of the tree. */
void config_add_error(struct config_reader *r, const struct yaml_node *at, const char *message);
/* What stands behind a colon or '=' in it is not repeated: a blank is missing there, and it may be a password. `what` is NULL
 * at the top. */
void config_add_unknown_key(struct config_reader *r, const struct yaml_node *key, const char *what);
/* "expected a mapping, got a sequence" */
bool config_expect_kind(struct config_reader *r, const struct yaml_node *node, enum yaml_kind kind);
/* A mapping whose keys are the rows of a table, into a structure; `what` names it in errors. */
void config_read_fields(struct config_reader *r, const struct yaml_node *node,
						const struct setting *rows, size_t count, void *target, const char *what);

const struct setting *settings(size_t *ret_count);

/* Its value is a URL, or each of its items. */
bool config_setting_is_url(const struct setting *s);
/* Its value must not be shown. */
bool config_setting_is_secret(const struct setting *s);

/* A list of peers is settings in a struct config_peer. */
const struct setting *peer_settings(size_t *ret_count);

/* The defaults of lists, so that the first item given can take their place. */
extern const struct config_peer config_default_peer;
extern const struct config_preset config_default_preset;

/* Values from text; `target` is where the setting stands. false: *ret_error in the arena. */
bool config_parse_value(const struct setting *s, struct str text, struct arena *a, void *target,
						const char **ret_error);
/* Messages never repeat what may be a password. */
bool config_parse_url(struct str text, struct arena *a, struct str *ret_url,
					  const char **ret_error);

/* `NAME` or `NAME?PARAMETER=VALUE&PARAMETER=VALUE`, as a flag or a variable has a preset. */
bool config_parse_preset(struct str text, struct arena *a, struct config_preset *ret_preset,
						 const char **ret_error);
/* Whether there is such a preset and it takes the parameters. */
bool config_check_preset(const struct config_preset *preset, struct arena *a,
						 const char **ret_error);

/* Lists of relabelling rules: a setting of struct relabel_rules, of the whole and of one Alertmanager. */
void config_read_relabel(struct config_reader *r, const struct yaml_node *node, void *target);
void config_read_peer_relabel(struct config_reader *r, const struct yaml_node *node, void *target);
setting_print config_print_relabel;
/* config_targets.c: an item of `alertmanagers` in the keys of prometheus.yml. The readers only judge; config_add_targets then adds
 * an Alertmanager for each target, with all that `like` has but its URL, and complains when the item `node` names no server. */
setting_read config_read_scheme, config_read_path_prefix, config_read_api_version,
	config_read_static_configs;
void config_add_targets(struct config_reader *r, const struct yaml_node *node,
						const struct config_peer *like);

/* For those that print: `key: value`, in quotes where YAML would take it for something else. */
void config_print_key(struct strbuf *out, size_t indent, struct str key);
void config_print_pair(struct strbuf *out, size_t indent, struct str key, struct str value);
/* A mapping that was printed two blanks deeper becomes an item of a list. */
void config_print_item(struct strbuf *out, size_t indent, const struct strbuf *mapping);
/* The rows of a table in a structure, as config_read_fields reads them. */
void config_print_fields(struct strbuf *out, const struct config *c, const struct setting *rows,
						 size_t count, const void *target, size_t indent);

/* The words of the kinds that take one of several. */
const char *config_log_level_name(enum config_log_level level);
const char *config_log_format_name(enum config_log_format format);

/* One more item of a list, by its text. */
void config_add_peer(struct config *c, const struct config_peer *peer, struct arena *a);
void config_add_text(const struct str **items, size_t *count, struct str text, struct arena *a);
void config_add_preset(struct config *c, const struct config_preset *preset, struct arena *a);
/* config_override.c */
setting_read config_read_overrides;
setting_print config_print_overrides;
const struct config_override *config_dup_overrides(struct arena *a, const struct config *c);

/* Rule files were given: the preset that runs without any goes, if nobody asked for it. */
void config_drop_default_preset(struct config *c);

#endif
