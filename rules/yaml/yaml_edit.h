/* Changes to a YAML text where its nodes stand: one value, one entry of a list or mapping. Everything else stays as it is: order,
 * quotes, indentation, and every comment, also that of an entry that goes. */
#ifndef RULES_YAML_EDIT_H
#define RULES_YAML_EDIT_H

#include "rules/yaml/text_edit.h"
#include "rules/yaml/yaml.h"

struct yaml_change {
	struct text_edit edit;
	size_t level; /* of two insertions at one place the deeper one comes first */
	size_t order;
};

/* The changes to one text. Everything is in the arena. */
struct yaml_edit {
	struct str text;
	const struct yaml_node *root;
	struct arena *arena;
	struct yaml_change *changes;
	size_t count, capacity;
	struct span *shared; /* what aliases stand for: a change there is one in several places */
	size_t shared_count, shared_capacity;
	const char *newline;
	const char *failure; /* why the last change was refused */
};

/* `text` and the tree that was read from it must stay. */
void yaml_edit_init(struct yaml_edit *e, struct str text, const struct yaml_node *root,
					struct arena *a);

/* All changes in the order of the text. false: two of them overlap. */
bool yaml_edit_finish(struct yaml_edit *e, const struct text_edit **ret_edits, size_t *ret_count,
					  struct str *ret_text);

/* Each that follows adds its changes, or returns false: then there are none, and `failure` says why. */

/* A text instead of a scalar's, in its own quotes or block if that can hold it. */
bool yaml_edit_scalar(struct yaml_edit *e, const struct yaml_node *scalar, struct str value);

/* Ready YAML instead of what stands at a key: in a block mapping it may be several lines, each after the first with its
 * indentation, the first one beginning with a line break. `level` counts from the outside. */
bool yaml_edit_value(struct yaml_edit *e, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct str value, size_t level);

/* An entry to be added: of a mapping `key: value`, of a list the item with its dash if it is a block. */
struct yaml_entries {
	const bool *removed; /* per entry there is; NULL: none */
	const struct str *added;
	size_t added_count;
};

/* `owner` is the pair whose value the collection is, NULL for an item of a list: an emptied block collection becomes `[]` or `{}`
 * there. */
bool yaml_edit_entries(struct yaml_edit *e, const struct yaml_node *collection,
					   const struct yaml_pair *owner, const struct yaml_entries *entries,
					   size_t level);

/* ---- how it looks ---- */

/* Whether it stands within its parent: not through an alias or a merge. */
bool yaml_edit_in_place(const struct yaml_node *parent, const struct yaml_node *child);
bool yaml_edit_is_flow(struct str text, const struct yaml_node *collection);
/* Where the entries of a block collection begin in their lines: at the dash of a list. Bytes from 0. */
size_t yaml_edit_column(struct str text, const struct yaml_node *collection);
/* Of a list: how far behind its dash an item begins. */
size_t yaml_edit_item_offset(struct str text, const struct yaml_node *list);

/* '\'', '"', or 0 of a plain or block scalar. */
char yaml_edit_quote(struct str text, const struct yaml_node *scalar);
/* A text as a scalar on one line: with these quotes, or plain (0) where that reads back as this very text; otherwise as it must
 * be. */
void yaml_print_scalar(struct strbuf *out, struct str value, char quote);

#endif
