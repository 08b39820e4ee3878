#include "engine/phase.h"

#include <stddef.h>

const char *const phase_name[PHASE_COUNT] = {
#define X(name, text) text,
	PHASES(X)
#undef X
};

enum phase phase_enter(struct phase_clock *c, enum phase phase) {
	if (c == NULL || c->watch == NULL || c->now == phase) {
		return phase;
	}
	enum phase before = c->now;
	c->now = phase;
	c->watch(phase, c->data);
	return before;
}
