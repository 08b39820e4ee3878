/* Whether a result is what pql_facts_make says of its expression. */
#ifndef PROMQLTEST_FACTS_H
#define PROMQLTEST_FACTS_H

#include "promql-lite/eval.h"

/* NULL: it is. Otherwise how it differs, in the arena. */
const char *check_facts(const struct pql_expr *expr, const struct pql_value *value,
						struct arena *a);

#endif
