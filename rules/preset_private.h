/* The table that scripts/embed.py makes of rules/builtin at build time. */
#ifndef RULES_PRESET_PRIVATE_H
#define RULES_PRESET_PRIVATE_H

#include "rules/preset.h"

extern const struct preset preset_table[];
extern const size_t preset_table_count;

#endif
