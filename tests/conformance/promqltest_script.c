#include "tests/conformance/promqltest_script.h"

#include "base/duration.h"
#include "base/gofloat.h"
#include "promql-lite/lexer.h"

struct reader {
	struct str text;
	size_t at, line; /* of the next line; lines from 1 */
	struct arena *arena;
	const char *error;
};

static bool fail(struct reader *r, const char *what, struct str detail) {
	r->error = arena_printf(r->arena, "%zu: %s: %.*s", r->line - 1, what, STR_FMT(detail));
	return false;
}

/* Trimmed; a comment is an empty line. false: no more. */
static bool next_line(struct reader *r, struct str *ret) {
	struct str rest = str_slice(r->text, r->at, r->text.len);
	size_t end = str_find(rest, STR("\n"));

	if (rest.len == 0) {
		return false;
	}
	r->at += end < rest.len ? end + 1 : end;
	r->line++;
	*ret = str_trim(str_slice(rest, 0, end));
	if (str_starts_with(*ret, STR("#"))) {
		*ret = STR_EMPTY;
	}
	return true;
}

/* A line that belongs to the command before it. */
static bool next_body_line(struct reader *r, struct str *ret) {
	return next_line(r, ret) && ret->len > 0;
}

/* Takes a word off the front. */
static struct str take_word(struct str *s) {
	size_t end = 0, next;
	struct str word;

	while (end < s->len && s->ptr[end] != ' ' && s->ptr[end] != '\t') {
		end++;
	}
	word = str_slice(*s, 0, end);
	for (next = end; next < s->len && (s->ptr[next] == ' ' || s->ptr[next] == '\t'); next++) {
	}
	*s = str_slice(*s, next, s->len);
	return word;
}

static bool take_duration(struct reader *r, struct str *s, dur_ms *ret) {
	struct str word = take_word(s);
	const char *error;

	return duration_parse(word, r->arena, ret, &error) || fail(r, "not a duration", word);
}

/* The word that must come next, then a duration. */
static bool take_setting(struct reader *r, struct str *s, struct str word, dur_ms *ret) {
	struct str found = take_word(s);

	return str_equal(found, word) ? take_duration(r, s, ret) : fail(r, "unexpected word", found);
}

static bool add_series(struct reader *r, struct command *c, size_t *capacity, struct str line) {
	struct series_line series;
	const char *error;

	if (!pql_notation_parse(line, r->arena, &series.labels, &series.points, &error)) {
		return fail(r, error, line);
	}
	c->lines = arena_grow(r->arena, c->lines, c->line_count, capacity, sizeof(*c->lines));
	c->lines[c->line_count++] = series;
	return true;
}

/* `up@st 1m _`: start timestamps, which nobody delivers. */
static bool is_start_timestamp_line(struct str line) {
	return str_ends_with(take_word(&line), STR("@st"));
}

static bool parse_load(struct reader *r, struct str word, struct str line, struct command *c) {
	size_t capacity = 0;

	c->kind = COMMAND_LOAD;
	c->with_nhcb = str_equal(word, STR("load_with_nhcb"));
	if (!take_duration(r, &line, &c->step)) {
		return false;
	}
	while (next_body_line(r, &line)) {
		if (!is_start_timestamp_line(line) && !add_series(r, c, &capacity, line)) {
			return false;
		}
	}
	return true;
}

bool command_expects(const struct command *c, enum expect_kind kind) {
	for (size_t i = 0; i < c->expect_count; i++) {
		if (c->expects[i].kind == kind) {
			return true;
		}
	}
	return false;
}

static const struct {
	const char *word;
	enum expect_kind kind;
} expect_words[] = {
	{"ordered", EXPECT_ORDERED}, {"fail", EXPECT_FAIL}, {"warn", EXPECT_WARN},
	{"no_warn", EXPECT_NO_WARN}, {"info", EXPECT_INFO}, {"no_info", EXPECT_NO_INFO},
};

static bool find_expect(struct str word, enum expect_kind *ret) {
	for (size_t i = 0; i < sizeof(expect_words) / sizeof(expect_words[0]); i++) {
		if (str_equal(word, str_from(expect_words[i].word))) {
			*ret = expect_words[i].kind;
			return true;
		}
	}
	return false;
}

static void add_expect(struct reader *r, struct command *c, struct expect expect) {
	struct expect *grown = ARENA_ARRAY(r->arena, struct expect, c->expect_count + 1);

	for (size_t i = 0; i < c->expect_count; i++) {
		grown[i] = c->expects[i];
	}
	grown[c->expect_count++] = expect;
	c->expects = grown;
}

/* expect range vector from … to … step … */
static bool parse_expect_matrix(struct reader *r, struct str line, struct command *c) {
	c->has_matrix = true;
	take_word(&line);
	return take_setting(r, &line, STR("from"), &c->matrix_start) &&
		   take_setting(r, &line, STR("to"), &c->matrix_end) &&
		   take_setting(r, &line, STR("step"), &c->matrix_step);
}

static bool parse_expect(struct reader *r, struct str line, struct command *c) {
	struct str word = take_word(&line);
	struct expect expect = {.match = MATCH_ANY};

	if (str_equal(word, STR("range"))) {
		return parse_expect_matrix(r, line, c);
	}
	if (str_equal(word, STR("string"))) {
		c->has_string = true;
		c->string = pql_lexer_unquote(line, r->arena);
		return true;
	}
	if (!find_expect(word, &expect.kind)) {
		return fail(r, "unknown expectation", word);
	}
	if (str_starts_with(line, STR("msg:"))) {
		expect.match = MATCH_TEXT;
		expect.text = str_trim(str_slice(line, 4, line.len));
	} else if (str_starts_with(line, STR("regex:"))) {
		expect.match = MATCH_PATTERN;
		expect.text = str_trim(str_slice(line, 6, line.len));
	} else if (line.len > 0) {
		return fail(r, "unknown expectation", line);
	}
	add_expect(r, c, expect);
	return true;
}

/* One line below an eval. */
static bool parse_result(struct reader *r, struct str line, struct command *c, size_t *capacity) {
	static const struct str message = {"expected_fail_message", 21};
	static const struct str pattern = {"expected_fail_regexp", 20};
	struct str rest = line, word = take_word(&rest);

	if (str_equal(word, STR("expect"))) {
		return parse_expect(r, rest, c);
	}
	if (str_equal(word, message) || str_equal(word, pattern)) {
		add_expect(r, c,
				   (struct expect){EXPECT_FAIL,
								   str_equal(word, message) ? MATCH_TEXT : MATCH_PATTERN, rest});
		return true;
	}
	if (gofloat_parse(line, &c->scalar, NULL)) {
		c->has_scalar = true;
		return true;
	}
	return add_series(r, c, capacity, line);
}

/* `eval`, or `eval_fail`, `eval_ordered` … of old scripts. */
static bool parse_eval_word(struct reader *r, struct str word, struct command *c) {
	struct expect expect = {.match = MATCH_ANY};

	if (str_equal(word, STR("eval"))) {
		return true;
	}
	if (!str_starts_with(word, STR("eval_")) ||
		!find_expect(str_slice(word, 5, word.len), &expect.kind)) {
		return fail(r, "unknown command", word);
	}
	add_expect(r, c, expect);
	return true;
}

static bool parse_eval(struct reader *r, struct str word, struct str line, struct command *c) {
	struct str kind = take_word(&line);
	size_t capacity = 0;

	c->kind = COMMAND_EVAL;
	c->step = 1;
	if (!parse_eval_word(r, word, c)) {
		return false;
	}
	if (str_equal(kind, STR("instant"))) {
		if (!take_setting(r, &line, STR("at"), &c->start)) {
			return false;
		}
		c->end = c->start;
	} else {
		c->is_range = true;
		if (!take_setting(r, &line, STR("from"), &c->start) ||
			!take_setting(r, &line, STR("to"), &c->end) ||
			!take_setting(r, &line, STR("step"), &c->step)) {
			return false;
		}
	}
	c->expr = line;
	while (next_body_line(r, &line)) {
		if (!parse_result(r, line, c, &capacity)) {
			return false;
		}
	}
	return true;
}

bool script_parse(struct str text, struct arena *a, struct script *ret_script,
				  const char **ret_error) {
	struct reader r = {.text = text, .line = 1, .arena = a};
	struct command *commands = NULL;
	size_t count = 0, capacity = 0;
	struct str line;

	while (next_line(&r, &line)) {
		struct command c = {.line = r.line - 1};
		struct str word = take_word(&line);
		bool ok;

		if (word.len == 0) {
			continue;
		}
		if (str_equal(word, STR("clear"))) {
			ok = true;
		} else if (str_starts_with(word, STR("load"))) {
			ok = parse_load(&r, word, line, &c);
		} else {
			ok = parse_eval(&r, word, line, &c);
		}
		if (!ok) {
			*ret_error = r.error;
			return false;
		}
		commands = arena_grow(a, commands, count, &capacity, sizeof(*commands));
		commands[count++] = c;
	}
	*ret_script = (struct script){commands, count};
	return true;
}
