/* golden_rules DIRECTORY: loads every FILE.yml of it and compares what is said about it, as a person sees it, with
 * FILE.expected. UPDATE_GOLDEN=1 in the environment writes those files anew: read the difference before it is committed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/group.h"

static bool read_file(const char *path, struct strbuf *out) {
	FILE *f = fopen(path, "rb");
	char buffer[4096];
	size_t got;

	if (f == NULL) {
		return false;
	}
	while ((got = fread(buffer, 1, sizeof(buffer), f)) > 0) {
		strbuf_add(out, (struct str){buffer, got});
	}
	fclose(f);
	return true;
}

static void write_file(const char *path, struct str text) {
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(text.ptr, 1, text.len, f) != text.len) {
		perror(path);
		exit(1);
	}
	fclose(f);
}

static void say(struct str text, const char *name, struct strbuf *out) {
	static const struct pql_syntax plain;
	struct rule_file file;
	struct arena a;
	struct diags d;

	arena_init(&a);
	diags_init(&d, &a);
	bool good = rule_file_load(str_from(name), text, &plain, &a, &d, &file);
	diags_render(out, &d, name, text, (struct diag_style){0});
	strbuf_add_c(out, good ? "loads\n" : "refused\n");
	if (good) {
		rule_file_finish(&file);
	}
	arena_finish(&a);
}

static bool compare(const char *path, struct str got) {
	struct strbuf wanted = STRBUF_INIT;
	bool same = read_file(path, &wanted) && str_equal(strbuf_str(&wanted), got);

	if (!same && getenv("UPDATE_GOLDEN") != NULL) {
		write_file(path, got);
		same = true;
	} else if (!same) {
		printf("%s: expected\n%.*s\ngot\n%.*s\n", path, STR_FMT(strbuf_str(&wanted)), STR_FMT(got));
	}
	strbuf_finish(&wanted);
	return same;
}

static bool check(const char *directory, const char *name) {
	struct strbuf path = STRBUF_INIT, text = STRBUF_INIT, out = STRBUF_INIT;

	strbuf_printf(&path, "%s/%s", directory, name);
	bool good = read_file(path.ptr, &text);
	say(strbuf_str(&text), name, &out);
	path.len -= strlen("yml");
	strbuf_add_c(&path, "expected");
	good = good && compare(path.ptr, strbuf_str(&out));
	strbuf_finish(&path);
	strbuf_finish(&text);
	strbuf_finish(&out);
	return good;
}

int main(int argc, char **argv) {
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	size_t passed = 0, failed = 0;

	if (directory == NULL) {
		fprintf(stderr, "usage: golden_rules DIRECTORY\n");
		return 2;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (str_ends_with(str_from(entry->d_name), STR(".yml"))) {
			bool good = check(argv[1], entry->d_name);
			passed += good;
			failed += !good;
		}
	}
	closedir(directory);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
