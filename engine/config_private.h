/* The table of settings: one row each, read by the YAML reader, by flags and variables, and by --help. */
#ifndef ENGINE_CONFIG_PRIVATE_H
#define ENGINE_CONFIG_PRIVATE_H

#include "engine/config.h"
#include "rules/yaml.h"

enum setting_kind {
	SETTING_URL,
	SETTING_OPTIONAL_URL,      /* may be empty */
	SETTING_DURATION,          /* > 0 */
	SETTING_OPTIONAL_DURATION, /* 0 is meant */
	SETTING_TEXT,
	SETTING_LISTEN,
	SETTING_BYTES,
	SETTING_COUNT,
	SETTING_LOG_LEVEL,
	SETTING_LOG_FORMAT,
	SETTING_LABELS,
	SETTING_PEERS,
	SETTING_TEXTS,
	SETTING_PRESETS,
};

struct setting {
	const char *name; /* dotted: "prometheus.url" */
	enum setting_kind kind;
	size_t offset; /* in struct config, or in the element of a list */
	const char *flag, *variable, *argument, *help; /* flag NULL: only in the file */
};

const struct setting *settings(size_t *ret_count);

/* Its value is a URL, or each of its items. */
bool config_setting_is_url(const struct setting *s);

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

/* One more item of a list, by its text. */
void config_add_peer(struct config *c, const struct config_peer *peer, struct arena *a);
void config_add_text(const struct str **items, size_t *count, struct str text, struct arena *a);
void config_add_preset(struct config *c, const struct config_preset *preset, struct arena *a);
/* Rule files were given: the preset that runs without any goes, if nobody asked for it. */
void config_drop_default_preset(struct config *c);

#endif
