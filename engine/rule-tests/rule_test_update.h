/* What was got, written into the test file as what is expected. Only the lists of the checks that failed change, and in them
 * only what is different; the rest of the text stays as it is. */
#ifndef ENGINE_RULE_TEST_UPDATE_H
#define ENGINE_RULE_TEST_UPDATE_H

#include "engine/rule-tests/rule_test.h"
#include "rules/yaml/yaml_edit.h"

/* One list that is to change, or that cannot. In the arena. */
struct rule_test_note {
	struct span span;    /* of the case */
	const char *what;    /* "exp_alerts of InstanceDown at 5m" */
	const char *refused; /* why it stays; NULL: it changes */
};

/* How the file writes things, for what is new in it: as the first list of its kind does. */
struct rule_test_look {
	bool found;
	bool list_flow, item_flow;
	size_t list_offset;          /* of a block list: how far right of its key */
	size_t item_offset;          /* of its items, right of their dash */
	bool texts_flow;             /* exp_labels: {…} */
	char name_quote, text_quote; /* of labels and annotations, or of a sample's labels; 0: none */
};

struct rule_test_update {
	struct yaml_edit edit;
	struct arena *arena;
	struct rule_test_look alerts, samples;
	struct rule_test_note *notes;
	size_t note_count, note_capacity;
	size_t refused; /* of the notes */
};

/* `file` was read from `text`; both must stay. */
void rule_test_update_init(struct rule_test_update *u, struct str text,
						   const struct test_file *file, struct arena *a);

/* The failed checks of a run, in which no rule failed. */
void rule_test_update_add(struct rule_test_update *u, const struct rule_test_report *report);

#endif
