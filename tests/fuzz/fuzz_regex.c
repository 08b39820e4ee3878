/* Any bytes are a pattern and a text, parted by the first line break: refused with a message, or matched; the ways around the
 * engine (literals, prefixes, …) say what the engine says; what the engine would refuse is refused before; replacing ends. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/regex.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `(?:)` in front is no literal, so this one goes through the engine whatever the pattern is. */
static struct regex *create_plain(struct str pattern, struct arena *a, const char **ret_error) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "(?:)(?:%.*s)", STR_FMT(pattern));
	struct regex *r = regex_create(strbuf_str(&text), REGEX_ANCHORED, a, ret_error);
	strbuf_finish(&text);
	return r;
}

static void check_matching(struct str pattern, struct str text, struct arena *a) {
	const char *error = NULL;
	struct regex *r = regex_create(pattern, REGEX_ANCHORED, a, &error);
	if (r == NULL) {
		BUG_ON(error == NULL || error[0] == '\0');
		return;
	}
	struct regex *plain = create_plain(pattern, a, &error);
	bool whole = memchr(pattern.ptr, '\0', pattern.len) == NULL;
	BUG_ON(plain == NULL && whole && pattern.len <= 100); /* what is compiled later compiles */
	bool comparable = plain != NULL && utf8_valid(text) && whole;
	bool matches, plain_matches;
	bool known = comparable && regex_matches(r, text, &matches);
	bool plain_known = comparable && regex_matches(plain, text, &plain_matches);
	BUG_ON(known && plain_known && matches != plain_matches);
	regex_destroy(plain);
	regex_destroy(r);
}

static void check_replacing(struct str pattern, struct str text, struct arena *a) {
	const char *error;
	struct regex *r = regex_create(pattern, REGEX_UNANCHORED, a, &error);
	if (r == NULL) {
		return;
	}
	struct strbuf out = STRBUF_INIT;
	regex_replace_all(r, text, STR("<$0${1}$x>"), &out);
	strbuf_clear(&out);
	if (regex_replace_all(r, text, STR("$0"),
						  &out)) { /* every match by itself: the text as it was */
		BUG_ON(!str_equal(strbuf_str(&out), text));
	}
	strbuf_finish(&out);
	regex_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	char *copy = malloc(size + 1); /* its own block, so that reading past the end is seen */
	memcpy(copy, data, size);
	struct str all = {.ptr = copy, .len = size};
	size_t line = str_find(all, STR("\n"));
	struct str pattern = str_slice(all, 0, line);
	struct str text = str_slice(all, line < size ? line + 1 : line, size);
	struct arena a;
	arena_init(&a);
	check_matching(pattern, text, &a);
	check_replacing(pattern, text, &a);
	arena_finish(&a);
	free(copy);
	return 0;
}
