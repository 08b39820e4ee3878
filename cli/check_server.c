/* Rules held against the server that --prometheus names. */
#include <stdio.h>

#include "base/mem.h"
#include "cli/check.h"
#include "engine/inspection/inspection.h"
#include "engine/io/ask.h"
#include "engine/io/clock.h"

void check_server_start(struct check *c) {
	if (c->options->asks_server) {
		c->inspection = inspection_create(&(struct inspection_options){
			.now = clock_wall(),
			.max_series = c->options->max_series,
			.enabled = c->options->lint.enabled,
			.linter = c->linter,
			.partial = c->options->config.allow_partial_answers,
		});
	}
}

void check_server_collect(const struct rule_view *view, struct lint_set active, void *data) {
	struct check *c = data;
	inspection_collect(c->inspection, view, active);
}

/* A server that does not answer is asked no more; the other lints go on. */
static void give_up(struct check *c, const char *error) {
	const char *url = arena_dup(&c->arena, c->options->config.prometheus.url).ptr;
	bool named = str_starts_with(str_from(error), str_from(url));
	fprintf(stderr, "tocsin check: %s%s%s\n", named ? "" : url, named ? "" : ": ", error);
	c->unable = true;
	c->server_failed = true;
}

static void take_answers(struct check *c, struct inspection_question *questions, struct ask *asks,
						 size_t count) {
	for (size_t i = 0; i < count; i++) {
		const char *error;
		questions[i].failure = asks[i].failure;
		questions[i].status = asks[i].status;
		questions[i].answer = strbuf_str(&asks[i].text);
		if (!inspection_answer(c->inspection, &questions[i], &error) && !c->server_failed) {
			give_up(c, error);
		}
		strbuf_finish(&asks[i].text);
	}
}

static void ask_round(struct check *c, struct inspection_question *questions, size_t count) {
	const struct config *config = &c->options->config;
	struct ask *asks = mem_calloc(count, sizeof *asks);
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < count; i++) {
		asks[i] = (struct ask){.path = questions[i].path, .body = questions[i].body};
	}
	struct ask_options options = {
		.url = arena_dup(&a, config->prometheus.url).ptr,
		.access = &config->prometheus.access,
		.timeout = config->prometheus.timeout,
		.answer_bytes = config->limit_answer_bytes,
		.parallel = config->limit_fetches,
	};
	ask_all(&options, asks, count, &a);
	take_answers(c, questions, asks, count);
	arena_finish(&a);
	free(asks);
}

void check_server_judge(struct check *c, struct diags *diags) {
	struct inspection_question *questions;
	size_t count;
	while (!c->server_failed && (count = inspection_next(c->inspection, &questions)) > 0) {
		ask_round(c, questions, count);
	}
	inspection_judge(c->inspection, diags);
	diags_sort(diags);
}
