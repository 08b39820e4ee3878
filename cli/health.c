#include <stdio.h>

#include "base/duration.h"
#include "cli/options.h"
#include "engine/io/loader.h"
#include "engine/io/probe.h"
#include "engine/io/web_access.h"

static const struct option_row rows[] = {
	{.flag = "config",
	 .letter = 'c',
	 .variable = "TOCSIN_CONFIG",
	 .argument = "FILE",
	 .help = "the configuration of the tocsin that runs"},
	{.flag = "listen",
	 .variable = "TOCSIN_LISTEN",
	 .argument = "ADDRESS",
	 .help = "where its HTTP API is (127.0.0.1:9099)"},
	{.flag = "web-config",
	 .variable = "TOCSIN_WEB_CONFIG",
	 .argument = "FILE",
	 .help = "its web configuration, which says whether it speaks TLS"},
	{.flag = "ready", .letter = 'r', .help = "ask /-/ready, not /-/healthy: does it evaluate?"},
	{.flag = "timeout",
	 .variable = "TOCSIN_HEALTH_TIMEOUT",
	 .argument = "DURATION",
	 .help = "how long the answer may take (5s)"},
	{.flag = "username",
	 .variable = "TOCSIN_HEALTH_USERNAME",
	 .argument = "NAME",
	 .help = "a user of its web configuration"},
	{.variable = "TOCSIN_HEALTH_PASSWORD", .argument = "TEXT", .help = "the password to that name"},
	{.flag = "password-file",
	 .variable = "TOCSIN_HEALTH_PASSWORD_FILE",
	 .argument = "FILE",
	 .help = "where the password is"},
	{.flag = "ca-file",
	 .variable = "TOCSIN_HEALTH_CA_FILE",
	 .argument = "FILE",
	 .help = "CA certificates for its certificate, which else is not looked at"},
	{.flag = "server-name",
	 .variable = "TOCSIN_HEALTH_SERVER_NAME",
	 .argument = "HOST",
	 .help = "the name in its certificate, with --ca-file (the address)"},
	{.flag = "cert-file",
	 .variable = "TOCSIN_HEALTH_CERT_FILE",
	 .argument = "FILE",
	 .help = "the certificate to show, where clients need one"},
	{.flag = "key-file",
	 .variable = "TOCSIN_HEALTH_KEY_FILE",
	 .argument = "FILE",
	 .help = "the key to that certificate"},
};

static const struct options_spec spec = {
	.command = &command_health,
	.about =
		"Asks the tocsin that runs on this host, or in this container, whether it is well: for health checks and probes\n"
		"where there is no other program. It takes the address from where `tocsin run` has it.\n\n"
		"A password is not needed to learn that it is alive: being asked for one is an answer too. --ready needs one.\n\n"
		"Exit code 0: it is healthy, with --ready also ready. 1: it answers, but is not. 2: wrong usage.\n"
		"3: it does not answer, or a file could not be read.\n",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.examples =
		"Examples:\n"
		"  tocsin health\n"
		"  tocsin health --ready --listen 127.0.0.1:9099\n"
		"  HEALTHCHECK CMD [\"/usr/bin/tocsin\", \"health\"]\n",
};

struct health {
	const struct options *options;
	struct arena *arena;
	struct config config; /* of the tocsin that runs, as far as it can be read */
	struct config_access access;
	dur_ms timeout;
	bool ready;
	bool has_tls;
};

/* ---- what is asked, and how ---- */

/* A file that was broken after tocsin had read it, must not have it killed: it runs on, and would not start again. */
static enum exit_code read_config(struct health *h) {
	static const char *const names[][2] = {{"listen", "listen"}, {"web-config", "web.config_file"}};
	struct loader_setting settings[2];
	struct loader loader = {.path = options_get(h->options, "config"), .settings = settings};
	struct strbuf messages = STRBUF_INIT;
	if (loader.path != NULL && loader.path[0] == '\0') {
		loader.path = NULL;
	}
	for (size_t i = 0; i < 2; i++) {
		const char *value = options_get(h->options, names[i][0]);
		if (value != NULL) {
			settings[loader.setting_count++] = (struct loader_setting){
				names[i][1], value, arena_printf(h->arena, "--%s", names[i][0])};
		}
	}
	enum loader_outcome outcome = loader_load_config(&loader, h->arena, &h->config, &messages);
	if (messages.len > 0) {
		fprintf(stderr, "tocsin health: %s", messages.ptr);
	}
	strbuf_finish(&messages);
	return outcome == LOADER_UNABLE    ? EXIT_UNABLE
		   : outcome == LOADER_MISUSED ? EXIT_USAGE
									   : EXIT_FINE;
}

static void read_tls(struct health *h) {
	struct strbuf messages = STRBUF_INIT;
	bool unreadable;
	struct web_access *web =
		web_access_load(h->config.web.config_file, (struct diag_style){0}, &messages, &unreadable);
	h->has_tls = web != NULL && web->config.tls.on;
	web_access_release(web);
	strbuf_finish(&messages);
}

static struct str given(const struct health *h, const char *flag) {
	const char *value = options_get(h->options, flag);
	return value != NULL ? str_from(value) : (struct str){0};
}

/* Secrets have only a variable, and no flag to find them by. */
static struct str given_secret(const struct health *h, const char *variable) {
	for (size_t i = 0; i < h->options->variable_count; i++) {
		const struct option_given *item = &h->options->variables[i];
		if (strcmp(item->row->variable, variable) == 0) {
			return str_from(item->value);
		}
	}
	return (struct str){0};
}

static enum exit_code read_access(struct health *h) {
	struct config_access *access = &h->access;
	size_t at = 0;
	const char *key;
	access->basic_auth.username = given(h, "username");
	access->basic_auth.password_file = given(h, "password-file");
	access->basic_auth.password.text = given_secret(h, "TOCSIN_HEALTH_PASSWORD");
	access->tls.ca_file = given(h, "ca-file");
	access->tls.server_name = given(h, "server-name");
	access->tls.cert_file = given(h, "cert-file");
	access->tls.key_file = given(h, "key-file");
	access->tls.insecure_skip_verify = access->tls.ca_file.len > 0 ? CONFIG_NO : CONFIG_YES;
	const char *complaint = config_access_judge(access, &at, &key);
	return complaint == NULL ? EXIT_FINE : options_complain(&command_health, "%s", complaint);
}

static enum exit_code read_timeout(struct health *h) {
	const char *value = options_get(h->options, "timeout"), *error;
	h->timeout = 5000;
	if (value != NULL && !duration_parse(str_from(value), h->arena, &h->timeout, &error)) {
		return options_complain(&command_health, "--timeout %s: %s", value, error);
	}
	return h->timeout > 0 ? EXIT_FINE
						  : options_complain(&command_health, "--timeout must be above zero");
}

static enum exit_code read_all(struct health *h) {
	enum exit_code code = read_timeout(h);
	h->ready = options_get(h->options, "ready") != NULL;
	code = code == EXIT_FINE ? read_access(h) : code;
	code = code == EXIT_FINE ? read_config(h) : code;
	if (code == EXIT_FINE && h->config.listen.len == 0) {
		code = options_complain(&command_health, "tocsin listens nowhere: listen is empty");
	} else if (code == EXIT_FINE && str_ends_with(h->config.listen, STR(":0"))) {
		code = options_complain(&command_health,
								"the port is 0, which means any: say with --listen "
								"which one it became");
	}
	if (code == EXIT_FINE) {
		read_tls(h);
	}
	return code;
}

/* ---- asking ---- */

/* Who listens on all addresses is found at the loopback's. */
static const char *print_address(const struct health *h) {
	static const struct {
		const char *all, *loopback;
	} hosts[] = {{"", "127.0.0.1"}, {"0.0.0.0", "127.0.0.1"}, {"[::]", "[::1]"}};
	struct str host = h->config.listen, port = h->config.listen;
	while (host.len > 0 && host.ptr[host.len - 1] != ':') {
		host.len--;
	}
	host.len -= host.len > 0;
	port = str_slice(port, host.len, port.len);
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		if (str_equal(host, str_from(hosts[i].all))) {
			host = str_from(hosts[i].loopback);
			break;
		}
	}
	return arena_printf(h->arena, "%.*s%.*s", STR_FMT(host), STR_FMT(port));
}

static struct probe_answer ask(const struct health *h, bool tls, dur_ms timeout,
							   const char **ret_url) {
	*ret_url = arena_printf(h->arena, "http%s://%s/-/%s", tls ? "s" : "", print_address(h),
							h->ready ? "ready" : "healthy");
	return probe_ask(*ret_url, &h->access, timeout, h->arena);
}

static bool has_credentials(const struct health *h) {
	return h->access.basic_auth.username.len > 0;
}

/* Refused for who asks or how often: that takes somebody who is alive. */
static bool is_alive(const struct health *h, int status) {
	return status == 200 ||
		   (!h->ready && (status == 429 || (status == 401 && !has_credentials(h))));
}

static bool is_ours(const struct probe_answer *answer) {
	return answer->status != 200 || str_starts_with(answer->body, STR("tocsin is "));
}

static enum exit_code judge(const struct health *h, const char *url,
							const struct probe_answer *answer) {
	if (!is_ours(answer)) {
		options_report(&command_health,
					   arena_printf(h->arena, "%s: who answers there is not tocsin", url));
		return EXIT_BAD;
	}
	if (is_alive(h, answer->status)) {
		printf("%s\n", h->ready ? "ready" : "healthy");
		return EXIT_FINE;
	}
	if (answer->status == 0) {
		options_report(&command_health, arena_printf(h->arena, "%s: %s", url, answer->failure));
		return EXIT_UNABLE;
	}
	const char *text = arena_printf(h->arena, "%.*s", STR_FMT(str_trim(answer->body)));
	if (answer->status == 401) {
		text = has_credentials(h) ? "this user and password are not let in"
								  : "a password is wanted: --username, and --password-file or "
									"TOCSIN_HEALTH_PASSWORD";
	}
	options_report(&command_health,
				   arena_printf(h->arena, "%s: %d: %s", url, answer->status, text));
	return EXIT_BAD;
}

/* The web configuration may have changed since, or not be readable from here: where there is no answer, it may be the other one. A
 * password is not tried on whoever that may be. */
static enum exit_code ask_and_judge(const struct health *h) {
	const char *url, *other_url;
	struct probe_answer answer = ask(h, h->has_tls, h->timeout, &url);
	dur_ms left = h->timeout - answer.took;
	if (answer.status == 0 && left > 0 && !has_credentials(h)) {
		struct probe_answer other = ask(h, !h->has_tls, left, &other_url);
		if (other.status != 0) {
			return judge(h, other_url, &other);
		}
	}
	return judge(h, url, &answer);
}

static enum exit_code run(const struct options *o, struct arena *a) {
	struct health h = {.options = o, .arena = a};
	if (o->operand_count > 0) {
		return options_complain(&command_health, "unexpected argument \"%s\"", o->operands[0]);
	}
	enum exit_code code = read_all(&h);
	return code == EXIT_FINE ? ask_and_judge(&h) : code;
}

const struct command command_health = {.name = "health",
									   .summary = "ask the tocsin that runs whether it is well",
									   .run = run,
									   .spec = &spec};
