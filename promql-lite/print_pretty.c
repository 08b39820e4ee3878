/* The form over several lines, by the rules of Prometheus' prettier: a node that fits in a line stays on one; what does not
 * is broken at its parentheses or its operator, and its parts stand two blanks further in. */
#include "base/hash.h"
#include "base/hmap.h"
#include "promql-lite/functions.h"
#include "promql-lite/print_private.h"

#define LINE_WIDTH 100

struct pretty {
	struct strbuf *out;
	struct hmap too_long; /* the nodes that do not fit in a line */
};

static void pretty_node(struct pretty *p, const struct pql_node *n, unsigned level);

static void indent(struct pretty *p, unsigned level) {
	strbuf_add_repeat(p->out, ' ', (size_t)level * 2);
}

static uint64_t node_hash(const struct pql_node *n) {
	return hash_str((struct str){(const char *)&n, sizeof(n)}); /* of the address */
}

static bool is_same_node(const void *value, const void *key) {
	return value == key;
}

static bool is_long(const struct pretty *p, const struct pql_node *n) {
	return hmap_find(&p->too_long, node_hash(n), is_same_node, n) != NULL;
}

static bool measure(struct pretty *p, const struct pql_node *n);

static bool measure_children(struct pretty *p, const struct pql_node *n) {
	bool any = false;

	switch (n->kind) {
	case PQL_NUMBER:
	case PQL_STRING:
	case PQL_SELECTOR:
	case PQL_RANGE:
	case PQL_DURATION: break;
	case PQL_SUBQUERY: return measure(p, n->subquery.inner);
	case PQL_PAREN: return measure(p, n->paren);
	case PQL_UNARY: return measure(p, n->unary.inner);
	case PQL_BINARY: any = measure(p, n->binary.lhs); return measure(p, n->binary.rhs) || any;
	case PQL_AGGREGATE:
		any = n->aggregate.param != NULL && measure(p, n->aggregate.param);
		return measure(p, n->aggregate.inner) || any;
	case PQL_CALL:
		for (size_t i = 0; i < print_arg_count(n); i++) {
			any = measure(p, n->call.args[i]) || any;
		}
		break;
	}
	return any;
}

/* From the leaves up. What has a long part is long, and is not printed to find out: so this takes linear time. */
static bool measure(struct pretty *p, const struct pql_node *n) {
	struct strbuf line = STRBUF_INIT;

	if (!measure_children(p, n)) {
		pql_print(&line, n);
		bool fits = line.len <= LINE_WIDTH;
		strbuf_finish(&line);
		if (fits) {
			return false;
		}
	}
	hmap_add(&p->too_long, node_hash(n), (void *)n); /* only compared */
	return true;
}

static void pretty_aggregate(struct pretty *p, const struct pql_node *n, unsigned level) {
	indent(p, level);
	print_aggregate_head(p->out, n);
	strbuf_add_c(p->out, "(\n");
	if (n->aggregate.param != NULL) {
		pretty_node(p, n->aggregate.param, level + 1);
		strbuf_add_c(p->out, ",\n");
	}
	pretty_node(p, n->aggregate.inner, level + 1);
	strbuf_add_char(p->out, '\n');
	indent(p, level);
	strbuf_add_char(p->out, ')');
}

static void pretty_binary(struct pretty *p, const struct pql_node *n, unsigned level) {
	pretty_node(p, n->binary.lhs, level + 1);
	strbuf_add_char(p->out, '\n');
	indent(p, level);
	print_operator(p->out, n);
	strbuf_add_char(p->out, '\n');
	pretty_node(p, n->binary.rhs, level + 1);
}

static void pretty_call(struct pretty *p, const struct pql_node *n, unsigned level) {
	size_t count = print_arg_count(n);

	indent(p, level);
	strbuf_printf(p->out, "%s(\n", n->call.function->name);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_c(p->out, i > 0 ? ",\n" : "");
		pretty_node(p, n->call.args[i], level + 1);
	}
	strbuf_add_char(p->out, '\n');
	indent(p, level);
	strbuf_add_char(p->out, ')');
}

static void pretty_paren(struct pretty *p, const struct pql_node *n, unsigned level) {
	indent(p, level);
	strbuf_add_c(p->out, "(\n");
	pretty_node(p, n->paren, level + 1);
	strbuf_add_char(p->out, '\n');
	indent(p, level);
	strbuf_add_char(p->out, ')');
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\n';
}

/* The operand as it would stand on its own, without the blanks around it. */
static void pretty_unary(struct pretty *p, const struct pql_node *n, unsigned level) {
	struct strbuf inner = STRBUF_INIT, *out = p->out;
	size_t start = 0, end;

	if (print_unary_sign(n)[0] == '\0') {
		pretty_node(p, n->unary.inner, level);
		return;
	}
	p->out = &inner;
	pretty_node(p, n->unary.inner, level);
	p->out = out;
	end = inner.len;
	while (start < end && is_blank(inner.ptr[start])) {
		start++;
	}
	while (end > start && is_blank(inner.ptr[end - 1])) {
		end--;
	}
	indent(p, level);
	strbuf_add_c(out, print_unary_sign(n));
	strbuf_add(out, str_slice(strbuf_str(&inner), start, end));
	strbuf_finish(&inner);
}

static void pretty_node(struct pretty *p, const struct pql_node *n, unsigned level) {
	if (n->kind == PQL_UNARY) {
		pretty_unary(p, n, level);
		return;
	}
	if (n->kind ==
		PQL_SUBQUERY) { /* without an indent of its own when short, as Prometheus has it */
		if (is_long(p, n)) {
			pretty_node(p, n->subquery.inner, level);
			print_subquery_tail(p->out, n);
		} else {
			pql_print(p->out, n);
		}
		return;
	}
	bool breaks = n->kind == PQL_AGGREGATE || n->kind == PQL_BINARY || n->kind == PQL_CALL ||
				  n->kind == PQL_PAREN;

	if (!breaks || !is_long(p, n)) {
		indent(p, level);
		pql_print(p->out, n);
	} else if (n->kind == PQL_AGGREGATE) {
		pretty_aggregate(p, n, level);
	} else if (n->kind == PQL_BINARY) {
		pretty_binary(p, n, level);
	} else if (n->kind == PQL_CALL) {
		pretty_call(p, n, level);
	} else {
		pretty_paren(p, n, level);
	}
}

void pql_print_pretty(struct strbuf *out, const struct pql_node *n) {
	struct pretty p = {.out = out};

	hmap_init(&p.too_long, NULL);
	measure(&p, n);
	pretty_node(&p, n, 0);
	hmap_finish(&p.too_long);
}
