/* Requests: who may ask, and whose turn it is. */
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_server_private.h"

/* ---- the head ---- */

/* The words are those of the exporters where they have them. */
static const struct {
	int status;
	const char *text;         /* %zu: the most that a request may have */
	struct api_header header; /* no name: none */
} refusals[] = {
	[HTTP_TOO_MANY] = {429, "Too Many Requests\n", {NULL, NULL}},
	[HTTP_TOO_LARGE] = {413, "the request is larger than %zu bytes\n", {NULL, NULL}},
	[HTTP_UNAUTHORIZED] = {401, "Unauthorized\n", {"WWW-Authenticate", "Basic"}},
	[HTTP_BUSY] = {503, "too many passwords are being checked\n", {"Retry-After", "10"}},
};

static enum MHD_Result answer_refusal(struct http_server *s, struct http_peer *p) {
	const struct api_header *header = &refusals[p->refusal].header;
	struct api_response r = {.status = refusals[p->refusal].status,
							 .content_type = "text/plain; charset=utf-8"};
	if (header->name != NULL) {
		r.headers[r.header_count++] = *header;
	}
	strbuf_init(&r.body);
	strbuf_printf(&r.body, refusals[p->refusal].text, s->options.body_bytes_max);
	enum MHD_Result result = http_answer_send(s, p, &r);
	strbuf_finish(&r.body);
	return result;
}

static bool has_body(struct MHD_Connection *connection) {
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	return (length != NULL && strcmp(length, "0") != 0) ||
		   MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding") != NULL;
}

/* A body that is not wanted is not read, which ends the connection. Without one it lives on, if the answer comes at the end. */
static enum MHD_Result refuse(struct http_server *s, struct http_peer *p,
							  enum http_refusal refusal) {
	p->refusal = refusal;
	p->stage = HTTP_REFUSED;
	return has_body(p->connection) ? answer_refusal(s, p) : MHD_YES;
}

static bool is_said_too_large(const struct http_server *s, struct MHD_Connection *connection) {
	const char *said = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
	return said != NULL && strtoull(said, NULL, 10) > s->options.body_bytes_max;
}

static enum MHD_Result let_in(struct http_server *s, struct http_peer *p,
							  enum password_verdict verdict) {
	switch (verdict) {
	case PASSWORD_RIGHT: p->stage = HTTP_BODY; return MHD_YES;
	case PASSWORD_WRONG: return refuse(s, p, HTTP_UNAUTHORIZED);
	case PASSWORD_BUSY: return refuse(s, p, HTTP_BUSY);
	case PASSWORD_PENDING:
		p->stage = HTTP_CHECKING;
		MHD_suspend_connection(p->connection);
		return MHD_YES;
	}
	return MHD_NO;
}

static enum MHD_Result handle_head(struct http_server *s, struct http_peer *p) {
	s->newcomer_count -= !p->has_asked;
	p->has_asked = true;
	p->body_bytes = 0;
	if (!rate_limit_take(&s->rate, clock_monotonic())) {
		return refuse(s, p, HTTP_TOO_MANY);
	}
	if (is_said_too_large(s, p->connection)) {
		return refuse(s, p, HTTP_TOO_LARGE);
	}
	return let_in(s, p, http_login_judge(s, p));
}

/* ---- turns ---- */

static void dequeue(struct http_server *s) {
	struct http_peer *p = s->first_queued;
	s->first_queued = p->next_queued;
	if (s->first_queued == NULL) {
		s->last_queued = NULL;
		uv_idle_stop(&s->idle);
	}
	p->stage = HTTP_TURN;
	MHD_resume_connection(p->connection);
}

static void take_turn(uv_idle_t *idle) {
	struct http_server *s = idle->data;
	dequeue(s);
	http_server_run(s);
}

/* An answer may take long to make, and hundreds may be asked for at the same moment. So one run of the daemon makes one; the
 * others are queued, and whatever else the loop has to do comes between them. */
static enum MHD_Result enqueue(struct http_server *s, struct http_peer *p) {
	p->stage = HTTP_QUEUED;
	p->next_queued = NULL;
	*(s->last_queued != NULL ? &s->last_queued->next_queued : &s->first_queued) = p;
	s->last_queued = p;
	MHD_suspend_connection(p->connection);
	uv_idle_start(&s->idle, take_turn);
	return MHD_YES;
}

void http_request_release_all(struct http_server *s) {
	while (s->first_queued != NULL) {
		dequeue(s);
	}
	for (struct http_peer *p = s->first; p != NULL; p = p->next) {
		if (p->stage == HTTP_CHECKING) {
			password_check_forget(p->wait);
			p->stage = HTTP_CHECKED;
			MHD_resume_connection(p->connection);
		} else if (p->stage == HTTP_PACKING) {
			http_pack_forget(p->pack);
			p->stage = HTTP_PACKED;
			MHD_resume_connection(p->connection);
		}
	}
}

/* ---- what the daemon calls ---- */

/* Bodies are not used, but must be read. */
static enum MHD_Result handle_body(struct http_server *s, struct http_peer *p, size_t *length) {
	p->body_bytes += *length;
	*length = 0;
	return p->body_bytes <= s->options.body_bytes_max ? MHD_YES : MHD_NO;
}

/* Called with the head first, then with each piece of the body, then without more; and once more after each suspension. */
enum MHD_Result http_request_handle(void *data, struct MHD_Connection *connection, const char *path,
									const char *method, const char *version, const char *upload,
									size_t *upload_length, void **context) {
	(void)version;
	(void)upload;
	struct http_server *s = data;
	struct http_peer *p = http_peer_of(connection);
	*context = p;
	s->moves++;
	switch (p->stage) {
	case HTTP_HEAD: return handle_head(s, p);
	case HTTP_CHECKED: return let_in(s, p, p->is_right ? PASSWORD_RIGHT : PASSWORD_WRONG);
	case HTTP_BODY:
		if (*upload_length > 0) {
			return handle_body(s, p, upload_length);
		}
		if (!s->may_answer && !api_is_quick(path)) {
			return enqueue(s, p);
		}
		s->may_answer = s->may_answer && api_is_quick(path);
		return http_answer_make(s, p, method, path);
	case HTTP_TURN: return http_answer_make(s, p, method, path);
	case HTTP_PACKED: return http_answer_send(s, p, &p->answer);
	case HTTP_REFUSED: return answer_refusal(s, p);
	case HTTP_CHECKING:
	case HTTP_QUEUED:
	case HTTP_PACKING: break;
	}
	return MHD_NO;
}

/* The query as it came: the daemon would decode it in its own way. Called before anything else of a request. */
void *http_request_handle_uri(void *data, const char *uri, struct MHD_Connection *connection) {
	(void)data;
	struct http_peer *p = http_peer_of(connection);
	const char *mark = strchr(uri, '?');
	free(p->query);
	p->query = mark != NULL ? mem_dup_str(str_from(mark + 1)) : NULL;
	return NULL; /* the request's context, which begins with nothing */
}

void http_request_handle_completed(void *data, struct MHD_Connection *connection, void **context,
								   enum MHD_RequestTerminationCode code) {
	struct http_server *s = data;
	struct http_peer *p = http_peer_of(connection);
	(void)context;
	s->moves++;
	p->stage = HTTP_HEAD;
	http_peer_let_go_answer(s, p);
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		http_peer_renew(s, p);
	}
}
