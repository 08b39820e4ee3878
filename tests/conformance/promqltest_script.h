/* PromQL test scripts: the commands of a file. */
#ifndef PROMQLTEST_SCRIPT_H
#define PROMQLTEST_SCRIPT_H

#include "base/labels.h"
#include "base/timestamp.h"
#include "promql-lite/series_notation.h"

enum expect_kind {
	EXPECT_ORDERED,
	EXPECT_FAIL,
	EXPECT_WARN,
	EXPECT_NO_WARN,
	EXPECT_INFO,
	EXPECT_NO_INFO
};

/* `expect warn msg: …` and the like. */
struct expect {
	enum expect_kind kind;
	enum { MATCH_ANY, MATCH_TEXT, MATCH_PATTERN } match;
	struct str text;
};

struct series_line {
	struct labels labels;
	struct pql_points points;
};

enum command_kind { COMMAND_CLEAR, COMMAND_LOAD, COMMAND_EVAL };

struct command {
	enum command_kind kind;
	size_t line;
	dur_ms step;               /* of load, or of the range */
	struct series_line *lines; /* loaded, or expected */
	size_t line_count;
	bool with_nhcb; /* load: classic histograms also become native ones */
	/* COMMAND_EVAL */
	struct str expr;
	bool is_range;
	ts_ms start, end; /* equal for an instant */
	struct expect *expects;
	size_t expect_count;
	bool has_scalar;
	double scalar;
	bool has_string;
	struct str string;
	bool has_matrix; /* the result of an instant is a range vector, over: */
	ts_ms matrix_start, matrix_end;
	dur_ms matrix_step;
};

struct script {
	struct command *commands;
	size_t count;
};

bool command_expects(const struct command *c, enum expect_kind kind);

/* false: *ret_error, with the line. Everything in the arena, which also keeps parts of `text`. */
bool script_parse(struct str text, struct arena *a, struct script *ret_script,
				  const char **ret_error);

#endif
