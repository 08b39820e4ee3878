/* What the files that load rule-test files share. */
#ifndef RULES_TEST_FILE_PRIVATE_H
#define RULES_TEST_FILE_PRIVATE_H

#include "rules/group_private.h"
#include "rules/test_file.h"

/* The file being loaded. `loader.diags` is the file's. */
struct test_loader {
	struct loader loader;
	const struct test_file_options *options;
	struct test_group *group; /* under way */
	struct regex **regexes;   /* all of them, to be destroyed */
	size_t regex_count, regex_capacity;
};

/* An error of the group under way. */
void test_error_add(struct test_loader *l, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Like fields_load; null stands for an item without fields. `own` of the fields, at the end, are beyond promtool. */
bool test_fields_load(struct test_loader *l, const struct yaml_node *node, const char *type_name,
					  const struct field *fields, size_t count, size_t own,
					  struct field_value *ret_values);

struct test_text test_text_of(const struct field_value *v);
/* All pairs as a set, empty texts kept. */
struct labels test_labels_of(struct test_loader *l, const struct field_value *v);

void test_series_load(struct test_loader *l, const struct yaml_node *list);
void test_alerts_load(struct test_loader *l, const struct yaml_node *list);
void test_exprs_load(struct test_loader *l, const struct yaml_node *list);

#endif
