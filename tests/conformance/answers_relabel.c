/* Cases {"config", "input", "keep", "labels"} or {"config", "input", "error"}: a list of relabelling rules and what becomes of a
 * label set, or the message that refuses the list. */
#include "engine/config/config.h"
#include "tests/conformance/answers.h"

static void print_labels(struct strbuf *out, struct labels l) {
	strbuf_add_char(out, '{');
	for (size_t i = 0; i < l.count; i++) {
		strbuf_add_c(out, i > 0 ? ", " : "");
		strbuf_add_quoted(out, l.items[i].name);
		strbuf_add_char(out, '=');
		strbuf_add_quoted(out, l.items[i].value);
	}
	strbuf_add_char(out, '}');
}

static struct labels labels_of(const cJSON *object, struct arena *a) {
	struct labels_builder b;
	const cJSON *label;
	labels_builder_init(&b, a);
	cJSON_ArrayForEach(label, object) {
		labels_builder_set(&b, str_from(label->string), str_from(label->valuestring));
	}
	return labels_builder_take(&b);
}

static bool compare(struct labels got, bool kept, const cJSON *item, struct arena *a,
					struct strbuf *difference) {
	bool keep = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "keep"));
	struct labels wanted = labels_of(cJSON_GetObjectItemCaseSensitive(item, "labels"), a);
	if (kept != keep) {
		strbuf_add_c(difference, kept ? "kept" : "dropped");
		return false;
	}
	if (kept && !labels_equal(got, wanted)) {
		strbuf_add_c(difference, "it becomes ");
		print_labels(difference, got);
		strbuf_add_c(difference, " instead of ");
		print_labels(difference, wanted);
		return false;
	}
	return true;
}

static bool apply(struct relabel_rules rules, const cJSON *item, struct arena *a,
				  struct strbuf *difference) {
	struct relabel *relabel = relabel_create(rules);
	struct labels input = labels_of(cJSON_GetObjectItemCaseSensitive(item, "input"), a);
	struct labels got = LABELS_EMPTY;
	print_labels(difference, input);
	strbuf_add_c(difference, ": ");
	bool kept = relabel_apply(relabel, input, LABELS_EMPTY, a, &got);
	bool ok = compare(got, kept, item, a, difference);
	relabel_destroy(relabel);
	return ok;
}

/* Of what is wrong with the YAML itself ("yaml: …") the verdict counts: the words there are those of one library. */
static bool check_errors(const struct diags *diags, struct str wanted, struct strbuf *difference) {
	bool any_will_do = str_starts_with(wanted, STR("yaml: "));
	for (size_t i = 0; i < diags->count; i++) {
		if (any_will_do || str_equal(str_from(diags->items[i].message), wanted)) {
			return true;
		}
	}
	strbuf_printf(difference, "%s\n  instead of %.*s",
				  diags->count > 0 ? diags->items[0].message : "accepted", STR_FMT(wanted));
	return false;
}

static bool check(struct answers_run *run, const cJSON *item, struct strbuf *difference) {
	struct str text = answers_string(item, "config");
	struct relabel_rules rules;
	struct arena a;
	struct diags diags;
	bool ok = false;
	(void)run;
	arena_init(&a);
	diags_init(&diags, &a);
	strbuf_printf(difference, "%.*s: ", STR_FMT(text));
	bool good = config_parse_relabel(text, &a, &diags, &rules);
	if (answers_has(item, "error")) {
		ok = check_errors(&diags, answers_string(item, "error"), difference);
	} else if (good) {
		ok = apply(rules, item, &a, difference);
	} else {
		strbuf_printf(difference, "refused: %s", diags.items[0].message);
	}
	arena_finish(&a);
	return ok;
}

const struct answers_kind answers_relabel = {"relabel", check};
