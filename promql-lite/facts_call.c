/* What functions do with presence, labels and values: a table, one line for each function. */
#include "promql-lite/facts_private.h"

#include <stdlib.h>

#include "base/bug.h"
#include "promql-lite/functions.h"

#define PI 3.141592653589793

struct call {
	struct facts_run *run;
	const struct pql_node *node;
	struct pql_facts
		in; /* of the first vector among the arguments; of nothing when there is none */
	const struct pql_node *in_node; /* NULL: there is none */
};

typedef void judge_call(const struct call *c, struct pql_facts *ret);

/* Of an argument that is a scalar; anything when it was left out. */
static struct pql_interval argument(const struct call *c, size_t i) {
	return i < c->node->call.count ? facts_of(c->run, c->node->call.args[i])->value
								   : interval_any();
}

static struct str text_argument(const struct call *c, size_t i) {
	const struct pql_node *n = c->node->call.args[i];

	while (n->kind == PQL_PAREN) {
		n = n->paren;
	}
	return n->kind == PQL_STRING ? n->string : STR_EMPTY;
}

/* ---- values ---- */

static void any_value(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->value = interval_any();
}

static void same_value(const struct call *c, struct pql_facts *ret) {
	(void)c;
	(void)ret;
}

static void not_negative(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->value = (struct pql_interval){0, INFINITY, true};
}

static void is_one(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->value = interval(1, 1);
}

static void counts(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->value = interval(0, INFINITY);
}

static void counts_from_one(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->value = interval(1, INFINITY);
}

/* A counter is not negative and a rate of it neither; of what goes below zero a rate may, and so it may where a fall hides behind
 * NaN: 5, NaN, 1 counts as no reset. */
static void rates(const struct call *c, struct pql_facts *ret) {
	bool counter = c->in.value.min >= 0 && !c->in.value.nan;
	ret->value = counter ? (struct pql_interval){0, INFINITY, true} : interval_any();
}

static void absolute(const struct call *c, struct pql_facts *ret) {
	struct pql_interval v = c->in.value;

	ret->value.min = v.min >= 0 ? v.min : v.max <= 0 ? -v.max : 0;
	ret->value.max = fmax(fabs(v.min), fabs(v.max));
}

static void mean(const struct call *c, struct pql_facts *ret) {
	struct pql_interval v = c->in.value;

	ret->value =
		(struct pql_interval){floor(v.min), ceil(v.max), v.nan || isinf(v.min) || isinf(v.max)};
}

static void sums(const struct call *c, struct pql_facts *ret) {
	ret->value = interval_sum(c->in.value);
}

static void spread(const struct call *c, struct pql_facts *ret) {
	struct pql_interval v = c->in.value;

	ret->value = (struct pql_interval){0, INFINITY, v.nan || isinf(v.min) || isinf(v.max)};
}

static void rounds_down(const struct call *c, struct pql_facts *ret) {
	ret->value.min = floor(c->in.value.min);
	ret->value.max = floor(c->in.value.max);
}

static void rounds_up(const struct call *c, struct pql_facts *ret) {
	ret->value.min = ceil(c->in.value.min);
	ret->value.max = ceil(c->in.value.max);
}

static void rounds(const struct call *c, struct pql_facts *ret) {
	bool up = c->node->call.count < 2 || argument(c, 1).min > 0;

	ret->value = interval_any();
	ret->value.min = c->in.value.min >= 0 && up ? 0 : -INFINITY;
}

static void sign(const struct call *c, struct pql_facts *ret) {
	ret->value.min = c->in.value.min > 0 ? 1 : c->in.value.min >= 0 ? 0 : -1;
	ret->value.max = c->in.value.max < 0 ? -1 : c->in.value.max <= 0 ? 0 : 1;
}

static struct pql_interval raise_to(struct pql_interval v, struct pql_interval least) {
	return (struct pql_interval){fmax(v.min, least.min), fmax(v.max, least.max),
								 v.nan || least.nan};
}

static struct pql_interval cut_to(struct pql_interval v, struct pql_interval most) {
	return (struct pql_interval){fmin(v.min, most.min), fmin(v.max, most.max), v.nan || most.nan};
}

static void clamps_min(const struct call *c, struct pql_facts *ret) {
	ret->value = raise_to(c->in.value, argument(c, 1));
}

static void clamps_max(const struct call *c, struct pql_facts *ret) {
	ret->value = cut_to(c->in.value, argument(c, 1));
}

/* Nothing at all when the bounds are turned round. */
static void clamps(const struct call *c, struct pql_facts *ret) {
	struct pql_interval low = argument(c, 1), high = argument(c, 2);

	ret->value = raise_to(cut_to(c->in.value, high), low);
	if (low.min > high.max) {
		ret->presence = PQL_NEVER;
	} else if (ret->presence > PQL_SOMETIMES && !(low.max <= high.min)) {
		ret->presence = PQL_SOMETIMES;
	}
}

static void quantile_over_time(const struct call *c, struct pql_facts *ret) {
	struct pql_interval q = argument(c, 0);

	ret->value = interval_any();
	if (interval_is_constant(q) && q.min >= 0 && q.max <= 1) {
		mean(c, ret);
	}
}

#define BETWEEN(name, low, high)                                                                   \
	static void name(const struct call *c, struct pql_facts *ret) {                                \
		(void)c;                                                                                   \
		ret->value = (struct pql_interval){low, high, true};                                       \
	}
BETWEEN(is_fraction, 0, 1)
BETWEEN(is_wave, -1, 1)
BETWEEN(is_angle, -PI, PI)
BETWEEN(at_least_one, 1, INFINITY)
#undef BETWEEN

#define DATE(name, low, high)                                                                      \
	static void name(const struct call *c, struct pql_facts *ret) {                                \
		ret->value = interval(low, high);                                                          \
		if (c->in_node == NULL) {                                                                  \
			ret->presence = PQL_ALWAYS; /* of the time of evaluation */                            \
		}                                                                                          \
	}
DATE(is_day_of_month, 1, 31)
DATE(is_day_of_week, 0, 6)
DATE(is_day_of_year, 1, 366)
DATE(is_month_length, 28, 31)
DATE(is_hour, 0, 23)
DATE(is_minute, 0, 59)
DATE(is_month, 1, 12)
DATE(is_year, -INFINITY, INFINITY)
#undef DATE

/* ---- scalars ---- */

static void scalar_any(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->presence = PQL_ALWAYS;
	ret->value = interval_any();
}

static void is_pi(const struct call *c, struct pql_facts *ret) {
	(void)c;
	ret->presence = PQL_ALWAYS;
	ret->value = interval(PI, PI);
}

/* NaN where there is not exactly one element. */
static void to_scalar(const struct call *c, struct pql_facts *ret) {
	*ret = (struct pql_facts){.presence = PQL_ALWAYS, .value = c->in.value};
	ret->value.nan = true;
	if (c->in.presence == PQL_NEVER) {
		ret->value = interval_any();
	}
}

static void to_vector(const struct call *c, struct pql_facts *ret) {
	*ret = (struct pql_facts){.presence = PQL_ALWAYS, .value = argument(c, 0)};
}

/* ---- labels ---- */

static const struct pql_selector *selector_of(const struct pql_node *n) {
	while (n->kind == PQL_PAREN || n->kind == PQL_RANGE) {
		n = n->kind == PQL_PAREN ? n->paren : n->range.selector;
	}
	return n->kind == PQL_SELECTOR ? &n->selector : NULL;
}

/* Labels that a selector fixes by one matcher with =, and by no other. */
static void absent(const struct call *c, struct pql_facts *ret) {
	const struct pql_selector *s = selector_of(c->in_node);
	struct label_list l;

	*ret = (struct pql_facts){
		.presence = c->in.presence == PQL_ALWAYS  ? PQL_NEVER
					: c->in.presence == PQL_NEVER ? PQL_ALWAYS
												  : PQL_SOMETIMES,
		.value = interval(1, 1),
	};
	if (s == NULL) {
		return;
	}
	label_list_init(&l, c->run);
	for (size_t i = 0; i < s->matcher_count && !l.overflow; i++) {
		size_t same = 0;

		for (size_t j = 0; j < s->matcher_count; j++) {
			same += str_equal(s->matchers[j].name, s->matchers[i].name);
		}
		if (s->matchers[i].op == MATCH_EQUAL && s->matchers[i].value.len > 0 && same == 1) {
			label_list_set(&l, s->matchers[i].name, PQL_LABEL_ALWAYS, s->matchers[i].value);
		} else if (same > 1) {
			label_list_set(&l, s->matchers[i].name, PQL_LABEL_MAYBE, STR_EMPTY);
		}
	}
	label_list_finish(&l, PQL_LABEL_NEVER, ret);
}

static void set_label(const struct call *c, struct str name, enum pql_label_state state,
					  struct str value, struct pql_facts *ret) {
	struct label_list l;

	label_list_init(&l, c->run);
	label_list_add_all(&l, &c->in);
	label_list_set(&l, name, state, value);
	label_list_finish(&l, c->in.others, ret);
}

/* Numbers that are no part of a histogram are passed over. */
static enum pql_presence of_histograms(const struct call *c) {
	return c->in.presence == PQL_ALWAYS ? PQL_SOMETIMES : c->in.presence;
}

static void of_native(const struct call *c, struct pql_facts *ret) {
	ret->presence = of_histograms(c);
	ret->value = interval_any();
}

/* Of a native histogram, `le` is a label like any other. */
static void quantile(const struct call *c, struct pql_facts *ret) {
	enum pql_label_state le = pql_facts_label(&c->in, STR("le"), NULL);

	set_label(c, STR("le"), le == PQL_LABEL_NEVER ? PQL_LABEL_NEVER : PQL_LABEL_MAYBE, STR_EMPTY,
			  ret);
	ret->value = interval_any();
	ret->presence = of_histograms(c);
}

static void fraction(const struct call *c, struct pql_facts *ret) {
	quantile(c, ret);
	if (c->in_node != NULL && !facts_counts_may_be_negative(c->in_node)) {
		is_fraction(c, ret);
	}
}

static void quantiles(const struct call *c, struct pql_facts *ret) {
	struct label_list l;

	quantile(c, ret);
	label_list_init(&l, c->run);
	label_list_add_all(&l, ret);
	label_list_set(&l, text_argument(c, 1), PQL_LABEL_ALWAYS, STR_EMPTY);
	label_list_finish(&l, c->in.others, ret);
}

static bool matches_all(struct str regex) {
	return str_equal(regex, STR(".*")) || str_equal(regex, STR("(.*)"));
}

static void replace(const struct call *c, struct pql_facts *ret) {
	struct str name = text_argument(c, 1), value = text_argument(c, 2);
	bool plain = value.len > 0 && memchr(value.ptr, '$', value.len) == NULL;
	bool all = matches_all(text_argument(c, 4));

	if (plain && all) {
		set_label(c, name, PQL_LABEL_ALWAYS, value, ret);
	} else {
		set_label(c, name, c->run->source->conventions ? PQL_LABEL_LIKELY : PQL_LABEL_MAYBE,
				  STR_EMPTY, ret);
	}
}

static void join(const struct call *c, struct pql_facts *ret) {
	bool separated = c->node->call.count > 4 && text_argument(c, 2).len > 0;
	enum pql_label_state state = separated                     ? PQL_LABEL_ALWAYS
								 : c->run->source->conventions ? PQL_LABEL_LIKELY
															   : PQL_LABEL_MAYBE;

	set_label(c, text_argument(c, 1), state, STR_EMPTY, ret);
}

/* Adds what labels the info metrics have; with conditions on those it drops what has none. */
static void adds_info(const struct call *c, struct pql_facts *ret) {
	struct label_list l;

	label_list_init(&l, c->run);
	for (size_t i = 0; i < c->in.label_count; i++) {
		struct pql_label_fact f = c->in.labels[i];

		f.state = f.state == PQL_LABEL_NEVER ? PQL_LABEL_MAYBE : f.state;
		label_list_set(&l, f.name, f.state, STR_EMPTY);
	}
	label_list_finish(&l, PQL_LABEL_MAYBE, ret);
	ret->presence = c->in.presence < PQL_SOMETIMES ? c->in.presence : PQL_SOMETIMES;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	judge_call *judge; /* starts from the facts of the argument */
} rows[] = {
	{"abs", absolute},
	{"absent", absent},
	{"absent_over_time", absent},
	{"acos", is_angle},
	{"acosh", not_negative},
	{"asin", is_angle},
	{"asinh", any_value},
	{"atan", is_angle},
	{"atanh", any_value},
	{"avg_over_time", mean},
	{"ceil", rounds_up},
	{"changes", counts},
	{"clamp", clamps},
	{"clamp_max", clamps_max},
	{"clamp_min", clamps_min},
	{"cos", is_wave},
	{"cosh", at_least_one},
	{"count_over_time", counts_from_one},
	{"day_of_month", is_day_of_month},
	{"day_of_week", is_day_of_week},
	{"day_of_year", is_day_of_year},
	{"days_in_month", is_month_length},
	{"deg", any_value},
	{"delta", any_value},
	{"deriv", any_value},
	{"double_exponential_smoothing", any_value},
	{"end", scalar_any},
	{"exp", not_negative},
	{"first_over_time", same_value},
	{"floor", rounds_down},
	{"histogram_avg", of_native},
	{"histogram_count", of_native},
	{"histogram_fraction", fraction},
	{"histogram_quantile", quantile},
	{"histogram_quantiles", quantiles},
	{"histogram_stddev", of_native},
	{"histogram_stdvar", of_native},
	{"histogram_sum", of_native},
	{"hour", is_hour},
	{"idelta", any_value},
	{"increase", rates},
	{"info", adds_info},
	{"irate", rates},
	{"label_join", join},
	{"label_replace", replace},
	{"last_over_time", same_value},
	{"ln", any_value},
	{"log10", any_value},
	{"log2", any_value},
	{"mad_over_time", not_negative},
	{"max_of", scalar_any},
	{"max_over_time", same_value},
	{"min_of", scalar_any},
	{"min_over_time", same_value},
	{"minute", is_minute},
	{"month", is_month},
	{"pi", is_pi},
	{"predict_linear", any_value},
	{"present_over_time", is_one},
	{"quantile_over_time", quantile_over_time},
	{"rad", any_value},
	{"range", scalar_any},
	{"rate", rates},
	{"resets", counts},
	{"round", rounds},
	{"scalar", to_scalar},
	{"sgn", sign},
	{"sin", is_wave},
	{"sinh", any_value},
	{"sort", same_value},
	{"sort_by_label", same_value},
	{"sort_by_label_desc", same_value},
	{"sort_desc", same_value},
	{"sqrt", not_negative},
	{"start", scalar_any},
	{"start_timestamp", any_value},
	{"stddev_over_time", spread},
	{"stdvar_over_time", spread},
	{"step", scalar_any},
	{"sum_over_time", sums},
	{"tan", any_value},
	{"tanh", is_wave},
	{"time", scalar_any},
	{"timestamp", any_value},
	{"ts_of_first_over_time", any_value},
	{"ts_of_last_over_time", any_value},
	{"ts_of_max_over_time", any_value},
	{"ts_of_min_over_time", any_value},
	{"vector", to_vector},
	{"year", is_year},
};

static const struct pql_node *vector_argument(const struct pql_node *n) {
	for (size_t i = 0; i < n->call.count; i++) {
		const struct pql_node *arg = n->call.args[i];

		if (arg->type == PQL_TYPE_VECTOR || arg->type == PQL_TYPE_MATRIX) {
			return arg;
		}
	}
	return NULL;
}

/* In the order of functions.def, which a test holds. */
static judge_call *judge_of(const struct pql_function *f) {
	size_t count;
	const struct pql_function *first = pql_functions(&count);
	size_t at = (size_t)(f - first);

	BUG_ON(at >= sizeof(rows) / sizeof(rows[0]) || strcmp(rows[at].name, f->name) != 0);
	return rows[at].judge;
}

void facts_of_call(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret) {
	struct call c = {.run = run, .node = n, .in_node = vector_argument(n)};

	if (c.in_node != NULL) {
		c.in = *facts_of(run, c.in_node);
		c.in.clash = (struct pql_clash){0};
	}
	*ret = c.in;
	judge_of(n->call.function)(&c, ret);
}
