/* One series of an answer, from its text. Written by hand because this is where the time of a fetch goes: there are hundreds of
 * thousands of samples, and each would be three nodes of a cJSON tree. */
#include <math.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "engine/json_cursor.h"
#include "engine/promapi_private.h"

#define PLAIN_SECONDS_DIGITS 12 /* a time of so many is exact in milliseconds */
#define MAX_TIME_SECONDS 9e15

/* The series under way: where we are in it, and what has been found. */
struct passage {
	struct json_cursor at;
	struct series_reader *r;
	size_t label_count, sample_count, histogram_count;
	bool has_metric, has_value, has_histogram;
};

void series_reader_init(struct series_reader *r, struct arena *a, size_t max_samples) {
	*r = (struct series_reader){.arena = a, .max_samples = max_samples};
}

void series_reader_finish(struct series_reader *r) {
	if (r != NULL) {
		free(r->labels);
		free(r->times);
		free(r->values);
	}
}

static bool fail(struct passage *p, const char *message) {
	p->r->error = message;
	return false;
}

/* ---- labels ---- */

static bool read_metric(struct passage *p) {
	struct series_reader *r = p->r;
	p->has_metric = json_cursor_take(&p->at, '{');
	if (!p->has_metric) {
		return fail(p, "the answer holds a series without labels");
	}
	for (bool more = !json_cursor_take(&p->at, '}'); more;) {
		struct label l;
		if (!json_cursor_key(&p->at, &l.name)) {
			return false;
		}
		if (json_cursor_peek(&p->at) != '"') {
			return fail(p, "the answer holds a label that is not a string");
		}
		if (!json_cursor_string(&p->at, &l.value) || !json_cursor_next(&p->at, '}', &more)) {
			return false;
		}
		r->labels = mem_grow(r->labels, p->label_count, &r->label_capacity, sizeof(*r->labels));
		r->labels[p->label_count++] = l;
	}
	return true;
}

/* Sorted, without empty values and without repetitions: as a server writes them. */
static bool labels_in_order(const struct label *items, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (items[i].value.len == 0 ||
			(i > 0 && str_compare(items[i - 1].name, items[i].name) >= 0)) {
			return false;
		}
	}
	return true;
}

/* Mostly, the series before has the same text at the same place. */
static struct str keep_text(struct arena *a, struct str s, struct str before) {
	return str_equal(before, s) ? before : arena_dup(a, s);
}

static struct labels keep_labels(struct passage *p) {
	struct series_reader *r = p->r;
	struct labels l = {.items = r->labels, .count = p->label_count}, before = r->previous;
	if (!labels_in_order(l.items, l.count)) {
		struct labels_builder b;
		labels_builder_init(&b, r->arena);
		for (size_t i = 0; i < l.count; i++) {
			labels_builder_set(&b, l.items[i].name, l.items[i].value);
		}
		l = labels_builder_take(&b);
	}
	struct label *kept = arena_alloc(r->arena, l.count * sizeof(*kept));
	for (size_t i = 0; i < l.count; i++) {
		struct label other = i < before.count ? before.items[i] : (struct label){0};
		kept[i].name = keep_text(r->arena, l.items[i].name, other.name);
		kept[i].value = keep_text(r->arena, l.items[i].value, other.value);
	}
	r->previous = (struct labels){.items = kept, .count = l.count};
	return r->previous;
}

/* ---- samples ---- */

static bool fail_sample(struct passage *p) {
	return fail(p, "the answer holds a sample that is not [time, \"value\"]");
}

/* 1700000000.25 and the like, in whole numbers. Leaves the cursor where it was if it is something else. */
static bool read_plain_time(struct json_cursor *c, ts_ms *ret) {
	static const ts_ms scale[] = {1000, 100, 10, 1};
	const char *at = c->at, *end = c->end, *first = at;
	ts_ms seconds = 0, decimals = 0;
	size_t count = 0;
	for (; at < end && *at >= '0' && *at <= '9' && at - first <= PLAIN_SECONDS_DIGITS; at++) {
		seconds = seconds * 10 + (*at - '0');
	}
	if (at == first || at - first > PLAIN_SECONDS_DIGITS) {
		return false;
	}
	if (at < end && *at == '.') {
		for (at++; at < end && *at >= '0' && *at <= '9' && count < 4; at++, count++) {
			decimals = decimals * 10 + (*at - '0');
		}
	}
	if (count > 3 || at == end || (*at | 0x20) == 'e') {
		return false;
	}
	*ret = seconds * 1000 + decimals * scale[count];
	c->at = at;
	return true;
}

static bool read_time(struct passage *p, ts_ms *ret) {
	char first = json_cursor_peek(&p->at);
	double v;
	if (read_plain_time(&p->at, ret)) {
		return true;
	}
	if (first != '-' && !(first >= '0' && first <= '9')) {
		return fail_sample(p);
	}
	if (!json_cursor_number(&p->at, &v)) {
		return false;
	}
	if (!(fabs(v) < MAX_TIME_SECONDS)) {
		return fail(p, "the answer holds a sample whose time is out of range");
	}
	*ret = (ts_ms)llround(v * 1000);
	return true;
}

static bool read_number(struct passage *p, double *ret) {
	if (json_cursor_peek(&p->at) != '"') {
		return fail_sample(p);
	}
	struct str text = {.ptr = p->at.at + 1, .len = (size_t)(p->at.end - p->at.at - 1)};
	size_t taken = decimal_read(text, ret);
	if (taken > 0 && taken < text.len && text.ptr[taken] == '"') {
		p->at.at += taken + 2;
		return true;
	}
	if (!json_cursor_string(&p->at, &text)) {
		return false;
	}
	return promapi_parse_value(text, ret) ||
		   fail(p, "the answer holds a sample whose value is not a number");
}

/* Room for one sample more. */
static bool reserve_sample(struct passage *p) {
	struct series_reader *r = p->r;
	size_t i = p->sample_count;
	if (r->samples + i >= r->max_samples) {
		r->too_large = true;
		return fail(p,
					arena_printf(r->arena, "the answer has more than %zu samples (limits.samples)",
								 r->max_samples));
	}
	r->times = mem_grow(r->times, i, &r->time_capacity, sizeof(*r->times));
	r->values = mem_grow(r->values, i, &r->value_capacity, sizeof(*r->values));
	return true;
}

/* [1700000000.25, "1.5"] */
static bool read_sample(struct passage *p) {
	const struct series_reader *r = p->r;
	size_t i = p->sample_count;
	if (!reserve_sample(p)) {
		return false;
	}
	if (!json_cursor_take(&p->at, '[')) {
		return fail_sample(p);
	}
	if (!read_time(p, &r->times[i])) {
		return false;
	}
	if (!json_cursor_take(&p->at, ',')) {
		return fail_sample(p);
	}
	if (!read_number(p, &r->values[i])) {
		return false;
	}
	if (!json_cursor_take(&p->at, ']')) {
		return fail_sample(p);
	}
	if (i > 0 && r->times[i] <= r->times[i - 1]) {
		return fail(p, "the answer holds samples that are not in order of time");
	}
	p->sample_count++;
	return true;
}

static void keep_samples(struct passage *p, struct pql_series *s) {
	struct series_reader *r = p->r;
	size_t count = p->sample_count;
	ts_ms *times = arena_alloc(r->arena, count * sizeof(*times));
	double *values = arena_alloc(r->arena, count * sizeof(*values));
	memcpy(times, r->times, count * sizeof(*times));
	memcpy(values, r->values, count * sizeof(*values));
	s->times = times;
	s->values = values;
	s->count = count;
	r->samples += count;
}

/* ---- members ---- */

static bool read_value(struct passage *p) {
	p->has_value = true;
	return read_sample(p);
}

static bool read_values(struct passage *p) {
	size_t items;
	if (!json_cursor_take(&p->at, '[')) {
		return json_cursor_skip(&p->at, &items);
	}
	p->has_value = true;
	for (bool more = !json_cursor_take(&p->at, ']'); more;) {
		if (!read_sample(p) || !json_cursor_next(&p->at, ']', &more)) {
			return false;
		}
	}
	return true;
}

static bool read_histogram(struct passage *p) {
	size_t items;
	p->has_histogram = true;
	p->histogram_count++;
	return json_cursor_skip(&p->at, &items);
}

static bool read_histograms(struct passage *p) {
	bool list = json_cursor_peek(&p->at) == '[';
	size_t items;
	if (!json_cursor_skip(&p->at, &items)) {
		return false;
	}
	p->has_histogram = true;
	p->histogram_count += list ? items : 0;
	return true;
}

static const struct {
	struct str name;
	bool (*read)(struct passage *p);
} members[] = {
	{{"metric", 6}, read_metric},       {{"values", 6}, read_values},
	{{"value", 5}, read_value},         {{"histograms", 10}, read_histograms},
	{{"histogram", 9}, read_histogram},
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

/* Of a member that comes twice the first one counts. */
static bool read_member(struct passage *p, bool *seen) {
	struct str key;
	size_t items;
	if (!json_cursor_key(&p->at, &key)) {
		return false;
	}
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		if (!seen[i] && str_equal(key, members[i].name)) {
			seen[i] = true;
			return members[i].read(p);
		}
	}
	return json_cursor_skip(&p->at, &items);
}

static bool read_members(struct passage *p) {
	bool seen[MEMBER_COUNT] = {false};
	if (!json_cursor_take(&p->at, '{')) {
		return false;
	}
	for (bool more = !json_cursor_take(&p->at, '}'); more;) {
		if (!read_member(p, seen) || !json_cursor_next(&p->at, '}', &more)) {
			return false;
		}
	}
	return p->at.at == p->at.end;
}

bool series_reader_read(struct series_reader *r, struct str text, struct pql_series *ret,
						bool *ret_any) {
	struct passage p = {
		.at = {.at = text.ptr, .end = text.ptr + text.len, .arena = r->arena},
		.r = r,
	};
	if (!read_members(&p)) {
		return r->error != NULL ? false
								: fail(&p, "the answer holds a series that is not valid JSON");
	}
	if (!p.has_metric) {
		return fail(&p, "the answer holds a series without labels");
	}
	if (!p.has_value && !p.has_histogram) {
		return fail(&p, "the answer holds a series without values");
	}
	r->histograms_skipped += p.histogram_count;
	*ret_any = p.sample_count > 0;
	if (*ret_any) {
		*ret = (struct pql_series){.labels = keep_labels(&p)};
		keep_samples(&p, ret);
	}
	return true;
}
