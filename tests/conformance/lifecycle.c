/* lifecycle [--policies|--engine] FOLDER: alerts through their lives, as an independent suite for alert generators judges them.
 *
 * An engine evaluates the suite's rules over its data with invented time, once for each phase of the evaluations to the samples.
 * --policies runs engines that are nearly right, too, and wants the judge to find them out at as many phases as stands there.
 * --engine runs some phases through the whole engine, as the daemon drives it: schedule, fetches, outbox and HTTP API. */
#include "tests/conformance/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/duration.h"
#include "base/gofloat.h"

#define ENGINE_PHASE_STEP 16 /* the whole engine takes longer */

struct str suite_read(struct suite *s, const char *name) {
	const char *path = arena_printf(&s->arena, "%s/%s", s->folder, name);
	FILE *f = fopen(path, "r");
	struct strbuf text = STRBUF_INIT;
	int c;
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while ((c = getc(f)) != EOF) {
		strbuf_add_char(&text, (char)c);
	}
	fclose(f);
	struct str copy = arena_dup(&s->arena, strbuf_str(&text));
	strbuf_finish(&text);
	return copy;
}

static dur_ms phase_of(size_t number) {
	return SUITE_PHASE_STEP / 2 + (dur_ms)number * SUITE_PHASE_STEP;
}

/* How many phases fail; what is wrong at the first of them is printed when `tells`. */
static size_t run_phases(struct suite *s, const struct suite_policy *policy, bool tells) {
	size_t failing = 0;
	for (size_t i = 0; i < SUITE_PHASES; i++) {
		struct judge j;
		judge_init(&j, &s->wanted, SUITE_GRID - phase_of(i));
		suite_run_simulation(s, policy, phase_of(i), &j);
		if (j.complaint_count > 0 && failing++ == 0 && tells) {
			printf("phase %lld ms:\n%s", (long long)phase_of(i), j.complaints.ptr);
		}
		judge_finish(&j);
	}
	return failing;
}

static size_t run_engine(struct suite *s) {
	size_t failing = 0;
	for (size_t i = 0; i < SUITE_PHASES; i += ENGINE_PHASE_STEP) {
		struct judge j;
		judge_init(&j, &s->wanted, SUITE_GRID - phase_of(i));
		suite_run_engine(s, phase_of(i), &j);
		if (j.complaint_count > 0 && failing++ == 0) {
			printf("phase %lld ms, whole engine:\n%s", (long long)phase_of(i), j.complaints.ptr);
		}
		judge_finish(&j);
	}
	return failing;
}

static const struct suite_policy as_prometheus = {
	.name = "as_prometheus", .rules = "rules.yml", .resend = 60000, .retention = 900000};

static bool read_duration(struct str text, struct arena *a, dur_ms *ret_duration) {
	const char *error;
	return duration_parse(text, a, ret_duration, &error);
}

static bool read_setting(struct str word, struct arena *a, struct suite_policy *p) {
	size_t equals = str_find(word, STR("="));
	struct str name = str_slice(word, 0, equals), value = STR_EMPTY;
	if (equals < word.len) {
		value = str_slice(word, equals + 1, word.len);
	}
	if (str_equal(name, STR("rules"))) {
		p->rules = arena_dup(a, value).ptr;
		return true;
	}
	p->starts_active = p->starts_active || str_equal(word, STR("starts=active"));
	p->no_texts = p->no_texts || str_equal(word, STR("texts=none"));
	return str_equal(word, STR("starts=active")) || str_equal(word, STR("texts=none")) ||
		   (str_equal(name, STR("resend")) && read_duration(value, a, &p->resend)) ||
		   (str_equal(name, STR("retention")) && read_duration(value, a, &p->retention)) ||
		   (str_equal(name, STR("late")) && read_duration(value, a, &p->late));
}

/* NAME FAILING [SETTING …]: false when it fails at another number of phases, or cannot be read. */
static bool check_policy(struct suite *s, struct str line) {
	struct suite_policy p = as_prometheus;
	double wanted = 0;
	p.name = arena_dup(&s->arena, case_take_word(&line)).ptr;
	bool good = gofloat_parse(case_take_word(&line), &wanted, NULL);
	while (line.len > 0 && good) {
		good = read_setting(case_take_word(&line), &s->arena, &p);
	}
	if (!good) {
		printf("%s: cannot be read\n", p.name);
		return false;
	}
	size_t failing = run_phases(s, &p, wanted == 0);
	printf("%s: fails at %zu of %d phases, should at %g\n", p.name, failing, SUITE_PHASES, wanted);
	return failing == (size_t)wanted;
}

static bool check_policies(struct suite *s) {
	struct str text = suite_read(s, "policies.txt");
	bool good = true;
	while (text.len > 0) {
		size_t end = str_find(text, STR("\n"));
		struct str line = str_slice(text, 0, end);
		line = str_trim(str_slice(line, 0, str_find(line, STR("#"))));
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
		if (line.len > 0) {
			good = check_policy(s, line) && good;
		}
	}
	return good;
}

int main(int argc, char **argv) {
	const char *mode = argc == 3 ? argv[1] : "";
	struct suite s = {.folder = argv[argc - 1]};
	bool good;
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: lifecycle [--policies|--engine] FOLDER\n");
		return 2;
	}
	arena_init(&s.arena);
	s.data = suite_read(&s, "data.test");
	const char *error = lifecycle_case_read(suite_read(&s, "expected.txt"), &s.arena, &s.wanted);
	if (error != NULL) {
		printf("%s/expected.txt:%s\n", s.folder, error);
		good = false;
	} else if (strcmp(mode, "--policies") == 0) {
		good = check_policies(&s);
	} else {
		size_t failing =
			strcmp(mode, "--engine") == 0 ? run_engine(&s) : run_phases(&s, &as_prometheus, true);
		printf("%zu phases fail\n", failing);
		good = failing == 0;
	}
	arena_finish(&s.arena);
	return good ? 0 : 1;
}
