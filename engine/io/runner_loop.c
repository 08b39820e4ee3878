#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/runner.h"

struct uv_loop_s *runner_loop_create(void) {
	uv_loop_t *loop = mem_alloc(sizeof *loop);
	int code = uv_loop_init(loop);
	BUG_ON(code != 0); /* no descriptors at the very start */
	return loop;
}

void runner_loop_run(struct uv_loop_s *loop) {
	uv_run(loop, UV_RUN_DEFAULT);
}

void runner_loop_destroy(struct uv_loop_s *loop) {
	int code = uv_loop_close(loop);
	BUG_ON(code != 0); /* a handle was left behind */
	free(loop);
}
