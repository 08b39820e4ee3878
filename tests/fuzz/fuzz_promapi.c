/* Any bytes are an answer of Prometheus or are refused with a message; how they were cut into pieces makes no difference. */
#include <stddef.h>
#include <stdint.h>

#include "base/bug.h"
#include "engine/promapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The series of the answer as text; empty when it was refused. */
static void decode(struct str text, size_t piece, struct strbuf *out, bool *ret_ok) {
	const struct promapi_limits limits = {.answer_bytes = 1 << 20, .samples = 10000};
	struct arena a;
	struct pql_series_set set;
	struct promapi_notes notes;
	const char *error = NULL;
	arena_init(&a);
	struct promapi_decoder *d = promapi_decoder_create(&limits, &a);
	for (size_t at = 0; at < text.len; at += piece) {
		size_t end = text.len - at < piece ? text.len : at + piece;
		if (!promapi_decoder_push(d, str_slice(text, at, end))) {
			break;
		}
	}
	*ret_ok = promapi_decoder_finish(d, &set, &notes, &error);
	if (*ret_ok) {
		for (size_t i = 0; i < set.count; i++) {
			labels_print(out, set.items[i].labels);
			for (size_t j = 0; j < set.items[i].count; j++) {
				BUG_ON(j > 0 && set.items[i].times[j] <= set.items[i].times[j - 1]);
				strbuf_printf(out, " %lld %a", (long long)set.items[i].times[j],
							  set.items[i].values[j]);
			}
		}
	} else {
		BUG_ON(error == NULL || error[0] == '\0');
	}
	promapi_decoder_destroy(d);
	arena_finish(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct str text = {.ptr = (const char *)data, .len = size};
	struct strbuf whole = STRBUF_INIT, pieces = STRBUF_INIT;
	bool whole_ok, pieces_ok;
	struct arena a;
	decode(text, size + 1, &whole, &whole_ok);
	decode(text, size % 5 + 1, &pieces, &pieces_ok);
	BUG_ON(whole_ok != pieces_ok);
	BUG_ON(!str_equal(strbuf_str(&whole), strbuf_str(&pieces)));
	arena_init(&a);
	BUG_ON(promapi_error_text(500, text, &a) == NULL);
	arena_finish(&a);
	strbuf_finish(&whole);
	strbuf_finish(&pieces);
	return 0;
}
