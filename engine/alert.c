#include "engine/alert.h"

#include "base/mem.h"

const char *const alert_state_name[4] = {"unknown", "inactive", "pending", "firing"};
const char *const alert_change_name[7] = {"unchanged", "pending",         "firing",   "resolved",
										  "dropped",   "pending (again)", "forgotten"};

struct alert *alert_create(struct labels labels, struct labels annotations, double value,
						   ts_ms ts) {
	struct alert *a = mem_alloc(sizeof(*a));
	*a = (struct alert){.labels = labels_dup_heap(labels), .hash = labels_hash(labels)};
	alert_start_anew(a, annotations, value, ts);
	return a;
}

void alert_start_anew(struct alert *a, struct labels annotations, double value, ts_ms ts) {
	free((void *)a->annotations.items);
	*a = (struct alert){
		.labels = a->labels,
		.hash = a->hash,
		.annotations = labels_dup_heap(annotations),
		.state = ALERT_PENDING,
		.value = value,
		.active_at = ts,
		.fired_at = TS_NONE,
		.resolved_at = TS_NONE,
		.keep_firing_since = TS_NONE,
		.last_sent_at = TS_NONE,
		.present = true,
	};
}

void alert_destroy(struct alert *a) {
	if (a == NULL) {
		return;
	}
	free((void *)a->labels.items);
	free((void *)a->annotations.items);
	free(a);
}

void alert_update(struct alert *a, struct labels annotations, double value) {
	a->value = value;
	if (!labels_equal(a->annotations, annotations)) {
		free((void *)a->annotations.items);
		a->annotations = labels_dup_heap(annotations);
	}
}

/* The rule's result does not hold the alert. ALERT_UNCHANGED: it is kept firing, or stays resolved. */
static enum alert_change step_absent(struct alert *a, const struct alert_times *times, ts_ms ts) {
	if (a->state == ALERT_PENDING) {
		return ALERT_DROPPED;
	}
	if (a->state == ALERT_INACTIVE) {
		bool over = ts - a->resolved_at > times->resolved_retention;
		return over ? ALERT_FORGOTTEN : ALERT_UNCHANGED;
	}
	if (times->keep_firing_for > 0) {
		if (a->keep_firing_since == TS_NONE) {
			a->keep_firing_since = ts;
		}
		if (ts - a->keep_firing_since < times->keep_firing_for) {
			return ALERT_UNCHANGED;
		}
	}
	a->state = ALERT_INACTIVE;
	a->resolved_at = ts;
	if (a->last_sent_at != TS_NONE && a->last_sent_at >= ts) {
		a->last_sent_at = ts - 1; /* it was kept alive while this evaluation waited */
	}
	return ALERT_RESOLVED;
}

enum alert_change alert_step(struct alert *a, const struct alert_times *times, ts_ms ts) {
	if (a->present) {
		a->keep_firing_since = TS_NONE;
	} else {
		enum alert_change change = step_absent(a, times, ts);
		if (change != ALERT_UNCHANGED || a->state == ALERT_INACTIVE) {
			return change;
		}
	}
	bool held = ts - a->active_at >= times->hold;
	if (a->state == ALERT_PENDING && held) {
		a->state = ALERT_FIRING;
		a->fired_at = ts;
		return ALERT_FIRED;
	}
	if (a->state == ALERT_FIRING && !held) {
		a->state = ALERT_PENDING;
		a->fired_at = a->last_sent_at = a->keep_firing_since = TS_NONE;
		return ALERT_LOWERED;
	}
	return ALERT_UNCHANGED;
}

bool alert_is_active(const struct alert *a) {
	return a->state == ALERT_PENDING || a->state == ALERT_FIRING;
}

bool alert_needs_sending(const struct alert *a, ts_ms ts, dur_ms resend_delay) {
	if (a->state == ALERT_PENDING) {
		return false;
	}
	if (a->last_sent_at == TS_NONE) {
		return true;
	}
	if (a->resolved_at != TS_NONE && a->resolved_at > a->last_sent_at) {
		return true;
	}
	return a->last_sent_at + resend_delay < ts;
}

void alert_set_back(struct alert *a, dur_ms by) {
	ts_ms *const times[] = {&a->active_at, &a->fired_at, &a->resolved_at, &a->keep_firing_since,
							&a->last_sent_at};
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (*times[i] != TS_NONE) {
			*times[i] -= by;
		}
	}
}
