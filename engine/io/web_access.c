#include "engine/io/web_access.h"

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

/* The file that the configuration names, else the text that stands in it. */
static bool read_pem(struct web_access *a, struct str folder, const struct web_text *file,
					 const struct web_text *text, struct diags *diags, struct strbuf *out) {
	const char *error;
	if (file->text.len == 0) {
		strbuf_add(out, text->text);
		return true;
	}
	const char *path = arena_dup(&a->arena, config_join_path(&a->arena, folder, file->text)).ptr;
	note_file(a, path);
	if (!file_read(path, LIMIT_PEM_BYTES, out, &a->arena, &error)) {
		diags_add(diags, DIAG_ERROR, file->span, "%s", error);
		return false;
	}
	return true;
}

static bool load_tls(struct web_access *a, const char *path, struct diags *diags) {
	const struct web_tls *tls = &a->config.tls;
	struct str folder = file_folder(path);
	struct strbuf cert = STRBUF_INIT, key = STRBUF_INIT, ca = STRBUF_INIT;
	bool good = read_pem(a, folder, &tls->cert_file, &tls->cert, diags, &cert);
	good = read_pem(a, folder, &tls->key_file, &tls->key, diags, &key) && good;
	good = read_pem(a, folder, &tls->ca_file, &tls->ca, diags, &ca) && good;
	if (good) {
		const struct web_tls_texts texts = {strbuf_str(&cert), strbuf_str(&key), strbuf_str(&ca)};
		a->tls = web_tls_create(tls, &texts, diags);
	}
	if (key.len > 0) {
		explicit_bzero(key.ptr, key.len);
	}
	strbuf_finish(&cert);
	strbuf_finish(&key);
	strbuf_finish(&ca);
	return a->tls != NULL;
}

static bool judge(struct web_access *a, const char *path, struct str text, struct diags *diags) {
	bool good = web_config_parse(text, &a->arena, diags, &a->config);
	if (a->config.tls.on) {
		good = load_tls(a, path, diags) && good;
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
	bool good = judge(a, path, text, &diags);
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
	bool good = judge(a, path, text, diags);
	web_access_release(a);
	return good;
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
