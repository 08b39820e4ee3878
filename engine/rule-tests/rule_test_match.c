/* Which of the alerts that were got is which of those expected. Where an expectation leaves something open several may fit, and it
 * is a matching of two sides: one that is spoken for is asked whether another would do for whoever has it. */
#include "engine/rule-tests/rule_test_private.h"

#include <math.h>

/* Pairs to be compared; past it those that fit are taken as they come. */
#define MAX_PAIRS 4000000u
/* Of a failed check: alerts that are missing, and those that were not expected, that are compared to find the most similar ones. */
#define MAX_MISSING 100u
#define MAX_EXTRA 1000u

static bool patterns_match(const struct test_texts *want, struct labels got) {
	for (size_t i = 0; i < want->pattern_count; i++) {
		const struct test_pattern *p = &want->patterns[i];
		bool matches = false;
		if (!labels_has(got, p->name) ||
			!regex_matches(p->regex, labels_get(got, p->name), &matches) || !matches) {
			return false;
		}
	}
	return true;
}

static bool texts_fit(const struct test_texts *want, struct labels got) {
	if (want->whole) {
		return labels_equal(want->exact, got);
	}
	for (size_t i = 0; i < want->exact.count; i++) {
		const struct label *l = &want->exact.items[i];
		if (!labels_has(got, l->name) || !str_equal(labels_get(got, l->name), l->value)) {
			return false;
		}
	}
	return patterns_match(want, got);
}

static bool time_fits(dur_ms want, dur_ms got) {
	return want == TEST_TIME_NONE || want == got;
}

static bool value_fits(const struct rule_test_run *run, const struct test_alert *want, double got) {
	return !want->has_value || rule_test_values_equal(run, want->value, got) ||
		   (isnan(want->value) && isnan(got));
}

static bool status_fits(const struct test_alert *want, const struct rule_test_alert *got) {
	return want->status == TEST_STATUS_ANY ||
		   (want->status == TEST_STATUS_RESOLVED) == got->resolved;
}

static bool alert_fits(const struct rule_test_run *run, const struct test_alert *want,
					   const struct rule_test_alert *got) {
	return texts_fit(&want->labels, got->labels) &&
		   texts_fit(&want->annotations, got->annotations) && value_fits(run, want, got->value) &&
		   time_fits(want->active_at, got->active_at) &&
		   time_fits(want->resolved_at, got->resolved_at) && status_fits(want, got) &&
		   time_fits(want->starts_at, got->starts_at) && time_fits(want->ends_at, got->ends_at);
}

struct matching {
	const struct rule_test_run *run;
	struct rule_test_check *check;
	bool *asked; /* per alert got, in the search under way */
	bool greedy; /* nobody is asked to give way */
};

/* The search for one expectation goes along a chain of those that give way; as deep as there are expectations. */
static bool find_partner(struct matching *m, size_t want) {
	struct rule_test_check *check = m->check;
	for (size_t i = 0; i < check->got_count; i++) {
		struct rule_test_alert *got = &check->got[i];
		bool taken = got->partner != RULE_TEST_NONE;
		if (m->asked[i] || (taken && m->greedy) ||
			!alert_fits(m->run, &check->expected->items[want], got)) {
			continue;
		}
		m->asked[i] = true;
		if (!taken || find_partner(m, got->partner)) {
			got->partner = want;
			check->partners[want] = i;
			return true;
		}
	}
	return false;
}

/* ---- those that are like each other ---- */

static size_t count_equal(struct labels a, struct labels b) {
	size_t equal = 0;
	for (size_t i = 0; i < a.count; i++) {
		equal += labels_has(b, a.items[i].name) &&
				 str_equal(labels_get(b, a.items[i].name), a.items[i].value);
	}
	return equal;
}

static size_t likeness(const struct test_alert *want, const struct rule_test_alert *got) {
	return 4 * count_equal(want->labels.exact, got->labels) +
		   count_equal(want->annotations.exact, got->annotations);
}

struct likeness {
	size_t like, want, got;
};

/* The most alike first; then as they stand. */
static int compare_likeness(const void *a, const void *b) {
	const struct likeness *x = a, *y = b;
	if (x->like != y->like) {
		return x->like > y->like ? -1 : 1;
	}
	if (x->want != y->want) {
		return x->want < y->want ? -1 : 1;
	}
	return x->got < y->got ? -1 : x->got > y->got;
}

/* The first of those without a partner. */
static size_t *list_missing(const struct rule_test_check *check, struct arena *a, size_t *ret) {
	size_t *list = ARENA_ARRAY(a, size_t, MAX_MISSING);
	*ret = 0;
	for (size_t i = 0; i < check->expected->count && *ret < MAX_MISSING; i++) {
		if (check->partners[i] == RULE_TEST_NONE) {
			list[(*ret)++] = i;
		}
	}
	return list;
}

static size_t *list_extra(const struct rule_test_check *check, struct arena *a, size_t *ret) {
	size_t *list = ARENA_ARRAY(a, size_t, MAX_EXTRA);
	*ret = 0;
	for (size_t i = 0; i < check->got_count && *ret < MAX_EXTRA; i++) {
		if (check->got[i].partner == RULE_TEST_NONE) {
			list[(*ret)++] = i;
		}
	}
	return list;
}

static void find_similar(struct rule_test_check *check, struct arena *a) {
	size_t wants, gots, count = 0;
	size_t *missing = list_missing(check, a, &wants), *extra = list_extra(check, a, &gots);
	struct likeness *pairs = ARENA_ARRAY(a, struct likeness, wants * gots);
	bool *paired = ARENA_ARRAY(a, bool, check->expected->count);
	for (size_t i = 0; i < wants; i++) {
		for (size_t k = 0; k < gots; k++) {
			size_t like = likeness(&check->expected->items[missing[i]], &check->got[extra[k]]);
			pairs[count++] = (struct likeness){like, missing[i], extra[k]};
		}
	}
	if (count > 0) {
		qsort(pairs, count, sizeof(pairs[0]), compare_likeness);
	}
	for (size_t i = 0; i < count; i++) {
		struct rule_test_alert *got = &check->got[pairs[i].got];
		if (got->similar == RULE_TEST_NONE && !paired[pairs[i].want]) {
			got->similar = pairs[i].want;
			paired[pairs[i].want] = true;
		}
	}
}

bool rule_test_match(const struct rule_test_run *run, struct rule_test_check *check) {
	size_t wanted = check->expected->count, found = 0;
	struct matching m = {.run = run, .check = check};
	m.asked = ARENA_ARRAY(run->arena, bool, check->got_count);
	m.greedy = wanted > 0 && check->got_count > MAX_PAIRS / wanted;
	check->partners = ARENA_ARRAY(run->arena, size_t, wanted);
	for (size_t i = 0; i < wanted; i++) {
		check->partners[i] = RULE_TEST_NONE;
	}
	for (size_t i = 0; i < wanted; i++) {
		memset(m.asked, 0, check->got_count);
		found += find_partner(&m, i);
	}
	bool all = found == wanted && check->got_count == wanted;
	if (!all) {
		find_similar(check, run->arena);
	}
	return all;
}
