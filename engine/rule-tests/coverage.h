/* Which rules, and which sides of their expressions, rule tests have reached. Results of all tests are joined per rule file. */
#ifndef ENGINE_COVERAGE_H
#define ENGINE_COVERAGE_H

#include "base/hmap.h"
#include "engine/rule_set.h"

/* Points of all rule files together; 10,000 rules of the usual size have 60,000. */
#define COVERAGE_MAX_POINTS 1000000u
/* Times at which one place in a subquery is looked at, per test group. */
#define COVERAGE_MAX_STEPS 1000000u

/* What can be reached. Those of a place in an expression come in pairs: its two sides. */
enum coverage_kind {
	COVERAGE_TESTED, /* a test names the alert, or reads what the rule records, be it through other rules */
	COVERAGE_PENDING,  /* an alert waits for its `for` */
	COVERAGE_FIRED,    /* an alert fires; with a `for`: it was over */
	COVERAGE_DROPPED,  /* a pending alert went away before its `for` was over */
	COVERAGE_RESOLVED, /* a firing alert ended */
	COVERAGE_KEPT,     /* an alert went on firing because of keep_firing_for */
	COVERAGE_RECORDED, /* a recording rule gave something */
	COVERAGE_PASSED,   /* a value for which a comparison holds */
	COVERAGE_HELD,     /* one for which it does not */
	COVERAGE_LEFT,     /* the left side of `or` gave something */
	COVERAGE_ADDED,    /* its right side added something */
	COVERAGE_STAYED,   /* `and`, `unless`: something of the left side stayed */
	COVERAGE_CUT,      /* and something was left out */
	COVERAGE_ABSENT,   /* absent(), absent_over_time(): gave something */
	COVERAGE_PRESENT,  /* and gave nothing */
	COVERAGE_KINDS,
};
/* "tested", … as the JSON document has them. */
extern const char *const coverage_kind_name[COVERAGE_KINDS];

struct coverage_point {
	enum coverage_kind kind;
	bool reached;
	struct span span; /* in the file */
};

struct coverage_count {
	size_t points, reached;
};

struct coverage_rule {
	enum rule_kind kind;
	struct str name, group;
	struct span span, name_span;   /* in the file */
	struct coverage_point *points; /* of the rule, then of its expression, outer places first */
	size_t point_count;
};

struct coverage_file {
	struct str path, text;
	struct coverage_rule *rules;
	size_t rule_count;
};

/* Owns all that it shows. */
struct coverage {
	struct arena arena;
	struct coverage_file **files; /* in the order in which they came */
	size_t file_count, file_capacity;
	struct hmap by_path; /* of struct coverage_file */
	size_t points;
	size_t rules_left_out; /* past COVERAGE_MAX_POINTS */
};

struct coverage *coverage_create(void);
void coverage_destroy(struct coverage *c); /* accepts NULL */

struct coverage_count coverage_count_rule(const struct coverage_rule *rule);
struct coverage_count coverage_count_file(const struct coverage_file *file);
struct coverage_count coverage_count(const struct coverage *c);

/* The rule files of one test file, while its tests run; by itself the rules count as not reached. */
struct coverage_set;

/* `paths` has one for each file of the set: files of the same path and text are one. The set is held. */
struct coverage_set *coverage_open(struct coverage *c, struct rule_set *set,
								   const struct str *paths);
/* Rules that tested rules read are tested, too. Accepts NULL. */
void coverage_close(struct coverage_set *s);

#endif
