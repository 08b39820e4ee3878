/* The HTTP API against golden answers: tests/golden/api/NAME.txt is status, type and body of the request in the table below.
 * UPDATE_GOLDEN=1 writes them anew. */
#include "tests/unit/driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/api/api.h"

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
	const char *name, *method, *path, *query; /* query: "a=b&c=d", not escaped */
};

static const struct request requests[] = {
	{"index", "GET", "/", ""},
	{"healthy", "GET", "/-/healthy", ""},
	{"ready", "GET", "/-/ready", ""},
	{"reload", "POST", "/-/reload", ""},
	{"reload_get", "GET", "/-/reload", ""},
	{"not_found", "GET", "/api/v1/query", ""},
	{"not_allowed", "DELETE", "/api/v1/rules", ""},
	{"head", "HEAD", "/-/healthy", ""},
	{"buildinfo", "GET", "/api/v1/status/buildinfo", ""},
	{"alertmanagers", "GET", "/api/v1/alertmanagers", ""},
	{"alerts", "GET", "/api/v1/alerts", ""},
	{"rules", "GET", "/api/v1/rules", ""},
	{"rules_alerting", "GET", "/api/v1/rules", "type=ALERT&exclude_alerts=true"},
	{"rules_recording", "GET", "/api/v1/rules", "type=record"},
	{"rules_by_name", "GET", "/api/v1/rules", "rule_name[]=Never&rule_name[]=job:m:sum"},
	{"rules_by_group", "GET", "/api/v1/rules", "rule_group[]=b&file[]=r.yml&rule_name[]=Broken"},
	{"rules_none", "GET", "/api/v1/rules", "file[]=other.yml"},
	{"rules_bad_type", "GET", "/api/v1/rules", "type=x\""},
	{"rules_bad_exclude", "GET", "/api/v1/rules", "exclude_alerts=maybe"},
	{"rules_match", "GET", "/api/v1/rules",
	 "match[]={kind=\"<sum>\"}&match[]={severity=~\".*page.*\"}&exclude_alerts=1"},
	{"rules_bad_match", "GET", "/api/v1/rules", "match[]={kind"},
	{"rules_costly_match", "GET", "/api/v1/rules",
	 "match[]={severity=~\"(.?){450}(.?){450}[!?]\"}"},
	{"rules_empty_match", "GET", "/api/v1/rules", "match[]={kind=~\".*\"}"},
	{"rules_page", "GET", "/api/v1/rules", "group_limit=1&type=record"},
	{"rules_first_page", "GET", "/api/v1/rules", "group_limit=1&exclude_alerts=1"},
	{"rules_next_page", "GET", "/api/v1/rules",
	 "group_limit=1&exclude_alerts=1&group_next_token=ac0414d07116210c06a69833903d9878bc153beea60b5af0697ecc5418fedbf7"},
	{"rules_bad_token", "GET", "/api/v1/rules", "group_limit=1&group_next_token=x"},
	{"rules_token_alone", "GET", "/api/v1/rules", "group_next_token=x"},
	{"rules_bad_limit", "GET", "/api/v1/rules", "group_limit=many"},
	{"rules_limit_zero", "GET", "/api/v1/rules", "group_limit=0"},
	{"metrics", "GET", "/metrics", ""},
};

static void prepare(struct driver *d) {
	set_up(d, rules, "alertmanagers: ['http://am-1:9093', 'http://am-2:9093/base']");
	d->prometheus = UP;
	add_series(d, 15000, "m{job=\"a\",x=\"1\"} 9 9 9 9 9 9 9 9 1 1 1 1 1");
	add_series(d, 15000, "m{job=\"a\",x=\"2\"} 1 1 1 1 1 1 1 1 7 7 7 7 7");
	d->managers[1].mode = REFUSED;
	advance(d, 125000);
}

static size_t split_query(const char *query, struct api_parameter *items) {
	struct str rest = str_from(query);
	size_t count = 0;
	while (rest.len > 0) {
		size_t end = str_find(rest, STR("&"));
		struct str pair = str_slice(rest, 0, end);
		size_t equals = str_find(pair, STR("="));
		items[count++] = (struct api_parameter){.name = str_slice(pair, 0, equals),
												.value = str_slice(pair, equals + 1, pair.len)};
		rest = end == rest.len ? STR_EMPTY : str_slice(rest, end + 1, rest.len);
	}
	return count;
}

static void print_response(struct driver *d, const struct request *r, struct strbuf *out) {
	struct api_parameter parameters[8];
	struct api_request request = {.method = r->method,
								  .path = r->path,
								  .parameters = parameters,
								  .parameter_count = split_query(r->query, parameters),
								  .now = d->now};
	struct api_response response = {0};
	strbuf_init(&response.body);
	api_handle(d->engine, &request, &response);
	strbuf_printf(out, "%s %s%s%s\n%d %s\n", r->method, r->path, r->query[0] ? "?" : "", r->query,
				  response.status, response.content_type);
	if (response.allow != NULL) {
		strbuf_printf(out, "Allow: %s\n", response.allow);
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
		{"early_ready", "GET", "/-/ready", ""},
		{"early_rules", "GET", "/api/v1/rules", "rule_group[]=a"},
		{"early_alerts", "GET", "/api/v1/alerts", ""},
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
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_before_the_first_evaluation),
		cmocka_unit_test(test_json_parses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
