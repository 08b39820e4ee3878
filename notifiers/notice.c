#include "notifiers/notice.h"

#include "base/json.h"
#include "base/mem.h"

static size_t labels_bytes(struct labels l) {
	size_t bytes = l.count * sizeof(struct label);
	for (size_t i = 0; i < l.count; i++) {
		bytes += l.items[i].name.len + l.items[i].value.len;
	}
	return bytes;
}

/* The block behind a copied notice: label arrays from the front (they want alignment), texts behind them. */
struct block {
	struct label *items;
	char *text;
};

static struct str block_add(struct block *b, struct str s) {
	struct str copy = {.ptr = b->text, .len = s.len};
	if (s.len > 0) {
		memcpy(b->text, s.ptr, s.len);
	}
	b->text += s.len;
	return copy;
}

static struct labels block_add_labels(struct block *b, struct labels l) {
	struct labels copy = {.items = b->items, .count = l.count};
	for (size_t i = 0; i < l.count; i++) {
		b->items[i].name = block_add(b, l.items[i].name);
		b->items[i].value = block_add(b, l.items[i].value);
	}
	b->items += l.count;
	return copy;
}

struct notice *notice_dup(const struct notice *n) {
	struct notice *copy = mem_alloc(sizeof *copy + labels_bytes(n->labels) +
									labels_bytes(n->annotations) + n->generator_url.len);
	struct block b = {.items = (struct label *)(copy + 1)};
	b.text = (char *)(b.items + n->labels.count + n->annotations.count);
	*copy = *n;
	copy->labels = block_add_labels(&b, n->labels);
	copy->annotations = block_add_labels(&b, n->annotations);
	copy->generator_url = block_add(&b, n->generator_url);
	return copy;
}

static void print_time(struct json_writer *w, const char *key, ts_ms t) {
	json_key(w, key);
	struct strbuf text = STRBUF_INIT;
	timestamp_print_rfc3339_ms(&text, t);
	json_string(w, strbuf_str(&text));
	strbuf_finish(&text);
}

/* Source: postableAlert of Alertmanager's v2 API; key order as Prometheus writes it. */
void notice_print_json(struct strbuf *out, const struct notice *n) {
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	if (n->annotations.count > 0) {
		json_key(&w, "annotations");
		json_labels(&w, n->annotations);
	}
	print_time(&w, "endsAt", n->ends_at);
	print_time(&w, "startsAt", n->starts_at);
	json_key(&w, "generatorURL");
	json_string(&w, n->generator_url);
	json_key(&w, "labels");
	json_labels(&w, n->labels);
	json_close_object(&w);
}
