/* Alerts, and who is told of them. */
#include "base/gofloat.h"
#include "engine/api/api_private.h"

static void write_alert(struct json_writer *w, const struct alert *alert) {
	struct strbuf value = STRBUF_INIT;
	json_open_object(w);
	json_key(w, "labels");
	json_labels(w, alert->labels);
	json_key(w, "annotations");
	json_labels(w, alert->annotations);
	json_key(w, "state");
	json_string(w, str_from(alert_state_name[alert->state]));
	api_write_time(w, "activeAt", alert->active_at);
	if (alert->keep_firing_since != TS_NONE) {
		api_write_time(w, "keepFiringSince", alert->keep_firing_since);
	}
	gofloat_print(&value, alert->value, 'e');
	json_key(w, "value");
	json_string(w, strbuf_str(&value));
	json_close_object(w);
	strbuf_finish(&value);
}

void api_write_alerts(struct json_writer *w, const struct alerting *a) {
	for (size_t i = 0; i < a->count; i++) {
		if (alert_is_active(a->alerts[i])) {
			write_alert(w, a->alerts[i]);
		}
	}
}

void api_alerts(const struct api_call *call, struct api_response *response) {
	const struct engine *e = call->engine;
	struct json_writer w;
	api_open_data(&w, response);
	json_open_object(&w);
	json_key(&w, "alerts");
	json_open_array(&w);
	for (size_t i = 0; i < engine_group_count(e); i++) {
		const struct group_state *g = engine_group(e, i);
		for (size_t j = 0; j < g->rule_count; j++) {
			api_write_alerts(&w, &g->rules[j].alerting);
		}
	}
	json_close_array(&w);
	json_close_object(&w);
	api_close_data(&w);
}

void api_alertmanagers(const struct api_call *call, struct api_response *response) {
	const struct engine *e = call->engine;
	struct json_writer w;
	api_open_data(&w, response);
	json_open_object(&w);
	json_key(&w, "activeAlertmanagers");
	json_open_array(&w);
	for (size_t i = 0; i < engine_peer_count(e); i++) {
		struct engine_peer_view peer;
		struct strbuf url = STRBUF_INIT;
		engine_peer(e, i, &peer);
		strbuf_add(&url, peer.url);
		strbuf_add_c(&url, API_ALERTS_PATH);
		json_open_object(&w);
		json_key(&w, "url");
		json_string(&w, strbuf_str(&url));
		json_close_object(&w);
		strbuf_finish(&url);
	}
	json_close_array(&w);
	json_key(&w, "droppedAlertmanagers");
	json_open_array(&w);
	json_close_array(&w);
	json_close_object(&w);
	api_close_data(&w);
}
