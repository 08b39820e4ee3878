/* Reloading without being told, when files of the last load change. */
#include "engine/io/clock.h"
#include "engine/io/runner_private.h"

static void handle_stir(void *data) {
	struct runner *r = data;
	if (r->state == RUNNER_RUNNING) {
		wakeup_set(r->wakeup, 0, clock_wall()); /* a turn, in which it is noted when */
	}
}

static void log_complaint(struct runner *r) {
	const char *complaint = r->watch != NULL ? watch_complaint(r->watch) : NULL;
	if (complaint != NULL && complaint != r->watch_complaint) {
		log_write(&r->log, LOG_WARN, clock_wall(), LABELS_EMPTY, complaint);
	}
	r->watch_complaint = complaint;
}

void runner_watch_load(struct runner *r, ts_ms began) {
	if (!r->config.watch) {
		watch_close(r->watch);
		r->watch = NULL;
		return;
	}
	if (r->watch == NULL) {
		r->watch = watch_create(r->loop, handle_stir, r);
	}
	struct arena a;
	arena_init(&a);
	const struct loader *l = &r->options.loader;
	const struct watch_sources sources = {.config_path = l->path,
										  .folder = loader_rule_folder(l, &a),
										  .patterns = r->config.rule_files,
										  .pattern_count = r->config.rule_file_count};
	watch_set(r->watch, &sources, began, clock_monotonic());
	arena_finish(&a);
	log_complaint(r);
}

void runner_watch_files(struct runner *r) {
	if (r->watch == NULL || r->state != RUNNER_RUNNING ||
		!watch_look(r->watch, clock_monotonic())) {
		return;
	}
	struct strbuf messages = STRBUF_INIT;
	log_write(&r->log, LOG_INFO, clock_wall(), LABELS_EMPTY,
			  "files changed: the configuration and the rules are read again");
	runner_reload(r, &messages);
	strbuf_finish(&messages);
	log_complaint(r);
}

ts_ms runner_watch_at(const struct runner *r, ts_ms now) {
	if (r->watch == NULL || r->state != RUNNER_RUNNING) {
		return TS_NONE;
	}
	dur_ms left = watch_look_at(r->watch) - clock_monotonic();
	return now + (left > 0 ? left : 0);
}
