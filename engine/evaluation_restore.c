/* The end of a group's second evaluation after a start: its alerts stand, and `for` goes on where it was. */
#include "base/bug.h"
#include "engine/evaluation_private.h"

#define TRIES_MAX 20 /* a database that cannot say is not asked for ever */

static bool ask(struct evaluation *e, ts_ms now) {
	struct evaluation_restoration *r = &e->restoration;
	const struct restore_times *times = &e->settings->restore;
	struct strbuf text = STRBUF_INIT;
	struct diags diags;
	bool any = restore_print_selector(e->group->group, times, &text);
	if (any) {
		struct pql_need needs[2];
		diags_init(&diags, &e->arena);
		r->expr = pql_parse(arena_dup(&e->arena, strbuf_str(&text)), &(struct pql_syntax){0},
							&e->arena, &diags);
		BUG_ON(r->expr == NULL); /* it was printed just now */
		restore_needs(times, e->settings->lookback, &r->expr->root->selector, now, needs);
		r->now = now;
		r->first_need = e->need_count;
		evaluation_add_need(e, &needs[0]);
		evaluation_add_need(e, &needs[1]);
	}
	strbuf_finish(&text);
	return any;
}

static void restore(struct evaluation *e) {
	const struct evaluation_restoration *r = &e->restoration;
	const struct evaluation_need *needs = &e->needs[r->first_need];
	struct group_state *g = e->group;
	struct restore_answer answer = {.samples = needs[0].set,
									.points = needs[1].set,
									.grid = needs[1].need.grid,
									.lookback = e->settings->lookback};
	restore_index(&answer, &e->arena);
	for (size_t i = 0; i < g->rule_count; i++) {
		if (restore_concerns(g->rules[i].rule, &e->settings->restore)) {
			e->result.restored +=
				restore_alerts(&g->rules[i].alerting, &e->settings->restore, &answer, r->now);
		}
	}
	g->restore_time = needs[0].took > needs[1].took ? needs[0].took : needs[1].took;
}

bool evaluation_restore(struct evaluation *e, ts_ms now) {
	struct group_state *g = e->group;
	if (!g->restoring || g->iterations == 0) {
		return true;
	}
	if (e->restoration.expr == NULL && ask(e, now)) {
		return false;
	}
	if (e->restoration.expr != NULL) {
		e->result.restore_failure = evaluation_first_failure(e, e->restoration.first_need, 2);
	}
	if (e->result.restore_failure != NULL && ++g->restore_tries < TRIES_MAX) {
		return true; /* again after the next evaluation */
	}
	if (e->result.restore_failure == NULL && e->restoration.expr != NULL) {
		restore(e);
	}
	g->restoring = false;
	return true;
}

void evaluation_forget_restoration(struct evaluation *e) {
	pql_expr_finish(e->restoration.expr);
	e->restoration.expr = NULL;
}
