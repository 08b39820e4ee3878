/* Whether the files of a load are others by now: the configuration, the rule files, and what their patterns match anew.
 * inotify says that something stirs in one of the folders on the way to them, links followed; the files' inodes, sizes and times
 * say whether it was one of them. So it does not matter who changes them in which way: an editor that renames, Kubernetes that
 * exchanges a link above them, a folder that goes and comes back. Where inotify has nothing to say (network file systems), they
 * are looked at all the same every WATCH_LOOK_EVERY. */
#ifndef ENGINE_IO_WATCH_H
#define ENGINE_IO_WATCH_H

#include <uv.h>

#include "base/str.h"
#include "base/timestamp.h"

#define WATCH_QUIET 200        /* ms without anything stirring before what changed is looked at */
#define WATCH_LONGEST 2000     /* ms after which it is looked at although it stirs on */
#define WATCH_LOOK_EVERY 30000 /* ms */
#define WATCH_FOLDERS_MAX 1000 /* whose changes are waited for; those of others are seen late */
#define WATCH_LINKS_MAX 40     /* on the way to a file; Linux follows no more */

/* What is looked at. Borrowed only while it is set. */
struct watch_sources {
	const char *config_path;    /* NULL: there is none */
	const char *folder;         /* where relative patterns begin; NULL: where we are */
	const struct str *patterns; /* of rule files */
	size_t pattern_count;
	/* Of each pattern what watch_stamp said before its files were read; NULL: `began` alone says what may have changed since. */
	const uint64_t *stamps;
};

/* What is there now of all that a pattern names: another number, another state. */
uint64_t watch_stamp(const char *folder, struct str pattern);

struct watch;

/* `stir` is called from the loop, never from inside of the functions here: watch_look_at() has become earlier. */
typedef void watch_stir(void *data);
struct watch *watch_create(uv_loop_t *loop, watch_stir *stir, void *data);

/* Takes what is there now for what was loaded. `began` is when the load began, by the wall clock: what changed after it may have
 * been read before the change, and counts as changed at the next look, as does what has another stamp by now. Files that went
 * meanwhile leave no time behind: only stamps tell of them. `now` is of the monotonic clock. */
void watch_set(struct watch *w, const struct watch_sources *sources, ts_ms began, dur_ms now);

/* Whether something has changed since the last watch_set, or the last time that it said so. At rest, and before it is time to look,
 * it says false without looking. */
bool watch_look(struct watch *w, dur_ms now);
dur_ms watch_look_at(const struct watch *w);

/* Why changes are seen late; NULL: they are not. */
const char *watch_complaint(const struct watch *w);

/* Frees it once the loop let go of it. Accepts NULL. */
void watch_close(struct watch *w);

#endif
