/* The runner of cases that come as one JSON object per line: what a kind of cases is, and how it reports. */
#ifndef TESTS_CONFORMANCE_ANSWERS_H
#define TESTS_CONFORMANCE_ANSWERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* What a NUL in a text has become: U+F8FF, which no case uses. */
#define ANSWERS_NUL "\xEF\xA3\xBF"
#define ANSWERS_NUL_ESCAPE "\\uf8ff"

struct answers_run {
	const char *file;
	size_t line;
	size_t passed, failed;
	size_t texts_equal,
		texts; /* of messages that only have to agree in part; printed when there are any */
};

/* Says whether the case was answered rightly. Of a wrong one, `difference` says what was asked and how the answer differs. */
typedef bool answers_check(struct answers_run *run, const cJSON *item, struct strbuf *difference);

struct answers_kind {
	const char *name; /* as on the command line */
	answers_check *check;
};

/* One per kind, each in answers_<kind>.c; listed in answers.c. */
extern const struct answers_kind answers_lifecycle;
extern const struct answers_kind answers_parse;
extern const struct answers_kind answers_relabel;
extern const struct answers_kind answers_rule_files;
extern const struct answers_kind answers_templates;

/* The string of a member; the empty one when there is none. */
struct str answers_string(const cJSON *item, const char *name);
bool answers_has(const cJSON *item, const char *name);

#endif
