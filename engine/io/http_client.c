#include "engine/io/http_client.h"

#include "base/bug.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_client_private.h"

#define CONNECTIONS_KEPT                                                                           \
	32L /* idle ones: a few peers, and as many requests under way as limits.fetches allows */

/* ---- handles of the loop ---- */

static void finish_close(struct http_client *c) {
	http_client_closed *closed = c->closed;
	void *data = c->closed_data;
	free(c->user_agent);
	free(c);
	closed(data);
}

static void handle_gone(struct http_client *c) {
	if (--c->handles == 0) {
		finish_close(c);
	}
}

static void handle_timer_closed(uv_handle_t *handle) {
	handle_gone(handle->data);
}

static void handle_poll_closed(uv_handle_t *handle) {
	struct http_poll *p = handle->data;
	struct http_client *c = p->client;
	free(p);
	handle_gone(c);
}

static void poll_close(struct http_poll *p) {
	*(p->previous != NULL ? &p->previous->next : &p->client->polls) = p->next;
	if (p->next != NULL) {
		p->next->previous = p->previous;
	}
	uv_poll_stop(&p->handle);
	uv_close((uv_handle_t *)&p->handle, handle_poll_closed);
}

/* When nothing is under way any more: libcurl first, since it still speaks to its sockets, then the handles. */
static void close_if_idle(struct http_client *c) {
	if (!c->closing || c->first != NULL || c->multi == NULL) {
		return;
	}
	curl_multi_cleanup(c->multi);
	c->multi = NULL;
	while (c->polls != NULL) {
		poll_close(c->polls);
	}
	uv_close((uv_handle_t *)&c->timer, handle_timer_closed);
	uv_close((uv_handle_t *)&c->soon, handle_timer_closed);
}

/* ---- exchanges ---- */

static void handle_soon(uv_timer_t *timer);

static void pend(struct http_exchange *e) {
	if (!e->is_pending) {
		e->is_pending = true;
		e->next_pending = e->client->pending;
		e->client->pending = e;
	}
	uv_timer_start(&e->client->soon, handle_soon, 0, 0);
}

static void unpend(struct http_exchange *e) {
	struct http_exchange **at = &e->client->pending;
	while (*at != NULL && *at != e) {
		at = &(*at)->next_pending;
	}
	if (*at == e) {
		*at = e->next_pending;
	}
	e->is_pending = false;
}

static void unlink_exchange(struct http_exchange *e) {
	*(e->previous != NULL ? &e->previous->next : &e->client->first) = e->next;
	if (e->next != NULL) {
		e->next->previous = e->previous;
	}
	unpend(e);
}

static ts_ms date_of(CURL *easy) {
	struct curl_header *header;
	if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
		return 0;
	}
	time_t seconds = curl_getdate(header->value, NULL);
	return seconds < 0 ? 0 : (ts_ms)seconds * 1000;
}

/* A status is only given for an answer that came whole, or of which the receiver has had enough. */
static void finish(struct http_exchange *e, CURLcode code) {
	long status = 0;
	curl_off_t retry_after = 0;
	char *content_type = NULL;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(e->easy, CURLINFO_RETRY_AFTER, &retry_after);
	curl_easy_getinfo(e->easy, CURLINFO_CONTENT_TYPE, &content_type);
	bool whole = !e->is_cancelled && (code == CURLE_OK || e->is_enough) &&
				 !http_is_redirect(status) && e->refusal == NULL;
	struct strbuf failure = STRBUF_INIT;
	if (!whole) {
		http_failure_print(&failure, e, code);
	}
	const dur_ms longest = INT32_MAX;
	const struct http_answer answer = {
		.status = whole ? (int)status : 0,
		.failure = failure.ptr,
		.too_large = !whole && e->is_too_large,
		.redirected = !e->is_cancelled && code == CURLE_OK && http_is_redirect(status),
		.content_type = content_type != NULL ? content_type : "",
		.retry_after = (retry_after < longest ? (dur_ms)retry_after : longest) * 1000,
		.date = date_of(e->easy),
		.took = clock_fine() - e->started_at,
	};
	unlink_exchange(e);
	e->callbacks.done(&answer, e->callbacks.data);
	strbuf_finish(&failure);
	http_exchange_destroy(e);
}

static void add_to_multi(struct http_exchange *e) {
	CURLMcode code = curl_multi_add_handle(e->client->multi, e->easy);
	BUG_ON(code != CURLM_OK); /* out of memory, or a handle added twice */
}

/* After every call, whatever the count of running transfers says: a transfer that ended inside of it is only reported here. */
static void drain_results(struct http_client *c) {
	CURLMsg *message;
	int left;
	while (c->multi != NULL && (message = curl_multi_info_read(c->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE) {
			continue;
		}
		CURLcode code = message->data.result; /* the message dies with the removal */
		CURL *easy = message->easy_handle;
		struct http_exchange *e = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&e);
		curl_multi_remove_handle(c->multi, easy);
		if (code == CURLE_OK && http_access_follow(e)) {
			add_to_multi(e);
		} else {
			finish(e, code);
		}
	}
	close_if_idle(c);
}

static void drive(struct http_client *c, curl_socket_t fd, int what) {
	int running;
	curl_multi_socket_action(c->multi, fd, what, &running);
	drain_results(c);
}

static void begin(struct http_exchange *e) {
	e->started_at = clock_fine();
	add_to_multi(e);
	e->is_running = true;
}

static void handle_soon(uv_timer_t *timer) {
	struct http_client *c = timer->data;
	while (c->pending != NULL) {
		struct http_exchange *e = c->pending;
		c->pending = e->next_pending;
		e->is_pending = false;
		if (!e->is_cancelled && e->refusal == NULL) {
			begin(e);
			continue;
		}
		if (e->is_running) {
			curl_multi_remove_handle(c->multi, e->easy);
		}
		finish(e, CURLE_OK);
	}
	close_if_idle(c);
}

struct http_exchange *http_send(struct http_client *c, const struct http_request *request,
								const struct http_callbacks *callbacks) {
	struct http_exchange *e = http_exchange_create(c, request, callbacks);
	e->next = c->first;
	if (c->first != NULL) {
		c->first->previous = e;
	}
	c->first = e;
	e->is_cancelled = c->closing;
	pend(e);
	return e;
}

void http_cancel(struct http_exchange *e) {
	e->is_cancelled = true;
	pend(e);
}

/* ---- libcurl's wishes ---- */

static void handle_timer(uv_timer_t *timer) {
	drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int handle_timer_wish(CURLM *multi, long timeout_ms, void *data) {
	(void)multi;
	struct http_client *c = data;
	if (timeout_ms < 0) {
		uv_timer_stop(&c->timer);
		return 0;
	}
	uv_update_time(c->loop);
	uv_timer_start(&c->timer, handle_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

/* libuv reports a broken socket as an error and stops watching it. libcurl is told that it can read and write, and then finds out
 * what is broken; told of an error it would only say that there is one. */
static void handle_poll(uv_poll_t *handle, int status, int events) {
	struct http_poll *p = handle->data;
	int what = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
	what |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
	what |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
	drive(p->client, p->fd, what);
}

static struct http_poll *poll_create(struct http_client *c, curl_socket_t fd) {
	struct http_poll *p = mem_calloc(1, sizeof *p);
	if (uv_poll_init_socket(c->loop, &p->handle, fd) != 0) {
		free(p);
		return NULL;
	}
	c->handles++;
	p->handle.data = p;
	p->fd = fd;
	p->client = c;
	p->next = c->polls;
	if (c->polls != NULL) {
		c->polls->previous = p;
	}
	c->polls = p;
	curl_multi_assign(c->multi, fd, p);
	return p;
}

static int handle_socket_wish(CURL *easy, curl_socket_t fd, int what, void *data, void *assigned) {
	(void)easy;
	struct http_client *c = data;
	struct http_poll *p = assigned;
	if (what == CURL_POLL_REMOVE) {
		if (p != NULL) {
			curl_multi_assign(c->multi, fd, NULL);
			poll_close(p);
		}
		return 0;
	}
	p = p != NULL ? p : poll_create(c, fd);
	if (p == NULL) {
		return -1;
	}
	int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
				 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
	return uv_poll_start(&p->handle, events, handle_poll) == 0 ? 0 : -1;
}

/* ---- the client ---- */

static void client_set_options(struct http_client *c) {
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, handle_timer_wish);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, handle_socket_wish);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
}

static void timer_init(struct http_client *c, uv_timer_t *timer) {
	uv_timer_init(c->loop, timer);
	timer->data = c;
	c->handles++;
}

struct http_client *http_client_create(uv_loop_t *loop, const char *user_agent) {
	curl_global_init(CURL_GLOBAL_DEFAULT); /* counted by libcurl: cheap when it was done before */
	struct http_client *c = mem_calloc(1, sizeof *c);
	c->loop = loop;
	c->user_agent = mem_dup_str(str_from(user_agent));
	c->multi = curl_multi_init();
	BUG_ON(c->multi == NULL);
	timer_init(c, &c->timer);
	timer_init(c, &c->soon);
	client_set_options(c);
	return c;
}

void http_client_close(struct http_client *c, http_client_closed *closed, void *data) {
	BUG_ON(c->closing);
	c->closing = true;
	c->closed = closed;
	c->closed_data = data;
	for (struct http_exchange *e = c->first; e != NULL; e = e->next) {
		http_cancel(e);
	}
	uv_timer_start(&c->soon, handle_soon, 0, 0); /* also when there is none */
}
