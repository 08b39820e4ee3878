#include "tests/conformance/lifecycle_case.h"

#include "base/gofloat.h"
#include "promql-lite/series_notation.h"

struct reader {
	struct arena *arena;
	struct lifecycle_case *into;
	const char *error;
};

static bool fail(struct reader *r, const char *what, struct str at) {
	r->error = arena_printf(r->arena, "%s: %.*s", what, STR_FMT(at));
	return false;
}

struct str case_take_word(struct str *s) {
	size_t end = 0;
	while (end < s->len && s->ptr[end] != ' ') {
		end++;
	}
	struct str word = str_slice(*s, 0, end);
	*s = str_trim(str_slice(*s, end, s->len));
	return word;
}

static bool take_number(struct reader *r, struct str *s, double *ret_number) {
	struct str word = case_take_word(s);
	return gofloat_parse(word, ret_number, NULL) || fail(r, "not a number", word);
}

static bool take_seconds(struct reader *r, struct str *s, int *ret_seconds) {
	double number = 0;
	bool good = take_number(r, s, &number);
	*ret_seconds = (int)number;
	return good;
}

static bool take_labels(struct reader *r, struct str *s, struct labels *ret_labels) {
	const char *error;
	struct str rest;
	return pql_notation_parse_labels(*s, r->arena, ret_labels, &rest, &error) || fail(r, error, *s);
}

/* The next word must be this one. */
static bool take_the_word(struct reader *r, struct str *s, const char *wanted) {
	struct str word = case_take_word(s);
	return str_equal(word, str_from(wanted)) || fail(r, wanted, word);
}

static struct case_group *last_group(const struct reader *r) {
	return r->into->group_count == 0 ? NULL : &r->into->groups[r->into->group_count - 1];
}

static struct case_alert *last_alert(const struct reader *r) {
	struct case_group *g = last_group(r);
	return g == NULL || g->alert_count == 0 ? NULL : &g->alerts[g->alert_count - 1];
}

static bool read_group(struct reader *r, struct str rest) {
	struct lifecycle_case *c = r->into;
	c->groups =
		arena_grow(r->arena, c->groups, c->group_count, &c->group_capacity, sizeof(*c->groups));
	c->groups[c->group_count++] = (struct case_group){.name = rest};
	return true;
}

static bool read_alert(struct reader *r, struct str rest) {
	struct case_group *g = last_group(r);
	struct case_alert alert = {.key = case_take_word(&rest)};
	if (g == NULL || g->row_count > 0) {
		return fail(r, "an alert stands between its group and the first `see`", rest);
	}
	g->alerts =
		arena_grow(r->arena, g->alerts, g->alert_count, &g->alert_capacity, sizeof(*g->alerts));
	g->alerts[g->alert_count++] = alert;
	return take_labels(r, &rest, &last_alert(r)->labels);
}

static bool read_text(struct reader *r, struct str rest) {
	struct case_alert *alert = last_alert(r);
	if (alert == NULL || alert->text_count == CASE_MAX) {
		return fail(r, "a text that belongs to no alert, or one too many", rest);
	}
	struct case_text *text = &alert->texts[alert->text_count++];
	*text = (struct case_text){.any = str_starts_with(rest, STR("any "))};
	if (text->any) {
		case_take_word(&rest);
		return take_labels(r, &rest, &text->annotations);
	}
	return take_number(r, &rest, &text->value) && take_labels(r, &rest, &text->annotations);
}

/* fires 480 since 120 over 1035 with 15 19 from 795 */
static bool read_episode(struct reader *r, struct str rest) {
	struct case_alert *alert = last_alert(r);
	if (alert == NULL || alert->episode_count == CASE_MAX) {
		return fail(r, "an episode that belongs to no alert, or one too many", rest);
	}
	struct case_episode *e = &alert->episodes[alert->episode_count++];
	*e = (struct case_episode){0};
	if (!take_seconds(r, &rest, &e->fires) || !take_the_word(r, &rest, "since") ||
		!take_seconds(r, &rest, &e->since) || !take_the_word(r, &rest, "over") ||
		!take_seconds(r, &rest, &e->over) || !take_the_word(r, &rest, "with")) {
		return false;
	}
	while (rest.len > 0 && e->step_count < CASE_MAX) {
		struct case_step *step = &e->steps[e->step_count++];
		step->from = e->fires;
		if (!take_number(r, &rest, &step->value)) {
			return false;
		}
		if (str_starts_with(rest, STR("from "))) {
			case_take_word(&rest);
			if (!take_seconds(r, &rest, &step->from)) {
				return false;
			}
		}
	}
	return e->step_count > 0 || fail(r, "an episode without a value", rest);
}

/* -1..160 1034..1375 */
static bool read_part(struct reader *r, struct str text, struct case_part *part) {
	text = str_trim(text);
	while (text.len > 0 && part->window_count < CASE_MAX) {
		struct str word = case_take_word(&text);
		size_t dots = str_find(word, STR(".."));
		if (dots == word.len) {
			return fail(r, "not a window", word);
		}
		struct str from = str_slice(word, 0, dots), to = str_slice(word, dots + 2, word.len);
		size_t i = part->window_count++;
		if (!take_seconds(r, &from, &part->windows[i].from) ||
			!take_seconds(r, &to, &part->windows[i].to)) {
			return false;
		}
	}
	return part->window_count > 0 || fail(r, "no window", text);
}

static bool read_parts(struct reader *r, struct str text, struct case_row *row) {
	struct str word = STR(" and ");
	while (row->part_count < CASE_MAX) {
		size_t end = str_find(text, word);
		if (!read_part(r, str_slice(text, 0, end), &row->parts[row->part_count++])) {
			return false;
		}
		if (end == text.len) {
			return true;
		}
		text = str_slice(text, end + word.len, text.len);
	}
	return fail(r, "too many parts", text);
}

static const struct case_alert *find_alert(const struct case_group *g, struct str key) {
	for (size_t i = 0; i < g->alert_count; i++) {
		if (str_equal(g->alerts[i].key, key)) {
			return &g->alerts[i];
		}
	}
	return NULL;
}

/* long firing 15 since 120 */
static bool read_seen(struct reader *r, const struct case_group *g, struct str text,
					  struct case_seen *seen) {
	struct str key = case_take_word(&text), state = case_take_word(&text);
	seen->alert = find_alert(g, key);
	bool firing = str_equal(state, STR("firing"));
	seen->state = firing ? ALERT_FIRING : ALERT_PENDING;
	if (seen->alert == NULL || (!firing && !str_equal(state, STR("pending")))) {
		return fail(r, "no such alert or state", key);
	}
	return take_number(r, &text, &seen->value) && take_the_word(r, &text, "since") &&
		   take_seconds(r, &text, &seen->since);
}

static bool read_row(struct reader *r, struct str rest) {
	struct case_group *g = last_group(r);
	size_t colon = str_find(rest, STR(":"));
	if (g == NULL || colon == rest.len) {
		return fail(r, "what is seen belongs to a group, and stands behind a colon", rest);
	}
	g->rows = arena_grow(r->arena, g->rows, g->row_count, &g->row_capacity, sizeof(*g->rows));
	struct case_row *row = &g->rows[g->row_count++];
	*row = (struct case_row){0};
	if (!read_parts(r, str_slice(rest, 0, colon), row)) {
		return false;
	}
	rest = str_trim(str_slice(rest, colon + 1, rest.len));
	if (str_equal(rest, STR("nothing"))) {
		return true;
	}
	while (rest.len > 0 && row->seen_count < CASE_MAX) {
		size_t comma = str_find(rest, STR(","));
		if (!read_seen(r, g, str_slice(rest, 0, comma), &row->seen[row->seen_count++])) {
			return false;
		}
		rest = str_trim(str_slice(rest, comma < rest.len ? comma + 1 : comma, rest.len));
	}
	return true;
}

static const struct {
	const char *word;
	bool (*read)(struct reader *r, struct str rest);
} lines[] = {
	{"group", read_group},   {"alert", read_alert}, {"text", read_text},
	{"fires", read_episode}, {"see", read_row},
};

static bool read_line(struct reader *r, struct str line) {
	struct str word = case_take_word(&line);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (str_equal(word, str_from(lines[i].word))) {
			return lines[i].read(r, line);
		}
	}
	return fail(r, "no such line", word);
}

const char *lifecycle_case_read(struct str text, struct arena *a, struct lifecycle_case *ret_case) {
	struct reader r = {.arena = a, .into = ret_case};
	*ret_case = (struct lifecycle_case){0};
	for (size_t number = 1; text.len > 0; number++) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_trim(str_slice(text, 0, end));
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
		if (line.len > 0 && line.ptr[0] != '#' && !read_line(&r, line)) {
			return arena_printf(a, "%zu: %s", number, r.error);
		}
	}
	return NULL;
}
