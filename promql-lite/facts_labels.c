/* Which labels a result can have. */
#include "promql-lite/facts_private.h"

#include "base/sorted.h"

enum pql_label_state pql_facts_label(const struct pql_facts *f, struct str name,
									 struct str *ret_value) {
	bool found;
	size_t at = sorted_find(f->labels, sizeof(struct pql_label_fact), f->label_count, name, &found);

	if (ret_value != NULL) {
		*ret_value = found ? f->labels[at].value : STR_EMPTY;
	}
	return found ? f->labels[at].state : f->others;
}

void label_list_init(struct label_list *l, struct facts_run *run) {
	*l = (struct label_list){.run = run};
}

void label_list_set(struct label_list *l, struct str name, enum pql_label_state state,
					struct str value) {
	bool found;
	size_t at;

	if (str_equal(name, LABEL_NAME) || l->overflow) {
		return;
	}
	at = sorted_find(l->items, sizeof(struct pql_label_fact), l->count, name, &found);
	if (!found) {
		if (l->count == PQL_FACTS_MAX_LABELS ||
			l->run->label_count == PQL_FACTS_MAX_LABELS_OF_ALL) {
			l->overflow = true;
			return;
		}
		l->items = arena_grow(l->run->arena, l->items, l->count, &l->capacity, sizeof(l->items[0]));
		memmove(&l->items[at + 1], &l->items[at], (l->count - at) * sizeof(l->items[0]));
		l->count++;
		l->run->label_count++;
	}
	l->items[at] = (struct pql_label_fact){name, state, value};
}

void label_list_add_all(struct label_list *l, const struct pql_facts *f) {
	for (size_t i = 0; i < f->label_count; i++) {
		label_list_set(l, f->labels[i].name, f->labels[i].state, f->labels[i].value);
	}
}

void label_list_finish(struct label_list *l, enum pql_label_state others, struct pql_facts *ret) {
	ret->labels = l->overflow ? NULL : l->items;
	ret->label_count = l->overflow ? 0 : l->count;
	ret->others = l->overflow ? PQL_LABEL_MAYBE : others;
}

bool names_have(const struct str *names, size_t count, struct str name) {
	for (size_t i = 0; i < count; i++) {
		if (str_equal(names[i], name)) {
			return true;
		}
	}
	return false;
}

/* Of longer lists nothing is said: each label is looked up in them. */
static bool is_too_long(size_t count) {
	return count > PQL_FACTS_MAX_LABELS;
}

static void labels_unknown(struct pql_facts *ret) {
	ret->labels = NULL;
	ret->label_count = 0;
	ret->others = PQL_LABEL_MAYBE;
}

void labels_group(struct facts_run *run, const struct pql_facts *f, const struct str *names,
				  size_t count, bool without, struct pql_facts *ret) {
	struct label_list l;

	if (is_too_long(count)) {
		labels_unknown(ret);
		return;
	}
	label_list_init(&l, run);
	if (without) {
		label_list_add_all(&l, f);
	}
	for (size_t i = 0; i < count; i++) {
		struct str value = STR_EMPTY;
		enum pql_label_state state =
			without ? PQL_LABEL_NEVER : pql_facts_label(f, names[i], &value);

		/* Nobody groups by a label that is not there. */
		state = state == PQL_LABEL_MAYBE && run->source->conventions ? PQL_LABEL_LIKELY : state;
		label_list_set(&l, names[i], state, value);
	}
	label_list_finish(&l, without ? f->others : PQL_LABEL_NEVER, ret);
}

/* What two that are the same label with the same value say of it. */
static struct pql_label_fact equate(struct str name, const struct pql_facts *f,
									const struct pql_facts *g) {
	struct pql_label_fact a = {.name = name}, b = {.name = name};

	a.state = pql_facts_label(f, name, &a.value);
	b.state = pql_facts_label(g, name, &b.value);
	if (a.state == PQL_LABEL_NEVER || b.state == PQL_LABEL_NEVER) {
		return (struct pql_label_fact){name, PQL_LABEL_NEVER, STR_EMPTY};
	}
	if (a.state == PQL_LABEL_ALWAYS || b.state == PQL_LABEL_ALWAYS) {
		return (struct pql_label_fact){name, PQL_LABEL_ALWAYS, a.value.len > 0 ? a.value : b.value};
	}
	a.state = a.state > b.state ? a.state : b.state;
	return a;
}

bool label_is_matched(const struct pql_node *n, struct str name) {
	bool listed = names_have(n->binary.labels, n->binary.label_count, name);

	return n->binary.on ? listed : !listed;
}

void labels_match(struct facts_run *run, const struct pql_node *n, const struct pql_facts *many,
				  const struct pql_facts *one, struct pql_facts *ret) {
	struct label_list l;
	enum pql_label_state others = many->others;

	if (is_too_long(n->binary.label_count)) {
		labels_unknown(ret);
		return;
	}
	label_list_init(&l, run);
	label_list_add_all(&l, many);
	for (size_t i = 0; i < many->label_count; i++) {
		if (label_is_matched(n, many->labels[i].name)) {
			struct pql_label_fact f = equate(many->labels[i].name, many, one);
			label_list_set(&l, f.name, f.state, f.value);
		}
	}
	for (size_t i = 0; i < one->label_count; i++) {
		if (label_is_matched(n, one->labels[i].name)) {
			struct pql_label_fact f = equate(one->labels[i].name, many, one);
			label_list_set(&l, f.name, f.state, f.value);
		}
	}
	for (size_t i = 0; i < n->binary.label_count; i++) {
		struct str name = n->binary.labels[i], value;
		enum pql_label_state state = pql_facts_label(many, name, &value);
		struct pql_label_fact f =
			n->binary.on ? equate(name, many, one) : (struct pql_label_fact){name, state, value};
		label_list_set(&l, f.name, f.state, f.value);
	}
	if (!n->binary.on && one->others == PQL_LABEL_NEVER) {
		others = PQL_LABEL_NEVER;
	}
	label_list_finish(&l, others, ret);
}

static struct pql_label_fact join_label(struct str name, const struct pql_facts *f,
										const struct pql_facts *g) {
	struct str v, w;
	enum pql_label_state a = pql_facts_label(f, name, &v), b = pql_facts_label(g, name, &w);
	enum pql_label_state low = a < b ? a : b;

	if (a != b && low == PQL_LABEL_NEVER) {
		low = PQL_LABEL_MAYBE;
	}
	return (struct pql_label_fact){name, low, str_equal(v, w) ? v : STR_EMPTY};
}

void labels_join(struct facts_run *run, const struct pql_facts *f, const struct pql_facts *g,
				 struct pql_facts *ret) {
	const struct pql_facts *sides[] = {f, g};
	enum pql_label_state others = f->others == PQL_LABEL_NEVER && g->others == PQL_LABEL_NEVER
									  ? PQL_LABEL_NEVER
									  : PQL_LABEL_MAYBE;
	struct label_list l;

	label_list_init(&l, run);
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < sides[side]->label_count; i++) {
			struct pql_label_fact both = join_label(sides[side]->labels[i].name, f, g);
			label_list_set(&l, both.name, both.state, both.value);
		}
	}
	label_list_finish(&l, others, ret);
}

/* How one label keeps the sides apart. */
static struct pql_clash clash_of(struct str name, const struct pql_facts *left,
								 const struct pql_facts *right) {
	struct pql_clash c = {.label = name};
	enum pql_label_state a = pql_facts_label(left, name, &c.left),
						 b = pql_facts_label(right, name, &c.right);
	enum pql_label_state low = a < b ? a : b, high = a < b ? b : a;
	bool values_differ = c.left.len > 0 && c.right.len > 0 && !str_equal(c.left, c.right);

	c.on_left = a > b;
	if (values_differ || (low == PQL_LABEL_NEVER && high == PQL_LABEL_ALWAYS)) {
		c.certainty = PQL_CLASH_CERTAIN;
	} else if (low == PQL_LABEL_NEVER && high == PQL_LABEL_LIKELY) {
		c.certainty = PQL_CLASH_LIKELY;
	}
	return c;
}

struct pql_clash labels_find_clash(const struct pql_node *n, const struct pql_facts *left,
								   const struct pql_facts *right) {
	const struct pql_facts *sides[] = {left, right};
	struct pql_clash worst = {.certainty = PQL_CLASH_NONE};

	if (is_too_long(n->binary.label_count)) {
		return worst;
	}
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < sides[side]->label_count; i++) {
			struct str name = sides[side]->labels[i].name;
			struct pql_clash c = clash_of(name, left, right);

			if (c.certainty > worst.certainty && label_is_matched(n, name)) {
				worst = c;
			}
		}
	}
	return worst;
}

struct pql_facts pql_facts_join(const struct pql_facts *f, const struct pql_facts *g,
								struct arena *a) {
	struct facts_run run = {.arena = a};
	struct pql_facts both = {
		.presence = f->presence < g->presence ? f->presence : g->presence,
		.value = interval_join(f->value, g->value),
	};

	if (f->presence != g->presence && both.presence == PQL_NEVER) {
		both.presence = PQL_SOMETIMES;
	}
	labels_join(&run, f, g, &both);
	return both;
}

struct pql_facts pql_facts_set_label(const struct pql_facts *f, struct str name, struct str value,
									 bool value_known, struct arena *a) {
	struct facts_run run = {.arena = a};
	struct pql_facts set = *f;
	struct label_list l;

	label_list_init(&l, &run);
	label_list_add_all(&l, f);
	if (value_known) {
		label_list_set(&l, name, value.len > 0 ? PQL_LABEL_ALWAYS : PQL_LABEL_NEVER, value);
	} else {
		label_list_set(&l, name, PQL_LABEL_MAYBE, STR_EMPTY);
	}
	label_list_finish(&l, f->others, &set);
	return set;
}
