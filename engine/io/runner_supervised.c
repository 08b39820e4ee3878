/* What the service manager is told: that it runs, how it is, and that work comes to an end. */
#include "engine/io/clock.h"
#include "engine/io/runner_private.h"
#include "engine/status_line.h"

#define STATUS_EVERY 1000 /* ms: it goes through all alerts */

static void tell_status(struct runner *r) {
	r->status_told = clock_monotonic();
	r->status_due = false;
	struct strbuf text = STRBUF_INIT;
	status_line_print(&text, r->engine);
	supervisor_tell_status(r->options.supervisor, strbuf_str(&text));
	strbuf_finish(&text);
}

void runner_tell_ready(struct runner *r) {
	supervisor_tell_ready(r->options.supervisor);
	tell_status(r);
}

/* A loop that hangs reports nothing. One that turns is well only as long as its work comes to an end: each exchange by its
 * deadline, an evaluation that waits has something to wait for, and what is due is done. */
static bool is_well(const struct runner *r, ts_ms now, dur_ms monotonic) {
	bool asks = false;
	for (const struct errand *w = r->errands; w != NULL; w = w->next) {
		if (monotonic > w->deadline) {
			return false;
		}
		asks = asks || w->peer == EXCHANGE_PROMETHEUS;
	}
	ts_ms due = engine_wake_at(r->engine, now);
	return (asks || !engine_is_evaluating(r->engine)) &&
		   (r->errands != NULL || due == TS_NONE || due > now);
}

void runner_report(struct runner *r, ts_ms now) {
	if (r->options.supervisor == NULL) {
		return;
	}
	dur_ms monotonic = clock_monotonic();
	if (watchdog_feed(&r->watchdog, is_well(r, now, monotonic), monotonic)) {
		supervisor_tell_alive(r->options.supervisor);
	}
	if (r->status_due && monotonic - r->status_told >= STATUS_EVERY) {
		tell_status(r);
	}
}

ts_ms runner_report_at(const struct runner *r, ts_ms at, ts_ms now) {
	dur_ms monotonic = clock_monotonic();
	dur_ms wait = watchdog_wake_in(&r->watchdog, monotonic);
	if (r->options.supervisor != NULL && r->status_due) {
		dur_ms rest = r->status_told + STATUS_EVERY - monotonic;
		wait = wait < 0 || rest < wait ? rest : wait;
	}
	return wait >= 0 && (at == TS_NONE || at > now + wait) ? now + wait : at;
}
