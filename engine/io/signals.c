#include "engine/io/signals.h"

#include <signal.h>

#include "base/mem.h"

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNALS (sizeof numbers / sizeof numbers[0])

struct signals {
	uv_signal_t handles[SIGNALS];
	size_t open;
	bool stopping;
	signals_call *call;
	void *data;
};

static void handle_signal(uv_signal_t *handle, int number) {
	struct signals *s = handle->data;
	if (number == SIGHUP) {
		s->call(SIGNAL_RELOAD, s->data);
		return;
	}
	enum signal_wish wish = s->stopping ? SIGNAL_STOP_NOW : SIGNAL_STOP;
	s->stopping = true;
	s->call(wish, s->data);
}

static void set_blocked(int how) {
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaddset(&set, numbers[i]);
	}
	pthread_sigmask(how, &set, NULL);
}

void signals_hold(void) {
	set_blocked(SIG_BLOCK);
}

void signals_release(void) {
	set_blocked(SIG_UNBLOCK);
}

bool signals_are_waiting(void) {
	sigset_t set;
	bool any = false;
	sigpending(&set);
	for (size_t i = 0; i < SIGNALS; i++) {
		any = any || sigismember(&set, numbers[i]) == 1;
	}
	return any;
}

struct signals *signals_create(uv_loop_t *loop, signals_call *call, void *data) {
	struct signals *s = mem_calloc(1, sizeof *s);
	s->call = call;
	s->data = data;
	s->open = SIGNALS;
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_signal_init(loop, &s->handles[i]);
		s->handles[i].data = s;
		uv_signal_start(&s->handles[i], handle_signal, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
	set_blocked(SIG_UNBLOCK);
	return s;
}

static void handle_closed(uv_handle_t *handle) {
	struct signals *s = handle->data;
	if (--s->open == 0) {
		free(s);
	}
}

/* Whoever sends a second signal while the last things are put away must not find the process without a handler, and kill it with
 * another exit code: what comes from now on waits for a next signals_create, or for the end. */
void signals_close(struct signals *s) {
	if (s != NULL) {
		set_blocked(SIG_BLOCK);
	}
	for (size_t i = 0; s != NULL && i < SIGNALS; i++) {
		uv_close((uv_handle_t *)&s->handles[i], handle_closed);
	}
}
