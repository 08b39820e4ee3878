/* What is known of an expression's result before there are any samples: whether it can be empty, which labels it can have, between
 * which bounds its values lie. What is said here is certain, or likely where it says so; what is not known is left open. */
#ifndef PQL_FACTS_H
#define PQL_FACTS_H

#include "promql-lite/ast.h"

#define PQL_FACTS_MAX_LABELS 200 /* of one node: of one with more, labels are not known */
/* Of all nodes of an expression together; beyond, labels are not known. */
#define PQL_FACTS_MAX_LABELS_OF_ALL 100000

enum pql_presence {
	PQL_NEVER = 1,   /* no result, whatever the samples are */
	PQL_SOMETIMES,   /* a condition decides, or nothing is known */
	PQL_WITH_SERIES, /* a result whenever the series that are selected have samples */
	PQL_ALWAYS,      /* a result whatever the samples are */
};

/* Whether the elements of a result have a label. */
enum pql_label_state {
	PQL_LABEL_NEVER,
	PQL_LABEL_MAYBE,
	PQL_LABEL_LIKELY, /* there is no proof, but somebody who wrote this relies on it */
	PQL_LABEL_ALWAYS,
};

struct pql_label_fact {
	struct str name;
	enum pql_label_state state;
	struct str value; /* ALWAYS: the only value that it has; empty: not known */
};

/* Where the float values lie, bounds included. */
struct pql_interval {
	double min, max;
	bool nan; /* may be NaN as well */
};

/* How the two sides of a binary operation miss each other. */
struct pql_clash {
	enum { PQL_CLASH_NONE, PQL_CLASH_LIKELY, PQL_CLASH_CERTAIN } certainty;
	struct str label; /* that one side has and the other has not, or has with another value */
	struct str left,
		right; /* its values, where both are known; empty: the side does not have it, or has any value */
	bool on_left; /* the left side has it */
};

struct pql_facts {
	enum pql_presence presence;
	enum pql_label_state others; /* of labels that are not listed: NEVER or MAYBE */
	const struct pql_label_fact
		*labels; /* sorted by name; never __name__, of which nothing is said */
	size_t label_count;
	struct pql_interval value;
	struct pql_clash clash; /* of a binary operation between vectors */
};

/* Where more is known of a series than its selector says. */
struct pql_facts_source {
	/* Names mean what they usually do: `up` is 0 or 1, what was scraped has job and instance. */
	bool conventions;
	/* The facts of a metric: what the rule that records it puts out. NULL: it is not known. May be NULL itself. */
	const struct pql_facts *(*find_metric)(struct str name, void *data);
	void *data;
};

/* One for each node, at its index. They live in `a` and borrow names from the tree. */
const struct pql_facts *pql_facts_make(const struct pql_expr *expr,
									   const struct pql_facts_source *source, struct arena *a);

/* Of any label; *ret_value, which may be NULL, as in struct pql_label_fact. */
enum pql_label_state pql_facts_label(const struct pql_facts *f, struct str name,
									 struct str *ret_value);

/* Facts of what has the one or the other: two rules that record the same name. */
struct pql_facts pql_facts_join(const struct pql_facts *f, const struct pql_facts *g,
								struct arena *a);
/* The same with a label set to a value, or with an empty one removed, as the labels of a rule do. `value_known` false: to any. */
struct pql_facts pql_facts_set_label(const struct pql_facts *f, struct str name, struct str value,
									 bool value_known, struct arena *a);

/* The node under `root` that took the label away, which the root never has. */
const struct pql_node *pql_facts_find_remover(const struct pql_facts *facts,
											  const struct pql_node *root, struct str label);

/* What a comparison can be, between values of two intervals. */
struct pql_comparison {
	bool never, always;
};
struct pql_comparison pql_interval_compare(struct pql_interval a, enum pql_op op,
										   struct pql_interval b);

#endif
