#include "notifiers/claims.h"

#include "base/hmap.h"
#include "base/mem.h"

#define SWEEP_MIN 1000 /* claims; below, those whose time is up may stay */

struct claim {
	uint64_t alert, labels;
	ts_ms until;
};

/* A label set and the alerts behind it. */
struct claimed {
	uint64_t labels;
	size_t alerts;
	ts_ms until; /* the latest of theirs */
};

struct claims {
	struct hmap by_alert;  /* of struct claim */
	struct hmap by_labels; /* of struct claimed */
	size_t sweep_at;       /* claims */
};

struct claims *claims_create(void) {
	struct claims *c = mem_calloc(1, sizeof *c);
	hmap_init(&c->by_alert, NULL);
	hmap_init(&c->by_labels, NULL);
	c->sweep_at = SWEEP_MIN;
	return c;
}

static void free_all(struct hmap *m) {
	size_t iterator = 0;
	for (void *value; (value = hmap_next(m, &iterator)) != NULL;) {
		free(value);
	}
	hmap_finish(m);
}

void claims_destroy(struct claims *c) {
	if (c != NULL) {
		free_all(&c->by_alert);
		free_all(&c->by_labels);
		free(c);
	}
}

size_t claims_count(const struct claims *c) {
	return c->by_alert.count;
}

static bool has_alert(const void *value, const void *key) {
	return ((const struct claim *)value)->alert == *(const uint64_t *)key;
}

static bool has_labels(const void *value, const void *key) {
	return ((const struct claimed *)value)->labels == *(const uint64_t *)key;
}

static struct claimed *find_claimed(const struct claims *c, uint64_t labels) {
	return hmap_find(&c->by_labels, labels, has_labels, &labels);
}

static struct claimed *get_claimed(struct claims *c, uint64_t labels) {
	struct claimed *d = find_claimed(c, labels);
	if (d == NULL) {
		d = mem_calloc(1, sizeof *d);
		d->labels = labels;
		d->until = TS_NONE;
		hmap_add(&c->by_labels, labels, d);
	}
	return d;
}

static void release(struct claims *c, struct claim *claim) {
	struct claimed *d = find_claimed(c, claim->labels);
	if (--d->alerts == 0) {
		hmap_remove(&c->by_labels, d->labels, has_labels, &d->labels);
		free(d);
	}
	hmap_remove(&c->by_alert, claim->alert, has_alert, &claim->alert);
	free(claim);
}

/* An alert can go without a word: its claims are dropped once their time is up, in rounds that cost no more than what was added
 * since the last one. */
static void sweep(struct claims *c, ts_ms now) {
	struct claim *claim, **old = mem_calloc(c->by_alert.count, sizeof(struct claim *));
	size_t iterator = 0, count = 0;
	while ((claim = hmap_next(&c->by_alert, &iterator)) != NULL) {
		if (claim->until <= now) {
			old[count++] = claim;
		}
	}
	for (size_t i = 0; i < count; i++) {
		release(c, old[i]);
	}
	free(old);
	c->sweep_at = 2 * c->by_alert.count > SWEEP_MIN ? 2 * c->by_alert.count : SWEEP_MIN;
}

void claims_add(struct claims *c, uint64_t alert, uint64_t labels, ts_ms until, ts_ms now) {
	struct claim *claim = hmap_find(&c->by_alert, alert, has_alert, &alert);
	if (claim != NULL && claim->labels != labels) {
		release(c, claim);
		claim = NULL;
	}
	if (claim == NULL && c->by_alert.count >= c->sweep_at) {
		sweep(c, now);
	}
	struct claimed *d = get_claimed(c, labels);
	if (claim == NULL) {
		claim = mem_calloc(1, sizeof *claim);
		*claim = (struct claim){.alert = alert, .labels = labels};
		hmap_add(&c->by_alert, alert, claim);
		d->alerts++;
	}
	claim->until = until;
	d->until = d->until == TS_NONE || until > d->until ? until : d->until;
}

bool claims_end(struct claims *c, uint64_t alert, uint64_t labels, ts_ms now) {
	struct claim *claim = hmap_find(&c->by_alert, alert, has_alert, &alert);
	if (claim != NULL) {
		release(c, claim);
	}
	const struct claimed *others = find_claimed(c, labels);
	return others == NULL || others->until <= now;
}
