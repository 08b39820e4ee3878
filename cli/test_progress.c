#include "cli/test_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "engine/io/clock.h"

#define SILENT_MS 1000
#define BETWEEN_MS 100
#define BAR 24

void test_progress_init(struct test_progress *p, bool on, size_t files) {
	*p = (struct test_progress){
		.on = on && isatty(STDERR_FILENO), .began = clock_monotonic(), .files = files};
}

void test_progress_file(struct test_progress *p, const char *path) {
	p->path = path;
	p->file++;
	p->group = p->groups = 0;
}

void test_progress_group(struct test_progress *p, size_t group, size_t groups) {
	p->group = group;
	p->groups = groups;
	test_progress_step(0, 1, p);
}

/* Between 0 and 1: files count alike, and so do their groups. */
static double share_of(const struct test_progress *p, size_t step, size_t steps) {
	double within = steps > 0 ? (double)step / (double)steps : 1;
	double file = p->groups > 0 ? ((double)p->group + within) / (double)p->groups : 0;
	double before = p->file > 0 ? (double)(p->file - 1) : 0;
	return p->files > 0 ? (before + file) / (double)p->files : 0;
}

void test_progress_step(size_t step, size_t steps, void *data) {
	struct test_progress *p = data;
	dur_ms now = p->on ? clock_monotonic() : 0;
	if (!p->on || now - p->began < SILENT_MS || now - p->drawn_at < BETWEEN_MS) {
		return;
	}
	double share = share_of(p, step, steps);
	char bar[BAR + 1] = {0};
	for (int i = 0; i < BAR; i++) {
		bar[i] = (double)i < share * BAR ? '#' : '.';
	}
	fprintf(stderr, "\r\033[K[%s] %3.0f%%  %.60s", bar, share * 100, p->path);
	fflush(stderr);
	p->drawn = true;
	p->drawn_at = now;
}

void test_progress_clear(struct test_progress *p) {
	if (p->drawn) {
		fputs("\r\033[K", stderr);
		p->drawn = false;
	}
}
