/* SIGTERM and SIGINT: stop, and a second one: at once. SIGHUP: reload. SIGPIPE: nothing, writing reports it. */
#ifndef ENGINE_IO_SIGNALS_H
#define ENGINE_IO_SIGNALS_H

#include <stdbool.h>
#include <uv.h>

enum signal_wish { SIGNAL_STOP, SIGNAL_STOP_NOW, SIGNAL_RELOAD };

struct signals;
typedef void signals_call(enum signal_wish wish, void *data);

struct signals *signals_create(uv_loop_t *loop, signals_call *call, void *data);

/* While something is done that does not turn the loop, a signal waits, and whoever does it may ask whether one does. */
void signals_hold(void);
void signals_release(void);
bool signals_are_waiting(void);

/* Frees it once the loop let go of it. Accepts NULL. */
void signals_close(struct signals *s);

#endif
