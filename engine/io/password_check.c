#include "engine/io/password_check.h"

#include <crypt.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "base/bug.h"
#include "base/mem.h"
#include "engine/config/web_config.h"

#define BCRYPT_BYTES 72 /* of a password; bcrypt does not look at more */
#define KEY_BYTES 32

/* What stands for hash and password in memory: their HMAC under a key that only this process has. */
struct secret {
	unsigned char bytes[KEY_BYTES];
};

struct password_wait {
	struct password_job *job;
	password_done *done; /* NULL: forgotten */
	void *data;
	struct password_wait *next;
};

/* One bcrypt computation and all who wait for it. */
struct password_job {
	struct password_check *check;
	uv_work_t work;
	struct secret secret;
	char hash[WEB_BCRYPT_LENGTH + 1];
	char password[BCRYPT_BYTES + 1];
	bool is_possible, is_right;
	struct password_wait *waits;
	struct password_job *next;
};

/* The latest asked for comes first. */
struct memory {
	struct secret items[PASSWORDS_REMEMBERED];
	size_t count;
};

struct password_check {
	uv_loop_t *loop;
	uv_timer_t pause;
	struct secret key;
	struct memory right, wrong;
	struct password_job *first, *last; /* the first one is under way unless it pauses */
	size_t job_count;
	bool running, pausing;
	uint64_t began; /* of the one under way, in nanoseconds */
	bool closing;
	password_check_closed *closed;
	void *closed_data;
};

/* ---- what is known ---- */

static struct secret make_secret(const struct password_check *c, struct str hash,
								 struct str password, bool is_possible) {
	struct secret s;
	gnutls_hmac_hd_t hmac;
	const char possible = is_possible;
	int code = gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, c->key.bytes, KEY_BYTES);
	BUG_ON(code != GNUTLS_E_SUCCESS);
	gnutls_hmac(hmac, hash.ptr, hash.len); /* always as long */
	gnutls_hmac(hmac, &possible, 1);
	gnutls_hmac(hmac, password.ptr, password.len);
	gnutls_hmac_deinit(hmac, s.bytes);
	return s;
}

static bool secret_equal(const struct secret *a, const struct secret *b) {
	return gnutls_memcmp(a->bytes, b->bytes, KEY_BYTES) == 0;
}

static void memory_put(struct memory *m, size_t moved, const struct secret *s) {
	struct secret kept = *s; /* may be one of those that move */
	memmove(&m->items[1], &m->items[0], moved * sizeof m->items[0]);
	m->items[0] = kept;
}

static void memory_add(struct memory *m, const struct secret *s) {
	m->count += m->count < PASSWORDS_REMEMBERED;
	memory_put(m, m->count - 1, s);
}

static bool memory_has(struct memory *m, const struct secret *s) {
	for (size_t i = 0; i < m->count; i++) {
		if (secret_equal(&m->items[i], s)) {
			memory_put(m, i, s);
			return true;
		}
	}
	return false;
}

/* ---- the computation ---- */

static void compute(uv_work_t *work) {
	struct password_job *j = work->data;
	struct crypt_data *data = mem_calloc(1, sizeof *data);
	const char *made = crypt_r(j->password, j->hash, data);
	j->is_right = made != NULL && strlen(made) == WEB_BCRYPT_LENGTH &&
				  gnutls_memcmp(made, j->hash, WEB_BCRYPT_LENGTH) == 0 && j->is_possible;
	explicit_bzero(data, sizeof *data);
	free(data);
}

static void finish(struct password_check *c);

static void start_next(struct password_check *c);

static void handle_pause_over(uv_timer_t *timer) {
	struct password_check *c = timer->data;
	c->pausing = false;
	start_next(c);
}

static void job_destroy(struct password_job *j) {
	while (j->waits != NULL) {
		struct password_wait *w = j->waits;
		j->waits = w->next;
		free(w);
	}
	explicit_bzero(j->password, sizeof j->password);
	free(j);
}

static struct password_job *take_first(struct password_check *c) {
	struct password_job *j = c->first;
	c->first = j->next;
	c->last = c->first != NULL ? c->last : NULL;
	c->job_count--;
	return j;
}

static void tell(struct password_job *j) {
	for (struct password_wait *w = j->waits; w != NULL; w = w->next) {
		if (w->done != NULL) {
			w->done(j->is_right, w->data);
		}
	}
}

/* A pause as long as the check took: half of a processor is left for what matters. */
static void handle_computed(uv_work_t *work, int status) {
	(void)status; /* it is never cancelled */
	struct password_job *j = work->data;
	struct password_check *c = j->check;
	c->running = false;
	take_first(c);
	if (c->closing) {
		job_destroy(j);
		finish(c);
		return;
	}
	memory_add(j->is_right ? &c->right : &c->wrong, &j->secret);
	uv_update_time(c->loop);
	c->pausing = true;
	uv_timer_start(&c->pause, handle_pause_over, (uv_hrtime() - c->began) / 1000000, 0);
	tell(j);
	job_destroy(j);
}

static void start_next(struct password_check *c) {
	if (c->first != NULL && !c->running && !c->pausing && !c->closing) {
		c->running = true;
		c->began = uv_hrtime();
		uv_queue_work(c->loop, &c->first->work, compute, handle_computed);
	}
}

/* ---- asking ---- */

static struct password_job *find_job(const struct password_check *c, const struct secret *s) {
	struct password_job *j = c->first;
	while (j != NULL && !secret_equal(&j->secret, s)) {
		j = j->next;
	}
	return j;
}

/* A password with a NUL in it is none that a client can mean, and C would read only its beginning. */
static struct password_job *add_job(struct password_check *c, const struct secret *s,
									struct str hash, struct str password, bool is_possible) {
	struct password_job *j = mem_calloc(1, sizeof *j);
	size_t len = password.len < BCRYPT_BYTES ? password.len : BCRYPT_BYTES;
	BUG_ON(hash.len != WEB_BCRYPT_LENGTH);
	*j = (struct password_job){.check = c, .work = {.data = j}, .secret = *s};
	memcpy(j->hash, hash.ptr, WEB_BCRYPT_LENGTH);
	if (len > 0) {
		memcpy(j->password, password.ptr, len);
	}
	j->is_possible = is_possible && (len == 0 || memchr(password.ptr, 0, password.len) == NULL);
	*(c->last != NULL ? &c->last->next : &c->first) = j;
	c->last = j;
	c->job_count++;
	return j;
}

enum password_verdict password_check_ask(struct password_check *c, struct str hash,
										 struct str password, bool is_possible, password_done *done,
										 void *data, struct password_wait **ret_wait) {
	struct secret s = make_secret(c, hash, password, is_possible);
	if (memory_has(&c->right, &s)) {
		return PASSWORD_RIGHT;
	}
	if (memory_has(&c->wrong, &s)) {
		return PASSWORD_WRONG;
	}
	struct password_job *j = find_job(c, &s);
	if (j == NULL) {
		if (c->job_count == PASSWORD_CHECKS_MAX) {
			return PASSWORD_BUSY;
		}
		j = add_job(c, &s, hash, password, is_possible);
	}
	struct password_wait *w = mem_calloc(1, sizeof *w);
	*w = (struct password_wait){.job = j, .done = done, .data = data, .next = j->waits};
	j->waits = w;
	*ret_wait = w;
	start_next(c);
	return PASSWORD_PENDING;
}

void password_check_forget(struct password_wait *w) {
	w->done = NULL;
}

/* ---- life ---- */

struct password_check *password_check_create(uv_loop_t *loop) {
	struct password_check *c = mem_calloc(1, sizeof *c);
	c->loop = loop;
	uv_timer_init(loop, &c->pause);
	c->pause.data = c;
	int code = gnutls_rnd(GNUTLS_RND_KEY, c->key.bytes, KEY_BYTES);
	BUG_ON(code != GNUTLS_E_SUCCESS);
	return c;
}

static void handle_closed(uv_handle_t *handle) {
	struct password_check *c = handle->data;
	password_check_closed *closed = c->closed;
	void *data = c->closed_data;
	explicit_bzero(c, sizeof *c);
	free(c);
	closed(data);
}

static void finish(struct password_check *c) {
	while (c->first != NULL) {
		job_destroy(take_first(c));
	}
	uv_close((uv_handle_t *)&c->pause, handle_closed);
}

void password_check_close(struct password_check *c, password_check_closed *closed, void *data) {
	c->closing = true;
	c->closed = closed;
	c->closed_data = data;
	if (!c->running) {
		finish(c);
	}
}
