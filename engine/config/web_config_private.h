/* What the files web_config*.c share: reading a YAML tree by tables of keys. */
#ifndef ENGINE_WEB_CONFIG_PRIVATE_H
#define ENGINE_WEB_CONFIG_PRIVATE_H

#include "engine/config/web_config.h"
#include "rules/yaml/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct web_reader {
	struct arena *arena;
	struct diags *diags;
};

/* Reads the value of a key. Null is the same as no key. */
typedef void web_read(struct web_reader *r, const struct yaml_node *node, void *target);

struct web_field {
	const char *name;
	web_read *read;
	size_t offset; /* in what the mapping is about */
};

void web_add_error(struct web_reader *r, const struct yaml_node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "expected a mapping, got a sequence"; null is not of the kind, and no error. */
bool web_expect_kind(struct web_reader *r, const struct yaml_node *node, enum yaml_kind kind);

/* `what` is added to the error about an unknown key: " in http_server_config". */
void web_read_fields(struct web_reader *r, const struct yaml_node *node,
					 const struct web_field *fields, size_t count, void *target, const char *what);

web_read web_read_bool, web_read_text, web_read_tls, web_read_rate;

#endif
