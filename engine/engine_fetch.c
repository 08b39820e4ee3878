/* Requests to Prometheus, and what their answers mean. */
#include "base/duration.h"
#include "engine/engine_private.h"
#include "engine/limits.h"

const char *const engine_fetch_error_name[FETCH_ERROR_COUNT] = {
#define X(name, text) text,
	ENGINE_FETCH_ERRORS(X)
#undef X
};

/* The oldest tick's first fetch that was not asked yet, with those that may go with it. */
static struct plan_request *next_request(struct engine *e, struct tick **ret_tick) {
	for (struct tick *tick = e->ticks; tick != NULL; tick = tick->next) {
		struct plan_request *r = plan_next_request(&tick->plan);
		if (r != NULL) {
			*ret_tick = tick;
			return r;
		}
	}
	return NULL;
}

bool fetch_next(struct engine *e, struct exchange *ret_exchange) {
	struct tick *tick;
	if (e->draining || e->fetches_under_way >= e->config.limit_fetches) {
		return false;
	}
	struct plan_request *request = next_request(e, &tick);
	if (request == NULL) {
		return false;
	}
	struct engine_exchange *x = engine_add_exchange(e, EXCHANGE_PROMETHEUS);
	struct promapi_options options = {.timeout = e->config.prometheus.timeout,
									  .lookback = e->config.lookback};
	struct promapi_limits limits = {.answer_bytes = e->config.limit_answer_bytes,
									.samples = e->config.limit_samples,
									.scalar = request->ask.kind == PQL_NEED_EXPRESSION,
									.partial = e->config.allow_partial_answers};
	const char *path;
	promapi_print_request(&request->ask, &options, &path, &x->body);
	x->tick = tick;
	x->request = request;
	x->decoder = promapi_decoder_create(&limits, &tick->arena);
	e->fetches_under_way++;
	e->counters.fetches++;
	*ret_exchange = (struct exchange){.id = x->id,
									  .peer = EXCHANGE_PROMETHEUS,
									  .path = str_from(path),
									  .content_type = STR("application/x-www-form-urlencoded"),
									  .body = strbuf_str(&x->body),
									  .timeout = options.timeout,
									  .max_answer_bytes = limits.answer_bytes};
	return true;
}

void fetch_forget_tick(struct engine *e, const struct tick *tick) {
	for (size_t i = 0; i < e->exchange_count; i++) {
		struct engine_exchange *x = e->exchanges[i];
		if (x->tick == tick) {
			promapi_decoder_destroy(x->decoder);
			x->decoder = NULL;
			x->request = NULL;
			x->tick = NULL;
		}
	}
}

/* `cannot get up{job="x"}[5m] from http://localhost:9090: connection refused`; each of several in one request has its own. */
static const char *failure_text(struct engine *e, const struct engine_exchange *x,
								const struct plan_fetch *fetch, const char *reason) {
	struct strbuf what = STRBUF_INIT;
	strbuf_add(&what, fetch->selector);
	if (fetch->kind == PQL_NEED_RANGE) {
		strbuf_add_char(&what, '[');
		duration_print(&what, fetch->end - fetch->start);
		strbuf_add_char(&what, ']');
	}
	const char *text = arena_printf(&x->tick->arena, "cannot get %s from %.*s: %s", what.ptr,
									STR_FMT(e->config.prometheus.url), reason);
	strbuf_finish(&what);
	return text;
}

static void note_notes(struct engine *e, const struct plan_fetch *fetch,
					   const struct promapi_notes *notes) {
	e->counters.histograms_skipped += notes->histograms_skipped;
	e->counters.partial_answers += notes->partial != NULL;
	for (size_t i = 0; i < notes->count; i++) {
		engine_say(e, ENGINE_DEBUG, LABELS_EMPTY, "Prometheus about %.*s: %s",
				   STR_FMT(fetch->selector), notes->warnings[i]);
	}
}

/* NULL: the fetch has its series. Else what went wrong. */
static const char *take_answer(struct engine *e, struct engine_exchange *x,
							   const struct exchange_answer *answer,
							   enum engine_fetch_error *ret_kind) {
	struct arena *a = &x->tick->arena;
	struct promapi_notes notes;
	const char *error;
	if (answer->status == 200 || promapi_decoder_has_error(x->decoder)) {
		*ret_kind = FETCH_ANSWER;
		struct plan_fetch *ask = &x->request->ask;
		if (!promapi_decoder_finish(x->decoder, &ask->set, &notes, &error)) {
			return error;
		}
		note_notes(e, ask, &notes);
		e->counters.fetch_series += ask->set.count;
		return NULL;
	}
	if (answer->status == 0) {
		*ret_kind = FETCH_UNREACHABLE;
		return answer->failure != NULL ? answer->failure : "no answer";
	}
	*ret_kind = FETCH_STATUS;
	return promapi_error_text(answer->status, answer->body, a);
}

/* Prometheus is there but does not take this query; every other error means that it is not there, or something else is. */
static bool is_refusal(const struct exchange_answer *answer) {
	return answer->status == 400 || answer->status == 422;
}

static void note_outcome(struct engine *e, struct tick *tick, const char *reason,
						 const char *failure, ts_ms now) {
	bool began;
	if (reason == NULL) {
		tick->answered++;
		return;
	}
	tick->unanswered++;
	if (outage_fail(&e->prometheus, reason, now, &began)) {
		engine_say(e, ENGINE_WARN, LABELS_EMPTY, "Prometheus does not give what rules need: %s",
				   failure);
	}
}

void fetch_note_tick(struct engine *e, const struct tick *tick) {
	if (tick->answered > 0 && tick->unanswered == 0 && outage_end(&e->prometheus)) {
		engine_say(e, ENGINE_INFO, LABELS_EMPTY, "Prometheus answers again");
	}
}

void fetch_remind(struct engine *e, ts_ms now) {
	if (outage_remind(&e->prometheus, now)) {
		struct strbuf lasts = STRBUF_INIT;
		duration_print(&lasts, (now - e->prometheus.since) / 1000 * 1000);
		engine_say(e, ENGINE_WARN, LABELS_EMPTY,
				   "Prometheus has not given what rules need for %s: %s", lasts.ptr,
				   e->prometheus.reason);
		strbuf_finish(&lasts);
	}
}

/* What the request's fetches are now. `reason` is why they have failed; NULL: they have not. */
static bool settle(struct engine *e, struct engine_exchange *x,
				   const struct exchange_answer *answer, const char *reason) {
	struct plan_request *r = x->request;
	r->ask.took = answer->took;
	r->ask.bytes = x->bytes;
	r->ask.state = reason == NULL ? PLAN_ANSWERED : PLAN_FAILED;
	enum phase before = phase_enter(&e->phases, PHASE_PLAN);
	bool settled = plan_settle(&x->tick->plan, r);
	phase_enter(&e->phases, before);
	for (size_t i = 0; reason != NULL && settled && i < r->count; i++) {
		r->fetches[i]->failure = failure_text(e, x, r->fetches[i], reason);
	}
	return settled;
}

/* A request for several fetches was refused or passes a limit: that may be the fault of one, or of their number. */
static bool is_to_part(const struct engine_exchange *x, const struct exchange_answer *answer) {
	return x->request->count > 1 && (is_refusal(answer) || x->request->ask.too_large);
}

void fetch_answer(struct engine *e, struct engine_exchange *x, const struct exchange_answer *answer,
				  ts_ms now) {
	e->fetches_under_way--;
	metrics_observe(&e->counters.fetch_duration, (double)answer->took / 1e6);
	if (x->tick == NULL) {
		return;
	}
	struct tick *tick = x->tick;
	bool settled = false;
	enum engine_fetch_error kind;
	const char *reason = take_answer(e, x, answer, &kind);
	x->request->ask.too_large =
		reason != NULL && (answer->too_large || promapi_decoder_is_too_large(x->decoder));
	e->counters.fetch_errors[kind] += reason != NULL;
	if (reason != NULL && is_to_part(x, answer)) {
		plan_part(&tick->plan, x->request);
	} else {
		settled = settle(e, x, answer, reason);
		note_outcome(e, tick, is_refusal(answer) ? NULL : reason, x->request->fetches[0]->failure,
					 now);
	}
	promapi_decoder_destroy(x->decoder);
	x->decoder = NULL;
	x->tick = NULL;
	if (settled) {
		tick_settled(e, tick, x->request, now);
	}
}
