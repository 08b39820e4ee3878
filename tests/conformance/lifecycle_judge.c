#include "tests/conformance/lifecycle_judge.h"

#include <inttypes.h>

#define INTERVAL 30000      /* of all groups */
#define SLACK 10000         /* what the way to the receiver and the evaluation may take */
#define RESEND 60000        /* a repetition comes after about this */
#define RESEND_EARLY 5000   /* or so much earlier */
#define RETENTION 900000    /* repetitions of the end of an alert stop */
#define OVER_REPETITIONS 14 /* one a minute after the first */
#define ENDS_AFTER 240000   /* a firing alert's endsAt, from the evaluation on */
#define COMPLAINTS_TOLD 5

void judge_complain(struct judge *j, const char *format, ...) {
	va_list args;
	if (j->complaint_count++ >= COMPLAINTS_TOLD) {
		return;
	}
	va_start(args, format);
	strbuf_add_c(&j->complaints, "  ");
	strbuf_vprintf(&j->complaints, format, args);
	strbuf_add_char(&j->complaints, '\n');
	va_end(args);
}

void judge_init(struct judge *j, const struct lifecycle_case *wanted, ts_ms begin) {
	*j = (struct judge){.wanted = wanted, .begin = begin};
	size_t count = 0;
	arena_init(&j->arena);
	for (size_t i = 0; i < wanted->group_count; i++) {
		count += wanted->groups[i].alert_count;
	}
	j->alerts = ARENA_ARRAY(&j->arena, struct judge_alert, count);
	for (size_t i = 0; i < wanted->group_count; i++) {
		for (size_t k = 0; k < wanted->groups[i].alert_count; k++) {
			j->alerts[j->alert_count++].wanted = &wanted->groups[i].alerts[k];
		}
	}
}

void judge_finish(struct judge *j) {
	arena_finish(&j->arena);
	strbuf_finish(&j->complaints);
}

static struct labels texts_of(const struct case_alert *alert, double value) {
	for (size_t i = 0; i < alert->text_count; i++) {
		if (alert->texts[i].any || alert->texts[i].value == value) {
			return alert->texts[i].annotations;
		}
	}
	return LABELS_EMPTY;
}

/* ---- polls ---- */

static bool in_part(const struct case_part *part, ts_ms t) {
	for (size_t i = 0; i < part->window_count; i++) {
		if (t > (ts_ms)part->windows[i].from * 1000 && t <= (ts_ms)part->windows[i].to * 1000) {
			return true;
		}
	}
	return false;
}

static bool in_row(const struct case_row *row, ts_ms t) {
	for (size_t i = 0; i < row->part_count; i++) {
		if (!in_part(&row->parts[i], t)) {
			return false;
		}
	}
	return true;
}

static struct labels without_state(struct judge *j, struct labels l) {
	struct labels_builder b;
	labels_builder_init_from(&b, &j->arena, l);
	labels_builder_remove(&b, STR("alertstate"));
	return labels_builder_take(&b);
}

static bool is_wanted(struct judge *j, const struct case_seen *wanted,
					  const struct judge_seen *seen) {
	if (seen->plain) {
		return wanted->state == seen->state && labels_equal(without_state(j, wanted->alert->labels),
															without_state(j, seen->labels));
	}
	ts_ms since = j->begin + (ts_ms)wanted->since * 1000;
	return wanted->state == seen->state && labels_equal(wanted->alert->labels, seen->labels) &&
		   wanted->value == seen->value && seen->active_at >= since &&
		   seen->active_at <= since + INTERVAL + SLACK &&
		   labels_equal(texts_of(wanted->alert, wanted->value), seen->annotations);
}

/* No alert twice: the counts agree and each wanted one is there. */
static bool row_is_seen(struct judge *j, const struct case_row *row, const struct judge_seen *seen,
						size_t count) {
	bool good = row->seen_count == count;
	for (size_t i = 0; i < row->seen_count && good; i++) {
		bool found = false;
		for (size_t k = 0; k < count && !found; k++) {
			found = is_wanted(j, &row->seen[i], &seen[k]);
		}
		good = found;
	}
	return good;
}

static void complain_of_poll(struct judge *j, const char *source, struct str group,
							 const struct judge_seen *seen, size_t count, ts_ms t) {
	struct strbuf what = STRBUF_INIT;
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&what, " %s ", alert_state_name[seen[i].state]);
		labels_print(&what, seen[i].labels);
		strbuf_printf(&what, " %g since %" PRId64 " ", seen[i].value,
					  (seen[i].active_at - j->begin) / 1000);
		labels_print(&what, seen[i].annotations);
	}
	judge_complain(j, "%s of %.*s at %.3f s:%s is not what may be there", source, STR_FMT(group),
				   (double)t / 1000, count == 0 ? " nothing" : what.ptr);
	strbuf_finish(&what);
}

void judge_poll(struct judge *j, const char *source, struct str group,
				const struct judge_seen *seen, size_t count, ts_ms from, ts_ms to) {
	const struct case_group *wanted = NULL;
	bool fits[64] = {0};
	for (size_t i = 0; i < j->wanted->group_count; i++) {
		if (str_equal(j->wanted->groups[i].name, group)) {
			wanted = &j->wanted->groups[i];
		}
	}
	if (wanted == NULL || wanted->row_count > 64) {
		judge_complain(j, "no group %.*s, or too many rows", STR_FMT(group));
		return;
	}
	for (size_t i = 0; i < j->alert_count; i++) {
		const struct case_alert *alert = j->alerts[i].wanted;
		j->alerts[i].followed =
			j->alerts[i].followed ||
			(alert >= wanted->alerts && alert < wanted->alerts + wanted->alert_count);
	}
	for (size_t i = 0; i < wanted->row_count; i++) {
		fits[i] = row_is_seen(j, &wanted->rows[i], seen, count);
	}
	for (ts_ms t = from - j->begin; t < to - j->begin; t += 1000) {
		bool allowed = false;
		for (size_t i = 0; i < wanted->row_count && !allowed; i++) {
			allowed = fits[i] && in_row(&wanted->rows[i], t);
		}
		if (!allowed) {
			complain_of_poll(j, source, group, seen, count, t);
			return;
		}
	}
}

/* ---- posts ---- */

/* Phase 0 is the first episode's firing, 1 its end, 2 the second episode's firing … */
static const struct case_episode *episode_of(const struct judge_alert *a, size_t phase) {
	return phase / 2 < a->wanted->episode_count ? &a->wanted->episodes[phase / 2] : NULL;
}

static ts_ms phase_begins(const struct judge_alert *a, size_t phase) {
	const struct case_episode *e = episode_of(a, phase);
	return (ts_ms)(phase % 2 == 0 ? e->fires : e->over) * 1000;
}

/* When the state after this phase's begins; INT64_MAX: never. */
static ts_ms phase_ends(const struct judge_alert *a, size_t phase) {
	const struct case_episode *next = episode_of(a, phase + 1);
	if (phase % 2 == 0) {
		return phase_begins(a, phase + 1);
	}
	return next == NULL ? INT64_MAX : (ts_ms)next->since * 1000;
}

/* The first post of a phase comes in time: the end of an alert may take an evaluation longer. */
static ts_ms first_post_until(const struct judge_alert *a, size_t phase) {
	return phase_begins(a, phase) + (phase % 2 == 0 ? 1 : 2) * INTERVAL + SLACK;
}

static ts_ms repetition_from(const struct judge_alert *a) {
	return a->last + RESEND - RESEND_EARLY;
}

static ts_ms repetition_until(const struct judge_alert *a) {
	return repetition_from(a) + INTERVAL + SLACK;
}

/* Of the end of an alert there are only so many, and none that would begin after the retention. */
static bool has_repetition(const struct judge_alert *a) {
	size_t phase = a->begun - 1;
	if (a->begun == 0) {
		return false;
	}
	return phase % 2 == 0 || (a->repetitions < OVER_REPETITIONS &&
							  repetition_from(a) <= phase_begins(a, phase) + RETENTION);
}

static void give_up(struct judge *j, struct judge_alert *a, const char *what, ts_ms t) {
	judge_complain(j, "%.*s at %.3f s: %s", STR_FMT(a->wanted->key), (double)t / 1000, what);
	a->given_up = true;
}

/* Posts that should have come before `now`. A repetition may stay away when the next state is due before its time is over. */
static void check_missed(struct judge *j, struct judge_alert *a, ts_ms now) {
	if (a->given_up) {
		return;
	}
	if (has_repetition(a) && now >= repetition_until(a) &&
		phase_ends(a, a->begun - 1) >= repetition_until(a)) {
		give_up(j, a, "a repetition was missed", now);
	} else if (episode_of(a, a->begun) != NULL && now >= first_post_until(a, a->begun)) {
		give_up(j, a, "the first post of a state was missed", now);
	}
}

struct post {
	struct labels labels, annotations;
	ts_ms starts_at, ends_at, arrival;
};

static bool is_within(ts_ms t, ts_ms from, ts_ms to) {
	return t > from && t < to;
}

static double value_at(const struct case_episode *e, ts_ms t) {
	double value = e->steps[0].value;
	for (size_t i = 1; i < e->step_count; i++) {
		value = t > (ts_ms)e->steps[i].from * 1000 ? e->steps[i].value : value;
	}
	return value;
}

static bool has_text_of(const struct judge_alert *a, const struct post *p, double value) {
	return labels_equal(p->annotations, texts_of(a->wanted, value));
}

/* NULL: the post is right in this phase. Texts of a firing alert are those of an evaluation shortly before; those of one that is
 * over stay what they were at its last. */
static const char *judge_fields(const struct judge_alert *a, const struct post *p, size_t phase,
								bool first) {
	const struct case_episode *e = episode_of(a, phase);
	ts_ms fires = (ts_ms)e->fires * 1000, over = (ts_ms)e->over * 1000;
	ts_ms tolerance = (phase % 2 == 1 && first ? 2 : 1) * INTERVAL;
	if (!is_within(p->starts_at, fires, fires + tolerance)) {
		return "startsAt";
	}
	if (phase % 2 == 1) {
		bool in_time = is_within(p->ends_at, over - SLACK, over + tolerance);
		return !in_time ? "endsAt" : !has_text_of(a, p, value_at(e, over)) ? "annotations" : NULL;
	}
	if (!is_within(p->ends_at, p->arrival + ENDS_AFTER - SLACK,
				   p->arrival + ENDS_AFTER + INTERVAL)) {
		return "endsAt";
	}
	bool good = has_text_of(a, p, value_at(e, p->arrival)) ||
				has_text_of(a, p, value_at(e, p->arrival - SLACK));
	return good ? NULL : "annotations";
}

static bool is_repetition(const struct judge_alert *a, const struct post *p, const char **why) {
	if (!has_repetition(a) || !is_within(p->arrival, repetition_from(a), repetition_until(a)) ||
		(phase_ends(a, a->begun - 1) < INT64_MAX &&
		 p->arrival > phase_ends(a, a->begun - 1) + INTERVAL + SLACK)) {
		return false;
	}
	*why = judge_fields(a, p, a->begun - 1, false);
	return *why == NULL;
}

static bool is_first(const struct judge_alert *a, const struct post *p, const char **why) {
	if (episode_of(a, a->begun) == NULL ||
		!is_within(p->arrival, phase_begins(a, a->begun), first_post_until(a, a->begun))) {
		return false;
	}
	*why = judge_fields(a, p, a->begun, true);
	return *why == NULL;
}

static void take_post(struct judge *j, struct judge_alert *a, const struct post *p) {
	const char *why = "at this time nothing was due";
	if (is_repetition(a, p, &why)) {
		a->repetitions++;
	} else if (is_first(a, p, &why)) {
		a->begun++;
		a->repetitions = 0;
	} else {
		struct strbuf what = STRBUF_INIT;
		strbuf_printf(&what, "unexpected post: %s; startsAt %.3f endsAt %.3f ", why,
					  (double)p->starts_at / 1000, (double)p->ends_at / 1000);
		labels_print(&what, p->annotations);
		give_up(j, a, what.ptr, p->arrival);
		strbuf_finish(&what);
	}
	a->last = p->arrival;
}

static struct labels labels_of(struct judge *j, const cJSON *object) {
	struct labels_builder b;
	const cJSON *member;
	labels_builder_init(&b, &j->arena);
	cJSON_ArrayForEach(member, object) {
		const char *text = cJSON_GetStringValue(member);
		labels_builder_set(&b, arena_dup(&j->arena, str_from(member->string)),
						   arena_dup(&j->arena, str_from(text == NULL ? "" : text)));
	}
	return labels_builder_take(&b);
}

static bool time_of(const struct judge *j, const cJSON *alert, const char *name, ts_ms *ret_t) {
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(alert, name));
	ts_ms t = 0;
	bool good = text != NULL && timestamp_parse(str_from(text), &t);
	*ret_t = t - j->begin;
	return good;
}

void judge_post(struct judge *j, const cJSON *alert, ts_ms arrival) {
	struct post p = {
		.labels = labels_of(j, cJSON_GetObjectItemCaseSensitive(alert, "labels")),
		.annotations = labels_of(j, cJSON_GetObjectItemCaseSensitive(alert, "annotations")),
		.arrival = arrival - j->begin,
	};
	const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(alert, "generatorURL"));
	if (!time_of(j, alert, "startsAt", &p.starts_at) || !time_of(j, alert, "endsAt", &p.ends_at) ||
		url == NULL || !str_starts_with(str_from(url), STR("http://"))) {
		judge_complain(j, "a post without startsAt, endsAt or generatorURL");
		return;
	}
	for (size_t i = 0; i < j->alert_count; i++) {
		struct judge_alert *a = &j->alerts[i];
		if (labels_equal(a->wanted->labels, p.labels)) {
			check_missed(j, a, p.arrival);
			if (!a->given_up) {
				take_post(j, a, &p);
			}
			return;
		}
	}
	struct strbuf what = STRBUF_INIT;
	labels_print(&what, p.labels);
	judge_complain(j, "a post about an alert that nobody knows: %s", what.ptr);
	strbuf_finish(&what);
}

void judge_end(struct judge *j) {
	for (size_t i = 0; i < j->alert_count; i++) {
		if (j->alerts[i].followed) {
			check_missed(j, &j->alerts[i], INT64_MAX);
		}
	}
}
