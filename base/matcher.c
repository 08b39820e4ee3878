#include "base/matcher.h"

const char *const matcher_op_text[4] = {"=", "!=", "=~", "!~"};

bool matcher_init(struct matcher *m, enum matcher_op op, struct str name, struct str value,
				  struct arena *errors, const char **ret_error) {
	struct regex *regex = NULL;
	if (op == MATCH_REGEX || op == MATCH_NOT_REGEX) {
		regex = regex_create(value, REGEX_ANCHORED, errors, ret_error);
		if (regex == NULL) {
			return false;
		}
	}
	*m = (struct matcher){.op = op, .name = name, .value = value, .regex = regex};
	return true;
}

void matcher_finish(struct matcher *m) {
	if (m != NULL) {
		regex_destroy(m->regex);
		m->regex = NULL;
	}
}

bool matcher_matches(const struct matcher *m, struct str value) {
	switch (m->op) {
	case MATCH_EQUAL: return str_equal(m->value, value);
	case MATCH_NOT_EQUAL: return !str_equal(m->value, value);
	case MATCH_REGEX: return regex_matches(m->regex, value);
	case MATCH_NOT_REGEX: return !regex_matches(m->regex, value);
	}
	return false;
}

bool matchers_match(const struct matcher *m, size_t count, struct labels l) {
	for (size_t i = 0; i < count; i++) {
		if (!matcher_matches(&m[i], labels_get(l, m[i].name))) {
			return false;
		}
	}
	return true;
}

bool matcher_matches_empty(const struct matcher *m) {
	return matcher_matches(m, STR_EMPTY);
}
