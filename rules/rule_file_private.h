/* What rule_file.c and manifest.c share. */
#ifndef RULES_RULE_FILE_PRIVATE_H
#define RULES_RULE_FILE_PRIVATE_H

#include "base/hmap.h"
#include "rules/group_private.h"
#include "rules/manifest.h"

struct file_loader {
	struct loader loader;
	struct rule_group *groups;
	size_t count, capacity;
	struct rule_group_key *others; /* not kept */
	size_t other_count, other_capacity;
	struct hmap names; /* of the groups that must differ from each other, by name */
};

/* `root` is a mapping with `groups`, and nothing else. NULL: there is none. */
void file_load_groups(struct file_loader *f, const struct yaml_node *root);

/* The groups of every PrometheusRule in it. What else a manifest holds is passed over. */
void manifest_load(struct file_loader *f, const struct yaml_document *documents, size_t count);

#endif
