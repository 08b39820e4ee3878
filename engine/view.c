#include "engine/view.h"

#include "engine/engine_private.h"

const struct config *engine_config(const struct engine *e) {
	return &e->config;
}

size_t engine_group_count(const struct engine *e) {
	return e->group_count;
}

const struct group_state *engine_group(const struct engine *e, size_t index) {
	return e->groups[index]->state;
}

size_t engine_peer_count(const struct engine *e) {
	return e->peer_count;
}

void engine_peer(const struct engine *e, size_t index, struct engine_peer_view *ret_view) {
	const struct engine_peer *p = e->peers[index];
	*ret_view = (struct engine_peer_view){.url = p->url, .latency = &p->latency};
	outbox_stats(p->outbox, &ret_view->outbox);
}

const struct engine_counters *engine_counters(const struct engine *e) {
	return &e->counters;
}

void engine_reload_view(const struct engine *e, struct engine_reload_view *ret_view) {
	*ret_view = e->reload;
}

bool engine_ready(const struct engine *e, struct strbuf *ret_sentence) {
	if (!e->reload.loaded) {
		strbuf_add_c(ret_sentence, "no rules are loaded yet");
		return false;
	}
	size_t waiting = 0;
	const struct group_state *first = NULL;
	for (size_t i = 0; i < e->group_count; i++) {
		if (e->groups[i]->state->last_evaluation == TS_NONE) {
			first = first == NULL ? e->groups[i]->state : first;
			waiting++;
		}
	}
	if (waiting == 0) {
		return true;
	}
	strbuf_printf(ret_sentence, "%zu of %zu groups have not been evaluated yet, first %.*s (%.*s)",
				  waiting, e->group_count, STR_FMT(first->group->name),
				  STR_FMT(first->group->file));
	return false;
}

size_t engine_output_series(const struct engine *e) {
	return outputs_series_count(e->outputs);
}

const struct rule_set *engine_rule_set(const struct engine *e) {
	return e->set;
}

bool engine_writer(const struct engine *e, struct write_queue_stats *ret_stats) {
	if (e->writer.queue == NULL) {
		return false;
	}
	write_queue_stats(e->writer.queue, ret_stats);
	return true;
}
