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
	if (!matcher_matches(m, STR_EMPTY, &m->matches_empty)) {
		*ret_error = regex_describe_failure(regex, STR_EMPTY, errors);
		matcher_finish(m);
		return false;
	}
	return true;
}

void matcher_finish(struct matcher *m) {
	if (m != NULL) {
		regex_destroy(m->regex);
		m->regex = NULL;
	}
}

bool matcher_matches(const struct matcher *m, struct str value, bool *ret_matches) {
	bool matches;
	switch (m->op) {
	case MATCH_EQUAL: *ret_matches = str_equal(m->value, value); return true;
	case MATCH_NOT_EQUAL: *ret_matches = !str_equal(m->value, value); return true;
	case MATCH_REGEX: return regex_matches(m->regex, value, ret_matches);
	case MATCH_NOT_REGEX:
		if (!regex_matches(m->regex, value, &matches)) {
			return false;
		}
		*ret_matches = !matches;
		return true;
	}
	return false;
}

bool matcher_refuses(const struct matcher *m, struct str value) {
	bool matches;
	return matcher_matches(m, value, &matches) && !matches;
}

bool matchers_match(const struct matcher *m, size_t count, struct labels l, struct arena *errors,
					bool *ret_match, const char **ret_error) {
	bool matches = true;
	for (size_t i = 0; i < count && matches; i++) {
		struct str value = labels_get(l, m[i].name);
		if (!matcher_matches(&m[i], value, &matches)) {
			*ret_error = regex_describe_failure(m[i].regex, value, errors);
			return false;
		}
	}
	*ret_match = matches;
	return true;
}
