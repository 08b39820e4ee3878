/* What the answers say of the rules. */
#include "base/hash.h"
#include "engine/inspection/inspection_private.h"

static struct diag *report(struct diags *diags, struct lint_set active, enum lint_id id,
						   struct span span, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static struct diag *report(struct diags *diags, struct lint_set active, enum lint_id id,
						   struct span span, const char *format, ...) {
	if (!lint_set_has(active, id)) {
		return NULL;
	}
	va_list args;
	va_start(args, format);
	struct diag *d = diags_vadd(diags, lint_get(id)->severity, span, format, args);
	va_end(args);
	if (d != NULL) {
		d->code = lint_get(id)->name;
	}
	return d;
}

static void set_help(struct diag *d, struct diags *diags, const char *format, struct str text) {
	if (d != NULL) {
		struct strbuf help = STRBUF_INIT;
		strbuf_printf(&help, format, STR_FMT(text));
		d->help = arena_dup(diags->arena, strbuf_str(&help)).ptr;
		strbuf_finish(&help);
	}
}

static const struct inspection_topic *find_answered(const struct inspection *i,
													enum topic_kind kind, struct str text) {
	const struct inspection_topic *t = inspection_find_topic(i, kind, text);
	return t != NULL && t->answered ? t : NULL;
}

/* ---- a name that is nearly the same ---- */

#define GUESSES_MAX 20       /* names looked for: each is held against all others */
#define GUESS_MAX_BYTES 100  /* of a name */
#define GUESS_MAX_DISTANCE 3 /* letters */

static size_t least(size_t a, size_t b) {
	return a < b ? a : b;
}

/* Letters to put in, leave out or change. */
static size_t distance(struct str a, struct str b) {
	size_t row[GUESS_MAX_BYTES + 1];
	for (size_t j = 0; j <= b.len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
			diagonal = row[j];
			row[j] = least(least(row[j] + 1, row[j - 1] + 1), change);
		}
	}
	return row[b.len];
}

static bool is_near_length(struct str a, struct str b) {
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
	return gap <= GUESS_MAX_DISTANCE && b.len <= GUESS_MAX_BYTES;
}

/* A suffix is as easily forgotten as a letter is mistyped. */
static bool differs_in_suffix(struct str a, struct str b) {
	static const char *const suffixes[] = {"_total", "_bucket", "_seconds", "_bytes", "_count"};
	struct str longer = a.len > b.len ? a : b, shorter = a.len > b.len ? b : a;
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		struct str suffix = str_from(suffixes[i]);
		if (longer.len == shorter.len + suffix.len && str_starts_with(longer, shorter) &&
			str_ends_with(longer, suffix)) {
			return true;
		}
	}
	return false;
}

static struct str guess(struct inspection *i, const struct inspection_topic *names,
						struct str name) {
	struct str best = STR_EMPTY;
	size_t best_distance = GUESS_MAX_DISTANCE + 1, iterator = 0;
	if (i->guesses++ >= GUESSES_MAX || name.len > GUESS_MAX_BYTES) {
		return best;
	}
	for (const struct str *other; (other = hmap_next(&names->names, &iterator)) != NULL;) {
		size_t d = differs_in_suffix(name, *other) ? 1
				   : is_near_length(name, *other)  ? distance(name, *other)
												   : GUESS_MAX_DISTANCE + 1;
		bool earlier = d == best_distance && best.len > 0 && str_compare(*other, best) < 0;
		if (d < best_distance || earlier) {
			best = *other;
			best_distance = d;
		}
	}
	return best_distance * 4 <= name.len ? best : STR_EMPTY;
}

/* ---- one selector ---- */

/* false: there is no such metric, and more need not be said. */
static bool judge_name(struct inspection *i, const struct series_use *use, struct diags *diags) {
	const struct inspection_topic *names = find_answered(i, TOPIC_NAMES, STR_EMPTY);
	if (names == NULL || inspection_has_name(names, use->metric)) {
		return names != NULL;
	}
	struct diag *d =
		report(diags, use->active, LINT_UNKNOWN_METRIC, use->span,
			   "the server has no metric %.*s, and had none in the last day", STR_FMT(use->metric));
	struct str near = d != NULL ? guess(i, names, use->metric) : STR_EMPTY;
	if (near.len > 0) {
		set_help(d, diags, "there is %.*s", near);
	}
	return false;
}

static void judge_labels(const struct inspection *i, const struct series_use *use,
						 struct diags *diags) {
	const struct inspection_topic *labels = find_answered(i, TOPIC_LABELS, use->metric);
	for (size_t n = 0; labels != NULL && n < use->label_count; n++) {
		if (!inspection_has_name(labels, use->labels[n].label)) {
			report(diags, use->active, LINT_UNKNOWN_LABEL, use->labels[n].span,
				   "no series of %.*s has the label \"%.*s\"", STR_FMT(use->metric),
				   STR_FMT(use->labels[n].label));
		}
	}
}

static bool declared_equal(const void *value, const void *key) {
	return str_equal(((const struct declared *)value)->name, *(const struct str *)key);
}

static void judge_type(const struct inspection *i, const struct series_use *use,
					   struct diags *diags) {
	const struct inspection_topic *types = find_answered(i, TOPIC_TYPES, STR_EMPTY);
	if (use->rate == NULL || types == NULL) {
		return;
	}
	const struct declared *d =
		hmap_find(&types->types, hash_str(use->metric), declared_equal, &use->metric);
	if (d != NULL && d->is_gauge) {
		struct diag *found = report(diags, use->active, LINT_DECLARED_GAUGE, use->rate_span,
									"%s is for counters, and targets declare %.*s as a gauge",
									use->rate, STR_FMT(use->metric));
		set_help(found, diags, "if it is a counter all the same, %.*s should be declared as one",
				 use->metric);
	}
}

/* ---- one rule ---- */

/* What a rule selects twice is fetched once. */
static void judge_series(struct inspection *i, const struct rule_use *rule, struct diags *diags) {
	size_t total = 0;
	i->judged++;
	for (size_t n = 0; n < rule->use_count; n++) {
		struct inspection_topic *t = rule->uses[n].series;
		if (t != NULL && t->counted_for != i->judged) {
			t->counted_for = i->judged;
			total += t->series;
		}
	}
	if (i->options.max_series > 0 && total > i->options.max_series) {
		report(diags, rule->active, LINT_TOO_MANY_SERIES, rule->span,
			   "the rule selects %zu series, more than %zu", total, i->options.max_series);
	}
}

static void judge_rule(struct inspection *i, const struct rule_use *rule, struct diags *diags) {
	for (size_t n = 0; n < rule->use_count; n++) {
		const struct series_use *use = &rule->uses[n];
		if (!use->may_be_missing && judge_name(i, use, diags)) {
			judge_labels(i, use, diags);
			judge_type(i, use, diags);
		}
	}
	judge_series(i, rule, diags);
	if (rule->evaluate != NULL && rule->evaluate->refusal != NULL) {
		report(diags, rule->active, LINT_QUERY_FAILS, rule->span,
			   "the server cannot evaluate this: %s", rule->evaluate->refusal);
	}
}

void inspection_judge(struct inspection *i, struct diags *diags) {
	for (size_t n = 0; n < i->rule_count; n++) {
		judge_rule(i, &i->rules[n], diags);
	}
	i->rules = NULL;
	i->rule_count = i->rule_capacity = 0;
	arena_reset(&i->file);
}
