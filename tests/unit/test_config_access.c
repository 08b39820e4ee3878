/* How to get into servers: what is taken, what contradicts itself, what flags change, and that no secret is ever shown. */
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

static void expect_access(const struct config_access *access, const char *expected) {
	struct strbuf out = STRBUF_INIT;
	config_access_print(&out, access, 0);
	assert_string_equal(out.ptr != NULL ? out.ptr : "", expected);
	strbuf_finish(&out);
}

/* ---- what is taken ---- */

/* The same keys for every server. */
static const char everything[] =
	"prometheus:\n"
	"  basic_auth: {username: alice, password: hunter2}\n"
	"  tls_config:\n"
	"    ca_file: ca.pem\n"
	"    cert_file: /etc/tocsin/cert.pem\n"
	"    key_file: tls/key.pem\n"
	"    server_name: prom.example\n"
	"    insecure_skip_verify: yes\n"
	"    min_version: TLS12\n"
	"    max_version: TLS13\n"
	"  http_headers:\n"
	"    X-Scope-OrgID: {values: [team-a, team-b], files: [org]}\n"
	"    X-Token: {secrets: [hunter3, hunter4]}\n"
	"  proxy_url: http://me:hunter5@proxy:3128\n"
	"  no_proxy: 10.0.0.0/8\n"
	"  follow_redirects: true\n"
	"  enable_http2: false\n"
	"alertmanagers:\n"
	"- url: http://am-1:9093\n"
	"  authorization: {type: GenieKey, credentials: hunter6}\n"
	"  tls_config: {ca: CA, cert: CERT, key: hunter7}\n"
	"  proxy_from_environment: true\n"
	"- url: http://am-2:9093\n"
	"  bearer_token_file: token\n"
	"  tls_config: {insecure_skip_verify: false}\n";

static const char prometheus_printed[] =
	"basic_auth:\n"
	"  username: \"alice\"\n"
	"  password: <secret>\n"
	"tls_config:\n"
	"  ca_file: \"/etc/x/ca.pem\"\n"
	"  cert_file: \"/etc/tocsin/cert.pem\"\n"
	"  key_file: \"/etc/x/tls/key.pem\"\n"
	"  server_name: \"prom.example\"\n"
	"  insecure_skip_verify: true\n"
	"  min_version: TLS12\n"
	"  max_version: TLS13\n"
	"proxy_url: \"http://***@proxy:3128\"\n"
	"no_proxy: \"10.0.0.0/8\"\n"
	"follow_redirects: true\n"
	"http_headers:\n"
	"  X-Scope-OrgID:\n"
	"    values: [\"team-a\", \"team-b\"]\n"
	"    files: [\"/etc/x/org\"]\n"
	"  X-Token:\n"
	"    secrets: [<secret>, <secret>]\n";

static void test_everything(void **state) {
	(void)state;
	struct fixture f;
	struct arena other;
	struct config copy;
	read_text(&f, everything);
	assert_true(f.good);
	config_set_folder(&f.config, STR("/etc/x"), &f.arena);
	const struct config_access *p = &f.config.prometheus.access;
	assert_true(str_equal(p->basic_auth.password.text, STR("hunter2")));
	assert_int_equal(p->header_count, 5);
	assert_true(str_equal(p->headers[3].text, STR("hunter3")));
	assert_true(str_equal(p->proxy_url.text, STR("http://me:hunter5@proxy:3128")));
	arena_init(&other);
	config_dup(&other, &f.config, &copy);
	arena_finish(&f.arena); /* the copy owns everything */
	expect_access(&copy.prometheus.access, prometheus_printed);
	expect_access(&copy.alertmanagers[0].access,
				  "authorization:\n  type: \"GenieKey\"\n  credentials: <secret>\n"
				  "tls_config:\n  ca: \"CA\"\n  cert: \"CERT\"\n  key: <secret>\n"
				  "proxy_from_environment: true\n");
	expect_access(&copy.alertmanagers[1].access,
				  "tls_config:\n  insecure_skip_verify: false\n"
				  "bearer_token_file: \"/etc/x/token\"\n");
	arena_finish(&other);
}

/* What prometheus.yml calls an Alertmanager is one for each target. */
static void test_targets(void **state) {
	(void)state;
	struct fixture f;
	read_text(&f,
			  "alertmanagers:\n"
			  "- scheme: https\n"
			  "  path_prefix: /am/\n"
			  "  api_version: v2\n"
			  "  timeout: 3s\n"
			  "  static_configs:\n"
			  "  - targets: ['am-1:9093', '[::1]:9093']\n"
			  "  - targets: [am-3]\n"
			  "  basic_auth: {username: alice, password_file: pw}\n"
			  "- static_configs: [{targets: ['am-4:9093']}]\n");
	assert_true(f.good);
	static const char *const urls[] = {"https://am-1:9093/am", "https://[::1]:9093/am",
									   "https://am-3/am", "http://am-4:9093"};
	assert_int_equal(f.config.alertmanager_count, COUNT(urls));
	for (size_t i = 0; i < COUNT(urls); i++) {
		const struct config_peer *p = &f.config.alertmanagers[i];
		assert_true(str_equal(p->url, str_from(urls[i])));
		assert_int_equal(p->timeout, i < 3 ? 3000 : 10000);
		assert_int_equal(p->access.basic_auth.username.len, i < 3 ? 5 : 0);
	}
	arena_finish(&f.arena);
}

/* A secret in a block ends where its line does. */
static void test_block_scalar(void **state) {
	(void)state;
	struct fixture f;
	read_text(&f, "prometheus:\n  authorization:\n    credentials: |\n      abc\n");
	assert_true(f.good);
	assert_true(str_equal(f.config.prometheus.access.authorization.credentials.text, STR("abc")));
	arena_finish(&f.arena);
}

/* ---- what is not ---- */

#define P "prometheus: "

static const struct {
	const char *text, *errors;
} bad[] = {
	{P "{basic_auth: {username: a, username_file: b}}",
	 "1:40 at most one of basic_auth username & username_file must be configured\n"},
	{P "{basic_auth: {password: a, password_file: b}}",
	 "1:40 at most one of basic_auth password & password_file must be configured\n"},
	{P "{authorization: {credentials: a, credentials_file: b}}",
	 "1:46 at most one of authorization credentials & credentials_file must be configured\n"},
	{P "{bearer_token: a, bearer_token_file: b}",
	 "1:31 at most one of bearer_token & bearer_token_file must be configured\n"},
	{P "{basic_auth: {username: a}, bearer_token: b}",
	 "1:14 at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be "
	 "configured\n"},
	{P "{authorization: {credentials: a}, bearer_token_file: b}",
	 "1:14 authorization is not compatible with bearer_token & bearer_token_file\n"},
	{P "{basic_auth: {username: a}, authorization: {credentials: b}}",
	 "1:41 at most one of basic_auth, oauth2 & authorization must be configured\n"},
	{P "{authorization: {type: BASIC, credentials: b}}",
	 "1:30 authorization type cannot be set to \"basic\", use \"basic_auth\" instead\n"},
	{P "{authorization: {credentials: \"secret\\nX: y\"}}",
	 "1:30 a line break or control character in the credentials\n"},
	{P "{authorization: {type: \"a\\rb\", credentials: x}}",
	 "1:30 a line break or control character in the type\n"},
	{P "{bearer_token: \"secret\\u0001\"}",
	 "1:14 a line break or control character in the token\n"},
	{P "{basic_auth: {username: a, password: \"secret\\0\"}}",
	 "1:50 a secret has no NUL character in it\n"},
	{P "{oauth2: {client_id: a}}",
	 "1:22 oauth2 is not supported; let something else fetch the token into a file, and name "
	 "that as credentials_file in authorization\n"},
	{P "{tls_config: {ca: a, ca_file: b}}",
	 "1:34 at most one of ca and ca_file must be configured\n"},
	{P "{tls_config: {cert: a, cert_file: b, key: c}}",
	 "1:36 at most one of cert and cert_file must be configured\n"},
	{P "{tls_config: {cert: a, key: b, key_file: c}}",
	 "1:44 at most one of key and key_file must be configured\n"},
	{P "{tls_config: {cert_file: a}}",
	 "1:14 exactly one of key or key_file must be configured when a client certificate is "
	 "configured\n"},
	{P "{tls_config: {key_file: a}}",
	 "1:14 exactly one of cert or cert_file must be configured when a client key is "
	 "configured\n"},
	{P "{tls_config: {min_version: TLS13, max_version: TLS12}}",
	 "1:47 tls_config.max_version must be greater than or equal to tls_config.min_version if both "
	 "are specified\n"},
	{P "{tls_config: {min_version: SSL3}}",
	 "1:40 unknown value \"SSL3\", expected TLS10, TLS11, TLS12 or TLS13\n"},
	{P "{tls_config: {server_name: 'a b'}}", "1:27 the server_name is no host name\n"},
	{P "{tls_config: {insecure_skip_verify: ''}}", "1:49 \"\" is neither true nor false\n"},
	{P "{follow_redirects: perhaps}", "1:32 \"perhaps\" is neither true nor false\n"},
	{P "{enable_http2: perhaps}", "1:28 \"perhaps\" is neither true nor false\n"},
	{P "{basic_auth: alice}", "1:26 expected a mapping, got a scalar\n"},
	{P "{basic_auth: {user: alice}}", "1:27 unknown key \"user\" in basic_auth\n"},
	{P "{basic_auth: {password: }}", "1:37 \"password\" has no value\n"},
	{P "{basic_auth: {password:secret}}",
	 "1:27 unknown key \"password\" in basic_auth; a colon with a blank behind it stands between "
	 "key and value\n"},
	{P "{basic_auth.username: a}", "1:14 unknown key \"basic_auth.username\" in prometheus\n"},
	{P "{http_headers: {host: {values: [a]}}}", "1:29 setting header \"Host\" is not allowed\n"},
	{P "{http_headers: {x-prometheus-remote-write-version: {values: [a]}}}",
	 "1:29 setting header \"X-Prometheus-Remote-Write-Version\" is not allowed\n"},
	{P "{http_headers: {'a b': {values: [a]}}}",
	 "1:29 the name of a header has letters, digits and dashes\n"},
	{P "{http_headers: {X-A: {values: [\"a\\r\\nsecret: x\"]}}}",
	 "1:44 a line break or control character in a header\n"},
	{P "{http_headers: {X-A: secret}}", "1:34 expected a mapping, got a scalar\n"},
	{P "{http_headers: {X-A: {values: a}}}", "1:43 expected a sequence, got a scalar\n"},
	{P "{http_headers: {X-A: {value: [a]}}}",
	 "1:35 unknown key \"value\" in a header, which has values, secrets and files\n"},
	{P "{proxy_url: 'me:secret@proxy'}",
	 "1:25 a proxy is a URL beginning with http://, https://, socks5:// or socks5h://\n"},
	{P "{basic_auth: {username: a, password: !!int hunter2}}",
	 "1:56 yaml: the value is not of the kind that its tag says\n"},
	{P "{proxy_url: 'http://me:secret@'}",
	 "1:25 \"http://***@\" has no valid host name and port\n"},
	{P "{proxy_url: 'http://a:0'}", "1:25 \"http://a:0\" has no valid host name and port\n"},
	{P "{no_proxy: a}", "1:14 if no_proxy is configured, proxy_url must also be configured\n"},
	{P "{proxy_url: 'http://a', proxy_from_environment: true}",
	 "1:14 if proxy_from_environment is configured, proxy_url must not be configured\n"},
	{P "{no_proxy: a, proxy_from_environment: true}",
	 "1:14 if proxy_from_environment is configured, no_proxy must not be configured\n"},
	{"remote_write: {url: 'http://x', basic_auth: {username: a}, bearer_token: b}",
	 "1:33 at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be "
	 "configured\n"},
	{"remote_write: {headers: {Host: a, X-A: [b], X-B: \"secret\\n\"}}",
	 "1:26 setting header \"Host\" is not allowed\n"
	 "1:40 expected a scalar, got a sequence\n"
	 "1:50 a line break or control character in a header\n"},
	{"alertmanagers: [{url: 'http://x', basic_auth: {username: a, username_file: b}}]",
	 "1:61 at most one of basic_auth username & username_file must be configured\n"},
	{"alertmanagers: [{url: 'http://x', static_configs: [], scheme: http, path_prefix: /}]",
	 "1:51 an Alertmanager with a \"url\" has no \"static_configs\"\n"
	 "1:63 an Alertmanager with a \"url\" has no \"scheme\"\n"
	 "1:82 an Alertmanager with a \"url\" has no \"path_prefix\"\n"},
	{"alertmanagers: [{static_configs: [{targets: ['http://me:secret@x:9093']}]}]",
	 "1:46 \"http://***@x:9093\" is not a valid hostname; HOST:PORT is wanted, and scheme and "
	 "path_prefix beside it\n"},
	{"alertmanagers: [{static_configs: [{targets: ['me:secret@x:9093', 'x:y', [a]]}]}]",
	 "1:46 a user name or password in a URL would end up in logs and alerts; they belong into "
	 "basic_auth\n"
	 "1:66 \"http://x:y/\" has a bad port\n"
	 "1:73 expected a scalar, got a sequence\n"},
	{"alertmanagers: [{static_configs: {targets: a}}]",
	 "1:34 expected a sequence, got a mapping\n"},
	{"alertmanagers: [{static_configs: [{targets: a, labels: {}}, b]}]",
	 "1:45 expected a sequence, got a scalar\n"
	 "1:48 unknown key \"labels\" in static_configs\n"
	 "1:61 expected a mapping, got a scalar\n"},
	{"alertmanagers: [{scheme: ftp, path_prefix: [], api_version: v1}]",
	 "1:17 an Alertmanager needs a \"url\" or \"static_configs\"\n"
	 "1:26 the scheme is http or https\n"
	 "1:44 expected a scalar, got a sequence\n"
	 "1:61 expected Alertmanager api version to be one of [v2] but got v1\n"},
	{"alertmanagers: [{url: 'http://x', dns_sd_configs: []}]",
	 "1:35 unknown key \"dns_sd_configs\" in alertmanagers; servers are not discovered, list them "
	 "in static_configs\n"},
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
		assert_null(strstr(out.ptr, "secret@"));
		if (strcmp(out.ptr, bad[i].errors) != 0) {
			fail_msg("%s\ngot:\n%sexpected:\n%s", bad[i].text, out.ptr, bad[i].errors);
		}
		strbuf_finish(&out);
		arena_finish(&f.arena);
	}
}

/* ---- what is never shown ---- */

/* Each has an error and the text "hunter" in it. */
static const char *const leaks[] = {
	P "{basic_auth: {username: a, password: hunter2, nonesuch: 1}}",
	P "{basic_auth: {username: a, password: [hunter2]}}",
	P "{basic_auth: hunter2}",
	P "{basic_auth: [hunter2]}",
	P "{basic_auth: {password:hunter2}}",
	P "{basic_auth: {password=hunter2: }}",
	P "{authorization: Bearer hunter2}",
	P "{authorization: {credentials: hunter2, type: basic}}",
	P "{authorization: {credentials: \"hunter2\\n\\n\\tx\"}}",
	P "{authorization: {credentials: hunter2, credentials_file: x}}",
	P "{bearer_token: hunter2, bearer_token_file: x}",
	P "{bearer_token: {hunter2: hunter3}}",
	P "{tls_config: {key: hunter2, cert_fil: x}}",
	P "{http_headers: {X-A: {secrets: hunter2}}}",
	P "{http_headers: {X-A: {secrets: [hunter2, [x]]}}}",
	P "{http_headers: {X-A: hunter2}}",
	P "{http_headers: {X-A: [hunter2]}}",
	P "{http_headers: {Host: {secrets: [hunter2]}}}",
	P "{proxy_url: 'http://me:hunter2@x', nonesuch: 1}",
	P "{proxy_url: 'me:hunter2@x'}",
	P "{url: 'http://me:hunter2@x'}",
	P "{basic_auth: {passwrd: hunter2}}",
	P "{bearer_tokn: hunter2}",
	P "{basic_auth: {hunter2}}",
	P "{authorization: {Bearer hunter2}}",
	P "{http_headers: {hunter2}}",
	P "{http_headers: {X-A: {hunter2}}}",
	P "{http_headers: {X-A: {secret: hunter2}}}",
	"alertmanagers: [{basic_auth: {password:hunter2}}]",
	"basic_auth: {password: hunter2}",
	"a: b\n---\nbasic_auth: {password: hunter2}\n",
	/* no YAML, or one with a key twice: there is no tree to find the secret in */
	P "\n  basic_auth:\n    username: a\n    password:hunter2\n",
	P "\n  basic_auth:\n    password: hunter2: x\n",
	P "\n  basic_auth:\n    password: *hunter2\n",
	P "\n  basic_auth:\n    password: %hunter2\n",
	P "\n  basic_auth:\n    password: \"hunter2\\q\"\n",
	P "\n  basic_auth:\n    password: x\n    password: hunter2\n",
	P "\n  tls_config:\n    key: |\n      -----BEGIN\n   hunter2\n",
	P "\n  authorization: {credentials: 'hunter2\n",
};

static void test_secrets_are_not_shown(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(leaks); i++) {
		struct fixture f;
		struct strbuf out = STRBUF_INIT;
		read_text(&f, leaks[i]);
		diags_render(&out, &f.diags, "tocsin.yml", str_from(leaks[i]),
					 (struct diag_style){.color = false});
		if (f.good || out.len == 0 || strstr(out.ptr, "hunter") != NULL) {
			fail_msg("%s\n%s", leaks[i], out.len > 0 ? out.ptr : "");
		}
		strbuf_finish(&out);
		arena_finish(&f.arena);
	}
}

/* What is no secret is shown, also in a line beside one. */
static void test_others_are_shown(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf out = STRBUF_INIT;
	const char *text = P "{basic_auth: {username: alice, password: hunter2}, timeout: soon}\n";
	read_text(&f, text);
	diags_render(&out, &f.diags, "f", str_from(text), (struct diag_style){.color = false});
	assert_non_null(strstr(
		out.ptr,
		"    prometheus: {basic_auth: {username: alice, password: *******}, timeout: soon}\n"));
	strbuf_finish(&out);
	arena_finish(&f.arena);
}

/* Without a secret in it, a text that is no YAML is shown as ever. */
static void test_other_texts_are_shown(void **state) {
	(void)state;
	struct fixture f;
	struct strbuf out = STRBUF_INIT;
	const char *text = "prometheus: {basic_auth: {password_file: x}\nlog: [\n";
	read_text(&f, text);
	diags_render(&out, &f.diags, "f", str_from(text), (struct diag_style){.color = false});
	assert_non_null(strstr(out.ptr, "\n    "));
	strbuf_finish(&out);
	arena_finish(&f.arena);
}

/* ---- flags and variables ---- */

#define SETTINGS_MAX 4

static const struct {
	const char *file; /* what stands in `prometheus` */
	const char *settings[SETTINGS_MAX][2];
	const char *expected; /* printed, or the error */
} given[] = {
	{"", {{"basic_auth.username", "bob"}}, "basic_auth:\n  username: \"bob\"\n"},
	{"basic_auth: {username: alice, password_file: pw}",
	 {{"basic_auth.password", "hunter2"}},
	 "basic_auth:\n  username: \"alice\"\n  password: <secret>\n"},
	{"basic_auth: {username_file: name, password: x}",
	 {{"basic_auth.username", "bob"}, {"basic_auth.password_file", "/pw"}},
	 "basic_auth:\n  username: \"bob\"\n  password_file: \"/pw\"\n"},
	{"authorization: {type: T, credentials: x}",
	 {{"basic_auth.username", "bob"}},
	 "basic_auth:\n  username: \"bob\"\n"},
	{"bearer_token: x", {{"basic_auth.username", "bob"}}, "basic_auth:\n  username: \"bob\"\n"},
	{"basic_auth: {username: alice, password: x}",
	 {{"authorization.credentials_file", "token"}},
	 "authorization:\n  credentials_file: \"token\"\n"},
	{"authorization: {type: T, credentials: x}",
	 {{"authorization.credentials", "y"}},
	 "authorization:\n  credentials: <secret>\n"},
	{"bearer_token_file: x",
	 {{"authorization.credentials", "y"}},
	 "authorization:\n  credentials: <secret>\n"},
	{"basic_auth: {username: alice}", /* empty means: not given */
	 {{"authorization.credentials", ""}, {"basic_auth.password", ""}},
	 "basic_auth:\n  username: \"alice\"\n"},
	{"tls_config: {ca: CA, server_name: a, insecure_skip_verify: true}",
	 {{"tls_config.ca_file", "ca"},
	  {"tls_config.server_name", "b"},
	  {"tls_config.insecure_skip_verify", "false"}},
	 "tls_config:\n  ca_file: \"ca\"\n  server_name: \"b\"\n  insecure_skip_verify: false\n"},
	{"", {{"tls_config.insecure_skip_verify", ""}}, "tls_config:\n  insecure_skip_verify: true\n"},
	{"http_headers: {X-A: {values: [a]}, X-B: {values: [b]}}",
	 {{"http_headers.values", "X-A=c"}, {"http_headers.values", "X-A= d=e "}},
	 "http_headers:\n  X-B:\n    values: [\"b\"]\n  X-A:\n    secrets: [<secret>, <secret>]\n"},
	{"",
	 {{"basic_auth.username", "bob"}, {"authorization.credentials", "y"}},
	 "prometheus: at most one of basic_auth, oauth2 & authorization must be configured"},
	{"",
	 {{"basic_auth.password", "x"}, {"basic_auth.password_file", "y"}},
	 "prometheus: at most one of basic_auth password & password_file must be configured"},
	{"tls_config: {key_file: a, cert_file: b}",
	 {{"tls_config.key_file", "c"}},
	 "tls_config:\n  cert_file: \"b\"\n  key_file: \"c\"\n"},
	{"",
	 {{"tls_config.key_file", "c"}},
	 "prometheus: exactly one of cert or cert_file must be configured when a client key is "
	 "configured"},
	{"", {{"http_headers.values", "X-A"}}, "expected NAME=VALUE"},
	{"",
	 {{"http_headers.values", "authorization=hunter2"}},
	 "setting header \"Authorization\" is not allowed"},
	{"", {{"tls_config.insecure_skip_verify", "maybe"}}, "\"maybe\" is neither true nor false"},
};

/* NULL: all went well. */
static const char *apply(struct fixture *f, size_t index, const char *section) {
	const char *error;
	for (size_t k = 0; k < SETTINGS_MAX && given[index].settings[k][0] != NULL; k++) {
		const char *name = arena_printf(&f->arena, "%s.%s", section, given[index].settings[k][0]);
		if (!config_set(&f->config, str_from(name), str_from(given[index].settings[k][1]),
						&f->arena, &error)) {
			return error;
		}
	}
	return config_finish(&f->config, &f->arena, &error) ? NULL : error;
}

static void test_given(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(given); i++) {
		struct fixture f;
		char text[200];
		snprintf(text, sizeof text, "prometheus: {%s}\n", given[i].file);
		read_text(&f, text);
		assert_true(f.good);
		const char *error = apply(&f, i, "prometheus");
		if (error != NULL) {
			assert_string_equal(error, given[i].expected);
		} else {
			expect_access(&f.config.prometheus.access, given[i].expected);
		}
		arena_finish(&f.arena);
	}
}

/* What flags say of Alertmanager is for all of them, in whatever order they come. */
static void test_given_for_all(void **state) {
	(void)state;
	struct fixture f;
	const char *error;
	read_text(&f, "alertmanagers: [{url: 'http://a', authorization: {credentials: x}}]\n");
	assert_true(config_set(&f.config, STR("alertmanagers.basic_auth.username"), STR("bob"),
						   &f.arena, &error));
	assert_true(config_set(&f.config, STR("alertmanagers"), STR("http://b"), &f.arena, &error));
	assert_true(config_finish(&f.config, &f.arena, &error));
	assert_int_equal(f.config.alertmanager_count, 2);
	expect_access(&f.config.alertmanagers[0].access, "basic_auth:\n  username: \"bob\"\n");
	expect_access(&f.config.alertmanagers[1].access, "basic_auth:\n  username: \"bob\"\n");
	expect_access(&f.config.prometheus.access, "");
	arena_finish(&f.arena);
}

/* The section of remote write is another one with the same keys. */
static void test_remote_write(void **state) {
	(void)state;
	struct fixture f;
	const char *error;
	read_text(&f,
			  "remote_write: {url: 'http://x/w', bearer_token_file: token, headers: {X-A: b}}\n");
	assert_true(f.good);
	config_set_folder(&f.config, STR("/etc/x"), &f.arena);
	expect_access(&f.config.remote_write.access,
				  "bearer_token_file: \"/etc/x/token\"\n"
				  "http_headers:\n  X-A:\n    secrets: [<secret>]\n");
	f.config.remote_write.access.header_count = 0;
	assert_true(config_set(&f.config, STR("remote_write.basic_auth.username"), STR("bob"), &f.arena,
						   &error));
	assert_true(config_finish(&f.config, &f.arena, &error));
	expect_access(&f.config.remote_write.access, "basic_auth:\n  username: \"bob\"\n");
	arena_finish(&f.arena);
}

/* The default one is asked in the same way. */
static void test_given_for_the_default(void **state) {
	(void)state;
	struct fixture f;
	const char *error;
	read_text(&f, "");
	assert_true(config_set(&f.config, STR("alertmanagers.tls_config.ca_file"), STR("ca"), &f.arena,
						   &error));
	assert_true(config_finish(&f.config, &f.arena, &error));
	expect_access(&f.config.alertmanagers[0].access, "tls_config:\n  ca_file: \"ca\"\n");
	arena_finish(&f.arena);
}

/* What is a secret has a variable and no flag, and is marked as one. */
static void test_secret_options(void **state) {
	(void)state;
	size_t count, secrets = 0;
	const struct config_option *o = config_options(&count);
	for (size_t i = 0; i < count; i++) {
		bool is_secret =
			strstr(o[i].variable, "_PASSWORD") != NULL || strstr(o[i].variable, "_TOKEN") != NULL;
		if (is_secret && strstr(o[i].variable, "_FILE") == NULL) {
			assert_null(o[i].flag);
			assert_true(o[i].is_secret);
			secrets++;
		} else {
			assert_non_null(o[i].flag);
		}
	}
	assert_int_equal(secrets, 6);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_block_scalar),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_secrets_are_not_shown),
		cmocka_unit_test(test_others_are_shown),
		cmocka_unit_test(test_other_texts_are_shown),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_given_for_all),
		cmocka_unit_test(test_remote_write),
		cmocka_unit_test(test_given_for_the_default),
		cmocka_unit_test(test_secret_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
