/* Fetches that go to the server together. Rules are often made by the dozen, for one metric with another value of a label each;
 * asked one by one, what a server does for each request costs more than what it does for the series. */
#include "base/bug.h"
#include "base/hash.h"
#include "base/regex_quote.h"
#include "engine/plan_parts.h"
#include "engine/plan_private.h"

#define VARIANTS_MAX 4 /* labels of a selector that are looked at */

static bool shape_has_key(const void *value, const void *key) {
	return str_equal(((const struct plan_shape *)value)->key, *(const struct str *)key);
}

/* A label that must have one value, which is in the answer then; __name__ is not always. */
static bool may_vary(const struct matcher *m) {
	return m->op == MATCH_EQUAL && m->value.len > 0 && !str_equal(m->name, LABEL_NAME);
}

static struct plan_shape *get_shape(struct plan *p, const struct pql_need *need, size_t without) {
	const struct pql_selector *s = need->selector;
	struct matcher *others = ARENA_ARRAY(p->arena, struct matcher, s->matcher_count);
	size_t count = 0;
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (i != without) {
			others[count++] = s->matchers[i];
		}
	}
	struct strbuf text = STRBUF_INIT;
	plan_print_selector(&text, others, count);
	struct str rest = arena_dup(p->arena, strbuf_str(&text));
	strbuf_add_char(&text, ' ');
	strbuf_add(&text, s->matchers[without].name);
	struct str key = plan_key(p, need, strbuf_str(&text));
	strbuf_finish(&text);
	uint64_t hash = hash_str(key);
	struct plan_shape *shape = hmap_find(&p->by_shape, hash, shape_has_key, &key);
	if (shape == NULL) {
		shape = ARENA_NEW(p->arena, struct plan_shape);
		*shape = (struct plan_shape){
			.key = key, .rest = rest, .label = arena_dup(p->arena, s->matchers[without].name)};
		hmap_add(&p->by_shape, hash, shape);
	}
	return shape;
}

static void add_to_shape(struct plan *p, struct plan_shape *shape, struct plan_fetch *fetch,
						 struct str value) {
	size_t capacity = shape->capacity;
	shape->values =
		arena_grow(p->arena, shape->values, shape->count, &capacity, sizeof(*shape->values));
	shape->fetches = arena_grow(p->arena, shape->fetches, shape->count, &shape->capacity,
								sizeof(*shape->fetches));
	shape->values[shape->count] = arena_dup(p->arena, value);
	shape->fetches[shape->count++] = fetch;
}

/* Selectors that name the label twice are left alone: the answer could not be told apart by one value. */
static bool is_named_once(const struct pql_selector *s, size_t index) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (i != index && str_equal(s->matchers[i].name, s->matchers[index].name)) {
			return false;
		}
	}
	return true;
}

void plan_note_variants(struct plan *p, struct plan_fetch *fetch, const struct pql_need *need) {
	const struct pql_selector *s = need->selector;
	if (need->kind == PQL_NEED_EXPRESSION) {
		return;
	}
	fetch->variants = ARENA_ARRAY(p->arena, struct plan_variant, VARIANTS_MAX);
	for (size_t i = 0; i < s->matcher_count && fetch->variant_count < VARIANTS_MAX; i++) {
		if (may_vary(&s->matchers[i]) && is_named_once(s, i)) {
			struct plan_shape *shape = get_shape(p, need, i);
			add_to_shape(p, shape, fetch, s->matchers[i].value);
			fetch->variants[fetch->variant_count++].shape = shape;
		}
	}
}

static bool may_join(const struct plan_fetch *f) {
	return f->state == PLAN_WAITING && !f->alone && !plan_parts_needed(f);
}

/* Those that were asked for are passed over for good. */
static size_t count_waiting(struct plan_shape *shape) {
	size_t waiting = 0;
	while (shape->gone < shape->count && !may_join(shape->fetches[shape->gone])) {
		shape->gone++;
	}
	for (size_t i = shape->gone; i < shape->count && waiting < PLAN_REQUEST_FETCHES; i++) {
		waiting += may_join(shape->fetches[i]);
	}
	return waiting;
}

/* The shape in which most fetches wait beside this one; NULL: none does. */
static struct plan_shape *best_shape(const struct plan_fetch *fetch) {
	struct plan_shape *best = NULL;
	size_t most = 1;
	for (size_t i = 0; !fetch->alone && i < fetch->variant_count; i++) {
		size_t waiting = count_waiting(fetch->variants[i].shape);
		if (waiting > most) {
			most = waiting;
			best = fetch->variants[i].shape;
		}
	}
	return best;
}

/* `up` and `job=~"a|b"` make `up{job=~"a|b"}`. */
static struct str join_selector(struct plan *p, const struct plan_shape *shape, struct str values) {
	struct strbuf text = STRBUF_INIT;
	struct str rest = shape->rest;
	bool braces = rest.len > 0 && rest.ptr[rest.len - 1] == '}';
	strbuf_add(&text, str_slice(rest, 0, rest.len - braces));
	strbuf_add_char(&text, braces ? ',' : '{');
	plan_print_matcher(&text,
					   &(struct matcher){.name = shape->label, .op = MATCH_REGEX, .value = values});
	strbuf_add_char(&text, '}');
	struct str selector = arena_dup(p->arena, strbuf_str(&text));
	strbuf_finish(&text);
	return selector;
}

/* A range is as wide as the widest of them, which is then true of each. */
static void ask_together(struct plan *p, struct plan_request *r, const struct plan_shape *shape) {
	struct strbuf values = STRBUF_INIT;
	r->label = shape->label;
	for (size_t i = shape->gone; i < shape->count && r->count < PLAN_REQUEST_FETCHES; i++) {
		struct plan_fetch *f = shape->fetches[i];
		if (may_join(f)) {
			strbuf_add_c(&values, r->count > 0 ? "|" : "");
			regex_quote(&values, shape->values[i]);
			r->ask.start = f->start < r->ask.start ? f->start : r->ask.start;
			r->values[r->count] = shape->values[i];
			r->fetches[r->count++] = f;
			f->state = PLAN_ASKED;
		}
	}
	for (size_t i = 0; i < r->count; i++) {
		r->fetches[i]->start = r->ask.start;
	}
	r->ask.selector = join_selector(p, shape, strbuf_str(&values));
	strbuf_finish(&values);
}

static struct plan_fetch *next_waiting(struct plan *p) {
	while (p->next < p->count && p->fetches[p->next]->state != PLAN_WAITING) {
		p->next++;
	}
	return p->next < p->count ? p->fetches[p->next] : NULL;
}

struct plan_request *plan_next_request(struct plan *p) {
	struct plan_fetch *first = next_waiting(p);
	if (first == NULL) {
		return NULL;
	}
	struct plan_request *r = ARENA_NEW(p->arena, struct plan_request);
	struct plan_shape *shape = p->apart || !may_join(first) ? NULL : best_shape(first);
	r->ask = *first;
	if (shape != NULL) {
		r->fetches = ARENA_ARRAY(p->arena, struct plan_fetch *, PLAN_REQUEST_FETCHES);
		r->values = ARENA_ARRAY(p->arena, struct str, PLAN_REQUEST_FETCHES);
		ask_together(p, r, shape);
	} else {
		r->fetches = ARENA_NEW(p->arena, struct plan_fetch *);
		r->fetches[r->count++] = first;
		first->state = PLAN_ASKED;
		if (plan_parts_needed(first)) {
			plan_parts_ask(p, first, r);
		}
	}
	r->ask.state = PLAN_ASKED;
	return r;
}

/* The series of one fetch while they are told apart. */
struct share {
	struct str value; /* of the label */
	struct plan_fetch *fetch;
	struct pql_series *items;
	size_t count;
};

static bool share_has_value(const void *value, const void *key) {
	return str_equal(((const struct share *)value)->value, *(const struct str *)key);
}

/* Counts first, so that each share gets an array of its size. */
static void tell_apart(struct plan *p, struct plan_request *r) {
	struct arena scratch;
	struct hmap by_value;
	const struct pql_series_set *set = &r->ask.set;
	arena_init(&scratch);
	hmap_init(&by_value, &scratch);
	struct share *shares = ARENA_ARRAY(&scratch, struct share, r->count);
	for (size_t i = 0; i < r->count; i++) {
		shares[i] = (struct share){.value = r->values[i], .fetch = r->fetches[i]};
		hmap_add(&by_value, hash_str(shares[i].value), &shares[i]);
	}
	struct share **owners = ARENA_ARRAY(&scratch, struct share *, set->count);
	for (size_t i = 0; i < set->count; i++) {
		struct str value = labels_get(set->items[i].labels, r->label);
		owners[i] = hmap_find(&by_value, hash_str(value), share_has_value, &value);
		if (owners[i] != NULL) {
			owners[i]->count++;
		}
	}
	for (size_t i = 0; i < r->count; i++) {
		shares[i].items = ARENA_ARRAY(p->arena, struct pql_series, shares[i].count);
		shares[i].fetch->set = *set;
		shares[i].fetch->set.items = shares[i].items;
		shares[i].fetch->set.count = shares[i].count;
		shares[i].count = 0;
	}
	for (size_t i = 0; i < set->count; i++) {
		if (owners[i] != NULL) {
			owners[i]->items[owners[i]->count++] = set->items[i];
		}
	}
	arena_finish(&scratch);
}

bool plan_settle(struct plan *p, struct plan_request *r) {
	if (r->fetches[0]->parts != NULL) {
		return plan_parts_settle(p, r);
	}
	for (size_t i = 0; i < r->count; i++) {
		struct plan_fetch *f = r->fetches[i];
		f->state = r->ask.state;
		f->failure = r->ask.failure;
		f->too_large = r->ask.too_large;
		f->took = r->ask.took;
		f->bytes = r->ask.bytes / r->count;
		f->set = r->ask.set;
	}
	if (r->ask.state == PLAN_ANSWERED && r->count > 1) {
		tell_apart(p, r);
	}
	return true;
}

void plan_part(struct plan *p, struct plan_request *r) {
	for (size_t i = 0; i < r->count; i++) {
		struct plan_fetch *f = r->fetches[i];
		f->state = PLAN_WAITING;
		f->alone = true;
		p->next = f->index < p->next ? f->index : p->next;
	}
}
