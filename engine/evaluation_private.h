/* What evaluation.c and evaluation_ask.c share. */
#ifndef ENGINE_EVALUATION_PRIVATE_H
#define ENGINE_EVALUATION_PRIVATE_H

#include "engine/evaluation.h"
#include "engine/evaluation_inquiry.h"

struct evaluation_need {
	struct pql_need need;
	bool settled;
	const char *failure; /* NULL: supplied */
	bool too_large;      /* refused because of a limit */
	size_t bytes;        /* its share of what had to be read for it */
	struct pql_series_set set;
	dur_us took;
};

/* A question that a template of the current rule asked. */
struct evaluation_ask {
	struct str query;
	struct pql_expr *expr; /* NULL: it does not parse */
	struct evaluation_inquiry inquiry;
	bool answered;
	struct template_answer answer;
};

/* The rule that is being evaluated. */
struct evaluation_current {
	struct arena arena;        /* lives as long as the rule is the current one */
	bool valued;               /* its expression was evaluated */
	bool written;              /* what rules put out before it is in the database, or cannot be: */
	const char *write_failure; /* evaluation's arena; NULL: it is */
	struct alerting_sample *samples;
	size_t count;
	struct evaluation_ask *asks;
	size_t ask_count, ask_capacity;
	const char *dropped; /* why not all that it gave was taken; NULL: it was */
};

/* What is asked to restore `for`. */
struct evaluation_restoration {
	struct pql_expr *expr; /* NULL: nothing was asked */
	size_t first_need;     /* of two */
	ts_ms now;
};

struct evaluation {
	struct arena arena;
	struct group_state *group;
	const struct evaluation_settings *settings;
	struct outputs *outputs;
	ts_ms ts, started;
	dur_ms offset;
	struct evaluation_need *needs;
	size_t need_count, need_capacity;
	struct evaluation_inquiry *inquiries; /* per rule */
	size_t next_rule;
	struct evaluation_current current;
	struct evaluation_restoration restoration;
	struct evaluation_result result;
};

void evaluation_add_need(struct evaluation *e, const struct pql_need *need);

/* NULL: all needs from `first` on, one per selector, were supplied. Else why not. */
const char *evaluation_first_failure(const struct evaluation *e, size_t first, size_t count);

void evaluation_add_notes(struct evaluation *e, const struct pql_notes *notes);

/* Takes note of the questions; those asked before are passed over. */
void evaluation_add_asks(struct evaluation *e, const struct alerting_questions *questions);
/* Answers what can be answered. false: needs are open. */
bool evaluation_answer_asks(struct evaluation *e);
/* The answers as templates take them. */
const struct template_answer *evaluation_answers(struct evaluation *e);
void evaluation_forget_asks(struct evaluation *e);

/* evaluation_restore.c: once all rules are through. false: there are needs to be met first. */
bool evaluation_restore(struct evaluation *e, ts_ms now);
void evaluation_forget_restoration(struct evaluation *e);

#endif
