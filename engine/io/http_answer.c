/* Answers: made by the API, compressed where that is wanted, and handed to the daemon. */
#include <netinet/in.h>

#include "base/mem.h"
#include "engine/io/http_server_private.h"

static bool is_configured(const struct web_config *c, const char *name) {
	for (size_t i = 0; i < c->header_count; i++) {
		if (strcmp(c->headers[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void add_configured(struct MHD_Response *response, const struct web_config *c) {
	for (size_t i = 0; i < c->header_count; i++) {
		char *value = mem_dup_str(c->headers[i].value);
		MHD_add_response_header(response, c->headers[i].name, value);
		free(value);
	}
	if (!is_configured(c, "X-Content-Type-Options")) {
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	}
}

enum MHD_Result http_answer_send(struct http_server *s, struct http_peer *p,
								 struct api_response *r) {
	size_t length = r->body.len;
	char *body = mem_realloc(strbuf_take(&r->body), length + 1, 1); /* it may wait for long */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(body);
		return MHD_NO;
	}
	if (r->content_type != NULL) {
		MHD_add_response_header(response, "Content-Type", r->content_type);
	}
	add_configured(response, &s->access->config);
	for (size_t i = 0; i < r->header_count; i++) {
		MHD_add_response_header(response, r->headers[i].name, r->headers[i].value);
	}
	http_peer_hold_answer(s, p, length);
	enum MHD_Result result = MHD_queue_response(p->connection, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- compression ---- */

/* Over the loopback, compressing costs more than it saves. */
static bool is_near(const struct http_peer *p) {
	const struct sockaddr *address =
		MHD_get_connection_info(p->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	return address->sa_family == AF_INET6 &&
		   (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
			(IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

static void add_header(struct api_response *r, const char *name, const char *value) {
	r->headers[r->header_count++] = (struct api_header){name, value};
}

static bool is_to_pack(const struct http_server *s, const struct http_peer *p, const char *method,
					   const struct api_response *r) {
	return r->body.len >= HTTP_PACK_MIN && strcmp(method, "HEAD") != 0 &&
		   http_pack_is_accepted(
			   MHD_lookup_connection_value(p->connection, MHD_HEADER_KIND, "Accept-Encoding")) &&
		   (s->options.packs_near || !is_near(p));
}

static void note_packed(struct api_response *r, bool is_packed) {
	if (is_packed) {
		add_header(r, "Content-Encoding", "gzip");
	}
}

static void handle_packed(struct strbuf *text, bool is_packed, void *data) {
	struct http_peer *p = data;
	p->answer.body = *text;
	strbuf_init(text);
	note_packed(&p->answer, is_packed);
	p->stage = HTTP_PACKED;
	MHD_resume_connection(p->connection);
	http_server_run(p->server);
}

static enum MHD_Result pack(struct http_server *s, struct http_peer *p, struct api_response *r) {
	if (r->body.len <= HTTP_PACK_AT_ONCE_MAX) {
		note_packed(r, http_pack_now(&r->body));
		return http_answer_send(s, p, r);
	}
	http_peer_hold_answer(s, p, r->body.len);
	p->stage = HTTP_PACKING;
	p->answer = *r;
	p->pack = http_pack_start(s->poll.loop, &p->answer.body, handle_packed, p);
	strbuf_init(&r->body);
	MHD_suspend_connection(p->connection);
	return MHD_YES;
}

enum MHD_Result http_answer_make(struct http_server *s, struct http_peer *p, const char *method,
								 const char *path) {
	struct api_request request = {
		.method = method,
		.path = path,
		.query = p->query != NULL ? str_from(p->query) : STR_EMPTY,
		.origin = MHD_lookup_connection_value(p->connection, MHD_HEADER_KIND, "Origin"),
	};
	struct api_response r = {.status = 500, .content_type = "text/plain; charset=utf-8"};
	strbuf_init(&r.body);
	s->handle(&request, &r, s->data);
	if (r.body.len >= HTTP_PACK_MIN) {
		add_header(&r, "Vary", "Accept-Encoding");
	}
	enum MHD_Result result =
		is_to_pack(s, p, method, &r) ? pack(s, p, &r) : http_answer_send(s, p, &r);
	strbuf_finish(&r.body);
	return result;
}
