/* Any bytes are tokens: one behind the other within the text, nothing but blanks and comments between them, up to the end or to a
 * fault with a message. A string token has a value. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "promql-lite/lexer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text has changed between two tokens if something else stands there. */
static void check_gap(struct str gap) {
	bool comment = false;

	for (size_t i = 0; i < gap.len; i++) {
		char c = gap.ptr[i];

		comment = (comment || c == '#') && c != '\n' && c != '\r';
		BUG_ON(!comment && strchr(" \t\r\n", c) == NULL);
	}
}

static void check_token(const struct pql_token *t, struct str text, struct arena *a) {
	struct strbuf described = STRBUF_INIT;

	if (t->kind == PQL_TOKEN_STRING) {
		BUG_ON(pql_lexer_unquote(t->text, a).len > t->text.len * 4);
	}
	if (t->kind != PQL_TOKEN_ERROR) {
		BUG_ON(!str_equal(t->text, str_slice(text, t->span.start, t->span.end)));
		pql_token_describe(&described, t);
		BUG_ON(described.len == 0);
	}
	strbuf_finish(&described);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {(const char *)data, size};
	struct pql_lexer lx;
	struct pql_token t;
	struct arena a;
	size_t at = 0;

	arena_init(&a);
	pql_lexer_init(&lx, text, &a);
	do {
		pql_lexer_next(&lx, &t);
		BUG_ON(t.span.start < at || t.span.end < t.span.start || t.span.end > size);
		if (t.kind == PQL_TOKEN_ERROR) {
			BUG_ON(lx.error == NULL);
			break;
		}
		check_gap(str_slice(text, at, t.span.start));
		check_token(&t, text, &a);
		BUG_ON(t.kind != PQL_TOKEN_END_OF_INPUT && t.span.end == t.span.start);
		at = t.span.end;
	} while (t.kind != PQL_TOKEN_END_OF_INPUT);
	arena_finish(&a);
	return 0;
}
