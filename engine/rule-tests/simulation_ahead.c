/* Looking ahead. Most rules read nothing but what the store has, or what rules before them record; such a rule is worth
 * evaluating over a whole stretch of steps at once, since the evaluator works on grids. Rules are taken in their order:
 *
 *   known     its value over the stretch stands. At a step, an alerting rule is given the samples; where there are none, and
 *             no alert remembers anything, it is passed over
 *   written   what a recording rule gives is among the outputs already, for the rules behind it, and it is passed over
 *
 * Anything that does not fit (an error at one step, a rule that reads its own output, two rules that write one series) is evaluated
 * step by step as ever. That rules do not see what at that step is not there yet is checked afterwards, on the series that
 * really came out; where one would have, the stretch is worked out anew without it. */
#include "base/bug.h"
#include "base/mem.h"
#include "engine/rule-tests/simulation_private.h"
#include "engine/schedule.h"

#define STRETCH_STEPS 512 /* of the shortest interval; bounds the memory of the rows */
#define MAX_ATTEMPTS 8    /* at one stretch */

void simulation_look_ahead(struct simulation *s, ts_ms until) {
	BUG_ON(s->ahead != NULL || s->now != TS_NONE || s->options.form != PQL_SERIES_STORED);
	struct simulation_ahead *ahead = mem_calloc(1, sizeof(*ahead));
	*ahead = (struct simulation_ahead){.until = until, .from = 1};
	arena_init(&ahead->arena);
	arena_init(&ahead->stretch);
	s->ahead = ahead;
	ahead_plan(s, ahead);
}

void ahead_destroy(struct simulation_ahead *ahead) {
	if (ahead == NULL) {
		return;
	}
	arena_finish(&ahead->stretch);
	arena_finish(&ahead->arena);
	free(ahead);
}

/* ---- one rule over the stretch ---- */

static void take_vector(struct ahead_rule *r, const struct pql_value *v, struct arena *a) {
	r->rows = ARENA_ARRAY(a, struct ahead_row, v->row_count);
	r->row_count = v->row_count;
	for (size_t i = 0; i < v->row_count; i++) {
		const struct pql_row *row = &v->rows[i];
		r->rows[i] = (struct ahead_row){.labels = pql_row_labels(row, a),
										.values = row->values,
										.histograms = row->histograms,
										.present = row->present};
		for (size_t k = 0; k < v->steps; k++) {
			r->any[k] |= row->present[k];
		}
	}
}

static void take_scalar(struct ahead_rule *r, const struct pql_value *v, struct arena *a) {
	uint8_t *present = ARENA_ARRAY(a, uint8_t, v->steps);
	memset(present, 1, v->steps);
	memset(r->any, 1, v->steps);
	r->rows = ARENA_NEW(a, struct ahead_row);
	r->rows[0] = (struct ahead_row){.values = v->scalars, .present = present};
	r->row_count = 1;
}

static bool evaluate_rule(struct simulation *s, const struct ahead_group *g, struct ahead_rule *r) {
	struct arena *a = &s->ahead->stretch;
	struct pql_value value;
	struct pql_failure failure;
	r->any = ARENA_ARRAY(a, uint8_t, g->steps);
	r->row_count = 0;
	if (g->steps == 0) {
		return true;
	}
	struct pql_grid grid = {.start = g->first - g->offset, .step = g->state->interval};
	grid.end = grid.start + (ts_ms)(g->steps - 1) * grid.step;
	ts_ms now = s->now;
	s->now = s->ahead->to;
	bool good = simulation_query(s, r->state->rule->expr, grid, a, &value, &failure) == NULL;
	s->now = now;
	if (good && value.type == PQL_TYPE_VECTOR) {
		take_vector(r, &value, a);
	} else if (good) {
		take_scalar(r, &value, a);
	}
	return good;
}

/* What it may find of other rules is there, or comes later and is judged then. */
static bool inputs_stand(const struct ahead_rule *r) {
	for (size_t i = 0; i < r->read_count; i++) {
		const struct ahead_metric *m = r->reads[i];
		for (size_t k = 0; k < m->writer_count; k++) {
			if (m->writers[k]->position < r->position && !m->writers[k]->written) {
				return false;
			}
		}
	}
	return true;
}

/* ---- what is recorded ---- */

static bool fits_limit(const struct ahead_group *g, const struct ahead_rule *r) {
	int64_t limit = g->state->group->limit;
	for (size_t k = 0; limit > 0 && k < g->steps; k++) {
		int64_t count = 0;
		for (size_t i = 0; i < r->row_count; i++) {
			count += r->rows[i].present[k];
		}
		if (count > limit) {
			return false;
		}
	}
	return true;
}

static void name_rows(struct ahead_rule *r, struct arena *a) {
	for (size_t i = 0; i < r->row_count; i++) {
		r->rows[i].recorded = evaluation_recorded_labels(r->state->rule, r->rows[i].labels, a);
	}
}

/* A series, and which rule writes it in this stretch or wrote it last. */
struct claim {
	struct labels labels;
	const struct ahead_rule *rule;
	bool by_row;
};

static bool claim_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct claim *)value)->labels, *(const struct labels *)key);
}

/* false: it is another rule's, or another row of this one is written as it. */
static bool claim_series(struct hmap *claims, struct claim wanted, struct arena *a) {
	uint64_t hash = labels_hash(wanted.labels);
	struct claim *there = hmap_find(claims, hash, claim_has_labels, &wanted.labels);
	if (there == NULL) {
		there = ARENA_NEW(a, struct claim);
		*there = wanted;
		hmap_add(claims, hash, there);
		return true;
	}
	bool free = there->rule == wanted.rule && !(there->by_row && wanted.by_row);
	there->by_row = there->by_row || wanted.by_row;
	return free;
}

static bool claim_rows(const struct ahead_rule *r, struct hmap *claims, struct arena *a) {
	bool all = true;
	const struct outputs_writer *before = &r->state->writer;
	for (size_t i = 0; i < before->count; i++) {
		struct labels labels = outputs_writer_sample(before, i).labels;
		all = claim_series(claims, (struct claim){labels, r, false}, a) && all;
	}
	for (size_t i = 0; i < r->row_count; i++) {
		all = claim_series(claims, (struct claim){r->rows[i].recorded, r, true}, a) && all;
	}
	return all;
}

/* false: something was dropped. */
static bool write_rows(struct simulation *s, const struct ahead_group *g, struct ahead_rule *r) {
	struct output_sample *samples =
		ARENA_ARRAY(&s->ahead->stretch, struct output_sample, r->row_count);
	bool all = true;
	r->writer = outputs_writer_dup(&r->state->writer);
	for (size_t k = 0; k < g->steps; k++) {
		size_t count = 0;
		for (size_t i = 0; i < r->row_count; i++) {
			const struct ahead_row *row = &r->rows[i];
			if (row->present[k]) {
				samples[count++] = (struct output_sample){
					.labels = row->recorded,
					.value = row->values[k],
					.histogram = row->histograms == NULL ? NULL : row->histograms[k]};
			}
		}
		ts_ms t = g->first + (ts_ms)k * g->state->interval;
		all =
			outputs_write(s->outputs, &r->writer, t, samples, count, &s->ahead->stretch) == NULL &&
			all;
	}
	r->written = true;
	return all;
}

/* ---- was it right? ---- */

/* What cannot be said counts as yes. */
static bool finds(const struct pql_selector *selector, struct labels labels, struct arena *a) {
	bool match;
	const char *error;
	return !matchers_match(selector->matchers, selector->matcher_count, labels, a, &match,
						   &error) ||
		   match;
}

/* Whether the reader finds a series that the writer writes in this stretch, or marks as stale. */
static bool finds_row(const struct ahead_rule *reader, const struct ahead_rule *writer,
					  struct arena *a) {
	const struct pql_expr *expr = reader->state->rule->expr;
	const struct outputs_writer *before = &writer->state->writer;
	for (size_t i = 0; i < expr->selector_count; i++) {
		const struct pql_selector *selector = &expr->selectors[i]->selector;
		for (size_t k = 0; k < before->count; k++) {
			if (finds(selector, outputs_writer_sample(before, k).labels, a)) {
				return true;
			}
		}
		for (size_t k = 0; k < writer->row_count; k++) {
			if (finds(selector, writer->rows[k].recorded, a)) {
				return true;
			}
		}
	}
	return false;
}

/* Whether what the writer wrote ahead, or will write, leads the reader to another value than step by step. */
static bool judge_pair(struct ahead_rule *reader, struct ahead_rule *writer, struct arena *a) {
	bool earlier = writer->position < reader->position && !reader->pinned;
	if (earlier || (writer->known && !finds_row(reader, writer, a))) {
		return true;
	}
	if (!writer->written && !reader->known) {
		return true;
	}
	writer->lazy = writer->lazy || writer->written;
	reader->stepwise = true;
	return false;
}

static bool judge(struct simulation_ahead *ahead) {
	bool good = true;
	for (size_t i = 0; i < ahead->rule_count; i++) {
		struct ahead_rule *reader = ahead->order[i];
		for (size_t k = 0; k < reader->read_count; k++) {
			const struct ahead_metric *m = reader->reads[k];
			for (size_t w = 0; w < m->writer_count; w++) {
				good = judge_pair(reader, m->writers[w], &ahead->stretch) && good;
			}
		}
	}
	return good;
}

/* ---- the stretch ---- */

static void lay_out_groups(struct simulation *s, ts_ms from) {
	struct simulation_ahead *ahead = s->ahead;
	dur_ms shortest = INT64_MAX / STRETCH_STEPS;
	for (size_t i = 0; i < s->group_count; i++) {
		dur_ms interval = s->groups[i]->interval;
		shortest = interval < shortest ? interval : shortest;
	}
	ahead->from = from;
	ahead->to = ahead->until - from < shortest * STRETCH_STEPS
					? ahead->until
					: from + shortest * (STRETCH_STEPS - 1);
	for (size_t i = 0; i < s->group_count; i++) {
		struct ahead_group *g = &ahead->groups[i];
		dur_ms interval = g->state->interval;
		ts_ms slot = schedule_slot(interval, from - s->options.origin) + s->options.origin;
		g->first = slot == from ? from : slot + interval;
		g->steps = g->first > ahead->to ? 0 : (size_t)((ahead->to - g->first) / interval) + 1;
	}
}

static void begin(struct simulation_ahead *ahead) {
	arena_reset(&ahead->stretch);
	for (size_t i = 0; i < ahead->rule_count; i++) {
		struct ahead_rule *r = ahead->order[i];
		r->known = r->written = false;
	}
}

/* Of rules that write one series each has its turn at each step. true: that is a change. */
static bool write_lazily(const struct ahead_metric *m) {
	bool changed = false;
	for (size_t i = 0; i < m->writer_count; i++) {
		changed = changed || !m->writers[i]->lazy;
		m->writers[i]->lazy = true;
	}
	return changed;
}

/* What a rule writes in its turn is not known before. */
static bool all_are_known(const struct ahead_metric *m) {
	for (size_t i = 0; i < m->writer_count; i++) {
		if (!m->writers[i]->known) {
			return false;
		}
	}
	return true;
}

static bool judge_writers(struct simulation_ahead *ahead) {
	bool good = true;
	for (size_t i = 0; i < ahead->metric_count; i++) {
		struct ahead_metric *m = ahead->metrics[i];
		good = (m->writer_count == 1 || all_are_known(m) || !write_lazily(m)) && good;
	}
	return good;
}

/* false: something has to be left out, and it must be done anew. */
static bool work_out(struct simulation *s) {
	struct simulation_ahead *ahead = s->ahead;
	struct hmap claims;
	hmap_init(&claims, &ahead->stretch);
	for (size_t i = 0; i < s->group_count; i++) {
		const struct ahead_group *g = &ahead->groups[i];
		for (size_t k = 0; k < g->state->rule_count; k++) {
			struct ahead_rule *r = &g->rules[k];
			r->known = !r->stepwise && inputs_stand(r) && evaluate_rule(s, g, r);
			if (!r->known || r->metric == NULL) {
				continue;
			}
			name_rows(r, &ahead->stretch);
			if (!claim_rows(r, &claims, &ahead->stretch) && write_lazily(r->metric)) {
				return false;
			}
			if (!r->lazy && fits_limit(g, r) && !write_rows(s, g, r)) {
				write_lazily(r->metric);
				return false;
			}
		}
	}
	return true;
}

static void keep_writers(struct simulation_ahead *ahead) {
	for (size_t i = 0; i < ahead->rule_count; i++) {
		struct ahead_rule *r = ahead->order[i];
		if (r->written) {
			outputs_writer_drop(&r->state->writer);
			r->state->writer = r->writer;
		}
	}
}

static void take_back(struct simulation *s) {
	for (size_t i = 0; i < s->ahead->rule_count; i++) {
		struct ahead_rule *r = s->ahead->order[i];
		if (r->written) {
			outputs_writer_drop(&r->writer);
		}
		r->known = r->written = false;
	}
	outputs_set_back(s->outputs, s->ahead->from - 1);
}

void ahead_enter(struct simulation *s, ts_ms ts) {
	struct simulation_ahead *ahead = s->ahead;
	if (ahead->off || (ts >= ahead->from && ts <= ahead->to)) {
		return;
	}
	lay_out_groups(s, ts);
	for (size_t i = 0; i < MAX_ATTEMPTS; i++) {
		begin(ahead);
		if (work_out(s) && judge(ahead) && judge_writers(ahead)) {
			keep_writers(ahead);
			return;
		}
		take_back(s);
	}
	ahead->off = true;
}

/* ---- at a step ---- */

static size_t step_of(const struct ahead_group *g, ts_ms ts) {
	return (size_t)((ts - g->first) / g->state->interval);
}

static bool remembers(const struct rule_state *r) {
	return r->alerting.count > 0 || r->writer.count > 0 || r->last_error != NULL ||
		   r->alerting.state == ALERT_UNKNOWN;
}

bool ahead_set_course(struct simulation *s, size_t group, ts_ms ts) {
	const struct ahead_group *g = &s->ahead->groups[group];
	bool any = false;
	for (size_t i = 0; i < g->state->rule_count; i++) {
		const struct ahead_rule *r = &g->rules[i];
		bool idle =
			r->known && r->metric == NULL && !r->any[step_of(g, ts)] && !remembers(r->state);
		r->state->course = r->written || idle ? RULE_SKIPPED
						   : r->known         ? RULE_GIVEN
											  : RULE_EVALUATED;
		any = any || r->state->course != RULE_SKIPPED;
	}
	return any;
}

void ahead_value(const struct simulation *s, size_t group, size_t rule, ts_ms ts, struct arena *a,
				 struct pql_series_set *ret_set) {
	const struct ahead_group *g = &s->ahead->groups[group];
	const struct ahead_rule *r = &g->rules[rule];
	struct pql_series *items = ARENA_ARRAY(a, struct pql_series, r->row_count);
	size_t step = step_of(g, ts), count = 0;
	for (size_t i = 0; i < r->row_count; i++) {
		const struct ahead_row *row = &r->rows[i];
		if (row->present[step]) {
			items[count++] = (struct pql_series){
				.labels = row->labels,
				.values = &row->values[step],
				.histograms = row->histograms == NULL ? NULL : &row->histograms[step],
				.count = 1};
		}
	}
	*ret_set =
		(struct pql_series_set){.form = PQL_SERIES_LOOKED_UP, .items = items, .count = count};
}
