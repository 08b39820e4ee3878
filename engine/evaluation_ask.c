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
	ask->inquiry = (struct evaluation_inquiry){.expr = ask->expr, .text = ask->query, .t = e->ts};
	inquiry_open(e, &ask->inquiry, e->group->rules[e->next_rule].remote);
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

static void answer(struct evaluation *e, struct evaluation_ask *ask) {
	struct arena *a = &e->current.arena;
	struct alerting_sample *samples = NULL;
	size_t count = 0;
	const char *failure = inquiry_failure(e, &ask->inquiry);
	if (failure == NULL) {
		failure = inquiry_value(e, &ask->inquiry, a, &samples, &count);
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

/* Like a rule's expression, a question may turn out to be one for the server. */
static bool put_to_server(struct evaluation *e, struct evaluation_ask *ask) {
	bool server =
		e->group->mode == EVALUATION_AUTO && inquiry_reason_for_remote(e, &ask->inquiry) != NULL;
	if (server) {
		inquiry_open(e, &ask->inquiry, true);
	}
	return server;
}

bool evaluation_answer_asks(struct evaluation *e) {
	bool all = true;
	for (size_t i = 0; i < e->current.ask_count; i++) {
		struct evaluation_ask *ask = &e->current.asks[i];
		if (ask->answered) {
			continue;
		}
		if (!inquiry_is_settled(e, &ask->inquiry) || put_to_server(e, ask)) {
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
