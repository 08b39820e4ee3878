#include "engine/plan_private.h"

#include <inttypes.h>

#include "base/bug.h"
#include "base/hash.h"

/* A fetch in the map, under the text that says what it is. */
struct plan_entry {
	struct str key;
	struct plan_fetch *fetch;
};

static bool entry_has_key(const void *value, const void *key) {
	return str_equal(((const struct plan_entry *)value)->key, *(const struct str *)key);
}

void plan_init(struct plan *p, struct arena *a) {
	*p = (struct plan){.arena = a};
	hmap_init(&p->by_key, a);
	hmap_init(&p->by_shape, a);
}

/* By name, then operator, then value: what the order in the text cannot change. */
static int compare_matchers(const struct matcher *a, const struct matcher *b) {
	int order = str_compare(a->name, b->name);
	if (order == 0) {
		order = (int)a->op - (int)b->op;
	}
	return order != 0 ? order : str_compare(a->value, b->value);
}

void plan_print_matcher(struct strbuf *out, const struct matcher *m) {
	if (label_name_is_legacy(m->name)) {
		strbuf_add(out, m->name);
	} else {
		strbuf_add_quoted(out, m->name);
	}
	strbuf_add_c(out, matcher_op_text[m->op]);
	strbuf_add_quoted(out, m->value);
}

static bool is_metric_name(const struct matcher *m) {
	return m->op == MATCH_EQUAL && str_equal(m->name, LABEL_NAME) &&
		   metric_name_is_legacy(m->value);
}

/* The matcher that follows `after` in order, or the first one; NULL: none. Selectors have a handful of matchers. */
static const struct matcher *next_matcher(const struct matcher *matchers, size_t count,
										  const struct matcher *after) {
	const struct matcher *best = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct matcher *m = &matchers[i];
		if ((after == NULL || compare_matchers(m, after) > 0) &&
			(best == NULL || compare_matchers(m, best) < 0)) {
			best = m;
		}
	}
	return best;
}

void plan_print_selector(struct strbuf *out, const struct matcher *matchers, size_t count) {
	const struct matcher *name = NULL, *m = NULL;
	for (size_t i = 0; i < count && name == NULL; i++) {
		name = is_metric_name(&matchers[i]) ? &matchers[i] : NULL;
	}
	if (name != NULL) {
		strbuf_add(out, name->value);
	}
	bool first = true;
	while ((m = next_matcher(matchers, count, m)) != NULL) {
		if (name != NULL && compare_matchers(m, name) == 0) {
			continue;
		}
		strbuf_add_c(out, first ? "{" : ",");
		plan_print_matcher(out, m);
		first = false;
	}
	strbuf_add_c(out, first ? "" : "}");
}

/* Ranges are alike when they end at the same time; everything else when the whole grid is the same. */
struct str plan_key(struct plan *p, const struct pql_need *need, struct str selector) {
	const char *key;
	if (need->kind == PQL_NEED_RANGE) {
		key = arena_printf(p->arena, "r %" PRId64 " %.*s", need->end, STR_FMT(selector));
	} else {
		static const char letters[] = {
			[PQL_NEED_INSTANT] = 'i', [PQL_NEED_TIMESTAMP] = 't', [PQL_NEED_EXPRESSION] = 'e'};
		bool instant = need->grid.start == need->grid.end;
		key = arena_printf(p->arena, "%c %" PRId64 " %" PRId64 " %" PRId64 " %.*s",
						   letters[need->kind], need->grid.start, need->grid.end,
						   instant ? 0 : need->grid.step, STR_FMT(selector));
	}
	return str_from(key);
}

static struct plan_fetch *add_fetch(struct plan *p, const struct pql_need *need,
									struct str selector) {
	struct plan_fetch *fetch = ARENA_NEW(p->arena, struct plan_fetch);
	*fetch = (struct plan_fetch){.kind = need->kind,
								 .selector = selector,
								 .grid = need->grid,
								 .start = need->start,
								 .end = need->end,
								 .index = p->count,
								 .state = PLAN_WAITING};
	p->fetches = arena_grow(p->arena, p->fetches, p->count, &p->capacity, sizeof(*p->fetches));
	p->fetches[p->count++] = fetch;
	plan_note_variants(p, fetch, need);
	return fetch;
}

static bool need_is_empty(const struct pql_need *need) {
	return need->kind == PQL_NEED_RANGE ? need->start >= need->end
										: need->grid.start > need->grid.end;
}

/* Whether the fetch answers the need too; one that was not asked yet is made to. */
static bool fetch_serves(struct plan_fetch *fetch, const struct pql_need *need) {
	if (need->kind != PQL_NEED_RANGE || fetch->start <= need->start) {
		return true;
	}
	if (fetch->state != PLAN_WAITING) {
		return false;
	}
	fetch->start = need->start;
	return true;
}

static struct str selector_of(struct plan *p, const struct pql_need *need) {
	struct strbuf text = STRBUF_INIT;
	if (need->kind == PQL_NEED_EXPRESSION) {
		return need->text;
	}
	plan_print_selector(&text, need->selector->matchers, need->selector->matcher_count);
	struct str selector = arena_dup(p->arena, strbuf_str(&text));
	strbuf_finish(&text);
	return selector;
}

struct plan_fetch *plan_add(struct plan *p, const struct pql_need *need) {
	if (need_is_empty(need)) {
		return NULL;
	}
	struct str selector = selector_of(p, need);
	struct str key = plan_key(p, need, selector);
	uint64_t hash = hash_str(key);
	struct plan_entry *entry = hmap_find(&p->by_key, hash, entry_has_key, &key);
	if (entry == NULL) {
		entry = ARENA_NEW(p->arena, struct plan_entry);
		*entry = (struct plan_entry){.key = key, .fetch = add_fetch(p, need, selector)};
		hmap_add(&p->by_key, hash, entry);
	} else if (!fetch_serves(entry->fetch, need)) {
		entry->fetch = add_fetch(p, need, selector);
	}
	entry->fetch->needs++;
	return entry->fetch;
}

/* First index with times[i] > t. */
static size_t first_after(const struct pql_series *s, ts_ms t) {
	size_t low = 0, high = s->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->times[middle] <= t) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct pql_series_set plan_cut(struct plan *p, const struct plan_fetch *fetch,
							   const struct pql_need *need) {
	struct pql_series_set set = {.form = PQL_SERIES_LOOKED_UP};
	if (fetch == NULL) {
		return set;
	}
	BUG_ON(fetch->state != PLAN_ANSWERED);
	set.incomplete = fetch->set.incomplete;
	if (need->kind != PQL_NEED_RANGE) {
		return fetch->set;
	}
	/* Older servers' windows are closed on the left, so even the widest one is cut. */
	struct pql_series *items = ARENA_ARRAY(p->arena, struct pql_series, fetch->set.count);
	for (size_t i = 0; i < fetch->set.count; i++) {
		struct pql_series s = fetch->set.items[i];
		size_t from = first_after(&s, need->start), to = first_after(&s, need->end);
		if (from < to) {
			s.times += from;
			s.values += from;
			s.histograms = s.histograms == NULL ? NULL : s.histograms + from;
			s.count = to - from;
			items[set.count++] = s;
		}
	}
	set.items = items;
	return set;
}
