/* What the files that make mutants share. */
#ifndef ENGINE_MUTANT_PRIVATE_H
#define ENGINE_MUTANT_PRIVATE_H

#include "engine/rule-tests/mutant.h"
#include "promql-lite/facts.h"
#include "promql-lite/token.h"

/* The node under way, and what it stands in. */
struct mutant_context {
	const struct pql_node *node;
	const struct mutant_context *outer; /* NULL: it is the root */
};

struct mutant_maker {
	const struct rule *rule;
	struct arena *arena;
	struct arena *scratch; /* of what is done with when all mutants are made */
	struct mutants *mutants;
	const struct pql_facts *facts;
	const struct pql_token *tokens; /* of the expression */
	size_t token_count;
	struct str *seen; /* canonical texts, so that none is made twice */
	size_t seen_count, seen_capacity;
	size_t parsed_bytes; /* so far */
};

/* Adds the change of a piece of the expression, when it is one: it parses, and its canonical text is new. */
void mutant_add(struct mutant_maker *m, enum mutant_operator op, struct span span,
				struct str replacement);
/* The same; people are shown more than what is replaced. */
void mutant_add_shown(struct mutant_maker *m, enum mutant_operator op, struct span span,
					  struct str replacement, struct span shown);
/* One that is known to make no difference. */
void mutant_add_equivalent(struct mutant_maker *m, enum mutant_operator op, struct span span,
						   struct str replacement);

/* The first token at or after the place. */
size_t mutant_token_at(const struct mutant_maker *m, size_t offset);
struct str mutant_text(const struct mutant_maker *m, struct span span);

/* ---- mutant_number.c ---- */

/* A number, and those a step away from it. 0, 1 or 2 of them. */
size_t mutant_steps(double v, double ret_steps[2]);
/* As it is written in an expression. */
struct str mutant_number_text(struct arena *a, double v, bool is_duration);

/* The value of an expression of numbers alone; `instead` stands for `changed`, which may be NULL. false: it has none. */
bool mutant_constant(const struct pql_node *node, const struct pql_node *changed, double instead,
					 double *ret_value);
/* The number that carries the value of a constant: 7 of 7 * 24 * 3600. NULL: it is no constant. */
const struct pql_node *mutant_leading_number(const struct pql_node *node);

/* Those that a function or an aggregation is given. */
void mutant_number_arguments(struct mutant_maker *m, const struct pql_node *node);

/* ---- mutant_range.c: what values an expression can have ---- */

struct mutant_range {
	double min, max; /* both included */
	bool nan;        /* may be NaN */
	bool whole;      /* none has a fraction */
};

/* Of a rule's expression. */
const struct pql_facts *mutant_facts(const struct pql_expr *expr, struct arena *a);
struct mutant_range mutant_range_of(const struct mutant_maker *m, const struct pql_node *node);
/* Whether the expression has one element at most, and that is a number. */
bool mutant_is_single(const struct pql_node *node);

/* Whether two comparisons with numbers let the same values of the range through. */
bool mutant_same_condition(struct mutant_range range, enum pql_op op, double bound,
						   enum pql_op other_op, double other_bound);

/* ---- mutant_comparison.c ---- */

void mutant_comparison(struct mutant_maker *m, const struct pql_node *node);

/* ---- mutant_selector.c ---- */

void mutant_selector(struct mutant_maker *m, const struct pql_node *node);

/* ---- mutant_call.c ---- */

void mutant_call(struct mutant_maker *m, const struct mutant_context *c);
void mutant_aggregate(struct mutant_maker *m, const struct pql_node *node);
/* The labels in the parentheses behind a word (by, on …), which is at or after the place. */
void mutant_labels(struct mutant_maker *m, enum mutant_operator op, enum pql_token_kind word,
				   size_t offset, size_t end);

#endif
