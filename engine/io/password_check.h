/* Passwords against bcrypt hashes. A check takes a tenth of a second and more on purpose, so it is made off the loop, one at a
 * time; what came of it is remembered. Wrong ones use half of a processor at most, however many come. */
#ifndef ENGINE_IO_PASSWORD_CHECK_H
#define ENGINE_IO_PASSWORD_CHECK_H

#include <stdbool.h>
#include <uv.h>

#include "base/str.h"

/* Different passwords that wait to be checked: at 0.1 s each, more would wait for longer than their senders. */
#define PASSWORD_CHECKS_MAX 64
/* Of each verdict; the ones asked for longest ago are forgotten. */
#define PASSWORDS_REMEMBERED 100

struct password_check;
struct password_wait;

enum password_verdict {
	PASSWORD_RIGHT,
	PASSWORD_WRONG,
	PASSWORD_PENDING, /* `done` will be called */
	PASSWORD_BUSY,    /* PASSWORD_CHECKS_MAX are waiting already */
};

/* From the loop, never from inside password_check_ask. The wait is over. */
typedef void password_done(bool is_right, void *data);

struct password_check *password_check_create(uv_loop_t *loop);

/* `is_possible` false: it is wrong whatever the hash says, but that takes the same time. */
enum password_verdict password_check_ask(struct password_check *c, struct str hash,
										 struct str password, bool is_possible, password_done *done,
										 void *data, struct password_wait **ret_wait);
/* `done` is not called any more. */
void password_check_forget(struct password_wait *w);

/* Nobody may wait any more. Frees it when the check under way is done, then calls `closed`. */
typedef void password_check_closed(void *data);
void password_check_close(struct password_check *c, password_check_closed *closed, void *data);

#endif
