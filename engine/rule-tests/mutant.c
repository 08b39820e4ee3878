#include "engine/rule-tests/mutant_private.h"

#include "base/duration.h"
#include "promql-lite/lexer.h"
#include "promql-lite/print.h"

const char *const mutant_operator_word[MUTANT_OPERATORS] = {
#define MUTANT(name, word, what) [MUTANT_##name] = word,
#include "engine/rule-tests/mutants.def"
#undef MUTANT
};

/* What rule files are loaded with. */
static const struct pql_syntax plain_syntax;

/* ---- the list ---- */

static struct mutant *add_item(struct mutant_maker *m, enum mutant_operator op) {
	struct mutants *list = m->mutants;
	if (list->count == MUTANTS_MAX_OF_RULE) {
		list->dropped++;
		return NULL;
	}
	list->items =
		arena_grow(m->arena, list->items, list->count, &list->capacity, sizeof(list->items[0]));
	struct mutant *item = &list->items[list->count++];
	*item = (struct mutant){.op = op};
	return item;
}

static struct mutant *add_equivalent(struct mutant_maker *m, enum mutant_operator op) {
	struct mutants *list = m->mutants;
	list->equivalents = arena_grow(m->arena, list->equivalents, list->equivalent_count,
								   &list->equivalent_capacity, sizeof(list->equivalents[0]));
	struct mutant *item = &list->equivalents[list->equivalent_count++];
	*item = (struct mutant){.op = op};
	return item;
}

void mutant_add_equivalent(struct mutant_maker *m, enum mutant_operator op, struct span span,
						   struct str replacement) {
	struct mutant *item = add_equivalent(m, op);
	item->span = span;
	item->replacement = replacement;
}

struct str mutant_text(const struct mutant_maker *m, struct span span) {
	return str_slice(m->rule->expr->text, span.start, span.end);
}

static struct str replace(struct arena *a, struct str text, struct span span,
						  struct str replacement) {
	struct strbuf out = STRBUF_IN(a);
	strbuf_add(&out, str_slice(text, 0, span.start));
	strbuf_add(&out, replacement);
	strbuf_add(&out, str_slice(text, span.end, text.len));
	return strbuf_str(&out);
}

static bool is_seen(const struct mutant_maker *m, struct str text) {
	for (size_t i = 0; i < m->seen_count; i++) {
		if (str_equal(m->seen[i], text)) {
			return true;
		}
	}
	return false;
}

static void note_seen(struct mutant_maker *m, struct str text) {
	m->seen = arena_grow(m->scratch, m->seen, m->seen_count, &m->seen_capacity, sizeof(m->seen[0]));
	m->seen[m->seen_count++] = text;
}

static struct str print_canonical(struct arena *a, const struct pql_expr *expr) {
	struct strbuf text = STRBUF_IN(a);
	pql_print(&text, expr->root);
	return strbuf_str(&text);
}

/* What the changed expression reads like in the canonical form, in `a`. false: it is none. */
static bool changed_text(const struct mutant_maker *m, struct span span, struct str replacement,
						 struct arena *a, struct str *ret_text) {
	struct arena scratch;
	struct diags diags;
	arena_init(&scratch);
	diags_init(&diags, &scratch);
	struct pql_expr *expr = pql_parse(replace(&scratch, m->rule->expr->text, span, replacement),
									  &plain_syntax, &scratch, &diags);
	bool good = expr != NULL && (expr->root->type == PQL_TYPE_VECTOR ||
								 expr->root->type == m->rule->expr->root->type);
	if (good) {
		*ret_text = print_canonical(a, expr);
	}
	pql_expr_finish(expr);
	arena_finish(&scratch);
	return good;
}

void mutant_add_shown(struct mutant_maker *m, enum mutant_operator op, struct span span,
					  struct str replacement, struct span shown) {
	struct str text, before = mutant_text(m, shown);
	m->parsed_bytes += m->rule->expr->text.len;
	if (m->mutants->count == MUTANTS_MAX_OF_RULE || m->parsed_bytes > MUTANTS_MAX_PARSED_BYTES) {
		m->mutants->dropped++;
		return;
	}
	if (!changed_text(m, span, replacement, m->scratch, &text)) {
		return;
	}
	if (str_equal(text, m->rule->query)) {
		mutant_add_equivalent(m, op, span, replacement);
		return;
	}
	struct mutant *item = is_seen(m, text) ? NULL : add_item(m, op);
	if (item == NULL) {
		return;
	}
	note_seen(m, text);
	item->span = span;
	item->replacement = replacement;
	item->shown = shown;
	item->before = before;
	bool whole = span.start <= shown.start && span.end >= shown.end;
	struct span within = {span.start - shown.start, span.end - shown.start};
	item->after = whole ? replacement : replace(m->arena, before, within, replacement);
}

void mutant_add(struct mutant_maker *m, enum mutant_operator op, struct span span,
				struct str replacement) {
	mutant_add_shown(m, op, span, replacement, span);
}

/* ---- tokens ---- */

/* The expression parsed: there is no bad token in it. */
static void read_tokens(struct mutant_maker *m) {
	struct pql_lexer lexer;
	struct pql_token *tokens = NULL, token;
	size_t capacity = 0;
	pql_lexer_init(&lexer, m->rule->expr->text, m->scratch);
	do {
		pql_lexer_next(&lexer, &token);
		tokens = arena_grow(m->scratch, tokens, m->token_count, &capacity, sizeof(tokens[0]));
		tokens[m->token_count++] = token;
	} while (token.kind != PQL_TOKEN_END_OF_INPUT && token.kind != PQL_TOKEN_ERROR);
	m->tokens = tokens;
}

size_t mutant_token_at(const struct mutant_maker *m, size_t offset) {
	size_t low = 0, high = m->token_count - 1; /* the last one is the end */
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (m->tokens[middle].span.start < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

void mutant_labels(struct mutant_maker *m, enum mutant_operator op, enum pql_token_kind word,
				   size_t offset, size_t end) {
	size_t at = mutant_token_at(m, offset);
	while (m->tokens[at].kind != word && m->tokens[at].span.start < end) {
		at++;
	}
	if (m->tokens[at].kind != word || m->tokens[at + 1].kind != PQL_TOKEN_LEFT_PAREN) {
		return;
	}
	size_t last = at + 2, first = at + 2;
	while (m->tokens[last].kind != PQL_TOKEN_RIGHT_PAREN) {
		last++;
	}
	struct span shown = {m->tokens[at].span.start, m->tokens[last].span.end};
	for (size_t i = first; i < last; i++) {
		bool followed = m->tokens[i + 1].kind == PQL_TOKEN_COMMA;
		struct span span = {m->tokens[i].span.start, m->tokens[i + followed].span.end};
		if (m->tokens[i].kind == PQL_TOKEN_COMMA) {
			continue;
		}
		if (followed) { /* with the blanks up to the next one */
			span.end = m->tokens[i + 2].span.start;
		} else if (i > first) { /* with the comma before it */
			span.start = m->tokens[i - 2].span.end;
		}
		mutant_add_shown(m, op, span, STR_EMPTY, shown);
	}
}

/* ---- operators ---- */

static const struct {
	enum pql_op op, instead;
	enum mutant_operator kind;
} exchanges[] = {
	{PQL_OP_ADD, PQL_OP_SUB, MUTANT_ARITHMETIC}, {PQL_OP_SUB, PQL_OP_ADD, MUTANT_ARITHMETIC},
	{PQL_OP_MUL, PQL_OP_DIV, MUTANT_ARITHMETIC}, {PQL_OP_DIV, PQL_OP_MUL, MUTANT_ARITHMETIC},
	{PQL_OP_AND, PQL_OP_UNLESS, MUTANT_SET},     {PQL_OP_OR, PQL_OP_AND, MUTANT_SET},
	{PQL_OP_UNLESS, PQL_OP_AND, MUTANT_SET},
};

/* x * 1 and x / 1. Not so x + 0 and x - 0: of -0 they are 0 and -0. */
static bool is_neutral(const struct pql_node *n) {
	double value;
	return (n->binary.op == PQL_OP_MUL || n->binary.op == PQL_OP_DIV) &&
		   n->binary.rhs->type == PQL_TYPE_SCALAR &&
		   mutant_constant(n->binary.rhs, NULL, 0, &value) && value == 1;
}

static void exchange_operator(struct mutant_maker *m, const struct pql_node *n) {
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		struct str text = str_from(pql_op_text(exchanges[i].instead));
		if (exchanges[i].op != n->binary.op) {
			continue;
		}
		if (exchanges[i].kind == MUTANT_ARITHMETIC && is_neutral(n)) {
			mutant_add_equivalent(m, exchanges[i].kind, n->binary.op_span, text);
		} else {
			mutant_add(m, exchanges[i].kind, n->binary.op_span, text);
		}
	}
}

static void remove_sides(struct mutant_maker *m, const struct pql_node *n) {
	struct span right = {n->binary.lhs->span.end, n->span.end};
	struct span left = {n->span.start, n->binary.rhs->span.start};
	mutant_add_shown(m, MUTANT_SIDE, right, STR_EMPTY,
					 (struct span){n->binary.op_span.start, n->span.end});
	if (n->binary.op != PQL_OP_UNLESS) {
		mutant_add_shown(m, MUTANT_SIDE, left, STR_EMPTY,
						 (struct span){n->span.start, n->binary.op_span.end});
	}
}

static void change_binary(struct mutant_maker *m, const struct pql_node *n) {
	/* Arithmetic on numbers alone is a bound, or an argument, and moved as such. */
	if (n->type != PQL_TYPE_SCALAR) {
		exchange_operator(m, n);
	}
	if (pql_op_is_comparison(n->binary.op)) {
		mutant_comparison(m, n);
	}
	if (pql_op_is_set(n->binary.op)) {
		remove_sides(m, n);
	}
	if (n->binary.has_matching) {
		mutant_labels(m, MUTANT_MATCHING, n->binary.on ? PQL_TOKEN_ON : PQL_TOKEN_IGNORING,
					  n->binary.op_span.end, n->binary.rhs->span.start);
	}
}

/* ---- ranges ---- */

static void change_range(struct mutant_maker *m, const struct pql_stretch *range, size_t offset) {
	size_t at = mutant_token_at(m, offset);
	if (range->expr != NULL || m->tokens[at].kind != PQL_TOKEN_LEFT_BRACKET) {
		return;
	}
	size_t last = at;
	while (m->tokens[last].kind != PQL_TOKEN_RIGHT_BRACKET) {
		last++;
	}
	dur_ms lengths[] = {range->fixed / 2, range->fixed * 2};
	for (int i = 0; i < 2; i++) {
		struct strbuf text = STRBUF_IN(m->arena);
		duration_print(&text, lengths[i]);
		mutant_add_shown(m, MUTANT_RANGE, m->tokens[at + 1].span, strbuf_str(&text),
						 (struct span){m->tokens[at].span.start, m->tokens[last].span.end});
	}
}

static void remove_offset(struct mutant_maker *m, const struct pql_shift *shift) {
	if (shift->offset_span.end > shift->offset_span.start) {
		mutant_add(m, MUTANT_OFFSET, shift->offset_span, STR_EMPTY);
	}
}

/* ---- the walk ---- */

static void change_below(struct mutant_maker *m, const struct mutant_context *c);

static void change_child(struct mutant_maker *m, const struct mutant_context *outer,
						 const struct pql_node *node) {
	if (node != NULL) {
		change_below(m, &(struct mutant_context){.node = node, .outer = outer});
	}
}

static void change_children(struct mutant_maker *m, const struct mutant_context *c) {
	const struct pql_node *n = c->node;
	switch (n->kind) {
	case PQL_PAREN: change_child(m, c, n->paren); break;
	case PQL_UNARY: change_child(m, c, n->unary.inner); break;
	case PQL_RANGE: change_child(m, c, n->range.selector); break;
	case PQL_SUBQUERY: change_child(m, c, n->subquery.inner); break;
	case PQL_AGGREGATE: change_child(m, c, n->aggregate.inner); break;
	case PQL_BINARY:
		change_child(m, c, n->binary.lhs);
		change_child(m, c, n->binary.rhs);
		break;
	case PQL_CALL:
		for (size_t i = 0; i < n->call.count; i++) {
			change_child(m, c, n->call.args[i]);
		}
		break;
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_SELECTOR:
	case PQL_DURATION: break;
	}
}

static void change_below(struct mutant_maker *m, const struct mutant_context *c) {
	const struct pql_node *n = c->node;
	switch (n->kind) {
	case PQL_BINARY: change_binary(m, n); break;
	case PQL_AGGREGATE: mutant_aggregate(m, n); break;
	case PQL_CALL: mutant_call(m, c); break;
	case PQL_SELECTOR:
		mutant_selector(m, n);
		remove_offset(m, &n->selector.shift);
		break;
	case PQL_RANGE: change_range(m, &n->range.range, n->range.selector->span.end); break;
	case PQL_SUBQUERY:
		change_range(m, &n->subquery.range, n->subquery.inner->span.end);
		remove_offset(m, &n->subquery.shift);
		break;
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_PAREN:
	case PQL_UNARY:
	case PQL_DURATION: break;
	}
	change_children(m, c);
}

/* ---- for, keep_firing_for ---- */

static dur_ms round_up(dur_ms wait, dur_ms interval) {
	dur_ms rest = wait % interval;
	return rest == 0 ? wait : wait + (interval - rest);
}

/* Alerts only move on when they are evaluated: a wait of 90 s is one of 2 min where that happens every minute. */
static bool is_same_wait(dur_ms a, dur_ms b, const dur_ms *intervals, size_t count) {
	bool same = count > 0;
	for (size_t i = 0; i < count && same; i++) {
		same = round_up(a, intervals[i]) == round_up(b, intervals[i]);
	}
	return same;
}

static struct str wait_text(struct arena *a, enum mutant_operator op, dur_ms wait) {
	struct strbuf text = STRBUF_IN(a);
	strbuf_printf(&text, "%s: ", mutant_operator_word[op]);
	duration_print(&text, wait);
	return strbuf_str(&text);
}

static void change_wait(struct mutant_maker *m, enum mutant_operator op, dur_ms wait,
						const dur_ms *intervals, size_t interval_count) {
	dur_ms instead[] = {wait / 2, wait * 2, 0};
	for (int i = 0; i < 3 && wait > 0; i++) {
		if (is_same_wait(wait, instead[i], intervals, interval_count)) {
			add_equivalent(m, op)->duration = instead[i];
			continue;
		}
		struct mutant *item = add_item(m, op);
		if (item != NULL) {
			item->duration = instead[i];
			item->before = wait_text(m->arena, op, wait);
			item->after = instead[i] > 0 ? wait_text(m->arena, op, instead[i]) : STR_EMPTY;
		}
	}
}

void mutants_make(const struct rule *rule, const dur_ms *intervals, size_t interval_count,
				  struct arena *a, struct mutants *ret_mutants) {
	struct arena scratch;
	arena_init(&scratch);
	struct mutant_maker m = {.rule = rule, .arena = a, .scratch = &scratch, .mutants = ret_mutants};
	*ret_mutants = (struct mutants){0};
	m.facts = mutant_facts(rule->expr, &scratch);
	read_tokens(&m);
	change_below(&m, &(struct mutant_context){.node = rule->expr->root});
	change_wait(&m, MUTANT_FOR, rule->hold, intervals, interval_count);
	change_wait(&m, MUTANT_KEEP_FIRING_FOR, rule->keep_firing_for, intervals, interval_count);
	arena_finish(&scratch);
}

/* ---- a rule with a change ---- */

bool mutant_apply(const struct rule *rule, const struct mutant *m, struct arena *a,
				  struct rule *ret_rule) {
	struct rule changed = *rule;
	if (m->op == MUTANT_FOR) {
		changed.hold = m->duration;
	} else if (m->op == MUTANT_KEEP_FIRING_FOR) {
		changed.keep_firing_for = m->duration;
	} else {
		struct diags diags;
		diags_init(&diags, a);
		struct pql_expr *expr = pql_parse(replace(a, rule->expr->text, m->span, m->replacement),
										  &plain_syntax, a, &diags);
		if (expr == NULL) {
			return false;
		}
		changed.expr = expr;
		changed.expr_source = expr->text;
		changed.query = print_canonical(a, expr);
	}
	*ret_rule = changed;
	return true;
}

void mutant_rule_finish(const struct rule *mutated, const struct rule *original) {
	if (mutated->expr != original->expr) {
		pql_expr_finish((struct pql_expr *)mutated->expr);
	}
}
