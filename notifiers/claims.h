/* Which alerts stand behind one label set. Relabelling can make one alert of several: what Alertmanager then knows fires until the
 * last of them ends. Alerts and label sets are known by their hashes. */
#ifndef NOTIFIERS_CLAIMS_H
#define NOTIFIERS_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timestamp.h"

struct claims;

struct claims *claims_create(void);
void claims_destroy(struct claims *c); /* accepts NULL */

/* The alert fires and is told under these labels, which it claims until `until`, longer when it is said again. */
void claims_add(struct claims *c, uint64_t alert, uint64_t labels, ts_ms until, ts_ms now);

/* The alert, told under these labels, does not fire any more. false: another one that claims them does. */
bool claims_end(struct claims *c, uint64_t alert, uint64_t labels, ts_ms now);

/* Alerts that claim something, those included whose time is up and that were not looked at since. */
size_t claims_count(const struct claims *c);

#endif
