/* tocsin.yml: what is taken, and every way in which it is wrong, each at its place. */
#include "tests/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "engine/config/config.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct config config;
	bool good;
};

static void read_text(struct fixture *f, const char *text) {
	arena_init(&f->arena);
	diags_init(&f->diags, &f->arena);
	config_init(&f->config);
	f->good = config_parse(str_from(text), &f->arena, &f->diags, &f->config);
}

/* "3:5 message" for each error, one a line. */
static void print_errors(struct strbuf *out, struct fixture *f, const char *text) {
	diags_sort(&f->diags);
	for (size_t i = 0; i < f->diags.count; i++) {
		struct diag_place p = diag_place(str_from(text), f->diags.items[i].span.start);
		strbuf_printf(out, "%zu:%zu %s\n", p.line, p.column, f->diags.items[i].message);
	}
}

static void test_defaults(void **state) {
	(void)state;
	static const char *const empty[] = {"", "# nothing\n", "---\n", "{}\n", "null\n"};
	for (size_t i = 0; i < COUNT(empty); i++) {
		struct fixture f;
		read_text(&f, empty[i]);
		assert_true(f.good);
		assert_true(str_equal(f.config.prometheus.url, STR("http://localhost:9090")));
		assert_int_equal(f.config.prometheus.timeout, 30000);
		assert_int_equal(f.config.alertmanager_count, 1);
		assert_true(str_equal(f.config.alertmanagers[0].url, STR("http://localhost:9093")));
		assert_int_equal(f.config.preset_count, 1);
		assert_true(str_equal(f.config.presets[0].name, STR("generic")));
		assert_int_equal(f.config.evaluation_interval, 15000);
		assert_int_equal(f.config.resolved_retention, 900000);
		assert_int_equal(f.config.limit_answer_bytes, 256 << 20);
		assert_true(str_equal(f.config.listen, STR("127.0.0.1:9099")));
		arena_finish(&f.arena);
	}
}

static const char everything[] =
	"prometheus:\n"
	"  url: https://prom.example.org:9443/base/\n"
	"  timeout: 5s\n"
	"alertmanagers:\n"
	"  - http://am-1:9093\n"
	"  - url: http://[::1]:9093/am//\n"
	"    timeout: 1m30s\n"
	"rule_files: [rules/*.yml, 'more rules.yml']\n"
	"presets:\n"
	"  - generic\n"
	"evaluation_interval: 30s\n"
	"query_offset: 10s\n"
	"lookback: 2m\n"
	"resend_delay: 30s\n"
	"resolved_retention: 5m\n"
	"external_labels: {cluster: eu-1, replica: \"0\"}\n"
	"external_url: https://alerts.example.org/\n"
	"listen: '[::]:9100'\n"
	"drain_timeout: 0s\n"
	"log: {level: debug, format: json}\n"
	"limits:\n"
	"  answer_bytes: 64MiB\n"
	"  alerts_per_rule: 500\n"
	"  fetches: 2\n"
	"  samples: 1000000\n";

static void test_everything(void **state) {
	(void)state;
	struct fixture f;
	read_text(&f, everything);
	assert_true(f.good);
	const struct config *c = &f.config;
	assert_true(str_equal(c->prometheus.url, STR("https://prom.example.org:9443/base")));
	assert_int_equal(c->prometheus.timeout, 5000);
	assert_int_equal(c->alertmanager_count, 2);
	assert_true(str_equal(c->alertmanagers[0].url, STR("http://am-1:9093")));
	assert_int_equal(c->alertmanagers[0].timeout, 10000);
	assert_true(str_equal(c->alertmanagers[1].url, STR("http://[::1]:9093/am")));
	assert_int_equal(c->alertmanagers[1].timeout, 90000);
	assert_int_equal(c->rule_file_count, 2);
	assert_true(str_equal(c->rule_files[1], STR("more rules.yml")));
	assert_int_equal(c->preset_count, 1);
	assert_int_equal(c->evaluation_interval, 30000);
	assert_int_equal(c->query_offset, 10000);
	assert_int_equal(c->lookback, 120000);
	assert_int_equal(c->resend_delay, 30000);
	assert_int_equal(c->resolved_retention, 300000);
	assert_int_equal(c->external_labels.count, 2);
	assert_true(str_equal(labels_get(c->external_labels, STR("replica")), STR("0")));
	assert_true(str_equal(c->external_url, STR("https://alerts.example.org")));
	assert_true(str_equal(c->listen, STR("[::]:9100")));
	assert_int_equal(c->drain_timeout, 0);
	assert_int_equal(c->log_level, CONFIG_LOG_DEBUG);
	assert_int_equal(c->log_format, CONFIG_LOG_JSON);
	assert_int_equal(c->limit_answer_bytes, 64 << 20);
	assert_int_equal(c->limit_alerts_per_rule, 500);
	assert_int_equal(c->limit_fetches, 2);
	assert_int_equal(c->limit_samples, 1000000);
	/* A copy owns everything: what it was made from may go. */
	struct arena other;
	struct config copy;
	arena_init(&other);
	config_dup(&other, c, &copy);
	arena_finish(&f.arena);
	assert_true(str_equal(copy.alertmanagers[1].url, STR("http://[::1]:9093/am")));
	assert_true(str_equal(copy.rule_files[0], STR("rules/*.yml")));
	assert_true(str_equal(copy.presets[0].name, STR("generic")));
	assert_true(str_equal(labels_get(copy.external_labels, STR("cluster")), STR("eu-1")));
	arena_finish(&other);
}

static const struct {
	const char *text, *errors;
} bad[] = {
	{"promethues: {}\n", "1:1 unknown key \"promethues\"\n"},
	{"prometheus: {uri: x}\n", "1:14 unknown key \"uri\" in prometheus\n"},
	{"prometheus: http://x\n", "1:13 expected a mapping, got a scalar\n"},
	{"prometheus: {url: [a]}\n", "1:19 expected a scalar, got a sequence\n"},
	{"prometheus: {url: }\n", "1:19 \"prometheus.url\" has no value\n"},
	{"prometheus: {url: 'localhost:9090'}\n",
	 "1:19 \"localhost:9090\" is not a URL beginning with http:// or https://\n"},
	{"prometheus: {url: 'ftp://x'}\n",
	 "1:19 \"ftp://x\" is not a URL beginning with http:// or https://\n"},
	{"prometheus: {url: 'http://'}\n", "1:19 \"http://\" has no valid host name\n"},
	{"prometheus: {url: 'http://a b/'}\n", "1:19 \"http://a b/\" has no valid host name\n"},
	{"prometheus: {url: 'http://a:99999'}\n", "1:19 \"http://a:99999\" has a bad port\n"},
	{"prometheus: {url: 'http://a:b'}\n", "1:19 \"http://a:b\" has a bad port\n"},
	{"prometheus: {url: 'http://a/?x=1'}\n",
	 "1:19 \"http://a/?***\" has a query or a fragment; only the base of the API is wanted\n"},
	{"prometheus: {url: 'http://a/b c'}\n",
	 "1:19 \"http://a/b c\" has a blank, a control character or one beyond ASCII\n"},
	{"prometheus: {url: 'http://me:secret@a'}\n",
	 "1:19 a user name or password in a URL would end up in logs and alerts; they belong into "
	 "basic_auth\n"},
	{"prometheus: {url: 'me:secret@a'}\n",
	 "1:19 \"***@a\" is not a URL beginning with http:// or https://\n"},
	{"prometheus: {url: 'http://x?token=secret'}\n",
	 "1:19 \"http://x?***\" has a query or a fragment; only the base of the API is wanted\n"},
	{"alertmanagers: ['HTTP://me:secret@a']\n",
	 "1:17 \"HTTP://***@a\" is not a URL beginning with http:// or https://\n"},
	{"prometheus: {url: 'http://\303\251'}\n", "1:19 \"http://\303\251\" has no valid host name\n"},
	{"prometheus: {timeout: 0}\n", "1:23 the duration must be above 0\n"},
	{"prometheus: {timeout: 5}\n", NULL},
	{"evaluation_interval: 15 s\n", NULL},
	{"evaluation_interval: -15s\n", NULL},
	{"alertmanagers: http://x\n", "1:16 expected a sequence, got a scalar\n"},
	{"alertmanagers: [{timeout: 3s}]\n",
	 "1:17 an Alertmanager needs a \"url\" or \"static_configs\"\n"},
	{"alertmanagers: [{url: 'http://x', api: v2}]\n",
	 "1:35 unknown key \"api\" in alertmanagers\n"},
	{"rule_files: rules.yml\n", "1:13 expected a sequence, got a scalar\n"},
	{"rule_files: ['']\n", "1:14 expected the name of a file\n"},
	{"presets: [nosuch]\n", NULL},
	{"presets: [{parameters: {}}]\n", "1:11 a preset needs a \"name\"\n"},
	{"presets: [{name: generic, params: {}}]\n", "1:27 unknown key \"params\" in presets\n"},
	{"presets: [{name: generic, parameters: {nosuch: 1}}]\n", NULL},
	{"presets: [{name: generic, parameters: {window: xx, nosuch: 3}}]\n",
	 "1:48 preset generic: parameter \"window\": not a valid duration string: \"xx\"\n"
	 "1:60 preset generic: parameter \"nosuch\": unknown parameter\n"},
	{"external_labels: [a]\n", "1:18 expected a mapping, got a sequence\n"},
	{"external_labels: {__name__: a}\n", "1:19 invalid label name\n"},
	{"external_labels: {a: [b]}\n", "1:22 expected a scalar, got a sequence\n"},
	{"listen: 9099\n", "1:9 \"9099\" is not an address such as 127.0.0.1:9099 or [::1]:9099\n"},
	{"log: {level: loud}\n", "1:14 unknown value \"loud\", expected debug, info, warn or error\n"},
	{"log: {format: xml}\n", "1:15 unknown value \"xml\", expected text or json\n"},
	{"limits: {answer_bytes: 1PB}\n", "1:24 \"1PB\" is not a size such as 268435456 or 256MiB\n"},
	{"limits: {answer_bytes: 99999999999999999999}\n", NULL},
	{"limits: {fetches: 0}\n", "1:19 \"0\" is not a whole number above 0\n"},
	{"limits: {fetches: 1.5}\n", "1:19 \"1.5\" is not a whole number above 0\n"},
	{"[a]\n", "1:1 expected a mapping, got a sequence\n"},
	{"a: b\n---\nc: d\n", "1:1 unknown key \"a\"\n3:1 a configuration is one document\n"},
	{"listen: a\nlisten: b\n", NULL},
	{"a: [\n", NULL},
	{"prometheus: {url: \"http://x\xff\"}\n", NULL},
	/* all of them, not the first */
	{"lisen: x\nlog:\n  level: loud\n  colour: red\nresend_delay: soon\n",
	 "1:1 unknown key \"lisen\"\n"
	 "3:10 unknown value \"loud\", expected debug, info, warn or error\n"
	 "4:3 unknown key \"colour\" in log\n"
	 "5:15 not a valid duration string: \"soon\"\n"},
};

static void test_bad(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		read_text(&f, bad[i].text);
		if (f.good) {
			fail_msg("accepted: %s", bad[i].text);
		}
		print_errors(&out, &f, bad[i].text);
		assert_true(out.len > 0);
		assert_null(strstr(out.ptr, "secret"));
		if (bad[i].errors != NULL) {
			assert_string_equal(out.ptr, bad[i].errors);
		}
		strbuf_finish(&out);
		arena_finish(&f.arena);
	}
}

static void test_lists_say_none(void **state) {
	(void)state;
	struct fixture f;
	read_text(&f, "alertmanagers: []\npresets: []\n");
	assert_true(f.good);
	assert_int_equal(f.config.alertmanager_count, 0);
	assert_int_equal(f.config.preset_count, 0);
	arena_finish(&f.arena);
}

/* Rule files take the place of the default preset, but not of one that was asked for. */
static void test_default_preset(void **state) {
	(void)state;
	struct fixture f;
	read_text(&f, "rule_files: [a.yml]\n");
	assert_int_equal(f.config.preset_count, 0);
	arena_finish(&f.arena);
	read_text(&f, "presets: [generic]\nrule_files: [a.yml]\n");
	assert_int_equal(f.config.preset_count, 1);
	arena_finish(&f.arena);
}

static const struct {
	const char *name, *value, *error; /* NULL: taken */
} settings[] = {
	{"prometheus.url", "http://x:1/", NULL},
	{"prometheus.url", "x", "\"x\" is not a URL beginning with http:// or https://"},
	{"alertmanagers", "http://a", NULL},
	{"alertmanagers", "http://b", NULL},
	{"rule_files", "a.yml", NULL},
	{"rule_files", "", "a name is expected"},
	{"presets", "generic", NULL},
	{"presets", "generic?by=service&window=10m", NULL},
	{"presets", "generic?by", "PARAMETER=VALUE is expected instead of \"by\""},
	{"presets", "generic?nosuch=1", "preset generic: parameter \"nosuch\": unknown parameter"},
	{"presets", "nosuch", "unknown preset \"nosuch\"; there are: generic"},
	{"external_labels", "a=b=c", NULL},
	{"external_labels", "a", "expected NAME=VALUE"},
	{"external_labels", "=b", "invalid label name"},
	{"listen", "", NULL},
	{"listen", ":0", NULL},
	{"external_url", "", NULL},
	{"log.level", "warn", NULL},
	{"limits.answer_bytes", "1KiB", NULL},
	{"limits.answer_bytes", "-1", "\"-1\" is not a size such as 268435456 or 256MiB"},
	{"nosuch", "", "unknown setting \"nosuch\""},
	{"prometheus", "", "unknown setting \"prometheus\""},
};

static void test_set(void **state) {
	(void)state;
	struct arena a;
	struct config c;
	arena_init(&a);
	config_init(&c);
	for (size_t i = 0; i < COUNT(settings); i++) {
		const char *error = NULL;
		bool ok =
			config_set(&c, str_from(settings[i].name), str_from(settings[i].value), &a, &error);
		assert_int_equal(ok, settings[i].error == NULL);
		if (!ok) {
			assert_string_equal(error, settings[i].error);
		}
	}
	assert_true(str_equal(c.prometheus.url, STR("http://x:1")));
	assert_int_equal(c.alertmanager_count, 2); /* the default one is gone */
	assert_true(str_equal(c.alertmanagers[0].url, STR("http://a")));
	assert_int_equal(c.rule_file_count, 1);
	assert_int_equal(c.preset_count, 2);
	assert_true(str_equal(labels_get(c.external_labels, STR("a")), STR("b=c")));
	assert_true(str_equal(c.listen, STR(":0")));
	assert_int_equal(c.log_level, CONFIG_LOG_WARN);
	assert_int_equal(c.limit_answer_bytes, 1024);
	arena_finish(&a);
}

/* Without a value it means yes. */
static void expect_switch(const struct config_option *option) {
	struct arena a;
	struct config c;
	const char *error;
	struct strbuf value = STRBUF_INIT;
	arena_init(&a);
	config_init(&c);
	assert_true(config_set(&c, str_from(option->name), STR_EMPTY, &a, &error));
	config_print_option(&value, &c, option);
	assert_string_equal(value.ptr, "true");
	strbuf_finish(&value);
	arena_finish(&a);
}

/* Every option has a name of its own in all three places, or in two of them when it is a secret, and help; one without an argument
 * is a switch. */
static void test_options(void **state) {
	(void)state;
	size_t count;
	const struct config_option *o = config_options(&count);
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		assert_non_null(o[i].help);
		if (o[i].argument == NULL) {
			expect_switch(&o[i]);
		}
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(o[i].name, o[j].name);
			if (o[i].flag != NULL && o[j].flag != NULL) {
				assert_string_not_equal(o[i].flag, o[j].flag);
			}
			assert_string_not_equal(o[i].variable, o[j].variable);
		}
	}
}

/* What is printed reads back the same. */
static void test_printed_configuration(void **state) {
	(void)state;
	static const char *const texts[] = {
		"",
		"rule_files: []\npresets: []\nalertmanagers: []\nlisten: ''\n",
		"prometheus: {url: 'https://p:1/x', timeout: 1m30s}\n"
		"alertmanagers: ['http://a', {url: 'http://b/c', timeout: 1d}]\n"
		"rule_files: ['rules/*.yml', 'a b', '-x', ':', 'c:', \"q\\\"\\\\\\tz\", 'null', '~', '\xc3\xa9']\n"
		"presets: [generic, {name: generic, parameters: {by: 'a, b', window: 2m}}]\n"
		"alert_relabel_configs: [{source_labels: [a, 'b c', ~], separator: '', regex: '(.*)', "
		"target_label: t, replacement: ''}, {action: hashmod, modulus: 7, source_labels: [a], "
		"target_label: x}, {action: labelkeep, regex: 'a|b'}]\n"
		"external_labels: {a: '', b: 'x: y', 'c d': '#', e: '1.0', f: 'true'}\n"
		"external_url: http://e\n"
		"listen: '[::1]:9'\n"
		"evaluation: remote\noverrides: [{group: 'a*', evaluation: local}, {file: '*/x.yml', evaluation: auto}]\n"
		"web: {config_file: w.yml, lifecycle: true, cors_origin: 'a|b[.]c'}\n"
		"log: {level: debug, format: json}\n"
		"limits: {answer_bytes: 1000, samples: 1, fetches: 2, alerts_per_rule: 3}\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct arena a;
		struct diags diags;
		struct config first, second;
		struct strbuf printed = STRBUF_INIT, again = STRBUF_INIT;
		arena_init(&a);
		diags_init(&diags, &a);
		config_init(&first);
		config_init(&second);
		assert_true(config_parse(str_from(texts[i]), &a, &diags, &first));
		config_print(&printed, &first);
		assert_true(config_parse(strbuf_str(&printed), &a, &diags, &second));
		config_print(&again, &second);
		assert_string_equal(printed.ptr, again.ptr);
		assert_int_equal(first.rule_file_count, second.rule_file_count);
		for (size_t k = 0; k < first.rule_file_count; k++) {
			assert_true(str_equal(first.rule_files[k], second.rule_files[k]));
		}
		assert_true(labels_equal(first.external_labels, second.external_labels));
		assert_int_equal(first.alertmanager_count, second.alertmanager_count);
		assert_int_equal(first.preset_count, second.preset_count);
		assert_int_equal(first.limit_answer_bytes, second.limit_answer_bytes);
		strbuf_finish(&printed);
		strbuf_finish(&again);
		arena_finish(&a);
	}
}

static const struct config_option *find_option(const char *name) {
	size_t count, i = 0;
	const struct config_option *options = config_options(&count);
	while (i < count && strcmp(options[i].name, name) != 0) {
		i++;
	}
	assert_true(i < count);
	return &options[i];
}

/* As the flag or the variable would take it. */
static void test_printed_options(void **state) {
	(void)state;
	static const struct {
		const char *name, *values[3], *printed;
	} cases[] = {
		{"alertmanagers", {"http://a", "http://b/"}, "http://a,http://b"},
		{"rule_files", {"x/*.yml"}, "x/*.yml"},
		{"presets", {"generic", "generic?by=a&window=2m"}, "generic,generic?by=a&window=2m"},
		{"external_labels", {"b=2", "a=1=1"}, "a=1=1,b=2"},
		{"limits.answer_bytes", {"1024"}, "1KiB"},
		{"limits.answer_bytes", {"1025"}, "1025"},
		{"web.lifecycle", {""}, "true"},
		{"watch", {""}, "true"},
		{"resend_delay", {"90s"}, "1m30s"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena a;
		struct config c;
		struct strbuf out = STRBUF_INIT;
		const char *error;
		arena_init(&a);
		config_init(&c);
		for (size_t k = 0; k < 3 && cases[i].values[k] != NULL; k++) {
			assert_true(
				config_set(&c, str_from(cases[i].name), str_from(cases[i].values[k]), &a, &error));
		}
		config_print_option(&out, &c, find_option(cases[i].name));
		assert_string_equal(out.ptr, cases[i].printed);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* What completion offers is what is taken, and nothing else is. */
static void test_choices(void **state) {
	(void)state;
	size_t count, with_choices = 0;
	const struct config_option *options = config_options(&count);
	for (size_t i = 0; i < count; i++) {
		struct str rest = options[i].choices != NULL ? str_from(options[i].choices) : STR_EMPTY;
		struct str name = str_from(options[i].name);
		struct config c;
		struct arena a;
		const char *error;
		arena_init(&a);
		config_init(&c);
		with_choices += rest.len > 0;
		assert_true(rest.len == 0 || !config_set(&c, name, STR("nosuch"), &a, &error));
		while (rest.len > 0) {
			size_t end = str_find(rest, STR(" "));
			struct strbuf printed = STRBUF_IN(&a);
			assert_true(config_set(&c, name, str_slice(rest, 0, end), &a, &error));
			config_print_option(&printed, &c, &options[i]);
			assert_true(str_equal(strbuf_str(&printed), str_slice(rest, 0, end)));
			rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
		}
		arena_finish(&a);
	}
	assert_true(with_choices > 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lists_say_none),
		cmocka_unit_test(test_default_preset),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_printed_configuration),
		cmocka_unit_test(test_printed_options),
		cmocka_unit_test(test_choices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
