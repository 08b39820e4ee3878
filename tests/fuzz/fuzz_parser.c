/* Any text parses or is refused with a message. What parses prints to a text that parses and prints the same, in both forms; but
 * for durations of which Prometheus' arithmetic can lose a millisecond: numbers, and others of 104 days and more. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "promql-lite/parser.h"
#include "promql-lite/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void print_function(struct strbuf *out, const struct pql_node *node);

static bool is_whole(double seconds) {
	return seconds == floor(seconds);
}

#define EXACT_SECONDS 9e6 /* 2^53 ns */

/* Of whole seconds, too, the nanoseconds may not be a float64. */
static bool is_inexact(double seconds) {
	return fabs(seconds) > EXACT_SECONDS;
}

static bool is_inexact_stretch(const struct pql_stretch *s) {
	return s->expr == NULL && is_inexact((double)s->fixed / 1000);
}

static bool find_inexact(struct pql_node *n, void *data) {
	bool *found = data;

	switch ((int)n->kind) {
	case PQL_NUMBER:
		*found = *found || (n->number.is_duration &&
							(!is_whole(n->number.value) || is_inexact(n->number.value)));
		break;
	case PQL_SELECTOR: *found = *found || is_inexact_stretch(&n->selector.shift.offset); break;
	case PQL_RANGE: *found = *found || is_inexact_stretch(&n->range.range); break;
	case PQL_SUBQUERY:
		*found = *found || is_inexact_stretch(&n->subquery.range) ||
				 is_inexact_stretch(&n->subquery.step) ||
				 is_inexact_stretch(&n->subquery.shift.offset);
		break;
	default: break;
	}
	return true;
}

/* false: refused, or not to be compared. */
static bool print_text(struct str text, print_function *print, struct strbuf *out) {
	struct arena a;
	struct diags d;
	struct pql_expr *e;
	bool inexact = false;

	arena_init(&a);
	diags_init(&d, &a);
	e = pql_parse(text, &pql_syntax_all, &a, &d);
	if (e != NULL) {
		pql_walk(e->root, find_inexact, &inexact);
		print(out, e->root);
	} else {
		BUG_ON(d.errors == 0);
		for (size_t i = 0; i < d.count; i++) {
			BUG_ON(d.items[i].span.start > text.len || d.items[i].span.end > text.len);
		}
		pql_error_text(out, &d.items[0], text);
	}
	pql_expr_finish(e);
	arena_finish(&a);
	return e != NULL && !inexact;
}

static void check_fixed_point(struct str text, print_function *print) {
	struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;

	/* Printing adds blanks, so a text at the limit of size may print to one beyond it. */
	if (print_text(text, print, &once) && once.len <= PQL_MAX_TEXT_BYTES) {
		BUG_ON(!print_text(strbuf_str(&once), print, &twice));
		BUG_ON(!str_equal(strbuf_str(&once), strbuf_str(&twice)));
	}
	strbuf_finish(&once);
	strbuf_finish(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};

	check_fixed_point(text, pql_print);
	check_fixed_point(text, pql_print_pretty);
	return 0;
}
