#include "base/bug.h"
#include "engine/evaluation_private.h"

const char *const evaluation_mode_name[EVALUATION_MODES] = {"auto", "local", "remote"};

static struct pql_grid instant(ts_ms t) {
	return (struct pql_grid){.start = t, .end = t, .step = 1};
}

static struct pql_time_options time_options(const struct evaluation *e) {
	return (struct pql_time_options){
		.lookback = e->settings->lookback,
		.default_subquery_step = e->settings->default_subquery_step,
	};
}

static void open_local(struct evaluation *e, struct evaluation_inquiry *q) {
	struct pql_time_options options = time_options(e);
	struct pql_need *needs;
	pql_needs(q->expr, instant(q->t), &options, &e->arena, &needs);
	q->need_count = q->expr->selector_count;
	for (size_t i = 0; i < q->need_count; i++) {
		evaluation_add_need(e, &needs[i]);
	}
}

static void open_remote(struct evaluation *e, struct evaluation_inquiry *q) {
	evaluation_add_need(e, &(struct pql_need){.kind = PQL_NEED_EXPRESSION,
											  .text = arena_dup(&e->arena, q->text),
											  .grid = instant(q->t)});
	q->need_count = 1;
}

void inquiry_open(struct evaluation *e, struct evaluation_inquiry *q, bool remote) {
	q->open = true;
	q->remote = remote;
	q->too_large = false;
	q->first_need = e->need_count;
	if (remote) {
		open_remote(e, q);
	} else {
		open_local(e, q);
	}
}

bool inquiry_is_settled(const struct evaluation *e, const struct evaluation_inquiry *q) {
	for (size_t i = 0; i < q->need_count; i++) {
		if (!e->needs[q->first_need + i].settled) {
			return false;
		}
	}
	return true;
}

const char *inquiry_failure(const struct evaluation *e, const struct evaluation_inquiry *q) {
	return evaluation_first_failure(e, q->first_need, q->need_count);
}

dur_us inquiry_took(const struct evaluation *e, const struct evaluation_inquiry *q) {
	dur_us longest = 0;
	for (size_t i = q->first_need; i < q->first_need + q->need_count; i++) {
		longest = e->needs[i].took > longest ? e->needs[i].took : longest;
	}
	return longest;
}

const char *inquiry_reason_for_remote(const struct evaluation *e,
									  const struct evaluation_inquiry *q) {
	if (q->too_large) {
		return "the samples that it works with pass a limit of this engine";
	}
	for (size_t i = q->first_need; !q->remote && i < q->first_need + q->need_count; i++) {
		const struct evaluation_need *n = &e->needs[i];
		if (n->failure != NULL && n->too_large) {
			return "the samples that it needs pass a limit of this engine";
		}
		if (n->failure == NULL && n->set.incomplete) {
			return "it reads native histograms";
		}
	}
	return NULL;
}

static void take_vector(const struct pql_value *value, struct arena *a,
						struct alerting_sample **ret_samples, size_t *ret_count) {
	struct alerting_sample *samples = ARENA_ARRAY(a, struct alerting_sample, value->row_count);
	size_t count = 0;
	for (size_t i = 0; i < value->row_count; i++) {
		const struct pql_row *row = &value->rows[i];
		if (row->present[0]) {
			struct pql_histogram *h = row->histograms == NULL ? NULL : row->histograms[0];
			samples[count++] = (struct alerting_sample){
				.labels = pql_row_labels(row, a), .value = row->values[0], .histogram = h};
		}
	}
	*ret_samples = samples;
	*ret_count = count;
}

static const char *local_value(struct evaluation *e, struct evaluation_inquiry *q, struct arena *a,
							   struct alerting_sample **ret_samples, size_t *ret_count) {
	struct pql_series_set *sets = ARENA_ARRAY(a, struct pql_series_set, q->need_count);
	for (size_t i = 0; i < q->need_count; i++) {
		const struct evaluation_need *n = &e->needs[q->first_need + i];
		const char *given_up =
			outputs_join(e->outputs, &n->need, e->settings->lookback, n->set, a, &sets[i]);
		if (given_up != NULL) {
			return given_up;
		}
	}
	struct pql_eval_options options = {.time = time_options(e),
									   .limits = {.max_samples = e->settings->max_samples}};
	struct pql_value value = {0};
	struct pql_notes notes = {0};
	struct pql_failure failure;
	if (!pql_eval(q->expr, instant(q->t), &options, sets, a, &value, &notes, &failure)) {
		q->too_large = failure.too_large;
		return failure.message;
	}
	evaluation_add_notes(e, &notes);
	if (value.type == PQL_TYPE_VECTOR) {
		take_vector(&value, a, ret_samples, ret_count);
	} else {
		*ret_samples = ARENA_NEW(a, struct alerting_sample);
		(*ret_samples)->value = value.scalars[0];
		*ret_count = 1;
	}
	return NULL;
}

/* A server's answer is the value already; a scalar comes without labels. */
static void remote_value(const struct evaluation *e, const struct evaluation_inquiry *q,
						 struct arena *a, struct alerting_sample **ret_samples, size_t *ret_count) {
	const struct pql_series_set *set = &e->needs[q->first_need].set;
	*ret_samples = ARENA_ARRAY(a, struct alerting_sample, set->count);
	*ret_count = set->count;
	for (size_t i = 0; i < set->count; i++) {
		const struct pql_series *s = &set->items[i];
		struct pql_histogram *h = s->histograms == NULL ? NULL : s->histograms[0];
		(*ret_samples)[i] =
			(struct alerting_sample){.labels = s->labels, .value = s->values[0], .histogram = h};
	}
}

const char *inquiry_value(struct evaluation *e, struct evaluation_inquiry *q, struct arena *a,
						  struct alerting_sample **ret_samples, size_t *ret_count) {
	enum pql_type type = q->expr->root->type;
	BUG_ON(!q->open);
	if (type != PQL_TYPE_VECTOR && type != PQL_TYPE_SCALAR) {
		return "rule result is not a vector or scalar";
	}
	if (!q->remote) {
		return local_value(e, q, a, ret_samples, ret_count);
	}
	remote_value(e, q, a, ret_samples, ret_count);
	return NULL;
}
