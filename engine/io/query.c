#include "engine/io/query.h"

#include <cjson/cJSON.h>
#include <uv.h>

#include "base/bug.h"
#include "engine/io/access.h"
#include "engine/io/http_client.h"

/* Everything that is under way at once. */
struct query {
	const struct query_options *options;
	struct arena *arena;
	struct plan *plan;
	uv_loop_t loop;
	struct http_client *client;
	struct access *access;
	struct asked *asked;
	size_t count, next, running;
	struct pql_notes notes;     /* what the server said besides */
	const char *failure;        /* the first one; nothing new is sent after it */
	enum query_outcome outcome; /* of the first failure */
	bool closing;
};

/* One request. */
struct asked {
	struct query *query;
	const char *path;
	struct strbuf body;
	struct promapi_decoder *decoder; /* NULL: the answer is kept as text */
	struct plan_request *request;
	struct strbuf *text;   /* where to, when there is no decoder */
	struct strbuf refusal; /* the body of an answer that is not 200 */
};

static enum query_outcome outcome_of(int status) {
	return status == 400 ? QUERY_BAD_DATA : status == 422 ? QUERY_EXECUTION : QUERY_UNABLE;
}

static void fail_with(struct query *q, enum query_outcome outcome, const char *message) {
	if (q->failure == NULL) {
		q->outcome = outcome;
		q->failure = arena_printf(q->arena, "%s: %s", q->options->url, message);
	}
}

static void fail(struct query *q, const char *message) {
	fail_with(q, QUERY_UNABLE, message);
}

static bool handle_bytes(int status, struct str bytes, void *data) {
	struct asked *a = data;
	if (status != 200) {
		strbuf_add(&a->refusal, bytes);
		return true;
	}
	if (a->decoder != NULL) {
		return promapi_decoder_push(a->decoder, bytes);
	}
	strbuf_add(a->text, bytes);
	return true;
}

static void add_notes(struct pql_notes *to, const struct promapi_notes *from, struct arena *a) {
	for (size_t i = 0; i < from->count; i++) {
		to->items = arena_grow(a, to->items, to->count, &to->capacity, sizeof(*to->items));
		to->items[to->count++] =
			(struct pql_note){.message = from->warnings[i], .is_warning = i < from->warning_count};
	}
}

static void finish_fetch(struct asked *a) {
	struct query *q = a->query;
	struct promapi_notes notes;
	const char *error;
	if (!promapi_decoder_finish(a->decoder, &a->request->ask.set, &notes, &error)) {
		fail(q, error);
	} else if (notes.histograms_skipped > 0) {
		fail(q,
			 "the data has native histograms, which the query API does not give whole; try --eval "
			 "remote");
	} else {
		add_notes(&q->notes, &notes, q->arena);
		a->request->ask.state = PLAN_ANSWERED;
		plan_settle(q->plan, a->request);
	}
}

static void send_more(struct query *q);

static void handle_closed(void *data) {
	(void)data;
}

static void handle_done(const struct http_answer *answer, void *data) {
	struct asked *a = data;
	struct query *q = a->query;
	q->running--;
	if (answer->status == 0) {
		fail(q, answer->failure);
	} else if (answer->status != 200) {
		fail_with(q, outcome_of(answer->status),
				  promapi_error_text(answer->status, strbuf_str(&a->refusal), q->arena));
	} else if (a->decoder != NULL) {
		finish_fetch(a);
	}
	send_more(q);
}

static void send_one(struct query *q, struct asked *a) {
	const char *url = arena_printf(q->arena, "%s%s", q->options->url, a->path);
	struct http_request request = {
		.url = url,
		.content_type = "application/x-www-form-urlencoded",
		.body = strbuf_str(&a->body),
		.timeout = q->options->timeout,
		.max_bytes = q->options->limits.answer_bytes,
		.limit_name = "--limit-answer-bytes",
		.compressed = true,
		.access = q->options->access != NULL ? access_resolve(q->access, q->options->access) : NULL,
	};
	struct http_callbacks callbacks = {.receive = handle_bytes, .done = handle_done, .data = a};
	q->running++;
	http_send(q->client, &request, &callbacks);
}

static void send_more(struct query *q) {
	while (q->failure == NULL && q->next < q->count && q->running < q->options->fetches) {
		send_one(q, &q->asked[q->next++]);
	}
	if (q->running == 0 && !q->closing) {
		q->closing = true;
		http_client_close(q->client, handle_closed, q);
	}
}

static void run(struct query *q) {
	BUG_ON(uv_loop_init(&q->loop) != 0);
	q->client = http_client_create(&q->loop, "tocsin-query");
	q->access = access_create();
	send_more(q);
	uv_run(&q->loop, UV_RUN_DEFAULT);
	access_destroy(q->access);
	BUG_ON(uv_loop_close(&q->loop) != 0);
}

static void finish(struct query *q) {
	for (size_t i = 0; i < q->count; i++) {
		strbuf_finish(&q->asked[i].body);
		strbuf_finish(&q->asked[i].refusal);
		promapi_decoder_destroy(q->asked[i].decoder);
	}
}

/* Fetches do not share requests here: what is refused is to be the user's own selector. */
static void prepare_requests(struct query *q, struct plan *plan) {
	const struct promapi_options api = {.timeout = q->options->timeout,
										.lookback = q->options->eval.time.lookback};
	struct plan_request *r, **requests = NULL;
	size_t capacity = 0;
	q->plan = plan;
	plan->apart = true;
	while ((r = plan_next_request(plan)) != NULL) {
		requests = arena_grow(q->arena, requests, q->count, &capacity, sizeof(*requests));
		requests[q->count++] = r;
	}
	q->asked = ARENA_ARRAY(q->arena, struct asked, q->count);
	for (size_t i = 0; i < q->count; i++) {
		struct asked *a = &q->asked[i];
		a->query = q;
		a->request = requests[i];
		promapi_print_request(&a->request->ask, &api, &a->path, &a->body);
		a->decoder = promapi_decoder_create(&q->options->limits, q->arena);
	}
}

static bool type_has_range(enum pql_type type) {
	return type == PQL_TYPE_SCALAR || type == PQL_TYPE_VECTOR;
}

static int compare_rows(const void *a, const void *b) {
	const struct pql_row *x = a, *y = b;
	return labels_compare(x->labels, y->labels);
}

/* A range's series stand in the order of their labels, also when it is one step long, which the evaluator takes for an instant. */
static void sort_rows(struct pql_value *v) {
	if (v->row_count > 1) {
		qsort(v->rows, v->row_count, sizeof(*v->rows), compare_rows);
	}
}

static void join_notes(struct pql_notes *to, const struct pql_notes *from, struct arena *a) {
	for (size_t i = 0; i < from->count; i++) {
		to->items = arena_grow(a, to->items, to->count, &to->capacity, sizeof(*to->items));
		to->items[to->count++] = from->items[i];
	}
}

enum query_outcome query_local(const struct pql_expr *expr, const struct query_options *options,
							   struct arena *a, struct pql_value *ret_value,
							   struct pql_notes *ret_notes, const char **ret_failure) {
	struct query q = {.options = options, .arena = a};
	struct plan plan;
	struct pql_need *needs;
	if (options->is_range && !type_has_range(expr->root->type)) {
		*ret_failure =
			arena_printf(a,
						 "invalid expression type \"%s\" for range query, must be Scalar "
						 "or instant Vector",
						 pql_type_name(expr->root->type));
		return QUERY_BAD_DATA;
	}
	plan_init(&plan, a);
	pql_needs(expr, options->grid, &options->eval.time, a, &needs);
	struct plan_fetch **fetches = ARENA_ARRAY(a, struct plan_fetch *, expr->selector_count);
	for (size_t i = 0; i < expr->selector_count; i++) {
		fetches[i] = plan_add(&plan, &needs[i]);
	}
	prepare_requests(&q, &plan);
	run(&q);
	bool good = q.failure == NULL;
	*ret_failure = q.failure;
	if (good) {
		struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, expr->selector_count);
		for (size_t i = 0; i < expr->selector_count; i++) {
			if (fetches[i] != NULL) {
				sets[i] = plan_cut(&plan, fetches[i], &needs[i]);
			}
		}
		struct pql_failure failure;
		good =
			pql_eval(expr, options->grid, &options->eval, sets, a, ret_value, ret_notes, &failure);
		*ret_failure = good ? NULL : failure.message;
		q.outcome = good ? QUERY_FINE : QUERY_EXECUTION;
		if (good && options->is_range) {
			sort_rows(ret_value);
		}
		join_notes(ret_notes, &q.notes, a);
	}
	finish(&q);
	return q.outcome;
}

static void add_escaped(struct strbuf *out, struct str s) {
	for (size_t i = 0; i < s.len; i++) {
		strbuf_printf(out, "%%%02X", (unsigned char)s.ptr[i]);
	}
}

static void add_time(struct strbuf *out, const char *name, ts_ms t) {
	strbuf_printf(out, "&%s=%s%lld.%03lld", name, t < 0 ? "-" : "",
				  (long long)(t < 0 ? -t : t) / 1000, (long long)(t < 0 ? -t : t) % 1000);
}

enum query_outcome query_remote(struct str text, const struct query_options *options,
								struct arena *a, struct strbuf *ret_body,
								const char **ret_failure) {
	struct query q = {.options = options, .arena = a, .count = 1};
	struct asked asked = {.query = &q, .text = ret_body};
	q.asked = &asked;
	asked.path = options->is_range ? "/api/v1/query_range" : "/api/v1/query";
	strbuf_add_c(&asked.body, "query=");
	add_escaped(&asked.body, text);
	add_time(&asked.body, options->is_range ? "start" : "time", options->grid.start);
	if (options->is_range) {
		add_time(&asked.body, "end", options->grid.end);
		add_time(&asked.body, "step", options->grid.step);
	}
	run(&q);
	*ret_failure = q.failure;
	finish(&q);
	return q.outcome;
}

/* The samples of an instant answer, one a series, as rows of a grid of one step. */
static void rows_from_set(const struct pql_series_set *set, struct arena *a, struct pql_value *v) {
	v->rows = ARENA_ARRAY(a, struct pql_row, set->count);
	for (size_t i = 0; i < set->count; i++) {
		const struct pql_series *s = &set->items[i];
		struct pql_row *row = &v->rows[v->row_count++];
		row->labels = s->labels;
		row->values = ARENA_ARRAY(a, double, 1);
		row->present = ARENA_ARRAY(a, uint8_t, 1);
		row->present[0] = s->count > 0;
		row->values[0] = s->count > 0 ? s->values[0] : 0;
	}
}

/* [time, "text"], the result of a scalar or a string. */
static bool decode_single(struct str body, struct arena *a, struct pql_value *v) {
	cJSON *root = cJSON_ParseWithLength(body.ptr, body.len);
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "resultType"));
	const char *text = cJSON_GetStringValue(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(data, "result"), 1));
	bool good = type != NULL && text != NULL;
	if (good && strcmp(type, "scalar") == 0) {
		v->type = PQL_TYPE_SCALAR;
		v->scalars = ARENA_ARRAY(a, double, 1);
		good = promapi_parse_value(str_from(text), &v->scalars[0]);
	} else if (good) {
		v->type = PQL_TYPE_STRING;
		v->string = arena_dup(a, str_from(text));
	}
	cJSON_Delete(root);
	return good;
}

bool query_decode(struct str body, const struct query_options *options, struct arena *a,
				  struct pql_value *ret_value, struct pql_notes *ret_notes,
				  const char **ret_failure) {
	struct pql_value v = {.type = PQL_TYPE_VECTOR, .grid = options->grid, .steps = 1};
	if (!options->is_range && decode_single(body, a, &v)) {
		*ret_value = v;
		return true;
	}
	struct promapi_decoder *decoder = promapi_decoder_create(&options->limits, a);
	struct pql_series_set set;
	struct promapi_notes notes;
	promapi_decoder_push(decoder, body);
	bool good = promapi_decoder_finish(decoder, &set, &notes, ret_failure);
	promapi_decoder_destroy(decoder);
	if (!good) {
		return false;
	}
	add_notes(ret_notes, &notes, a);
	bool is_matrix = options->is_range || (set.count > 0 && set.items[0].count > 1);
	if (is_matrix) {
		v.type = PQL_TYPE_MATRIX;
		v.matrix = set;
	} else {
		rows_from_set(&set, a, &v);
	}
	*ret_value = v;
	return true;
}
