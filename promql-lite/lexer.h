/* Text to tokens, one at a time. What a character means depends on the brace or bracket that is open. */
#ifndef PQL_LEXER_H
#define PQL_LEXER_H

#include "promql-lite/token.h"

struct pql_lexer {
	struct str text;
	size_t at;           /* the next byte */
	size_t start;        /* of the token in work */
	struct arena *arena; /* for error texts */
	const char *error;   /* of the ERROR token; NULL before it */
	long paren_depth;
	bool brace_open, bracket_open;
	bool in_duration;  /* right after [ or an operator in it, where only durations may stand */
	bool got_colon;    /* since [ */
	bool got_duration; /* since the first [: a colon may follow */
};

void pql_lexer_init(struct pql_lexer *lx, struct str text, struct arena *arena);

/* Comments are skipped. After an ERROR token, whose span runs from the fault to the end of the text, nothing may be read. */
void pql_lexer_next(struct pql_lexer *lx, struct pql_token *ret_token);

/* Value of a string token in any of the three quotes; escapes as in Go. The lexer has checked it. */
struct str pql_lexer_unquote(struct str quoted, struct arena *a);

#endif
