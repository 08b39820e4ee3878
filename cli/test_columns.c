/* What was expected and what was got, line for line:
 *
 *       expected                     got
 *         alertname="InstanceDown"     alertname="InstanceDown"
 *       ! instance="a"                 instance="b"
 *
 * or, where that is too wide or differences are asked for, only what differs, with - and + before it. */
#include "base/duration.h"
#include "base/gofloat.h"
#include "base/utf8.h"
#include "cli/query_print.h"
#include "cli/test.h"

#define MARGIN 6
#define MOST_ENTRIES 20 /* of alerts or samples of one check: after that nobody reads on */

struct line {
	struct str left, right; /* empty: there is none on that side */
	bool differs;
};

struct table {
	struct arena arena;
	struct line *lines;
	size_t count, capacity;
};

static void add_line(struct table *t, struct str left, struct str right, bool differs) {
	t->lines = arena_grow(&t->arena, t->lines, t->count, &t->capacity, sizeof(*t->lines));
	t->lines[t->count++] = (struct line){left, right, differs};
}

/* ---- the lines of a pair ---- */

static struct str quoted_text(struct table *t, struct str name, const char *between,
							  struct str value) {
	struct strbuf b = STRBUF_INIT;
	strbuf_add(&b, name);
	strbuf_add_c(&b, between);
	strbuf_add_quoted(&b, value);
	struct str text = arena_dup(&t->arena, strbuf_str(&b));
	strbuf_finish(&b);
	return text;
}

static const struct test_pattern *find_pattern(const struct test_texts *want, struct str name) {
	for (size_t i = 0; want != NULL && i < want->pattern_count; i++) {
		if (str_equal(want->patterns[i].name, name)) {
			return &want->patterns[i];
		}
	}
	return NULL;
}

static bool is_wanted(const struct test_texts *want, struct str name) {
	return want != NULL && (labels_has(want->exact, name) || find_pattern(want, name) != NULL);
}

/* One label or annotation of both. `sign` stands between its name and its text. */
static void add_text(struct table *t, const struct test_texts *want, const struct labels *got,
					 struct str name, const char *sign) {
	const struct test_pattern *p = find_pattern(want, name);
	bool here = is_wanted(want, name), there = got != NULL && labels_has(*got, name);
	struct str value = there ? labels_get(*got, name) : STR_EMPTY;
	struct str left = STR_EMPTY, right = STR_EMPTY;
	bool equal = here == there || (want != NULL && !want->whole && !here);
	if (p != NULL) {
		left = quoted_text(t, name, "=~", p->pattern);
		bool matches = false;
		equal = equal && regex_matches(p->regex, value, &matches) && matches;
	} else if (here) {
		left = quoted_text(t, name, sign, labels_get(want->exact, name));
		equal = equal && str_equal(labels_get(want->exact, name), value);
	}
	if (there) {
		right = quoted_text(t, name, sign, value);
	}
	add_line(t, left, right, want == NULL || got == NULL || !equal);
}

static int compare_names(const void *a, const void *b) {
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void add_texts(struct table *t, const struct test_texts *want, const struct labels *got,
					  const char *sign) {
	size_t most = (want != NULL ? want->exact.count + want->pattern_count : 0) +
				  (got != NULL ? got->count : 0);
	struct str *names = ARENA_ARRAY(&t->arena, struct str, most);
	size_t count = 0;
	for (size_t i = 0; want != NULL && i < want->exact.count; i++) {
		names[count++] = want->exact.items[i].name;
	}
	for (size_t i = 0; want != NULL && i < want->pattern_count; i++) {
		names[count++] = want->patterns[i].name;
	}
	for (size_t i = 0; got != NULL && i < got->count; i++) {
		names[count++] = got->items[i].name;
	}
	if (count > 0) {
		qsort(names, count, sizeof(names[0]), compare_names);
	}
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !str_equal(names[i], names[i - 1])) {
			add_text(t, want, got, names[i], sign);
		}
	}
}

static struct str time_text(struct table *t, const char *what, dur_ms time) {
	struct strbuf b = STRBUF_INIT;
	strbuf_printf(&b, "%s ", what);
	duration_print(&b, time);
	struct str text = arena_dup(&t->arena, strbuf_str(&b));
	strbuf_finish(&b);
	return text;
}

static struct str value_text(struct table *t, const char *what, double v) {
	struct strbuf b = STRBUF_INIT;
	strbuf_printf(&b, "%s ", what);
	query_print_value(&b, v);
	struct str text = arena_dup(&t->arena, strbuf_str(&b));
	strbuf_finish(&b);
	return text;
}

static void add_time(struct table *t, const char *what, dur_ms want, bool there, dur_ms got) {
	if (want != TEST_TIME_NONE) {
		bool has = there && got != TEST_TIME_NONE;
		add_line(t, time_text(t, what, want), has ? time_text(t, what, got) : STR_EMPTY,
				 !has || want != got);
	}
}

static void add_extras(struct table *t, const struct test_alert *want,
					   const struct rule_test_alert *got) {
	static const char *const words[] = {"", "firing", "resolved"};
	if (want == NULL) {
		return;
	}
	if (want->has_value) {
		add_line(t, value_text(t, "value", want->value),
				 got != NULL ? value_text(t, "value", got->value) : STR_EMPTY,
				 got == NULL || !(want->value == got->value));
	}
	add_time(t, "active at", want->active_at, got != NULL, got != NULL ? got->active_at : 0);
	add_time(t, "resolved at", want->resolved_at, got != NULL, got != NULL ? got->resolved_at : 0);
	if (want->status != TEST_STATUS_ANY) {
		const char *is = got == NULL ? "" : got->resolved ? words[2] : words[1];
		add_line(t, str_from(words[want->status]), str_from(is),
				 strcmp(words[want->status], is) != 0);
	}
	add_time(t, "starts at", want->starts_at, got != NULL, got != NULL ? got->starts_at : 0);
	add_time(t, "ends at", want->ends_at, got != NULL, got != NULL ? got->ends_at : 0);
}

static void add_pair(struct table *t, const struct test_alert *want,
					 const struct rule_test_alert *got) {
	if (t->count > 0) {
		add_line(t, STR_EMPTY, STR_EMPTY, false);
	}
	add_texts(t, want != NULL ? &want->labels : NULL, got != NULL ? &got->labels : NULL, "=");
	add_texts(t, want != NULL ? &want->annotations : NULL, got != NULL ? &got->annotations : NULL,
			  ": ");
	add_extras(t, want, got);
}

/* ---- printing ---- */

static size_t widest_left(const struct table *t) {
	size_t width = 8; /* "expected" */
	for (size_t i = 0; i < t->count; i++) {
		size_t one = utf8_width(t->lines[i].left);
		width = one > width ? one : width;
	}
	return width;
}

static size_t widest_right(const struct table *t) {
	size_t width = 3;
	for (size_t i = 0; i < t->count; i++) {
		size_t one = utf8_width(t->lines[i].right);
		width = one > width ? one : width;
	}
	return width;
}

static void print_side(struct strbuf *out, const struct line *l, size_t width,
					   struct test_style style) {
	strbuf_add_repeat(out, ' ', MARGIN);
	strbuf_add_c(out, l->differs ? "! " : "  ");
	strbuf_add_c(out, l->differs && style.color ? "\033[32m" : "");
	strbuf_add(out, l->left);
	strbuf_add_c(out, l->differs && style.color ? "\033[0m" : "");
	if (l->right.len > 0) {
		strbuf_add_repeat(out, ' ', width - utf8_width(l->left) + 3);
		strbuf_add_c(out, l->differs && style.color ? "\033[31m" : "");
		strbuf_add(out, l->right);
		strbuf_add_c(out, l->differs && style.color ? "\033[0m" : "");
	}
	strbuf_add_char(out, '\n');
}

static void print_sides(struct strbuf *out, const struct table *t, size_t width,
						struct test_style style) {
	strbuf_printf(out, "%*s%-*s   got\n", MARGIN, "", (int)width + 2, "expected");
	for (size_t i = 0; i < t->count; i++) {
		const struct line *l = &t->lines[i];
		if (l->left.len == 0 && l->right.len == 0) {
			strbuf_add_char(out, '\n');
		} else {
			print_side(out, l, width, style);
		}
	}
}

static void print_signed(struct strbuf *out, char sign, struct str text, struct test_style style) {
	if (text.len == 0) {
		return;
	}
	const char *color = sign == '-' ? "\033[32m" : sign == '+' ? "\033[31m" : "";
	strbuf_add_repeat(out, ' ', MARGIN);
	strbuf_printf(out, "%s%c ", style.color ? color : "", sign);
	strbuf_add(out, text);
	strbuf_add_c(out, style.color && sign != ' ' ? "\033[0m\n" : "\n");
}

static void print_diff(struct strbuf *out, const struct table *t, struct test_style style) {
	strbuf_printf(out, "%*s- expected, + got\n", MARGIN, "");
	for (size_t i = 0; i < t->count; i++) {
		const struct line *l = &t->lines[i];
		if (l->left.len == 0 && l->right.len == 0) {
			strbuf_add_char(out, '\n');
		} else if (l->differs) {
			print_signed(out, '-', l->left, style);
			print_signed(out, '+', l->right, style);
		} else {
			print_signed(out, ' ', l->right.len > 0 ? l->right : l->left, style);
		}
	}
}

static void print_table(struct strbuf *out, struct table *t, struct test_style style) {
	size_t left = widest_left(t);
	bool fits = MARGIN + 2 + left + 3 + widest_right(t) <= style.columns;
	if (style.diff || !fits) {
		print_diff(out, t, style);
	} else {
		print_sides(out, t, left, style);
	}
	arena_finish(&t->arena);
}

static void print_rest(struct strbuf *out, size_t shown, size_t all, size_t good,
					   const char *noun) {
	if (all > shown) {
		strbuf_printf(out, "%*s… and ", MARGIN, "");
		strbuf_add_number(out, all - shown);
		strbuf_add_c(out, " more that differ\n");
	}
	if (good > 0) {
		strbuf_add_repeat(out, ' ', MARGIN);
		strbuf_add_count(out, good, noun);
		strbuf_printf(out, " more %s as expected\n", good == 1 ? "is" : "are");
	}
}

/* ---- alerts ---- */

static bool is_paired(const struct rule_test_check *check, size_t want) {
	for (size_t i = 0; i < check->got_count; i++) {
		if (check->got[i].similar == want) {
			return true;
		}
	}
	return false;
}

/* Alerts that nobody expected: first those that are like one that is missing. */
static void add_unexpected(struct table *t, const struct rule_test_check *check, bool paired,
						   size_t *all) {
	for (size_t i = 0; i < check->got_count; i++) {
		const struct rule_test_alert *got = &check->got[i];
		bool is_one = got->partner == RULE_TEST_NONE && paired == (got->similar != RULE_TEST_NONE);
		if (is_one && (*all)++ < MOST_ENTRIES) {
			add_pair(t, paired ? &check->expected->items[got->similar] : NULL, got);
		}
	}
}

void test_columns_alerts(struct strbuf *out, const struct rule_test_check *check,
						 struct test_style style) {
	struct table t = {0};
	size_t all = 0, good = 0;
	arena_init(&t.arena);
	add_unexpected(&t, check, true, &all);
	for (size_t i = 0; i < check->expected->count; i++) {
		good += check->partners[i] != RULE_TEST_NONE;
		if (check->partners[i] == RULE_TEST_NONE && !is_paired(check, i) && all++ < MOST_ENTRIES) {
			add_pair(&t, &check->expected->items[i], NULL);
		}
	}
	add_unexpected(&t, check, false, &all);
	print_table(out, &t, style);
	print_rest(out, all < MOST_ENTRIES ? all : MOST_ENTRIES, all, good,
			   check->kind == RULE_TEST_NOTIFICATIONS ? "notification" : "alert");
}

/* ---- samples ---- */

static struct str sample_text(struct table *t, struct labels labels, double value,
							  const struct pql_histogram *histogram) {
	struct strbuf b = STRBUF_INIT;
	labels_print(&b, labels);
	strbuf_add_char(&b, ' ');
	if (histogram != NULL) {
		pql_histogram_print(&b, histogram);
	} else {
		query_print_value(&b, value);
	}
	struct str text = arena_dup(&t->arena, strbuf_str(&b));
	strbuf_finish(&b);
	return text;
}

static const struct rule_test_sample *find_got(const struct rule_test_check *check,
											   struct labels labels) {
	for (size_t i = 0; i < check->sample_count; i++) {
		if (labels_equal(check->samples[i].labels, labels)) {
			return &check->samples[i];
		}
	}
	return NULL;
}

static bool is_expected(const struct test_expr_case *c, struct labels labels) {
	for (size_t i = 0; i < c->sample_count; i++) {
		if (labels_equal(c->samples[i].labels, labels)) {
			return true;
		}
	}
	return false;
}

static bool samples_equal(const struct test_sample *want, const struct rule_test_sample *got) {
	return got != NULL && want->value == got->value && want->histogram == NULL &&
		   got->histogram == NULL;
}

void test_columns_samples(struct strbuf *out, const struct rule_test_check *check,
						  struct test_style style) {
	const struct test_expr_case *c = check->expr;
	struct table t = {0};
	size_t all = 0, good = 0;
	arena_init(&t.arena);
	for (size_t i = 0; i < c->sample_count; i++) {
		const struct test_sample *want = &c->samples[i];
		const struct rule_test_sample *got = find_got(check, want->labels);
		if (samples_equal(want, got)) {
			good++;
		} else if (all++ < MOST_ENTRIES) {
			struct str right =
				got != NULL ? sample_text(&t, got->labels, got->value, got->histogram) : STR_EMPTY;
			add_line(&t, sample_text(&t, want->labels, want->value, want->histogram), right, true);
		}
	}
	for (size_t i = 0; i < check->sample_count; i++) {
		const struct rule_test_sample *got = &check->samples[i];
		if (!is_expected(c, got->labels) && all++ < MOST_ENTRIES) {
			add_line(&t, STR_EMPTY, sample_text(&t, got->labels, got->value, got->histogram), true);
		}
	}
	size_t shown = t.count;
	print_table(out, &t, style);
	print_rest(out, shown, all, good, "sample");
}
