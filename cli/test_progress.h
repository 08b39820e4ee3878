/* A bar on the terminal when tests take longer than a second. */
#ifndef CLI_TEST_PROGRESS_H
#define CLI_TEST_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/timestamp.h"

struct test_progress {
	bool on;      /* stderr is a terminal, and nothing else is to be printed there */
	dur_ms began; /* of all */
	dur_ms drawn_at;
	bool drawn; /* a line that must be cleared stands there */
	size_t file, files;
	const char *path;
	size_t group, groups; /* of the file */
};

void test_progress_init(struct test_progress *p, bool on, size_t files);
void test_progress_file(struct test_progress *p, const char *path);
void test_progress_group(struct test_progress *p, size_t group, size_t groups);
/* A rule_test_progress. */
void test_progress_step(size_t step, size_t steps, void *data);
/* Before anything else is printed. */
void test_progress_clear(struct test_progress *p);

#endif
