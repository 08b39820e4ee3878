#include "engine/outage.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/strbuf.h"

void outage_finish(struct outage *o) {
	free(o->reason);
	*o = (struct outage){0};
}

/* Bytes read, ports and times differ where the reason is the same. */
static uint64_t hash_reason(const char *reason) {
	struct strbuf plain = STRBUF_INIT;
	for (const char *at = reason; *at != '\0'; at++) {
		if (*at < '0' || *at > '9') {
			strbuf_add_char(&plain, *at);
		}
	}
	uint64_t hash = hash_str(strbuf_str(&plain));
	strbuf_finish(&plain);
	return hash;
}

/* Whether the reason has not been told, which it is from now on. */
static bool take_reason(struct outage *o, const char *reason, ts_ms now) {
	uint64_t hash = hash_reason(reason);
	for (size_t i = 0; i < o->reason_count; i++) {
		if (o->reasons[i] == hash) {
			return false;
		}
	}
	if (o->reason_count == OUTAGE_REASONS) {
		return false;
	}
	if (o->reason_count == 0) {
		o->first_told = now;
	}
	o->reasons[o->reason_count++] = hash;
	return true;
}

bool outage_fail(struct outage *o, const char *reason, ts_ms now, bool *ret_began) {
	bool began = !o->on;
	if (began) {
		if (now - o->first_told >= OUTAGE_REPEAT || now < o->first_told) {
			o->reason_count = 0;
		}
		o->on = true;
		o->told = false;
		o->since = o->reminded = now;
	}
	free(o->reason);
	o->reason = mem_dup_str(str_from(reason));
	bool news = take_reason(o, reason, now);
	o->told = o->told || news;
	*ret_began = began;
	return news;
}

bool outage_end(struct outage *o) {
	bool news = o->on && o->told;
	o->on = false;
	return news;
}

bool outage_remind(struct outage *o, ts_ms now) {
	if (now < o->reminded) {
		o->reminded = now; /* the clock was set back */
		o->since = o->since < now ? o->since : now;
	}
	if (!o->on || now - o->reminded < OUTAGE_REMIND) {
		return false;
	}
	o->reminded = now;
	o->reason_count = 0;
	take_reason(o, o->reason, now);
	o->told = true;
	return true;
}
