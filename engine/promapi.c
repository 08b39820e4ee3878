/* Requests to Prometheus' query API, and the text for answers that are errors. */
#include "engine/promapi.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#include "base/duration.h"
#include "base/gofloat.h"
#include "engine/limits.h"

static const dur_ms default_lookback = 300000;

void promapi_add_form_value(struct strbuf *body, struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
					 c == '-' || c == '_' || c == '.' || c == '~';
		if (plain) {
			strbuf_add_char(body, (char)c);
		} else if (c == ' ') {
			strbuf_add_char(body, '+');
		} else {
			strbuf_printf(body, "%%%02X", (unsigned)c);
		}
	}
}

/* Seconds with milliseconds: "1700000000.250". */
static void add_time(struct strbuf *body, const char *name, ts_ms t) {
	uint64_t absolute = t < 0 ? (uint64_t)0 - (uint64_t)t : (uint64_t)t;
	strbuf_printf(body, "&%s=%s%" PRIu64 ".%03u", name, t < 0 ? "-" : "", absolute / 1000,
				  (unsigned)(absolute % 1000));
}

static void add_duration(struct strbuf *body, const char *name, dur_ms d) {
	strbuf_printf(body, "&%s=", name);
	duration_print(body, d);
}

static void add_query(struct strbuf *body, const struct plan_fetch *fetch) {
	struct strbuf query = STRBUF_INIT;
	strbuf_add_c(&query, fetch->kind == PQL_NEED_TIMESTAMP ? "timestamp(" : "");
	strbuf_add(&query, fetch->selector);
	if (fetch->kind == PQL_NEED_TIMESTAMP) {
		strbuf_add_char(&query, ')');
	} else if (fetch->kind == PQL_NEED_RANGE) {
		strbuf_add_char(&query, '[');
		duration_print(&query, fetch->end - fetch->start);
		strbuf_add_char(&query, ']');
	}
	strbuf_add_c(body, "query=");
	promapi_add_form_value(body, strbuf_str(&query));
	strbuf_finish(&query);
}

void promapi_print_request(const struct plan_fetch *fetch, const struct promapi_options *options,
						   const char **ret_path, struct strbuf *body) {
	bool grid = fetch->kind != PQL_NEED_RANGE && fetch->grid.start != fetch->grid.end;
	add_query(body, fetch);
	if (grid) {
		add_time(body, "start", fetch->grid.start);
		add_time(body, "end", fetch->grid.end);
		strbuf_printf(body, "&step=%" PRId64 ".%03" PRId64, fetch->grid.step / 1000,
					  fetch->grid.step % 1000);
	} else {
		add_time(body, "time", fetch->kind == PQL_NEED_RANGE ? fetch->end : fetch->grid.end);
	}
	if (options->timeout > 0) {
		add_duration(body, "timeout", options->timeout);
	}
	if (options->lookback > 0 && options->lookback != default_lookback) {
		add_duration(body, "lookback_delta", options->lookback);
	}
	*ret_path = grid ? "/api/v1/query_range" : "/api/v1/query";
}

bool promapi_parse_value(struct str text, double *ret_value) {
	bool range;
	return gofloat_parse(text, ret_value, &range);
}

/* {"status":"error","errorType":"execution","error":"query timed out…"} → "execution: query timed out…". NULL: not that. */
static const char *error_in_body(struct str body, struct arena *a) {
	cJSON *root = cJSON_ParseWithLength(body.ptr, body.len);
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "errorType"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "error"));
	const char *message = NULL;
	if (text != NULL && type != NULL) {
		message = arena_printf(a, "%s: %s", type, text);
	} else if (text != NULL) {
		message = arena_printf(a, "%s", text);
	}
	cJSON_Delete(root);
	return message;
}

const char *promapi_quote_beginning(struct str body, struct arena *a) {
	struct strbuf quoted = STRBUF_INIT;
	struct str head = str_trim(body);
	bool cut = head.len > LIMIT_QUOTED_BYTES;
	strbuf_add_quoted(&quoted, cut ? str_slice(head, 0, LIMIT_QUOTED_BYTES) : head);
	const char *text = arena_printf(a, "%s%s", quoted.ptr, cut ? "…" : "");
	strbuf_finish(&quoted);
	return text;
}

/* As Go's and nginx's servers say it, with status 400. */
static bool wants_tls(int status, struct str body) {
	return status == 400 && str_find(body, STR("HTTP request")) < body.len &&
		   str_find(body, STR("HTTPS")) < body.len;
}

bool promapi_is_refusal(int status, struct str body) {
	return (status == 400 && !wants_tls(status, body)) || status == 413 || status == 422;
}

/* What somebody who reads the status has to do about it; "" when that is plain, or unknown. */
static const char *advice_for(int status, struct str body) {
	if (status == 401 || status == 403) {
		return " (it wants other credentials: see basic_auth and authorization)";
	}
	if (status == 404) {
		return " (is its URL right, with the path that the server is under?)";
	}
	return wants_tls(status, body) ? " (is its URL https://?)" : "";
}

const char *promapi_error_text(int status, struct str body, struct arena *a) {
	const char *error = body.len > 0 ? error_in_body(body, a) : NULL;
	if (error != NULL) {
		return arena_printf(a, "HTTP status %d: %s%s", status, error, advice_for(status, body));
	}
	if (status >= 300 && status < 400) {
		return arena_printf(a, "HTTP status %d: a redirect, which is not followed", status);
	}
	if (str_trim(body).len == 0) {
		return arena_printf(a, "HTTP status %d%s", status, advice_for(status, body));
	}
	return arena_printf(a, "HTTP status %d: %s%s", status, promapi_quote_beginning(body, a),
						advice_for(status, body));
}
