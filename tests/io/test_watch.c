/* Every way in which files come, change and go, and which of them the watch sees at once, later, or rightly not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "engine/io/clock.h"
#include "engine/io/watch.h"

enum sees { SAME, CHANGED };

/* Shell commands in an empty folder. What is watched: tocsin.yml, where it is the pattern, is the configuration. */
struct step {
	const char *command;
	enum sees sees;
};
struct scenario {
	const char *name, *before, *pattern;
	struct step steps[3];
};

#define MAP "mkdir ..1 && echo a > ..1/r.yml && ln -s ..1 ..data && ln -s ..data/r.yml r.yml"
#define SWAP(from, to)                                                                             \
	"mkdir .." to " && echo a > .." to "/r.yml && ln -s .." to                                     \
	" ..data_tmp && mv -T ..data_tmp ..data && rm -r .." from

/* One elsewhere, and the old files stay for a while. */
#define POINT(to)                                                                                  \
	"cd maps && mkdir .." to " && echo a > .." to "/r.yml && ln -s .." to                          \
	" ..data_tmp && mv -T ..data_tmp ..data"
#define MAPS "mkdir maps && (cd maps && " MAP ") && "

static const struct scenario scenarios[] = {
	{"written in place", "echo a > r.yml", "r.yml", {{"echo b >> r.yml", CHANGED}}},
	{"renamed over", "echo a > r.yml", "r.yml", {{"echo a > .r && mv .r r.yml", CHANGED}}},
	{"an editor's backup",
	 "echo a > r.yml",
	 "*.yml",
	 {{"mv r.yml r.yml~ && echo ab > r.yml", CHANGED}, {"rm r.yml~", SAME}}},
	{"another file", "echo a > r.yml", "*.yml", {{"echo b > r.txt", SAME}}},
	{"only read", "echo a > r.yml", "*.yml", {{"cat r.yml > /dev/null", SAME}}},
	{"a new file", "", "*.yml", {{"echo a > r.yml", CHANGED}, {"echo a > s.yml", CHANGED}}},
	{"a name that was not there", "", "r.yml", {{"echo a > r.yml", CHANGED}}},
	{"a file goes", "echo a > r.yml", "*.yml", {{"rm r.yml", CHANGED}}},
	{"a folder goes",
	 "mkdir d && echo a > d/r.yml",
	 "d/*.yml",
	 {{"rm -r d", CHANGED},
	  {"mkdir d && echo a > d/r.yml", CHANGED},
	  {"echo b >> d/r.yml", CHANGED}}},
	{"a folder goes and comes back at once",
	 "mkdir d && echo a > d/r.yml",
	 "d/r.yml",
	 {{"rm -r d && mkdir d && echo ab > d/r.yml", CHANGED}, {"echo b >> d/r.yml", CHANGED}}},
	{"a folder comes",
	 "",
	 "d/e/*.yml",
	 {{"mkdir d", SAME}, {"mkdir d/e", SAME}, {"echo a > d/e/r.yml", CHANGED}}},
	{"a folder that matches",
	 "mkdir d",
	 "*/r.yml",
	 {{"echo a > d/r.yml", CHANGED},
	  {"mkdir e && echo a > e/r.yml", CHANGED},
	  {"echo b >> e/r.yml", CHANGED}}},
	{"a ConfigMap", MAP, "r.yml", {{SWAP("1", "2"), CHANGED}, {SWAP("2", "3"), CHANGED}}},
	{"a ConfigMap by pattern", MAP, "*.yml", {{SWAP("1", "2"), CHANGED}, {"touch ..x", SAME}}},
	{"a ConfigMap's new key",
	 MAP,
	 "*.yml",
	 {{SWAP("1", "2"), CHANGED}, {"echo a > ..2/s.yml && ln -s ..data/s.yml s.yml", CHANGED}}},
	{"a ConfigMap's folder",
	 "mkdir -p ..1/d && echo a > ..1/d/r.yml && ln -s ..1 ..data && ln -s ..data/d d",
	 "d/r.yml",
	 {{"mkdir -p ..2/d && echo a > ..2/d/r.yml && ln -s ..2 ..x && mv -T ..x ..data && rm -r ..1",
	   CHANGED},
	  {"mkdir -p ..3/d && echo a > ..3/d/r.yml && ln -s ..3 ..x && mv -T ..x ..data && rm -r ..2",
	   CHANGED}}},
	{"a folder that becomes a link",
	 "mkdir -p d ..1/d && echo a > d/r.yml && echo a > ..1/d/r.yml && ln -s ..1 ..data",
	 "d/r.yml",
	 {{"rm -r d && ln -s ..data/d d", CHANGED},
	  {"mkdir -p ..2/d && echo a > ..2/d/r.yml && ln -s ..2 ..x && mv -T ..x ..data && rm -r ..1",
	   CHANGED}}},
	{"where a link leads to",
	 "mkdir d && echo a > d/r.yml && ln -s d/r.yml r.yml",
	 "r.yml",
	 {{"echo b >> d/r.yml", CHANGED}}},
	{"a link to a folder",
	 "mkdir d e && echo a > d/r.yml && echo a > e/r.yml && ln -s d l",
	 "l/*.yml",
	 {{"ln -sfn e l", CHANGED}, {"echo b >> e/r.yml", CHANGED}, {"echo b >> d/r.yml", SAME}}},
	{"the middle of a chain of links",
	 "mkdir d e && echo a > d/r.yml && echo a > e/r.yml && ln -s ../d e/m && ln -s e/m/r.yml r.yml",
	 "r.yml",
	 {{"ln -sfn ../e e/m", CHANGED}}},
	{"a link to a ConfigMap elsewhere",
	 MAPS "mkdir rules && ln -s ../maps/..data/r.yml rules/a.yml",
	 "rules/*.yml",
	 {{POINT("2"), CHANGED}, {POINT("3"), CHANGED}}},
	{"the same by its whole name",
	 MAPS "mkdir rules && ln -s $PWD/./rules/..//maps/..data/r.yml rules/a.yml",
	 "rules/a.yml",
	 {{POINT("2"), CHANGED}, {POINT("3"), CHANGED}}},
	{"a link to a folder that is exchanged",
	 MAPS "rm maps/..1/r.yml && mkdir rules && ln -s ../maps/..data rules/l",
	 "rules/*/*.yml",
	 {{POINT("2"), CHANGED}, {POINT("3"), CHANGED}}},
	{"a folder behind a link",
	 "mkdir -p d/e/f rules && echo a > d/e/f/r.yml && ln -s ../d/e/f/r.yml rules/a.yml",
	 "rules/a.yml",
	 {{"mv d/e d/g && mkdir -p d/e/f && echo ab > d/e/f/r.yml", CHANGED},
	  {"rm -r d/e", CHANGED},
	  {"mv d/g d/e", CHANGED}}},
	{"as many links as can be",
	 "mkdir $(seq 0 40) && echo a > 40/r && for i in $(seq 1 40); do ln -s ../$i/r $((i-1))/r; done",
	 "0/r",
	 {{"ln -sf ../0/r 39/r", CHANGED},
	  {"ln -sf ../40/r 39/r", CHANGED},
	  {"echo b >> 40/r", CHANGED}}},
	{"links in a circle",
	 "ln -s b a && ln -s a b",
	 "a",
	 {{"rm b && echo a > b", CHANGED}, {"echo b >> b", CHANGED}}},
	{"a link to nothing",
	 "mkdir d rules && ln -s ../d/e/../r.yml rules/a.yml",
	 "rules/a.yml",
	 {{"mkdir d/e", SAME}, {"echo a > d/r.yml", CHANGED}}},
	{"a configuration elsewhere",
	 MAPS "ln -s maps/..data/r.yml tocsin.yml",
	 "tocsin.yml",
	 {{POINT("2"), CHANGED}, {POINT("3"), CHANGED}}},
	{"the configuration",
	 "echo a > tocsin.yml",
	 "tocsin.yml",
	 {{"echo b >> tocsin.yml", CHANGED}, {"rm tocsin.yml", CHANGED}}},
};

struct fixture {
	uv_loop_t loop;
	char folder[40];
	struct watch *watch;
	unsigned stirs;
};

static void handle_stir(void *data) {
	((struct fixture *)data)->stirs++;
}

static void shell(const struct fixture *f, const char *command) {
	char line[1000];
	assert_true(snprintf(line, sizeof line, "cd %s && %s", f->folder, command) < (int)sizeof line);
	assert_int_equal(system(line), 0);
}

static void fixture_init(struct fixture *f) {
	*f = (struct fixture){.folder = "/tmp/tocsin-test-XXXXXX"};
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_non_null(mkdtemp(f->folder));
	f->watch = watch_create(&f->loop, handle_stir, f);
}

static void fixture_finish(struct fixture *f) {
	watch_close(f->watch);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	shell(f, "cd / && rm -r \"$OLDPWD\"");
}

static void set_stamped(struct fixture *f, const char *pattern, const uint64_t *stamp, ts_ms began,
						dur_ms now) {
	char config[100];
	bool is_config = strcmp(pattern, "tocsin.yml") == 0;
	struct str text = str_from(pattern);
	snprintf(config, sizeof config, "%s/tocsin.yml", f->folder);
	const struct watch_sources sources = {.config_path = is_config ? config : NULL,
										  .folder = f->folder,
										  .patterns = &text,
										  .pattern_count = is_config ? 0 : 1,
										  .stamps = stamp};
	watch_set(f->watch, &sources, began, now);
}

static void set(struct fixture *f, const char *pattern, ts_ms began, dur_ms now) {
	set_stamped(f, pattern, NULL, began, now);
}

/* What the kernel has to say of what is done already. */
static void turn(struct fixture *f) {
	for (int i = 0; i < 3; i++) {
		uv_run(&f->loop, UV_RUN_NOWAIT);
	}
}

static void check_step(struct fixture *f, const char *name, const struct step *step, dur_ms *now) {
	shell(f, step->command);
	turn(f);
	*now += 10;
	dur_ms regular = *now + WATCH_QUIET + WATCH_LOOK_EVERY;
	bool early = watch_look(f->watch, *now);
	bool seen = watch_look(f->watch, *now + WATCH_QUIET);
	bool late = watch_look(f->watch, regular);
	if (early || seen != (step->sees == CHANGED) || late) {
		fail_msg("%s: %s: %d %d %d", name, step->command, early, seen, late);
	}
	*now = regular;
	turn(f); /* the handles of before */
}

static void test_scenarios(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
		const struct scenario *s = &scenarios[i];
		struct fixture f;
		dur_ms now = 1000;
		fixture_init(&f);
		shell(&f, s->before[0] != '\0' ? s->before : "true");
		set(&f, s->pattern, clock_wall() + 1000, now);
		for (size_t k = 0; k < 3 && s->steps[k].command != NULL; k++) {
			check_step(&f, s->name, &s->steps[k], &now);
		}
		fixture_finish(&f);
	}
}

/* Many words are one, and one that never stops is heard in the end. */
static void test_quiet(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	set(&f, "*.yml", clock_wall() + 1000, 0);
	assert_int_equal(watch_look_at(f.watch), WATCH_LOOK_EVERY);
	dur_ms now = 100, end = 100 + WATCH_LONGEST;
	for (; now < end; now += WATCH_QUIET / 2) {
		shell(&f, "echo a >> r.yml");
		turn(&f);
		assert_false(watch_look(f.watch, now));
		assert_true(watch_look_at(f.watch) > now && watch_look_at(f.watch) <= end);
	}
	assert_int_equal(f.stirs, 1); /* the owner was told once; from then on he knew when to look */
	assert_true(watch_look(f.watch, end));
	assert_false(watch_look(f.watch, end + 1));
	assert_int_equal(watch_look_at(f.watch), end + WATCH_LOOK_EVERY);
	assert_null(watch_complaint(f.watch));
	fixture_finish(&f);
}

/* A folder on the way may be a busy one, such as /tmp: what is not on the way neither leads to a look nor puts one off. */
static void test_other_names(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	shell(&f, "mkdir d && echo a > d/r.yml");
	set(&f, "d/r.yml", clock_wall() + 1000, 0);
	shell(&f, "mkdir e && rmdir e && echo a > s.yml && rm s.yml && echo a > d/s.yml");
	turn(&f);
	assert_int_equal(f.stirs, 0);
	assert_int_equal(watch_look_at(f.watch), WATCH_LOOK_EVERY);
	shell(&f, "echo b >> d/r.yml");
	turn(&f);
	assert_int_equal(f.stirs, 1);
	fixture_finish(&f);
}

/* A file that changed while it was loaded: who knows which one was read. */
static void test_unsure(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	ts_ms began = clock_wall();
	shell(&f, "echo a > r.yml");
	set(&f, "*.yml", began, 0);
	assert_int_equal(watch_look_at(f.watch), WATCH_QUIET);
	assert_false(watch_look(f.watch, WATCH_QUIET - 1));
	assert_true(watch_look(f.watch, WATCH_QUIET));
	assert_false(watch_look(f.watch, WATCH_QUIET + WATCH_LOOK_EVERY));
	set(&f, "*.yml", clock_wall() + 1000, 0); /* loaded after the change */
	assert_false(watch_look(f.watch, WATCH_LOOK_EVERY));
	fixture_finish(&f);
}

/* A file that went while others were loaded has no time any more. */
static void test_stamps(void **state) {
	(void)state;
	static const struct {
		const char *meanwhile;
		bool changed;
	} cases[] = {{"true", false},          {"rm r.yml", true},       {"rm r.yml s.yml", true},
				 {"echo c > r.yml", true}, {"echo c > t.yml", true}, {"echo c > t.txt", false}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fixture f;
		fixture_init(&f);
		shell(&f, "echo a > r.yml && echo b > s.yml");
		uint64_t stamp = watch_stamp(f.folder, STR("*.yml"));
		shell(&f, cases[i].meanwhile);
		/* no file is younger than the load */
		set_stamped(&f, "*.yml", &stamp, clock_wall() + 1000, 0);
		turn(&f);
		assert_int_equal(watch_look_at(f.watch), cases[i].changed ? WATCH_QUIET : WATCH_LOOK_EVERY);
		assert_int_equal(watch_look(f.watch, WATCH_QUIET), cases[i].changed);
		assert_false(watch_look(f.watch, WATCH_QUIET + WATCH_LOOK_EVERY));
		fixture_finish(&f);
	}
}

static void test_many_folders(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f);
	shell(&f, "mkdir $(seq 1 1010)");
	set(&f, "*/*.yml", clock_wall() + 1000, 0);
	assert_non_null(watch_complaint(f.watch));
	shell(&f, "rmdir $(seq 1 1010)");
	turn(&f);
	assert_false(watch_look(f.watch, 1));
	assert_false(watch_look(f.watch, 1 + WATCH_QUIET));
	assert_null(watch_complaint(f.watch));
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),   cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_other_names), cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_stamps),      cmocka_unit_test(test_many_folders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
