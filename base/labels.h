/* A label set: sorted by name in byte order, each name once, no empty values. Immutable once built. */
#ifndef BASE_LABELS_H
#define BASE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define LABEL_NAME STR("__name__") /* holds the metric's name */
#define LABEL_ALERTNAME STR("alertname")

struct label {
	struct str name, value;
};

struct labels {
	const struct label *items; /* borrowed; who made the set says from where */
	size_t count;
};

#define LABELS_EMPTY ((struct labels){0})

/* The value, or the empty string when the name is not there (the two mean the same in Prometheus). */
struct str labels_get(struct labels l, struct str name);
bool labels_has(struct labels l, struct str name);

bool labels_equal(struct labels a, struct labels b);
/* As Prometheus' labels.Compare: pair by pair, then the shorter one first. */
int labels_compare(struct labels a, struct labels b);

/* Identity across evaluations: 64 bits, then compare in full. */
uint64_t labels_hash(struct labels l);

/* Hash over the names listed only (`without` false) or over all but those and the metric name (`without` true).
 * `names` is sorted. Sets that agree on those labels agree in the hash. */
uint64_t labels_hash_grouping(struct labels l, const struct str *names, size_t count, bool without);

/* Deep copy into the arena. */
struct labels labels_dup(struct arena *a, struct labels l);
/* Deep copy in one heap block: free((void *)result.items). */
struct labels labels_dup_heap(struct labels l);

/* `{a="b", c="d"}`, with the metric name before the brace if it has one and is plain: `up{job="x"}`; as Prometheus prints. */
void labels_print(struct strbuf *b, struct labels l);

/* [a-zA-Z_][a-zA-Z0-9_]* */
bool label_name_is_legacy(struct str name);
/* [a-zA-Z_:][a-zA-Z0-9_:]* */
bool metric_name_is_legacy(struct str name);
/* Prometheus 3's rule: any non-empty valid UTF-8. */
bool label_name_is_valid(struct str name);

/* Builds a set in any order. Later values replace earlier ones; an empty value removes the name. */
struct labels_builder {
	struct arena *arena;
	struct label *items; /* sorted */
	size_t count, capacity;
};

void labels_builder_init(struct labels_builder *b, struct arena *a);
/* Starts from a set, whose strings are borrowed (not copied). */
void labels_builder_init_from(struct labels_builder *b, struct arena *a, struct labels l);
/* Strings are borrowed: copy them first if they do not live as long as the arena. */
void labels_builder_set(struct labels_builder *b, struct str name, struct str value);
void labels_builder_remove(struct labels_builder *b, struct str name);
/* The set; its items are the builder's own array, so the builder must not be used after it. */
struct labels labels_builder_take(struct labels_builder *b);

#endif
