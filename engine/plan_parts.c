#include "engine/plan_parts.h"

#include <string.h>

bool plan_parts_needed(const struct plan_fetch *f) {
	bool grid = f->kind == PQL_NEED_INSTANT || f->kind == PQL_NEED_TIMESTAMP;
	size_t points = grid ? pql_grid_count(f->grid) : 0;
	return points > PLAN_REQUEST_POINTS && points / PLAN_REQUEST_POINTS < PLAN_PARTS_MAX;
}

void plan_parts_ask(struct plan *p, struct plan_fetch *f, struct plan_request *r) {
	if (f->parts == NULL) {
		f->parts = ARENA_NEW(p->arena, struct plan_parts);
		f->parts->count = (pql_grid_count(f->grid) - 1) / PLAN_REQUEST_POINTS + 1;
		f->parts->sets = ARENA_ARRAY(p->arena, struct pql_series_set, f->parts->count);
	}
	struct pql_grid *grid = &r->ask.grid;
	r->part = f->parts->asked++;
	grid->start += (ts_ms)(r->part * PLAN_REQUEST_POINTS) * grid->step;
	ts_ms end = grid->start + (PLAN_REQUEST_POINTS - 1) * grid->step;
	grid->end = end < grid->end ? end : grid->end;
	f->state = f->parts->asked == f->parts->count ? PLAN_ASKED : PLAN_WAITING;
}

/* A series of the whole, while its samples are gathered. */
struct whole {
	struct labels labels;
	ts_ms *times;
	double *values;
	size_t room, count;
};

static bool whole_has_labels(const void *value, const void *key) {
	return labels_equal(((const struct whole *)value)->labels, *(const struct labels *)key);
}

/* Calls for each series of each part with the whole that it belongs to. */
typedef void visit_series(struct whole *whole, const struct pql_series *s);

static void count_samples(struct whole *whole, const struct pql_series *s) {
	whole->room += s->count;
}

static void add_samples(struct whole *whole, const struct pql_series *s) {
	memcpy(whole->times + whole->count, s->times, s->count * sizeof(*s->times));
	memcpy(whole->values + whole->count, s->values, s->count * sizeof(*s->values));
	whole->count += s->count;
}

/* `owners` is parallel to the series of all parts, one part after the other. */
static void visit_all(const struct plan_parts *parts, struct whole **owners, visit_series *visit) {
	size_t at = 0;
	for (size_t i = 0; i < parts->count; i++) {
		for (size_t j = 0; j < parts->sets[i].count; j++) {
			visit(owners[at++], &parts->sets[i].items[j]);
		}
	}
}

/* Each series once; how many there are. */
static size_t find_wholes(struct plan *p, const struct plan_parts *parts, struct whole *wholes,
						  struct whole **owners) {
	struct hmap by_labels;
	size_t count = 0, at = 0;
	hmap_init(&by_labels, p->arena);
	for (size_t i = 0; i < parts->count; i++) {
		for (size_t j = 0; j < parts->sets[i].count; j++, at++) {
			struct labels labels = parts->sets[i].items[j].labels;
			uint64_t hash = labels_hash(labels);
			owners[at] = hmap_find(&by_labels, hash, whole_has_labels, &labels);
			if (owners[at] == NULL) {
				owners[at] = &wholes[count++];
				owners[at]->labels = labels;
				hmap_add(&by_labels, hash, owners[at]);
			}
		}
	}
	return count;
}

static void join(struct plan *p, struct plan_fetch *f) {
	const struct plan_parts *parts = f->parts;
	size_t most = 0;
	f->set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP};
	for (size_t i = 0; i < parts->count; i++) {
		most += parts->sets[i].count;
		f->set.incomplete = f->set.incomplete || parts->sets[i].incomplete;
	}
	struct whole *wholes = ARENA_ARRAY(p->arena, struct whole, most);
	struct whole **owners = ARENA_ARRAY(p->arena, struct whole *, most);
	f->set.count = find_wholes(p, parts, wholes, owners);
	visit_all(parts, owners, count_samples);
	for (size_t i = 0; i < f->set.count; i++) {
		wholes[i].times = ARENA_ARRAY(p->arena, ts_ms, wholes[i].room);
		wholes[i].values = ARENA_ARRAY(p->arena, double, wholes[i].room);
	}
	visit_all(parts, owners, add_samples);
	struct pql_series *items = ARENA_ARRAY(p->arena, struct pql_series, f->set.count);
	for (size_t i = 0; i < f->set.count; i++) {
		items[i] = (struct pql_series){.labels = wholes[i].labels,
									   .times = wholes[i].times,
									   .values = wholes[i].values,
									   .count = wholes[i].count};
	}
	f->set.items = items;
}

/* After a part that failed the others do not count. */
bool plan_parts_settle(struct plan *p, struct plan_request *r) {
	struct plan_fetch *f = r->fetches[0];
	if (f->state == PLAN_FAILED) {
		return false;
	}
	f->took += r->ask.took;
	f->bytes += r->ask.bytes;
	if (r->ask.state == PLAN_FAILED) {
		f->state = PLAN_FAILED;
		f->failure = r->ask.failure;
		f->too_large = r->ask.too_large;
		return true;
	}
	f->parts->sets[r->part] = r->ask.set;
	if (++f->parts->answered < f->parts->count) {
		return false;
	}
	join(p, f);
	f->state = PLAN_ANSWERED;
	return true;
}
