/* The tree of a PromQL expression. Made by the parser, typed by the checker, then never changed: every reader shares it. */
#ifndef PQL_AST_H
#define PQL_AST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/matcher.h"
#include "base/timestamp.h"

enum pql_type {
	PQL_TYPE_NONE,
	PQL_TYPE_SCALAR,
	PQL_TYPE_VECTOR, /* "instant vector" */
	PQL_TYPE_MATRIX, /* "range vector" */
	PQL_TYPE_STRING,
};

enum pql_kind {
	PQL_NUMBER,
	PQL_STRING,
	PQL_SELECTOR, /* up{job="x"} offset 5m @ 0 */
	PQL_RANGE,    /* up[5m]; `range.selector` carries offset and @ */
	PQL_SUBQUERY, /* expr[1h:5m] offset 5m @ 0 */
	PQL_PAREN,
	PQL_UNARY,
	PQL_BINARY,
	PQL_AGGREGATE,
	PQL_CALL,
	PQL_DURATION, /* arithmetic on durations, step(), range(), min(), max(): only inside [..] and after offset */
};

enum pql_op {
	PQL_OP_ADD,
	PQL_OP_SUB,
	PQL_OP_MUL,
	PQL_OP_DIV,
	PQL_OP_MOD,
	PQL_OP_POW,
	PQL_OP_ATAN2,
	PQL_OP_EQL,
	PQL_OP_NEQ,
	PQL_OP_GTR,
	PQL_OP_LSS,
	PQL_OP_GTE,
	PQL_OP_LTE,
	PQL_OP_TRIM_UPPER,
	PQL_OP_TRIM_LOWER, /* </ and >/ on native histograms */
	PQL_OP_AND,
	PQL_OP_OR,
	PQL_OP_UNLESS,
};

enum pql_aggregation {
	PQL_AGG_SUM,
	PQL_AGG_AVG,
	PQL_AGG_COUNT,
	PQL_AGG_MIN,
	PQL_AGG_MAX,
	PQL_AGG_GROUP,
	PQL_AGG_STDDEV,
	PQL_AGG_STDVAR,
	PQL_AGG_TOPK,
	PQL_AGG_BOTTOMK,
	PQL_AGG_COUNT_VALUES,
	PQL_AGG_QUANTILE,
	PQL_AGG_LIMITK,
	PQL_AGG_LIMIT_RATIO,
};

/* How the sides of a binary operation meet. */
enum pql_cardinality {
	PQL_ONE_TO_ONE,
	PQL_MANY_TO_ONE,  /* group_left */
	PQL_ONE_TO_MANY,  /* group_right */
	PQL_MANY_TO_MANY, /* and, or, unless */
};

/* `@`: where the time of a selector or subquery comes from. */
enum pql_at { PQL_AT_NONE, PQL_AT_TIME, PQL_AT_START, PQL_AT_END };

/* A stretch of time in the text: a plain duration, or an expression that is known once step and range are. */
struct pql_stretch {
	dur_ms fixed;          /* the value when `expr` is NULL */
	struct pql_node *expr; /* PQL_DURATION, whose leaves are PQL_NUMBER; NULL when fixed */
};

/* offset and @, as a selector and a subquery have them. */
struct pql_shift {
	struct pql_stretch offset; /* positive looks back; not resolved while offset.expr is set */
	enum pql_at at;
	ts_ms at_time;           /* PQL_AT_TIME */
	struct span offset_span; /* of the whole `offset 5m`; empty when there is none */
	struct span at_span;
};

enum pql_range_mode { PQL_MODE_PLAIN, PQL_MODE_ANCHORED, PQL_MODE_SMOOTHED };

struct pql_selector {
	/* As written before the brace; empty when none. Also the last of the written matchers. */
	struct str name;
	const struct matcher *matchers; /* all of them, in the order of the text */
	size_t matcher_count;
	/* The second argument of info(): the last matcher, on __name__, is not in the text, and shift has no effect. When the
	 * argument was left out it is there all the same, with an empty span and this matcher alone. */
	bool implied_name;
	struct pql_shift shift;
	enum pql_range_mode mode; /* anchored or smoothed */
	size_t index;             /* place in pql_expr.selectors */
};

/* The matcher that asks for one metric, as in up and {__name__="up"}. NULL: there is none. */
const struct matcher *pql_selector_name(const struct pql_selector *s);
/* That metric; empty when there is none. */
struct str pql_selector_metric(const struct pql_selector *s);

struct pql_call;
struct pql_function; /* functions.h */

struct pql_node {
	enum pql_kind kind;
	enum pql_type type; /* by the checker */
	struct span span;   /* in the expression's text */
	unsigned depth;     /* of the tree under it, itself included; at most PQL_MAX_DEPTH */
	unsigned index;     /* each node of an expression has its own, below pql_expr.node_count */
	union {
		struct {
			double value;
			bool is_duration; /* written as 5m: printed so */
		} number;
		struct str string; /* unescaped */
		struct pql_selector selector;
		struct {
			struct pql_node *selector; /* PQL_SELECTOR */
			struct pql_stretch range;
		} range;
		struct {
			struct pql_node *inner;
			struct pql_stretch range, step; /* step.fixed 0 and no expr: the default step */
			struct pql_shift shift;
		} subquery;
		struct pql_node *paren;
		struct {
			enum pql_op op; /* PQL_OP_ADD or PQL_OP_SUB */
			struct pql_node *inner;
		} unary;
		struct {
			enum pql_op op;
			struct span op_span;
			struct pql_node *lhs, *rhs;
			bool return_bool;
			enum pql_cardinality cardinality;
			bool on;                  /* on(…); else ignoring(…), the default with no labels */
			bool has_matching;        /* on or ignoring was written */
			const struct str *labels; /* of on or ignoring, as written */
			size_t label_count;
			const struct str *include; /* of group_left(…) or group_right(…) */
			size_t include_count;
			bool has_fill_left, has_fill_right;
			double fill_left, fill_right;
		} binary;
		struct {
			enum pql_aggregation op;
			struct pql_node *inner, *param; /* param: k, q or the label of count_values */
			bool without;
			bool has_grouping; /* by or without was written */
			const struct str *labels;
			size_t label_count;
		} aggregate;
		struct {
			const struct pql_function *function;
			struct pql_node **args;
			size_t count;
		} call;
		struct {
			enum { PQL_DUR_OP, PQL_DUR_STEP, PQL_DUR_RANGE, PQL_DUR_MIN, PQL_DUR_MAX } what;
			enum pql_op op;             /* PQL_DUR_OP: + - * / % ^ */
			struct pql_node *lhs, *rhs; /* lhs NULL: unary sign */
			bool parens;                /* printed in parentheses */
		} duration;
	};
};

/* An expression that parsed and is well-typed. Freed with its arena, but for the matchers' regexes: pql_expr_finish. */
struct pql_expr {
	struct str text; /* copied */
	struct pql_node *root;
	struct pql_node **selectors; /* every PQL_SELECTOR, in the order of the text */
	size_t selector_count;
	unsigned node_count;
};

const char *pql_type_name(enum pql_type type); /* "instant vector" … as in error texts */
const char *pql_type_word(enum pql_type type); /* "vector" … as the API names it */
const char *pql_op_text(enum pql_op op);       /* "+" … */
const char *pql_aggregation_name(enum pql_aggregation op); /* "sum" … */
bool pql_op_is_comparison(enum pql_op op);
bool pql_op_is_set(enum pql_op op);

/* Calls `visit` for a node, then for its children in the order of the text. `visit` returns false to leave out the children. */
typedef bool pql_visit(struct pql_node *node, void *data);
void pql_walk(struct pql_node *node, pql_visit *visit, void *data);

#endif
