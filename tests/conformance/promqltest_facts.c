#include "tests/conformance/promqltest_facts.h"

#include <math.h>

#include "promql-lite/facts.h"

static const char *check_value(const struct pql_facts *f, double v, struct arena *a) {
	bool good = isnan(v) ? f->value.nan : v >= f->value.min && v <= f->value.max;

	return good ? NULL
				: arena_printf(a, "facts: value %g is not from %g to %g%s", v, f->value.min,
							   f->value.max, f->value.nan ? " or NaN" : "");
}

static const char *check_label(const struct pql_facts *f, struct str name, struct str value,
							   struct arena *a) {
	struct str wanted;
	enum pql_label_state state = pql_facts_label(f, name, &wanted);

	if (str_equal(name, LABEL_NAME)) {
		return NULL;
	}
	if (state == PQL_LABEL_NEVER && value.len > 0) {
		return arena_printf(a, "facts: a result never has the label %.*s", STR_FMT(name));
	}
	if (state == PQL_LABEL_ALWAYS &&
		(value.len == 0 || (wanted.len > 0 && !str_equal(wanted, value)))) {
		return arena_printf(a, "facts: a result always has the label %.*s, with the value %.*s",
							STR_FMT(name), STR_FMT(wanted));
	}
	return NULL;
}

static const char *check_labels(const struct pql_facts *f, struct labels l, struct arena *a) {
	const char *wrong = NULL;

	for (size_t i = 0; i < l.count && wrong == NULL; i++) {
		wrong = check_label(f, l.items[i].name, l.items[i].value, a);
	}
	for (size_t i = 0; i < f->label_count && wrong == NULL; i++) {
		wrong = check_label(f, f->labels[i].name, labels_get(l, f->labels[i].name), a);
	}
	return wrong;
}

static const char *check_step(const struct pql_facts *f, const struct pql_value *v, size_t step,
							  struct arena *a) {
	const char *wrong = NULL;
	bool any = false;

	for (size_t i = 0; i < v->row_count && wrong == NULL; i++) {
		const struct pql_row *row = &v->rows[i];

		if (row->present[step]) {
			any = true;
			wrong = check_labels(f, row->labels, a);
			if (wrong == NULL && (row->histograms == NULL || row->histograms[step] == NULL)) {
				wrong = check_value(f, row->values[step], a);
			}
		}
	}
	if (any && f->presence == PQL_NEVER) {
		return "facts: there is never a result";
	}
	return !any && f->presence == PQL_ALWAYS ? "facts: there is always a result" : wrong;
}

const char *check_facts(const struct pql_expr *expr, const struct pql_value *value,
						struct arena *a) {
	static const struct pql_facts_source nothing;
	const struct pql_facts *f = &pql_facts_make(expr, &nothing, a)[expr->root->index];
	const char *wrong = NULL;

	for (size_t step = 0; step < value->steps && wrong == NULL; step++) {
		if (value->type == PQL_TYPE_VECTOR) {
			wrong = check_step(f, value, step, a);
		} else if (value->type == PQL_TYPE_SCALAR) {
			wrong = check_value(f, value->scalars[step], a);
		}
	}
	return wrong;
}
