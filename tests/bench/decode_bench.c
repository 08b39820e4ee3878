/* What it costs to read an answer of the query API: the streaming decoder, fed with 16 KiB at a time, beside a tree of the whole
 * answer made by cJSON, which would still have to be walked. The smallest time of several runs.
 *
 *   decode_bench [--runs N] [--megabytes N] */
#include <cjson/cJSON.h>

#include "base/bug.h"
#include "engine/promapi.h"
#include "tests/bench/timing.h"

#define PIECE_BYTES 16384

static const struct shape {
	const char *name, *type;
	size_t samples; /* per series */
	bool whole;     /* values without a fraction */
} shapes[] = {
	{"matrix of 5 min", "matrix", 20, false},
	{"matrix of 1 h", "matrix", 240, false},
	{"matrix of 1 h, counters", "matrix", 240, true},
	{"vector", "vector", 1, false},
};

/* ---- the answer ---- */

static void print_sample(struct strbuf *out, const struct shape *shape, size_t series,
						 size_t sample) {
	double v = (double)(series * 7919 + sample * 13) + (shape->whole ? 0 : (double)sample / 7);

	strbuf_printf(out, "[%zu.%03zu,\"%.*g\"]", 1700000000 + 15 * sample, series % 1000, 17, v);
}

static void print_series(struct strbuf *out, const struct shape *shape, size_t i) {
	strbuf_printf(out,
				  "{\"metric\":{\"__name__\":\"http_request_duration_seconds_bucket\","
				  "\"handler\":\"/api/v1/item/%zu\",\"instance\":\"10.0.%zu.%zu:8080\","
				  "\"job\":\"api-server\",\"le\":\"0.5\",\"region\":\"eu-central-%zu\"},",
				  i % 50, i / 250 % 250, i % 250, i % 3);
	strbuf_add_c(out, shape->samples == 1 ? "\"value\":" : "\"values\":[");
	for (size_t k = 0; k < shape->samples; k++) {
		strbuf_add_c(out, k > 0 ? "," : "");
		print_sample(out, shape, i, k);
	}
	strbuf_add_c(out, shape->samples == 1 ? "}" : "]}");
}

static size_t print_answer(struct strbuf *out, const struct shape *shape, size_t bytes) {
	size_t series = 0;

	strbuf_printf(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
				  shape->type);
	while (out->len < bytes) {
		strbuf_add_c(out, series > 0 ? "," : "");
		print_series(out, shape, series++);
	}
	strbuf_add_c(out, "]}}");
	return series;
}

/* ---- the two readers ---- */

struct cost {
	uint64_t ns;
	size_t peak_bytes, series;
};

static void note_peak(size_t *peak) {
	size_t now = timing_heap_bytes();

	*peak = now > *peak ? now : *peak;
}

/* Looking at the heap takes time too, so that is a run of its own. */
static void run_decoder(struct str text, bool watch_heap, struct cost *ret) {
	const struct promapi_limits limits = {.answer_bytes = 1u << 30, .samples = 50000000};
	size_t before = timing_heap_bytes(), peak = before;
	struct pql_series_set set;
	struct promapi_notes notes;
	struct arena a;
	const char *error;
	uint64_t start = timing_ns();

	arena_init(&a);
	struct promapi_decoder *d = promapi_decoder_create(&limits, &a);
	for (size_t at = 0; at < text.len; at += PIECE_BYTES) {
		size_t end = at + PIECE_BYTES < text.len ? at + PIECE_BYTES : text.len;

		promapi_decoder_push(d, str_slice(text, at, end));
		if (watch_heap) {
			note_peak(&peak);
		}
	}
	if (!promapi_decoder_finish(d, &set, &notes, &error)) {
		BUG("the benchmark's answer was refused");
	}
	ret->series = set.count;
	if (watch_heap) {
		note_peak(&peak);
	}
	promapi_decoder_destroy(d);
	arena_finish(&a);
	ret->ns = timing_ns() - start;
	ret->peak_bytes = peak - before;
}

static void run_tree(struct str text, bool watch_heap, struct cost *ret) {
	size_t before = timing_heap_bytes();
	uint64_t start = timing_ns();
	cJSON *root = cJSON_ParseWithLength(text.ptr, text.len);

	BUG_ON(root == NULL);
	ret->peak_bytes = watch_heap ? timing_heap_bytes() - before : 0;
	ret->series = (size_t)cJSON_GetArraySize(
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "data"), "result"));
	cJSON_Delete(root);
	ret->ns = timing_ns() - start;
}

typedef void reader(struct str text, bool watch_heap, struct cost *ret);

static void measure(const char *name, reader *read, const struct shape *shape, struct str text,
					size_t series, int runs) {
	struct cost best, more;

	read(text, true, &best);
	BUG_ON(best.series != series);
	best.ns = UINT64_MAX;
	for (int i = 0; i < runs; i++) {
		read(text, false, &more);
		best.ns = more.ns < best.ns ? more.ns : best.ns;
	}
	printf("%-24s %-10s %8zu %8.1f %8.0f %10.1f\n", shape->name, name, series,
		   (double)text.len / 1e6, (double)text.len * 1e3 / (double)best.ns,
		   (double)best.peak_bytes / 1e6);
}

int main(int argc, char **argv) {
	int runs = 10;
	size_t bytes = 5000000;

	for (int i = 1; i + 1 < argc; i += 2) {
		long n = strtol(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--runs") == 0) {
			runs = (int)n;
		} else {
			bytes = (size_t)n * 1000000;
		}
	}
	printf("%-24s %-10s %8s %8s %8s %10s\n", "answer", "reader", "series", "MB", "MB/s", "peak MB");
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct strbuf text = STRBUF_INIT;
		size_t series = print_answer(&text, &shapes[i], bytes);

		measure("decoder", run_decoder, &shapes[i], strbuf_str(&text), series, runs);
		measure("cJSON tree", run_tree, &shapes[i], strbuf_str(&text), series, runs);
		strbuf_finish(&text);
	}
	return 0;
}
