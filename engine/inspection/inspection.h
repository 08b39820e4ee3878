/* Rules held against a living server: are there such metrics, do they have such labels, are they counters, how many series is that.
 * Pure: says what to ask, is told the answers, and judges.
 *
 *     for each file:   inspection_collect (each rule)  →  inspection_next / inspection_answer, until there is nothing to ask
 *                      →  inspection_judge
 *
 * What was asked once is remembered for the files that follow. */
#ifndef ENGINE_INSPECTION_H
#define ENGINE_INSPECTION_H

#include "rules/lint/lint.h"

/* How far back a series counts as being there: counters of errors come and go. */
#define INSPECTION_WINDOW_MS (24 * 3600 * 1000)

struct inspection_options {
	ts_ms now;
	size_t max_series;           /* of one rule; 0: not asked */
	struct lint_set enabled;     /* of all files: what nobody wants to know is not asked */
	const struct linter *linter; /* knows what the rules themselves record */
	bool partial; /* an answer will do that says of itself that something is missing */
};

struct inspection;
struct inspection *inspection_create(const struct inspection_options *options);
void inspection_destroy(struct inspection *i); /* accepts NULL */

/* Notes what is to be found out about a rule; `active` are the lints that are on for it. Keeps nothing of the view. */
void inspection_collect(struct inspection *i, const struct rule_view *view, struct lint_set active);

/* A request to the server. Lives as long as the inspection. */
struct inspection_question {
	const char *path; /* with the query, for a GET */
	struct str body;  /* of a POST of a form; empty: a GET */
	const char *
		failure; /* by whoever asks: there was no answer at all, and this says why; NULL: there is one */
	int status;
	struct str answer; /* borrowed until inspection_answer returns */
	struct inspection_topic *topic;
};

/* What is to be asked now. 0: nothing. */
size_t inspection_next(struct inspection *i, struct inspection_question **ret_questions);
/* false: the answer is of no use, and *ret_error says why, in the inspection's memory. */
bool inspection_answer(struct inspection *i, struct inspection_question *question,
					   const char **ret_error);

/* Reports on the rules that were collected, and forgets them. */
void inspection_judge(struct inspection *i, struct diags *diags);

#endif
