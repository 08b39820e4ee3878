#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/io/files.h"

struct fixture {
	char folder[100];
	struct arena arena;
};

static void write_file(const struct fixture *f, const char *name, const char *text) {
	char path[200];
	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void fixture_init(struct fixture *f) {
	snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	arena_init(&f->arena);
	write_file(f, "b.yml", "bb");
	write_file(f, "a.yml", "aaaa");
	write_file(f, "c.txt", "c");
}

static void fixture_finish(struct fixture *f) {
	const char *names[] = {"a.yml", "b.yml", "c.txt", "pipe"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		unlink(arena_printf(&f->arena, "%s/%s", f->folder, names[i]));
	}
	rmdir(f->folder);
	arena_finish(&f->arena);
}

static void expect_read(struct fixture *f, const char *path, size_t max, const char *text,
						const char *error) {
	struct strbuf out = STRBUF_INIT;
	const char *message = "";
	bool ok = file_read(path, max, &out, &f->arena, &message);
	assert_int_equal(ok, error == NULL);
	if (ok) {
		assert_string_equal(out.ptr, text);
	} else {
		assert_string_equal(message, arena_printf(&f->arena, "%s: %s", path, error));
	}
	strbuf_finish(&out);
}

static void test_read(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	const char *a = arena_printf(&f.arena, "%s/a.yml", f.folder);
	expect_read(&f, a, 4, "aaaa", NULL);
	expect_read(&f, a, 3, NULL, "the file is larger than 3 bytes, which is fixed: split it");
	expect_read(&f, "/no/such/file", 10, NULL, "no such file or directory");
	expect_read(&f, f.folder, 10, NULL, "is a directory");
	expect_read(&f, "/dev/zero", 1 << 20, NULL,
				"the file is larger than 1 MiB, which is fixed: split it");
	fixture_finish(&f);
}

static void test_glob(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	struct file_list list = {0};
	files_glob(f.folder, STR("*.yml"), &f.arena, &list);
	files_glob(f.folder, STR("missing.yml"), &f.arena, &list);
	files_glob(f.folder, STR("none*"), &f.arena, &list);
	files_glob("/elsewhere", str_from(arena_printf(&f.arena, "%s/c.*", f.folder)), &f.arena, &list);
	files_glob(NULL, STR("here.yml"), &f.arena, &list);
	const char *expected[] = {"a.yml", "b.yml", "missing.yml", "c.txt"};
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(list.paths[i], arena_printf(&f.arena, "%s/%s", f.folder, expected[i]));
	}
	assert_string_equal(list.paths[4], "here.yml");
	fixture_finish(&f);
}

/* A folder and what is below it, in order; hidden files, other kinds, and links to folders are passed over. */
static void test_tree(void **state) {
	(void)state;
	struct fixture f;
	struct file_list list = {0};
	const char *error = NULL;
	fixture_init(&f);
	const char *below = arena_printf(&f.arena, "%s/aa", f.folder);
	const char *round = arena_printf(&f.arena, "%s/aa/round", f.folder);
	const char *made[] = {"aa/z.yaml", "aa/.hidden.yml"};
	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(symlink(f.folder, round), 0);
	write_file(&f, made[0], "z");
	write_file(&f, made[1], "h");
	assert_true(files_tree(arena_printf(&f.arena, "%s//", f.folder), &f.arena, &list, &error));
	const char *expected[] = {"a.yml", "aa/z.yaml", "b.yml"};
	assert_int_equal(list.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(list.paths[i], arena_printf(&f.arena, "%s/%s", f.folder, expected[i]));
	}
	assert_true(file_is_folder(below) && !file_is_folder(list.paths[0]));
	assert_false(files_tree("/no/such", &f.arena, &list, &error));
	assert_string_equal(error, "/no/such: no such file or directory");
	for (size_t i = 0; i < 2; i++) {
		unlink(arena_printf(&f.arena, "%s/%s", f.folder, made[i]));
	}
	unlink(round);
	rmdir(below);
	fixture_finish(&f);
}

static void test_write(void **state) {
	(void)state;
	struct fixture f;
	const char *error = NULL;
	fixture_init(&f);
	const char *a = arena_printf(&f.arena, "%s/a.yml", f.folder);
	assert_true(file_write(a, STR("new"), &f.arena, &error));
	expect_read(&f, a, 10, "new", NULL);
	assert_false(file_write("/no/such/file", STR("x"), &f.arena, &error));
	assert_string_equal(error, "/no/such/file: no such file or directory");
	assert_false(file_write("/dev/full", STR("x"), &f.arena, &error));
	assert_string_equal(error, "/dev/full: no space left on device");
	fixture_finish(&f);
}

static void test_folder(void **state) {
	(void)state;
	assert_true(str_equal(file_folder("a/b/c.yml"), STR("a/b")));
	assert_true(str_equal(file_folder("/c.yml"), STR("/")));
	assert_true(str_equal(file_folder("c.yml"), STR("")));
}

/* "%" is the folder's name, "%%" its path. */
static void put_folder(struct strbuf *out, const char *text, const char *folder) {
	for (; *text != '\0'; text++) {
		if (text[0] == '%' && text[1] == '%') {
			strbuf_add_c(out, folder);
			text++;
		} else if (text[0] == '%') {
			strbuf_add_c(out, strrchr(folder, '/') + 1);
		} else {
			strbuf_add_char(out, *text);
		}
	}
}

static void test_short_path(void **state) {
	(void)state;
	static const struct {
		const char *path, *expected;
	} cases[] = {
		{"d/../a", "a"},
		{"./d/.//../a", "a"},
		{"d/e/../../a", "a"},
		{"d/e/../b", "d/b"},
		{"../%/d/../a", "../%/a"},
		{"d/../../%/a", "../%/a"},
		{"l/../b", "l/../b"}, /* d/b: the link leads to d/e */
		{"d/../none", "d/../none"},
		{"d/./b", "d/./b"},
		{"a", "a"},
		{"/..%%/d/../a", "%%/a"},
	};
	struct arena a;
	char folder[] = "/tmp/tocsin-test-XXXXXX", *here = getcwd(NULL, 0);
	arena_init(&a);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(system("mkdir -p d/e && echo a > a && echo b > d/b && ln -s d/e l"), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct strbuf path = STRBUF_INIT, expected = STRBUF_INIT;
		put_folder(&path, cases[i].path, folder);
		put_folder(&expected, cases[i].expected, folder);
		assert_string_equal(file_short_path(path.ptr, &a), expected.ptr);
		strbuf_finish(&path);
		strbuf_finish(&expected);
	}
	assert_int_equal(system("rm -r ../\"${PWD##*/}\""), 0);
	assert_int_equal(chdir(here), 0);
	free(here);
	arena_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),   cmocka_unit_test(test_glob),
		cmocka_unit_test(test_tree),   cmocka_unit_test(test_write),
		cmocka_unit_test(test_folder), cmocka_unit_test(test_short_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
