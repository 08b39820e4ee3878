/* What values an expression can have, whatever the samples are: bounds are those of facts.h, and here is what has no fraction.
 * Names are taken at their word: a counter (…_total, …_count, …_bucket) is neither negative nor NaN, and `up` is 0 or 1. */
#include "engine/rule-tests/mutant_private.h"

#include <math.h>

#include "promql-lite/functions.h"

/* ---- comparisons ---- */

/* Values from `min` to `max`, both included; min > max: none. With a hole, everything but `min`. */
struct accepted {
	double min, max;
	bool hole;
};

/* In whole numbers the next one above 5 is 6; otherwise it is the next float. */
static double above(double v, bool whole) {
	return whole ? floor(v) + 1 : nextafter(v, INFINITY);
}

static double below(double v, bool whole) {
	return whole ? ceil(v) - 1 : nextafter(v, -INFINITY);
}

static struct accepted accept(struct mutant_range range, enum pql_op op, double bound) {
	struct accepted a = {-INFINITY, INFINITY, false};
	bool whole = range.whole && fabs(bound) < 1e15;
	switch ((int)op) {
	case PQL_OP_GTR: a.min = above(bound, whole); break;
	case PQL_OP_GTE: a.min = whole ? ceil(bound) : bound; break;
	case PQL_OP_LSS: a.max = below(bound, whole); break;
	case PQL_OP_LTE: a.max = whole ? floor(bound) : bound; break;
	case PQL_OP_EQL: a = (struct accepted){bound, bound, false}; break;
	default: a = (struct accepted){bound, bound, true}; break;
	}
	if (op == PQL_OP_EQL && whole && bound != floor(bound)) {
		a.min = INFINITY;
		a.max = -INFINITY;
	}
	if (!a.hole) {
		a.min = fmax(a.min, range.min);
		a.max = fmin(a.max, range.max);
	}
	return a;
}

static bool is_none(struct accepted a) {
	return a.min > a.max;
}

/* A hole at the end of the range, or beside it, is a range without it. */
static struct accepted without_hole(struct mutant_range range, struct accepted a) {
	double at = a.min;
	if (!a.hole || range.nan) {
		return a;
	}
	if (at < range.min || at > range.max || (range.whole && at != floor(at))) {
		return (struct accepted){range.min, range.max, false};
	}
	if (at == range.min) {
		return (struct accepted){above(at, range.whole), range.max, false};
	}
	return at == range.max ? (struct accepted){range.min, below(at, range.whole), false} : a;
}

bool mutant_same_condition(struct mutant_range range, enum pql_op op, double bound,
						   enum pql_op other_op, double other_bound) {
	if (!isfinite(bound) || !isfinite(other_bound)) {
		return false;
	}
	struct accepted a = without_hole(range, accept(range, op, bound));
	struct accepted b = without_hole(range, accept(range, other_op, other_bound));
	if (a.hole || b.hole) { /* it lets NaN through, and the other comparisons do not */
		return a.hole == b.hole && a.min == b.min;
	}
	return (is_none(a) && is_none(b)) || (a.min == b.min && a.max == b.max);
}

/* ---- bounds ---- */

static const struct pql_facts *find_counter(struct str name, void *data) {
	static const struct pql_facts counter = {
		.presence = PQL_WITH_SERIES,
		.others = PQL_LABEL_MAYBE,
		.value = {0, INFINITY, false},
	};
	static const struct str endings[] = {{"_total", 6}, {"_count", 6}, {"_bucket", 7}};
	(void)data;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (str_ends_with(name, endings[i])) {
			return &counter;
		}
	}
	return NULL;
}

const struct pql_facts *mutant_facts(const struct pql_expr *expr, struct arena *a) {
	struct pql_facts_source source = {.conventions = true, .find_metric = find_counter};
	return pql_facts_make(expr, &source, a);
}

/* ---- fractions ---- */

enum wholeness {
	ALWAYS, /* a count, a time of the calendar */
	ALIKE,  /* when the first argument has none */
};

static const struct {
	const char *name;
	enum wholeness whole;
} functions[] = {
	{"abs", ALIKE},
	{"absent", ALWAYS},
	{"absent_over_time", ALWAYS},
	{"ceil", ALWAYS},
	{"changes", ALWAYS},
	{"count_over_time", ALWAYS},
	{"day_of_month", ALWAYS},
	{"day_of_week", ALWAYS},
	{"day_of_year", ALWAYS},
	{"days_in_month", ALWAYS},
	{"floor", ALWAYS},
	{"hour", ALWAYS},
	{"last_over_time", ALIKE},
	{"max_over_time", ALIKE},
	{"min_over_time", ALIKE},
	{"minute", ALWAYS},
	{"month", ALWAYS},
	{"present_over_time", ALWAYS},
	{"resets", ALWAYS},
	{"sgn", ALWAYS},
	{"sort", ALIKE},
	{"sort_desc", ALIKE},
	{"sum_over_time", ALIKE},
	{"vector", ALIKE},
	{"year", ALWAYS},
};

static bool is_whole(const struct pql_node *n);

static bool is_whole_call(const struct pql_node *n) {
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, n->call.function->name) == 0) {
			return functions[i].whole == ALWAYS || is_whole(n->call.args[0]);
		}
	}
	return false;
}

static bool is_whole_aggregate(const struct pql_node *n) {
	switch ((int)n->aggregate.op) {
	case PQL_AGG_COUNT:
	case PQL_AGG_COUNT_VALUES:
	case PQL_AGG_GROUP: return true;
	case PQL_AGG_SUM:
	case PQL_AGG_MIN:
	case PQL_AGG_MAX:
	case PQL_AGG_TOPK:
	case PQL_AGG_BOTTOMK:
	case PQL_AGG_LIMITK:
	case PQL_AGG_LIMIT_RATIO: return is_whole(n->aggregate.inner);
	default: return false;
	}
}

static bool is_whole_binary(const struct pql_node *n) {
	enum pql_op op = n->binary.op;
	if (n->binary.has_fill_left || n->binary.has_fill_right) {
		return false;
	}
	if (pql_op_is_comparison(op)) {
		return n->binary.return_bool ||
			   is_whole(n->binary.lhs->type == PQL_TYPE_SCALAR ? n->binary.rhs : n->binary.lhs);
	}
	if (op == PQL_OP_AND || op == PQL_OP_UNLESS) {
		return is_whole(n->binary.lhs);
	}
	bool keeps = op == PQL_OP_OR || op == PQL_OP_ADD || op == PQL_OP_SUB || op == PQL_OP_MUL;
	return keeps && is_whole(n->binary.lhs) && is_whole(n->binary.rhs);
}

static bool is_whole(const struct pql_node *n) {
	switch (n->kind) {
	case PQL_NUMBER: return n->number.value == floor(n->number.value);
	case PQL_SELECTOR: return str_equal(n->selector.name, STR("up"));
	case PQL_RANGE: return is_whole(n->range.selector);
	case PQL_SUBQUERY: return is_whole(n->subquery.inner);
	case PQL_PAREN: return is_whole(n->paren);
	case PQL_UNARY: return is_whole(n->unary.inner);
	case PQL_BINARY: return is_whole_binary(n);
	case PQL_AGGREGATE: return is_whole_aggregate(n);
	case PQL_CALL: return is_whole_call(n);
	case PQL_STRING:
	case PQL_DURATION: break;
	}
	return false;
}

struct mutant_range mutant_range_of(const struct mutant_maker *m, const struct pql_node *n) {
	struct pql_interval v = m->facts[n->index].value;
	return (struct mutant_range){v.min, v.max, v.nan, is_whole(n)};
}

bool mutant_is_single(const struct pql_node *n) {
	while (n->kind == PQL_PAREN) {
		n = n->paren;
	}
	if (n->kind == PQL_AGGREGATE) {
		bool keeps = n->aggregate.op == PQL_AGG_TOPK || n->aggregate.op == PQL_AGG_BOTTOMK ||
					 n->aggregate.op == PQL_AGG_LIMITK || n->aggregate.op == PQL_AGG_LIMIT_RATIO ||
					 n->aggregate.op == PQL_AGG_COUNT_VALUES;
		/* Sums and means may be histograms, which other aggregations pass over. */
		bool numbers = n->aggregate.op != PQL_AGG_SUM && n->aggregate.op != PQL_AGG_AVG;
		return numbers && !keeps && !n->aggregate.without && n->aggregate.label_count == 0;
	}
	return n->kind == PQL_CALL && (strcmp(n->call.function->name, "vector") == 0 ||
								   strcmp(n->call.function->name, "absent") == 0 ||
								   strcmp(n->call.function->name, "absent_over_time") == 0);
}
