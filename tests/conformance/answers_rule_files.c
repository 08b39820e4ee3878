/* Cases {"yaml", "errors"}: a rule file, and what Prometheus says of it. No errors: it loads. */
#include "rules/group.h"
#include "tests/conformance/answers.h"

/* Without the places that stand before a message: "4:12: ", twice at times. */
static struct str without_place(struct str s) {
	for (;;) {
		size_t at = 0;
		for (int part = 0; part < 2; part++) {
			size_t digits = at;
			while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9') {
				at++;
			}
			if (at == digits || at == s.len || s.ptr[at] != ':') {
				return s;
			}
			at++;
		}
		if (at == s.len || s.ptr[at] != ' ') {
			return s;
		}
		s = str_slice(s, at + 1, s.len);
	}
}

/* Messages of the parser of expressions may differ behind the first clause, as with the kind `parse`. */
static struct str first_clause(struct str s) {
	return str_slice(s, 0, str_find(s, STR(", expected ")));
}

static bool has_message(const struct diags *diags, struct str wanted) {
	for (size_t i = 0; i < diags->count; i++) {
		struct str got = str_from(diags->items[i].message);

		if (diags->items[i].severity == DIAG_ERROR &&
			str_equal(first_clause(got), first_clause(wanted))) {
			return true;
		}
	}
	return false;
}

static bool has_start(const struct diags *diags, struct str start) {
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->items[i].severity == DIAG_ERROR &&
			str_starts_with(str_from(diags->items[i].message), start)) {
			return true;
		}
	}
	return false;
}

/* "yaml: line 3: …": the line; empty when it names none. */
static struct str line_of(struct str s) {
	struct str word = STR("line ");
	size_t at = word.len;

	if (!str_starts_with(s, word)) {
		return STR_EMPTY;
	}
	while (at < s.len && s.ptr[at] != ':') {
		at++;
	}
	return str_slice(s, 0, at < s.len ? at + 1 : at);
}

static struct str next_line(struct str *rest) {
	size_t length = str_find(*rest, STR("\n"));
	struct str line = str_trim(str_slice(*rest, 0, length));

	*rest = str_slice(*rest, length < rest->len ? length + 1 : length, rest->len);
	return line;
}

/* Of errors about YAML only the line counts, where one is named. */
static bool has_yaml_error(const struct diags *diags, struct str wanted) {
	struct str prefix = STR("yaml: ");
	struct str rest = str_slice(wanted, prefix.len, wanted.len);
	struct strbuf start = STRBUF_INIT;
	bool good = true;

	while (rest.len > 0 && good) {
		struct str line = next_line(&rest);

		if (!str_equal(line, STR("unmarshal errors:"))) {
			strbuf_clear(&start);
			strbuf_printf(&start, "yaml: %.*s", STR_FMT(line_of(line)));
			good = has_start(diags, strbuf_str(&start));
		}
	}
	strbuf_finish(&start);
	return good;
}

static bool has_error(const struct diags *diags, struct str wanted) {
	return str_starts_with(wanted, STR("yaml: ")) ? has_yaml_error(diags, wanted)
												  : has_message(diags, without_place(wanted));
}

static void tell(struct strbuf *difference, struct str yaml, const struct diags *diags,
				 struct str wanted) {
	strbuf_printf(difference, "\n%.*s\n  should say %.*s\n", STR_FMT(yaml), STR_FMT(wanted));
	for (size_t i = 0; i < diags->count; i++) {
		strbuf_printf(difference, "  says       %s\n", diags->items[i].message);
	}
}

static bool judge(const cJSON *item, struct str yaml, bool loaded, const struct diags *diags,
				  struct strbuf *difference) {
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(item, "errors"), *error;

	if (loaded != (cJSON_GetArraySize(errors) == 0)) {
		tell(difference, yaml, diags, loaded ? STR("an error") : STR("no error"));
		return false;
	}
	cJSON_ArrayForEach(error, errors) {
		struct str wanted = str_from(cJSON_GetStringValue(error));

		if (!has_error(diags, wanted)) {
			tell(difference, yaml, diags, wanted);
			return false;
		}
	}
	return true;
}

static struct str with_nul(struct arena *a, struct str text) {
	struct strbuf out = STRBUF_INIT;
	struct str nul = STR(ANSWERS_NUL);

	while (text.len > 0) {
		size_t length = str_find(text, nul);

		strbuf_add(&out, str_slice(text, 0, length));
		if (length < text.len) {
			strbuf_add_char(&out, '\0');
			length += nul.len;
		}
		text = str_slice(text, length, text.len);
	}
	struct str copy = arena_dup(a, strbuf_str(&out));
	strbuf_finish(&out);
	return copy;
}

static bool check(struct answers_run *run, const cJSON *item, struct strbuf *difference) {
	static const struct pql_syntax plain;
	struct arena a;
	struct diags diags;
	struct rule_file file;

	(void)run;
	arena_init(&a);
	struct str yaml = with_nul(&a, answers_string(item, "yaml"));
	diags_init(&diags, &a);
	bool loaded = rule_file_load(STR("case.yml"), yaml, &plain, &a, &diags, &file);
	bool ok = judge(item, yaml, loaded, &diags, difference);
	if (loaded) {
		rule_file_finish(&file);
	}
	arena_finish(&a);
	return ok;
}

const struct answers_kind answers_rule_files = {"rule-files", check};
