/* What the files of the YAML reader share. */
#ifndef RULES_YAML_PRIVATE_H
#define RULES_YAML_PRIVATE_H

#include "rules/yaml/yaml.h"

enum yaml_style { YAML_STYLE_PLAIN, YAML_STYLE_SINGLE, YAML_STYLE_DOUBLE, YAML_STYLE_BLOCK };

/* Fills in span and pieces of a scalar whose text is known and whose span still is what the reader says: from its first
 * property (anchor, tag) to the end of the token, line breaks after a block included. true: it has one piece, and all of its text
 * stands there. */
bool yaml_pieces_make(struct yaml_node *scalar, enum yaml_style style, struct str file,
					  struct arena *a);

/* Replaces the `<<` pairs of a mapping by the pairs they stand for; the mapping's own keys win, then the earlier merge. A value
 * that is no mapping and no list of mappings is reported. */
void yaml_merge(struct yaml_node *mapping, struct arena *a, struct diags *diags);

/* Base64 as Go's StdEncoding reads it: padded, line breaks passed over. false: it is something else. */
bool yaml_decode_binary(struct str text, struct arena *a, struct str *ret_data);

/* Reports keys that stand twice and drops the later ones. */
void yaml_check_keys(struct yaml_node *mapping, struct diags *diags);

#endif
