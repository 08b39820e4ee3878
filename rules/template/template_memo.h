/* Templates of rules that say the same: a text that stands in many is parsed once, and all of them share its tree. */
#ifndef RULES_TEMPLATE_MEMO_H
#define RULES_TEMPLATE_MEMO_H

#include "rules/template/template.h"

/* Zeroed but for the arenas. It holds no more than so many texts: in a file where none stands twice it costs little. */
#define TEMPLATE_MEMO_TEXTS 1024

struct template_memo {
	struct arena *arena;   /* of what is shared: it outlives all templates; NULL: nothing is */
	struct arena *scratch; /* as long as templates are parsed */
	const struct template **texts;
};

/* As template_parse; but `source` is copied. */
const struct template *template_memo_parse(struct template_memo *m, struct str name,
										   struct str source, struct arena *a,
										   const char **ret_error, struct span *ret_span);

#endif
