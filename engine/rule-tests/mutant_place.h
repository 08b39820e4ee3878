/* Where the changed pieces of rules stand in their file. */
#ifndef ENGINE_MUTANT_PLACE_H
#define ENGINE_MUTANT_PLACE_H

#include "engine/rule-tests/mutant.h"
#include "rules/yaml/yaml.h"

struct mutant_places {
	struct arena arena;
	struct yaml_document *documents;
	size_t count;
};

/* `text` is a rule file that loads; it must live on. */
void mutant_places_init(struct mutant_places *p, struct str text);
void mutant_places_finish(struct mutant_places *p); /* accepts NULL */

/* In the file. `rule` is of it. */
struct span mutant_places_find(const struct mutant_places *p, const struct rule *rule,
							   const struct mutant *m);

#endif
