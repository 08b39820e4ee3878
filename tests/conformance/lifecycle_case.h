/* What a suite of lifecycle cases expects, read from its text; the format stands at the head of lifecycle/suite/expected.txt. */
#ifndef TESTS_CONFORMANCE_LIFECYCLE_CASE_H
#define TESTS_CONFORMANCE_LIFECYCLE_CASE_H

#include "base/labels.h"
#include "engine/alert.h"

#define CASE_MAX 8 /* of every kind of part within another */

/* The annotations while the value is `value`. */
struct case_text {
	bool any;
	double value;
	struct labels annotations;
};

/* A value, and from which second on. */
struct case_step {
	int from;
	double value;
};

/* The sample at `since` is the first above the threshold, the one at `over` the first that ends it; in between, at `fires`, the
 * alert fires at the earliest. */
struct case_episode {
	int since, fires, over;
	struct case_step steps[CASE_MAX];
	size_t step_count;
};

struct case_alert {
	struct str key;
	struct labels labels;
	struct case_text texts[CASE_MAX];
	size_t text_count;
	struct case_episode episodes[CASE_MAX];
	size_t episode_count;
};

struct case_seen {
	const struct case_alert *alert;
	enum alert_state state;
	double value;
	int since;
};

/* A poll in one of the windows; from is outside, to within. */
struct case_part {
	struct {
		int from, to;
	} windows[CASE_MAX];
	size_t window_count;
};

/* Exactly these alerts may be seen by polls that are in all parts. */
struct case_row {
	struct case_part parts[CASE_MAX];
	size_t part_count;
	struct case_seen seen[CASE_MAX];
	size_t seen_count;
};

struct case_group {
	struct str name;
	struct case_alert *alerts;
	size_t alert_count, alert_capacity;
	struct case_row *rows;
	size_t row_count, row_capacity;
};

struct lifecycle_case {
	struct case_group *groups; /* arena */
	size_t group_count, group_capacity;
};

/* Everything in the arena, which also keeps parts of `text`. NULL: it was read; else the line and what is wrong with it. */
const char *lifecycle_case_read(struct str text, struct arena *a, struct lifecycle_case *ret_case);

/* Takes a word off the front, to the next blank. */
struct str case_take_word(struct str *s);

#endif
