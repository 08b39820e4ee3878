/* Rule groups split over several engines that all read the same files: each engine has the groups of its own shard. */
#ifndef ENGINE_SHARD_H
#define ENGINE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

#define SHARD_MAX 1000u /* engines */

/* Number `index`, from 0 on, of `count`. {0, 0}: there is only one engine. */
struct shard {
	uint32_t index, count;
};

/* "0/3" to "2/3", or "" for the only one. false: *ret_error says what is expected, in static memory. */
bool shard_parse(struct str text, struct shard *ret_shard, const char **ret_error);
void shard_print(struct strbuf *out, struct shard shard);

/* Whether the group belongs to the shard. It goes to the engine whose number makes the largest hash with its file and name, so that
 * one engine more takes groups from all of them, each 1/count, and moves nothing else. Source: Thaler and Ravishankar, "Using
 * name-based mappings to increase hit rates" (1998), highest random weight. */
bool shard_has(struct shard shard, struct str file, struct str group);

#endif
