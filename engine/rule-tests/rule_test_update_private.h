/* What the files that write expectations share. */
#ifndef ENGINE_RULE_TEST_UPDATE_PRIVATE_H
#define ENGINE_RULE_TEST_UPDATE_PRIVATE_H

#include "engine/rule-tests/rule_test_update.h"

/* Levels of what is inserted, from the outside. */
enum { UPDATE_CASE = 1, UPDATE_LIST, UPDATE_ITEM, UPDATE_TEXTS };

const struct yaml_pair *update_find(const struct yaml_node *mapping, const char *key);

/* The list of a case, under its key: some entries go, some change, others come. */
struct update_list {
	const struct yaml_node *node; /* the case */
	const char *key;
	const struct rule_test_look *look;
	size_t got_count;
	bool *removed; /* per entry there is */
	size_t *added; /* of those got */
	size_t added_count;
	/* One that was got, as an item: without its dash; its lines after the first begin at that column. Flow: on one line. */
	void (*print)(struct strbuf *out, const struct update_list *list, size_t got, bool flow,
				  size_t column, const char *newline);
	/* Those that stay, but differ. false: not that way. */
	bool (*edit_items)(struct rule_test_update *u, const struct update_list *list,
					   const struct yaml_node *items);
	const struct rule_test_check *check;
};

bool update_list_write(struct rule_test_update *u, const struct update_list *list);

/* rule_test_update_print.c */
void update_look(struct rule_test_update *u, const struct test_file *file);
void update_print_alert(struct strbuf *out, const struct update_list *list, size_t got, bool flow,
						size_t column, const char *newline);
void update_print_sample(struct strbuf *out, const struct update_list *list, size_t got, bool flow,
						 size_t column, const char *newline);
/* `{a: b}`, or lines at the column, each after a line break. `but` is left out. */
void update_print_texts(struct strbuf *out, struct labels texts, struct str but,
						const struct rule_test_look *look, bool flow, size_t column,
						const char *newline);
void update_print_number(struct strbuf *out, double v);
void update_print_windows(struct strbuf *out, const struct rule_test_check *check, bool nested);

/* rule_test_update_item.c */
bool update_edit_alerts(struct rule_test_update *u, const struct update_list *list,
						const struct yaml_node *items);
/* A scalar that is ready as it stands (a number, a time), or a text. */
bool update_set_raw(struct rule_test_update *u, const struct yaml_node *mapping,
					const struct yaml_pair *pair, struct str value);
bool update_set_text(struct rule_test_update *u, const struct yaml_node *mapping,
					 const struct yaml_pair *pair, struct str value);

/* rule_test_update_samples.c: NULL, or why it stays. */
const char *update_samples(struct rule_test_update *u, const struct rule_test_check *check);

#endif
