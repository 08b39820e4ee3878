#include "engine/io/access.h"

#include <sys/stat.h>

#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/files.h"

#define SETTLED_AFTER 2000 /* ms */

/* A file as it was when it was read. */
struct kept_file {
	char *path;
	struct stat seen;
	bool
		is_settled; /* it was not written in the moment before: clocks of file systems are coarse */
	struct strbuf content;
	struct kept_file *next;
};

struct access {
	struct kept_file *files;
	struct arena arena; /* of `resolved` */
	struct http_access resolved;
};

struct access *access_create(void) {
	struct access *x = mem_calloc(1, sizeof *x);
	arena_init(&x->arena);
	return x;
}

void access_forget(struct access *x) {
	while (x->files != NULL) {
		struct kept_file *next = x->files->next;
		strbuf_finish(&x->files->content);
		free(x->files->path);
		free(x->files);
		x->files = next;
	}
}

void access_destroy(struct access *x) {
	if (x != NULL) {
		access_forget(x);
		arena_finish(&x->arena);
		free(x);
	}
}

/* ---- files ---- */

static bool is_same_time(struct timespec a, struct timespec b) {
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Another file, or the same one written anew. Kubernetes exchanges a link, others rename, editors write in place. */
static bool is_unchanged(const struct stat *a, const struct stat *b) {
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		   is_same_time(a->st_mtim, b->st_mtim) && is_same_time(a->st_ctim, b->st_ctim);
}

static struct kept_file *find_file(struct access *x, const char *path) {
	struct kept_file *f = x->files;
	while (f != NULL && strcmp(f->path, path) != 0) {
		f = f->next;
	}
	return f;
}

static struct kept_file *add_file(struct access *x, const char *path) {
	struct kept_file *f = mem_calloc(1, sizeof *f);
	f->path = mem_dup_str(str_from(path));
	f->next = x->files;
	x->files = f;
	return f;
}

/* Asked for what the file is before it is read: what is written in between is read again the next time. */
static bool look_at(struct access *x, const char *path, struct str *ret_content,
					const char **ret_error) {
	struct kept_file *f = find_file(x, path);
	struct stat now;
	bool is_there = stat(path, &now) == 0;
	f = f != NULL ? f : add_file(x, path);
	if (is_there && f->is_settled && is_unchanged(&f->seen, &now)) {
		*ret_content = strbuf_str(&f->content);
		return true;
	}
	f->is_settled = false;
	strbuf_clear(&f->content);
	if (!file_read(path, ACCESS_FILE_BYTES, &f->content, &x->arena, ret_error)) {
		return false;
	}
	if (is_there) {
		f->seen = now;
		f->is_settled = clock_wall() - (ts_ms)now.st_ctim.tv_sec * 1000 > SETTLED_AFTER;
	}
	*ret_content = strbuf_str(&f->content);
	return true;
}

/* ---- texts ---- */

static bool fail(struct access *x, const char *failure) {
	x->resolved.failure = failure;
	return false;
}

static bool fail_file(struct access *x, const char *path, const char *words) {
	return fail(x, arena_printf(&x->arena, "%s: %s", path, words));
}

/* The text itself, else what stands in the file, without the white space around it. NULL: neither is configured. */
static bool get_text(struct access *x, struct str text, struct str file, bool is_line,
					 const char **ret_text) {
	*ret_text = NULL;
	if (text.len > 0) {
		*ret_text = arena_dup(&x->arena, text).ptr;
		return true;
	}
	if (file.len == 0) {
		return true;
	}
	const char *path = arena_dup(&x->arena, file).ptr, *error;
	struct str content;
	if (!look_at(x, path, &content, &error)) {
		return fail(x, error);
	}
	content = str_trim(content);
	if (content.len == 0) {
		return fail_file(x, path, "the file is empty");
	}
	for (size_t i = 0; i < content.len; i++) {
		unsigned char c = (unsigned char)content.ptr[i];
		if (c == 0 || (is_line && ((c < ' ' && c != '\t') || c == 0x7f))) {
			return fail_file(x, path, "the file has more than one line, or control characters");
		}
	}
	*ret_text = arena_dup(&x->arena, content).ptr;
	return true;
}

#define PEM_BEGIN "-----BEGIN "
#define PEM_CERTIFICATE "CERTIFICATE-----"
#define PEM_KEY "PRIVATE KEY-----"

/* libcurl would say less, and would not know the file. */
static const char *judge_pem(struct str pem, const char *kind) {
	size_t begin = str_find(pem, STR(PEM_BEGIN));
	if (begin == pem.len || str_find(pem, str_from(kind)) == pem.len) {
		return strcmp(kind, PEM_KEY) == 0 ? "there is no private key in PEM format in it"
										  : "there is no certificate in PEM format in it";
	}
	bool is_encrypted = str_find(pem, STR("BEGIN ENCRYPTED PRIVATE KEY")) < pem.len ||
						str_find(pem, STR("Proc-Type: 4,ENCRYPTED")) < pem.len;
	return is_encrypted ? "the key is encrypted, and there is no way to give its passphrase" : NULL;
}

/* *ret_place is the file, or the key that the text stands at. */
static bool get_pem(struct access *x, struct str text, struct str file, const char *key,
					const char *kind, struct str *ret_pem, const char **ret_place) {
	const char *error;
	*ret_pem = text;
	*ret_place = key;
	if (text.len == 0 && file.len == 0) {
		return true;
	}
	if (text.len == 0) {
		*ret_place = arena_dup(&x->arena, file).ptr;
		if (!look_at(x, *ret_place, ret_pem, &error)) {
			return fail(x, error);
		}
	}
	const char *wrong = judge_pem(*ret_pem, kind);
	return wrong == NULL || fail_file(x, *ret_place, wrong);
}

/* ---- the parts of an access ---- */

static bool resolve_basic_auth(struct access *x, const struct config_access *c) {
	struct http_access *r = &x->resolved;
	const struct config_basic_auth *b = &c->basic_auth;
	return get_text(x, b->username, b->username_file, false, &r->username) &&
		   get_text(x, b->password.text, b->password_file, false, &r->password);
}

static bool resolve_tls(struct access *x, const struct config_tls *t) {
	struct http_access *r = &x->resolved;
	const char *key_place;
	r->server_name = t->server_name.len > 0 ? arena_dup(&x->arena, t->server_name).ptr : NULL;
	r->is_insecure = t->insecure_skip_verify == CONFIG_YES;
	r->tls_min = t->min_version;
	r->tls_max = t->max_version;
	return get_pem(x, t->ca, t->ca_file, "tls_config.ca", PEM_CERTIFICATE, &r->ca, &r->ca_place) &&
		   get_pem(x, t->cert, t->cert_file, "tls_config.cert", PEM_CERTIFICATE, &r->cert,
				   &r->cert_place) &&
		   get_pem(x, t->key.text, t->key_file, "tls_config.key", PEM_KEY, &r->key, &key_place);
}

/* "Bearer TOKEN"; NULL: nothing of the kind is configured. */
static bool get_authorization(struct access *x, const struct config_access *c,
							  const char **ret_value) {
	const struct config_authorization *z = &c->authorization;
	struct str type = str_trim(z->type);
	const char *credentials, *token;
	if (!get_text(x, z->credentials.text, z->credentials_file, true, &credentials) ||
		!get_text(x, c->bearer_token.text, c->bearer_token_file, true, &token)) {
		return false;
	}
	credentials = credentials != NULL ? credentials : token;
	type = type.len > 0 ? type : STR("Bearer");
	*ret_value =
		credentials != NULL ? arena_printf(&x->arena, "%.*s %s", STR_FMT(type), credentials) : NULL;
	return true;
}

static bool resolve_headers(struct access *x, const struct config_access *c) {
	struct http_header *all = ARENA_ARRAY(&x->arena, struct http_header, c->header_count + 1);
	size_t count = 0;
	const char *authorization;
	if (!get_authorization(x, c, &authorization)) {
		return false;
	}
	if (authorization != NULL) {
		all[count++] = (struct http_header){.name = "Authorization", .value = authorization};
	}
	for (size_t i = 0; i < c->header_count; i++) {
		const struct config_header *h = &c->headers[i];
		bool is_file = h->kind == CONFIG_HEADER_FILE;
		const char *value;
		if (!get_text(x, is_file ? STR_EMPTY : h->text, is_file ? h->text : STR_EMPTY, true,
					  &value)) {
			return false;
		}
		all[count++] = (struct http_header){.name = arena_dup(&x->arena, h->name).ptr,
											.value = value != NULL ? value : ""};
	}
	x->resolved.headers = all;
	x->resolved.header_count = count;
	return true;
}

static void resolve_proxy(struct access *x, const struct config_access *c) {
	struct http_access *r = &x->resolved;
	if (c->proxy_url.text.len > 0) {
		r->proxy = arena_dup(&x->arena, c->proxy_url.text).ptr;
		r->no_proxy = arena_dup(&x->arena, c->no_proxy).ptr;
	}
	r->has_environment_proxy = c->proxy_from_environment;
	r->follows_redirects = c->follow_redirects;
}

const struct http_access *access_resolve(struct access *x, const struct config_access *config) {
	arena_reset(&x->arena);
	x->resolved = (struct http_access){0};
	resolve_proxy(x, config);
	(void)(resolve_basic_auth(x, config) && resolve_tls(x, &config->tls) &&
		   resolve_headers(x, config)); /* the first failure is in the result */
	return &x->resolved;
}

/* ---- before anything is sent ---- */

static void warn(struct access *x, const struct config_peer *peer, const char *path,
				 struct strbuf *messages) {
	const char *failure = access_resolve(x, &peer->access)->failure;
	if (failure != NULL) {
		strbuf_printf(messages, "%s: warning: requests to %.*s would fail here: %s\n", path,
					  STR_FMT(peer->url), failure);
	}
}

void access_check(const struct config *config, const char *path, struct strbuf *messages) {
	struct access *x = access_create();
	warn(x, &config->prometheus, path, messages);
	if (config->remote_write.url.len > 0) {
		warn(x, &config->remote_write, path, messages);
	}
	for (size_t i = 0; i < config->alertmanager_count; i++) {
		warn(x, &config->alertmanagers[i], path, messages);
	}
	access_destroy(x);
}
