/* What the files that load rule files share. */
#ifndef RULES_GROUP_PRIVATE_H
#define RULES_GROUP_PRIVATE_H

#include "rules/group.h"
#include "rules/rule_walk.h"
#include "rules/template/template_memo.h"
#include "rules/yaml/yaml.h"

/* One file being loaded. */
struct loader {
	struct arena *arena;   /* of the rules */
	struct arena *passing; /* of a rule that is not kept; it stands for `arena` meanwhile */
	struct arena *lasting; /* of what outlives one rule */
	struct arena *scratch; /* of the YAML tree and all that is done with once the rules stand */
	struct diags *diags;
	const struct pql_syntax *syntax;
	struct str path, part; /* of the file; as rule_group.file */
	bool manifest;         /* the operator's own keys are known, and passed over */
	size_t bytes_before;   /* of `arena`, from files loaded earlier */
	size_t regex_bytes;    /* what regexes take, which stand in no arena */
	bool full;             /* RULE_FILE_MAX_MEMORY was passed and reported: no more is loaded */
	bool ignores_unknown;  /* fields that are not known are passed over */
	const struct rule_file_options *options; /* whose groups are taken; NULL on a walk */
	const struct rule_walk *walk; /* no rule is kept; NULL: those of groups that are taken are */
	struct template_memo templates;
	size_t rule_count;
};

/* A mapping's value of text to text: labels, annotations. */
struct text_pair {
	struct str name, value;
	const struct yaml_node *name_node, *value_node;
};

enum field_type {
	FIELD_TEXT,
	FIELD_DURATION,
	FIELD_INT,
	FIELD_NUMBER,
	FIELD_BOOL,
	FIELD_TEXTS,
	FIELD_LIST,
};

/* A key that a mapping may have. */
struct field {
	const char *key;
	enum field_type type;
	const char *into; /* FIELD_LIST: yaml.v3's name of the type, for the error */
};

/* What stands at the key. Null and missing are the same. */
struct field_value {
	const struct yaml_node *node; /* NULL: nothing, or something of a wrong type */
	bool bad;         /* of a wrong type: reported, and no reason for further complaints */
	struct span span; /* of the value; of the mapping when there is none */
	struct str text;
	int64_t number; /* FIELD_INT; FIELD_DURATION in ms */
	double real;    /* FIELD_NUMBER */
	bool flag;      /* FIELD_BOOL */
	const struct text_pair *texts;
	size_t text_count;
};

/* Reads a mapping strictly: unknown keys and wrong types are errors. `ret_values` is as long as `fields`. false: `node` is no
 * mapping, and that was reported. */
/* Nothing but the place; as after a null. */
void fields_init(struct field_value *values, size_t count, struct span span);
bool fields_load(struct loader *l, const struct yaml_node *node, const char *type_name,
				 const struct field *fields, size_t count, struct field_value *ret_values);

/* The group's own labels, checked, as the rules get them. */
struct group_context {
	struct str name;
	const struct text_pair *labels;
	size_t label_count;
};

/* *ret_rule is written on success only, and so are the nodes of *ret_view, which may be NULL. `number` counts from 1. */
bool rule_load(struct loader *l, const struct group_context *group, size_t number,
			   const struct yaml_node *node, struct rule *ret_rule, struct rule_view *ret_view);
void rule_finish(const struct rule *r);

/* An error of the rule: `group "g", rule 1, "name": …`, as Prometheus wraps it. */
struct rule_error {
	struct loader *loader;
	const struct group_context *group;
	size_t number;
	struct str rule_name;
};
void rule_error_add(const struct rule_error *e, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Labels or annotations of a rule, sorted by name; errors are reported. `templates` is the name of the alert whose templates
 * these are, or empty when the texts stand for themselves. */
enum rule_text_what { RULE_TEXT_LABELS, RULE_TEXT_ANNOTATIONS };
const struct rule_text *rule_texts_load(const struct rule_error *e, enum rule_text_what what,
										const struct field_value *field, bool templates,
										size_t *ret_count);
void rule_texts_finish(const struct rule_text *texts, size_t count);

/* Warns of names that the older Alertmanagers do not take; `what` is "label" or "annotation". */
void rule_text_name_warn(struct loader *l, const char *what, const struct text_pair *pair);

/* Reports a name that is too long, and then the messages have the start of it only. */
struct str rule_name_check(struct loader *l, struct str name, struct span span);

/* Not *ret_kept: the rules were judged only, and the group has none. */
bool group_load(struct loader *l, const struct yaml_node *node, struct rule_group *ret_group,
				bool *ret_kept);
void group_finish(const struct rule_group *g);

#endif
