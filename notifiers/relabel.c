#include "notifiers/relabel.h"

#include <inttypes.h>

#include "base/bug.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/rune.h"

struct ready_rule {
	const struct relabel_rule *rule; /* borrowed */
	struct regex *regex;
	size_t *spans; /* of its groups */
	bool plain;    /* (.*): group 1 is all of it */
};

struct relabel {
	struct ready_rule *rules;
	size_t count;
	char *trouble; /* NULL: none */
};

/* The labels between two rules, in the order in which labelmap goes through them: those of the original set that no rule wrote, by
 * name, then the others as they came. */
struct draft {
	struct arena *arena;
	struct label *items;
	size_t count, capacity;
	size_t originals; /* at the front */
	size_t bytes;
	bool changed;
};

/* One rule at work. */
struct step {
	struct relabel *relabel;
	struct ready_rule *ready;
	const struct relabel_rule *rule;
	struct draft *draft;
	struct str value; /* of the source labels, joined */
};

struct relabel *relabel_create(struct relabel_rules rules) {
	struct relabel *r = mem_calloc(1, sizeof(*r));
	struct arena errors;
	arena_init(&errors);
	r->rules = mem_calloc(rules.count, sizeof(*r->rules));
	r->count = rules.count;
	for (size_t i = 0; i < rules.count; i++) {
		struct ready_rule *ready = &r->rules[i];
		const char *error;
		ready->rule = &rules.items[i];
		ready->regex = regex_create(rules.items[i].regex, REGEX_WRAPPED, &errors, &error);
		BUG_ON(ready->regex == NULL);
		ready->spans = mem_calloc(2 * (regex_group_count(ready->regex) + 1), sizeof(*ready->spans));
		ready->plain = str_equal(rules.items[i].regex, relabel_default_rule.regex);
	}
	arena_finish(&errors);
	return r;
}

void relabel_destroy(struct relabel *r) {
	if (r == NULL) {
		return;
	}
	for (size_t i = 0; i < r->count; i++) {
		regex_destroy(r->rules[i].regex);
		free(r->rules[i].spans);
	}
	free(r->rules);
	free(r->trouble);
	free(r);
}

const char *relabel_trouble(const struct relabel *r) {
	return r->trouble;
}

static void pass_over(const struct step *s, const char *why) {
	struct relabel *r = s->relabel;
	if (r->trouble == NULL) {
		struct strbuf text = STRBUF_INIT;
		strbuf_printf(&text, "rule %zu (%s) was passed over: %s", (size_t)(s->ready - r->rules) + 1,
					  relabel_action_name[s->rule->action], why);
		r->trouble = strbuf_take(&text);
	}
}

/* ---- labels ---- */

static void draft_init(struct draft *d, struct arena *a, struct labels labels,
					   struct labels added) {
	*d = (struct draft){.arena = a, .capacity = labels.count + added.count + 4};
	d->items = ARENA_ARRAY(a, struct label, d->capacity);
	for (size_t i = 0; i < labels.count; i++) {
		d->items[d->count++] = labels.items[i];
	}
	d->originals = d->count;
	for (size_t i = 0; i < added.count; i++) {
		if (!labels_has(labels, added.items[i].name)) {
			d->items[d->count++] = added.items[i];
			d->changed = true;
		}
	}
	for (size_t i = 0; i < d->count; i++) {
		d->bytes += d->items[i].name.len + d->items[i].value.len;
	}
}

/* d->count when there is none. */
static size_t draft_find(const struct draft *d, struct str name) {
	size_t i = 0;
	while (i < d->count && !str_equal(d->items[i].name, name)) {
		i++;
	}
	return i;
}

static struct str draft_get(const struct draft *d, struct str name) {
	size_t at = draft_find(d, name);
	return at < d->count ? d->items[at].value : STR_EMPTY;
}

static void draft_remove(struct draft *d, size_t at) {
	d->bytes -= d->items[at].name.len + d->items[at].value.len;
	d->count--;
	d->originals -= at < d->originals;
	memmove(&d->items[at], &d->items[at + 1], (d->count - at) * sizeof(*d->items));
	d->changed = true;
}

/* An empty value removes the label. The texts live as long as the arena. */
static void set_label(const struct step *s, struct str name, struct str value) {
	struct draft *d = s->draft;
	size_t at = draft_find(d, name);
	bool is_new = at == d->count;
	if (value.len == 0) {
		if (!is_new) {
			draft_remove(d, at);
		}
		return;
	}
	size_t bytes = d->bytes + name.len + value.len;
	bytes -= is_new ? 0 : name.len + d->items[at].value.len;
	if (bytes > RELABEL_MAX_BYTES || (is_new && d->count >= RELABEL_MAX_LABELS)) {
		pass_over(s, "the labels of an alert become too large or too many");
		return;
	}
	if (!is_new && at < d->originals) {
		draft_remove(d, at);
		is_new = true;
	}
	if (is_new) {
		d->items = arena_grow(d->arena, d->items, d->count, &d->capacity, sizeof(*d->items));
		at = d->count++;
	}
	d->items[at] = (struct label){.name = name, .value = value};
	d->bytes = bytes;
	d->changed = true;
}

static int compare_names(const void *a, const void *b) {
	return str_compare(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* ---- values ---- */

/* false: too long. */
static bool join_sources(struct step *s) {
	const struct relabel_rule *rule = s->rule;
	if (rule->source_label_count <= 1) {
		bool any = rule->source_label_count == 1;
		s->value = any ? draft_get(s->draft, rule->source_labels[0]) : STR_EMPTY;
		return true;
	}
	struct strbuf joined = STRBUF_INIT;
	for (size_t i = 0; i < rule->source_label_count && joined.len <= RELABEL_MAX_BYTES; i++) {
		if (i > 0) {
			strbuf_add(&joined, rule->separator);
		}
		strbuf_add(&joined, draft_get(s->draft, rule->source_labels[i]));
	}
	bool fits = joined.len <= RELABEL_MAX_BYTES;
	s->value = fits ? arena_dup(s->draft->arena, strbuf_str(&joined)) : STR_EMPTY;
	strbuf_finish(&joined);
	if (!fits) {
		pass_over(s, "the values of its source labels are too long together");
	}
	return fits;
}

/* Each $ can stand for the whole text. */
static bool expansion_fits(struct str replacement, struct str text) {
	size_t bytes = replacement.len;
	for (size_t i = 0; i < replacement.len; i++) {
		bytes += replacement.ptr[i] == '$' ? text.len : 0;
	}
	return bytes <= RELABEL_MAX_BYTES;
}

static struct str expand(const struct step *s, struct str replacement) {
	if (replacement.len == 0 || memchr(replacement.ptr, '$', replacement.len) == NULL) {
		return replacement;
	}
	struct strbuf out = STRBUF_INIT;
	regex_expand(s->ready->regex, replacement, s->value, s->ready->spans, &out);
	struct str text = arena_dup(s->draft->arena, strbuf_str(&out));
	strbuf_finish(&out);
	return text;
}

/* Whether the regex matches; *ret_sure false: it could not be found out. */
static bool matches(const struct step *s, struct str text, bool *ret_sure) {
	bool yes = false;
	*ret_sure = regex_matches(s->ready->regex, text, &yes);
	if (!*ret_sure) {
		pass_over(s, "its regular expression could not be matched within its limits");
	}
	return yes;
}

/* ---- actions: false means that the rule drops the set ---- */

static bool find_groups(const struct step *s) {
	size_t *spans = s->ready->spans;
	if (s->ready->plain) {
		spans[0] = spans[2] = 0;
		spans[1] = spans[3] = s->value.len;
		return true;
	}
	bool found = false;
	if (!regex_find(s->ready->regex, s->value, 0, spans, &found)) {
		pass_over(s, "its regular expression backtracks too long on a value");
	}
	return found;
}

static bool act_replace(const struct step *s) {
	if (!find_groups(s)) {
		return true;
	}
	if (!expansion_fits(s->rule->target_label, s->value) ||
		!expansion_fits(s->rule->replacement, s->value)) {
		pass_over(s, "what it writes is too long");
		return true;
	}
	struct str target = expand(s, s->rule->target_label);
	if (label_name_is_valid(target)) {
		set_label(s, target, expand(s, s->rule->replacement));
	}
	return true;
}

static bool act_keep(const struct step *s) {
	bool sure;
	return matches(s, s->value, &sure) || !sure;
}

static bool act_drop(const struct step *s) {
	bool sure;
	return !matches(s, s->value, &sure);
}

static bool act_keepequal(const struct step *s) {
	return str_equal(draft_get(s->draft, s->rule->target_label), s->value);
}

static bool act_dropequal(const struct step *s) {
	return !act_keepequal(s);
}

/* The last 8 bytes of the MD5, the highest first. */
static bool act_hashmod(const struct step *s) {
	uint8_t digest[DIGEST_MD5_BYTES];
	uint64_t hash = 0;
	digest_md5(s->value, digest);
	for (size_t i = DIGEST_MD5_BYTES - 8; i < DIGEST_MD5_BYTES; i++) {
		hash = hash << 8 | digest[i];
	}
	const char *number = arena_printf(s->draft->arena, "%" PRIu64, hash % s->rule->modulus);
	set_label(s, s->rule->target_label, str_from(number));
	return true;
}

static bool map_name(const struct step *s, struct str name, struct str *ret_name) {
	struct strbuf out = STRBUF_INIT;
	bool good = regex_replace_all(s->ready->regex, name, s->rule->replacement, &out);
	*ret_name = arena_dup(s->draft->arena, strbuf_str(&out));
	strbuf_finish(&out);
	return good;
}

/* A name may become empty here, or end up twice: the last one's value stays. */
static bool act_labelmap(const struct step *s) {
	size_t count = s->draft->count;
	struct label *before = ARENA_ARRAY(s->draft->arena, struct label, count);
	memcpy(before, s->draft->items, count * sizeof(*before));
	for (size_t i = 0; i < count; i++) {
		bool sure;
		if (!matches(s, before[i].name, &sure)) {
			continue;
		}
		if (!expansion_fits(s->rule->replacement, before[i].name)) {
			pass_over(s, "what it writes is too long");
			continue;
		}
		struct str name;
		if (!map_name(s, before[i].name, &name)) {
			pass_over(s, "its regular expression backtracks too long on a name");
			continue;
		}
		set_label(s, name, before[i].value);
	}
	return true;
}

static void remove_labels(const struct step *s, bool matching) {
	for (size_t i = s->draft->count; i-- > 0;) {
		bool sure;
		if (matches(s, s->draft->items[i].name, &sure) == matching && sure) {
			draft_remove(s->draft, i);
		}
	}
}

static bool act_labeldrop(const struct step *s) {
	remove_labels(s, true);
	return true;
}

static bool act_labelkeep(const struct step *s) {
	remove_labels(s, false);
	return true;
}

static bool set_case(const struct step *s, void (*add)(struct strbuf *out, struct str text)) {
	struct strbuf out = STRBUF_INIT;
	add(&out, s->value);
	set_label(s, s->rule->target_label, arena_dup(s->draft->arena, strbuf_str(&out)));
	strbuf_finish(&out);
	return true;
}

static bool act_lowercase(const struct step *s) {
	return set_case(s, rune_add_lower);
}

static bool act_uppercase(const struct step *s) {
	return set_case(s, rune_add_upper);
}

static bool (*const actions[RELABEL_ACTIONS])(const struct step *s) = {
	[RELABEL_REPLACE] = act_replace,     [RELABEL_KEEP] = act_keep,
	[RELABEL_DROP] = act_drop,           [RELABEL_KEEPEQUAL] = act_keepequal,
	[RELABEL_DROPEQUAL] = act_dropequal, [RELABEL_HASHMOD] = act_hashmod,
	[RELABEL_LABELMAP] = act_labelmap,   [RELABEL_LABELDROP] = act_labeldrop,
	[RELABEL_LABELKEEP] = act_labelkeep, [RELABEL_LOWERCASE] = act_lowercase,
	[RELABEL_UPPERCASE] = act_uppercase,
};

bool relabel_apply(struct relabel *r, struct labels labels, struct labels added, struct arena *a,
				   struct labels *ret_labels) {
	struct draft draft;
	draft_init(&draft, a, labels, added);
	for (size_t i = 0; i < r->count; i++) {
		struct ready_rule *ready = &r->rules[i];
		struct step s = {
			.relabel = r, .ready = ready, .rule = ready->rule, .draft = &draft, .value = STR_EMPTY};
		if (join_sources(&s) && !actions[ready->rule->action](&s)) {
			return false;
		}
	}
	if (!draft.changed) {
		*ret_labels = labels;
		return true;
	}
	qsort(draft.items, draft.count, sizeof(*draft.items), compare_names);
	*ret_labels = (struct labels){.items = draft.items, .count = draft.count};
	return true;
}
