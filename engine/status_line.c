#include "engine/status_line.h"

#include "engine/view.h"

struct tally {
	size_t rules, firing, pending, failing;
	const struct rule_state *first_failing; /* NULL: none */
	size_t undelivered;                     /* alerts, at the Alertmanager that lacks most */
	const char *delivery_error;             /* its */
};

static void count_rule(struct tally *t, const struct rule_state *r) {
	t->rules++;
	if (r->health == RULE_HEALTH_ERR) {
		t->failing++;
		t->first_failing = t->first_failing != NULL ? t->first_failing : r;
	}
	for (size_t i = 0; i < r->alerting.count; i++) {
		t->firing += r->alerting.alerts[i]->state == ALERT_FIRING;
		t->pending += r->alerting.alerts[i]->state == ALERT_PENDING;
	}
}

static void tally(struct tally *t, const struct engine *e) {
	*t = (struct tally){0};
	for (size_t i = 0; i < engine_group_count(e); i++) {
		const struct group_state *g = engine_group(e, i);
		for (size_t k = 0; k < g->rule_count; k++) {
			count_rule(t, &g->rules[k]);
		}
	}
	for (size_t i = 0; i < engine_peer_count(e); i++) {
		struct engine_peer_view peer;
		engine_peer(e, i, &peer);
		bool fails = peer.outbox.last_error[0] != '\0'; /* what is just on its way is no trouble */
		if (fails && peer.outbox.queued > t->undelivered) {
			t->undelivered = peer.outbox.queued;
			t->delivery_error = peer.outbox.last_error;
		}
	}
}

static void print_count(struct strbuf *out, size_t count, const char *noun) {
	strbuf_printf(out, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}

static void print_troubles(struct strbuf *out, const struct tally *t, const struct engine *e) {
	if (t->failing > 0) {
		const char *error = t->first_failing->last_error;
		strbuf_add_char(out, ' ');
		print_count(out, t->failing, "rule");
		strbuf_printf(out, " fail%s: %s.", t->failing == 1 ? "s" : "",
					  error != NULL ? error : "for no known reason");
	}
	if (t->undelivered > 0) {
		strbuf_add_char(out, ' ');
		print_count(out, t->undelivered, "alert");
		strbuf_printf(out, " wait%s for Alertmanager: %s.", t->undelivered == 1 ? "s" : "",
					  t->delivery_error);
	}
	struct engine_reload_view reload;
	engine_reload_view(e, &reload);
	if (reload.loaded && !reload.last_ok) {
		strbuf_printf(out, " The last reload failed: %s.", reload.message);
	}
}

void status_line_print(struct strbuf *out, const struct engine *e) {
	struct tally t;
	struct strbuf missing = STRBUF_INIT;
	tally(&t, e);
	print_count(out, t.rules, "rule");
	strbuf_add_c(out, " in ");
	print_count(out, engine_group_count(e), "group");
	strbuf_add_c(out, ": ");
	print_count(out, t.firing, "alert");
	strbuf_printf(out, " firing, %zu pending.", t.pending);
	if (!engine_ready(e, &missing)) {
		strbuf_printf(out, " Not ready: %s.", missing.ptr);
	}
	print_troubles(out, &t, e);
	strbuf_finish(&missing);
}
