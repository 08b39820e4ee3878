/* Remote write's queue, as scripts: a letter in, deliveries out. */
#include "tests/unit/check.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "notifiers/write_queue.h"

/*   a…z   push a piece of this one letter, one sample
 *   A…Z   push a piece of ten letters, two samples
 *   ?     what is to be delivered: "[abc]", or "-"
 *   ok retry drop    as + ~ !
 *   0…9   so many seconds go by
 *   |     a mark; from then on "=" asks whether it was reached: "y" or "n" */
static const struct script {
	const char *what, *steps, *expected;
	size_t batch, capacity;
} scripts[] = {
	{"in order, as many as fit", "abc?+def?+?", "[abc][def]-", 100, 100},
	{"a batch is full", "abcde?+?+", "[abc][de]", 3, 100},
	{"a large piece goes alone", "aBc?+?+?+", "[a][BBBBBBBBBB][c]", 5, 100},
	{"one delivery at a time", "a?b?+?+", "[a]-[b]", 100, 100},
	{"later ones wait for the one that failed", "ab?~c?2?+?", "[ab]-[abc]-", 100, 100},
	{"pauses grow", "a?~?1?~?1?2?", "[a]-[a]--[a]", 100, 100},
	{"a success ends the pauses", "a?~1?+b?~1?", "[a][a][b][b]", 100, 100},
	{"the refused one is found", "abcd?!?+?!?!?+", "[abcd][ab][cd][c][d]", 100, 100},
	{"the refused one is the first", "abcd?!?!?!?+", "[abcd][ab][a][bcd]", 100, 100},
	{"a refusal that does not come back", "abcd?!?+?+efgh?+", "[abcd][ab][cd][efgh]", 100, 100},
	{"a refused single piece", "a?!?b?+", "[a]-[b]", 100, 100},
	{"the oldest go when it is full", "abcdef?+", "[cdef]", 100, 4},
	{"but not while they are under way", "abcd?ef+?", "[abcd]-", 100, 4},
	{"nor do they come back twice", "abcd?~e3?+", "[abcd][bcde]", 100, 4},
	{"a mark is reached when all before it is written", "ab|=?=c+=", "n[ab]ny", 100, 100},
	{"not by a failure", "a|?~=1?+=", "[a]n[a]y", 100, 100},
	{"but by giving up", "a|?!=", "[a]y", 100, 100},
	{"also when it was dropped for room", "a|bc=", "y", 100, 2},
	{"an empty queue has every mark", "|=", "y", 100, 100},
};

static void push(struct write_queue *q, char c) {
	char piece[10];
	bool large = c >= 'A' && c <= 'Z';
	memset(piece, c, sizeof piece);
	write_queue_push(q, (struct str){piece, large ? sizeof piece : 1}, large ? 2 : 1);
}

/* A mark, and the time; what is under way. */
struct run {
	struct write_queue *queue;
	ts_ms now;
	uint64_t mark, id;
	struct strbuf out;
};

static void deliver(struct run *r) {
	struct write_delivery d;
	bool due = write_queue_next(r->queue, r->now, &d);
	if (due) {
		r->id = d.id;
		strbuf_printf(&r->out, "[%.*s]", STR_FMT(d.body));
	} else {
		strbuf_add_char(&r->out, '-');
		ts_ms at = write_queue_wake_at(r->queue, r->now);
		assert_true(at == TS_NONE || at > r->now);
	}
}

static void step(struct run *r, char c) {
	switch (c) {
	case '?': deliver(r); return;
	case '+': write_queue_done(r->queue, r->id, WRITE_OK, "", 0, r->now); return;
	case '~': write_queue_done(r->queue, r->id, WRITE_RETRY, "away", 0, r->now); return;
	case '!': write_queue_done(r->queue, r->id, WRITE_DROP, "bad", 0, r->now); return;
	case '|': r->mark = write_queue_mark(r->queue); return;
	case '=': strbuf_add_char(&r->out, write_queue_reached(r->queue, r->mark) ? 'y' : 'n'); return;
	default: break;
	}
	if (c >= '0' && c <= '9') {
		r->now += (c - '0') * 1000;
	} else {
		push(r->queue, c);
	}
}

static void test_scripts(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		const struct script *s = &scripts[i];
		const struct write_queue_options options = {.batch_bytes = s->batch,
													.capacity_bytes = s->capacity,
													.retry_min = 1000,
													.retry_max = 30000};
		struct run r = {.queue = write_queue_create(&options), .now = 1000000};
		for (const char *c = s->steps; *c != '\0'; c++) {
			step(&r, *c);
		}
		struct str got = strbuf_str(&r.out);
		if (!str_equal(got, str_from(s->expected))) {
			fail_msg("%s: %s gives %.*s, expected %s", s->what, s->steps, STR_FMT(got),
					 s->expected);
		}
		write_queue_destroy(r.queue);
		strbuf_finish(&r.out);
	}
}

static void test_stats(void **state) {
	(void)state;
	const struct write_queue_options options = {
		.batch_bytes = 100, .capacity_bytes = 12, .retry_min = 1000, .retry_max = 1000};
	struct run r = {.queue = write_queue_create(&options)};
	struct write_queue_stats stats;
	for (const char *c = "ABc?~1?+d?!"; *c != '\0'; c++) {
		step(&r, *c);
	}
	write_queue_stats(r.queue, &stats);
	assert_int_equal(stats.sent, 3);
	assert_int_equal(stats.dropped, 3); /* A for want of room, d because it was refused */
	assert_int_equal(stats.errors, 2);
	assert_int_equal(stats.queued_bytes, 0);
	assert_string_equal(stats.last_error, "bad");
	write_queue_destroy(r.queue);
	write_queue_destroy(NULL);
	strbuf_finish(&r.out);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_stats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
