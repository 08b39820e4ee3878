/* Runs every file of the given directories (or the given files) through a fuzz target: a corpus is a test of every build. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_file(const char *path, struct strbuf *out) {
	FILE *f = fopen(path, "rb");
	int c;

	if (f == NULL) {
		perror(path);
		return false;
	}
	while ((c = getc(f)) != EOF) {
		strbuf_add_char(out, (char)c);
	}
	fclose(f);
	return true;
}

/* The input goes in a block of its own size, so that a read past its end is caught. */
static bool replay_file(const char *path) {
	struct strbuf text = STRBUF_INIT;
	bool ok = read_file(path, &text);
	uint8_t *exact = mem_alloc(text.len);

	if (ok) {
		memcpy(exact, strbuf_str(&text).ptr, text.len);
		LLVMFuzzerTestOneInput(exact, text.len);
	}
	free(exact);
	strbuf_finish(&text);
	return ok;
}

static bool replay_directory(const char *path, size_t *count) {
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool ok = true;

	if (directory == NULL) {
		perror(path);
		return false;
	}
	while ((entry = readdir(directory)) != NULL) {
		struct strbuf file = STRBUF_INIT;

		if (entry->d_name[0] != '.') {
			strbuf_printf(&file, "%s/%s", path, entry->d_name);
			ok = replay_file(file.ptr) && ok;
			++*count;
		}
		strbuf_finish(&file);
	}
	closedir(directory);
	return ok;
}

int main(int argc, char **argv) {
	size_t count = 0;
	bool ok = argc > 1;

	for (int i = 1; i < argc; i++) {
		struct stat status;

		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
			ok = replay_directory(argv[i], &count) && ok;
		} else {
			ok = replay_file(argv[i]) && ok;
			count++;
		}
	}
	printf("%zu inputs\n", count);
	return ok && count > 0 ? 0 : 1;
}
