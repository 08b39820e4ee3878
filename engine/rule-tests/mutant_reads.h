/* Who reads what of whom, rule by rule: which rules a change of one can reach, and what those read in turn. */
#ifndef ENGINE_MUTANT_READS_H
#define ENGINE_MUTANT_READS_H

#include "engine/rule_set.h"
#include "rules/test_file.h"

struct mutant_reads;

/* Lives in `a`; borrows from the set. */
struct mutant_reads *mutant_reads_make(const struct rule_set *set, struct arena *a);

/* Rules are numbered over all groups of the set, in order. */
size_t mutant_reads_number(const struct mutant_reads *r, size_t group, size_t rule);
size_t mutant_reads_count(const struct mutant_reads *r);
/* The number of a rule of the set. */
size_t mutant_reads_find(const struct mutant_reads *r, const struct rule *rule);
bool mutant_reads_is_alert(const struct mutant_reads *r, size_t number);

/* One entry per rule, but for the two that say so. */
struct mutant_reach {
	bool *changed; /* the rule itself, and those that its output reaches */
	bool *needed;  /* those, all that write the same, and all that they read from */
	bool *touched; /* per output: a rule that is changed writes it */
	bool *asked;   /* per output: all that write it are needed */
	bool all;      /* something reads without saying what: all rules are needed */
	size_t *stack; /* in work */
	size_t depth;
};

void mutant_reach_init(struct mutant_reach *reach, const struct mutant_reads *r, size_t rule,
					   struct arena *a);
/* Whether an expression outside of the rules reads what is changed. Then what it reads is needed, too. */
bool mutant_reach_expr(struct mutant_reach *reach, const struct mutant_reads *r,
					   const struct pql_expr *expr);
/* Whether an alert of this name is changed. */
bool mutant_reach_alert(const struct mutant_reach *reach, const struct mutant_reads *r,
						struct str name);
/* Marks what is needed, once all expressions are known. */
void mutant_reach_finish(struct mutant_reach *reach, const struct mutant_reads *r);

#endif
