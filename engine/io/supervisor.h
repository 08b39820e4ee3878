/* The service manager that started this process, if it speaks systemd's protocols: the socket that it opened for us, and what it is
 * told. As sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3) describe them; they are a few variables and one datagram each,
 * and libsystemd is neither in musl's distributions nor in a static binary. */
#ifndef ENGINE_IO_SUPERVISOR_H
#define ENGINE_IO_SUPERVISOR_H

#include "base/strbuf.h"
#include "base/timestamp.h"

struct supervisor;

#define SUPERVISOR_STATUS_MAX 500 /* bytes of a status: what is longer is cut */

/* From NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS and what belongs to them. Where there is no such manager, everybody may be told
 * everything, and nothing happens. NULL: what was passed cannot be listened on, `out_error` says why. */
struct supervisor *supervisor_create(struct strbuf *out_error);
void supervisor_destroy(struct supervisor *s); /* accepts NULL */

/* NULL is a supervisor that has no wishes, for all of these. */

/* A listening socket, non-blocking and close-on-exec, the supervisor's; 0: there is none, for that descriptor is stdin's. */
int supervisor_listener(const struct supervisor *s);

/* How long the manager waits for supervisor_tell_alive before it kills; 0: it does not. */
dur_ms supervisor_watchdog(const struct supervisor *s);

/* These may wait for a manager that is busy, a second at most: it waits for them in turn. */
void supervisor_tell_ready(struct supervisor *s);
void supervisor_tell_reloading(struct supervisor *s); /* until it is ready again */
/* It will take `wait` at most, counted from now. */
void supervisor_tell_stopping(struct supervisor *s, dur_ms wait);
void supervisor_tell_failed(struct supervisor *s, struct str reason); /* the start */

/* These never wait: they come again. The same status is told once. */
void supervisor_tell_alive(struct supervisor *s);
void supervisor_tell_status(struct supervisor *s, struct str sentence);

#endif
