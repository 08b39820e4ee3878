/* Selectors: a name, matchers in braces, or both. */
#include "promql-lite/functions.h"
#include "promql-lite/parser_private.h"

static bool matcher_op_of(enum pql_token_kind kind, enum matcher_op *ret_op) {
	switch ((int)kind) {
	case PQL_TOKEN_EQL: *ret_op = MATCH_EQUAL; return true;
	case PQL_TOKEN_NEQ: *ret_op = MATCH_NOT_EQUAL; return true;
	case PQL_TOKEN_EQL_REGEX: *ret_op = MATCH_REGEX; return true;
	case PQL_TOKEN_NEQ_REGEX: *ret_op = MATCH_NOT_REGEX; return true;
	default: return false;
	}
}

/* Whether there may be one more. The limit is reported once. */
static bool check_regex_limits(struct pql_parser *p, struct span span) {
	if (p->regex_count > PQL_MAX_REGEXES) {
		return false;
	}
	if (p->regex_count == PQL_MAX_REGEXES) {
		parser_error(p, span, "too many regular expressions: the limit is %d in one expression",
					 PQL_MAX_REGEXES);
	} else if (p->regex_bytes > PQL_MAX_REGEX_BYTES) {
		parser_error(p, span,
					 "the regular expressions are too large: the limit is %u MiB in one expression",
					 PQL_MAX_REGEX_BYTES >> 20);
		p->regex_count = PQL_MAX_REGEXES;
	}
	p->regex_count++;
	return p->regex_count <= PQL_MAX_REGEXES;
}

static void add_matcher(struct pql_parser *p, enum matcher_op op, struct str name, struct str value,
						struct span span) {
	bool is_regex = op == MATCH_REGEX || op == MATCH_NOT_REGEX;
	struct matcher m;
	const char *error;

	if (is_regex && !check_regex_limits(p, span)) {
		return;
	}
	if (!matcher_init(&m, op, name, value, p->arena, &error)) {
		parser_error(p, span, "%s", error);
		return;
	}
	p->regex_bytes += is_regex ? regex_bytes(m.regex) : 0;
	p->matchers = arena_grow(p->arena, p->matchers, p->matcher_count, &p->matcher_capacity,
							 sizeof(*p->matchers));
	p->matchers[p->matcher_count++] = m;
}

/* Behind the label: operator STRING. */
static bool parse_condition(struct pql_parser *p, const struct pql_token *label, struct str name) {
	enum matcher_op op;
	struct pql_token value;

	if (!matcher_op_of(parser_peek(p), &op)) {
		parser_unexpected_in(p, " in label matching, expected label matching operator");
		return false;
	}
	parser_take(p);
	if (parser_peek(p) != PQL_TOKEN_STRING) {
		parser_unexpected_in(p, " in label matching, expected string");
		return false;
	}
	value = parser_take(p);
	add_matcher(p, op, name, pql_lexer_unquote(value.text, p->arena),
				(struct span){label->span.start, value.span.end});
	return true;
}

/* matcher: (IDENTIFIER | STRING) operator STRING | STRING, the latter being the name of the metric */
static bool parse_matcher(struct pql_parser *p) {
	struct pql_token label;
	struct str name;
	enum matcher_op op;

	if (parser_peek(p) != PQL_TOKEN_IDENTIFIER && parser_peek(p) != PQL_TOKEN_STRING) {
		parser_unexpected_in(p, " in label matching, expected identifier or \"}\"");
		return false;
	}
	label = parser_take(p);
	if (label.kind == PQL_TOKEN_IDENTIFIER) {
		return parse_condition(p, &label, label.text);
	}
	name = pql_lexer_unquote(label.text, p->arena);
	if (matcher_op_of(parser_peek(p), &op)) {
		return parse_condition(p, &label, name);
	}
	add_matcher(p, MATCH_EQUAL, LABEL_NAME, name, label.span);
	return true;
}

/* matchers: "{" [matcher {"," matcher} [","]] "}" */
static bool parse_matchers(struct pql_parser *p, struct span *span) {
	parser_take(p);
	while (parser_peek(p) != PQL_TOKEN_RIGHT_BRACE) {
		if (!parse_matcher(p)) {
			return false;
		}
		if (parser_peek(p) != PQL_TOKEN_RIGHT_BRACE && !parser_accept(p, PQL_TOKEN_COMMA)) {
			parser_unexpected_in(p, " in label matching, expected \",\" or \"}\"");
			return false;
		}
	}
	span->end = parser_take(p).span.end;
	return true;
}

/* A selector with the matchers that are in work, which become its own. */
static struct pql_node *make_selector(struct pql_parser *p, struct span span) {
	struct pql_node *node = parser_node(p, PQL_SELECTOR, span);

	node->selector.matchers = p->matchers;
	node->selector.matcher_count = p->matcher_count;
	node->selector.index = p->selector_count;
	p->matchers = NULL;
	p->matcher_count = p->matcher_capacity = 0;
	p->selectors = arena_grow(p->arena, p->selectors, p->selector_count, &p->selector_capacity,
							  sizeof(struct pql_node *));
	p->selectors[p->selector_count++] = node;
	return node;
}

/* selector: name [matchers] | matchers */
struct pql_node *parser_selector(struct pql_parser *p, const struct pql_token *name) {
	struct span span;
	struct pql_node *node;

	parser_peek(p);
	span = name != NULL ? name->span : p->token.span;
	if (parser_peek(p) == PQL_TOKEN_LEFT_BRACE && !parse_matchers(p, &span)) {
		return NULL;
	}
	if (name != NULL) {
		add_matcher(p, MATCH_EQUAL, LABEL_NAME, name->text, name->span);
	}
	node = make_selector(p, span);
	if (name != NULL) {
		node->selector.name = name->text;
	}
	return node;
}

/* ---- info() ---- */

/* The matcher on the name of the info series that is not in the text, as Prometheus' effectiveInfoNameMatchers: target_info
 * when the text says nothing, any …_info when it only excludes. false: the text says enough. */
static bool implied_name(const struct pql_selector *s, struct matcher *ret) {
	enum matcher_op op = MATCH_EQUAL;
	struct arena scratch;
	const char *error;

	for (size_t i = 0; i < s->matcher_count; i++) {
		const struct matcher *m = &s->matchers[i];

		if (str_equal(m->name, LABEL_NAME)) {
			if (m->op == MATCH_EQUAL || m->op == MATCH_REGEX) {
				return false;
			}
			op = MATCH_REGEX;
		}
	}
	arena_init(&scratch);
	bool ok =
		matcher_init(ret, op, LABEL_NAME, op == MATCH_REGEX ? STR(".+_info") : STR("target_info"),
					 &scratch, &error);
	arena_finish(&scratch);
	return ok;
}

static void imply_name(struct pql_parser *p, struct pql_selector *s) {
	struct matcher *all;
	struct matcher m;

	if (!implied_name(s, &m)) {
		return;
	}
	all = ARENA_ARRAY(p->arena, struct matcher, s->matcher_count + 1);
	for (size_t i = 0; i < s->matcher_count; i++) {
		all[i] = s->matchers[i];
	}
	all[s->matcher_count] = m;
	s->matchers = all;
	s->matcher_count++;
	s->implied_name = true;
}

void parser_imply_info(struct pql_parser *p, struct pql_node *call) {
	struct pql_node **args;
	const struct pql_function *f = call->call.function;

	if (f == NULL || strcmp(f->name, "info") != 0) {
		return;
	}
	if (call->call.count == 1) {
		args = ARENA_ARRAY(p->arena, struct pql_node *, 2);
		args[0] = call->call.args[0];
		args[1] = make_selector(p, (struct span){call->span.end, call->span.end});
		call->call.args = args;
		call->call.count = 2;
	}
	if (call->call.count == 2 && call->call.args[1]->kind == PQL_SELECTOR &&
		call->call.args[1]->selector.name.len == 0) {
		imply_name(p, &call->call.args[1]->selector);
	}
}
