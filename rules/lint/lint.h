/* Lints: what is wrong, or probably not meant, in rules that load. A table of them (lints.def), and what runs them over files. */
#ifndef RULES_LINT_H
#define RULES_LINT_H

#include "base/diag.h"
#include "rules/rule_walk.h"

enum lint_id {
#define RULE_LINT(id, name, severity, pint, function, summary) LINT_##id,
#define NODE_LINT(id, name, severity, pint, kinds, function, summary) LINT_##id,
#define FILE_LINT(id, name, severity, pint, summary) LINT_##id,
#define SERVER_LINT(id, name, severity, pint, summary) LINT_##id,
#include "rules/lint/lints.def"
#undef RULE_LINT
#undef NODE_LINT
#undef FILE_LINT
#undef SERVER_LINT
	LINT_COUNT
};

struct lint {
	const char *name;
	enum diag_severity severity;
	const char *pint;    /* its name in the comments of pint; NULL: none */
	const char *summary; /* one line, no full stop */
	bool needs_server;
};

const struct lint *lint_get(enum lint_id id);
/* LINT_COUNT when there is none of this name. */
enum lint_id lint_find(struct str name);

/* One bit a lint. */
struct lint_set {
	uint64_t bits;
};
static inline bool lint_set_has(struct lint_set s, enum lint_id id) {
	return ((s.bits >> id) & 1) != 0;
}
/* A name, or "all". false: there is no such lint. */
bool lint_set_switch(struct lint_set *s, struct str name, bool on);

/* What an alert must have: label:severity, annotation:summary, label:severity=critical|warning. */
struct lint_requirement {
	bool annotation; /* else a label */
	struct str name;
	struct regex
		*value; /* of the whole value, which may be a template; NULL: any that is not empty */
	struct str pattern; /* of the regex, for messages */
};
/* false: *ret_error, in the arena. */
bool lint_requirement_parse(struct str text, struct arena *a, struct lint_requirement *ret,
							const char **ret_error);
void lint_requirement_finish(struct lint_requirement *r);

struct lint_options {
	struct lint_set enabled;
	bool ignore_unknown;    /* keys, as in struct rule_walk */
	dur_ms scrape_interval; /* 0: not known */
	const struct lint_requirement *required;
	size_t required_count;
};
/* All lints. */
void lint_options_init(struct lint_options *o);

/* Holds what is known of recorded series over all files of a run. Borrows the options. */
struct linter;
struct linter *linter_create(const struct lint_options *options);
void linter_destroy(struct linter *l); /* accepts NULL */

/* A file that was read by yaml_parse. */
struct lint_file {
	struct str text;
	const struct yaml_document *documents;
	size_t count;
	const struct diags *yaml_diags; /* what yaml_parse said */
};

/* Remembers what the recording rules of a file put out. To be called for every file before the first is checked. */
void linter_add_recordings(struct linter *l, const struct lint_file *file);

/* Whether one of those files records a series of this name. */
bool linter_records(const struct linter *l, struct str name);

/* Loads the rules, as rule_documents_walk does, and runs the lints over those that are good. Findings have the lint's name as
 * code. `visit`, when not NULL, sees each rule as well, with the lints that are on for it. false: there were errors that keep
 * the file from loading. */
typedef void lint_visit(const struct rule_view *view, struct lint_set active, void *data);
bool linter_check(struct linter *l, const struct lint_file *file, lint_visit *visit, void *data,
				  struct diags *diags, struct rule_counts *ret_counts);

#endif
