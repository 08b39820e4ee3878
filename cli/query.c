#include <stdio.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/gofloat.h"
#include "base/json.h"
#include "cli/access_options.h"
#include "cli/query_print.h"
#include "cli/terminal.h"
#include "engine/config/config.h"
#include "engine/io/clock.h"
#include "engine/io/query.h"

static const struct option_row own_rows[] = {
	{.flag = "prometheus",
	 .variable = "TOCSIN_PROMETHEUS",
	 .argument = "URL",
	 .help = "where samples come from (http://localhost:9090)"},
	{.flag = "time",
	 .letter = 't',
	 .argument = "TIME",
	 .help = "when: RFC 3339 or Unix seconds (now)"},
	{.flag = "start", .argument = "TIME", .help = "first point of a range"},
	{.flag = "end", .argument = "TIME", .help = "last point of a range (now)"},
	{.flag = "step", .argument = "DURATION", .help = "between the points of a range (1m)"},
	{.flag = "eval",
	 .argument = "WHERE",
	 .help = "local: fetch and evaluate here; remote: ask the server (local)",
	 .choices = "local remote"},
	{.flag = "timeout",
	 .variable = "TOCSIN_PROMETHEUS_TIMEOUT",
	 .argument = "DURATION",
	 .help = "how long one answer may take (30s)"},
	{.flag = "limit-answer-bytes",
	 .variable = "TOCSIN_LIMIT_ANSWER_BYTES",
	 .argument = "BYTES",
	 .help = "largest answer taken (256MiB)"},
	{.flag = "json", .letter = 'j', .help = "print what Prometheus' API would answer"},
	{.flag = "table", .help = "print the points of a range, where a terminal would get charts"},
};

static const struct options_spec own_spec = {
	.command = &command_query,
	.rows = own_rows,
	.count = sizeof own_rows / sizeof own_rows[0],
	.about =
		"Evaluates an expression over the data of a Prometheus: at one time, or, with --start, over a range.\n",
	.examples =
		"Examples:\n"
		"  tocsin query 'sum by (model) (rate(predictions_total[5m]))'\n"
		"  tocsin query --start 2026-01-01T00:00:00Z --end 2026-01-01T06:00:00Z --step 5m up\n",
};

/* What the options say. */
struct question {
	struct config config; /* only its Prometheus and limits */
	struct query_options query;
	bool remote, json, table;
	const char *text;
};

static bool read_time(const struct options *o, const char *flag, ts_ms otherwise, ts_ms *ret_t) {
	const char *value = options_get(o, flag);
	*ret_t = otherwise;
	if (value == NULL || timestamp_parse(str_from(value), ret_t)) {
		return true;
	}
	options_complain(&command_query, "--%s %s: RFC 3339 or Unix seconds are expected", flag, value);
	return false;
}

/* A duration, or a number of seconds as the API takes it. */
static bool read_step(const struct options *o, struct arena *a, dur_ms *ret_step) {
	const char *value = options_get(o, "step"), *error;
	double seconds;
	*ret_step = 60000;
	if (value == NULL) {
		return true;
	}
	if (gofloat_parse(str_from(value), &seconds, NULL) && seconds > 0 && seconds < 1e12) {
		*ret_step = (dur_ms)(seconds * 1000);
	} else if (!duration_parse(str_from(value), a, ret_step, &error)) {
		options_complain(&command_query, "--step %s: %s", value, error);
		return false;
	}
	if (*ret_step < 1) {
		options_complain(&command_query, "--step %s: must be above zero", value);
		return false;
	}
	return true;
}

static bool read_grid(struct question *q, const struct options *o, struct arena *a) {
	ts_ms now = clock_wall();
	struct pql_grid *grid = &q->query.grid;
	q->query.is_range = options_get(o, "start") != NULL;
	if (!q->query.is_range) {
		grid->step = 1;
		bool good = read_time(o, "time", now, &grid->start);
		grid->end = grid->start;
		return good;
	}
	if (!read_time(o, "start", now, &grid->start) || !read_time(o, "end", now, &grid->end) ||
		!read_step(o, a, &grid->step)) {
		return false;
	}
	if (grid->end < grid->start) {
		options_complain(&command_query, "--end is before --start");
		return false;
	}
	return true;
}

static bool read_where(struct question *q, const struct options *o) {
	const char *where = options_get(o, "eval");
	q->remote = where != NULL && strcmp(where, "remote") == 0;
	if (where != NULL && !q->remote && strcmp(where, "local") != 0) {
		options_complain(&command_query, "--eval %s: local or remote is expected", where);
		return false;
	}
	return true;
}

static bool read_question(struct question *q, const struct options *o, struct arena *a) {
	config_init(&q->config);
	if (o->operand_count != 1) {
		options_complain(&command_query,
						 o->operand_count == 0 ? "which EXPR?" : "one EXPR; put it in quotes");
		return false;
	}
	q->text = o->operands[0];
	q->json = options_get(o, "json") != NULL;
	q->table = options_get(o, "table") != NULL;
	struct config *c = &q->config;
	if (!access_options_set(o, "prometheus", "prometheus.url", c, a) ||
		!access_options_set(o, "timeout", "prometheus.timeout", c, a) ||
		!access_options_set(o, "limit-answer-bytes", "limits.answer_bytes", c, a) ||
		!access_options_read(o, c, a) || !read_grid(q, o, a) || !read_where(q, o)) {
		return false;
	}
	q->query.access = &c->prometheus.access;
	struct query_options *query = &q->query;
	query->url = arena_dup(a, q->config.prometheus.url).ptr;
	query->timeout = q->config.prometheus.timeout;
	query->limits = (struct promapi_limits){.answer_bytes = q->config.limit_answer_bytes,
											.samples = q->config.limit_samples,
											.partial = q->config.allow_partial_answers};
	query->fetches = q->config.limit_fetches;
	query->eval.time =
		(struct pql_time_options){.lookback = q->config.lookback, .default_subquery_step = 60000};
	query->eval.limits.max_samples = q->config.limit_samples;
	return true;
}

/* Charts of a range on a terminal, tables of everything else. */
static void print_for_people(const struct question *q, struct strbuf *out,
							 const struct pql_value *value) {
	if (q->query.is_range && !q->table && isatty(STDOUT_FILENO)) {
		query_print_chart(out, value,
						  (struct query_chart_style){.columns = terminal_columns(80),
													 .color = terminal_color(STDOUT_FILENO)});
	} else {
		query_print_table(out, value, q->query.is_range);
	}
}

static void print_notes(const struct pql_notes *notes) {
	for (size_t i = 0; i < notes->count; i++) {
		options_report(&command_query, notes->items[i].message);
	}
}

/* As the API answers what it refuses. */
static void print_json_error(const char *type, const char *message) {
	struct strbuf out = STRBUF_INIT;
	struct json_writer w;
	json_init(&w, &out);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("error"));
	json_key(&w, "errorType");
	json_string(&w, str_from(type));
	json_key(&w, "error");
	json_string(&w, str_from(message));
	json_close_object(&w);
	puts(out.ptr);
	strbuf_finish(&out);
}

static enum exit_code report_failure(const struct question *q, enum query_outcome outcome,
									 const char *message) {
	options_report(&command_query, message);
	if (outcome == QUERY_UNABLE) {
		return EXIT_UNABLE;
	}
	if (q->json) {
		print_json_error(outcome == QUERY_BAD_DATA ? "bad_data" : "execution", message);
	}
	return EXIT_BAD;
}

static enum exit_code answer_local(const struct question *q, const struct pql_expr *expr,
								   struct arena *a) {
	struct pql_value value;
	struct pql_notes notes = {0};
	const char *failure;
	enum query_outcome outcome = query_local(expr, &q->query, a, &value, &notes, &failure);
	if (outcome != QUERY_FINE) {
		return report_failure(q, outcome, failure);
	}
	struct strbuf out = STRBUF_INIT;
	if (q->json) {
		query_print_json(&out, &value, q->query.is_range, &notes);
	} else {
		print_for_people(q, &out, &value);
		print_notes(&notes);
	}
	fputs(out.len > 0 ? out.ptr : "", stdout);
	strbuf_finish(&out);
	return EXIT_FINE;
}

/* With --json the server's answer is passed on as it is. */
static enum exit_code answer_remote(const struct question *q, struct arena *a) {
	struct strbuf body = STRBUF_INIT;
	const char *failure;
	struct pql_value value;
	struct pql_notes notes = {0};
	enum query_outcome outcome = query_remote(str_from(q->text), &q->query, a, &body, &failure);
	bool good = outcome == QUERY_FINE;
	if (good) { /* a page to log in at is no answer, whatever its status */
		good = query_decode(strbuf_str(&body), &q->query, a, &value, &notes, &failure);
		outcome = good ? QUERY_FINE : QUERY_UNABLE;
	}
	if (good && q->json) {
		strbuf_add_char(&body, '\n');
	} else if (good) {
		strbuf_clear(&body);
		print_for_people(q, &body, &value);
		print_notes(&notes);
	}
	if (good) {
		fputs(body.len > 0 ? body.ptr : "", stdout);
	}
	strbuf_finish(&body);
	return good ? EXIT_FINE : report_failure(q, outcome, failure);
}

/* People see all errors, with carets; the API's answer has the first one, in Prometheus' words. */
static void report_bad_text(const struct question *q, const struct diags *diags) {
	struct strbuf out = STRBUF_INIT;
	bool color = terminal_color(STDERR_FILENO);
	diags_render(&out, diags, "EXPR", str_from(q->text), (struct diag_style){.color = color});
	fputs(out.ptr, stderr);
	if (q->json) {
		strbuf_clear(&out);
		strbuf_add_c(&out, "invalid parameter \"query\": ");
		pql_error_text(&out, &diags->items[0], str_from(q->text));
		print_json_error("bad_data", out.ptr);
	}
	strbuf_finish(&out);
}

static enum exit_code answer(const struct question *q, struct arena *a) {
	struct diags diags;
	diags_init(&diags, a);
	struct pql_expr *expr = pql_parse(str_from(q->text), &pql_syntax_all, a, &diags);
	if (expr == NULL) {
		report_bad_text(q, &diags);
		return EXIT_BAD;
	}
	enum exit_code code = q->remote ? answer_remote(q, a) : answer_local(q, expr, a);
	pql_expr_finish(expr);
	return code;
}

static enum exit_code run(const struct options *o, struct arena *a) {
	struct question question = {0};
	return read_question(&question, o, a) ? answer(&question, a) : EXIT_USAGE;
}

static void describe(struct arena *a, struct options_spec *ret_spec) {
	access_options_describe(&own_spec, a, ret_spec);
}

const struct command command_query = {.name = "query",
									  .operand = "EXPR",
									  .summary =
										  "evaluate an expression over the data of a Prometheus",
									  .run = run,
									  .describe = describe};
