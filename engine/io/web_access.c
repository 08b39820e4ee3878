#include "engine/io/web_access.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/config/config.h"
#include "engine/io/files.h"
#include "engine/limits.h"

/* ---- files, and whether they change ---- */

/* Before it is read: if it changes meanwhile, it is read once too often rather than once too little. */
static void note_file(struct web_access *a, const char *path) {
	a->files[a->file_count].path = path;
	if (stat(path, &a->files[a->file_count].state) != 0) {
		a->files[a->file_count].state = (struct stat){0};
	}
	a->file_count++;
}

static bool is_same(const struct stat *x, const struct stat *y) {
	return x->st_dev == y->st_dev && x->st_ino == y->st_ino && x->st_size == y->st_size &&
		   x->st_mtim.tv_sec == y->st_mtim.tv_sec && x->st_mtim.tv_nsec == y->st_mtim.tv_nsec;
}

bool web_access_is_outdated(const struct web_access *a) {
	for (size_t i = 0; i < a->file_count; i++) {
		struct stat now = {0};
		if (stat(a->files[i].path, &now) != 0) {
			now = (struct stat){0};
		}
		if (!is_same(&a->files[i].state, &now)) {
			return true;
		}
	}
	return false;
}

/* ---- loading ---- */

struct pem_reader {
	struct web_access *access;
	struct str folder;
	enum diag_severity when_denied; /* of a file that is there, for others than us */
	struct diags *diags;
};

static void complain_of_file(const struct pem_reader *r, const char *path, struct span span,
							 const char *error) {
	bool denied = access(path, R_OK) != 0 && errno == EACCES;
	diags_add(r->diags, denied ? r->when_denied : DIAG_ERROR, span, "%s", error);
}

/* The file that the configuration names, else the text that stands in it. */
static bool read_pem(const struct pem_reader *r, const struct web_text *file,
					 const struct web_text *text, struct strbuf *out) {
	struct arena *arena = &r->access->arena;
	const char *error;
	if (file->text.len == 0) {
		strbuf_add(out, text->text);
		return true;
	}
	const char *path = arena_dup(arena, config_join_path(arena, r->folder, file->text)).ptr;
	note_file(r->access, path);
	if (!file_read(path, LIMIT_PEM_BYTES, out, arena, &error)) {
		complain_of_file(r, path, file->span, error);
		return false;
	}
	return true;
}

static bool load_tls(const struct pem_reader *reader) {
	struct web_access *a = reader->access;
	const struct web_tls *tls = &a->config.tls;
	struct strbuf cert = STRBUF_INIT, key = STRBUF_INIT, ca = STRBUF_INIT;
	bool good = read_pem(reader, &tls->cert_file, &tls->cert, &cert);
	good = read_pem(reader, &tls->key_file, &tls->key, &key) && good;
	good = read_pem(reader, &tls->ca_file, &tls->ca, &ca) && good;
	if (good) {
		const struct web_tls_texts texts = {strbuf_str(&cert), strbuf_str(&key), strbuf_str(&ca)};
		a->tls = web_tls_create(tls, &texts, reader->diags);
	}
	if (key.len > 0) {
		explicit_bzero(key.ptr, key.len);
	}
	strbuf_finish(&cert);
	strbuf_finish(&key);
	strbuf_finish(&ca);
	return a->tls != NULL;
}

static bool judge(struct web_access *a, const char *path, struct str text,
				  enum diag_severity when_denied, struct diags *diags) {
	bool good = web_config_parse(text, &a->arena, diags, &a->config);
	if (a->config.tls.on) {
		const struct pem_reader reader = {a, file_folder(path), when_denied, diags};
		good = load_tls(&reader) && good;
	}
	diags_sort(diags);
	return good;
}

static bool load(struct web_access *a, const char *path, struct diag_style style,
				 struct strbuf *messages, bool *ret_unreadable) {
	struct strbuf bytes = STRBUF_INIT;
	struct diags diags;
	const char *error;
	note_file(a, path);
	if (!file_read(path, LIMIT_FILE_BYTES, &bytes, &a->arena, &error)) {
		strbuf_printf(messages, "error: cannot read the web configuration: %s\n", error);
		*ret_unreadable = true;
		strbuf_finish(&bytes);
		return false;
	}
	struct str text = arena_dup(&a->arena, strbuf_str(&bytes)); /* strings are borrowed from it */
	strbuf_finish(&bytes);
	diags_init(&diags, &a->arena);
	bool good = judge(a, path, text, DIAG_ERROR, &diags);
	diags_render(messages, &diags, path, text, style);
	return good;
}

static struct web_access *create(void) {
	struct web_access *a = mem_calloc(1, sizeof *a);
	a->holders = 1;
	arena_init(&a->arena);
	return a;
}

bool web_access_judge(const char *path, struct str text, struct diags *diags) {
	struct web_access *a = create();
	judge(a, path, text, DIAG_WARNING, diags);
	web_access_release(a);
	return diags->errors == 0;
}

struct web_access *web_access_load(struct str path, struct diag_style style,
								   struct strbuf *messages, bool *ret_unreadable) {
	struct web_access *a = create();
	*ret_unreadable = false;
	if (path.len > 0 && !load(a, arena_dup(&a->arena, path).ptr, style, messages, ret_unreadable)) {
		web_access_release(a);
		return NULL;
	}
	return a;
}

struct web_access *web_access_hold(struct web_access *a) {
	a->holders++;
	return a;
}

void web_access_release(struct web_access *a) {
	if (a != NULL && --a->holders == 0) {
		web_tls_destroy(a->tls);
		arena_finish(&a->arena);
		free(a);
	}
}
