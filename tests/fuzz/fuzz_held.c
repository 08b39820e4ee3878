/* Any bytes are what an Alertmanager holds, or are refused. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/held.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {.ptr = (const char *)data, .len = size};
	const struct label items[] = {{LABEL_ALERTNAME, STR("A")}, {STR("x"), STR("1")}};
	const struct labels wanted[] = {{items, 1}, {items, 2}, {NULL, 0}};
	ts_ms since[3], start = TS_NONE;
	held_find(text, wanted, 3, since);
	BUG_ON(held_read_start(text, &start) != (start != TS_NONE));
	return 0;
}
