/* Presets: their parameters, and the rule files they become. */
#include <string.h>

#include "rules/group.h"
#include "rules/preset.h"
#include "tests/unit/check.h"

/* A preset of our own, so that the built-in ones may change. */
static const struct preset sample = {
	.name = "sample",
	.title = "A sample",
	.source = {"# A sample\n"
			   "#\n"
			   "# parameter total = requests_total          counter of all\n"
			   "# parameter by    = model                   labels\n"
			   "# parameter window = 5m                     how far back\n"
			   "# parameter share = 0.05                    threshold\n"
			   "# parameter hold  = High/for                how long\n"
			   "groups:\n"
			   "  - name: sample\n"
			   "    rules:\n"
			   "      # requests_total by model over 5m stays in a comment\n"
			   "      - alert: High\n"
			   "        expr: |\n"
			   "          sum by (model, le) (rate(requests_total_bucket[5m])) > 0.05\n"
			   "            and my_requests_total > 10.05\n"
			   "        for: 5m\n"
			   "        annotations:\n"
			   "          summary: requests_total over 5m is above 0.05.\n"
			   "      - alert: Low\n"
			   "        expr: sum by (model) (requests_total offset 5m) < 1\n"
			   "        for: 5m\n",
			   0},
};

static struct preset get_sample(void) {
	struct preset p = sample;
	p.source.len = strlen(p.source.ptr);
	return p;
}

static void test_built_in(void **state) {
	(void)state;
	size_t count;
	const struct preset *all = presets(&count);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct arena a;
		struct strbuf out = STRBUF_INIT;
		const char *error = NULL;
		size_t parameters;
		arena_init(&a);
		assert_ptr_equal(preset_find(str_from(all[i].name)), &all[i]);
		assert_true(strlen(all[i].title) > 0);
		const struct preset_parameter *p = preset_parameters(&all[i], &a, &parameters);
		assert_true(parameters > 0);
		for (size_t n = 0; n < parameters; n++) {
			assert_true(p[n].name.len > 0 && p[n].value.len > 0 && p[n].help.len > 0);
		}
		bool good = preset_render(&all[i], NULL, 0, &a, &out, &error);
		if (!good) {
			fail_msg("%s", error);
		}
		assert_true(str_equal(strbuf_str(&out), all[i].source));
		strbuf_finish(&out);
		arena_finish(&a);
	}
	assert_null(preset_find(STR("nosuch")));
}

static void test_parameters(void **state) {
	(void)state;
	struct preset p = get_sample();
	struct arena a;
	size_t count;
	arena_init(&a);
	const struct preset_parameter *found = preset_parameters(&p, &a, &count);
	assert_int_equal(count, 5);
	assert_true(str_equal(found[0].name, STR("total")));
	assert_true(str_equal(found[0].value, STR("requests_total")));
	assert_true(str_equal(found[0].help, STR("counter of all")));
	assert_int_equal(found[0].alert.len, 0);
	assert_true(str_equal(found[4].value, STR("5m")));
	assert_true(str_equal(found[4].alert, STR("High")));
	arena_finish(&a);
}

static const struct {
	const char *name, *value;
	const char *with;    /* in the result; NULL: refused */
	const char *without; /* not in the result; or the message */
} cases[] = {
	{"total", "calls", "rate(calls_bucket[5m])", "rate(requests_total"},
	{"total", "calls", "my_requests_total > 10.05", "my_calls"},
	{"total", "calls", "# requests_total by model", "# calls"},
	{"total", "calls", "summary: calls over", NULL},
	{"by", "model, version", "sum by (model, version, le)", NULL},
	{"by", "", "sum by (le) (rate", "(,"},
	{"by", "", "sum by () (requests_total", NULL},
	{"window", "10m", "[10m])) > 0.05", "[5m]"},
	{"window", "10m", "offset 10m)", "for: 10m"},
	{"share", "0.1", ") > 0.1\n", ") > 0.05"},
	{"share", "0.1", "above 0.1.\n", "10.1\n"},
	{"hold", "1h", "for: 1h\n        annotations", "offset 1h"},
	{"hold", "1h", "for: 5m\n", NULL},
	{"nosuch", "1", NULL, "preset sample: parameter \"nosuch\": unknown parameter"},
	{"share", "much", NULL, "preset sample: parameter \"share\": not a number"},
	{"window", "5x", NULL,
	 "preset sample: parameter \"window\": unknown unit \"x\" in duration \"5x\""},
	{"hold", "soon", NULL,
	 "preset sample: parameter \"hold\": not a valid duration string: \"soon\""},
	{"total", "a\nb", NULL,
	 "preset sample: parameter \"total\": value with a control character, '#', '\\', '{{' or "
	 "invalid UTF-8"},
	{"total", "(", NULL,
	 "preset sample: with these parameters: group \"sample\", rule 1, \"High\": could not parse "
	 "expression: "},
};

static void test_render(void **state) {
	(void)state;
	struct preset p = get_sample();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct preset_parameter value = {.name = str_from(cases[i].name),
										 .value = str_from(cases[i].value)};
		struct arena a;
		struct strbuf out = STRBUF_INIT;
		const char *error = "";
		arena_init(&a);
		bool good = preset_render(&p, &value, 1, &a, &out, &error);
		if (cases[i].with == NULL) {
			assert_false(good);
			if (strncmp(error, cases[i].without, strlen(cases[i].without)) != 0) {
				fail_msg("%s", error);
			}
		} else {
			if (!good) {
				fail_msg("%s", error);
			}
			if (strstr(out.ptr, cases[i].with) == NULL ||
				(cases[i].without != NULL && strstr(out.ptr, cases[i].without) != NULL)) {
				fail_msg("%s = %s:\n%s", cases[i].name, cases[i].value, out.ptr);
			}
		}
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* The header of the result declares the new value, so that it can be rendered back. */
static void test_render_again(void **state) {
	(void)state;
	struct preset p = get_sample(), again = p;
	struct preset_parameter to = {.name = STR("total"), .value = STR("calls")};
	struct preset_parameter back = {.name = STR("total"), .value = STR("requests_total")};
	struct arena a;
	struct strbuf out = STRBUF_INIT, second = STRBUF_INIT;
	const char *error;
	arena_init(&a);
	assert_true(preset_render(&p, &to, 1, &a, &out, &error));
	again.source = strbuf_str(&out);
	assert_true(preset_render(&again, &back, 1, &a, &second, &error));
	assert_true(str_equal(strbuf_str(&second), p.source));
	strbuf_finish(&out);
	strbuf_finish(&second);
	arena_finish(&a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_render),
		cmocka_unit_test(test_render_again),
	};
	return cmocka_run_group_tests_name("preset", tests, NULL, NULL);
}
