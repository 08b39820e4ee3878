/* Where a configuration names something. Its settings keep no places: the text is read a second time. */
#ifndef ENGINE_CONFIG_PLACE_H
#define ENGINE_CONFIG_PLACE_H

#include "base/arena.h"
#include "base/diag.h"

/* The entry of `rule_files` that is this pattern. false: there is none. */
bool config_find_rule_file(struct str text, struct str pattern, struct arena *a,
						   struct span *ret_span);

#endif
