/* The rules of a file one after the other, each with its place in the YAML tree, for whoever judges them: none is kept. */
#ifndef RULES_RULE_WALK_H
#define RULES_RULE_WALK_H

#include "rules/group.h"
#include "rules/yaml/yaml.h"

/* One rule on its way, gone when the visit is over. Nodes are those of values. */
struct rule_view {
	const struct rule *rule;                   /* good in all its parts; without `query` */
	const struct rule_group *group;            /* without its rules */
	size_t number;                             /* in the group, from 1 */
	const struct yaml_node *node, *group_node; /* the mappings */
	const struct yaml_node *name, *expr;
	const struct yaml_node *hold, *labels, *annotations, *group_labels; /* NULL: not there */
};

struct rule_walk {
	const struct pql_syntax *syntax;
	bool recording_only; /* alerts are passed over, unread */
	bool ignore_unknown; /* keys that Prometheus does not know are no errors */
	void (*visit)(const struct rule_view *view, void *data);
	void *data;
};

struct rule_counts {
	size_t groups, rules;
};

/* Judges a text that yaml_parse has read, with the messages that it left, and visits every rule that is good by itself. The same
 * messages as of rule_file_load go to `diags`, sorted. false: there were errors. Of the tree, nothing is changed. */
bool rule_documents_walk(const struct yaml_document *documents, size_t count,
						 const struct diags *yaml_diags, const struct rule_walk *walk,
						 struct diags *diags, struct rule_counts *ret_counts);

#endif
