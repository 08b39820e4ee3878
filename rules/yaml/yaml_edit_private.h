/* What the files that change YAML texts share. */
#ifndef RULES_YAML_EDIT_PRIVATE_H
#define RULES_YAML_EDIT_PRIVATE_H

#include "rules/yaml/yaml_edit.h"

size_t yaml_line_start(struct str text, size_t at);
size_t yaml_line_end(struct str text, size_t at); /* before its line break */
bool yaml_is_blank_between(struct str text, size_t from, size_t to);

/* Where the colon after a key ends; 0: there is none. */
size_t yaml_colon_end(struct str text, const struct yaml_pair *pair);
/* What is written at the key: a node, an alias, or, of nothing, the empty place behind the colon. */
bool yaml_value_span(struct yaml_edit *e, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct span *ret);

bool yaml_edit_add(struct yaml_edit *e, struct span span, struct str text, size_t level);
bool yaml_edit_refuse(struct yaml_edit *e, const char *why);
bool yaml_edit_is_shared(const struct yaml_edit *e, const struct yaml_node *node);

#define YAML_EDIT_ALIAS "it is written once and used in several places (&anchor and *alias)"
#define YAML_EDIT_LAYOUT "it is laid out in an unusual way"

/* The comments of a stretch, each "LINE-BREAK INDENT # …". `node` has all scalars in it. */
void yaml_add_comments(struct strbuf *out, const struct yaml_edit *e, const struct yaml_node *node,
					   struct span span, size_t indent);

#endif
