#include "engine/io/stopwatch.h"

#include <uv.h>

#include "engine/metrics.h"

void stopwatch_enter(enum phase phase, void *data) {
	struct stopwatch *s = data;
	uint64_t now = uv_hrtime();
	if (s->phase != PHASE_OTHER) {
		s->ns[s->phase] += now - s->since;
	}
	s->phase = phase;
	s->since = now;
}

void stopwatch_print_metrics(const struct stopwatch *s, struct strbuf *out) {
	struct metrics_writer w;
	metrics_init(&w, out);
	metrics_family(&w, "tocsin_phase_seconds_total", METRICS_COUNTER,
				   "Time spent planning requests, decoding answers, evaluating, stepping alerts, "
				   "preparing deliveries.");
	for (enum phase p = PHASE_OTHER + 1; p < PHASE_COUNT; p++) {
		struct metrics_label label = {"phase", str_from(phase_name[p])};
		metrics_sample(&w, &label, 1, (double)s->ns[p] / 1e9);
	}
}
