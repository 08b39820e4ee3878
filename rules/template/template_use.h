/* What of an alert a template looks at, without executing it. */
#ifndef RULES_TEMPLATE_USE_H
#define RULES_TEMPLATE_USE_H

#include "rules/template/template.h"

enum template_use_kind {
	TEMPLATE_USES_LABEL, /* a label of the expression's result, by its name */
	TEMPLATE_USES_VALUE, /* the value, or the time, gets into the text: `value` and `now` change from one evaluation to the next */
	TEMPLATE_USES_QUERY, /* a query whose text is a constant */
};

struct template_use {
	enum template_use_kind kind;
	struct str text;  /* name of the label; "$value" or "now"; the query */
	struct span span; /* in the template's source */
};

typedef void template_use_visit(const struct template_use *use, void *data);

/* In the order of the text, definitions last. What is passed on to other templates or hidden in variables is not followed. */
void template_visit_uses(const struct template *t, template_use_visit *visit, void *data);

/* Whether it cannot fail, because it only prints labels and the value, as nearly all do. */
bool template_is_harmless(const struct template *t);

#endif
