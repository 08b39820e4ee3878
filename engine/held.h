/* What an Alertmanager says of itself over its v2 API. Read in place: an answer may be of any size up to LIMIT_HELD_BYTES, and
 * may be anything. */
#ifndef ENGINE_HELD_H
#define ENGINE_HELD_H

#include "base/labels.h"
#include "base/timestamp.h"

/* GET /api/v2/alerts lists alerts that are not over, silenced and inhibited ones as well. For each of `alerts`: since when it is
 * there, TS_NONE where it is not. false: the text is no such list, or an alert has more than LIMIT_HELD_LABELS labels. */
bool held_find(struct str body, const struct labels *alerts, size_t count, ts_ms *ret_since);

/* GET /api/v2/status: when it was started, by its own clock. */
bool held_read_start(struct str body, ts_ms *ret_start);

#endif
