/* What the parts of an inspection share. */
#ifndef ENGINE_INSPECTION_PRIVATE_H
#define ENGINE_INSPECTION_PRIVATE_H

#include "base/hmap.h"
#include "engine/inspection/inspection.h"

enum topic_kind {
	TOPIC_NAMES,    /* of all metrics */
	TOPIC_TYPES,    /* of all metrics, as targets declare them */
	TOPIC_LABELS,   /* of one metric */
	TOPIC_SERIES,   /* how many a selector has */
	TOPIC_EVALUATE, /* one expression */
};

/* Something that is asked once. */
struct inspection_topic {
	enum topic_kind kind;
	struct str text; /* the metric, selector or expression; empty for all metrics */
	bool asked, answered;
	struct hmap names;   /* of TOPIC_NAMES, TOPIC_LABELS: struct str */
	struct hmap types;   /* of TOPIC_TYPES: struct declared */
	size_t series;       /* TOPIC_SERIES */
	size_t counted_for;  /* number of the rule that it was added up for last */
	const char *refusal; /* TOPIC_EVALUATE: why it cannot be evaluated; NULL: it can */
};

/* A metric as its targets declare it. */
struct declared {
	struct str name;
	bool is_gauge;
};

/* A label that a selector relies on. */
struct label_use {
	struct str label;
	struct span span;
};

/* A selector of a rule. */
struct series_use {
	struct str metric;
	struct span span;
	struct lint_set active;
	bool may_be_missing; /* absent() asks for it */
	const char *rate;    /* the function for counters around it; NULL: none */
	struct span rate_span;
	const struct label_use *labels;
	size_t label_count;
	struct inspection_topic *series; /* how many; NULL: not asked */
};

struct rule_use {
	struct span span; /* of the expression */
	struct lint_set active;
	struct inspection_topic *evaluate; /* NULL: not asked */
	struct series_use *uses;
	size_t use_count, use_capacity;
};

struct inspection {
	struct inspection_options options;
	struct arena arena; /* of the whole run */
	struct arena file;  /* of the rules that were collected */
	struct hmap topics; /* by kind and text */
	struct inspection_topic **pending;
	size_t pending_count, pending_capacity;
	struct rule_use *rules;
	size_t rule_count, rule_capacity;
	size_t judged;  /* rules so far */
	size_t guesses; /* how many names were looked for that are nearly the same */
};

/* Makes it, to be asked, unless it is there. */
struct inspection_topic *inspection_topic(struct inspection *i, enum topic_kind kind,
										  struct str text);
/* NULL: it was never asked. */
const struct inspection_topic *inspection_find_topic(const struct inspection *i,
													 enum topic_kind kind, struct str text);
bool inspection_has_name(const struct inspection_topic *topic, struct str name);

#endif
