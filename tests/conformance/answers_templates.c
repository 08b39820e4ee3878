/* Cases {"text", "value"?, "output"} or {"text", "error", "parse_error"?}: what a template makes, or the error in place of it.
 * Labels, the queries' answers and the time stand in context.json beside the cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/gofloat.h"
#include "base/mem.h"
#include "rules/template/template.h"
#include "tests/conformance/answers.h"

#define ALERT_NAME STR("Case") /* of all cases: their messages say __alert_Case */

static struct str string_of(const cJSON *value) {
	const char *text = cJSON_GetStringValue(value);

	return text != NULL ? str_from(text) : STR_EMPTY;
}

/* The context, read once for the file that the cases are in. */
static const cJSON *context_of(const char *file) {
	static cJSON *context;
	static char *context_file;
	struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	const char *slash = strrchr(file, '/');
	char buffer[4096];
	size_t got;
	FILE *f;

	if (context != NULL && strcmp(context_file, file) == 0) {
		return context;
	}
	strbuf_add(&path, (struct str){file, slash != NULL ? (size_t)(slash - file) + 1 : 0});
	strbuf_add_c(&path, "context.json");
	f = fopen(path.ptr, "r");
	while (f != NULL && (got = fread(buffer, 1, sizeof(buffer), f)) > 0) {
		strbuf_add(&text, (struct str){buffer, got});
	}
	if (f != NULL) {
		fclose(f);
	}
	cJSON_Delete(context);
	free(context_file);
	context = text.len > 0 ? cJSON_Parse(text.ptr) : NULL;
	context_file = mem_dup_str(str_from(file));
	if (context == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path.ptr);
		exit(2);
	}
	strbuf_finish(&path);
	strbuf_finish(&text);
	return context;
}

/* In byte order of the names; empty values stay, as a map in Go has them. */
static int compare_labels(const void *a, const void *b) {
	return str_compare(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static struct labels labels_of(struct arena *a, const cJSON *object) {
	size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
	struct label *items = ARENA_ARRAY(a, struct label, count + 1);
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		items[i++] = (struct label){str_from(member->string), string_of(member)};
	}
	qsort(items, count, sizeof(items[0]), compare_labels);
	return (struct labels){items, count};
}

static double number_of(struct str text) {
	double v = 0;

	gofloat_parse(text, &v, NULL);
	return v;
}

static void read_answers(struct arena *a, const cJSON *queries, struct template_data *data) {
	struct template_answer *answers =
		ARENA_ARRAY(a, struct template_answer, (size_t)cJSON_GetArraySize(queries));
	const cJSON *query, *sample;

	cJSON_ArrayForEach(query, queries) {
		struct template_answer *answer = &answers[data->answer_count++];
		struct template_sample *samples =
			ARENA_ARRAY(a, struct template_sample, (size_t)cJSON_GetArraySize(query) + 1);

		*answer = (struct template_answer){.query = str_from(query->string), .samples = samples};
		cJSON_ArrayForEach(sample, query) {
			samples[answer->count++] = (struct template_sample){
				.labels = labels_of(a, cJSON_GetObjectItemCaseSensitive(sample, "labels")),
				.value = number_of(answers_string(sample, "value")),
			};
		}
	}
	data->answers = answers;
}

/* Expands, and writes the text or the message. true: it is the text. */
static bool expand(struct arena *a, const cJSON *context, const cJSON *item, struct strbuf *got,
				   bool *ret_parsed) {
	struct str text = answers_string(item, "text"), message;
	struct template_data data = {
		.labels = labels_of(a, cJSON_GetObjectItemCaseSensitive(context, "labels")),
		.external_labels = labels_of(a, cJSON_GetObjectItemCaseSensitive(context, "external")),
		.external_url = answers_string(context, "url"),
		.value = number_of(answers_string(answers_has(item, "value") ? item : context, "value")),
		.now = (ts_ms)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(context, "now_ms")),
	};
	const char *error;
	struct span span;
	const struct template *t = template_parse(ALERT_NAME, text, a, &error, &span);

	*ret_parsed = t != NULL;
	if (t == NULL) {
		strbuf_add_c(got, error);
		return false;
	}
	read_answers(a, cJSON_GetObjectItemCaseSensitive(context, "queries"), &data);
	enum template_outcome outcome = template_expand(t, &data, a, got, &message);
	if (outcome == TEMPLATE_FAILS) {
		strbuf_add(got, message);
	} else if (outcome == TEMPLATE_ASKS) {
		strbuf_printf(got, "asks for %.*s", STR_FMT(message));
	}
	template_destroy(t);
	return outcome == TEMPLATE_DONE;
}

static bool judge(struct answers_run *run, const cJSON *item, struct str got, bool parsed,
				  bool expanded) {
	struct str output = answers_string(item, "output");
	bool wants_output = answers_has(item, "output");

	if (wants_output || expanded) {
		return wants_output && expanded && str_equal(output, got);
	}
	bool wants_parse_error = answers_has(item, "parse_error");
	run->texts++;
	run->texts_equal +=
		str_equal(answers_string(item, wants_parse_error ? "parse_error" : "error"), got);
	return wants_parse_error == !parsed;
}

static bool check(struct answers_run *run, const cJSON *item, struct strbuf *difference) {
	struct strbuf got = STRBUF_INIT;
	struct arena a;
	bool parsed;

	arena_init(&a);
	bool expanded = expand(&a, context_of(run->file), item, &got, &parsed);
	bool ok = judge(run, item, strbuf_str(&got), parsed, expanded);
	if (!ok) {
		struct str wanted = answers_string(item, answers_has(item, "output") ? "output" : "error");
		strbuf_printf(difference, "%.*s\n  is        %.*s\n  should be %.*s",
					  STR_FMT(answers_string(item, "text")), STR_FMT(strbuf_str(&got)),
					  STR_FMT(wanted));
	}
	strbuf_finish(&got);
	arena_finish(&a);
	return ok;
}

const struct answers_kind answers_templates = {"templates", check};
