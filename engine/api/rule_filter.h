/* What the parameters of /api/v1/rules leave of the rules. */
#ifndef ENGINE_API_RULE_FILTER_H
#define ENGINE_API_RULE_FILTER_H

#include "base/hmap.h"
#include "engine/api/api_private.h"

enum rule_filter_type { RULE_FILTER_ALL, RULE_FILTER_ALERTING, RULE_FILTER_RECORDING };

struct rule_filter {
	struct arena *arena; /* borrowed, like the parameters */
	enum rule_filter_type type;
	bool exclude_alerts;
	size_t group_limit; /* groups on a page; 0: all of them */
	struct str token;   /* group_next_token: where the page begins; empty: at the beginning */
	struct hmap rules, groups, files; /* the names given, as struct str; none: all are meant */
	struct pql_expr **selectors;      /* match[]: one of them must match the rule's labels */
	size_t selector_count;
	const char *
		failure; /* a regular expression was given up: what was taken means nothing. NULL: all well */
};

/* false: a parameter is wrong, and the response says which. The filter must be finished in any case. */
bool rule_filter_init(struct rule_filter *f, const struct api_call *call,
					  struct api_response *response);
void rule_filter_finish(struct rule_filter *f);

bool rule_filter_takes(struct rule_filter *f, const struct rule *rule);
/* Whether anything is left of the group. */
bool rule_filter_takes_group(struct rule_filter *f, const struct group_state *g);

#endif
