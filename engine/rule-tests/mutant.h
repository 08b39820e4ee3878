/* Small changes of a rule, one at a time, each of which a good test notices: mutation testing. A mutant is a piece of the
 * rule's text and what stands there instead. Source: R. A. DeMillo, R. J. Lipton, F. G. Sayward, "Hints on Test Data
 * Selection", Computer 11(4), 1978. */
#ifndef ENGINE_MUTANT_H
#define ENGINE_MUTANT_H

#include "rules/group.h"

#define MUTANTS_MAX_OF_RULE 1000u /* an expression of a megabyte has a hundred thousand */
/* Each candidate is parsed as a whole: so many bytes of text for one rule, a second or two. */
#define MUTANTS_MAX_PARSED_BYTES (64u << 20)

enum mutant_operator {
#define MUTANT(name, word, what) MUTANT_##name,
#include "engine/rule-tests/mutants.def"
#undef MUTANT
	MUTANT_OPERATORS
};

extern const char *const mutant_operator_word[MUTANT_OPERATORS]; /* "threshold" … */

struct mutant {
	enum mutant_operator op;
	/* Of an expression: the place in its text, and what stands there instead. */
	struct span span;
	struct str replacement;
	dur_ms duration;          /* of FOR and KEEP_FIRING_FOR: instead of what is there */
	struct span shown;        /* around `span`, for people: the operator with its operand */
	struct str before, after; /* what they read; after may be empty: nothing is left */
};

/* Of one rule. */
struct mutants {
	struct mutant *items;
	size_t count, capacity;
	/* Left out, without what is shown of them: no data can tell them from the rule. */
	struct mutant *equivalents;
	size_t equivalent_count, equivalent_capacity;
	size_t dropped; /* left out: there are too many */
};

/* In the order of the text, in `a`. `intervals` are those at which the rule is evaluated: a wait is rounded up to a multiple of
 * them. None: nothing is known. */
void mutants_make(const struct rule *rule, const dur_ms *intervals, size_t interval_count,
				  struct arena *a, struct mutants *ret_mutants);

/* The rule with the change. It borrows from the rule, and lives in `a`; mutant_rule_finish must come before the arena goes.
 * false: it is no rule that could be loaded. */
bool mutant_apply(const struct rule *rule, const struct mutant *m, struct arena *a,
				  struct rule *ret_rule);
void mutant_rule_finish(const struct rule *mutated, const struct rule *original);

#endif
