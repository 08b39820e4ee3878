/* Alerts on their way to the Alertmanagers: external labels, the relabelling rules for all, then each Alertmanager's own. What an
 * outbox holds is known by the labels that come out. */
#include "base/mem.h"
#include "engine/engine_private.h"

static void load_rules(struct engine_relabel *r, struct relabel_rules rules) {
	relabel_destroy(r->ready);
	*r = (struct engine_relabel){.ready = relabel_create(rules)};
}

void route_load(struct engine *e) {
	load_rules(&e->relabel, e->config.alert_relabel);
}

/* Without rules alerts stay apart, and nobody has to count who stands behind what. */
void route_load_peer(struct engine *e, struct engine_peer *p, const struct config_peer *config) {
	bool any = e->config.alert_relabel.count + config->alert_relabel.count > 0;
	load_rules(&p->relabel, config->alert_relabel);
	if (!any) {
		claims_destroy(p->claims);
		p->claims = NULL;
	} else if (p->claims == NULL) {
		p->claims = claims_create();
	}
}

void route_finish(struct engine *e) {
	relabel_destroy(e->relabel.ready);
	e->relabel.ready = NULL;
}

void route_finish_peer(struct engine_peer *p) {
	relabel_destroy(p->relabel.ready);
	claims_destroy(p->claims);
}

/* Once after each load. */
static void say_trouble(struct engine *e, struct engine_relabel *r, struct labels fields) {
	const char *trouble = relabel_trouble(r->ready);
	if (trouble != NULL && !r->trouble_said) {
		r->trouble_said = true;
		engine_say(e, ENGINE_WARN, fields, "alert_relabel_configs: %s", trouble);
	}
}

static void say_troubles(struct engine *e, struct engine_peer *const *peers, size_t count) {
	say_trouble(e, &e->relabel, LABELS_EMPTY);
	for (size_t i = 0; i < count; i++) {
		struct label item = {STR("alertmanager"), peers[i]->url};
		say_trouble(e, &peers[i]->relabel, (struct labels){.items = &item, .count = 1});
	}
}

/* false: nobody is told. */
static bool relabel_for_all(struct engine *e, struct notice *n, struct arena *a) {
	return relabel_apply(e->relabel.ready, n->labels, e->config.external_labels, a, &n->labels);
}

static bool relabel_for_peer(struct engine_peer *p, struct notice *n, struct arena *a) {
	return relabel_apply(p->relabel.ready, n->labels, LABELS_EMPTY, a, &n->labels);
}

/* `alert` is the hash of the labels as the rule made them. */
static void push_to_peer(struct engine_peer *p, struct notice n, uint64_t alert, struct arena *a,
						 ts_ms now) {
	if (!relabel_for_peer(p, &n, a)) {
		return;
	}
	if (p->claims != NULL) {
		uint64_t labels = labels_hash(n.labels);
		if (!n.resolved) {
			claims_add(p->claims, alert, labels, n.ends_at, now);
		} else if (!claims_end(p->claims, alert, labels, now)) {
			return; /* another one fires under the same labels */
		}
	}
	outbox_push(p->outbox, &n, now);
}

void route_push(struct engine *e, struct engine_peer *const *peers, size_t count,
				const struct notices *notices, ts_ms now) {
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < notices->count; i++) {
		struct notice n = notices->items[i];
		uint64_t alert = labels_hash(n.labels);
		if (relabel_for_all(e, &n, &a)) {
			for (size_t j = 0; j < count; j++) {
				push_to_peer(peers[j], n, alert, &a, now);
			}
		}
		arena_reset(&a);
	}
	say_troubles(e, peers, count);
	arena_finish(&a);
}

void route_add_firing(const struct engine *e, ts_ms now, struct arena *a, struct notices *notices) {
	for (size_t i = 0; i < e->group_count; i++) {
		const struct group_state *g = e->groups[i]->state;
		for (size_t j = 0; j < g->rule_count; j++) {
			alerting_add_firing(&g->rules[j].alerting, &e->settings.alerting, g->interval, now, a,
								notices);
		}
	}
}

/* ---- a reload ---- */

/* What one Alertmanager was told of alerts that fire, as it was told. */
struct told {
	struct str url;
	struct notice *items;
	size_t count;
};

struct route_change {
	struct arena arena;
	struct told *peers; /* whose labels may change */
	size_t count;
};

static const struct config_peer *find_config(const struct config *c, struct str url) {
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		if (str_equal(c->alertmanagers[i].url, url)) {
			return &c->alertmanagers[i];
		}
	}
	return NULL;
}

/* An Alertmanager that is not there any more is not told anything either. */
static bool peer_changes(const struct config *before, const struct config *after, struct str url) {
	const struct config_peer *old = find_config(before, url), *new = find_config(after, url);
	if (old == NULL || new == NULL) {
		return false;
	}
	return !labels_equal(before->external_labels, after->external_labels) ||
		   !relabel_rules_equal(before->alert_relabel, after->alert_relabel) ||
		   !relabel_rules_equal(old->alert_relabel, new->alert_relabel);
}

static void note_told(struct engine *e, struct engine_peer *p, const struct notices *firing,
					  struct arena *a, struct told *ret_told) {
	struct told told = {.url = arena_dup(a, p->url),
						.items = ARENA_ARRAY(a, struct notice, firing->count)};
	for (size_t i = 0; i < firing->count; i++) {
		struct notice n = firing->items[i];
		if (relabel_for_all(e, &n, a) && relabel_for_peer(p, &n, a)) {
			n.labels = labels_dup(a, n.labels);
			n.annotations = labels_dup(a, n.annotations);
			told.items[told.count++] = n;
		}
	}
	*ret_told = told;
}

struct route_change *route_begin_load(struct engine *e, const struct config *config, ts_ms now) {
	struct route_change *c = NULL;
	struct notices firing = {0};
	for (size_t i = 0; e->set != NULL && i < e->peer_count; i++) {
		if (!peer_changes(&e->config, config, e->peers[i]->url)) {
			continue;
		}
		if (c == NULL) {
			c = mem_calloc(1, sizeof(*c));
			arena_init(&c->arena);
			c->peers = ARENA_ARRAY(&c->arena, struct told, e->peer_count);
			route_add_firing(e, now, &c->arena, &firing);
		}
		note_told(e, e->peers[i], &firing, &c->arena, &c->peers[c->count++]);
	}
	return c;
}

static struct engine_peer *find_peer(struct engine *e, struct str url) {
	for (size_t i = 0; i < e->peer_count; i++) {
		if (str_equal(e->peers[i]->url, url)) {
			return e->peers[i];
		}
	}
	return NULL;
}

static bool is_same(const void *value, const void *key) {
	return labels_equal(*(const struct labels *)value, *(const struct labels *)key);
}

/* The label sets under which the peer is to know what fires. */
static void collect_labels(struct engine *e, struct engine_peer *p, const struct notices *firing,
						   struct arena *a, struct hmap *sets) {
	struct labels *all = ARENA_ARRAY(a, struct labels, firing->count);
	hmap_init(sets, a);
	for (size_t i = 0; i < firing->count; i++) {
		struct notice n = firing->items[i];
		if (!relabel_for_all(e, &n, a) || !relabel_for_peer(p, &n, a)) {
			continue;
		}
		all[i] = n.labels;
		uint64_t hash = labels_hash(n.labels);
		if (hmap_find(sets, hash, is_same, &all[i]) == NULL) {
			hmap_add(sets, hash, &all[i]);
		}
	}
}

static size_t resolve_old(struct engine_peer *p, const struct told *told, const struct hmap *sets,
						  ts_ms now) {
	size_t resolved = 0;
	for (size_t i = 0; i < told->count; i++) {
		struct notice n = told->items[i];
		if (hmap_find(sets, labels_hash(n.labels), is_same, &n.labels) == NULL) {
			n.resolved = true;
			n.ends_at = now;
			outbox_push(p->outbox, &n, now);
			resolved++;
		}
	}
	return resolved;
}

void route_end_load(struct engine *e, struct route_change *c, ts_ms now) {
	struct notices firing = {0};
	if (c == NULL) {
		return;
	}
	route_add_firing(e, now, &c->arena, &firing);
	for (size_t i = 0; i < c->count; i++) {
		struct engine_peer *p = find_peer(e, c->peers[i].url);
		struct hmap sets;
		if (p == NULL) {
			continue;
		}
		collect_labels(e, p, &firing, &c->arena, &sets);
		size_t resolved = resolve_old(p, &c->peers[i], &sets, now);
		route_push(e, &p, 1, &firing, now);
		struct label item = {STR("alertmanager"), p->url};
		engine_say(e, ENGINE_INFO, (struct labels){.items = &item, .count = 1},
				   "labels of alerts changed: %zu resolved under the old ones, %zu told anew",
				   resolved, sets.count);
	}
	arena_finish(&c->arena);
	free(c);
}
