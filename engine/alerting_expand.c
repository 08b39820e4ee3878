/* From a rule's result to alerts: labels and annotations with their templates expanded. */
#include "engine/alerting.h"

struct expansion {
	const struct alerting *alerting;
	struct template_data data;
	struct arena *arena;
	/* What a template makes on the way may be large; only its text is kept. */
	struct arena scratch;
	struct strbuf out;
	struct alerting_questions *questions;
	struct template_counts *counts;
};

static void add_question(struct alerting_questions *q, struct str query, struct arena *arena) {
	for (size_t i = 0; i < q->count; i++) {
		if (str_equal(q->items[i], query)) {
			return;
		}
	}
	q->items = arena_grow(arena, q->items, q->count, &q->capacity, sizeof(*q->items));
	q->items[q->count++] = arena_dup(arena, query);
}

/* A template that fails still gives a text: the error's, as Prometheus has it. */
static struct str expand_text(struct expansion *x, const struct rule_text *text) {
	if (text->template == NULL) {
		return text->source;
	}
	struct str other = STR_EMPTY;
	strbuf_clear(&x->out);
	switch (template_expand(text->template, &x->data, &x->scratch, &x->out, &other)) {
	case TEMPLATE_DONE: x->counts->expansions++; break;
	case TEMPLATE_ASKS: add_question(x->questions, other, x->arena); break;
	case TEMPLATE_FAILS:
		x->counts->expansions++;
		x->counts->failures++;
		if (x->questions->failure == NULL) {
			x->questions->failure = arena_dup(x->arena, other).ptr;
		}
		strbuf_clear(&x->out);
		strbuf_printf(&x->out, "<error expanding template: %.*s>", STR_FMT(other));
		break;
	}
	arena_reset(&x->scratch);
	return arena_dup(x->arena, strbuf_str(&x->out));
}

static struct labels expand_labels(struct expansion *x, struct labels sample) {
	const struct rule *rule = x->alerting->rule;
	struct labels_builder b;
	labels_builder_init_from(&b, x->arena, sample);
	labels_builder_remove(&b, LABEL_NAME);
	for (size_t i = 0; i < rule->label_count; i++) {
		labels_builder_set(&b, rule->labels[i].name, expand_text(x, &rule->labels[i]));
	}
	labels_builder_set(&b, LABEL_ALERTNAME, rule->name);
	return labels_builder_take(&b);
}

/* Unlike labels, annotations may be empty: no builder. */
static struct labels expand_annotations(struct expansion *x) {
	const struct rule *rule = x->alerting->rule;
	struct label *items = ARENA_ARRAY(x->arena, struct label, rule->annotation_count);
	for (size_t i = 0; i < rule->annotation_count; i++) {
		items[i] = (struct label){.name = rule->annotations[i].name,
								  .value = expand_text(x, &rule->annotations[i])};
	}
	return (struct labels){.items = items, .count = rule->annotation_count};
}

void alerting_expand(const struct alerting *a, const struct alerting_settings *settings,
					 const struct alerting_sample *samples, size_t count, ts_ms ts,
					 const struct template_answer *answers, size_t answer_count,
					 struct arena *arena, struct alerting_candidate *ret_candidates,
					 struct alerting_questions *ret_questions, struct template_counts *counts) {
	struct expansion x = {
		.alerting = a, .arena = arena, .questions = ret_questions, .counts = counts};
	*ret_questions = (struct alerting_questions){0};
	arena_init(&x.scratch);
	for (size_t i = 0; i < count; i++) {
		x.data = (struct template_data){.labels = samples[i].labels,
										.external_labels = settings->external_labels,
										.external_url = settings->external_url,
										.value = samples[i].value,
										.now = ts,
										.answers = answers,
										.answer_count = answer_count};
		struct labels labels = expand_labels(&x, samples[i].labels);
		ret_candidates[i] = (struct alerting_candidate){.labels = labels,
														.annotations = expand_annotations(&x),
														.hash = labels_hash(labels),
														.value = samples[i].value};
	}
	strbuf_finish(&x.out);
	arena_finish(&x.scratch);
}
