/* What the files of the template engine share. A template goes from text to tokens (template_lex.c) to a tree
 * (template_parse.c, template_control.c), which is walked (template_exec.c, template_eval.c) over values (template_value.c) that
 * know their Go type, because error texts and formats name it. */
#ifndef RULES_TEMPLATE_PRIVATE_H
#define RULES_TEMPLATE_PRIVATE_H

#include "base/regex.h"
#include "rules/template/template.h"

/* What stands before every text: {{$labels := .Labels}} and so on. It is not parsed; columns count from it all the same. */
#define TEMPLATE_PROLOGUE_BYTES 112

/* ---- tokens ---- */

enum token_type {
	TOKEN_ERROR,
	TOKEN_BOOL,
	TOKEN_CHAR, /* a comma and such */
	TOKEN_CHAR_CONSTANT,
	TOKEN_COMPLEX,
	TOKEN_ASSIGN,
	TOKEN_DECLARE,
	TOKEN_EOF,
	TOKEN_FIELD,
	TOKEN_IDENTIFIER,
	TOKEN_LEFT_DELIM,
	TOKEN_LEFT_PAREN,
	TOKEN_NUMBER,
	TOKEN_PIPE,
	TOKEN_RAW_STRING,
	TOKEN_RIGHT_DELIM,
	TOKEN_RIGHT_PAREN,
	TOKEN_SPACE,
	TOKEN_STRING,
	TOKEN_TEXT,
	TOKEN_VARIABLE,
	TOKEN_KEYWORD, /* only parts the keywords from the rest */
	TOKEN_BLOCK,
	TOKEN_BREAK,
	TOKEN_CONTINUE,
	TOKEN_DOT,
	TOKEN_DEFINE,
	TOKEN_ELSE,
	TOKEN_END,
	TOKEN_IF,
	TOKEN_NIL,
	TOKEN_RANGE,
	TOKEN_TEMPLATE,
	TOKEN_WITH,
};

struct token {
	enum token_type type;
	size_t pos, line; /* line from 1 */
	struct str text;  /* TOKEN_ERROR: the message */
};

struct template_lexer {
	struct str input;
	struct arena *arena; /* for messages */
	size_t pos, start, line;
	int parens;
	bool inside_action, failed;
};

void template_lexer_init(struct template_lexer *l, struct str input, struct arena *a);
struct token template_lexer_next(struct template_lexer *l);

/* ---- literals ---- */

struct template_number {
	bool is_int, is_uint, is_float, is_complex;
	int64_t i;
	uint64_t u;
	double f, imaginary; /* f is the real part too */
	struct str text;
};

/* false: *ret_error is Go's message. */
bool template_number_parse(struct token token, struct arena *a, struct template_number *ret_number,
						   const char **ret_error);
/* As strconv.Unquote. */
bool template_unquote(struct str quoted, struct arena *a, struct str *ret_text);

/* ---- tree ---- */

enum tnode_kind {
	TNODE_TEXT,
	TNODE_ACTION,
	TNODE_IF,
	TNODE_RANGE,
	TNODE_WITH,
	TNODE_TEMPLATE,
	TNODE_BREAK,
	TNODE_CONTINUE,
	TNODE_LIST,
	TNODE_PIPE,
	TNODE_COMMAND,
	TNODE_IDENTIFIER,
	TNODE_FIELD,
	TNODE_VARIABLE,
	TNODE_CHAIN,
	TNODE_DOT,
	TNODE_NIL,
	TNODE_BOOL,
	TNODE_NUMBER,
	TNODE_STRING,
	TNODE_END,
	TNODE_ELSE,
};

struct tnode;

struct tnode_list {
	struct tnode **items;
	uint32_t count, capacity;
};

struct template_function;

/* Trees stay as long as the rules do, so they are kept small. */
struct tnode {
	enum tnode_kind kind;
	uint32_t pos; /* in the text, without the prologue */
	union {
		struct str text; /* TNODE_TEXT */
		struct {
			struct tnode *pipe, *list,
				*otherwise; /* otherwise may be NULL; an action has a pipe only */
		} control;
		struct {
			struct str name;
			struct tnode *pipe; /* may be NULL */
		} call;                 /* {{template}} */
		struct tnode_list list; /* TNODE_LIST, TNODE_COMMAND */
		struct {
			struct tnode_list variables, commands;
			bool assigns; /* = and not := */
		} pipe;
		struct {
			struct str name;
			const struct template_function *function;
			const struct regex *regex; /* of a pattern that is a constant, else NULL */
		} identifier;
		struct {
			struct tnode *node; /* TNODE_CHAIN only */
			const struct str *names;
			size_t count;
		} chain; /* TNODE_FIELD; TNODE_VARIABLE, whose first name is the variable; TNODE_CHAIN */
		bool truth;
		const struct template_number *number;
		struct {
			struct str quoted, text;
		} string;
	};
};

void tnode_print(struct strbuf *out, const struct tnode *node); /* as Go's Node.String */

struct template_definition {
	struct str name;
	const struct tnode *root; /* TNODE_LIST */
};

struct template {
	struct str name; /* "__alert_X" */
	struct str source;
	const struct tnode *root;
	struct template_definition *definitions;
	size_t definition_count;
	struct regex **regexes; /* owned */
	size_t regex_count;
	bool queries; /* names the function "query" */
};

/* "__alert_X" of the alert's name. */
struct str template_name(struct str name, struct arena *a);

/* ---- parser ---- */

struct tparser {
	struct template_lexer lexer;
	struct token tokens[3]; /* read ahead, the next one last */
	int peeked;
	struct arena *arena;
	struct template *t;
	size_t known; /* variables in sight that every text has: TEMPLATE_VARIABLES, or only $ */
	struct str *variables; /* and those that it declares; on the heap */
	size_t variable_count, variable_capacity;
	size_t definition_capacity, regex_capacity;
	size_t action_line, range_depth, depth;
	const char *error; /* the first; from then on only TOKEN_EOF is read */
	struct span error_span;
};

static inline struct token tparser_peek(struct tparser *p) {
	if (p->peeked == 0) {
		p->peeked = 1;
		p->tokens[0] = template_lexer_next(&p->lexer);
	}
	return p->tokens[p->peeked - 1];
}
static inline struct token tparser_next(struct tparser *p) {
	struct token token = tparser_peek(p);
	p->peeked--;
	return token;
}
static inline void tparser_back(struct tparser *p) {
	p->peeked++;
}
static inline struct token tparser_peek_non_space(struct tparser *p) {
	while (tparser_peek(p).type == TOKEN_SPACE) {
		p->peeked--;
	}
	return tparser_peek(p);
}
static inline struct token tparser_next_non_space(struct tparser *p) {
	struct token token = tparser_peek_non_space(p);
	p->peeked--;
	return token;
}
void tparser_fail(struct tparser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tparser_fail_at(struct tparser *p, struct token blamed, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void tparser_unexpected(struct tparser *p, struct token token, const char *context);
struct token tparser_expect(struct tparser *p, enum token_type type, const char *context);
const char *token_print(struct arena *a, struct token token);

#define TEMPLATE_VARIABLES 5
void tparser_declare(struct tparser *p, struct str variable);
struct tnode *tnode_create(struct arena *a, enum tnode_kind kind, size_t pos);
void tnode_list_add(struct arena *a, struct tnode_list *list, struct tnode *node);
/* From the token that is read next up to `end`. */
struct tnode *tparser_pipeline(struct tparser *p, const char *context, enum token_type end);
/* The whole text; false when p->error is set. */
bool tparser_parse(struct tparser *p);

/* ---- values ---- */

enum ttype {
	TTYPE_NIL, /* nothing at all: Go's invalid reflect.Value */
	TTYPE_BOOL,
	TTYPE_INT,
	TTYPE_INT64,
	TTYPE_UINT8,
	TTYPE_UINT64,
	TTYPE_FLOAT,
	TTYPE_COMPLEX,
	TTYPE_STRING,
	TTYPE_HTML,
	TTYPE_LABELS,
	TTYPE_ARGS,
	TTYPE_DATA,
	TTYPE_SAMPLE,
	TTYPE_SAMPLE_POINTER,
	TTYPE_RESULT,
	TTYPE_TIME,
	TTYPE_TIME_POINTER,
	TTYPE_DURATION,
	TTYPE_DURATION_POINTER,
	TTYPE_MONTH,
	TTYPE_WEEKDAY,
	TTYPE_LOCATION_POINTER,
	TTYPE_COUNT,
};

/* Go's reflect.Kind, as far as it matters here. */
enum tkind {
	TKIND_INVALID,
	TKIND_BOOL,
	TKIND_INT,
	TKIND_UINT,
	TKIND_FLOAT,
	TKIND_COMPLEX,
	TKIND_STRING,
	TKIND_MAP,
	TKIND_STRUCT,
	TKIND_SLICE,
	TKIND_POINTER,
};

struct tvalue;

/* The result of `args`: a map with the keys arg0, arg1, … */
#define TEMPLATE_MAX_ARGS 100 /* of one call: keeps names at two digits */
struct targs {
	const struct str *names;
	const struct tvalue *values;
	size_t count;
};

struct tresult {
	const struct template_sample **samples;
	size_t count;
};

struct ttime {
	int64_t seconds; /* since 1970, UTC */
	int32_t nanoseconds;
};

struct tvalue {
	enum ttype type;
	bool boxed; /* held in an interface {}: a map's element, .Value */
	union {
		bool truth;
		int64_t
			i; /* whole numbers; durations in nanoseconds; a location: 1, or 0 for a nil pointer */
		uint64_t u;
		struct {
			double f, imaginary;
		};
		struct str s;
		struct labels labels;
		struct targs args;
		const struct template_data *data;
		const struct template_sample *sample; /* a pointer may be NULL */
		struct tresult *result;               /* NULL is a nil slice */
		struct ttime time;
	};
};

const char *ttype_name(enum ttype type);
enum tkind ttype_kind(enum ttype type);
const char *tvalue_type_name(const struct tvalue *v); /* "interface {}" when boxed */

static inline struct tvalue tvalue_string(struct str s) {
	return (struct tvalue){.type = TTYPE_STRING, .s = s};
}
static inline struct tvalue tvalue_int(int64_t i) {
	return (struct tvalue){.type = TTYPE_INT, .i = i};
}
static inline struct tvalue tvalue_bool(bool truth) {
	return (struct tvalue){.type = TTYPE_BOOL, .truth = truth};
}
static inline struct tvalue tvalue_float(double f) {
	return (struct tvalue){.type = TTYPE_FLOAT, .f = f};
}

bool tvalue_is_true(const struct tvalue *v);
bool tvalue_is_nil(const struct tvalue *v); /* nothing, or a nil pointer or slice */
/* What a pointer points to. A nil pointer stays. */
struct tvalue tvalue_indirect(struct tvalue v, bool *ret_is_nil);
size_t tvalue_length(const struct tvalue *v); /* of strings, maps and slices */

/* Key and value number i of a map, in the order of the keys. */
void tvalue_map_entry(const struct tvalue *map, size_t i, struct tvalue *ret_key,
					  struct tvalue *ret_value);
/* What the map holds at the key; its zero value when it has none. */
struct tvalue tvalue_map_get(const struct tvalue *map, struct str key);

/* A struct's field number i. false: there are no more. */
bool tvalue_field(const struct tvalue *v, size_t i, const char **ret_name,
				  struct tvalue *ret_value);

/* ---- printing ---- */

/* Appended to `out`; what is made on the way lives in `a`. */
void tprint_printf(struct arena *a, struct strbuf *out, struct str format,
				   const struct tvalue *args, size_t count);
void tprint_print(struct arena *a, struct strbuf *out, const struct tvalue *args, size_t count);
void tprint_println(struct arena *a, struct strbuf *out, const struct tvalue *args, size_t count);
void tprint_value(struct arena *a, struct strbuf *out, const struct tvalue *v); /* %v */
/* As a value in the output of a template: pointers followed, nothing is "<no value>". */
void tprint_output(struct arena *a, struct strbuf *out, const struct tvalue *v);

/* The same as an argument: html, js and urlquery print so. */
struct tvalue tprint_printable(struct tvalue v);

/* ---- execution ---- */

struct tvariable {
	struct str name;
	struct tvalue value;
};

struct texec {
	const struct template *t;
	const struct template_data *data;
	struct arena *arena;
	size_t arena_start; /* bytes that it had given out before */
	struct strbuf
		*out; /* its end is used as scratch too: what is made there is copied and cut off again */
	size_t out_start;
	struct tvariable *variables;
	size_t variable_count, variable_capacity;
	size_t variable_base; /* those of the callers are out of sight */
	struct str template_name;
	const struct tnode *at; /* for messages: the node that was reached last */
	size_t steps, depth, template_depth;
	const char *error; /* the whole message; NULL while all is well */
	struct str query;  /* wanted, when `asks` */
	bool asks;
	const char *call_error; /* of the function that was called last */
};

/* Sets x->error to Go's text about x->at. Always false. */
bool texec_fail(struct texec *x, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Counts a step against TEMPLATE_MAX_STEPS. */
bool texec_step(struct texec *x);

void texec_push(struct texec *x, struct str name, struct tvalue value);
bool texec_eval_pipeline(struct texec *x, const struct tvalue *dot, const struct tnode *pipe,
						 struct tvalue *ret_value);
bool texec_set_variable(struct texec *x, struct str name, struct tvalue value);

/* ---- functions and methods ---- */

enum tparam {
	TPARAM_ANY,   /* interface {} */
	TPARAM_VALUE, /* reflect.Value: as it is, nothing too */
	TPARAM_STRING,
	TPARAM_INT,
	TPARAM_SAMPLE,
	TPARAM_RESULT,
	TPARAM_TIME,
	TPARAM_DURATION,
};

struct tcall {
	struct texec *x;
	const struct tvalue *args; /* of a method: the receiver is args[-1] */
	size_t count;
	const struct regex *regex; /* of the first argument when it is a constant */
};

/* false: x->call_error says why. */
typedef bool template_function_call(const struct tcall *call, struct tvalue *ret_value);

#define TEMPLATE_MAX_PARAMS 3

struct template_function {
	const char *name;
	template_function_call *call;
	enum tparam params[TEMPLATE_MAX_PARAMS];
	size_t param_count; /* the variadic one included */
	bool variadic;
	enum { TFUNCTION_PLAIN, TFUNCTION_AND, TFUNCTION_OR, TFUNCTION_CALL, TFUNCTION_REGEX } special;
	const char *
		refusal; /* of a method whose results no template can take, and then there is no `call`; else NULL */
};

const struct template_function *template_function_find(struct str name); /* NULL: none */
/* A method of the type or of a pointer to it. */
const struct template_function *template_method_find(enum ttype type, struct str name);

/* Fails a call with a message. Always false. */
bool tcall_fail(const struct tcall *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Text made at the end of x->out from `start` on becomes the result. */
bool tcall_return_text(const struct tcall *call, size_t start, struct tvalue *ret_value);
/* A number out of anything that has one. */
bool tcall_to_float(const struct tcall *call, const struct tvalue *v, double *ret_f);

#define TEMPLATE_FUNCTIONS(X)                                                                      \
	X(tfn_args)                                                                                    \
	X(tfn_call)                                                                                    \
	X(tfn_eq)                                                                                      \
	X(tfn_external_url)                                                                            \
	X(tfn_first)                                                                                   \
	X(tfn_ge)                                                                                      \
	X(tfn_graph_link)                                                                              \
	X(tfn_gt)                                                                                      \
	X(tfn_html)                                                                                    \
	X(tfn_humanize)                                                                                \
	X(tfn_humanize1024)                                                                            \
	X(tfn_humanize_duration)                                                                       \
	X(tfn_humanize_percentage)                                                                     \
	X(tfn_humanize_timestamp)                                                                      \
	X(tfn_index)                                                                                   \
	X(tfn_js)                                                                                      \
	X(tfn_label)                                                                                   \
	X(tfn_le)                                                                                      \
	X(tfn_len)                                                                                     \
	X(tfn_lt)                                                                                      \
	X(tfn_match)                                                                                   \
	X(tfn_ne)                                                                                      \
	X(tfn_not)                                                                                     \
	X(tfn_now)                                                                                     \
	X(tfn_parse_duration)                                                                          \
	X(tfn_path_prefix)                                                                             \
	X(tfn_print)                                                                                   \
	X(tfn_printf)                                                                                  \
	X(tfn_println)                                                                                 \
	X(tfn_query)                                                                                   \
	X(tfn_re_replace_all)                                                                          \
	X(tfn_safe_html)                                                                               \
	X(tfn_slice)                                                                                   \
	X(tfn_sort_by_label)                                                                           \
	X(tfn_strip_domain)                                                                            \
	X(tfn_strip_port)                                                                              \
	X(tfn_strvalue)                                                                                \
	X(tfn_table_link)                                                                              \
	X(tfn_title)                                                                                   \
	X(tfn_to_duration)                                                                             \
	X(tfn_to_lower)                                                                                \
	X(tfn_to_time)                                                                                 \
	X(tfn_to_upper)                                                                                \
	X(tfn_url_query_escape)                                                                        \
	X(tfn_urlquery)                                                                                \
	X(tfn_value)

#define DECLARE_FUNCTION(name) template_function_call name;
TEMPLATE_FUNCTIONS(DECLARE_FUNCTION)
#undef DECLARE_FUNCTION

/* ---- times ---- */

struct ttime ttime_from_ms(int64_t ms);
void ttime_format(struct strbuf *out, struct ttime t,
				  struct str layout);                          /* time.Time.Format, UTC */
void ttime_print(struct strbuf *out, struct ttime t);          /* time.Time.String */
void ttime_print_go(struct strbuf *out, struct ttime t);       /* time.Time.GoString */
void tduration_print(struct strbuf *out, int64_t nanoseconds); /* time.Duration.String */
void tmonth_print(struct strbuf *out, int64_t month);
extern const char *const ttime_month_names[12];
extern const char *const ttime_weekday_names[7];

#endif
