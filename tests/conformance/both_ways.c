/* Runs rule-test files twice, with looking ahead and step by step, in both of the ways that groups' intervals count, and
 * compares all that the reports say, and what is reached.
 *
 *     both_ways FILE...      prints what differs; the last line is "N passed, M failed" */
#include <stdio.h>
#include <stdlib.h>

#include "base/gofloat.h"
#include "engine/io/files.h"
#include "engine/rule-tests/rule_test.h"

#define MAX_BYTES (64u << 20)

static bool add_rules(const char *path, const struct test_file *file, struct rule_set *set,
					  struct arena *a) {
	struct str folder = arena_dup(a, file_folder(path));
	for (size_t i = 0; i < file->rule_file_count; i++) {
		struct file_list list = {0};
		files_glob(folder.ptr, file->rule_files[i].text, a, &list);
		for (size_t k = 0; k < list.count; k++) {
			struct strbuf text = STRBUF_INIT;
			struct diags diags;
			const char *error;
			diags_init(&diags, a);
			bool good = file_read(list.paths[k], MAX_BYTES, &text, a, &error) &&
						rule_set_add_file(set, str_from(list.paths[k]), strbuf_str(&text), &diags);
			strbuf_finish(&text);
			if (!good) {
				return false;
			}
		}
	}
	return true;
}

/* ---- a report as text ---- */

static void print_alert(struct strbuf *out, const struct rule_test_alert *a) {
	strbuf_printf(out, "    %lld %lld %lld %lld %d %zu ", (long long)a->active_at,
				  (long long)a->resolved_at, (long long)a->starts_at, (long long)a->ends_at,
				  a->resolved, a->partner);
	labels_print(out, a->labels);
	labels_print(out, a->annotations);
	gofloat_print(out, a->value, 'g');
	strbuf_add_char(out, '\n');
}

static int compare_lines(const void *a, const void *b) {
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Alerts come in the order in which the rule's result has them, which no one promises. */
static void print_alerts(struct strbuf *out, const struct rule_test_check *c) {
	char **lines = calloc(c->got_count + 1, sizeof(char *));
	for (size_t i = 0; i < c->got_count; i++) {
		struct strbuf line = STRBUF_INIT;
		struct rule_test_alert alert = c->got[i];
		alert.partner = alert.partner == RULE_TEST_NONE;
		print_alert(&line, &alert);
		lines[i] = strbuf_take(&line);
	}
	qsort(lines, c->got_count, sizeof(char *), compare_lines);
	for (size_t i = 0; i < c->got_count; i++) {
		strbuf_add_c(out, lines[i]);
		free(lines[i]);
	}
	free(lines);
}

static void print_check(struct strbuf *out, const struct rule_test_check *c) {
	strbuf_printf(out, "  check %d at %lld: %s\n", (int)c->kind, (long long)c->time,
				  c->passed ? "pass" : "fail");
	print_alerts(out, c);
	for (size_t i = 0; i < c->window_count; i++) {
		strbuf_printf(out, "    fires %lld to %lld\n", (long long)c->windows[i].from,
					  (long long)c->windows[i].to);
	}
	if (c->failure != NULL) {
		strbuf_printf(out, "    %s\n", c->failure);
	}
	for (size_t i = 0; i < c->sample_count; i++) {
		strbuf_add_c(out, "    ");
		labels_print(out, c->samples[i].labels);
		gofloat_print(out, c->samples[i].value, 'g');
		strbuf_add_char(out, '\n');
	}
}

static void print_report(struct strbuf *out, const struct rule_test_report *r) {
	strbuf_printf(out, "  %zu steps, refused: %s\n", r->steps, r->refused ? r->refused : "no");
	for (size_t i = 0; i < r->failure_count; i++) {
		strbuf_printf(out, "  rule %.*s at %lld: %s\n", STR_FMT(r->failures[i].rule->name),
					  (long long)r->failures[i].time, r->failures[i].message);
	}
	for (size_t i = 0; i < r->check_count; i++) {
		print_check(out, &r->checks[i]);
	}
}

static void print_coverage(struct strbuf *out, const struct coverage *c) {
	for (size_t i = 0; i < c->file_count; i++) {
		for (size_t k = 0; k < c->files[i]->rule_count; k++) {
			const struct coverage_rule *rule = &c->files[i]->rules[k];
			strbuf_printf(out, "  %.*s:", STR_FMT(rule->name));
			for (size_t n = 0; n < rule->point_count; n++) {
				strbuf_printf(out, " %s%s", rule->points[n].reached ? "" : "-",
							  coverage_kind_name[rule->points[n].kind]);
			}
			strbuf_add_char(out, '\n');
		}
	}
}

/* ---- both ways ---- */

static struct coverage_set *open_coverage(struct coverage *c, struct rule_set *set,
										  struct arena *a) {
	struct str *paths = ARENA_ARRAY(a, struct str, set->file_count);
	for (size_t i = 0; i < set->file_count; i++) {
		paths[i] = set->files[i].file.path;
	}
	return coverage_open(c, set, paths);
}

static void run_one(const struct test_file *file, const struct test_group *group,
					struct rule_set *set, struct rule_test_options options, struct strbuf *out) {
	struct arena a;
	struct rule_test_report report;
	struct coverage *coverage = coverage_create();
	arena_init(&a);
	options.coverage = open_coverage(coverage, set, &a);
	rule_test_run(file, group, set, &options, &a, &report);
	print_report(out, &report);
	rule_test_report_finish(&report);
	coverage_close(options.coverage);
	print_coverage(out, coverage);
	coverage_destroy(coverage);
	arena_finish(&a);
}

static bool compare_group(const char *path, const struct test_file *file,
						  const struct test_group *group, struct rule_set *set, bool promtool) {
	struct strbuf ahead = STRBUF_INIT, stepwise = STRBUF_INIT;
	run_one(file, group, set, (struct rule_test_options){.promtool = promtool}, &ahead);
	run_one(file, group, set, (struct rule_test_options){.promtool = promtool, .stepwise = true},
			&stepwise);
	bool equal = str_equal(strbuf_str(&ahead), strbuf_str(&stepwise));
	if (!equal) {
		printf("%s: group %zu%s:\n-- looking ahead\n%s-- step by step\n%s", path, group->number,
			   promtool ? " (one interval)" : "", ahead.ptr, stepwise.ptr);
	}
	strbuf_finish(&ahead);
	strbuf_finish(&stepwise);
	return equal;
}

static void compare_file(const char *path, size_t *passed, size_t *failed) {
	struct arena a;
	struct strbuf text = STRBUF_INIT;
	struct diags diags;
	struct test_file file = {0};
	const char *error;
	struct pql_syntax syntax = {0};
	struct test_file_options options = {.syntax = &syntax};
	struct rule_set *set = rule_set_create();
	arena_init(&a);
	diags_init(&diags, &a);
	if (file_read(path, MAX_BYTES, &text, &a, &error) &&
		test_file_load(strbuf_str(&text), &options, &a, &diags, &file) &&
		add_rules(path, &file, set, &a)) {
		for (size_t i = 0; i < file.group_count; i++) {
			for (int promtool = 0; file.groups[i].diags.errors == 0 && promtool < 2; promtool++) {
				bool good = compare_group(path, &file, &file.groups[i], set, promtool == 1);
				++*(good ? passed : failed);
			}
		}
	}
	test_file_finish(&file);
	rule_set_destroy(set);
	strbuf_finish(&text);
	arena_finish(&a);
}

int main(int argc, char **argv) {
	size_t passed = 0, failed = 0;
	for (int i = 1; i < argc; i++) {
		compare_file(argv[i], &passed, &failed);
	}
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed > 0;
}
