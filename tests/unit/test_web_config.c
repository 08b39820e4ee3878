/* The web.config format: what it means, and what is said about what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/config/web_config.h"
#include "engine/rate_limit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HASH10 "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
#define HASH17 "$2y$17$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
#define PAIR "cert_file: c, key_file: k"

/* ---- what is wrong ---- */

static const struct {
	const char *text, *messages; /* as rendered, without the excerpts; "": it is good */
} cases[] = {
	{"", ""},
	{"null", ""},
	{"{}", ""},
	{"tls_server_config: {" PAIR "}", ""},
	{"tls_server_config:\nbasic_auth_users:\nhttp_server_config:\nrate_limit:\n", ""},
	{"tls_server_config: {cert: C, key: K, client_ca: A, client_auth_type: RequireClientCert}", ""},
	{"[]", "w:1:1: error: expected a mapping, got a sequence\n"},
	{"tls_server_config: []", "w:1:20: error: expected a mapping, got a sequence\n"},
	{"nope: 1", "w:1:1: error: unknown key \"nope\"\n"},
	{"tls_server_config: {cert_filse: x}",
	 "w:1:21: error: unknown key \"cert_filse\" in tls_server_config\n"
	 "w:1:21: warning: TLS stays off: there is neither cert_file nor key_file\n"},
	{"tls_server_config: {min_version: TLS13}",
	 "w:1:21: warning: TLS stays off: there is neither cert_file nor key_file\n"},
	{"tls_server_config: {cert_file: c}", "w:1:1: error: missing one of key or key_file\n"},
	{"tls_server_config: {key_file: k}", "w:1:1: error: missing one of cert or cert_file\n"},
	{"tls_server_config: {cert_file: '', key_file: '', client_auth_type: RequestClientCert}",
	 "w:1:1: error: missing one of cert or cert_file\n"
	 "w:1:1: error: missing one of key or key_file\n"},
	{"tls_server_config: {" PAIR ", client_auth_type: x}",
	 "w:1:66: error: invalid ClientAuth: x; there are NoClientCert, RequestClientCert, "
	 "RequireAnyClientCert, VerifyClientCertIfGiven and RequireAndVerifyClientCert\n"},
	{"tls_server_config: {" PAIR ", client_ca_file: a}",
	 "w:1:64: error: client CA's have been configured without a Client Auth Policy: "
	 "client_auth_type says whether clients must have a certificate\n"},
	{"tls_server_config: {" PAIR ", client_allowed_sans: [a]}",
	 "w:1:1: error: client_allowed_sans means nothing while client_auth_type asks for no "
	 "certificate\n"},
	{"tls_server_config: {" PAIR
	 ", client_auth_type: RequireAnyClientCert, client_allowed_sans: []}",
	 "w:1:109: error: no client has a name of an empty list\n"},
	{"tls_server_config: {" PAIR ", min_version: SSL30, max_version: 13}",
	 "w:1:61: error: unknown TLS version: SSL30; there are TLS10, TLS11, TLS12 and TLS13\n"
	 "w:1:81: error: unknown TLS version: 13; there are TLS10, TLS11, TLS12 and TLS13\n"},
	{"tls_server_config: {" PAIR ", max_version: TLS11}",
	 "w:1:1: error: no TLS version is at least TLS12 and at most TLS11: min_version and "
	 "max_version\n"},
	{"tls_server_config: {" PAIR ", cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_RC4]}",
	 "w:1:88: error: unknown cipher: TLS_RSA_WITH_RC4\n"},
	{"tls_server_config: {" PAIR ", cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12}",
	 "w:1:1: error: all of cipher_suites are of TLS 1.3, which max_version forbids\n"},
	{"tls_server_config: {" PAIR ", curve_preferences: [X25519, CurveP257]}",
	 "w:1:76: error: unknown curve: CurveP257; there are CurveP256, CurveP384, CurveP521 and "
	 "X25519\n"},
	{"tls_server_config: {" PAIR ", prefer_server_cipher_suites: maybe}",
	 "w:1:77: error: expected true or false\n"},
	{"http_server_config: {http2: 'true'}", "w:1:29: error: expected true or false\n"},
	{"http_server_config: {http2: 2}", "w:1:29: error: expected true or false\n"},
	{"http_server_config: {headers: {Content-Type: foo}}",
	 "w:1:32: error: HTTP header \"Content-Type\" can not be configured\n"},
	{"http_server_config: {headers: {X-Frame-Options: foo, X-Content-Type-Options: sniff}}",
	 "w:1:49: error: invalid value for X-Frame-Options. Expected one of: [\"deny\" "
	 "\"sameorigin\"], but got: \"foo\"\n"
	 "w:1:78: error: invalid value for X-Content-Type-Options. Expected one of: [\"nosniff\"], "
	 "but got: \"sniff\"\n"},
	{"http_server_config: {headers: {X-Content-Type-Options: , X-XSS-Protection: }}",
	 "w:1:56: error: invalid value for X-Content-Type-Options. Expected one of: [\"nosniff\"], "
	 "but got: \"\"\n"},
	{"http_server_config: {headers: {Content-Security-Policy: \"a\\r\\nSet-Cookie: b\"}}",
	 "w:1:57: error: a header is one line, without control characters\n"},
	{"basic_auth_users: {a: " HASH10 ", b: '" HASH10 "'}", ""},
	{"basic_auth_users: {john: doe}",
	 "w:1:26: error: not a bcrypt hash; htpasswd -nBC 10 \"\" makes one of a password\n"},
	{"basic_auth_users: {a: " HASH10 "x}",
	 "w:1:23: error: not a bcrypt hash; htpasswd -nBC 10 \"\" makes one of a password\n"},
	{"basic_auth_users: {a: $2y$03$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}",
	 "w:1:23: error: not a bcrypt hash; htpasswd -nBC 10 \"\" makes one of a password\n"},
	{"basic_auth_users: {a: " HASH17 "}",
	 "w:1:23: error: the hash's cost is above 16: checking one password would take longer than "
	 "people wait\n"},
	{"basic_auth_users: {a: }", "w:1:20: error: the user has no hash of a password\n"},
	{"basic_auth_users: {'a:b': " HASH10 "}",
	 "w:1:20: error: no client can send a user name with a colon in it\n"},
	{"rate_limit: {interval: 1s, burst: 20}", ""},
	{"rate_limit: {interval: 0, burst: 0}", ""},
	{"rate_limit: {interval: 1s}",
	 "w:1:13: error: with a burst of 0 no request would ever be answered\n"},
	{"rate_limit: {interval: 5, burst: 1}",
	 "w:1:24: warning: 5 means so many nanoseconds; a unit is missing, as in 5s or 100ms\n"},
	{"rate_limit: {interval: soon, burst: -1}",
	 "w:1:24: error: invalid duration \"soon\"; there are ns, us, ms, s, m and h\n"
	 "w:1:37: error: expected a whole number\n"},
	{"a: 1\n---\nb: 1\n",
	 "w:1:1: error: unknown key \"a\"\nw:3:1: error: a web configuration is one document\n"},
};

static void render(struct strbuf *out, struct str text, struct diags *diags) {
	diags_sort(diags);
	for (size_t i = 0; i < diags->count; i++) {
		diag_render_line(out, &diags->items[i], "w", text);
		strbuf_add_char(out, '\n');
	}
}

static void test_messages(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena a;
		struct diags diags;
		struct web_config config;
		struct strbuf out = STRBUF_INIT;
		struct str text = str_from(cases[i].text);
		arena_init(&a);
		diags_init(&diags, &a);
		strbuf_add_c(&out, "");
		bool good = web_config_parse(text, &a, &diags, &config);
		assert_true(good == (diags.errors == 0));
		render(&out, text, &diags);
		assert_string_equal(out.ptr, cases[i].messages);
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* No excerpt shows a hash, nor what was taken for one, nor a key. */
static void test_secrets(void **state) {
	(void)state;
	static const char *const texts[] = {
		"basic_auth_users: {a: hunter2}",
		"basic_auth_users:\n  a: hunter2\n  a: hunter2\n",
		"basic_auth_users:\n  a: 'hunter2\n",
		"basic_auth_users:\n\ta: hunter2\n",
		"basic_auth_users: {a: $2y$99$hunter2}",
		"basic_auth_users: {a: [hunter2]}",
		"basic_auth_users:\n  a:$2y$99$hunter2\n",
		"basic_auth_users: [a, hunter2]\n",
		"basic_auth_users: {a: }\nb:$2y$10$hunter2: 1\n",
		"users: {a: $2y$10$hunter2}",
		"tls_server_config: {kei: '-- PRIVATE KEY -- hunter2'}",
		"tls_server_config: {key: [hunter2]}",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct arena a;
		struct diags diags;
		struct web_config config;
		struct strbuf out = STRBUF_INIT;
		arena_init(&a);
		diags_init(&diags, &a);
		assert_false(web_config_parse(str_from(texts[i]), &a, &diags, &config));
		diags_render(&out, &diags, "w", str_from(texts[i]), (struct diag_style){0});
		assert_null(strstr(out.ptr, "hunter2"));
		strbuf_finish(&out);
		arena_finish(&a);
	}
}

/* ---- what it means ---- */

static void test_meaning(void **state) {
	(void)state;
	static const char text[] =
		"tls_server_config:\n"
		"  cert_file: c.pem\n"
		"  key: |\n    K\n"
		"  client_ca_file: /ca.pem\n"
		"  client_auth_type: RequireAndVerifyClientCert\n"
		"  client_allowed_sans: [a.example, 10.0.0.1]\n"
		"  min_version: TLS10\n"
		"  max_version: TLS12\n"
		"  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]\n"
		"  curve_preferences: [X25519, CurveP256]\n"
		"  prefer_server_cipher_suites: no\n"
		"http_server_config:\n"
		"  http2: false\n"
		"  headers: {X-Frame-Options: deny, X-XSS-Protection: 1, Content-Security-Policy: ''}\n"
		"basic_auth_users:\n"
		"  ann: " HASH10
		"\n"
		"  ben: " HASH10
		"\n"
		"rate_limit: {interval: 500ms, burst: 3}\n";
	struct arena a;
	struct diags diags;
	struct web_config c;
	arena_init(&a);
	diags_init(&diags, &a);
	assert_true(web_config_parse(STR(text), &a, &diags, &c));
	assert_int_equal(diags.count, 0);
	assert_true(c.tls.on);
	assert_true(str_equal(c.tls.cert_file.text, STR("c.pem")));
	assert_int_equal(c.tls.cert_file.span.start, strstr(text, "c.pem") - text);
	assert_true(str_equal(c.tls.key.text, STR("K\n")));
	assert_true(str_equal(c.tls.ca_file.text, STR("/ca.pem")));
	assert_int_equal(c.tls.client_auth, WEB_CLIENT_VERIFY);
	assert_int_equal(c.tls.san_count, 2);
	assert_true(str_equal(c.tls.sans[1], STR("10.0.0.1")));
	assert_int_equal(c.tls.min_version, WEB_TLS10);
	assert_int_equal(c.tls.max_version, WEB_TLS12);
	assert_int_equal(c.tls.cipher_count, 2);
	assert_string_equal(c.tls.ciphers[0]->cipher, "AES-256-GCM");
	assert_null(c.tls.ciphers[1]->kx);
	assert_int_equal(c.tls.curve_count, 2);
	assert_string_equal(c.tls.curves[1]->group, "SECP256R1");
	assert_false(c.tls.server_order);
	assert_int_equal(c.header_count, 2);
	assert_string_equal(c.headers[1].name, "X-XSS-Protection");
	assert_true(str_equal(c.headers[1].value, STR("1")));
	assert_int_equal(c.user_count, 2);
	assert_true(str_equal(c.users[1].name, STR("ben")));
	assert_int_equal(c.rate_interval_ns, 500000000);
	assert_int_equal(c.rate_burst, 3);
	arena_finish(&a);
}

static void test_defaults(void **state) {
	(void)state;
	struct arena a;
	struct diags diags;
	struct web_config c;
	arena_init(&a);
	diags_init(&diags, &a);
	assert_true(web_config_parse(STR(""), &a, &diags, &c));
	assert_false(c.tls.on);
	assert_int_equal(c.tls.min_version, WEB_TLS12);
	assert_int_equal(c.tls.max_version, WEB_TLS13);
	assert_int_equal(c.tls.client_auth, WEB_CLIENT_NONE);
	assert_true(c.tls.server_order);
	assert_int_equal(c.user_count + c.header_count, 0);
	assert_int_equal(c.rate_interval_ns, 0);
	arena_finish(&a);
}

/* ---- words and durations ---- */

static bool server_order(const char *word) {
	struct arena a;
	struct diags diags;
	struct web_config c;
	struct strbuf text = STRBUF_INIT;
	arena_init(&a);
	diags_init(&diags, &a);
	strbuf_printf(&text, "tls_server_config: {prefer_server_cipher_suites: %s, " PAIR "}", word);
	assert_true(web_config_parse(strbuf_str(&text), &a, &diags, &c));
	strbuf_finish(&text);
	arena_finish(&a);
	return c.tls.server_order;
}

static void test_bools(void **state) {
	(void)state;
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES",
									  "on",   "On",   "ON",   "y",   "Y"};
	static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO",
									 "off",   "Off",   "OFF",   "n",  "N"};
	for (size_t i = 0; i < COUNT(yes); i++) {
		assert_true(server_order(yes[i]));
		assert_false(server_order(no[i]));
	}
}

/* As Go takes them for rate_limit; -1: it does not. */
static const struct {
	const char *text;
	int64_t ns;
} intervals[] = {
	{"1s", 1000000000},
	{"1.5s", 1500000000},
	{".5s", 500000000},
	{"1.s", 1000000000},
	{"100us", 100000},
	{"1\u00b5s", 1000},
	{"1\u03bcs", 1000},
	{"1h30m", INT64_C(5400000000000)},
	{"1m1h", INT64_C(3660000000000)},
	{"1s1s", 2000000000},
	{"+1ms", 1000000},
	{"-1s", 0},
	{"'1s'", 1000000000},
	{"0", 0},
	{"'0'", 0},
	{"1000", 1000},
	{"0x10", 16},
	{"1.0000000000000000000001s", 1000000000},
	{"1d", -1},
	{"1w", -1},
	{"''", -1},
	{"'5'", -1},
	{"1s0", -1},
	{"1.5", 1},
	{"s", -1},
	{".s", -1},
	{"1 s", -1},
	{"-", -1},
	{"99999999h", -1},
	{"99999999999999999999s", -1},
	{"2562047h2562047h", -1},
};

static void test_intervals(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(intervals); i++) {
		struct arena a;
		struct diags diags;
		struct web_config c;
		struct strbuf text = STRBUF_INIT;
		arena_init(&a);
		diags_init(&diags, &a);
		strbuf_printf(&text, "rate_limit: {burst: 1, interval: %s}", intervals[i].text);
		bool good = web_config_parse(strbuf_str(&text), &a, &diags, &c);
		if (good != (intervals[i].ns >= 0) || (good && c.rate_interval_ns != intervals[i].ns)) {
			fail_msg("%s: %lld", text.ptr, (long long)c.rate_interval_ns);
		}
		strbuf_finish(&text);
		arena_finish(&a);
	}
}

/* ---- the rate limit ---- */

static void test_rate_limit(void **state) {
	(void)state;
	static const struct {
		dur_ms at;
		bool taken;
	} requests[] = {
		{0, true},     {0, true},    {0, true},     {0, false},    {499, false}, {500, true},
		{500, false},  {1000, true}, {1200, false}, {1499, false}, {1500, true}, {9000, true},
		{9000, true},  {9000, true}, {9000, false}, {8000, false}, /* a clock that is set back */
		{9499, false}, {9500, true},
	};
	struct rate_limit l;
	rate_limit_init(&l, 500000000, 3, 0);
	for (size_t i = 0; i < COUNT(requests); i++) {
		assert_int_equal(rate_limit_take(&l, requests[i].at), requests[i].taken);
	}
	rate_limit_init(&l, 100, 2, 0); /* less than the clock tells apart */
	assert_true(rate_limit_take(&l, 0) && rate_limit_take(&l, 0) && !rate_limit_take(&l, 0));
	assert_true(rate_limit_take(&l, 1) && rate_limit_take(&l, 1) && !rate_limit_take(&l, 1));
	rate_limit_init(&l, 0, 0, 0);
	assert_true(rate_limit_take(&l, 0));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),   cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_meaning),    cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_rate_limit), cmocka_unit_test(test_bools),
		cmocka_unit_test(test_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
