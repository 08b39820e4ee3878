#include "engine/io/http_pack.h"

#include <string.h>
#include <zlib.h>

#include "base/bug.h"
#include "base/mem.h"

#define GZIP_WINDOW (15 + 16) /* the largest, in gzip's frame */
#define MEMORY_LEVEL 8        /* zlib's usual one */

struct http_pack {
	uv_work_t work;
	struct strbuf text; /* owned */
	bool is_packed;
	http_pack_done *done; /* NULL: forgotten */
	void *data;
};

bool http_pack_is_accepted(const char *accepted) {
	struct str rest = accepted != NULL ? str_from(accepted) : STR_EMPTY;
	while (rest.len > 0) {
		size_t comma = str_find(rest, STR(","));
		if (str_equal(str_trim(str_slice(rest, 0, comma)), STR("gzip"))) {
			return true;
		}
		rest = str_slice(rest, comma < rest.len ? comma + 1 : comma, rest.len);
	}
	return false;
}

bool http_pack_now(struct strbuf *text) {
	z_stream z = {0};
	if (text->len > UINT32_MAX / 2 || deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW,
												   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		return false;
	}
	size_t room = deflateBound(&z, (uLong)text->len);
	char *packed = mem_alloc(room);
	z.next_in = (Bytef *)text->ptr;
	z.avail_in = (uInt)text->len;
	z.next_out = (Bytef *)packed;
	z.avail_out = (uInt)room;
	int code = deflate(&z, Z_FINISH);
	BUG_ON(code != Z_STREAM_END);
	strbuf_finish(text);
	strbuf_init(text);
	strbuf_add(text, (struct str){packed, z.total_out});
	deflateEnd(&z);
	free(packed);
	return true;
}

static void work(uv_work_t *request) {
	struct http_pack *p = request->data;
	p->is_packed = http_pack_now(&p->text);
}

static void handle_worked(uv_work_t *request, int status) {
	(void)status; /* it is never cancelled */
	struct http_pack *p = request->data;
	if (p->done != NULL) {
		p->done(&p->text, p->is_packed, p->data);
	}
	strbuf_finish(&p->text);
	free(p);
}

struct http_pack *http_pack_start(uv_loop_t *loop, struct strbuf *text, http_pack_done *done,
								  void *data) {
	struct http_pack *p = mem_calloc(1, sizeof *p);
	*p = (struct http_pack){.work = {.data = p}, .text = *text, .done = done, .data = data};
	strbuf_init(text);
	uv_queue_work(loop, &p->work, work, handle_worked);
	return p;
}

void http_pack_forget(struct http_pack *p) {
	p->done = NULL;
}
