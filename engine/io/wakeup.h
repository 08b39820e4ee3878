/* The one timer: wakes its owner at a wall-clock time. */
#ifndef ENGINE_IO_WAKEUP_H
#define ENGINE_IO_WAKEUP_H

#include <uv.h>

#include "base/timestamp.h"

struct wakeup;

/* `wake` is called from the loop, at the time that was set or up to WAKEUP_LONGEST later by the wall clock; also sooner, after
 * WAKEUP_LONGEST, so that a wall clock that was set meanwhile is noticed. After each call the time must be set anew. */
typedef void wakeup_call(void *data);
struct wakeup *wakeup_create(uv_loop_t *loop, wakeup_call *wake, void *data);

#define WAKEUP_LONGEST 10000 /* ms */

/* TS_NONE: not at all. A time that is over: as soon as the loop turns. */
void wakeup_set(struct wakeup *w, ts_ms at, ts_ms now);

/* Frees it once the loop let go of it. Accepts NULL. */
void wakeup_close(struct wakeup *w);

#endif
