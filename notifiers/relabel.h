/* Relabelling: rules that change, add and remove labels, or drop what has them, as Prometheus' relabel_config has them. */
#ifndef NOTIFIERS_RELABEL_H
#define NOTIFIERS_RELABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/labels.h"

/* What rules may make of one label set, and of the values that they join: with 20 rules that double a label it would be the whole
 * memory. A rule that would pass one of these is passed over. */
#define RELABEL_MAX_BYTES (1u << 20)
#define RELABEL_MAX_LABELS 1000u

enum relabel_action {
	RELABEL_REPLACE,
	RELABEL_KEEP,
	RELABEL_DROP,
	RELABEL_KEEPEQUAL,
	RELABEL_DROPEQUAL,
	RELABEL_HASHMOD,
	RELABEL_LABELMAP,
	RELABEL_LABELDROP,
	RELABEL_LABELKEEP,
	RELABEL_LOWERCASE,
	RELABEL_UPPERCASE,
	RELABEL_ACTIONS,
};
extern const char *const relabel_action_name[RELABEL_ACTIONS];

/* In the order of the documentation. */
enum relabel_field {
	RELABEL_SOURCE_LABELS,
	RELABEL_SEPARATOR,
	RELABEL_TARGET_LABEL,
	RELABEL_REGEX,
	RELABEL_MODULUS,
	RELABEL_REPLACEMENT,
	RELABEL_ACTION,
	RELABEL_FIELDS,
};
extern const char *const relabel_field_name[RELABEL_FIELDS];

/* One rule as it was written. Borrowed texts. */
struct relabel_rule {
	enum relabel_action action;
	const struct str *source_labels;
	size_t source_label_count;
	struct str separator, target_label, regex, replacement;
	uint64_t modulus;
	/* Some actions refuse these even where they say what is the default. */
	bool source_labels_given, regex_given;
};

struct relabel_rules {
	const struct relabel_rule *items; /* borrowed */
	size_t count;
};

/* What Prometheus takes for the fields that are not there. */
extern const struct relabel_rule relabel_default_rule;

/* Upper and lower case mean the same. */
bool relabel_find_action(struct str name, enum relabel_action *ret_action);

/* Whether the fields go together; the regex is good already. false: *ret_error in Prometheus' words, in the arena, and the field
 * that it is about. */
bool relabel_check(const struct relabel_rule *rule, struct arena *a, const char **ret_error,
				   enum relabel_field *ret_field);

/* Deep copy into the arena. */
struct relabel_rules relabel_rules_dup(struct arena *a, struct relabel_rules rules);
bool relabel_rules_equal(struct relabel_rules a, struct relabel_rules b);

/* Rules made ready, with their regular expressions compiled. */
struct relabel;

/* The rules are borrowed, and were found good. */
struct relabel *relabel_create(struct relabel_rules rules);
void relabel_destroy(struct relabel *r); /* accepts NULL */

/* What the rules make of `labels` and of those of `added` that `labels` does not have: behind the others in the order in which
 * labelmap goes through them. false: dropped, and *ret_labels is not written. Arrays and new texts live in the arena, the others
 * are the labels' and the rules' own. */
bool relabel_apply(struct relabel *r, struct labels labels, struct labels added, struct arena *a,
				   struct labels *ret_labels);

/* Why a rule was passed over, of the first time it happened; NULL: none was. Owned by r. */
const char *relabel_trouble(const struct relabel *r);

#endif
