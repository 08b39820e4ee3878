/* What `tocsin test` has to do for --coverage and its kin. */
#include "cli/test_coverage.h"

#include <stdio.h>
#include <unistd.h>

#include "base/gofloat.h"
#include "cli/terminal.h"
#include "cli/test.h"
#include "engine/io/files.h"
#include "engine/limits.h"
#include "rules/manifest.h"

void test_coverage_percent(struct strbuf *out, struct coverage_count count) {
	size_t tenths = count.points > 0 ? count.reached * 1000 / count.points : 0;
	strbuf_printf(out, "%zu.%zu", tenths / 10, tenths % 10);
}

size_t test_coverage_count_tested(const struct coverage_file *file) {
	size_t count = 0;
	for (size_t i = 0; i < file->rule_count; i++) {
		count += file->rules[i].points[0].reached; /* COVERAGE_TESTED */
	}
	return count;
}

bool test_coverage_init(struct test_run *r, const struct options *o) {
	struct test_coverage *c = &r->coverage;
	const char *least = options_get(o, "coverage-min");
	*c = (struct test_coverage){.text = options_get(o, "coverage") != NULL,
								.json_path = options_get(o, "coverage-json"),
								.html_path = options_get(o, "coverage-html"),
								.least = -1};
	if (least != NULL &&
		(!gofloat_parse(str_from(least), &c->least, NULL) || !(c->least >= 0 && c->least <= 100))) {
		options_complain(&command_test, "--coverage-min %s: not a percentage from 0 to 100", least);
		return false;
	}
	bool rules = options_get(o, "coverage-rules") != NULL;
	if (c->text || c->json_path != NULL || c->html_path != NULL || least != NULL || rules) {
		/* What is said in no other way is said on stdout. */
		c->text = c->text || (c->json_path == NULL && c->html_path == NULL);
		c->coverage = coverage_create();
	}
	return true;
}

void test_coverage_finish(struct test_run *r) {
	coverage_destroy(r->coverage.coverage);
}

/* ---- rule files ---- */

/* As seen from the working directory: the same file has the same name, whichever test file names it. */
static struct str plain_path(struct str path, struct arena *a) {
	char *real = realpath(arena_dup(a, path).ptr, NULL), *here = realpath(".", NULL);
	if (real != NULL) {
		size_t folder = here != NULL ? strlen(here) : 0;
		bool below = folder > 1 && strncmp(real, here, folder) == 0 && real[folder] == '/';
		path = arena_dup(a, str_from(below ? real + folder + 1 : real));
	}
	free(real);
	free(here);
	return path;
}

struct coverage_set *test_coverage_open(struct test_run *r, struct rule_set *set) {
	if (r->coverage.coverage == NULL) {
		return NULL;
	}
	struct arena a;
	arena_init(&a);
	struct str *paths = ARENA_ARRAY(&a, struct str, set->file_count);
	for (size_t i = 0; i < set->file_count; i++) {
		paths[i] = plain_path(set->files[i].file.path, &a);
	}
	struct coverage_set *s = coverage_open(r->coverage.coverage, set, paths);
	arena_finish(&a);
	return s;
}

static bool has_rules(struct str text) {
	struct arena a;
	struct diags ignored;
	struct yaml_document *documents;
	size_t count;
	arena_init(&a);
	diags_init(&ignored, &a);
	yaml_parse(text, &a, &ignored, &documents, &count);
	const struct yaml_node *root = count > 0 ? documents[0].root : NULL;
	bool found = manifest_is(documents, count) ? manifest_has_rules(documents, count)
											   : root != NULL && root->kind == YAML_MAPPING &&
													 yaml_find(root, "groups") != NULL;
	arena_finish(&a);
	return found;
}

static void complain(struct test_run *r, enum exit_code code, const char *message) {
	options_report(&command_test, message);
	test_note(r, code);
}

/* Of a folder only rule files: tests stand beside them. */
static void add_file(struct test_run *r, const char *path, bool of_folder) {
	struct rule_set *set = rule_set_create();
	struct strbuf text = STRBUF_INIT;
	struct diags diags;
	const char *error;
	diags_init(&diags, &set->arena);
	set->ignores_unknown = r->ignores_unknown;
	if (!file_read(path, LIMIT_FILE_BYTES, &text, &set->arena, &error)) {
		complain(r, EXIT_UNABLE, error);
	} else if (!of_folder || has_rules(strbuf_str(&text))) {
		if (rule_set_add_file(set, str_from(path), strbuf_str(&text), &diags)) {
			coverage_close(test_coverage_open(r, set));
		} else {
			struct strbuf out = STRBUF_INIT;
			diags_sort(&diags);
			diags_render(&out, &diags, path, strbuf_str(&text),
						 (struct diag_style){.color = terminal_color(STDERR_FILENO)});
			fputs(out.ptr, stderr);
			test_note(r, EXIT_BAD);
			strbuf_finish(&out);
		}
	}
	rule_set_destroy(set);
	strbuf_finish(&text);
}

static void add_pattern(struct test_run *r, const char *pattern) {
	struct arena a;
	struct file_list list = {0};
	const char *error;
	bool folder = file_is_folder(pattern);
	arena_init(&a);
	if (!folder) {
		files_glob(NULL, str_from(pattern), &a, &list);
		error = list.error;
	} else if (files_tree(pattern, &a, &list, &error)) {
		error = NULL;
	}
	if (error != NULL) {
		complain(r, EXIT_UNABLE, error);
	} else if (list.count == 0) {
		complain(r, EXIT_UNABLE,
				 arena_printf(&a, "--coverage-rules: no file is called %s", pattern));
	}
	for (size_t i = 0; i < list.count; i++) {
		add_file(r, list.paths[i], folder);
	}
	arena_finish(&a);
}

void test_coverage_add_rules(struct test_run *r, const struct options *o) {
	for (size_t i = 0; i < o->flag_count; i++) {
		if (strcmp(o->flags[i].row->flag, "coverage-rules") == 0) {
			if (r->watches) {
				test_watch_operand(r, o->flags[i].value);
			}
			add_pattern(r, o->flags[i].value);
		}
	}
}

/* ---- the report ---- */

static void write_to(struct test_run *r, const char *path, const struct strbuf *text) {
	struct arena a;
	const char *error;
	arena_init(&a);
	if (!file_write(path, strbuf_str(text), &a, &error)) {
		complain(r, EXIT_UNABLE, error);
	}
	arena_finish(&a);
}

static void write_json(struct test_run *r) {
	struct strbuf text = STRBUF_INIT;
	struct json_writer w;
	json_init(&w, &text);
	test_coverage_json(&w, r->coverage.coverage);
	strbuf_add_char(&text, '\n');
	write_to(r, r->coverage.json_path, &text);
	strbuf_finish(&text);
}

static void write_html(struct test_run *r) {
	struct strbuf text = STRBUF_INIT;
	test_coverage_html(&text, r->coverage.coverage);
	write_to(r, r->coverage.html_path, &text);
	strbuf_finish(&text);
}

static void judge(struct test_run *r) {
	struct coverage_count count = coverage_count(r->coverage.coverage);
	double least = r->coverage.least;
	if ((count.points > 0 || least <= 0) &&
		(double)count.reached * 100 >= least * (double)count.points) {
		return;
	}
	struct strbuf message = STRBUF_INIT;
	strbuf_add_c(&message, "coverage is ");
	test_coverage_percent(&message, count);
	strbuf_add_c(&message, count.points > 0 ? "%" : "%, since there are no rules");
	strbuf_add_c(&message, ", and --coverage-min wants ");
	gofloat_print(&message, least, 'f');
	strbuf_add_char(&message, '%');
	complain(r, EXIT_BAD, message.ptr);
	strbuf_finish(&message);
}

void test_coverage_report(struct test_run *r) {
	const struct test_coverage *c = &r->coverage;
	if (c->coverage == NULL) {
		return;
	}
	if (c->text && !r->json) {
		struct strbuf text = STRBUF_INIT;
		test_coverage_text(&text, c->coverage, terminal_color(STDOUT_FILENO));
		fputs(text.ptr, stdout);
		fflush(stdout);
		strbuf_finish(&text);
	}
	if (c->json_path != NULL) {
		write_json(r);
	}
	if (c->html_path != NULL) {
		write_html(r);
	}
	judge(r);
}
