/* Sentences for the log. */
#include <inttypes.h>
#include <stdarg.h>

#include "base/gofloat.h"
#include "engine/engine_private.h"

void engine_say(struct engine *e, enum engine_event_level level, struct labels fields,
				const char *format, ...) {
	if (e->log == NULL) {
		return;
	}
	struct strbuf message = STRBUF_INIT;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&message, format, args);
	va_end(args);
	struct engine_event event = {.level = level, .message = message.ptr, .fields = fields};
	e->log(&event, e->log_data);
	strbuf_finish(&message);
}

static const struct {
	enum engine_event_level level;
	const char *word;
} changes[] = {
	[ALERT_UNCHANGED] = {ENGINE_DEBUG, "unchanged"},
	[ALERT_APPEARED] = {ENGINE_DEBUG, "alert pending"},
	[ALERT_FIRED] = {ENGINE_INFO, "alert firing"},
	[ALERT_RESOLVED] = {ENGINE_INFO, "alert resolved"},
	[ALERT_DROPPED] = {ENGINE_DEBUG, "alert gone before it fired"},
	[ALERT_LOWERED] = {ENGINE_INFO, "alert pending again: its \"for\" was raised"},
	[ALERT_FORGOTTEN] = {ENGINE_DEBUG, "resolved alert forgotten"},
};

void engine_say_transitions(struct engine *e, const struct evaluation_result *result) {
	for (size_t i = 0; e->log != NULL && i < result->transitions.count; i++) {
		const struct alert_transition *t = &result->transitions.items[i];
		struct strbuf value = STRBUF_INIT;
		gofloat_print(&value, t->value, 'g');
		engine_say(e, changes[t->change].level, t->labels, "%s, value %s", changes[t->change].word,
				   value.ptr);
		strbuf_finish(&value);
	}
}

static struct labels rule_fields(struct label *items, const struct group_state *group,
								 const struct rule *rule) {
	items[0] = (struct label){STR("file"), group->group->file};
	items[1] = (struct label){STR("group"), group->group->name};
	items[2] = (struct label){STR("rule"), rule->name};
	return (struct labels){.items = items, .count = 3};
}

void engine_say_failures(struct engine *e, const struct group_state *group,
						 const struct evaluation_result *result) {
	struct label items[3];
	for (size_t i = 0; i < result->failure_count; i++) {
		const struct evaluation_failure *f = &result->failures[i];
		if (f->first) {
			/* Of an outage there is a line already; a query that is refused is the rule's own trouble. */
			bool known = f->fetch && e->prometheus.on;
			engine_say(e, known ? ENGINE_DEBUG : ENGINE_WARN, rule_fields(items, group, f->rule),
					   f->dropped
						   ? "another rule writes the same series, and its samples are kept: %s"
						   : "rule cannot be evaluated: %s",
					   f->message);
		}
	}
	for (size_t i = 0; i < result->template_failure_count; i++) {
		const struct evaluation_template_failure *f = &result->template_failures[i];
		engine_say(e, ENGINE_WARN, rule_fields(items, group, f->rule),
				   "a template cannot be expanded: %s", f->message);
	}
	for (size_t i = 0; i < result->recovered_count; i++) {
		engine_say(e, ENGINE_DEBUG, rule_fields(items, group, result->recovered[i]),
				   "rule evaluates again");
	}
	for (size_t i = 0; i < result->notes.count; i++) {
		engine_say(e, ENGINE_DEBUG, LABELS_EMPTY, "%s", result->notes.items[i].message);
	}
}

void engine_say_restoration(struct engine *e, const struct group_state *group,
							const struct evaluation_result *result) {
	struct label items[] = {{STR("file"), group->group->file}, {STR("group"), group->group->name}};
	struct labels fields = {.items = items, .count = 2};
	if (result->restored > 0) {
		engine_say(e, ENGINE_INFO, fields, "pending alerts that go on where they were: %zu",
				   result->restored);
	}
	if (result->restore_failure != NULL) {
		engine_say(e, group->restoring && group->restore_tries > 1 ? ENGINE_DEBUG : ENGINE_WARN,
				   fields, "the state of \"for\" cannot be read back%s: %s",
				   group->restoring ? ", to be tried again" : " and is given up",
				   result->restore_failure);
	}
}
