/* From files and settings to a configuration and a rule set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io/files.h"
#include "engine/io/loader.h"

struct fixture {
	char folder[100];
	struct arena arena;
	struct config config;
	struct rule_set *set;
	const struct rule_set *previous; /* NULL: a start */
	struct strbuf messages;
	enum loader_outcome outcome;
};

static const char *path_of(struct fixture *f, const char *name) {
	return arena_printf(&f->arena, "%s/%s", f->folder, name);
}

static void write_file(struct fixture *f, const char *name, const char *text) {
	FILE *file = fopen(path_of(f, name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#define GOOD_RULES                                                                                 \
	"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n  - alert: B\n    expr: up == 1\n"
#define BAD_RULES                                                                                  \
	"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: rate(up)\n  - alert: B\n    exprs: up\n"

static void fixture_init(struct fixture *f) {
	*f = (struct fixture){0};
	snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	arena_init(&f->arena);
	write_file(f, "good.rules", GOOD_RULES);
	write_file(f, "bad.rules", BAD_RULES);
	write_file(f, "good.yml",
			   "prometheus:\n  url: http://p:1\nalertmanagers:\n- http://a:1\n- http://b:1\n"
			   "rule_files: ['good.rul*']\n");
	write_file(f, "bad.yml", "prometheus:\n  urk: http://p:1\nlog: [1]\n");
	write_file(f, "missing.yml", "rule_files: [nowhere.rules, bad.rules, none*]\n");
}

static void fixture_finish(struct fixture *f) {
	const char *names[] = {"good.rules", "bad.rules", "good.yml", "bad.yml", "missing.yml"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		unlink(path_of(f, names[i]));
	}
	rmdir(f->folder);
	if (f->outcome == LOADER_FINE || f->outcome == LOADER_PARTLY) {
		rule_set_destroy(f->set);
	}
	strbuf_finish(&f->messages);
	arena_finish(&f->arena);
}

static void load(struct fixture *f, const char *name, struct loader_setting *settings,
				 size_t count) {
	const struct loader l = {.path = name != NULL ? path_of(f, name) : NULL,
							 .settings = settings,
							 .setting_count = count};
	f->outcome = loader_load(&l, f->previous, &f->arena, &f->config, &f->set, &f->messages);
}

static void expect_message(const struct fixture *f, const char *part) {
	if (f->messages.ptr == NULL || strstr(f->messages.ptr, part) == NULL) {
		fail_msg("no \"%s\" in: %s", part, f->messages.ptr);
	}
}

static void test_defaults(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	load(&f, NULL, NULL, 0);
	assert_int_equal(f.outcome, LOADER_FINE);
	assert_int_equal(f.messages.len, 0);
	assert_true(str_equal(f.config.prometheus.url, STR("http://localhost:9090")));
	assert_int_equal(f.set->rule_count, 3);
	fixture_finish(&f);
}

static void test_file(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	load(&f, "good.yml", NULL, 0);
	assert_int_equal(f.outcome, LOADER_FINE);
	assert_true(str_equal(f.config.prometheus.url, STR("http://p:1")));
	assert_int_equal(f.config.alertmanager_count, 2);
	assert_int_equal(f.set->rule_count, 2); /* the built-in ones only when no rules are given */
	assert_string_equal(f.set->files[0].file.path.ptr, path_of(&f, "good.rules"));
	fixture_finish(&f);
}

/* A list that is given outside replaces the file's. */
static void test_settings_win(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	struct loader_setting settings[] = {
		{"prometheus.url", "http://env:1", "TOCSIN_PROMETHEUS"},
		{"prometheus.url", "http://flag:1", "--prometheus"},
		{"alertmanagers", "http://c:1", "--alertmanager"},
		{"alertmanagers", "http://d:1", "--alertmanager"},
		{"presets", "generic", "--preset"},
	};
	load(&f, "good.yml", settings, 5);
	assert_int_equal(f.outcome, LOADER_FINE);
	assert_true(str_equal(f.config.prometheus.url, STR("http://flag:1")));
	assert_int_equal(f.config.alertmanager_count, 2);
	assert_true(str_equal(f.config.alertmanagers[0].url, STR("http://c:1")));
	assert_true(str_equal(f.config.alertmanagers[1].url, STR("http://d:1")));
	assert_int_equal(f.set->rule_count, 5);
	fixture_finish(&f);
}

static void test_rules_from_here(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	struct loader_setting settings[] = {{"rule_files", path_of(&f, "good.rules"), "--rules"}};
	load(&f, "missing.yml", settings, 1);
	assert_int_equal(f.outcome, LOADER_FINE);
	assert_int_equal(f.set->rule_count, 2);
	fixture_finish(&f);
}

static void test_bad_config(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	load(&f, "bad.yml", NULL, 0);
	assert_int_equal(f.outcome, LOADER_BAD);
	expect_message(&f, "/bad.yml:2:3: error: ");
	expect_message(&f, "urk: http://p:1\n      ^~~\n");
	expect_message(&f, "/bad.yml:3:6: error: ");
	fixture_finish(&f);
}

/* All that is wrong is said, in every file. */
static void test_bad_rules(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	load(&f, "missing.yml", NULL, 0);
	assert_int_equal(f.outcome, LOADER_UNABLE);
	expect_message(&f, "/nowhere.rules: no such file or directory\n");
	expect_message(&f, "/bad.rules:5:16: error: ");
	expect_message(&f,
				   "expected type range vector in call to function \"rate\", got instant vector");
	expect_message(&f, "/bad.rules:7:5: error: ");
	expect_message(&f, "warning: no rule file matches \"none*\"\n");
	fixture_finish(&f);
}

/* A start without the bad ones, where that is allowed; the configuration itself must be good. */
static void test_start_without_bad_rules(void **state) {
	(void)state;
	struct fixture f;
	struct loader_setting allowed = {"allow_bad_rule_files", "true", "--allow-bad-rule-files"};
	fixture_init(&f);
	write_file(&f, "missing.yml", "rule_files: [nowhere.rules, bad.rules, good.rules]\n");
	load(&f, "missing.yml", &allowed, 1);
	assert_int_equal(f.outcome, LOADER_PARTLY);
	assert_int_equal(f.set->rule_count, 2);
	expect_message(&f, "/nowhere.rules: this file is left out, it has never been loaded\n");
	expect_message(&f, "/bad.rules: this file is left out, it has never been loaded\n");
	expect_message(&f, "/bad.rules:5:16: error: ");
	fixture_finish(&f);
	fixture_init(&f);
	load(&f, "bad.yml", &allowed, 1);
	assert_int_equal(f.outcome, LOADER_BAD);
	fixture_finish(&f);
}

/* While others run, a bad file keeps its old rules, one that vanished too; one that never was good is left out; and what is good
 * is loaded. */
static void test_bad_rules_beside_running_ones(void **state) {
	(void)state;
	struct fixture f, again;
	fixture_init(&f);
	write_file(&f, "missing.yml", "rule_files: [good.rules, bad.rules, good.yml]\n");
	write_file(&f, "good.yml", GOOD_RULES);
	write_file(&f, "bad.rules", GOOD_RULES);
	load(&f, "missing.yml", NULL, 0);
	assert_int_equal(f.outcome, LOADER_FINE);
	assert_int_equal(f.set->rule_count, 6);
	again = f;
	again.previous = f.set;
	again.messages = STRBUF_INIT;
	arena_init(&again.arena);
	write_file(&f, "missing.yml", "rule_files: [good.rules, bad.rules, good.yml, bad.yml]\n");
	write_file(&f, "bad.rules", BAD_RULES);
	unlink(path_of(&f, "good.yml"));
	write_file(&f, "good.rules", "groups: []\n");
	write_file(&f, "bad.yml", BAD_RULES);
	load(&again, "missing.yml", NULL, 0);
	assert_int_equal(again.outcome, LOADER_PARTLY);
	assert_int_equal(again.set->rule_count, 4);
	assert_int_equal(again.set->file_count, 3);
	assert_int_equal(rule_set_outdated_count(again.set), 2);
	expect_message(&again, "/bad.rules:5:16: error: ");
	expect_message(&again, "/bad.rules: the rules of this file stay as they were\n");
	expect_message(&again, "/good.yml: no such file or directory\n");
	expect_message(&again, "/bad.yml: this file is left out, it has never been loaded\n");
	struct str path = str_from(path_of(&f, "bad.rules"));
	const struct rule_set_file *bad = rule_set_find_file(again.set, path);
	assert_non_null(strstr(bad->outdated, "/bad.rules:5:16: error: "));
	rule_set_destroy(f.set);
	f.set = NULL;

	/* Once more, over the set that holds old rules already; then it is mended. */
	struct fixture third = again;
	third.previous = again.set;
	third.messages = STRBUF_INIT;
	arena_init(&third.arena);
	load(&third, "missing.yml", NULL, 0);
	assert_int_equal(third.outcome, LOADER_PARTLY);
	assert_int_equal(third.set->rule_count, 4);
	rule_set_destroy(again.set);
	rule_set_destroy(third.set);
	strbuf_finish(&again.messages);
	strbuf_finish(&third.messages);
	arena_finish(&again.arena);
	arena_finish(&third.arena);
	fixture_finish(&f);
}

/* The name of the folder is no pattern. */
static void test_folder_with_brackets(void **state) {
	(void)state;
	struct fixture f;
	struct file_list list = {0};
	fixture_init(&f);
	char folder[200], file[300];
	snprintf(folder, sizeof folder, "%s/q[1]", f.folder);
	snprintf(file, sizeof file, "%s/x.rules", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	fclose(fopen(file, "w"));
	files_glob(folder, STR("x.rules"), &f.arena, &list);
	files_glob(folder, STR("*.rules"), &f.arena, &list);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.paths[0], file);
	assert_string_equal(list.paths[1], file);
	assert_null(list.error);
	unlink(file);
	rmdir(folder);
	load(&f, NULL, NULL, 0);
	fixture_finish(&f);
}

static void test_bad_settings(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	struct loader_setting settings[] = {
		{"evaluation_interval", "5 parsecs", "--interval"},
		{"presets", "nonesuch", "TOCSIN_PRESET"},
	};
	load(&f, NULL, settings, 2);
	assert_int_equal(f.outcome, LOADER_MISUSED);
	expect_message(&f, "error: --interval \"5 parsecs\": ");
	expect_message(
		&f, "error: TOCSIN_PRESET \"nonesuch\": unknown preset \"nonesuch\"; there are: generic\n");
	fixture_finish(&f);
}

static void test_missing_config(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	load(&f, "nothing.yml", NULL, 0);
	assert_int_equal(f.outcome, LOADER_UNABLE);
	expect_message(&f, "/nothing.yml: no such file or directory\n");
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_settings_win),
		cmocka_unit_test(test_rules_from_here),
		cmocka_unit_test(test_bad_config),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_bad_rules_beside_running_ones),
		cmocka_unit_test(test_folder_with_brackets),
		cmocka_unit_test(test_start_without_bad_rules),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_missing_config),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
