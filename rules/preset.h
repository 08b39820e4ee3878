/* The rule files inside the binary: the built-in rules, with names and thresholds as parameters. */
#ifndef RULES_PRESET_H
#define RULES_PRESET_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/strbuf.h"

/* An ordinary rule file. Its header comment declares the parameters, one a line:
 *     # parameter NAME = DEFAULT   what it is
 * A value other than the default replaces the default wherever it stands as a whole word of the groups' text (a maximal run of
 * [A-Za-z0-9_:.]; with _bucket, _count or _sum behind it too), but not in the value of a `for` key. A DEFAULT written
 * Alert/for stands for that value: the default is what the `for` of that alert says, and a value replaces it there alone. */
struct preset {
	const char *name;  /* "generic" */
	const char *title; /* first comment line */
	struct str source; /* the file */
};

struct preset_parameter {
	struct str name, value, help;
	struct str alert; /* it is the `for` of this alert; empty: a word of the text */
};

const struct preset *presets(size_t *ret_count);
const struct preset *preset_find(struct str name); /* NULL: none */

/* The parameters that a preset declares, with their defaults. Arena. */
const struct preset_parameter *preset_parameters(const struct preset *p, struct arena *a,
												 size_t *ret_count);

/* The rule file with these values. false: *ret_error names the parameter that is unknown or has a bad value, or says why the
 * file does not load with them. */
bool preset_render(const struct preset *p, const struct preset_parameter *values, size_t count,
				   struct arena *a, struct strbuf *out, const char **ret_error);

#endif
