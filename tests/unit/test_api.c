/* The HTTP API against golden answers: tests/golden/api/NAME.txt is status, type and body of the request in the table below.
 * UPDATE_GOLDEN=1 writes them anew. */
#include "tests/unit/driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/api/api.h"
#include "engine/api/api_query.h"

static const char rules[] =
	"groups:\n"
	"  - name: b\n"
	"    interval: 1m\n"
	"    limit: 7\n"
	"    labels: {team: web}\n"
	"    rules:\n"
	"      - record: job:m:sum\n"
	"        expr: sum   by(job)(m)\n"
	"        labels: {kind: \"<sum>\"}\n"
	"      - alert: Broken\n"
	"        expr: '\"text\"'\n"
	"  - name: a\n"
	"    rules:\n"
	"      - alert: High\n"
	"        expr: m > 5\n"
	"        for: 1m\n"
	"        keep_firing_for: 2m\n"
	"        labels: {severity: \"{{ if gt $value 8.0 }}page{{ else }}warn{{ end }}\"}\n"
	"        annotations: {summary: \"{{ $value }} & \\\"more\\\"\", empty: \"\"}\n"
	"      - alert: Never\n"
	"        expr: m > 1e9\n";

struct request {
	const char *name, *method, *path, *query;
	const char *origin;
};

#define GET(name, path, query)                                                                     \
	{ name, "GET", path, query, NULL }
#define DO(name, method, path)                                                                     \
	{ name, method, path, "", NULL }
#define FROM(name, method, path, origin)                                                           \
	{ name, method, path, "", origin }

static const struct request requests[] = {
	GET("index", "/", ""),
	GET("healthy", "/-/healthy", ""),
	GET("ready", "/-/ready", ""),
	DO("reload", "POST", "/-/reload"),
	DO("reload_put", "PUT", "/-/reload"),
	GET("reload_get", "/-/reload", ""),
	GET("not_found", "/api/v1/targets", ""),
	GET("not_found_page", "/graph", "g0.expr=up"),
	GET("no_query", "/api/v1/query", "query=up"),
	DO("no_query_range", "POST", "/api/v1/query_range"),
	DO("not_allowed", "DELETE", "/api/v1/rules"),
	DO("not_allowed_post", "POST", "/api/v1/rules"),
	DO("not_allowed_page", "POST", "/metrics"),
	DO("head", "HEAD", "/-/healthy"),
	DO("head_rules", "HEAD", "/api/v1/alerts"),
	DO("options", "OPTIONS", "/api/v1/rules"),
	DO("options_unknown", "OPTIONS", "/api/v1/series"),
	DO("options_page", "OPTIONS", "/-/reload"),
	DO("options_nowhere", "OPTIONS", "/graph"),
	FROM("cors", "GET", "/api/v1/alertmanagers", "https://dash.example"),
	FROM("cors_options", "OPTIONS", "/api/v1/alerts", "https://dash.example"),
	FROM("cors_page", "GET", "/-/healthy", "https://dash.example"),
	GET("buildinfo", "/api/v1/status/buildinfo", ""),
	GET("config", "/api/v1/status/config", ""),
	GET("flags", "/api/v1/status/flags", ""),
	GET("runtimeinfo", "/api/v1/status/runtimeinfo", ""),
	GET("alertmanagers", "/api/v1/alertmanagers", ""),
	GET("alerts", "/api/v1/alerts", ""),
	GET("rules", "/api/v1/rules", ""),
	GET("rules_alerting", "/api/v1/rules", "type=ALERT&exclude_alerts=TRUE"),
	GET("rules_recording", "/api/v1/rules", "type=record"),
	GET("rules_by_name", "/api/v1/rules", "rule_name[]=Never&rule_name[]=job:m:sum"),
	GET("rules_by_group", "/api/v1/rules", "rule_group[]=b&file[]=r.yml&rule_name[]=Broken"),
	GET("rules_none", "/api/v1/rules", "file[]=other.yml"),
	GET("rules_bad_type", "/api/v1/rules", "type=X%22"),
	GET("rules_bad_type_letters", "/api/v1/rules", "type=%C3%89"),
	GET("rules_bad_exclude", "/api/v1/rules", "exclude_alerts=Maybe"),
	GET("rules_bad_escape", "/api/v1/rules", "type=%zz&type=%4"),
	GET("rules_semicolon", "/api/v1/rules", "type=alert;exclude_alerts=1"),
	GET("rules_match", "/api/v1/rules",
		"match[]=%7Bkind=%22%3Csum%3E%22%7D&match[]={severity=~\".*page.*\"}&exclude_alerts=1"),
	GET("rules_bad_match", "/api/v1/rules", "match[]={kind"),
	GET("rules_costly_match", "/api/v1/rules", "match[]={severity=~\"(.?){450}(.?){450}[!?]\"}"),
	GET("rules_empty_match", "/api/v1/rules", "match[]={kind=~\".*\"}"),
	GET("rules_bad_match_first", "/api/v1/rules", "match[]={kind=~\".*\"}&match[]={kind&type=x"),
	GET("rules_page", "/api/v1/rules", "group_limit=1&type=record"),
	GET("rules_first_page", "/api/v1/rules", "group_limit=1&exclude_alerts=1"),
	GET("rules_next_page", "/api/v1/rules",
		"group_limit=1&exclude_alerts=1&group_next_token=ac0414d07116210c06a69833903d9878bc153beea60b5af0697ecc5418fedbf7"),
	GET("rules_bad_token", "/api/v1/rules", "group_limit=1&group_next_token=x"),
	GET("rules_token_alone", "/api/v1/rules", "group_next_token=x"),
	GET("rules_bad_limit", "/api/v1/rules", "group_limit=many"),
	GET("rules_limit_sign", "/api/v1/rules", "group_limit=%2B"),
	GET("rules_limit_zero", "/api/v1/rules", "group_limit=0"),
	GET("rules_limit_below", "/api/v1/rules", "group_limit=-2147483649"),
	GET("rules_limit_above", "/api/v1/rules", "group_limit=2147483648"),
	GET("metrics", "/metrics", ""),
};

static void prepare(struct driver *d) {
	set_up(d, rules,
		   "alertmanagers: ['http://am-1:9093', 'http://am-2:9093/base']\nweb: {lifecycle: true}");
	d->prometheus = UP;
	add_series(d, 15000, "m{job=\"a\",x=\"1\"} 9 9 9 9 9 9 9 9 1 1 1 1 1");
	add_series(d, 15000, "m{job=\"a\",x=\"2\"} 1 1 1 1 1 1 1 1 7 7 7 7 7");
	d->managers[1].mode = REFUSED;
	advance(d, 125000);
}

static void print_response(struct driver *d, const struct request *r, struct strbuf *out) {
	static const struct api_process process = {.started = 1000,
											   .folder = "/srv",
											   .host = "host",
											   .config_file = "tocsin.yml",
											   .cpus = 2,
											   .threads = 5};
	struct api_request request = {.method = r->method,
								  .path = r->path,
								  .query = str_from(r->query),
								  .origin = r->origin,
								  .now = d->now,
								  .process = &process};
	struct api_response response = {0};
	strbuf_init(&response.body);
	api_handle(d->engine, &request, &response);
	strbuf_printf(out, "%s %s%s%s\n%d %s\n", r->method, r->path, r->query[0] ? "?" : "", r->query,
				  response.status, response.content_type != NULL ? response.content_type : "-");
	for (size_t i = 0; i < response.header_count; i++) {
		strbuf_printf(out, "%s: %s\n", response.headers[i].name, response.headers[i].value);
	}
	strbuf_printf(out, "%s\n", response.effect == API_RELOAD ? "(reload)\n" : "");
	strbuf_add(out, strbuf_str(&response.body));
	strbuf_add_c(out, out->ptr[out->len - 1] == '\n' ? "" : "\n");
	strbuf_finish(&response.body);
}

static void read_file(const char *path, struct strbuf *out) {
	FILE *f = fopen(path, "rb");
	int c;
	strbuf_add_c(out, "");
	while (f != NULL && (c = getc(f)) != EOF) {
		strbuf_add_char(out, (char)c);
	}
	if (f != NULL) {
		fclose(f);
	}
}

static void compare(const char *name, const struct strbuf *out) {
	struct strbuf path = STRBUF_INIT, wanted = STRBUF_INIT;
	const char *root = getenv("SOURCE_ROOT");
	strbuf_printf(&path, "%s/tests/golden/api/%s.txt", root == NULL ? "." : root, name);
	if (getenv("UPDATE_GOLDEN") != NULL) {
		FILE *f = fopen(path.ptr, "wb");
		assert_non_null(f);
		fwrite(out->ptr, 1, out->len, f);
		fclose(f);
	}
	read_file(path.ptr, &wanted);
	if (wanted.len != out->len || memcmp(wanted.ptr, out->ptr, out->len) != 0) {
		fail_msg("%s:\n%s\nwanted:\n%s", name, out->ptr, wanted.ptr);
	}
	strbuf_finish(&wanted);
	strbuf_finish(&path);
}

static void test_golden(void **state) {
	(void)state;
	struct driver d;
	prepare(&d);
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct strbuf out = STRBUF_INIT;
		print_response(&d, &requests[i], &out);
		compare(requests[i].name, &out);
		strbuf_finish(&out);
	}
	tear_down(&d);
}

static void test_before_the_first_evaluation(void **state) {
	(void)state;
	static const struct request early[] = {
		GET("early_ready", "/-/ready", ""),
		GET("early_rules", "/api/v1/rules", "rule_group[]=a"),
		GET("early_alerts", "/api/v1/alerts", ""),
		DO("early_reload", "POST", "/-/reload"),
	};
	struct driver d;
	set_up(&d, rules, "");
	for (size_t i = 0; i < COUNT(early); i++) {
		struct strbuf out = STRBUF_INIT;
		print_response(&d, &early[i], &out);
		compare(early[i].name, &out);
		strbuf_finish(&out);
	}
	tear_down(&d);
}

/* Nothing that is secret is shown, and what is not secret is. */
static void test_secrets(void **state) {
	(void)state;
	static const struct request asked[] = {
		GET("config_secrets", "/api/v1/status/config", ""),
		GET("flags_secrets", "/api/v1/status/flags", ""),
	};
	struct driver d;
	set_up(
		&d, rules,
		"prometheus:\n"
		"  basic_auth: {username: me, password: hunter1}\n"
		"  tls_config: {ca_file: ca.pem, cert: public, key: hunter3, min_version: TLS12}\n"
		"  http_headers: {X-Team: {values: [a, b], secrets: [hunter4]}}\n"
		"  proxy_url: http://you:hunter5@proxy:1\n"
		"alertmanagers:\n"
		"  - url: http://am-1:9093\n"
		"    authorization: {credentials: hunter6}\n"
		"    follow_redirects: true\n"
		"    alert_relabel_configs:\n"
		"      - {source_labels: [a, b], regex: 'x(.*)', target_label: c, replacement: $1}\n"
		"  - {scheme: https, path_prefix: /am, bearer_token: hunter7, static_configs: [{targets: "
		"['am-2:1']}]}\n"
		"remote_write: {url: http://w/write, headers: {X-Token: hunter8}}\n"
		"alert_relabel_configs: [{action: labeldrop, regex: tmp_.*}]\n");
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct strbuf out = STRBUF_INIT;
		print_response(&d, &asked[i], &out);
		assert_null(strstr(out.ptr, "hunter"));
		compare(asked[i].name, &out);
		strbuf_finish(&out);
	}
	tear_down(&d);
}

/* Only some sites' scripts may read. */
static void test_cors(void **state) {
	(void)state;
	static const struct request asked[] = {
		FROM("cors_some_allowed", "GET", "/api/v1/alerts", "https://dash.example"),
		FROM("cors_some_refused", "GET", "/api/v1/alerts", "https://dash.example.evil"),
	};
	struct driver d;
	set_up(&d, rules, "web: {cors_origin: 'https?://dash[.]example'}");
	for (size_t i = 0; i < COUNT(asked); i++) {
		struct strbuf out = STRBUF_INIT;
		print_response(&d, &asked[i], &out);
		compare(asked[i].name, &out);
		strbuf_finish(&out);
	}
	tear_down(&d);
}

/* As url.ParseQuery of Go reads it; what cannot be read is said and left out. */
static void test_query(void **state) {
	(void)state;
	static const struct {
		const char *text, *pairs, *error;
	} cases[] = {
		{"", "", NULL},
		{"&&", "", NULL},
		{"a", "[a][]", NULL},
		{"a=", "[a][]", NULL},
		{"=b", "[][b]", NULL},
		{"a=b=c&d", "[a][b=c][d][]", NULL},
		{"a+b=c+d%2B%20", "[a b][c d+ ]", NULL},
		{"%c3%A9=%41", "[\xc3\xa9][A]", NULL},
		{"a=%00b", "[a][\0b]", NULL},
		{"a=%zz&b=1&%5=2", "[b][1]", "invalid URL escape \"%zz\""},
		{"a=1%", "", "invalid URL escape \"%\""},
		{"a=1%2", "", "invalid URL escape \"%2\""},
		{"a=1;b=2&c=3", "[c][3]", "invalid semicolon separator in query"},
		{"a=%zz&b;&c=3", "[c][3]", "invalid semicolon separator in query"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena arena;
		struct api_query query;
		struct strbuf out = STRBUF_INIT;
		arena_init(&arena);
		api_query_parse(str_from(cases[i].text), &arena, &query);
		strbuf_add_c(&out, "");
		for (size_t k = 0; k < query.count; k++) {
			struct str name = query.parameters[k].name, value = query.parameters[k].value;
			strbuf_printf(&out, "[%.*s][", STR_FMT(name));
			strbuf_add(&out, value);
			strbuf_add_char(&out, ']');
		}
		size_t len = i == 8 ? 7 : strlen(cases[i].pairs); /* the one with a NUL */
		assert_true(str_equal(strbuf_str(&out), (struct str){cases[i].pairs, len}));
		if (cases[i].error == NULL) {
			assert_null(query.error);
		} else {
			assert_string_equal(query.error, cases[i].error);
		}
		strbuf_finish(&out);
		arena_finish(&arena);
	}
}

/* What is JSON must be JSON. */
static void test_json_parses(void **state) {
	(void)state;
	struct driver d;
	prepare(&d);
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct strbuf out = STRBUF_INIT;
		print_response(&d, &requests[i], &out);
		if (strstr(out.ptr, "application/json") != NULL) {
			const char *body = strstr(out.ptr, "\n\n") + 2;
			const char *end = NULL;
			cJSON *json = cJSON_ParseWithOpts(body, &end, true);
			assert_non_null(json);
			cJSON_Delete(json);
		}
		strbuf_finish(&out);
	}
	tear_down(&d);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),  cmocka_unit_test(test_before_the_first_evaluation),
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_cors),
		cmocka_unit_test(test_query),   cmocka_unit_test(test_json_parses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
