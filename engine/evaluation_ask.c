/* Questions of templates: {{ query "…" }} is an instant query at the evaluation's timestamp. */
#include "engine/evaluation_private.h"
#include "engine/limits.h"

static bool asked_before(const struct evaluation_current *c, struct str query) {
	for (size_t i = 0; i < c->ask_count; i++) {
		if (str_equal(c->asks[i].query, query)) {
			return true;
		}
	}
	return false;
}

static void settle(struct evaluation_ask *ask, const char *failure) {
	ask->answered = true;
	ask->answer.failure = failure;
}

/* Parses the question; one that cannot be asked is answered with the reason at once. */
static void open_ask(struct evaluation *e, struct evaluation_ask *ask) {
	struct arena *a = &e->current.arena;
	struct diags diags;
	diags_init(&diags, a);
	if (e->current.ask_count > LIMIT_TEMPLATE_QUERIES) {
		settle(ask, arena_printf(a, "more than %u queries by the templates of one rule",
								 LIMIT_TEMPLATE_QUERIES));
		return;
	}
	ask->expr = pql_parse(ask->query, &(struct pql_syntax){0}, a, &diags);
	if (ask->expr == NULL) {
		struct strbuf text = STRBUF_INIT;
		for (size_t i = 0; i < diags.count && text.len == 0; i++) {
			if (diags.items[i].severity == DIAG_ERROR) {
				pql_error_text(&text, &diags.items[i], ask->query);
			}
		}
		settle(ask, arena_dup(a, strbuf_str(&text)).ptr);
		strbuf_finish(&text);
		return;
	}
	ask->first_need = evaluation_add_needs(e, ask->expr, e->ts);
}

void evaluation_add_asks(struct evaluation *e, const struct alerting_questions *questions) {
	struct evaluation_current *c = &e->current;
	for (size_t i = 0; i < questions->count; i++) {
		if (asked_before(c, questions->items[i])) {
			continue;
		}
		c->asks = arena_grow(&c->arena, c->asks, c->ask_count, &c->ask_capacity, sizeof(*c->asks));
		struct evaluation_ask *ask = &c->asks[c->ask_count++];
		*ask = (struct evaluation_ask){.query = questions->items[i],
									   .answer = {.query = questions->items[i]}};
		open_ask(e, ask);
	}
}

static bool needs_settled(const struct evaluation *e, const struct evaluation_ask *ask) {
	for (size_t i = 0; i < ask->expr->selector_count; i++) {
		if (!e->needs[ask->first_need + i].settled) {
			return false;
		}
	}
	return true;
}

static void answer(struct evaluation *e, struct evaluation_ask *ask) {
	struct arena *a = &e->current.arena;
	struct alerting_sample *samples = NULL;
	size_t count = 0;
	const char *failure = evaluation_first_failure(e, ask->first_need, ask->expr->selector_count);
	if (failure == NULL) {
		failure = evaluation_value(e, ask->expr, ask->first_need, e->ts, a, &samples, &count);
	}
	settle(ask, failure);
	if (failure != NULL) {
		return;
	}
	struct template_sample *items = ARENA_ARRAY(a, struct template_sample, count);
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct template_sample){.labels = samples[i].labels, .value = samples[i].value};
	}
	ask->answer.samples = items;
	ask->answer.count = count;
}

bool evaluation_answer_asks(struct evaluation *e) {
	bool all = true;
	for (size_t i = 0; i < e->current.ask_count; i++) {
		struct evaluation_ask *ask = &e->current.asks[i];
		if (ask->answered) {
			continue;
		}
		if (!needs_settled(e, ask)) {
			all = false;
			continue;
		}
		answer(e, ask);
	}
	return all;
}

const struct template_answer *evaluation_answers(struct evaluation *e) {
	struct template_answer *answers =
		ARENA_ARRAY(&e->current.arena, struct template_answer, e->current.ask_count);
	for (size_t i = 0; i < e->current.ask_count; i++) {
		answers[i] = e->current.asks[i].answer;
	}
	return answers;
}

void evaluation_forget_asks(struct evaluation *e) {
	for (size_t i = 0; i < e->current.ask_count; i++) {
		pql_expr_finish(e->current.asks[i].expr);
	}
	e->current.asks = NULL;
	e->current.ask_count = e->current.ask_capacity = 0;
}
