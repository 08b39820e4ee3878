#include "engine/io/runner.h"

#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/pages.h"
#include "engine/io/runner_private.h"
#include "engine/view.h"

/* ---- log ---- */

static void handle_event(const struct engine_event *event, void *data) {
	static const enum log_level levels[] = {[ENGINE_DEBUG] = LOG_DEBUG,
											[ENGINE_INFO] = LOG_INFO,
											[ENGINE_WARN] = LOG_WARN,
											[ENGINE_ERROR] = LOG_ERROR};
	struct runner *r = data;
	if (r->state == RUNNER_CLOSING) {
		return; /* what is cancelled then is not kept and sent again; log_end says what was left */
	}
	log_write(&r->log, levels[event->level], clock_wall(), event->fields, event->message);
}

static void log_configure(struct log *l, const struct config *c) {
	static const enum log_level levels[] = {[CONFIG_LOG_DEBUG] = LOG_DEBUG,
											[CONFIG_LOG_INFO] = LOG_INFO,
											[CONFIG_LOG_WARN] = LOG_WARN,
											[CONFIG_LOG_ERROR] = LOG_ERROR};
	l->level = levels[c->log_level];
	l->format = c->log_format == CONFIG_LOG_JSON ? LOG_JSON : LOG_TEXT;
}

static void log_start(struct runner *r) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "tocsin %s started", r->options.version);
	if (r->server != NULL) {
		strbuf_add_c(&text, ", the API is on ");
		runner_print_url(&text, r);
	}
	log_write(&r->log, LOG_INFO, clock_wall(), LABELS_EMPTY, text.ptr);
	strbuf_finish(&text);
}

static void print_item(struct strbuf *out, size_t index, const char *what, struct str item) {
	strbuf_printf(out, "%s%s%.*s", index > 0 ? ", " : "", what, STR_FMT(item));
}

/* A shard may be without a group, when there are few. */
static void log_no_rules(struct runner *r) {
	bool is_shard = r->config.shard.count > 1;
	log_write(&r->log, is_shard ? LOG_INFO : LOG_WARN, clock_wall(), LABELS_EMPTY,
			  is_shard            ? "no group belongs to this shard: nothing is evaluated here"
			  : r->rule_count > 0 ? "there are no rules any more: nothing is evaluated"
								  : "there are no rules: nothing is evaluated");
}

/* Whom it asks, whom it tells, which rules it has. */
static void log_setup(struct runner *r, size_t rules, size_t groups) {
	const struct config *c = &r->config;
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "asks %.*s, tells ", STR_FMT(c->prometheus.url));
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		print_item(&text, i, "", c->alertmanagers[i].url);
	}
	strbuf_printf(&text, "%s; %zu rule%s in %zu group%s%s",
				  c->alertmanager_count == 0 ? "nobody" : "", rules, rules == 1 ? "" : "s", groups,
				  groups == 1 ? "" : "s", c->preset_count + c->rule_file_count > 0 ? ": " : "");
	for (size_t i = 0; i < c->preset_count; i++) {
		print_item(&text, i, "preset ", c->presets[i].name);
	}
	for (size_t i = 0; i < c->rule_file_count; i++) {
		print_item(&text, c->preset_count + i, "", c->rule_files[i]);
	}
	log_write(&r->log, LOG_INFO, clock_wall(), LABELS_EMPTY, text.ptr);
	strbuf_finish(&text);
	if (rules == 0) {
		log_no_rules(r);
	}
	r->rule_count = rules;
}

void runner_log_messages(struct runner *r, struct str messages) {
	while (messages.len > 0) {
		size_t end = str_find(messages, STR("\n"));
		struct str line = str_slice(messages, 0, end);
		bool is_error = str_find(line, STR("error: ")) < line.len;
		if (is_error || str_find(line, STR("warning: ")) < line.len) {
			/* the level of the log says it already, where the line has no place before it */
			const struct str level = is_error ? STR("error: ") : STR("warning: ");
			size_t skip = str_starts_with(line, level) ? level.len : 0;
			char *text = mem_dup_str(str_slice(line, skip, line.len));
			log_write(&r->log, is_error ? LOG_ERROR : LOG_WARN, clock_wall(), LABELS_EMPTY, text);
			free(text);
		}
		messages = str_slice(messages, end < messages.len ? end + 1 : end, messages.len);
	}
}

/* ---- parts ---- */

static void config_destroy(struct arena *a) {
	arena_finish(a);
	free(a);
}

static void handle_wake(void *data) {
	runner_turn(data);
}

static void handle_signal(enum signal_wish wish, void *data) {
	struct runner *r = data;
	switch (wish) {
	case SIGNAL_RELOAD: {
		struct strbuf messages = STRBUF_INIT;
		runner_reload(r, &messages);
		strbuf_finish(&messages);
		return;
	}
	case SIGNAL_STOP: runner_drain(r); return;
	case SIGNAL_STOP_NOW: runner_stop(r); return;
	}
}

/* ---- start ---- */

static void runner_start(struct runner *r, struct rule_set *set) {
	char agent[64];
	snprintf(agent, sizeof agent, "tocsin/%s", r->options.version);
	r->client = http_client_create(r->loop, agent);
	r->access = access_create();
	r->wakeup = wakeup_create(r->loop, handle_wake, r);
	if (r->options.handles_signals) {
		r->signals = signals_create(r->loop, handle_signal, r);
	}
	r->engine = engine_create(&r->config, handle_event, r);
	engine_watch_phases(r->engine, stopwatch_enter, &r->stopwatch);
	log_start(r);
	log_setup(r, set->rule_count, set->group_count);
	engine_load(r->engine, &r->config, set, clock_wall());
	if (r->options.load_failure != NULL) {
		engine_load_failed(r->engine, r->options.load_failure);
		log_write(&r->log, LOG_ERROR, clock_wall(), LABELS_EMPTY,
				  "started without the bad rule files");
	}
	runner_watch_load(r, r->options.load_began);
	runner_tell_ready(r);
	runner_turn(r);
}

/* What is wrong with the web configuration was said when it was loaded, unless it has changed since. */
static bool runner_listen(struct runner *r, struct strbuf *out_error) {
	struct strbuf said = STRBUF_INIT;
	size_t before = out_error->len;
	r->web_access = runner_load_access(&r->config, &said);
	if (r->web_access != NULL) {
		r->server = runner_create_server(r, &r->config, r->web_access, NULL, out_error);
	} else {
		strbuf_add(out_error, str_slice(strbuf_str(&said), 0, said.len - 1));
	}
	strbuf_finish(&said);
	return r->server != NULL || out_error->len == before;
}

struct runner *runner_create(uv_loop_t *loop, const struct runner_options *options,
							 struct arena *arena, const struct config *config, struct rule_set *set,
							 struct strbuf *out_error) {
	struct runner *r = mem_calloc(1, sizeof *r);
	r->loop = loop;
	r->options = *options;
	r->arena = arena;
	r->config = *config;
	r->started = clock_wall();
	watchdog_init(&r->watchdog, supervisor_watchdog(r->options.supervisor), clock_monotonic());
	process_find_place(&r->place);
	log_init(&r->log, options->log_fd);
	log_configure(&r->log, config);
	if (!runner_listen(r, out_error)) {
		rule_set_destroy(set);
		config_destroy(arena);
		log_finish(&r->log);
		web_access_release(r->web_access);
		free(r);
		return NULL;
	}
	runner_start(r, set);
	return r;
}

unsigned runner_port(const struct runner *r) {
	return r->server != NULL ? http_server_port(r->server) : 0;
}

/* ---- turns ---- */

static void runner_close(struct runner *r);

static void handle_old_server_closed(void *data) {
	(void)data;
}

/* Not in the reload itself, which a request to the old server may have asked for. */
static void change_server(struct runner *r) {
	r->server_changes = false;
	if (r->server != NULL) {
		http_server_close(r->server, handle_old_server_closed, NULL);
	}
	r->server = r->next_server;
	r->next_server = NULL;
}

#define ASKED_AGAIN 20 /* ms */

static void wake_later(struct runner *r, ts_ms now) {
	ts_ms at = engine_wake_at(r->engine, now);
	if (r->state == RUNNER_DRAINING && (at == TS_NONE || at > r->drain_until)) {
		at = r->drain_until;
	}
	ts_ms look_at = runner_watch_at(r, now);
	at = at == TS_NONE || (look_at != TS_NONE && look_at < at) ? look_at : at;
	if (r->state == RUNNER_DRAINING && runner_is_asked(r, now) && at > now + ASKED_AGAIN) {
		at = now + ASKED_AGAIN; /* the server does not say when it is done */
	}
	wakeup_set(r->wakeup, runner_report_at(r, at, now), now);
}

/* After the first round of work everything is linked and set up; after each, what it took is free. */
static void settle(struct runner *r) {
	bool idle = r->answered && engine_idle(r->engine);
	if (idle && !r->settled) {
		pages_release();
		r->settled = true;
	}
	if (idle && !r->was_idle) {
		pages_trim_heap();
	}
	r->was_idle = idle;
}

static bool has_drained(const struct runner *r, ts_ms now) {
	bool done = engine_idle(r->engine) && !runner_is_asked(r, now);
	return r->state == RUNNER_DRAINING && (done || now >= r->drain_until);
}

void runner_turn(struct runner *r) {
	if (r->state == RUNNER_CLOSING) {
		return;
	}
	if (r->server_changes) {
		change_server(r);
	}
	ts_ms now = clock_wall();
	engine_wake(r->engine, now);
	struct exchange x;
	while (engine_next_exchange(r->engine, now, &x)) {
		runner_send(r, &x);
	}
	if (has_drained(r, now)) {
		runner_close(r);
		return;
	}
	runner_watch_access(r);
	runner_watch_files(r);
	settle(r);
	runner_report(r, now);
	wake_later(r, now);
}

/* ---- reload ---- */

/* What the API shows: the first line that says something. */
static void note_failed_reload(struct runner *r, const struct strbuf *messages) {
	struct str all = strbuf_str(messages);
	char *first = mem_dup_str(str_slice(all, 0, str_find(all, STR("\n"))));
	engine_load_failed(r->engine, first);
	free(first);
}

static bool fail_reload(struct runner *r, const struct strbuf *messages) {
	runner_log_messages(r, strbuf_str(messages));
	log_write(&r->log, LOG_ERROR, clock_wall(), LABELS_EMPTY,
			  "the reload failed; everything goes on as it was");
	note_failed_reload(r, messages);
	return false;
}

static void take_config(struct runner *r, struct arena *arena, const struct config *config,
						struct rule_set *set, ts_ms began) {
	log_configure(&r->log, config);
	engine_load(r->engine, config, set, clock_wall());
	config_destroy(r->arena);
	r->arena = arena;
	r->config = *config;
	access_forget(r->access);
	runner_watch_load(r, began);
	wakeup_set(r->wakeup, 0, clock_wall()); /* a turn of its own: this may be inside of a request */
}

static void log_reload(struct runner *r, bool whole, const struct strbuf *messages) {
	const struct rule_set *set = engine_rule_set(r->engine);
	runner_log_messages(r, strbuf_str(messages));
	log_write(&r->log, whole ? LOG_INFO : LOG_ERROR, clock_wall(), LABELS_EMPTY,
			  whole ? "reloaded" : "reloaded in part: bad rule files were passed over");
	log_setup(r, set->rule_count, set->group_count);
}

static bool reload(struct runner *r, struct strbuf *messages) {
	struct arena *arena = mem_calloc(1, sizeof *arena);
	struct config config;
	struct rule_set *set;
	ts_ms began = clock_wall();
	struct loader loader = r->options.loader;
	loader.style.color = false;
	arena_init(arena);
	enum loader_outcome outcome =
		loader_load(&loader, engine_rule_set(r->engine), arena, &config, &set, messages);
	bool loaded = outcome == LOADER_FINE || outcome == LOADER_PARTLY;
	if (!loaded || !runner_prepare_server(r, &config, messages)) {
		if (loaded) {
			rule_set_destroy(set);
		}
		config_destroy(arena);
		return fail_reload(r, messages);
	}
	take_config(r, arena, &config, set, began);
	log_reload(r, outcome == LOADER_FINE, messages);
	if (outcome == LOADER_PARTLY) {
		note_failed_reload(r, messages);
	}
	return outcome == LOADER_FINE;
}

bool runner_reload(struct runner *r, struct strbuf *messages) {
	if (r->state != RUNNER_RUNNING) {
		strbuf_add_c(messages, "error: tocsin is about to end\n");
		return false;
	}
	supervisor_tell_reloading(r->options.supervisor);
	bool good = reload(r, messages);
	runner_tell_ready(r);
	return good;
}

/* ---- end ---- */

#define CLOSING_TIME 10000 /* ms, for what follows on the draining */

void runner_drain(struct runner *r) {
	if (r->state != RUNNER_RUNNING) {
		return;
	}
	ts_ms now = clock_wall();
	log_write(&r->log, LOG_INFO, now, LABELS_EMPTY, "stopping once what is queued is delivered");
	r->state = RUNNER_DRAINING;
	r->drain_until = now + r->config.drain_timeout;
	supervisor_tell_stopping(r->options.supervisor, r->config.drain_timeout + CLOSING_TIME);
	engine_drain(r->engine, now);
	runner_quiesce(r, now);
	wakeup_set(r->wakeup, now, now);
}

/* Whether every Alertmanager has all of its alerts. */
static bool log_undelivered(struct runner *r) {
	size_t total = 0;
	for (size_t i = 0; i < engine_peer_count(r->engine); i++) {
		struct engine_peer_view peer;
		engine_peer(r->engine, i, &peer);
		size_t queued = peer.outbox.queued;
		total += queued;
		if (queued > 0) {
			struct label item = {STR("alertmanager"), peer.url};
			struct strbuf text = STRBUF_INIT;
			strbuf_printf(&text, "%zu alert%s not delivered to this Alertmanager", queued,
						  queued == 1 ? " was" : "s were");
			log_write(&r->log, LOG_WARN, clock_wall(), (struct labels){.items = &item, .count = 1},
					  text.ptr);
			strbuf_finish(&text);
		}
	}
	return total == 0;
}

static void log_end(struct runner *r) {
	bool idle = log_undelivered(r) && engine_idle(r->engine);
	log_write(&r->log, idle ? LOG_INFO : LOG_WARN, clock_wall(), LABELS_EMPTY,
			  idle ? "stopped" : "stopped with work left undone");
}

static void handle_part_closed(void *data) {
	struct runner *r = data;
	if (--r->closing > 0) {
		return;
	}
	log_end(r);
	engine_destroy(r->engine);
	access_destroy(r->access);
	config_destroy(r->arena);
	web_access_release(r->web_access);
	free(r->web_error);
	log_finish(&r->log);
	runner_stopped *stopped = r->options.stopped;
	void *stopped_data = r->options.data;
	free(r);
	if (stopped != NULL) {
		stopped(stopped_data);
	}
}

static void close_server(struct runner *r, struct http_server *s) {
	if (s != NULL) {
		r->closing++;
		http_server_close(s, handle_part_closed, r);
	}
}

static void runner_close(struct runner *r) {
	r->state = RUNNER_CLOSING;
	wakeup_close(r->wakeup);
	watch_close(r->watch);
	signals_close(r->signals);
	r->closing = 1;
	http_client_close(r->client, handle_part_closed, r);
	close_server(r, r->server);
	close_server(r, r->next_server);
}

void runner_stop(struct runner *r) {
	if (r->state != RUNNER_CLOSING) {
		runner_close(r);
	}
}
