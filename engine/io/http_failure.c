/* Why there was no answer, in words for an operator. */
#include <errno.h>
#include <string.h>

#include "base/duration.h"
#include "base/url.h"
#include "engine/io/http_client_private.h"

static bool answer_began(struct http_exchange *e) {
	return e->header_bytes > 0;
}

/* Not by the time of connecting, which is nothing on a connection that was kept. */
static bool was_connected(struct http_exchange *e) {
	curl_off_t ready = 0;
	curl_easy_getinfo(e->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return ready > 0;
}

static void print_size(struct strbuf *out, size_t bytes) {
	if (bytes >= 1u << 20 && bytes % (1u << 20) == 0) {
		strbuf_printf(out, "%zu MiB", bytes >> 20);
	} else if (bytes >= 1u << 10 && bytes % (1u << 10) == 0) {
		strbuf_printf(out, "%zu KiB", bytes >> 10);
	} else {
		strbuf_printf(out, "%zu bytes", bytes);
	}
}

static void print_too_large(struct strbuf *out, struct http_exchange *e) {
	strbuf_add_c(out, "the answer is larger than ");
	print_size(out, e->max_bytes);
	if (e->limit_name != NULL) {
		strbuf_printf(out, " (%s)", e->limit_name);
	}
}

static void print_headers_too_large(struct strbuf *out) {
	strbuf_add_c(out, "the answer's headers are larger than ");
	print_size(out, HTTP_HEADER_BYTES_MAX);
}

static void print_timeout(struct strbuf *out, struct http_exchange *e) {
	strbuf_add_c(out, answer_began(e)    ? "no whole answer within "
					  : was_connected(e) ? "no answer within "
										 : "no connection within ");
	duration_print(out, e->timeout);
}

static void print_connect(struct strbuf *out, struct http_exchange *e) {
	long number = 0;
	curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &number);
	switch (number) {
	case ECONNREFUSED: strbuf_add_c(out, "connection refused"); return;
	case ENETUNREACH: strbuf_add_c(out, "network is unreachable"); return;
	case EHOSTUNREACH: strbuf_add_c(out, "no route to host"); return;
	case ETIMEDOUT: strbuf_add_c(out, "the connection timed out"); return;
	default: strbuf_printf(out, "cannot connect: %s", e->error); return;
	}
}

static void print_host(struct strbuf *out, struct http_exchange *e) {
	strbuf_printf(out, "cannot resolve host \"%s\"", e->origin.host != NULL ? e->origin.host : "");
}

static void print_redirect(struct strbuf *out, struct http_exchange *e) {
	long status = 0;
	char *to = NULL;
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(e->easy, CURLINFO_REDIRECT_URL, &to);
	struct strbuf masked = STRBUF_INIT;
	url_mask(&masked, str_from(to != NULL ? to : ""));
	bool is_endless = e->redirects == HTTP_REDIRECTS_MAX;
	strbuf_printf(out, "redirected%s (%ld) to \"%.200s\"%s", is_endless ? " again and again" : "",
				  status, masked.len > 0 ? masked.ptr : "",
				  e->follows_redirects ? ", which is not followed"
									   : ": redirects are not followed, configure the final URL");
	strbuf_finish(&masked);
}

/* libcurl's code for two things: a URL that is neither http nor https, and an answer without a status line. */
static void print_protocol(struct strbuf *out, struct http_exchange *e) {
	strbuf_add_c(out, was_connected(e) ? "the answer is not HTTP"
									   : "only http and https URLs are possible");
}

static const char *broken_connection(struct http_exchange *e) {
	return answer_began(e) ? "the connection was reset in the middle of the answer"
						   : "the connection was reset before the answer";
}

/* What a proxy does is not to be taken for the server's doing. */
static bool print_proxy(struct strbuf *out, struct http_exchange *e, CURLcode code) {
	long status = 0;
	curl_easy_getinfo(e->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (!e->has_proxy) {
		return false;
	}
	if (status >= 300) {
		strbuf_printf(out, "the proxy answered with HTTP status %ld%s", status,
					  status == 407 ? ": it wants a user name and a password" : "");
		return true;
	}
	if (code == CURLE_COULDNT_RESOLVE_PROXY) {
		strbuf_add_c(out, "cannot resolve the host of the proxy");
		return true;
	}
	if (code == CURLE_COULDNT_CONNECT) {
		strbuf_add_c(out, "no connection to the proxy: ");
		print_connect(out, e);
		return true;
	}
	return false;
}

static void print_code(struct strbuf *out, struct http_exchange *e, CURLcode code) {
	if (print_proxy(out, e, code) || http_tls_print(out, e, code)) {
		return;
	}
	switch ((int)code) {
	case CURLE_OUT_OF_MEMORY: /* as libcurl calls a header line that does not end */
		print_headers_too_large(out);
		return;
	case CURLE_OPERATION_TIMEDOUT: print_timeout(out, e); return;
	case CURLE_COULDNT_CONNECT: print_connect(out, e); return;
	case CURLE_COULDNT_RESOLVE_HOST: print_host(out, e); return;
	case CURLE_GOT_NOTHING:
		strbuf_add_c(out, "the connection was closed before the answer");
		return;
	case CURLE_PARTIAL_FILE:
		strbuf_add_c(out, "the connection was closed in the middle of the answer");
		return;
	case CURLE_RECV_ERROR: strbuf_add_c(out, broken_connection(e)); return;
	case CURLE_SEND_ERROR:
		strbuf_add_c(out, "the connection was closed while the request was on its way");
		return;
	case CURLE_BAD_CONTENT_ENCODING: strbuf_add_c(out, "the answer is badly compressed"); return;
	case CURLE_WEIRD_SERVER_REPLY: strbuf_add_c(out, "the answer is not HTTP"); return;
	case CURLE_UNSUPPORTED_PROTOCOL: print_protocol(out, e); return;
	case CURLE_URL_MALFORMAT: strbuf_add_c(out, "the URL is malformed"); return;
	default: strbuf_add_c(out, e->error[0] != '\0' ? e->error : curl_easy_strerror(code)); return;
	}
}

void http_failure_print(struct strbuf *out, struct http_exchange *e, CURLcode code) {
	if (e->is_cancelled) {
		strbuf_add_c(out, "cancelled");
	} else if (e->refusal != NULL) {
		strbuf_add_c(out, e->refusal);
	} else if (e->is_too_large) {
		print_too_large(out, e);
	} else if (e->is_header_too_large) {
		print_headers_too_large(out);
	} else if (code == CURLE_OK || e->is_enough) {
		print_redirect(out, e); /* the only failure that ends well */
	} else {
		print_code(out, e, code);
	}
}
