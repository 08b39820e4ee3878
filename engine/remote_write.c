#include "engine/remote_write.h"

#include <snappy-c.h>

#include "base/arena.h"
#include "base/bug.h"
#include "engine/remote.pb-c.h"

const char *const remote_write_headers[] = {"Content-Encoding: snappy",
											"X-Prometheus-Remote-Write-Version: 0.1.0", NULL};

static ProtobufCBinaryData bytes_of(struct str s) {
	return (ProtobufCBinaryData){.len = s.len, .data = (uint8_t *)s.ptr};
}

static Remote__Label **make_labels(struct labels labels, struct arena *a) {
	Remote__Label **list = ARENA_ARRAY(a, Remote__Label *, labels.count);
	for (size_t i = 0; i < labels.count; i++) {
		list[i] = ARENA_NEW(a, Remote__Label);
		remote__label__init(list[i]);
		list[i]->name = bytes_of(labels.items[i].name);
		list[i]->value = bytes_of(labels.items[i].value);
	}
	return list;
}

static Remote__TimeSeries *make_series(const struct output_write *w, struct arena *a) {
	Remote__TimeSeries *series = ARENA_NEW(a, Remote__TimeSeries);
	Remote__Sample *sample = ARENA_NEW(a, Remote__Sample);
	remote__time_series__init(series);
	remote__sample__init(sample);
	sample->value = w->value;
	sample->timestamp = w->ts;
	series->n_labels = w->labels.count;
	series->labels = make_labels(w->labels, a);
	series->n_samples = 1;
	series->samples = ARENA_NEW(a, Remote__Sample *);
	series->samples[0] = sample;
	return series;
}

void remote_write_print(struct strbuf *out, const struct output_write *writes, size_t count) {
	struct arena a;
	arena_init(&a);
	Remote__WriteRequest request = REMOTE__WRITE_REQUEST__INIT;
	request.n_timeseries = count;
	request.timeseries = ARENA_ARRAY(&a, Remote__TimeSeries *, count);
	for (size_t i = 0; i < count; i++) {
		request.timeseries[i] = make_series(&writes[i], &a);
	}
	size_t length = remote__write_request__get_packed_size(&request);
	uint8_t *packed = arena_alloc(&a, length + 1);
	remote__write_request__pack(&request, packed);
	strbuf_add(out, (struct str){(const char *)packed, length});
	arena_finish(&a);
}

void remote_write_compress(struct strbuf *out, struct str requests) {
	struct arena a;
	arena_init(&a);
	size_t length = snappy_max_compressed_length(requests.len);
	char *block = arena_alloc(&a, length);
	snappy_status status = snappy_compress(requests.ptr, requests.len, block, &length);
	BUG_ON(status != SNAPPY_OK); /* the buffer is as large as it says */
	strbuf_add(out, (struct str){block, length});
	arena_finish(&a);
}
