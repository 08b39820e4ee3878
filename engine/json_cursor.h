/* Reads JSON in place, token by token, where a tree would cost too much. The text is complete. A function that returns false has
 * met something that is not JSON; the cursor is of no use after that. */
#ifndef ENGINE_JSON_CURSOR_H
#define ENGINE_JSON_CURSOR_H

#include "base/arena.h"

struct json_cursor {
	const char *at, *end; /* borrowed */
	struct arena *arena;  /* for strings that have escapes in them */
};

/* The next byte that is no white space; 0 at the end. */
static inline char json_cursor_peek(struct json_cursor *c) {
	while (c->at < c->end && (unsigned char)*c->at <= ' ' &&
		   (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) {
		c->at++;
	}
	return c->at < c->end ? *c->at : '\0';
}

/* Steps over a punctuation mark if it comes next. */
static inline bool json_cursor_take(struct json_cursor *c, char mark) {
	if (json_cursor_peek(c) != mark) {
		return false;
	}
	c->at++;
	return true;
}

/* Behind an item of a list or an object: a comma, and another one follows, or the closing bracket. */
static inline bool json_cursor_next(struct json_cursor *c, char close, bool *ret_more) {
	*ret_more = json_cursor_take(c, ',');
	return *ret_more || json_cursor_take(c, close);
}

/* Borrowed from the text, or in the arena. */
bool json_cursor_string(struct json_cursor *c, struct str *ret);
/* A member's name and the colon behind it. */
bool json_cursor_key(struct json_cursor *c, struct str *ret);
bool json_cursor_number(struct json_cursor *c, double *ret);
/* Steps over any value; tells the number of its items if it is a list or an object. */
bool json_cursor_skip(struct json_cursor *c, size_t *ret_items);

#endif
