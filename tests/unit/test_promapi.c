/* The query API: requests as they are written, answers cut at every place, answers that are wrong in every way. */
#include "tests/unit/check.h"

#include "engine/promapi.h"

static const struct promapi_limits limits = {
	.answer_bytes = 10000, .samples = 100, .partial = true};

struct decoded {
	struct promapi_limits limits;
	struct arena arena;
	struct pql_series_set set;
	struct promapi_notes notes;
	const char *error; /* NULL: fine */
};

/* Pushes the text in pieces of `piece` bytes, the first one `first` bytes. */
static void decode_within(struct decoded *d, const struct promapi_limits *within, struct str text,
						  size_t first, size_t piece) {
	*d = (struct decoded){.limits = *within};
	arena_init(&d->arena);
	struct promapi_decoder *decoder = promapi_decoder_create(&d->limits, &d->arena);
	size_t at = 0, next = first;
	while (at < text.len) {
		size_t end = at + next < text.len ? at + next : text.len;
		if (!promapi_decoder_push(decoder, str_slice(text, at, end))) {
			break;
		}
		at = end;
		next = piece;
	}
	if (promapi_decoder_finish(decoder, &d->set, &d->notes, &d->error)) {
		d->error = NULL;
	}
	promapi_decoder_destroy(decoder);
}

static void decode(struct decoded *d, struct str text, size_t first, size_t piece) {
	decode_within(d, &limits, text, first, piece);
}

static void print_set(struct strbuf *out, const struct pql_series_set *set) {
	for (size_t i = 0; i < set->count; i++) {
		const struct pql_series *s = &set->items[i];
		labels_print(out, s->labels);
		for (size_t j = 0; j < s->count; j++) {
			strbuf_printf(out, " %lld:%g", (long long)s->times[j], s->values[j]);
		}
		strbuf_add_char(out, '\n');
	}
}

static const struct {
	const char *text, *series;
	size_t histograms, warnings;
} good[] = {
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}", "", 0, 0},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__"
	 "name__\":\"up\",\"job\":\"a\"},\"value\":[1700000000.25,\"1\"]},{\"metric\":{},\"value\":["
	 "1700000000.25,\"NaN\"]}]}}\n",
	 "up{job=\"a\"} 1700000000250:1\n{} 1700000000250:nan\n", 0, 0},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"le\":"
	 "\"+Inf\"},\"values\":[[1,\"1e3\"],[1.001,\"+Inf\"],[2,\"-Inf\"]]}]}}",
	 "{le=\"+Inf\"} 1000:1000 1001:inf 2000:-inf\n", 0, 0},
	/* keys in another order, blanks, brackets and quotes in strings */
	{" {\n\"data\" : { \"result\" : [ { \"value\":[0,\"2\"], \"metric\":{ \"a\":\"]}\\\"[{\\\\\" } "
	 "} ] , \"resultType\":\"vector\"},\"status\":\"success\" } ",
	 "{a=\"]}\\\"[{\\\\\"} 0:2\n", 0, 0},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"a\":"
	 "\"\\u00e4\\n\"},\"value\":[0,\"2\"]}],\"stats\":{\"result\":[{\"x\":1}]}},\"warnings\":["
	 "\"slow\",\"part\"],\"infos\":[\"hm\"]}",
	 "{a=\"ä\\n\"} 0:2\n", 0, 3},
	/* native histograms are passed over */
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"a\":"
	 "\"h\"},\"histogram\":[0,{\"count\":\"1\",\"sum\":\"2\",\"buckets\":[]}]},{\"metric\":{\"a\":"
	 "\"b\"},\"value\":[0,\"2\"]}]}}",
	 "{a=\"b\"} 0:2\n", 1, 0},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"a\":"
	 "\"h\"},\"values\":[[1,\"1\"]],\"histograms\":[[2,{}],[3,{}]]}]}}",
	 "{a=\"h\"} 1000:1\n", 2, 0},
	/* numbers in every form; members that nobody knows, and one that comes twice */
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"x\":[true,null,{"
	 "\"y\":-1.5e3}],\"metric\":{\"b\":\"\\ud83d\\ude00\\/\",\"a\":\"1\"},\"values\":[[1.7e9,\"0.1\"],["
	 "1700000000.0006,\"2\"],[1700000000.002,\"12345678901234567890123\"],[1700000001,\"-0.5\"],["
	 "1700000002.10,\"1e-7\"]],\"values\":[[1,\"1\"]]}]}}",
	 "{a=\"1\", b=\"😀/\"} 1700000000000:0.1 1700000000001:2 1700000000002:1.23457e+22 "
	 "1700000001000:-0.5 1700000002100:1e-07\n",
	 0, 0},
	/* a label with an empty value is no label */
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"a\":"
	 "\"\",\"b\":\"c\"},\"value\":[-1.5,\"0x1p-2\"]}]}}",
	 "{b=\"c\"} -1500:0.25\n", 0, 0},
};

static void check_good(size_t i, size_t first, size_t piece) {
	struct decoded d;
	struct strbuf out = STRBUF_INIT;
	decode(&d, str_from(good[i].text), first, piece);
	if (d.error != NULL) {
		fail_msg("case %zu, cut at %zu: %s", i, first, d.error);
	}
	print_set(&out, &d.set);
	assert_string_equal(out.ptr == NULL ? "" : out.ptr, good[i].series);
	assert_int_equal(d.notes.histograms_skipped, good[i].histograms);
	assert_int_equal(d.notes.count, good[i].warnings);
	strbuf_finish(&out);
	arena_finish(&d.arena);
}

static void test_good_answers_cut_anywhere(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		size_t length = strlen(good[i].text);
		for (size_t cut = 1; cut <= length; cut++) {
			check_good(i, cut, length);
		}
		check_good(i, 1, 1);
	}
}

#define VECTOR(elements)                                                                           \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" elements "]}}"

static const struct {
	const char *text, *error;
} bad[] = {
	{"", "the answer is empty"},
	{"  \n", "the answer is empty"},
	{"<!DOCTYPE html>\n<title>Sign in</title>",
	 "the answer is not JSON of the query API: \"<!DOCTYPE html>\\n<title>Sign in</title>\""},
	{"[]", "the answer is not JSON of the query API: \"[]\""},
	{"{}", "the answer is not one of the query API: \"{}\""},
	{"{\"status\":\"success\"}", "the answer has no result: \"{\\\"status\\\":\\\"success\\\"}\""},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{}",
	 "the answer ends in the middle, after 72 bytes"},
	{"{\"status\":\"error\",\"errorType\":\"timeout\",\"error\":\"query timed out\"}",
	 "timeout: query timed out"},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"1\"]}}",
	 "the result of the answer is not a list of series: "
	 "\"{\\\"status\\\":\\\"success\\\",\\\"data\\\":{\\\"resultType\\\":\\\"scalar\\\","
	 "\\\"result\\\":[1,\\\"1\\\"]}}\""},
	{"{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":[]}}",
	 "the answer is a streams, expected a vector or matrix"},
	{VECTOR("1"), NULL},
	{VECTOR(",{}"), NULL},
	{VECTOR("{\"metric\":{},\"value\":[1,\"1\"]}{}"), NULL},
	{VECTOR("{}"), "the answer holds a series without labels"},
	{VECTOR("{\"metric\":{}}"), "the answer holds a series without values"},
	{VECTOR("{\"metric\":{\"a\":1},\"value\":[1,\"1\"]}"),
	 "the answer holds a label that is not a string"},
	{VECTOR("{\"metric\":{},\"value\":[1,1]}"),
	 "the answer holds a sample that is not [time, \"value\"]"},
	{VECTOR("{\"metric\":{},\"value\":[\"1\",\"1\"]}"),
	 "the answer holds a sample that is not [time, \"value\"]"},
	{VECTOR("{\"metric\":{},\"value\":[1,\"1\",2]}"),
	 "the answer holds a sample that is not [time, \"value\"]"},
	{VECTOR("{\"metric\":{},\"value\":[1,\"one\"]}"),
	 "the answer holds a sample whose value is not a number"},
	{VECTOR("{\"metric\":{},\"value\":[1e300,\"1\"]}"),
	 "the answer holds a sample whose time is out of range"},
	{VECTOR("{\"metric\":{},\"values\":[[2,\"1\"],[1,\"1\"]]}"),
	 "the answer holds samples that are not in order of time"},
	{VECTOR("{\"metric\":{],\"value\":[1,\"1\"]}"),
	 "the answer holds a series that is not valid JSON"},
	{VECTOR("") "}", "the answer goes on after its end"},
	{VECTOR("") " " VECTOR(""), "the answer goes on after its end"},
};

static void test_bad_answers(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t length = strlen(bad[i].text);
		for (size_t piece = 1; piece <= length + 1; piece += length > 0 ? length : 1) {
			struct decoded d;
			decode(&d, str_from(bad[i].text), piece, piece);
			if (d.error == NULL) {
				fail_msg("accepted: %s", bad[i].text);
			}
			/* What is quoted depends on how much had come. */
			if (bad[i].error != NULL && (piece > 1 || strchr(bad[i].error, '"') == NULL)) {
				assert_string_equal(d.error, bad[i].error);
			}
			arena_finish(&d.arena);
		}
	}
}

#define NOTED(notes)                                                                               \
	"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}," notes "}"

static const struct {
	const char *text, *reason; /* NULL: it counts as whole */
} partial[] = {
	{NOTED("\"warnings\":[]"), NULL},
	{NOTED("\"isPartial\":false"), NULL},
	{NOTED("\"isPartial\":null,\"infos\":[\"store gone\"]"), NULL},
	{NOTED(
		 "\"warnings\":[\"PromQL warning: bucket label missing (1:1)\",\"PromQL info: no counter\"]"),
	 NULL},
	{NOTED("\"isPartial\":true"), "isPartial is true"},
	{NOTED("\"warnings\":[\"PromQL warning: x\",\"No StoreAPIs matched for this query\"]"),
	 "No StoreAPIs matched for this query"},
	{NOTED(
		 "\"infos\":[\"i\"],\"warnings\":[\"remote_read: connection refused\"],\"isPartial\":true"),
	 "remote_read: connection refused"},
};

/* What is missing would look like alerts that are over. */
static void test_partial_answers(void **state) {
	(void)state;
	static const struct promapi_limits strict = {.answer_bytes = 10000, .samples = 100};
	for (size_t i = 0; i < COUNT(partial); i++) {
		struct decoded d;
		struct strbuf wanted = STRBUF_INIT;
		decode(&d, str_from(partial[i].text), 7, 7);
		assert_null(d.error);
		assert_int_equal(d.notes.partial != NULL, partial[i].reason != NULL);
		arena_finish(&d.arena);
		decode_within(&d, &strict, str_from(partial[i].text), 7, 7);
		strbuf_printf(&wanted, "the answer is partial: %s (prometheus.allow_partial_answers)",
					  partial[i].reason != NULL ? partial[i].reason : "");
		assert_int_equal(d.error != NULL, partial[i].reason != NULL);
		assert_string_equal(d.error != NULL ? d.error : wanted.ptr, wanted.ptr);
		strbuf_finish(&wanted);
		arena_finish(&d.arena);
	}
}

/* Every prefix of a good answer is an error, never a shorter result. */
static void test_truncated(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		size_t length = str_trim(str_from(good[i].text)).len;
		size_t skip = good[i].text[0] == ' ' ? 1 : 0;
		for (size_t cut = 0; cut < length + skip; cut++) {
			struct decoded d;
			decode(&d, (struct str){.ptr = good[i].text, .len = cut}, cut, cut);
			assert_non_null(d.error);
			arena_finish(&d.arena);
		}
	}
}

static void test_limits(void **state) {
	(void)state;
	struct strbuf text = STRBUF_INIT;
	struct decoded d;
	strbuf_add_c(&text,
				 "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{"
				 "\"metric\":{},\"values\":[[0,\"0\"]");
	for (int i = 1; i <= 100; i++) {
		strbuf_printf(&text, ",[%d,\"0\"]", i);
	}
	strbuf_add_c(&text, "]}]}}");
	decode(&d, strbuf_str(&text), 50, 50);
	assert_string_equal(d.error, "the answer has more than 100 samples (limits.samples)");
	arena_finish(&d.arena);
	strbuf_clear(&text);
	strbuf_add_c(&text, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
	strbuf_add_repeat(&text, ' ', 10000);
	decode(&d, strbuf_str(&text), 500, 500);
	assert_string_equal(d.error, "the answer is larger than 10000 bytes (limits.answer_bytes)");
	arena_finish(&d.arena);
	strbuf_finish(&text);
}

static void test_error_text(void **state) {
	(void)state;
	static const struct {
		int status;
		const char *body, *text;
	} cases[] = {
		{422,
		 "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"query processing would load "
		 "too many samples into memory\"}",
		 "HTTP status 422: execution: query processing would load too many samples into memory"},
		{400, "{\"error\":\"bad\"}", "HTTP status 400: bad"},
		{503, "", "HTTP status 503"},
		{503, "<html>\nno\x01</html>", "HTTP status 503: \"<html>\\nno\\x01</html>\""},
		{302, "<a href=/login>", "HTTP status 302: a redirect, which is not followed"},
		{500, "{\"error\":", "HTTP status 500: \"{\\\"error\\\":\""},
		{204, "", "HTTP status 204"},
		{404, "404 page not found\n",
		 "HTTP status 404: \"404 page not found\" (is its URL right, with the path that the server is "
		 "under?)"},
		{400, "Client sent an HTTP request to an HTTPS server.\n",
		 "HTTP status 400: \"Client sent an HTTP request to an HTTPS server.\" (is its URL "
		 "https://?)"},
	};
	struct arena a;
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(promapi_error_text(cases[i].status, str_from(cases[i].body), &a),
							cases[i].text);
	}
	struct strbuf body = STRBUF_INIT;
	strbuf_add_repeat(&body, 'x', 5000);
	const char *text = promapi_error_text(500, strbuf_str(&body), &a);
	assert_true(strlen(text) < 300);
	strbuf_finish(&body);
	arena_finish(&a);
}

static void test_refusals(void **state) {
	(void)state;
	assert_true(promapi_is_refusal(400, STR("bad label")));
	assert_true(promapi_is_refusal(413, STR("")));
	assert_true(promapi_is_refusal(422, STR("")));
	assert_false(promapi_is_refusal(400, STR("The plain HTTP request was sent to HTTPS port")));
	assert_false(promapi_is_refusal(401, STR("")));
	assert_false(promapi_is_refusal(503, STR("")));
}

static void test_requests(void **state) {
	(void)state;
	static const struct {
		struct plan_fetch fetch;
		struct promapi_options options;
		const char *path, *body;
	} cases[] = {
		{{.kind = PQL_NEED_INSTANT,
		  .selector = {"up{job=\"a b\"}", 13},
		  .grid = {1700000000250, 1700000000250, 1}},
		 {30000, 300000},
		 "/api/v1/query",
		 "query=up%7Bjob%3D%22a+b%22%7D&time=1700000000.250&timeout=30s"},
		{{.kind = PQL_NEED_RANGE, .selector = {"up", 2}, .start = 1000, .end = 301000},
		 {0, 60000},
		 "/api/v1/query",
		 "query=up%5B5m%5D&time=301.000&lookback_delta=1m"},
		{{.kind = PQL_NEED_RANGE, .selector = {"up", 2}, .start = 1, .end = 90002},
		 {0, 0},
		 "/api/v1/query",
		 "query=up%5B1m30s1ms%5D&time=90.002"},
		{{.kind = PQL_NEED_TIMESTAMP, .selector = {"up", 2}, .grid = {-1500, -1500, 1}},
		 {0, 0},
		 "/api/v1/query",
		 "query=timestamp%28up%29&time=-1.500"},
		{{.kind = PQL_NEED_INSTANT, .selector = {"up", 2}, .grid = {60000, 120000, 30500}},
		 {0, 0},
		 "/api/v1/query_range",
		 "query=up&start=60.000&end=120.000&step=30.500"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf body = STRBUF_INIT;
		const char *path;
		promapi_print_request(&cases[i].fetch, &cases[i].options, &path, &body);
		assert_string_equal(path, cases[i].path);
		assert_string_equal(body.ptr, cases[i].body);
		strbuf_finish(&body);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_answers_cut_anywhere),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_partial_answers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
