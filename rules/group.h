/* A rule file as loaded: groups of alerting and recording rules. Immutable; lives in the rule set's arena. */
#ifndef RULES_GROUP_H
#define RULES_GROUP_H

#include "base/diag.h"
#include "base/timestamp.h"
#include "promql-lite/parser.h"
#include "rules/template/template.h"

#define RULE_MAX_NAME_BYTES 4096 /* of a group or rule: messages and templates repeat it */
/* What the loading of one file may take: trees, templates, labels. 10,000 rules of the usual size take 120 MiB. A small file
 * can make much of it, with labels of a group for instance, which each of its rules has. */
#define RULE_FILE_MAX_MEMORY (512u << 20)

enum rule_kind { RULE_ALERTING, RULE_RECORDING };

/* A label or annotation whose value is a template. */
struct rule_text {
	struct str name, source;
	const struct template
		*template; /* NULL: source has no action in it and is the text (recording rules: always) */
};

struct rule {
	enum rule_kind kind;
	struct str name;        /* of the alert or of the recorded series */
	struct str expr_source; /* as written */
	const struct pql_expr *expr;
	struct str query; /* canonical text of expr */
	dur_ms hold;      /* for */
	dur_ms keep_firing_for;
	const struct rule_text
		*labels; /* sorted by name; the group's labels are merged in, the rule's win */
	size_t label_count;
	const struct rule_text *annotations; /* sorted by name */
	size_t annotation_count;
	struct span span, name_span, expr_span; /* in the file */
};

struct rule_group {
	struct str name;
	struct str
		file; /* with the group's name it says which group this is: `path`, or a part of it, "PATH#NAMESPACE/NAME" */
	struct str path;     /* of the file that the group stands in */
	dur_ms interval;     /* 0: the default */
	dur_ms query_offset; /* TS_NONE: the default */
	int64_t limit;       /* 0: none */
	const struct rule *rules;
	size_t rule_count;
	struct span span;
};

/* Which group, of all files. */
struct rule_group_key {
	struct str file, name; /* as in rule_group */
};

struct rule_file {
	struct str path;
	const struct rule_group *groups;
	size_t group_count;
	const struct rule_group_key *others; /* judged and not taken: there is nothing more of them */
	size_t other_count;
};

/* Judges the whole text and collects every error. false when there was one (ret_file is then not written). `path` is copied. */
bool rule_file_load(struct str path, struct str text, const struct pql_syntax *syntax,
					struct arena *a, struct diags *diags, struct rule_file *ret_file);

struct rule_file_options {
	bool ignores_unknown; /* fields that are not known are passed over */
	/* Whether the rules of a group are wanted; judged are all. NULL: they are. */
	bool (*takes)(struct str file, struct str name, const void *data);
	const void *data; /* for `takes` */
};

bool rule_file_load_with(struct str path, struct str text, const struct pql_syntax *syntax,
						 const struct rule_file_options *options, struct arena *a,
						 struct diags *diags, struct rule_file *ret_file);

/* Regexes and templates that the arena cannot free. */
void rule_file_finish(struct rule_file *f); /* accepts NULL */

#endif
