/* Many expressions evaluated here over the data of one server, for the differential test: lines on stdin, a line of JSON for
 * each on stdout, as `tocsin query --json` prints it. Times in milliseconds, fields separated by tabs:
 *   instant TIME EXPR
 *   range START END STEP EXPR */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/query_print.h"
#include "engine/io/query.h"

static bool read_fields(char *line, struct query_options *o, const char **ret_expr) {
	int at = 0;
	struct pql_grid *grid = &o->grid;
	o->is_range = strncmp(line, "range\t", 6) == 0;
	*grid = (struct pql_grid){.step = 1};
	if (o->is_range) {
		sscanf(line, "range\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64 "\t%n", &grid->start, &grid->end,
			   &grid->step, &at);
	} else {
		sscanf(line, "instant\t%" SCNd64 "\t%n", &grid->start, &at);
		grid->end = grid->start;
	}
	*ret_expr = line + at;
	return at > 0;
}

static void print_error(struct strbuf *out, const char *message) {
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	json_key(&w, "status");
	json_string(&w, STR("error"));
	json_key(&w, "error");
	json_string(&w, str_from(message));
	json_close_object(&w);
	strbuf_add_char(out, '\n');
}

static void answer(const char *text, const struct query_options *o, struct arena *a,
				   struct strbuf *out) {
	struct diags diags;
	struct pql_value value;
	struct pql_notes notes = {0};
	const char *failure = NULL;
	diags_init(&diags, a);
	struct pql_expr *expr = pql_parse(str_from(text), &pql_syntax_all, a, &diags);
	if (expr == NULL) {
		print_error(out, diags.count > 0 ? diags.items[0].message : "it does not parse");
		return;
	}
	if (query_local(expr, o, a, &value, &notes, &failure) == QUERY_FINE) {
		query_print_json(out, &value, o->is_range, &notes);
	} else {
		print_error(out, failure);
	}
	pql_expr_finish(expr);
}

int main(int argc, char **argv) {
	struct query_options options = {
		.url = argc == 2 ? argv[1] : NULL,
		.timeout = 30000,
		.limits = {.answer_bytes = 1 << 28, .samples = 50000000},
		.fetches = 8,
		.eval.time = {.lookback = 300000, .default_subquery_step = 60000},
	};
	char line[65536];
	if (options.url == NULL) {
		fprintf(stderr, "query_batch URL < QUESTIONS\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		const char *expr;
		struct arena a;
		struct strbuf out = STRBUF_INIT;
		line[strcspn(line, "\n")] = '\0';
		if (!read_fields(line, &options, &expr)) {
			fprintf(stderr, "query_batch: what is %s?\n", line);
			return 2;
		}
		arena_init(&a);
		answer(expr, &options, &a, &out);
		fwrite(out.ptr, 1, out.len, stdout);
		strbuf_finish(&out);
		arena_finish(&a);
	}
	return 0;
}
