#include "engine/io/rerun.h"

#include "base/hash.h"
#include "engine/io/clock.h"
#include "engine/io/runner.h"
#include "engine/io/signals.h"
#include "engine/io/wakeup.h"

struct rerun {
	const struct rerun_calls *calls;
	void *data;
	struct watch *watch;
	struct wakeup *wakeup;
	struct signals *signals;
	const char *complaint; /* that was told last */
	uint64_t sources;      /* what is watched: its hash */
	size_t count;          /* of runs */
	bool stopping;
};

static uint64_t hash_of(const struct watch_sources *s) {
	uint64_t hash = HASH_START;
	for (size_t i = 0; i < s->pattern_count; i++) {
		hash = hash_add(hash_add(hash, s->patterns[i]), STR("\n"));
	}
	return hash_finish(hash);
}

/* Where the same files are watched on, the state is that from before the run; where others are, their stamps are. */
static void run(struct rerun *r) {
	struct arena a;
	struct watch_sources sources = {0};
	ts_ms began = clock_wall();
	arena_init(&a);
	signals_hold();
	r->calls->run(++r->count, began, &a, &sources, r->data);
	signals_release();
	uint64_t hash = hash_of(&sources);
	if (r->count == 1 || hash != r->sources) {
		watch_set(r->watch, &sources, began, clock_monotonic());
	}
	r->sources = hash;
	arena_finish(&a);
	const char *complaint = watch_complaint(r->watch);
	if (complaint != NULL && complaint != r->complaint) {
		r->calls->complain(complaint, r->data);
	}
	r->complaint = complaint;
}

static void wake_later(struct rerun *r) {
	ts_ms now = clock_wall();
	dur_ms left = watch_look_at(r->watch) - clock_monotonic();
	wakeup_set(r->wakeup, now + (left > 0 ? left : 0), now);
}

static void handle_wakeup(void *data) {
	struct rerun *r = data;
	if (!r->stopping) {
		if (watch_look(r->watch, clock_monotonic())) {
			run(r);
		}
		wake_later(r);
	}
}

static void handle_stir(void *data) {
	struct rerun *r = data;
	if (!r->stopping) {
		wakeup_set(r->wakeup, 0, clock_wall()); /* in which it is noted when */
	}
}

static void handle_signal(enum signal_wish wish, void *data) {
	struct rerun *r = data;
	(void)wish; /* of a command that hangs up there is nothing to load anew */
	if (!r->stopping) {
		r->stopping = true;
		watch_close(r->watch);
		wakeup_close(r->wakeup);
		signals_close(r->signals);
	}
}

bool rerun_is_ended(void) {
	return signals_are_waiting();
}

void rerun(const struct rerun_calls *calls, void *data) {
	struct uv_loop_s *loop = runner_loop_create();
	struct rerun r = {.calls = calls, .data = data};
	r.watch = watch_create(loop, handle_stir, &r);
	r.wakeup = wakeup_create(loop, handle_wakeup, &r);
	r.signals = signals_create(loop, handle_signal, &r);
	run(&r);
	wake_later(&r);
	runner_loop_run(loop);
	runner_loop_destroy(loop);
}
