#include "promql-lite/facts_private.h"

/* Series whose meaning Prometheus itself has fixed. */
static const struct known_metric {
	const char *name;
	enum pql_presence presence;
	struct pql_interval value;
	const char *labels[3]; /* that they always have */
} known_metrics[] = {
	{"ALERTS", PQL_SOMETIMES, {1, 1, false}, {"alertname", "alertstate", NULL}},
	{"ALERTS_FOR_STATE", PQL_SOMETIMES, {-INFINITY, INFINITY, true}, {"alertname", NULL}},
	{"up", PQL_WITH_SERIES, {0, 1, false}, {NULL}},
};

static const struct known_metric *find_known(struct str name) {
	for (size_t i = 0; i < sizeof(known_metrics) / sizeof(known_metrics[0]); i++) {
		if (str_equal(name, str_from(known_metrics[i].name))) {
			return &known_metrics[i];
		}
	}
	return NULL;
}

/* Facts of the metric, before the selector's own conditions. Of a name with a colon nobody knows what the rule behind it does. */
static void facts_of_metric(struct facts_run *run, struct str name, struct pql_facts *ret) {
	const struct pql_facts_source *source = run->source;
	const struct pql_facts *found = name.len > 0 && source->find_metric != NULL
										? source->find_metric(name, source->data)
										: NULL;
	const struct known_metric *known = source->conventions ? find_known(name) : NULL;
	bool scraped = name.len > 0 && memchr(name.ptr, ':', name.len) == NULL;
	struct label_list l;

	*ret = (struct pql_facts){
		.presence = scraped ? PQL_WITH_SERIES : PQL_SOMETIMES,
		.others = PQL_LABEL_MAYBE,
		.value = interval_any(),
	};
	if (found != NULL) {
		*ret = *found;
		ret->clash = (struct pql_clash){0};
	} else if (source->conventions && scraped) {
		label_list_init(&l, run);
		for (size_t i = 0; known != NULL && known->labels[i] != NULL; i++) {
			label_list_set(&l, str_from(known->labels[i]), PQL_LABEL_ALWAYS, STR_EMPTY);
		}
		if (known == NULL || known->labels[0] == NULL) {
			label_list_set(&l, STR("instance"), PQL_LABEL_LIKELY, STR_EMPTY);
			label_list_set(&l, STR("job"), PQL_LABEL_LIKELY, STR_EMPTY);
		}
		label_list_finish(&l, PQL_LABEL_MAYBE, ret);
	}
	if (known != NULL && found == NULL) {
		ret->presence = known->presence;
		ret->value = known->value;
	}
}

/* Whether a series with this value of the label can pass. */
static bool all_match(const struct pql_selector *s, struct str name, struct str value) {
	for (size_t i = 0; i < s->matcher_count; i++) {
		if (str_equal(s->matchers[i].name, name) && matcher_refuses(&s->matchers[i], value)) {
			return false;
		}
	}
	return true;
}

/* Of one of its matchers. false: no series passes it together with the others and with what is known. */
static bool apply_matcher(const struct pql_selector *s, const struct matcher *m,
						  const struct pql_facts *metric, struct label_list *l) {
	struct str value;
	enum pql_label_state state = pql_facts_label(metric, m->name, &value);
	bool wants = !m->matches_empty;

	if (state == PQL_LABEL_NEVER || (m->op == MATCH_EQUAL && m->value.len == 0)) {
		label_list_set(l, m->name, PQL_LABEL_NEVER, STR_EMPTY);
		return all_match(s, m->name, STR_EMPTY) && state != PQL_LABEL_ALWAYS;
	}
	if (value.len > 0) {
		return all_match(s, m->name, value);
	}
	if (m->op == MATCH_EQUAL) {
		label_list_set(l, m->name, PQL_LABEL_ALWAYS, m->value);
		return all_match(s, m->name, m->value);
	}
	if (wants && pql_facts_label(&(struct pql_facts){.labels = l->items, .label_count = l->count},
								 m->name, NULL) != PQL_LABEL_ALWAYS) {
		label_list_set(l, m->name, PQL_LABEL_ALWAYS, STR_EMPTY);
	}
	return true;
}

static bool is_alerts_state(const struct pql_selector *s) {
	return all_match(s, STR("alertstate"), STR("pending")) ||
		   all_match(s, STR("alertstate"), STR("firing"));
}

void facts_of_selector(struct facts_run *run, const struct pql_node *n, struct pql_facts *ret) {
	const struct pql_selector *s = &n->selector;
	struct str name = pql_selector_metric(s);
	struct label_list l;
	struct pql_facts metric;
	bool possible = true;

	facts_of_metric(run, name, &metric);
	*ret = metric;
	if (s->matcher_count > PQL_FACTS_MAX_LABELS) {
		return; /* each is held against all others */
	}
	label_list_init(&l, run);
	label_list_add_all(&l, &metric);
	for (size_t i = 0; i < s->matcher_count; i++) {
		const struct matcher *m = &s->matchers[i];

		if (!str_equal(m->name, LABEL_NAME)) {
			possible = apply_matcher(s, m, &metric, &l) && possible;
		} else if (name.len > 0) {
			possible = !matcher_refuses(m, name) && possible;
		}
	}
	label_list_finish(&l, metric.others, ret);
	if (str_equal(name, STR("ALERTS")) && run->source->conventions) {
		possible = possible && is_alerts_state(s);
	}
	if (!possible) {
		ret->presence = PQL_NEVER;
	}
}
