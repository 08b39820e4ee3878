/* What the lints share. Each family has a file; a lint is a function that looks at a rule, or at a node of its expression, and
 * reports. */
#ifndef RULES_LINT_PRIVATE_H
#define RULES_LINT_PRIVATE_H

#include "base/hmap.h"
#include "promql-lite/facts.h"
#include "rules/lint/lint.h"

struct linter {
	const struct lint_options *options;
	struct arena arena;     /* what lives as long as the run */
	struct hmap recordings; /* struct recording, by name */
	struct arena scratch;   /* of one rule */
	struct pql_facts_source source;
	/* What is to look at a node of a kind: a bit for each lint, in the order of the table. Of the check that runs. */
	uint32_t node_lints[PQL_DURATION + 1];
};

/* A series that rules record. */
struct recording {
	struct str name;
	struct pql_facts facts;
	bool sums_counters;        /* one of its rules adds up counters as they are */
	bool reads_single_samples; /* one of its rules does */
};
const struct recording *linter_find_recording(const struct linter *l, struct str name);
/* Whether one odd sample decides over a result: there is a selector outside of all ranges, and its series is none that a rule has
 * made from a range. */
bool linter_reads_single_samples(const struct linter *l, const struct pql_node *root);

/* A stretch of the file in which lints are switched off. */
struct lint_silence {
	struct span span;
	struct lint_set lints;
};
struct lint_silences {
	const struct lint_silence *items;
	size_t count;
};

struct lint_run {
	struct linter *linter;
	const struct lint_file *file;
	struct lint_silences silences;
	struct diags *diags;
	struct arena arena; /* of the file */
	struct hmap rules;  /* seen before, for duplicate-rules */
	lint_visit *visit;
	void *visit_data;
};

/* One rule on its way past the lints. */
struct lint_rule {
	struct lint_run *run;
	const struct lint_options *options;
	const struct rule_view *view;
	const struct rule *rule;
	const struct pql_expr *expr;
	const struct pql_facts *facts; /* of each node */
	struct lint_set silenced;      /* by comments */
	struct arena *scratch;         /* until the next rule */
};

static inline const struct pql_facts *lint_facts(const struct lint_rule *r,
												 const struct pql_node *n) {
	return &r->facts[n->index];
}

#define RULE_LINT(id, name, severity, pint, function, summary) void function(struct lint_rule *r);
#define NODE_LINT(id, name, severity, pint, kinds, function, summary)                              \
	void function(struct lint_rule *r, const struct pql_node *n);
#define FILE_LINT(id, name, severity, pint, summary)
#define SERVER_LINT(id, name, severity, pint, summary)
#include "rules/lint/lints.def"
#undef RULE_LINT
#undef NODE_LINT
#undef FILE_LINT
#undef SERVER_LINT

void lint_duplicate_rules(struct lint_rule *r);
/* Whether an expression is a sum of counters as they are. */
bool lint_sums_counters(const struct pql_node *root);

/* ---- reporting: nothing happens where the lint is switched off ---- */

/* NULL: it is switched off, or too many were reported. */
struct diag *lint_report(struct lint_rule *r, enum lint_id id, struct span span, const char *format,
						 ...) __attribute__((format(printf, 4, 5)));
struct diag *lint_report_node(struct lint_rule *r, enum lint_id id, const struct pql_node *n,
							  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A stretch of the expression. */
struct diag *lint_report_expr(struct lint_rule *r, enum lint_id id, struct span span,
							  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* `d` may be NULL. */
void lint_help(struct diag *d, struct lint_rule *r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What would mend it, in place of a stretch of the expression. */
void lint_fix_expr(struct diag *d, struct lint_rule *r, struct span span, struct str text);

/* ---- looking at trees ---- */

/* Without the parentheses around it. */
const struct pql_node *lint_peel(const struct pql_node *n);
/* As the author wrote it, on one line, cut when it is long. */
const char *lint_text(const struct lint_rule *r, const struct pql_node *n);
bool lint_is_call(const struct pql_node *n, const char *function);
/* Of a selector: the name, also when it stands in the braces; empty when there is none. */
struct str lint_metric_name(const struct pql_node *selector);
/* Where matcher number `i` stands in the expression; the whole selector where that cannot be told. */
struct span lint_matcher_span(const struct lint_rule *r, const struct pql_node *selector, size_t i);
/* The first selector under a node for which `wanted` holds; NULL: none. */
typedef bool lint_wanted(const struct pql_node *selector);
const struct pql_node *lint_find_selector(const struct pql_node *n, lint_wanted *wanted);
/* A number that does not depend on any data. */
bool lint_constant(const struct lint_rule *r, const struct pql_node *n, double *ret_value);
/* As people write it. */
const char *lint_number(const struct lint_rule *r, double v);

/* ---- names ---- */

enum metric_kind { METRIC_UNKNOWN, METRIC_COUNTER, METRIC_GAUGE };
/* What a name says by convention; names with a colon say nothing. */
enum metric_kind metric_kind_of(struct str name);
/* Facts of metrics of model servers whose range is known. NULL: none. */
const struct pql_facts *metric_find_facts(struct str name);

enum unit { UNIT_NONE, UNIT_SECONDS, UNIT_MILLISECONDS, UNIT_MICROSECONDS, UNIT_BYTES };
enum unit metric_unit(struct str name);
extern const char *const unit_names[];

/* ---- comments ---- */

/* Unknown names of lints are reported to `diags`. */
struct lint_silences lint_read_comments(const struct lint_file *file, struct lint_set enabled,
										struct arena *a, struct diags *diags);
struct lint_set lint_silenced_at(const struct lint_silences *s, size_t offset);

#endif
