/* The whole engine on a loop, between a Prometheus and Alertmanagers that misbehave: it goes on, says what is wrong, and loses
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/http_client.h"
#include "engine/io/runner.h"
#include "tests/io/peer.h"

enum then { KEEP, END, RESET, FLOOD };

struct behaviour {
	const char *name;
	const char *answer;
	enum then then;
	const char *error; /* expected in lastError */
};

#define JSON_OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define DOES(name, status_and_headers, body, then, error)                                          \
	{ name, "HTTP/1.1 " status_and_headers "\r\nConnection: close\r\n\r\n" body, then, error }

static const struct behaviour bad_days[] = {
	DOES("503", "503 Service Unavailable", "overloaded", END, "overloaded"),
	DOES("422 with an error body", "422 Unprocessable Entity\r\nContent-Type: application/json",
		 "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many samples\"}", END,
		 "too many samples"),
	DOES("400", "400 Bad Request", "{\"status\":\"error\",\"error\":\"no\"}", END, "no"),
	DOES("401", "401 Unauthorized", "who are you", END, "who are you"),
	DOES("404", "404 Not Found", "nothing here", END, "nothing here"),
	DOES("redirect", "302 Found\r\nLocation: http://127.0.0.1:1/login", "", END,
		 "redirected (302) to \\\"http://127.0.0.1:1/login\\\""),
	{"silence", "", KEEP, "no answer within 150ms"},
	{"half an answer", JSON_OK "Content-Length: 500\r\n\r\n{\"status\":", KEEP,
	 "no whole answer within 150ms"},
	{"half an answer, then the end", JSON_OK "Content-Length: 500\r\n\r\n{\"status\":", END,
	 "the connection was closed in the middle of the answer"},
	{"reset", "", RESET, "the connection was reset before the answer"},
	{"closed", "", END, "the connection was closed before the answer"},
	{"not HTTP", "hello\r\n", KEEP, "the answer is not HTTP"},
};

/* Answers with status 200 that are none: Alertmanager's is not read, Prometheus' is. */
static const struct behaviour bad_answers[] = {
	DOES("HTML", "200 OK\r\nContent-Type: text/html", "<html><body>Log in</body></html>", END,
		 "Log in"),
	DOES("truncated JSON", "200 OK",
		 "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"resu", END,
		 "the answer ends in the middle"),
	DOES("empty", "200 OK", "", END, "the answer is empty"),
	DOES("an error in a 200", "200 OK", "{\"status\":\"error\",\"error\":\"odd\"}", END, "odd"),
	{"1 GiB",
	 JSON_OK
	 "\r\n{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":"
	 "{\"x\":\"",
	 FLOOD, "larger than"},
	{"1 GiB that is said", JSON_OK "Content-Length: 1073741824\r\n\r\n{\"status\":\"succ", FLOOD,
	 "larger than"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALERTMANAGERS (1 + COUNT(bad_days))
#define SETTINGS_MAX 40

/* ---- the peers ---- */

struct alertmanager {
	struct peer peer;
	const struct behaviour *behaviour; /* NULL: takes what comes */
	bool is_firing;                    /* what it was told last */
	unsigned told;                     /* words taken */
	unsigned refused;                  /* requests that met the behaviour */
	char starts_at[32];
};

struct fixture {
	struct bench bench;
	char folder[100];
	struct peer prometheus;
	const struct behaviour *behaviour; /* of Prometheus */
	bool is_up;                        /* the value of the series */
	struct alertmanager alertmanagers[ALERTMANAGERS];
	size_t alertmanager_count;
	struct runner *runner;
	struct loader_setting settings[SETTINGS_MAX];
	size_t setting_count;
	struct arena arena; /* of texts */
	struct loader loader;
	int log; /* read end */
	int log_write;
	struct strbuf logged;
	struct http_client *client;
	unsigned api_port;
	bool stopped, client_closed;
};

static void misbehave(struct peer_connection *c, const struct behaviour *b) {
	peer_write(c, str_from(b->answer));
	switch (b->then) {
	case END: peer_end(c); break;
	case RESET: peer_reset(c); break;
	case FLOOD: peer_flood(c, (size_t)1 << 30); break;
	case KEEP: break;
	}
}

static void handle_query(struct peer_connection *c, struct str request, void *data) {
	struct fixture *f = data;
	assert_true(str_starts_with(request, STR("POST /prom/api/v1/query HTTP/1.1\r\n")));
	if (f->behaviour != NULL) {
		misbehave(c, f->behaviour);
		return;
	}
	/* the value's timestamp is the one that was asked for */
	char body[300];
	char *text = mem_dup_str(request);
	const char *time = strstr(text, "time=");
	assert_non_null(time);
	snprintf(body, sizeof body,
			 "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":"
			 "{\"__name__\":\"up\",\"job\":\"x\"},\"value\":[%.*s,\"%d\"]}]}}",
			 (int)strspn(time + 5, "0123456789."), time + 5, f->is_up);
	free(text);
	peer_answer(c, "200 OK", "Content-Type: application/json\r\n", body);
}

/* One alert in the tests: what is said of it. What it holds it does not tell. */
static void handle_alerts(struct peer_connection *c, struct str request, void *data) {
	struct alertmanager *a = data;
	bool is_question = str_starts_with(request, STR("GET /api/v2/alerts HTTP/1.1\r\n")) ||
					   str_starts_with(request, STR("GET /api/v2/status HTTP/1.1\r\n"));
	assert_true(is_question || str_starts_with(request, STR("POST /api/v2/alerts HTTP/1.1\r\n")));
	if (a->behaviour != NULL) {
		a->refused++;
		misbehave(c, a->behaviour);
		return;
	}
	if (is_question) {
		peer_answer(c, "404 Not Found", "", "");
		return;
	}
	char *text = mem_dup_str(request);
	const char *ends = strstr(text, "\"endsAt\":\"");
	const char *starts = strstr(text, "\"startsAt\":\"");
	assert_true(ends != NULL && starts != NULL);
	ts_ms ends_at;
	assert_true(timestamp_parse((struct str){ends + 10, 24}, &ends_at));
	a->is_firing = ends_at > clock_wall();
	snprintf(a->starts_at, sizeof a->starts_at, "%.24s", starts + 12);
	a->told++;
	free(text);
	peer_answer(c, "200 OK", "", "");
}

/* ---- the fixture ---- */

static void write_file(struct fixture *f, const char *name, const char *text) {
	char path[200];
	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#define RULES                                                                                      \
	"groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n    labels: {severity: page}\n"

static void set(struct fixture *f, const char *name, const char *value) {
	assert_true(f->setting_count < SETTINGS_MAX);
	f->settings[f->setting_count++] =
		(struct loader_setting){name, arena_dup(&f->arena, str_from(value)).ptr, name};
}

/* Only the file can say how long to wait for one. */
static void init_alertmanagers(struct fixture *f, size_t count) {
	struct strbuf text = STRBUF_INIT;
	strbuf_add_c(&text, "alertmanagers:\n");
	f->alertmanager_count = count;
	for (size_t i = 0; i < count; i++) {
		peer_init(&f->alertmanagers[i].peer, &f->bench.loop, handle_alerts, &f->alertmanagers[i]);
		strbuf_printf(&text, "- {url: '%s', timeout: 150ms}\n",
					  peer_url(&f->alertmanagers[i].peer, ""));
	}
	write_file(f, "config", count > 0 ? text.ptr : "");
	strbuf_finish(&text);
}

static void fixture_init(struct fixture *f, size_t alertmanagers) {
	*f = (struct fixture){0};
	bench_init(&f->bench);
	arena_init(&f->arena);
	snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	write_file(f, "rules.yml", RULES);
	int ends[2];
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	f->log = ends[0];
	f->log_write = ends[1];
	f->client = http_client_create(&f->bench.loop, "test");
	peer_init(&f->prometheus, &f->bench.loop, handle_query, f);
	set(f, "prometheus.url", peer_url(&f->prometheus, "/prom"));
	init_alertmanagers(f, alertmanagers);
	set(f, "prometheus.timeout", "150ms");
	set(f, "evaluation_interval", "50ms");
	set(f, "listen", "127.0.0.1:0");
	set(f, "limits.answer_bytes", "1MiB");
	set(f, "drain_timeout", "300ms");
	set(f, "log.level", "debug");
	set(f, "web.lifecycle", "true");
	set(f, "rule_files", arena_printf(&f->arena, "%s/*.yml", f->folder));
}

static void handle_stopped(void *data) {
	*(bool *)data = true;
}

static void start(struct fixture *f) {
	f->loader = (struct loader){.path = arena_printf(&f->arena, "%s/config", f->folder),
								.settings = f->settings,
								.setting_count = f->setting_count};
	struct arena *arena = mem_calloc(1, sizeof *arena);
	struct config config;
	struct rule_set *rules;
	struct strbuf messages = STRBUF_INIT;
	arena_init(arena);
	enum loader_outcome outcome = loader_load(&f->loader, NULL, arena, &config, &rules, &messages);
	if (outcome != LOADER_FINE) {
		fail_msg("%s", messages.ptr);
	}
	const struct runner_options options = {.loader = f->loader,
										   .version = "test",
										   .log_fd = f->log_write,
										   .stopped = handle_stopped,
										   .data = &f->stopped};
	f->runner = runner_create(&f->bench.loop, &options, arena, &config, rules, &messages);
	assert_non_null(f->runner);
	f->api_port = runner_port(f->runner);
	strbuf_finish(&messages);
}

static void read_log(struct fixture *f) {
	char piece[4096];
	ssize_t count;
	while ((count = read(f->log, piece, sizeof piece)) > 0) {
		strbuf_add(&f->logged, (struct str){piece, (size_t)count});
	}
}

static bool is_logged(struct fixture *f, const char *text) {
	read_log(f);
	return f->logged.ptr != NULL && strstr(f->logged.ptr, text) != NULL;
}

static void fixture_finish(struct fixture *f) {
	if (!f->stopped) {
		runner_stop(f->runner);
		bench_run_until(&f->bench, &f->stopped);
	}
	http_client_close(f->client, handle_stopped, &f->client_closed);
	bench_run_until(&f->bench, &f->client_closed);
	peer_close(&f->prometheus);
	for (size_t i = 0; i < f->alertmanager_count; i++) {
		peer_close(&f->alertmanagers[i].peer);
	}
	bench_finish(&f->bench);
	unlink(arena_printf(&f->arena, "%s/rules.yml", f->folder));
	unlink(arena_printf(&f->arena, "%s/config", f->folder));
	rmdir(f->folder);
	close(f->log);
	close(f->log_write);
	strbuf_finish(&f->logged);
	arena_finish(&f->arena);
}

/* ---- asking the API ---- */

struct page {
	bool done;
	int status;
	struct strbuf body;
};

static bool handle_page(int status, struct str bytes, void *data) {
	(void)status;
	struct page *p = data;
	strbuf_add(&p->body, bytes);
	return true;
}

static void handle_page_done(const struct http_answer *answer, void *data) {
	struct page *p = data;
	p->status = answer->status;
	p->done = true;
}

static void ask(struct fixture *f, const char *path, bool is_post, struct page *ret_page) {
	*ret_page = (struct page){0};
	char url[200];
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", f->api_port, path);
	const struct http_request request = {.url = url,
										 .content_type = is_post ? "text/plain" : NULL,
										 .timeout = 4000,
										 .max_bytes = 1 << 20};
	const struct http_callbacks callbacks = {handle_page, handle_page_done, ret_page};
	http_send(f->client, &request, &callbacks);
	bench_run_until(&f->bench, &ret_page->done);
}

static bool page_has(struct fixture *f, const char *path, const char *text) {
	struct page p;
	ask(f, path, false, &p);
	bool has = p.body.ptr != NULL && strstr(p.body.ptr, text) != NULL;
	strbuf_finish(&p.body);
	return has;
}

/* Asks until the page has the text. */
static void wait_for(struct fixture *f, const char *path, const char *text) {
	for (int turns = 0; turns < 250; turns++) {
		if (page_has(f, path, text)) {
			return;
		}
		bench_run_for(&f->bench, 10);
	}
	struct page p;
	ask(f, path, false, &p);
	read_log(f);
	fail_msg("%s never had %s, but: %s\nlog:\n%s", path, text, p.body.ptr, f->logged.ptr);
}

static void expect_page(struct fixture *f, const char *path, const char *text) {
	struct page p;
	ask(f, path, false, &p);
	if (p.body.ptr == NULL || strstr(p.body.ptr, text) == NULL) {
		read_log(f);
		fail_msg("%s has no %s, but: %s\nlog:\n%s", path, text, p.body.ptr, f->logged.ptr);
	}
	strbuf_finish(&p.body);
}

/* Until the Alertmanager was told this last. */
static void wait_until_told(struct fixture *f, const struct alertmanager *a, bool firing) {
	for (int turns = 0; turns < 400; turns++) {
		if (a->told > 0 && a->is_firing == firing) {
			return;
		}
		bench_run_for(&f->bench, 10);
	}
	read_log(f);
	fail_msg("Alertmanager was not told, log:\n%s", f->logged.ptr);
}

/* ---- tests ---- */

static void test_fires_and_resolves(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 2);
	f.is_up = true;
	start(&f);
	wait_for(&f, "/api/v1/rules", "\"health\":\"ok\"");
	expect_page(&f, "/api/v1/alerts", "\"alerts\":[]");
	f.is_up = false;
	wait_until_told(&f, &f.alertmanagers[0], true);
	wait_until_told(&f, &f.alertmanagers[1], true);
	expect_page(&f, "/api/v1/alerts", "\"state\":\"firing\"");
	f.is_up = true;
	wait_until_told(&f, &f.alertmanagers[0], false);
	wait_until_told(&f, &f.alertmanagers[1], false);
	expect_page(&f, "/api/v1/alerts", "\"alerts\":[]");
	expect_page(&f, "/metrics", "\nprocess_resident_memory_bytes ");
	expect_page(&f, "/metrics", "\nprocess_open_fds ");
	fixture_finish(&f);
	assert_int_equal(f.alertmanagers[0].told, 2);
}

/* Through a bad day of Prometheus: the alert stays as it is, the rule says why, and all is well again afterwards. */
static void run_bad_day(struct fixture *f, const struct behaviour *b) {
	print_message("# Prometheus: %s\n", b->name);
	f->behaviour = b;
	wait_for(f, "/api/v1/rules", "\"health\":\"err\"");
	wait_for(f, "/api/v1/rules", b->error);
	expect_page(f, "/api/v1/alerts", "\"state\":\"firing\"");
	f->behaviour = NULL;
	wait_for(f, "/api/v1/rules", "\"health\":\"ok\"");
	expect_page(f, "/api/v1/alerts", "\"state\":\"firing\"");
}

static void test_bad_days_of_prometheus(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 1);
	set(&f, "evaluation",
		"local"); /* else it would be asked for whole expressions after an answer that is too large */
	start(&f);
	wait_until_told(&f, &f.alertmanagers[0], true);
	for (size_t i = 0; i < COUNT(bad_days); i++) {
		run_bad_day(&f, &bad_days[i]);
	}
	for (size_t i = 0; i < COUNT(bad_answers); i++) {
		run_bad_day(&f, &bad_answers[i]);
	}
	assert_int_equal(f.alertmanagers[0].told, 1); /* nothing changed for it all the time */
	assert_false(page_has(&f, "/metrics", "evaluation_failures_total{rule_group=\"x\"} 0\n"));
	assert_true(is_logged(&f, "Prometheus does not give what rules need"));
	assert_true(is_logged(&f, "Prometheus answers again"));
	f.is_up = true;
	wait_until_told(&f, &f.alertmanagers[0], false);
	fixture_finish(&f);
}

/* An Alertmanager that answers so will never take the alert; other answers are about the moment. */
static bool means_the_alert(const struct behaviour *b) {
	return strncmp(b->name, "400", 3) == 0 || strncmp(b->name, "422", 3) == 0;
}

/* All bad days at once, one for each Alertmanager, and a healthy one among them. */
static void test_bad_days_of_alertmanagers(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, ALERTMANAGERS);
	for (size_t i = 0; i < COUNT(bad_days); i++) {
		f.alertmanagers[i].behaviour = &bad_days[i];
	}
	struct alertmanager *healthy = &f.alertmanagers[ALERTMANAGERS - 1];
	start(&f);
	wait_until_told(&f, healthy, true); /* whatever the others do */
	for (size_t i = 0; i < COUNT(bad_days); i++) {
		while (f.alertmanagers[i].refused == 0) {
			bench_run_for(&f.bench, 5);
		}
		char metric[200];
		snprintf(metric, sizeof metric, "_notifications_errors_total{alertmanager=\"%s",
				 peer_url(&f.alertmanagers[i].peer, ""));
		wait_for(&f, "/metrics", metric);
	}
	f.is_up = true; /* over before they are back */
	wait_until_told(&f, healthy, false);
	bench_run_for(&f.bench, 50);
	for (size_t i = 0; i < COUNT(bad_days); i++) {
		f.alertmanagers[i].behaviour = NULL;
	}
	for (size_t i = 0; i < COUNT(bad_days); i++) {
		print_message("# Alertmanager: %s\n", bad_days[i].name);
		if (means_the_alert(&bad_days[i])) {
			assert_int_equal(f.alertmanagers[i].told, 0);
			continue;
		}
		wait_until_told(&f, &f.alertmanagers[i], false);
		assert_string_equal(f.alertmanagers[i].starts_at, healthy->starts_at);
	}
	fixture_finish(&f);
}

/* Nobody listens at all. */
static void test_nobody_there(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 1);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
	} a = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof a;
	assert_int_equal(bind(fd, &a.any, length), 0);
	assert_int_equal(getsockname(fd, &a.any, &length), 0);
	const char *url = arena_printf(&f.arena, "http://127.0.0.1:%u", ntohs(a.v4.sin_port));
	set(&f, "prometheus.url", url);
	start(&f);
	wait_for(&f, "/api/v1/rules", "connection refused");
	expect_page(&f, "/api/v1/rules", "\"health\":\"err\"");
	expect_page(&f, "/-/healthy", "");
	close(fd);
	fixture_finish(&f);
}

static void test_reload(void **state) {
	(void)state;
	struct fixture f;
	struct page p;
	fixture_init(&f, 1);
	start(&f);
	wait_until_told(&f, &f.alertmanagers[0], true);
	write_file(&f, "rules.yml", "groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up ==\n");
	ask(&f, "/-/reload", true, &p);
	assert_int_equal(p.status, 500);
	assert_non_null(strstr(p.body.ptr, "/rules.yml:5:"));
	assert_null(strstr(p.body.ptr, "    expr: up ==\n"));
	strbuf_finish(&p.body);
	assert_true(is_logged(&f, "reloaded in part: bad rule files were passed over"));
	assert_true(is_logged(&f, "/rules.yml:5:"));
	expect_page(&f, "/metrics", "tocsin_rule_files_outdated 1\n");
	expect_page(&f, "/api/v1/rules", "/rules.yml:5:"); /* the group says why it is an old one */
	expect_page(&f, "/metrics", "config_last_reload_successful 0\n");
	expect_page(&f, "/api/v1/alerts", "\"alertname\":\"Down\"");
	unsigned asked = f.prometheus.requests;
	bench_run_for(&f.bench, 150);
	assert_true(f.prometheus.requests > asked); /* the old rules run on */

	write_file(&f, "rules.yml",
			   "groups:\n- name: g\n  rules:\n  - alert: Other\n    expr: up == 0\n");
	ask(&f, "/-/reload", true, &p);
	assert_int_equal(p.status, 200);
	strbuf_finish(&p.body);
	expect_page(&f, "/metrics", "config_last_reload_successful 1\n");
	expect_page(&f, "/metrics", "tocsin_rule_files_outdated 0\n");
	wait_for(&f, "/api/v1/alerts", "\"alertname\":\"Other\"");
	assert_false(page_has(&f, "/api/v1/alerts", "\"alertname\":\"Down\""));
	fixture_finish(&f);
}

/* The address may change too; the request that asks for it is still answered. */
static void test_reload_moves_the_listener(void **state) {
	(void)state;
	struct fixture f;
	struct page p;
	fixture_init(&f, 1);
	start(&f);
	unsigned before = f.api_port;
	for (size_t i = 0; i < f.setting_count; i++) {
		if (strcmp(f.settings[i].name, "listen") == 0) {
			f.settings[i].value = "localhost:0";
		}
	}
	ask(&f, "/-/reload", true, &p);
	assert_int_equal(p.status, 200);
	strbuf_finish(&p.body);
	bench_run_for(&f.bench, 20);
	f.api_port = runner_port(f.runner);
	assert_int_not_equal(f.api_port, before);
	fixture_finish(&f);
}

static void test_port_not_free(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 1);
	start(&f);
	struct fixture other;
	fixture_init(&other, 0);
	set(&other, "listen", arena_printf(&other.arena, "127.0.0.1:%u", f.api_port));
	const struct loader loader = {.settings = other.settings, .setting_count = other.setting_count};
	struct arena *arena = mem_calloc(1, sizeof *arena);
	struct config config;
	struct rule_set *rules;
	struct strbuf messages = STRBUF_INIT;
	arena_init(arena);
	assert_int_equal(loader_load(&loader, NULL, arena, &config, &rules, &messages), LOADER_FINE);
	const struct runner_options options = {.loader = loader, .version = "test", .log_fd = 2};
	assert_null(runner_create(&other.bench.loop, &options, arena, &config, rules, &messages));
	assert_non_null(strstr(messages.ptr, ": address already in use"));
	strbuf_finish(&messages);
	other.stopped = true;
	fixture_finish(&other);
	fixture_finish(&f);
}

/* What is queued leaves before the end, also when its receiver comes back only then. */
static void test_drain(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 1);
	start(&f);
	wait_until_told(&f, &f.alertmanagers[0], true);
	f.is_up = true;
	while (!page_has(&f, "/api/v1/alerts", "\"alerts\":[]")) {
		bench_run_for(&f.bench, 1);
	}
	runner_drain(f.runner);
	bench_run_until(&f.bench, &f.stopped);
	assert_false(f.alertmanagers[0].is_firing);
	assert_true(is_logged(&f, "msg=\"stopped\""));
	fixture_finish(&f);
}

/* A receiver that stays away holds up the end for drain_timeout only. */
static void test_drain_gives_up(void **state) {
	(void)state;
	struct fixture f;
	fixture_init(&f, 1);
	f.alertmanagers[0].behaviour = &bad_days[0];
	start(&f);
	while (f.alertmanagers[0].refused == 0) {
		bench_run_for(&f.bench, 5);
	}
	dur_ms before = clock_monotonic();
	runner_drain(f.runner);
	bench_run_until(&f.bench, &f.stopped);
	assert_in_range(clock_monotonic() - before, 250, 1500);
	assert_true(is_logged(&f, "not delivered to this Alertmanager"));
	assert_true(is_logged(&f, "stopped with work left undone"));
	assert_false(is_logged(&f, "sent again: cancelled"));
	fixture_finish(&f);
}

/* With requests of every kind under way. */
static void test_stop_at_once(void **state) {
	(void)state;
	const struct behaviour silence = {"silence", "", KEEP, ""};
	struct fixture f;
	fixture_init(&f, 2);
	start(&f);
	wait_until_told(&f, &f.alertmanagers[0], true);
	f.behaviour = f.alertmanagers[0].behaviour = &silence;
	unsigned asked = f.prometheus.requests;
	while (f.prometheus.requests == asked) {
		bench_run_for(&f.bench, 5);
	}
	runner_stop(f.runner);
	runner_stop(f.runner);
	bench_run_until(&f.bench, &f.stopped);
	fixture_finish(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fires_and_resolves),
		cmocka_unit_test(test_bad_days_of_prometheus),
		cmocka_unit_test(test_bad_days_of_alertmanagers),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_moves_the_listener),
		cmocka_unit_test(test_port_not_free),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_gives_up),
		cmocka_unit_test(test_stop_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
