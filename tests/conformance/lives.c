/* lives FILE...: the life of an alert as lines of characters; the format stands at the head of lifecycle/lives.txt. */
#include <stdio.h>

#include "base/duration.h"
#include "engine/alerting.h"

#define EVALUATIONS_MAX 64
#define VARIANTS 4 /* a, b, c and d */
#define LIMIT 2

/* What the rule and the configuration say. */
struct variant {
	dur_ms hold, keep, interval, resend, retention;
	bool alive, limit_forgets;
};

struct life {
	struct str name;
	struct variant variants[VARIANTS];
	struct str rule, in, state, sent;
};

static const struct variant usual = {
	.interval = 30000, .resend = 60000, .retention = 120000, .alive = true};

/* ---- reading ---- */

static struct str take_word(struct str *s) {
	size_t end = 0;
	while (end < s->len && s->ptr[end] != ' ') {
		end++;
	}
	struct str word = str_slice(*s, 0, end);
	*s = str_trim(str_slice(*s, end, s->len));
	return word;
}

static bool read_setting(struct str word, struct arena *a, struct variant *v) {
	struct {
		const char *name;
		dur_ms *duration;
	} durations[] = {{"for", &v->hold},
					 {"keep", &v->keep},
					 {"interval", &v->interval},
					 {"resend", &v->resend},
					 {"retention", &v->retention}};
	const char *error;
	size_t equals = str_find(word, STR("="));
	struct str name = str_slice(word, 0, equals);
	struct str value = equals < word.len ? str_slice(word, equals + 1, word.len) : STR_EMPTY;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (str_equal(name, str_from(durations[i].name))) {
			return duration_parse(value, a, durations[i].duration, &error);
		}
	}
	v->alive = v->alive && !str_equal(word, STR("alive=no"));
	v->limit_forgets = v->limit_forgets || str_equal(word, STR("limit=forgets"));
	return str_equal(word, STR("alive=no")) || str_equal(word, STR("limit=forgets"));
}

static bool read_variant(struct str rest, struct arena *a, struct variant *v) {
	bool good = true;
	while (rest.len > 0 && good) {
		good = read_setting(take_word(&rest), a, v);
	}
	return good;
}

/* A line below the name. */
static bool read_line(struct life *l, struct str line, struct arena *a) {
	struct {
		const char *word;
		struct str *text;
	} texts[] = {{"rule", &l->rule}, {"in", &l->in}, {"state", &l->state}, {"sent", &l->sent}};
	struct str word = take_word(&line);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (str_equal(word, str_from(texts[i].word))) {
			*texts[i].text = line;
			return line.len > 0;
		}
	}
	if (str_equal(word, STR("with"))) {
		return read_variant(line, a, &l->variants[0]);
	}
	bool known = word.len == 1 && word.ptr[0] > 'a' && word.ptr[0] < 'a' + VARIANTS;
	return known && read_variant(line, a, &l->variants[word.ptr[0] - 'a']);
}

static void begin_life(struct life *l, struct str name) {
	*l = (struct life){.name = name};
	for (size_t i = 0; i < VARIANTS; i++) {
		l->variants[i] = usual;
	}
}

/* ---- living ---- */

struct run {
	const struct life *life;
	const struct variant *v;
	struct rule rule;
	struct alerting alerting;
	struct arena arena;
	ts_ms ts;
	char state[EVALUATIONS_MAX + 1], sent[EVALUATIONS_MAX + 1];
	const char *trouble; /* what no line of characters can say; NULL: none */
};

/* `count` candidates, all the same or each one an alert of its own. */
static const struct alerting_candidate *make_candidates(struct arena *a, size_t count, double value,
														bool same) {
	struct alerting_candidate *items = ARENA_ARRAY(a, struct alerting_candidate, count + 1);
	for (size_t i = 0; i < count; i++) {
		struct labels_builder b;
		labels_builder_init(&b, a);
		labels_builder_set(&b, LABEL_ALERTNAME, STR("A"));
		labels_builder_set(&b, STR("instance"),
						   str_from(arena_printf(a, "%zu", same ? (size_t)0 : i)));
		items[i].labels = labels_builder_take(&b);
		items[i].hash = labels_hash(items[i].labels);
		items[i].value = value;
	}
	return items;
}

static struct alerting_settings settings_of(const struct variant *v) {
	return (struct alerting_settings){.resend_delay = v->resend,
									  .resolved_retention = v->retention,
									  .external_url = STR("http://prometheus:9090"),
									  .max_alerts = 100,
									  .limit_forgets = v->limit_forgets};
}

/* One evaluation as engine/evaluation.c goes about it. */
static void evaluate(struct run *r, char in, struct notices *notices) {
	static const struct rule_group group = {.limit = LIMIT};
	struct alerting_settings settings = settings_of(r->v);
	struct alert_transitions transitions = {0};
	bool bad = in == 'E';
	if (!bad) {
		size_t count = in == 'D' ? 2 : in == 'L' ? LIMIT + 1 : in == '.' ? 0 : 1;
		const struct alerting_candidate *c =
			make_candidates(&r->arena, count, count == 1 ? in - '0' : 1, in == 'D');
		bad = alerting_step(&r->alerting, &settings, &group, c, count, r->ts, &r->arena,
							&transitions) != NULL;
		if (bad != (in == 'D' || in == 'L')) {
			r->trouble = "an evaluation failed that should not, or the other way round";
		}
	}
	if (!bad || r->v->alive) {
		alerting_take_notices(&r->alerting, &settings, r->v->interval, r->ts, &r->arena, notices);
	}
}

static void take_rule_away(struct run *r, struct notices *notices) {
	struct alerting_settings settings = settings_of(r->v);
	alerting_resolve_all(&r->alerting, &settings, r->ts, &r->arena, notices);
	alerting_finish(&r->alerting);
}

static char state_char(const struct alerting *a) {
	if (a->count == 0) {
		return '-';
	}
	const struct alert *alert = a->alerts[0];
	switch (alert->state) {
	case ALERT_PENDING: return 'P';
	case ALERT_FIRING: return alert->keep_firing_since == TS_NONE ? 'F' : 'K';
	case ALERT_INACTIVE: return 'R';
	case ALERT_UNKNOWN: break;
	}
	return '?';
}

static char sent_char(struct run *r, const struct notices *n) {
	if (n->count == 0) {
		return '.';
	}
	dur_ms longer = r->v->interval > r->v->resend ? r->v->interval : r->v->resend;
	const struct notice *notice = &n->items[0];
	bool in_time =
		notice->resolved ? notice->ends_at <= r->ts : notice->ends_at == r->ts + 4 * longer;
	if (n->count > 1 || !in_time || notice->starts_at > r->ts) {
		r->trouble = "startsAt or endsAt of what is sent";
	}
	return notice->resolved ? 'r' : 'f';
}

static void run_evaluation(struct run *r, size_t i) {
	const struct life *l = r->life;
	struct notices notices = {0};
	r->v = &l->variants[l->rule.len > i ? l->rule.ptr[i] - 'a' : 0];
	r->rule.hold = r->v->hold;
	r->rule.keep_firing_for = r->v->keep;
	if (l->in.ptr[i] == '!') {
		take_rule_away(r, &notices);
	} else {
		evaluate(r, l->in.ptr[i], &notices);
	}
	r->state[i] = state_char(&r->alerting);
	r->sent[i] = sent_char(r, &notices);
	r->ts += r->v->interval;
	arena_reset(&r->arena);
}

static bool is_complete(const struct life *l) {
	for (size_t i = 0; i < l->rule.len; i++) {
		if (l->rule.ptr[i] < 'a' || l->rule.ptr[i] >= 'a' + VARIANTS) {
			return false;
		}
	}
	for (size_t i = 0; i < l->in.len; i++) {
		if (strchr(".123456789EDL!", l->in.ptr[i]) == NULL) {
			return false;
		}
	}
	return l->in.len > 0 && l->in.len <= EVALUATIONS_MAX && l->state.len == l->in.len &&
		   l->sent.len == l->in.len && (l->rule.len == 0 || l->rule.len == l->in.len);
}

static bool live(const struct life *l) {
	struct run r = {.life = l, .rule = {.kind = RULE_ALERTING, .name = STR("A")}};
	if (!is_complete(l)) {
		printf("%.*s: lines are missing, of unequal length or with other characters\n",
			   STR_FMT(l->name));
		return false;
	}
	alerting_init(&r.alerting, &r.rule);
	arena_init(&r.arena);
	for (size_t i = 0; i < l->in.len; i++) {
		run_evaluation(&r, i);
	}
	bool good = r.trouble == NULL && str_equal(str_from(r.state), l->state) &&
				str_equal(str_from(r.sent), l->sent);
	if (!good) {
		printf("%.*s:\n  in    %.*s\n  state %s\n  want  %.*s\n  sent  %s\n  want  %.*s\n%s%s",
			   STR_FMT(l->name), STR_FMT(l->in), r.state, STR_FMT(l->state), r.sent,
			   STR_FMT(l->sent), r.trouble == NULL ? "" : r.trouble, r.trouble == NULL ? "" : "\n");
	}
	alerting_finish(&r.alerting);
	arena_finish(&r.arena);
	return good;
}

/* ---- files ---- */

struct counts {
	size_t passed, failed;
};

static void end_life(const struct life *l, struct counts *counts) {
	if (l->name.len > 0) {
		bool good = live(l);
		counts->passed += good;
		counts->failed += !good;
	}
}

static void run_text(struct str text, struct arena *a, struct counts *counts) {
	struct life life = {0};
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_slice(text, 0, end), words = str_trim(line);
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
		if (words.len == 0 || line.ptr[0] == '#') {
			continue;
		}
		if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
			end_life(&life, counts);
			begin_life(&life, words);
		} else if (!read_line(&life, words, a)) {
			printf("cannot be read: %.*s\n", STR_FMT(line));
			counts->failed++;
		}
	}
	end_life(&life, counts);
}

static bool run_file(const char *path, struct counts *counts) {
	FILE *f = fopen(path, "r");
	struct strbuf text = STRBUF_INIT;
	struct arena a;
	int c;
	if (f == NULL) {
		perror(path);
		return false;
	}
	while ((c = getc(f)) != EOF) {
		strbuf_add_char(&text, (char)c);
	}
	fclose(f);
	arena_init(&a);
	run_text(strbuf_str(&text), &a, counts);
	arena_finish(&a);
	strbuf_finish(&text);
	return true;
}

int main(int argc, char **argv) {
	struct counts counts = {0};
	bool readable = argc > 1;
	for (int i = 1; i < argc; i++) {
		readable = run_file(argv[i], &counts) && readable;
	}
	printf("%zu passed, %zu failed\n", counts.passed, counts.failed);
	return readable && counts.failed == 0 && counts.passed > 0 ? 0 : 1;
}
