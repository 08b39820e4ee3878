/* What the files that find facts share. */
#ifndef PQL_FACTS_PRIVATE_H
#define PQL_FACTS_PRIVATE_H

#include <math.h>

#include "promql-lite/facts.h"

struct facts_run {
	const struct pql_facts_source *source;
	struct arena *arena;
	struct pql_facts *all;
	size_t label_count; /* over all nodes */
};

/* Of a child, which was seen before its parent. */
static inline const struct pql_facts *facts_of(const struct facts_run *run,
											   const struct pql_node *node) {
	return &run->all[node->index];
}

/* ---- by kind of node: writes all of *ret ---- */

void facts_of_selector(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret);
void facts_of_aggregate(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret);
void facts_of_call(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret);
void facts_of_binary(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret);

/* ---- labels ---- */

/* A list under construction. */
struct label_list {
	struct facts_run *run;
	struct pql_label_fact *items;
	size_t count, capacity;
	bool overflow; /* too many: labels are not known */
};

void label_list_init(struct label_list *l, struct facts_run *run);
/* What is there under the name is replaced. */
void label_list_set(struct label_list *l, struct str name, enum pql_label_state state,
					struct str value);
void label_list_add_all(struct label_list *l, const struct pql_facts *f);
/* Into labels, label_count and others of *ret. */
void label_list_finish(struct label_list *l, enum pql_label_state others, struct pql_facts *ret);

static inline void labels_copy(struct pql_facts *to, const struct pql_facts *from) {
	to->labels = from->labels;
	to->label_count = from->label_count;
	to->others = from->others;
}

bool names_have(const struct str *names, size_t count, struct str name);

/* What an aggregation by or without labels keeps. */
void labels_group(struct facts_run *run, const struct pql_facts *f, const struct str *names,
				  size_t count, bool without, struct pql_facts *ret);
/* The sides' labels are equal where they are matched. Labels of `many` go to *ret, with what that says of them. */
void labels_match(struct facts_run *run, const struct pql_node *binary,
				  const struct pql_facts *many, const struct pql_facts *one, struct pql_facts *ret);
/* Either. */
void labels_join(struct facts_run *run, const struct pql_facts *f, const struct pql_facts *g,
				 struct pql_facts *ret);
/* Whether a binary operation matches the label. */
bool label_is_matched(const struct pql_node *binary, struct str name);
struct pql_clash labels_find_clash(const struct pql_node *binary, const struct pql_facts *left,
								   const struct pql_facts *right);

/* ---- native histograms ---- */

/* Whether samples of a result may be histograms. */
bool facts_may_be_histogram(const struct pql_node *n);
/* Takes back that there is always a result where there is none for histograms. */
void facts_allow_histograms(const struct pql_node *n, struct pql_facts *f);
/* Whether histograms, native or classic, may be differences: then counts are not what was observed. */
bool facts_counts_may_be_negative(const struct pql_node *n);

/* ---- values ---- */

static inline struct pql_interval interval(double min, double max) {
	return (struct pql_interval){min, max, false};
}
static inline struct pql_interval interval_any(void) {
	return (struct pql_interval){-INFINITY, INFINITY, true};
}
static inline bool interval_is_constant(struct pql_interval v) {
	return v.min == v.max && !v.nan;
}
struct pql_interval interval_join(struct pql_interval a, struct pql_interval b);
struct pql_interval
interval_sum(struct pql_interval of); /* of any number of values, one at least */
struct pql_interval interval_negate(struct pql_interval v);
struct pql_interval interval_apply(enum pql_op op, struct pql_interval a, struct pql_interval b);
/* Those values of `a` for which a comparison with some value of `b` can hold. */
struct pql_interval interval_filter(struct pql_interval a, enum pql_op op, struct pql_interval b);
enum pql_op comparison_turn(enum pql_op op); /* a op b as b op' a */

#endif
