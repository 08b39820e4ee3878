/* What the parts of the parser share.
 *
 * The language is Prometheus' grammar (promql/parser/generated_parser.y of 3.14), which is LALR(1) with error rules. The same
 * sentences are accepted here by recursive descent with precedence climbing. For the messages to agree, two things are kept: a
 * token is not read before the grammar needs it (so that a message about what was read comes before one about a bad character
 * behind it), and each construct that has an error rule there sets `context` here, which an unexpected token is reported
 * with: the innermost construct that is not yet complete wins.
 *
 * Functions that parse return NULL after a syntax error, which has been reported then, and the caller gives up too.
 * Other faults are reported and parsing goes on. */
#ifndef PQL_PARSER_PRIVATE_H
#define PQL_PARSER_PRIVATE_H

#include "promql-lite/lexer.h"
#include "promql-lite/parser.h"

struct pql_parser {
	struct pql_lexer lexer;
	struct pql_token token; /* the one read ahead, if there is one */
	bool has_token;
	size_t taken_end;    /* where the last token that was taken ends */
	const char *context; /* " in aggregation" …; empty outside of such constructs */
	unsigned depth;      /* of the recursion */
	unsigned node_count; /* made so far */

	const struct pql_syntax *syntax;
	struct arena *arena;
	struct diags *diags;

	struct pql_node **selectors; /* all that were made, in the order of the text */
	size_t selector_count, selector_capacity;
	struct matcher *matchers; /* of the braces in work; owned until a selector takes them */
	size_t matcher_count, matcher_capacity;
	size_t regex_count; /* that were asked for, over all selectors */
	size_t regex_bytes; /* that they take */
};

/* ---- parser.c ---- */

void parser_read(struct pql_parser *p); /* the token that parser_peek sees */

static inline enum pql_token_kind parser_peek(struct pql_parser *p) {
	if (!p->has_token) {
		parser_read(p);
	}
	return p->token.kind;
}

static inline struct pql_token parser_take(struct pql_parser *p) {
	parser_peek(p);
	p->has_token = false;
	p->taken_end = p->token.span.end;
	return p->token;
}

static inline bool parser_accept(struct pql_parser *p, enum pql_token_kind kind) {
	if (parser_peek(p) != kind) {
		return false;
	}
	parser_take(p);
	return true;
}

bool parser_expect(struct pql_parser *p, enum pql_token_kind kind, struct pql_token *ret_token);
/* `unexpected "]" in …`, about the token that is ahead; with the context of a construct that can only be just here. */
void parser_unexpected(struct pql_parser *p);
void parser_unexpected_in(struct pql_parser *p, const char *context);
void parser_error(struct pql_parser *p, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Around everything that recurses. false: too deep, reported. */
bool parser_enter(struct pql_parser *p, struct span span);
void parser_leave(struct pql_parser *p);

struct pql_node *parser_node(struct pql_parser *p, enum pql_kind kind, struct span span);
/* Notes that `child` hangs under `node`. false: too deep, reported. */
bool parser_adopt(struct pql_parser *p, struct pql_node *node, const struct pql_node *child);
const char *parser_quote(struct pql_parser *p, struct str s); /* as Go's %q */

/* ---- the grammar, one noun per file ---- */

struct pql_node *parser_expr(struct pql_parser *p);
bool parser_starts_expr(enum pql_token_kind kind);
struct pql_node *parser_number(struct pql_parser *p); /* NUMBER or DURATION is ahead */
/* ["+" | "-"] number, and where it ends. */
bool parser_signed_number(struct pql_parser *p, double *ret_value, size_t *ret_end);
struct pql_node *parser_selector(struct pql_parser *p,
								 const struct pql_token *name); /* NULL: { is ahead */
struct pql_node *parser_call(struct pql_parser *p, const struct pql_token *name); /* ( is ahead */
struct pql_node *parser_aggregate(struct pql_parser *p,
								  const struct pql_token *op); /* (, by or without is ahead */
bool parser_matching(struct pql_parser *p, struct pql_node *binary);
bool parser_grouping(struct pql_parser *p, const struct str **ret_labels, size_t *ret_count);

/* The arguments of a call or an aggregation in their parentheses. */
struct parser_args {
	struct pql_node **items;
	size_t count, capacity;
};
bool parser_args(struct pql_parser *p, struct parser_args *ret_args);

/* Postfix forms of `inner`, which they return, changed or wrapped. The first token of each is ahead. */
struct pql_node *parser_brackets(struct pql_parser *p, struct pql_node *inner);
struct pql_node *parser_offset(struct pql_parser *p, struct pql_node *inner);
struct pql_node *parser_at(struct pql_parser *p, struct pql_node *inner);
struct pql_node *parser_extended(struct pql_parser *p, struct pql_node *inner);

/* Durations in brackets (greater than 0) and behind `offset`. */
bool parser_positive_stretch(struct pql_parser *p, struct pql_stretch *ret_stretch);
bool parser_offset_stretch(struct pql_parser *p, struct pql_stretch *ret_stretch);
/* The literal that a duration is, in parentheses or not; NULL when it is more than that. */
const struct pql_node *parser_literal_in(const struct pql_node *n);

/* Adds the info() argument that need not be written; see struct pql_selector. */
void parser_imply_info(struct pql_parser *p, struct pql_node *call);

/* Types every node, and reports what does not fit. */
void pql_check(struct pql_node *root, struct str text, struct diags *diags);

#endif
