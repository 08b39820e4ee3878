/* Something is done, and again each time that files change, until somebody ends it: SIGINT, SIGTERM, SIGHUP. For commands. */
#ifndef ENGINE_IO_RERUN_H
#define ENGINE_IO_RERUN_H

#include "base/arena.h"
#include "engine/io/watch.h"

struct rerun_calls {
	/* `number` counts from 1, `now` is by the wall clock. In `ret_sources`, whose parts live in `a`, are the files that were read,
	 * or looked for, with their stamps from before. */
	void (*run)(size_t number, ts_ms now, struct arena *a, struct watch_sources *ret_sources,
				void *data);
	/* Changes are seen late, and why. */
	void (*complain)(const char *why, void *data);
};

/* Returns when it was ended; one run is always done to its end, unless it asks: */
void rerun(const struct rerun_calls *calls, void *data);

/* From within a run: somebody wants an end. Outside of one it is false: then signals do as they always do. */
bool rerun_is_ended(void);

#endif
