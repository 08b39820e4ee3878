/* info(v, {selector}): adds labels of info series (target_info and the like) to the rows of v that describe the same target.
 *
 * Two series describe the same target if they agree on `instance` and `job`. Info series are grouped by that and by their name;
 * at each step the newest sample of a group gives the labels. As Prometheus' evalInfo. */
#include "promql-lite/eval_private.h"

#include <math.h>

#include "promql-lite/info_time.h"

static const struct str identifying[] = {{"instance", 8}, {"job", 3}};

#define IDENTIFYING_COUNT (sizeof(identifying) / sizeof(identifying[0]))
#define NO_ROW SIZE_MAX

struct info_group {
	size_t next;    /* group of the same target and another name, or NO_ROW */
	size_t *winner; /* per step: the info row that is valid, or NO_ROW */
};

struct info {
	struct pql_call_context *call;
	struct pql_frame *f;
	const struct pql_selector *selector;
	const struct pql_value *base;
	struct pql_value infos; /* values are the times of the samples, in seconds */
	bool *ignored;          /* per base row: it is an info series itself */
	struct info_group *groups;
	size_t group_count;
	struct label_index *targets;
	size_t *first_group; /* per target, or NO_ROW */
	struct label_index *outputs;
};

/* ---- which series ---- */

static bool is_name_matcher(const struct matcher *m) {
	return str_equal(m->name, LABEL_NAME);
}

/* Info series among the rows of v are handed through. */
static bool find_ignored(struct info *x) {
	bool matches;

	for (size_t i = 0; i < x->base->row_count; i++) {
		struct str name = labels_get(x->base->rows[i].labels, LABEL_NAME);

		x->ignored[i] = true;
		for (size_t j = 0; j < x->selector->matcher_count; j++) {
			const struct matcher *m = &x->selector->matchers[j];

			if (!is_name_matcher(m)) {
				continue;
			}
			if (!matcher_matches(m, name, &matches)) {
				return eval_fail(x->f->run, call_arg_span(x->call, 1), "%s",
								 regex_describe_failure(m->regex, name, x->f->run->arena));
			}
			x->ignored[i] = x->ignored[i] && matches;
		}
	}
	return true;
}

/* Which identifying labels a row has, as bits. */
#define PATTERN_COUNT (1u << IDENTIFYING_COUNT)

static unsigned pattern_of(struct labels l) {
	unsigned pattern = 0;

	for (unsigned i = 0; i < IDENTIFYING_COUNT; i++) {
		pattern |= labels_has(l, identifying[i]) ? 1u << i : 0;
	}
	return pattern;
}

/* Of the rows to be enriched that have one pattern: per identifying label, the values it has. */
struct wanted {
	struct label_index
		*values[IDENTIFYING_COUNT]; /* of label sets in which that label alone counts */
	size_t rows;
};

static void find_wanted(const struct info *x, struct wanted *ret) {
	bool is_new;

	for (unsigned p = 0; p < PATTERN_COUNT; p++) {
		ret[p] = (struct wanted){0};
		for (size_t i = 0; i < IDENTIFYING_COUNT; i++) {
			ret[p].values[i] =
				label_index_create_grouping(x->f->run->arena, &identifying[i], 1, false);
		}
	}
	for (size_t j = 0; j < x->base->row_count; j++) {
		struct labels l = x->base->rows[j].labels;
		struct wanted *w = &ret[pattern_of(l)];

		if (!x->ignored[j]) {
			w->rows++;
			for (size_t i = 0; i < IDENTIFYING_COUNT; i++) {
				label_index_add(w->values[i], l, &is_new);
			}
		}
	}
}

/* Among the rows with the same identifying labels, each of these must have a value that some row has. */
static bool is_wanted(const struct wanted *wanted, struct labels l) {
	unsigned pattern = pattern_of(l);
	size_t number;

	if (pattern == 0 || wanted[pattern].rows == 0) {
		return false;
	}
	for (size_t i = 0; i < IDENTIFYING_COUNT; i++) {
		if (!label_index_find(wanted[pattern].values[i], l, &number)) {
			return false;
		}
	}
	return true;
}

static bool find_infos(struct info *x) {
	struct wanted wanted[PATTERN_COUNT];
	struct pql_info_time place;
	struct pql_stretch_error error;
	struct data_time time;

	find_wanted(x, wanted);
	x->infos = (struct pql_value){.type = PQL_TYPE_VECTOR};
	if (!pql_info_time(x->call->args[0], x->f->run->query, &place, &error)) {
		return eval_fail_stretch(x->f->run, &error);
	}
	time = (struct data_time){place.pinned, place.at, place.offset};
	if (!eval_selector_timestamps(x->f, x->call->args[1], &time, &x->infos)) {
		return false;
	}
	for (size_t i = 0; i < x->infos.row_count; i++) {
		if (!is_wanted(wanted, x->infos.rows[i].labels)) {
			memset(x->infos.rows[i].present, 0, x->f->steps);
		}
	}
	value_compact(x->f, &x->infos);
	return true;
}

/* ---- groups ---- */

static bool choose_winner(struct info *x, struct info_group *g, size_t row, size_t step) {
	struct arena *a = x->f->run->arena;
	const struct pql_row *fresh = &x->infos.rows[row], *old;

	if (g->winner[step] == NO_ROW) {
		g->winner[step] = row;
		return true;
	}
	old = &x->infos.rows[g->winner[step]];
	if (old->values[step] == fresh->values[step]) {
		return eval_fail(
			x->f->run, x->call->node->span,
			"found duplicate series for info metric: existing %s @ %lld, new %s @ %lld",
			labels_text(a, old->labels), llround(old->values[step] * 1000),
			labels_text(a, fresh->labels), llround(fresh->values[step] * 1000));
	}
	if (old->values[step] < fresh->values[step]) {
		g->winner[step] = row;
	}
	return true;
}

static size_t add_group(struct info *x, struct labels l) {
	struct arena *a = x->f->run->arena;
	struct info_group *g = &x->groups[x->group_count];
	bool is_new;
	size_t target = label_index_add(x->targets, l, &is_new);

	if (is_new) {
		x->first_group[target] = NO_ROW;
	}
	g->winner = ARENA_ARRAY(a, size_t, x->f->steps);
	for (size_t k = 0; k < x->f->steps; k++) {
		g->winner[k] = NO_ROW;
	}
	g->next = x->first_group[target];
	x->first_group[target] = x->group_count;
	return x->group_count++;
}

/* At a step without any base row nothing is looked at, not even for an error. */
static bool *steps_with_base(const struct info *x) {
	bool *any = ARENA_ARRAY(x->f->run->arena, bool, x->f->steps);

	for (size_t i = 0; i < x->base->row_count; i++) {
		for (size_t k = 0; k < x->f->steps; k++) {
			any[k] = any[k] || x->base->rows[i].present[k];
		}
	}
	return any;
}

static bool group_infos(struct info *x) {
	struct arena *a = x->f->run->arena;
	const struct str key[] = {identifying[0], identifying[1], LABEL_NAME};
	struct label_index *keys = label_index_create_grouping(a, key, IDENTIFYING_COUNT + 1, false);
	const bool *any = steps_with_base(x);

	x->groups = ARENA_ARRAY(a, struct info_group, x->infos.row_count + 1);
	x->first_group = ARENA_ARRAY(a, size_t, x->infos.row_count + 1);
	x->targets = label_index_create_grouping(a, identifying, IDENTIFYING_COUNT, false);
	for (size_t i = 0; i < x->infos.row_count; i++) {
		struct labels l = x->infos.rows[i].labels;
		bool is_new;
		size_t group = label_index_add(keys, l, &is_new);

		if (is_new) {
			group = add_group(x, l);
		}
		for (size_t k = 0; k < x->f->steps; k++) {
			if (any[k] && x->infos.rows[i].present[k] &&
				!choose_winner(x, &x->groups[group], i, k)) {
				return false;
			}
		}
	}
	return true;
}

/* ---- joining ---- */

/* Whether the selector asks for this label; without conditions all are wanted. */
static bool label_is_wanted(const struct info *x, struct str name) {
	bool any = false;

	for (size_t i = 0; i < x->selector->matcher_count; i++) {
		const struct matcher *m = &x->selector->matchers[i];

		if (!is_name_matcher(m)) {
			any = true;
			if (str_equal(m->name, name)) {
				return true;
			}
		}
	}
	return !any;
}

static bool join_labels(struct info *x, struct labels base, struct labels info,
						struct labels_builder *b) {
	for (size_t i = 0; i < info.count; i++) {
		struct label l = info.items[i];

		if (str_equal(l.name, LABEL_NAME) || !label_is_wanted(x, l.name)) {
			continue;
		}
		for (size_t j = 0; j < b->count; j++) {
			if (str_equal(b->items[j].name, l.name) && !str_equal(b->items[j].value, l.value)) {
				return eval_fail(x->f->run, x->call->node->span, "conflicting label: %.*s",
								 STR_FMT(l.name));
			}
		}
		if (!labels_has(base, l.name)) {
			labels_builder_set(b, l.name, l.value);
		}
	}
	return true;
}

/* Whether a row without info series is left out: a condition that an absent label does not meet. */
static bool needs_info(const struct info *x) {
	for (size_t i = 0; i < x->selector->matcher_count; i++) {
		const struct matcher *m = &x->selector->matchers[i];

		if (!is_name_matcher(m) && !m->matches_empty) {
			return true;
		}
	}
	return false;
}

static bool put(struct info *x, const struct pql_row *from, struct labels l, size_t step) {
	bool is_new;
	size_t at = label_index_add(x->outputs, l, &is_new);
	struct pql_row *row;

	if (is_new && value_add_row(x->f, x->call->ret, l) == NULL) {
		return false;
	}
	row = &x->call->ret->rows[at];
	if (row->present[step]) {
		return eval_fail(x->f->run, x->call->node->span,
						 "vector cannot contain metrics with the same labelset");
	}
	row->drop_name = from->drop_name;
	return row_copy_sample(x->f, row, from, step);
}

static bool enrich(struct info *x, const struct pql_row *row, size_t target, size_t step) {
	struct labels_builder extra, all;
	struct labels added;
	bool any = false;

	labels_builder_init(&extra, x->f->run->arena);
	for (size_t g = target == NO_ROW ? NO_ROW : x->first_group[target]; g != NO_ROW;
		 g = x->groups[g].next) {
		size_t winner = x->groups[g].winner[step];

		if (winner == NO_ROW) {
			continue;
		}
		any = true;
		if (!join_labels(x, row->labels, x->infos.rows[winner].labels, &extra)) {
			return false;
		}
	}
	if (!any && needs_info(x)) {
		return true;
	}
	added = labels_builder_take(&extra);
	labels_builder_init_from(&all, x->f->run->arena, row->labels);
	for (size_t i = 0; i < added.count; i++) {
		labels_builder_set(&all, added.items[i].name, added.items[i].value);
	}
	return put(x, row, labels_builder_take(&all), step);
}

static bool enrich_row(struct info *x, size_t i) {
	const struct pql_row *row = &x->base->rows[i];
	size_t target;

	if (!label_index_find(x->targets, row->labels, &target)) {
		target = NO_ROW; /* has no info series */
	}
	for (size_t k = 0; k < x->f->steps; k++) {
		if (!row->present[k]) {
			continue;
		}
		if (x->ignored[i] ? !put(x, row, row->labels, k) : !enrich(x, row, target, k)) {
			return false;
		}
	}
	return true;
}

void fn_info(struct pql_call_context *call) {
	struct arena *a = call->frame->run->arena;
	struct info x = {
		.call = call,
		.f = call->frame,
		.selector = &call->args[1]->selector,
		.base = &call->values[0],
		.ignored = ARENA_ARRAY(a, bool, call->values[0].row_count + 1),
		.outputs = label_index_create(a),
	};

	if (!find_ignored(&x) || !find_infos(&x) || !group_infos(&x)) {
		return;
	}
	for (size_t i = 0; i < x.base->row_count; i++) {
		if (!enrich_row(&x, i)) {
			return;
		}
	}
	value_clear(x.f, &x.infos);
}
