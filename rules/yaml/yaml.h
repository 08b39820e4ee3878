/* A YAML text as a tree in which every node knows its place. libyaml does the reading; only rules/yaml/yaml.c knows it. */
#ifndef RULES_YAML_H
#define RULES_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define YAML_MAX_BYTES (64u << 20) /* of one text: 10,000 rules are 3 MB */
#define YAML_MAX_DEPTH 64          /* aliases followed */
/* Of one text: 10,000 rules have 200,000, and a million take 100 MB. What an alias stands for counts each time it is used, 64
 * bytes of its text as one node: a bomb of aliases stops here. */
#define YAML_MAX_NODES 1000000u

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node;

struct yaml_pair {
	struct yaml_node *key, *value; /* key is always a scalar */
};

/* Where the text of a scalar stands in the file: block scalars lose their indentation, quoted ones their escapes. */
struct yaml_piece {
	uint32_t text_offset, file_offset; /* from here on they run in step, to the next piece */
};

/* There are twenty for each rule, so they are kept small. */
struct yaml_node {
	struct span span; /* in the file */
	struct str text;  /* of a scalar; NUL-terminated, if it is not borrowed */
	const char *tag;  /* explicit tag such as "!!str"; NULL: there is none */
	union {
		struct yaml_piece piece; /* the only one: most scalars stand in the file as they are */
		const struct yaml_piece *pieces;
		struct yaml_node **items; /* sequence */
		struct yaml_pair *pairs;  /* mapping, in the order of the file; `<<` merges are done */
	};
	uint32_t count; /* of items or pairs */
	uint32_t line;  /* from 1, of its first property: what yaml.v3 calls the node's line */
	enum yaml_kind kind;
	unsigned piece_count : 31; /* 0: only the whole has a place */
	bool plain : 1; /* a scalar without quotes and not a block: 5 is a number, "5" is not */
};
_Static_assert(sizeof(struct yaml_node) <= 64, "ten thousand rules have 200,000 nodes");

static inline const struct yaml_piece *yaml_pieces(const struct yaml_node *scalar) {
	return scalar->piece_count == 1 ? &scalar->piece : scalar->pieces;
}

struct yaml_document {
	struct yaml_node *root; /* NULL when the document is empty */
};

/* All documents of the text. Errors (syntax, bad UTF-8, duplicate key, limits) go to diags with a span; false when the text
 * is no YAML at all, and then *ret_count is what was read before. Errors begin with "yaml: " as Go's yaml.v3 words them. */
bool yaml_parse(struct str text, struct arena *a, struct diags *diags,
				struct yaml_document **ret_documents, size_t *ret_count);

/* The same of a text that outlives the tree: scalars that stand in it as they are borrow theirs, without a NUL behind it. */
bool yaml_parse_borrowing(struct str text, struct arena *a, struct diags *diags,
						  struct yaml_document **ret_documents, size_t *ret_count);

/* NULL when there is none. */
struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key);

/* A span within a scalar's text as a span in the file. */
struct span yaml_span(const struct yaml_node *scalar, struct span in_text);

/* "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!!seq", "!!map" or the explicit tag: what yaml.v3
 * resolves a node to. */
const char *yaml_tag(const struct yaml_node *node);

/* Whether it has that explicit tag. */
bool yaml_has_tag(const struct yaml_node *node, const char *tag);

/* The value of a "!!int", or of a "!!float" cut down to an integer, as yaml.v3 reads into an int. false: neither. */
bool yaml_get_int(const struct yaml_node *node, int64_t *ret_value);

/* The same without a sign, up to 64 bits. */
bool yaml_get_uint(const struct yaml_node *node, uint64_t *ret_value);

/* The value of a "!!int" or "!!float". */
bool yaml_get_number(const struct yaml_node *node, double *ret_value);

/* true, yes, on, y and their opposites: yaml.v2 has all of YAML 1.1's words. */
bool yaml_get_bool(const struct yaml_node *node, bool *ret_value);

/* `cannot unmarshal !!str `abc` into int`, in the wording of yaml.v3; `into` is the type's name. */
void yaml_add_type_error(struct diags *diags, const struct yaml_node *node, const char *into);

const char *yaml_kind_name(enum yaml_kind kind);

#endif
