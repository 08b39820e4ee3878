/* How long the engine was at each of its phases. */
#ifndef ENGINE_IO_STOPWATCH_H
#define ENGINE_IO_STOPWATCH_H

#include <stdint.h>

#include "base/strbuf.h"
#include "engine/phase.h"

/* All zero at the start. */
struct stopwatch {
	enum phase phase;
	uint64_t since;           /* ns */
	uint64_t ns[PHASE_COUNT]; /* of PHASE_OTHER nothing: it is also the time between calls */
};

/* A phase_watch; `data` is the stopwatch. */
void stopwatch_enter(enum phase phase, void *data);

/* tocsin_phase_seconds_total in Prometheus' text format. */
void stopwatch_print_metrics(const struct stopwatch *s, struct strbuf *out);

#endif
