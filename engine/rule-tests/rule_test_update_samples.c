/* exp_samples of an expression. */
#include "engine/rule-tests/rule_test_update_private.h"

#include <math.h>

/* Which of the samples that were got each expected one is to become. */
struct samples_list {
	struct update_list list; /* first: the one is found from the other */
	size_t *become;          /* per expected one; RULE_TEST_NONE: it goes */
};

static bool histograms_differ(const struct pql_histogram *a, const struct pql_histogram *b) {
	struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;
	if (a != NULL) {
		pql_histogram_print(&x, a);
	}
	if (b != NULL) {
		pql_histogram_print(&y, b);
	}
	bool differ = !str_equal(strbuf_str(&x), strbuf_str(&y));
	strbuf_finish(&x);
	strbuf_finish(&y);
	return differ;
}

static bool set_or_add(struct rule_test_update *u, const struct yaml_node *item, const char *key,
					   struct str value, bool text) {
	const struct yaml_pair *pair = update_find(item, key);
	if (pair != NULL) {
		return text ? update_set_text(u, item, pair, value) : update_set_raw(u, item, pair, value);
	}
	struct strbuf out = STRBUF_INIT;
	strbuf_printf(&out, "%s: ", key);
	if (text) {
		yaml_print_scalar(&out, value, '"');
	} else {
		strbuf_add(&out, value);
	}
	struct str entry = arena_dup(u->arena, strbuf_str(&out));
	const struct yaml_entries entries = {.added = &entry, .added_count = 1};
	strbuf_finish(&out);
	return yaml_edit_entries(&u->edit, item, NULL, &entries, UPDATE_ITEM);
}

static bool edit_sample(struct rule_test_update *u, const struct yaml_node *item,
						const struct test_sample *want, const struct rule_test_sample *got) {
	struct strbuf out = STRBUF_INIT;
	bool good = item->kind == YAML_MAPPING && item->count > 0;
	if (good && !labels_equal(want->labels, got->labels)) {
		labels_print(&out, got->labels);
		good = set_or_add(u, item, "labels", strbuf_str(&out), true);
	}
	if (good && want->value != got->value) {
		strbuf_clear(&out);
		update_print_number(&out, got->value);
		good = set_or_add(u, item, "value", strbuf_str(&out), false);
	}
	if (good && histograms_differ(want->histogram, got->histogram)) {
		strbuf_clear(&out);
		good = got->histogram != NULL;
		if (good) {
			pql_histogram_print(&out, got->histogram);
			good = set_or_add(u, item, "histogram", strbuf_str(&out), true);
		}
	}
	strbuf_finish(&out);
	return good;
}

static bool edit_samples(struct rule_test_update *u, const struct update_list *list,
						 const struct yaml_node *items) {
	const struct samples_list *s = (const struct samples_list *)list;
	const struct rule_test_check *check = list->check;
	for (size_t i = 0; i < check->expr->sample_count; i++) {
		if (s->become[i] != RULE_TEST_NONE &&
			(!yaml_edit_in_place(items, items->items[i]) ||
			 !edit_sample(u, items->items[i], &check->expr->samples[i],
						  &check->samples[s->become[i]]))) {
			return false;
		}
	}
	return true;
}

static int compare_labels(const void *key, const void *sample) {
	return labels_compare(((const struct test_sample *)key)->labels,
						  ((const struct rule_test_sample *)sample)->labels);
}

/* Those with the same labels; then those that are left in their order. */
static void pair_samples(struct samples_list *s, struct arena *a) {
	const struct rule_test_check *check = s->list.check;
	size_t wanted = check->expr->sample_count, next = 0;
	bool *taken = ARENA_ARRAY(a, bool, check->sample_count);
	for (size_t i = 0; i < wanted; i++) {
		const struct rule_test_sample *got =
			check->sample_count > 0
				? bsearch(&check->expr->samples[i], check->samples, check->sample_count,
						  sizeof(check->samples[0]), compare_labels)
				: NULL;
		bool is_free = got != NULL && !taken[got - check->samples];
		s->become[i] = is_free ? (size_t)(got - check->samples) : RULE_TEST_NONE;
		if (is_free) {
			taken[s->become[i]] = true;
		}
	}
	for (size_t i = 0; i < wanted; i++) {
		while (next < check->sample_count && taken[next]) {
			next++;
		}
		if (s->become[i] == RULE_TEST_NONE && next < check->sample_count) {
			s->become[i] = next;
			taken[next] = true;
		}
		s->list.removed[i] = s->become[i] == RULE_TEST_NONE;
	}
	for (size_t i = 0; i < check->sample_count; i++) {
		if (!taken[i]) {
			s->list.added[s->list.added_count++] = i;
		}
	}
}

const char *update_samples(struct rule_test_update *u, const struct rule_test_check *check) {
	struct samples_list s = {.list = {.node = check->expr->node,
									  .key = "exp_samples",
									  .look = &u->samples,
									  .got_count = check->sample_count,
									  .print = update_print_sample,
									  .edit_items = edit_samples,
									  .check = check}};
	if (check->failure != NULL) {
		return arena_dup(u->arena, str_from(check->failure)).ptr;
	}
	for (size_t i = 0; i < check->sample_count; i++) {
		if (isnan(check->samples[i].value)) {
			return "it is NaN, which equals nothing: test for it with an expression such as x != x";
		}
	}
	s.list.removed = ARENA_ARRAY(u->arena, bool, check->expr->sample_count);
	s.list.added = ARENA_ARRAY(u->arena, size_t, check->sample_count);
	s.become = ARENA_ARRAY(u->arena, size_t, check->expr->sample_count);
	pair_samples(&s, u->arena);
	return update_list_write(u, &s.list) ? NULL : u->edit.failure;
}
