/* answers KIND FILE.jsonl...: asks the project what every line asks, and compares. */
#include "tests/conformance/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct answers_kind *const kinds[] = {
	&answers_lifecycle, &answers_parse, &answers_relabel, &answers_rule_files, &answers_templates,
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

struct str answers_string(const cJSON *item, const char *name) {
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));

	return text != NULL ? str_from(text) : STR_EMPTY;
}

bool answers_has(const cJSON *item, const char *name) {
	return cJSON_HasObjectItem(item, name);
}

/* cJSON's texts end at a NUL, so it stands as another character in them. */
static void replace_nul(char *line) {
	static const char nul[] = "\\u0000", other[] = ANSWERS_NUL_ESCAPE;

	const char *start = line;
	while ((line = strstr(line, nul)) != NULL) {
		size_t backslashes = 0; /* before it: an odd one means that this backslash is a character */
		while (line - backslashes > start && line[-1 - (ptrdiff_t)backslashes] == '\\') {
			backslashes++;
		}
		if (backslashes % 2 == 0) {
			memcpy(line, other, sizeof(other) - 1);
		}
		line += sizeof(nul) - 1;
	}
}

static void run_line(struct answers_run *run, const struct answers_kind *kind, char *line) {
	struct strbuf difference = STRBUF_INIT;
	replace_nul(line);
	cJSON *item = cJSON_Parse(line);

	if (item == NULL) {
		strbuf_add_c(&difference, "the line is not JSON");
	}
	if (item != NULL && kind->check(run, item, &difference)) {
		run->passed++;
	} else {
		run->failed++;
		printf("%s:%zu: %s\n", run->file, run->line, difference.ptr);
	}
	cJSON_Delete(item);
	strbuf_finish(&difference);
}

static bool run_file(struct answers_run *run, const struct answers_kind *kind) {
	FILE *f = fopen(run->file, "r");
	char *line = NULL;
	size_t size = 0;

	if (f == NULL) {
		perror(run->file);
		return false;
	}
	for (run->line = 1; getline(&line, &size, f) > 0; run->line++) {
		if (line[0] != '\n') {
			run_line(run, kind, line);
		}
	}
	free(line);
	fclose(f);
	return true;
}

static const struct answers_kind *find_kind(const char *name) {
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i]->name, name) == 0) {
			return kinds[i];
		}
	}
	return NULL;
}

static int usage(void) {
	fprintf(stderr, "usage: answers ");
	for (size_t i = 0; i < KIND_COUNT; i++) {
		fprintf(stderr, "%s%s", i > 0 ? "|" : "", kinds[i]->name);
	}
	fprintf(stderr, " FILE.jsonl...\n");
	return 2;
}

int main(int argc, char **argv) {
	const struct answers_kind *kind = argc > 2 ? find_kind(argv[1]) : NULL;
	struct answers_run run = {0};
	bool readable = true;

	if (kind == NULL) {
		return usage();
	}
	for (int i = 2; i < argc; i++) {
		run.file = argv[i];
		readable = run_file(&run, kind) && readable;
	}
	if (run.texts > 0) {
		printf("texts: %zu of %zu\n", run.texts_equal, run.texts);
	}
	printf("%zu passed, %zu failed\n", run.passed, run.failed);
	return readable && run.failed == 0 ? 0 : 1;
}
