#include "engine/io/wakeup.h"

#include "base/mem.h"

struct wakeup {
	uv_timer_t timer;
	wakeup_call *wake;
	void *data;
};

struct wakeup *wakeup_create(uv_loop_t *loop, wakeup_call *wake, void *data) {
	struct wakeup *w = mem_calloc(1, sizeof *w);
	uv_timer_init(loop, &w->timer);
	w->timer.data = w;
	w->wake = wake;
	w->data = data;
	return w;
}

static void handle_timer(uv_timer_t *timer) {
	struct wakeup *w = timer->data;
	w->wake(w->data);
}

void wakeup_set(struct wakeup *w, ts_ms at, ts_ms now) {
	if (at == TS_NONE) {
		uv_timer_stop(&w->timer);
		return;
	}
	ts_ms wait = at > now ? at - now : 0;
	uv_update_time(
		w->timer
			.loop); /* the timer counts from the loop's idea of now, which is old after long work */
	uv_timer_start(&w->timer, handle_timer,
				   (uint64_t)(wait < WAKEUP_LONGEST ? wait : WAKEUP_LONGEST), 0);
}

static void handle_closed(uv_handle_t *handle) {
	free(handle->data);
}

void wakeup_close(struct wakeup *w) {
	if (w != NULL) {
		uv_close((uv_handle_t *)&w->timer, handle_closed);
	}
}
