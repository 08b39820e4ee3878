/* Reads a query's answer piece by piece. The elements of data.result are cut out as they come and decoded one by one; the rest, the
 * frame, is small and decoded at the end. So no more than one series is held as text. */
#include <cjson/cJSON.h>
#include <math.h>

#include "base/mem.h"
#include "engine/limits.h"
#include "engine/promapi_private.h"

#define KEY_BYTES 16 /* longer keys are not the ones looked for */

/* Depth 1 is the answer, 2 its "data", 3 data.result, 4 and deeper its elements. */
enum { DEPTH_ANSWER = 1, DEPTH_DATA = 2, DEPTH_RESULT = 3 };

struct promapi_decoder {
	struct promapi_limits limits;
	struct arena *arena;
	struct strbuf frame;   /* the answer without the elements of its result */
	struct strbuf element; /* the beginning of the element under way */
	struct series_reader reader;
	size_t bytes;
	char head[LIMIT_QUOTED_BYTES];
	size_t head_length;
	/* the scanner */
	size_t depth;
	bool in_string, after_backslash, in_result, in_element, want_comma, complete;
	char text[KEY_BYTES]; /* the string under way or the last one, at depth 1 and 2 */
	size_t text_length;
	char key[DEPTH_DATA + 1][KEY_BYTES]; /* the last key at a depth */
	/* what was read */
	struct pql_series *series;
	size_t series_count, series_capacity;
	const char *error; /* NULL: fine so far */
	bool too_large;    /* the error is that of answer_bytes */
};

struct promapi_decoder *promapi_decoder_create(const struct promapi_limits *limits,
											   struct arena *a) {
	struct promapi_decoder *d = mem_calloc(1, sizeof(*d));
	d->limits = *limits;
	d->arena = a;
	series_reader_init(&d->reader, a, limits->samples);
	return d;
}

void promapi_decoder_destroy(struct promapi_decoder *d) {
	if (d == NULL) {
		return;
	}
	strbuf_finish(&d->frame);
	strbuf_finish(&d->element);
	series_reader_finish(&d->reader);
	free(d);
}

static bool fail(struct promapi_decoder *d, const char *message) {
	d->error = message;
	return false;
}

/* With the beginning of the answer, so that an operator sees who answered instead. */
static bool fail_quoting(struct promapi_decoder *d, const char *what) {
	struct strbuf quoted = STRBUF_INIT;
	strbuf_add_quoted(&quoted, str_trim((struct str){.ptr = d->head, .len = d->head_length}));
	strbuf_add_c(&quoted, d->bytes > d->head_length ? "…" : "");
	fail(d, arena_printf(d->arena, "%s: %s", what, quoted.ptr));
	strbuf_finish(&quoted);
	return false;
}

static bool add_series(struct promapi_decoder *d, struct str text) {
	struct pql_series s;
	bool any;
	if (!series_reader_read(&d->reader, text, &s, &any)) {
		return fail(d, d->reader.error);
	}
	if (any) {
		d->series = arena_grow(d->arena, d->series, d->series_count, &d->series_capacity,
							   sizeof(*d->series));
		d->series[d->series_count++] = s;
	}
	return true;
}

static void open_container(struct promapi_decoder *d, char c) {
	d->depth++;
	if (d->depth == DEPTH_RESULT && c == '[' && strcmp(d->key[DEPTH_ANSWER], "data") == 0 &&
		strcmp(d->key[DEPTH_DATA], "result") == 0) {
		d->in_result = true;
		d->want_comma = false;
	} else if (d->depth == DEPTH_DATA) {
		d->key[DEPTH_DATA][0] = '\0';
	}
}

static void end_text(struct promapi_decoder *d) {
	d->text[d->text_length < KEY_BYTES ? d->text_length : 0] = '\0';
}

/* A byte outside of data.result. */
static void scan_frame_byte(struct promapi_decoder *d, char c) {
	bool key_depth = d->depth == DEPTH_ANSWER || d->depth == DEPTH_DATA;
	if (d->in_string) {
		if (d->after_backslash) {
			d->after_backslash = false;
		} else if (c == '\\') {
			d->after_backslash = true;
		} else if (c == '"') {
			d->in_string = false;
			end_text(d);
			return;
		}
		if (d->text_length < KEY_BYTES) {
			d->text[d->text_length++] = c;
		}
		return;
	}
	if (c == '"') {
		d->in_string = true;
		d->text_length = 0;
	} else if (c == ':' && key_depth) {
		memcpy(d->key[d->depth], d->text, KEY_BYTES);
	} else if (c == '{' || c == '[') {
		open_container(d, c);
	} else if ((c == '}' || c == ']') && d->depth > 0) {
		d->depth--;
		d->complete = d->depth == 0;
	}
}

static bool push_frame(struct promapi_decoder *d, char c);

/* A byte of data.result, between elements. */
static bool scan_between(struct promapi_decoder *d, char c) {
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		return true;
	}
	if (c == ']') {
		d->in_result = false;
		d->depth--;
		strbuf_add_char(&d->frame, c);
		return true;
	}
	if (c == ',' && d->want_comma) {
		d->want_comma = false;
		return true;
	}
	if (c == '{' && !d->want_comma) {
		d->in_element = true;
		return true;
	}
	if (d->limits.scalar && d->series_count == 0 && !d->want_comma) {
		d->in_result = false; /* a scalar: as small as the frame, and read with it */
		return push_frame(d, c);
	}
	return fail_quoting(d, "the result of the answer is not a list of series");
}

/* Bytes that mean something inside an element. */
enum { PLAIN, QUOTE, BACKSLASH, OPEN, CLOSE };
static const unsigned char meaning[256] = {
	['"'] = QUOTE, ['\\'] = BACKSLASH, ['{'] = OPEN, ['['] = OPEN, ['}'] = CLOSE, [']'] = CLOSE,
};

/* Index of the quote that ends a string, or bytes.len. */
static size_t scan_string(struct promapi_decoder *d, struct str bytes, size_t at) {
	for (; at < bytes.len; at++) {
		char c = bytes.ptr[at];
		if (d->after_backslash) {
			d->after_backslash = false;
		} else if (c == '\\') {
			d->after_backslash = true;
		} else if (c == '"') {
			d->in_string = false;
			return at;
		}
	}
	return at;
}

/* Skips to the end of the element or of the bytes; the index after it. */
static size_t scan_element(struct promapi_decoder *d, struct str bytes, size_t at) {
	if (d->in_string) {
		at = scan_string(d, bytes, at) + 1;
	}
	for (; at < bytes.len; at++) {
		switch (meaning[(unsigned char)bytes.ptr[at]]) {
		case QUOTE:
			d->in_string = true;
			at = scan_string(d, bytes, at + 1);
			break;
		case OPEN: d->depth++; break;
		case CLOSE:
			if (--d->depth == DEPTH_RESULT) {
				return at + 1;
			}
			break;
		default: break;
		}
	}
	return bytes.len;
}

/* An element that lies in one piece is read where it lies. */
static bool push_element(struct promapi_decoder *d, struct str piece) {
	if (d->depth > DEPTH_RESULT) {
		strbuf_add(&d->element, piece);
		return true;
	}
	d->in_element = false;
	d->want_comma = true;
	if (d->element.len == 0) {
		return add_series(d, piece);
	}
	strbuf_add(&d->element, piece);
	bool ok = add_series(d, strbuf_str(&d->element));
	strbuf_clear(&d->element);
	return ok;
}

static bool push_frame(struct promapi_decoder *d, char c) {
	if (d->frame.len == 0 && c != '{') {
		return c == ' ' || c == '\n' || c == '\r' || c == '\t'
				   ? true
				   : fail_quoting(d, "the answer is not JSON of the query API");
	}
	if (d->complete) {
		bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
		return blank || fail(d, "the answer goes on after its end");
	}
	if (d->frame.len >= LIMIT_ANSWER_FRAME_BYTES) {
		return fail(d,
					arena_printf(d->arena, "the answer has more than %u bytes besides its series",
								 LIMIT_ANSWER_FRAME_BYTES));
	}
	strbuf_add_char(&d->frame, c);
	scan_frame_byte(d, c);
	return true;
}

static void keep_head(struct promapi_decoder *d, struct str bytes) {
	size_t room = sizeof(d->head) - d->head_length;
	size_t taken = bytes.len < room ? bytes.len : room;
	memcpy(d->head + d->head_length, bytes.ptr, taken);
	d->head_length += taken;
}

bool promapi_decoder_push(struct promapi_decoder *d, struct str bytes) {
	if (d->error != NULL) {
		return false;
	}
	keep_head(d, bytes);
	for (size_t at = 0; at < bytes.len;) {
		if (d->in_element) {
			size_t end = scan_element(d, bytes, at);
			if (!push_element(d, str_slice(bytes, at, end))) {
				return false;
			}
			at = end;
		} else if (d->in_result) {
			if (!scan_between(d, bytes.ptr[at])) {
				return false;
			}
			at += d->in_element ? 0 : 1; /* an opening brace is the element's */
		} else {
			if (!push_frame(d, bytes.ptr[at])) {
				return false;
			}
			at++;
		}
	}
	d->bytes += bytes.len;
	if (d->bytes > d->limits.answer_bytes) {
		d->too_large = true;
		return fail(d, arena_printf(d->arena,
									"the answer is larger than %zu bytes (limits.answer_bytes)",
									d->limits.answer_bytes));
	}
	return true;
}

bool promapi_decoder_has_error(const struct promapi_decoder *d) {
	return d->error != NULL;
}

bool promapi_decoder_is_too_large(const struct promapi_decoder *d) {
	return d->too_large || d->reader.too_large;
}

static void decode_notes(struct promapi_decoder *d, const cJSON *root,
						 struct promapi_notes *ret_notes) {
	static const char *const lists[] = {"warnings", "infos"};
	const char **notes = NULL;
	size_t count = 0, capacity = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, lists[i]);
		for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item != NULL;
			 item = item->next) {
			if (cJSON_IsString(item)) {
				notes = arena_grow(d->arena, notes, count, &capacity, sizeof(*notes));
				notes[count++] = arena_dup(d->arena, str_from(item->valuestring)).ptr;
			}
		}
		ret_notes->warning_count = i == 0 ? count : ret_notes->warning_count;
	}
	ret_notes->warnings = notes;
	ret_notes->count = count;
}

/* VictoriaMetrics marks it; Thanos, and Prometheus with remote read, put what a store said of itself among the warnings, beside
 * those of the PromQL engine, which are about the expression. */
const char *promapi_find_partial(const struct cJSON *root, struct arena *a) {
	const cJSON *warning;
	cJSON_ArrayForEach(warning, cJSON_GetObjectItemCaseSensitive(root, "warnings")) {
		const char *text = cJSON_GetStringValue(warning);
		if (text != NULL && !str_starts_with(str_from(text), STR("PromQL warning: ")) &&
			!str_starts_with(str_from(text), STR("PromQL info: "))) {
			return arena_dup(a, str_from(text)).ptr;
		}
	}
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "isPartial")) ? "isPartial is true"
																			 : NULL;
}

static void judge_notes(struct promapi_decoder *d, const cJSON *root, struct promapi_notes *notes) {
	decode_notes(d, root, notes);
	notes->histograms_skipped = d->reader.histograms_skipped;
	notes->partial = promapi_find_partial(root, d->arena);
}

/* [1700000000.25,"1"] */
static bool take_scalar(struct promapi_decoder *d, const cJSON *pair) {
	const cJSON *time = cJSON_GetArrayItem(pair, 0);
	const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
	double value;
	if (!cJSON_IsNumber(time) || text == NULL || !promapi_parse_value(str_from(text), &value)) {
		return fail_quoting(d, "the answer's scalar is none");
	}
	ts_ms *times = ARENA_NEW(d->arena, ts_ms);
	double *values = ARENA_NEW(d->arena, double);
	times[0] = (ts_ms)floor(time->valuedouble * 1000 + 0.5);
	values[0] = value;
	d->series = ARENA_NEW(d->arena, struct pql_series);
	d->series[0] = (struct pql_series){.times = times, .values = values, .count = 1};
	d->series_count = 1;
	return true;
}

/* Of a result that is no list of series, a scalar's pair may be there and an error's nothing; all else is not the API's. */
static bool judge_result(struct promapi_decoder *d, const cJSON *result) {
	bool any = cJSON_GetArraySize(result) > 0;
	return !any || fail_quoting(d, "the result of the answer is not a list of series");
}

/* What the frame says: an error, another kind of result. */
static bool judge_frame(struct promapi_decoder *d, const cJSON *root) {
	const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "status"));
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "resultType"));
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "error"));
	if (status != NULL && strcmp(status, "error") == 0) {
		const char *kind =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "errorType"));
		return fail(d, arena_printf(d->arena, "%s: %s", kind == NULL ? "error" : kind,
									error == NULL ? "no reason given" : error));
	}
	if (status == NULL || strcmp(status, "success") != 0) {
		return fail_quoting(d, "the answer is not one of the query API");
	}
	if (type == NULL || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(data, "result"))) {
		return fail_quoting(d, "the answer has no result");
	}
	if (d->limits.scalar && strcmp(type, "scalar") == 0) {
		return take_scalar(d, cJSON_GetObjectItemCaseSensitive(data, "result"));
	}
	if (strcmp(type, "vector") != 0 && strcmp(type, "matrix") != 0) {
		return fail(
			d, arena_printf(d->arena, "the answer is a %s, expected a vector or matrix", type));
	}
	return judge_result(d, cJSON_GetObjectItemCaseSensitive(data, "result"));
}

static bool finish(struct promapi_decoder *d, struct promapi_notes *notes) {
	if (d->error != NULL) {
		return false;
	}
	if (d->frame.len == 0) {
		return fail(d, "the answer is empty");
	}
	if (!d->complete) {
		return fail(
			d, arena_printf(d->arena, "the answer ends in the middle, after %zu bytes", d->bytes));
	}
	cJSON *root = cJSON_ParseWithLength(d->frame.ptr, d->frame.len);
	bool ok = root != NULL ? judge_frame(d, root) : fail_quoting(d, "the answer is not valid JSON");
	if (ok) {
		judge_notes(d, root, notes);
	}
	cJSON_Delete(root);
	if (ok && notes->partial != NULL && !d->limits.partial) {
		return fail(d, arena_printf(d->arena,
									"the answer is partial: %s (prometheus.allow_partial_answers)",
									notes->partial));
	}
	return ok;
}

bool promapi_decoder_finish(struct promapi_decoder *d, struct pql_series_set *ret_set,
							struct promapi_notes *ret_notes, const char **ret_error) {
	struct promapi_notes notes = {0};
	if (!finish(d, &notes)) {
		*ret_error = d->error;
		return false;
	}
	*ret_set = (struct pql_series_set){.form = PQL_SERIES_LOOKED_UP,
									   .items = d->series,
									   .count = d->series_count,
									   .incomplete = notes.histograms_skipped > 0};
	*ret_notes = notes;
	return true;
}
