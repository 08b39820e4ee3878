/* What of an alert a template looks at. */
#include <string.h>

#include "rules/template/template_use.h"
#include "tests/unit/check.h"

static const struct {
	const char *source, *uses;
} cases[] = {
	{"plain", ""},
	{"{{ $labels.job }} on {{ .Labels.instance }}", "label job@11-14 label instance@32-40 "},
	{"{{ $.Labels.job }}{{ ($labels).a }}", "label job@12-15 "},
	{"{{ index $labels \"a.b\" }}{{ index .Labels `c` }}", "label a.b@17-22 label c@42-45 "},
	{"{{ $labels }}{{ range $k, $v := $labels }}{{ $k }}{{ end }}", ""},
	{"{{ $value }} {{ .Value | humanize }}", "value $value@3-9 value $value@17-22 "},
	{"{{ printf \"%.2f\" $value }}", "value $value@17-23 "},
	{"{{ if gt $value 5.0 }}{{ $labels.a }}{{ else if .Labels.b }}x{{ end }}",
	 "label a@33-34 label b@56-57 "},
	{"{{ $x := $value }}{{ now }}", "value now@21-24 "},
	{"{{ with $labels.a }}{{ .Labels.x }}{{ $labels.b }}{{ else }}{{ .Labels.c }}{{ end }}",
	 "label a@16-17 label b@46-47 label c@71-72 "},
	{"{{ with . }}{{ .Labels.a }}{{ end }}", "label a@23-24 "},
	{"{{ range query \"up\" }}{{ .Labels.instance }}={{ .Value }}{{ end }}", "query up@15-19 "},
	{"{{ \"up == 0\" | query | first | value }}", "query up == 0@3-12 "},
	{"{{ query (printf \"up{job=%q}\" $labels.job) | first | value }}", "label job@38-41 "},
	{"{{ define \"x\" }}{{ .Labels.a }}{{ $.Labels.b }}{{ end }}{{ template \"x\" .Labels.c }}",
	 "label c@80-81 label b@43-44 "},
	{"{{ (index $labels \"a\") | toUpper }}{{ $externalLabels.x }}", "label a@18-21 "},
	{"{{ if eq .Labels.a.b \"\" }}x{{ end }}", "label a@17-18 "},
};

static void add_use(const struct template_use *use, void *data) {
	static const char *const kinds[] = {"label", "value", "query"};
	strbuf_printf(data, "%s %.*s@%zu-%zu ", kinds[use->kind], STR_FMT(use->text), use->span.start,
				  use->span.end);
}

static void test_uses(void **state) {
	size_t wrong = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena a;
		struct span span;
		struct strbuf out = STRBUF_INIT;
		const char *error = "";
		arena_init(&a);
		strbuf_add_c(&out, "");
		const struct template *t =
			template_parse(STR("A"), str_from(cases[i].source), &a, &error, &span);
		if (t == NULL) {
			fail_msg("%s: %s", cases[i].source, error);
		}
		template_visit_uses(t, add_use, &out);
		if (strcmp(out.ptr, cases[i].uses) != 0) {
			print_error("%s\n is [%s]\nnot [%s]\n", cases[i].source, out.ptr, cases[i].uses);
			wrong++;
		}
		strbuf_finish(&out);
		template_destroy(t);
		arena_finish(&a);
	}
	assert_int_equal(wrong, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_uses)};
	return cmocka_run_group_tests_name("template_use", tests, NULL, NULL);
}
