/* Rule files with every expression in its canonical form, as Prometheus prints it. Nothing else is touched: comments, quotes, the
 * order of keys and the layout stay. */
#ifndef RULES_RULE_FORMAT_H
#define RULES_RULE_FORMAT_H

#include "rules/lint/lint.h"
#include "rules/yaml/text_edit.h"

struct rule_format {
	bool loads;                    /* false: the file does not, and is left alone */
	const struct text_edit *edits; /* in the arena */
	size_t count;                  /* 0: it is canonical already */
	struct str text;               /* the whole, in the arena */
	size_t commented; /* expressions that were left alone, because they have comments in them */
};

/* false: the new text would not load to the same rules, or the old one does not load, and nothing should be done with it. */
bool rule_format_make(const struct lint_file *file, bool ignore_unknown, struct arena *a,
					  struct rule_format *ret);

#endif
