/* Reads a query's answer piece by piece. The elements of data.result are cut out as they come and decoded one by one; the rest, the
 * frame, is small and decoded at the end. So no more than one series is held as text. */
#include <cjson/cJSON.h>
#include <math.h>

#include "base/mem.h"
#include "engine/limits.h"
#include "engine/promapi.h"

#define KEY_BYTES 16 /* longer keys are not the ones looked for */

/* Depth 1 is the answer, 2 its "data", 3 data.result, 4 and deeper its elements. */
enum { DEPTH_ANSWER = 1, DEPTH_DATA = 2, DEPTH_RESULT = 3 };

struct promapi_decoder {
	struct promapi_limits limits;
	struct arena *arena;
	struct strbuf frame;   /* the answer without the elements of its result */
	struct strbuf element; /* the beginning of the element under way */
	size_t bytes, samples;
	char head[LIMIT_QUOTED_BYTES];
	size_t head_length;
	/* the scanner */
	size_t depth;
	bool in_string, after_backslash, in_result, want_comma, complete;
	char text[KEY_BYTES]; /* the string under way or the last one, at depth 1 and 2 */
	size_t text_length;
	char key[DEPTH_DATA + 1][KEY_BYTES]; /* the last key at a depth */
	/* what was read */
	struct pql_series *series;
	size_t series_count, series_capacity;
	size_t histograms_skipped;
	const char *error; /* NULL: fine so far */
};

struct promapi_decoder *promapi_decoder_create(const struct promapi_limits *limits,
											   struct arena *a) {
	struct promapi_decoder *d = mem_calloc(1, sizeof(*d));
	d->limits = *limits;
	d->arena = a;
	return d;
}

void promapi_decoder_destroy(struct promapi_decoder *d) {
	if (d == NULL) {
		return;
	}
	strbuf_finish(&d->frame);
	strbuf_finish(&d->element);
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

static bool decode_labels(struct promapi_decoder *d, const cJSON *metric, struct labels *ret) {
	struct labels_builder b;
	labels_builder_init(&b, d->arena);
	for (const cJSON *item = metric->child; item != NULL; item = item->next) {
		if (!cJSON_IsString(item)) {
			return fail(d, "the answer holds a label that is not a string");
		}
		labels_builder_set(&b, arena_dup(d->arena, str_from(item->string)),
						   arena_dup(d->arena, str_from(item->valuestring)));
	}
	*ret = labels_builder_take(&b);
	return true;
}

/* [1700000000.25, "1.5"] */
static bool decode_sample(struct promapi_decoder *d, const cJSON *pair, ts_ms *ret_t,
						  double *ret_v) {
	const cJSON *time = cJSON_IsArray(pair) ? pair->child : NULL;
	const cJSON *value = time != NULL ? time->next : NULL;
	if (!cJSON_IsNumber(time) || !cJSON_IsString(value) || value->next != NULL) {
		return fail(d, "the answer holds a sample that is not [time, \"value\"]");
	}
	if (!(fabs(time->valuedouble) < 9e15)) {
		return fail(d, "the answer holds a sample whose time is out of range");
	}
	if (!promapi_parse_value(str_from(value->valuestring), ret_v)) {
		return fail(d, "the answer holds a sample whose value is not a number");
	}
	*ret_t = (ts_ms)llround(time->valuedouble * 1000);
	return true;
}

static bool decode_samples(struct promapi_decoder *d, const cJSON *values, size_t count,
						   struct pql_series *s) {
	ts_ms *times = ARENA_ARRAY(d->arena, ts_ms, count);
	double *numbers = ARENA_ARRAY(d->arena, double, count);
	const cJSON *pair = values;
	for (size_t i = 0; i < count; i++, pair = pair->next) {
		if (!decode_sample(d, pair, &times[i], &numbers[i])) {
			return false;
		}
		if (i > 0 && times[i] <= times[i - 1]) {
			return fail(d, "the answer holds samples that are not in order of time");
		}
	}
	s->times = times;
	s->values = numbers;
	s->count = count;
	return true;
}

static size_t count_items(const cJSON *array) {
	size_t count = 0;
	for (const cJSON *item = array->child; item != NULL; item = item->next) {
		count++;
	}
	return count;
}

static bool add_series(struct promapi_decoder *d, const cJSON *metric, const cJSON *first,
					   size_t count) {
	struct pql_series s = {0};
	d->samples += count;
	if (d->samples > d->limits.samples) {
		return fail(d, arena_printf(d->arena,
									"the answer has more than %zu samples "
									"(limits.samples)",
									d->limits.samples));
	}
	if (!decode_labels(d, metric, &s.labels) || !decode_samples(d, first, count, &s)) {
		return false;
	}
	d->series =
		arena_grow(d->arena, d->series, d->series_count, &d->series_capacity, sizeof(*d->series));
	d->series[d->series_count++] = s;
	return true;
}

static bool decode_series(struct promapi_decoder *d, const cJSON *root) {
	const cJSON *metric = cJSON_GetObjectItemCaseSensitive(root, "metric");
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, "value");
	const cJSON *values = cJSON_GetObjectItemCaseSensitive(root, "values");
	const cJSON *histogram = cJSON_GetObjectItemCaseSensitive(root, "histogram");
	const cJSON *histograms = cJSON_GetObjectItemCaseSensitive(root, "histograms");
	if (!cJSON_IsObject(metric)) {
		return fail(d, "the answer holds a series without labels");
	}
	d->histograms_skipped += histogram != NULL ? 1 : 0;
	d->histograms_skipped += cJSON_IsArray(histograms) ? count_items(histograms) : 0;
	if (value != NULL) {
		return add_series(d, metric, value, 1);
	}
	if (cJSON_IsArray(values)) {
		size_t count = count_items(values);
		return count == 0 || add_series(d, metric, values->child, count);
	}
	if (histogram != NULL || histograms != NULL) {
		return true;
	}
	return fail(d, "the answer holds a series without values");
}

static bool decode_element(struct promapi_decoder *d) {
	cJSON *root = cJSON_ParseWithLength(d->element.ptr, d->element.len);
	bool ok = root != NULL ? decode_series(d, root)
						   : fail(d, "the answer holds a series that is not valid JSON");
	cJSON_Delete(root);
	strbuf_clear(&d->element);
	return ok;
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
		d->depth++;
		return true;
	}
	return fail_quoting(d, "the result of the answer is not a list of series");
}

/* Skips to the end of the element or of the bytes; the index after it. */
static size_t scan_element(struct promapi_decoder *d, struct str bytes, size_t at) {
	for (; at < bytes.len; at++) {
		char c = bytes.ptr[at];
		if (d->in_string) {
			if (d->after_backslash) {
				d->after_backslash = false;
			} else if (c == '\\') {
				d->after_backslash = true;
			} else if (c == '"') {
				d->in_string = false;
			}
		} else if (c == '"') {
			d->in_string = true;
		} else if (c == '{' || c == '[') {
			d->depth++;
		} else if ((c == '}' || c == ']') && --d->depth == DEPTH_RESULT) {
			return at + 1;
		}
	}
	return at;
}

static bool push_element(struct promapi_decoder *d, struct str bytes, size_t from, size_t to) {
	strbuf_add(&d->element, str_slice(bytes, from, to));
	if (d->depth > DEPTH_RESULT) {
		return true;
	}
	d->want_comma = true;
	return decode_element(d);
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
		if (d->in_result && d->depth > DEPTH_RESULT) {
			size_t end = scan_element(d, bytes, at);
			if (!push_element(d, bytes, at, end)) {
				return false;
			}
			at = end;
		} else if (d->in_result) {
			if (!scan_between(d, bytes.ptr[at])) {
				return false;
			}
			if (d->depth > DEPTH_RESULT) {
				strbuf_add_char(&d->element, bytes.ptr[at]);
			}
			at++;
		} else {
			if (!push_frame(d, bytes.ptr[at])) {
				return false;
			}
			at++;
		}
	}
	d->bytes += bytes.len;
	if (d->bytes > d->limits.answer_bytes) {
		return fail(d, arena_printf(d->arena,
									"the answer is larger than %zu bytes (limits.answer_bytes)",
									d->limits.answer_bytes));
	}
	return true;
}

bool promapi_decoder_has_error(const struct promapi_decoder *d) {
	return d->error != NULL;
}

static const char *const *decode_notes(struct promapi_decoder *d, const cJSON *root,
									   size_t *ret_count) {
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
	}
	*ret_count = count;
	return notes;
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
	if (strcmp(type, "vector") != 0 && strcmp(type, "matrix") != 0) {
		return fail(
			d, arena_printf(d->arena, "the answer is a %s, expected a vector or matrix", type));
	}
	return true;
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
		notes->warnings = decode_notes(d, root, &notes->count);
		notes->histograms_skipped = d->histograms_skipped;
	}
	cJSON_Delete(root);
	return ok;
}

bool promapi_decoder_finish(struct promapi_decoder *d, struct pql_series_set *ret_set,
							struct promapi_notes *ret_notes, const char **ret_error) {
	struct promapi_notes notes = {0};
	if (!finish(d, &notes)) {
		*ret_error = d->error;
		return false;
	}
	*ret_set = (struct pql_series_set){
		.form = PQL_SERIES_LOOKED_UP, .items = d->series, .count = d->series_count};
	*ret_notes = notes;
	return true;
}
