/* The manual page, from the same tables as --help: in the man macros, which every formatter reads. */
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/options.h"

static const struct options_spec own_spec = {
	.command = &command_manual,
	.about =
		"Prints the manual page of all commands, as packages install it: the same texts as --help.\n",
	.examples =
		"Examples:\n"
		"  tocsin manual | man -l -\n"
		"  tocsin manual > /usr/local/share/man/man1/tocsin.1\n",
};

/* A hyphen stays one, a backslash too, and nothing at the beginning of a line is a macro. */
static void add_text(struct strbuf *out, struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool starts = i == 0 || text.ptr[i - 1] == '\n';
		if (starts && (c == '.' || c == '\'')) {
			strbuf_add_c(out, "\\&");
		}
		if (c == '\\') {
			strbuf_add_c(out, "\\e");
		} else if (c == '-') {
			strbuf_add_c(out, "\\-");
		} else {
			strbuf_add_char(out, c);
		}
	}
}

static void add_c(struct strbuf *out, const char *text) {
	add_text(out, str_from(text));
}

/* The lines of a --help text: an empty one parts paragraphs, an indented one is shown as it stands. */
static void add_paragraphs(struct strbuf *out, const char *text) {
	bool literal = false;
	struct str rest = str_from(text);
	while (rest.len > 0) {
		struct str line = str_slice(rest, 0, str_find(rest, STR("\n")));
		rest = str_slice(rest, line.len < rest.len ? line.len + 1 : line.len, rest.len);
		bool indented = line.len > 0 && line.ptr[0] == ' ';
		if (indented != literal) {
			strbuf_add_c(out, indented ? ".nf\n" : ".fi\n");
			literal = indented;
		}
		if (line.len == 0) {
			strbuf_add_c(out, ".PP\n");
		} else {
			add_text(out, line);
			strbuf_add_char(out, '\n');
		}
	}
	strbuf_add_c(out, literal ? ".fi\n" : "");
}

static void add_option(struct strbuf *out, const struct option_row *row) {
	strbuf_add_c(out, ".TP\n");
	if (row->letter != 0) {
		strbuf_printf(out, "\\fB\\-%c\\fR, ", row->letter);
	}
	if (row->flag != NULL) {
		strbuf_add_c(out, "\\fB\\-\\-");
		add_c(out, row->flag);
		strbuf_add_c(out, "\\fR");
	} else {
		strbuf_printf(out, "\\fB%s\\fR", row->variable);
	}
	if (row->flag != NULL && row->argument != NULL) {
		strbuf_add_c(out, " \\fI");
		add_c(out, row->argument);
		strbuf_printf(out, "\\fR%s", row->repeats ? "..." : "");
	}
	strbuf_add_char(out, '\n');
	add_c(out, row->help);
	strbuf_add_c(out, ".\n");
	if (row->flag == NULL) {
		strbuf_add_c(out, "A secret: only in the environment, where other users do not see it.\n");
	} else if (row->variable != NULL) {
		strbuf_printf(out, "Environment: \\fB%s\\fR.\n", row->variable);
	}
}

static void add_command(struct strbuf *out, const struct options_spec *spec) {
	const struct command *c = spec->command;
	strbuf_printf(out, ".SS tocsin %s\n\\fBtocsin %s\\fR%s", c->name, c->name,
				  spec->count > 0 ? " [\\fIOPTION\\fR]..." : "");
	if (c->operand != NULL) {
		strbuf_add_c(out, " \\fI");
		add_c(out, c->operand);
		strbuf_add_c(out, "\\fR");
	}
	strbuf_add_c(out, "\n.PP\n");
	add_paragraphs(out, spec->about);
	for (size_t i = 0; i < spec->count; i++) {
		add_option(out, &spec->rows[i]);
	}
	if (spec->examples != NULL) {
		strbuf_add_c(out, ".PP\n");
		add_paragraphs(out, spec->examples);
	}
}

static void add_synopsis(struct strbuf *out) {
	strbuf_add_c(
		out,
		".SH SYNOPSIS\n\\fBtocsin\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n"
		".SH DESCRIPTION\n"
		"tocsin asks a Prometheus for samples, evaluates alerting rules over them, and posts what fires and what is "
		"resolved to Alertmanager. The same evaluator judges and tests rule files.\n");
	for (size_t i = 0; i < command_count; i++) {
		strbuf_printf(out, ".TP\n\\fBtocsin %s\\fR\n", commands[i]->name);
		add_c(out, commands[i]->summary);
		strbuf_add_c(out, "\n");
	}
}

static void add_page(struct strbuf *out, struct arena *a) {
	strbuf_printf(out, ".TH TOCSIN 1 \"\" \"tocsin %s\" \"User Commands\"\n.nh\n.ad l\n",
				  TOCSIN_VERSION);
	strbuf_add_c(out, ".SH NAME\ntocsin \\- alerting rules over the samples of a Prometheus\n");
	add_synopsis(out);
	strbuf_add_c(
		out,
		".SH COMMANDS\nEvery command has \\fB\\-h\\fR, \\fB\\-\\-help\\fR, which prints its part of this page.\n");
	for (size_t i = 0; i < command_count; i++) {
		struct options_spec spec;
		command_describe(commands[i], a, &spec);
		add_command(out, &spec);
	}
	strbuf_add_c(
		out,
		".SH EXIT STATUS\n"
		".TP\n0\nDone, and nothing to complain about.\n"
		".TP\n1\nThe input is bad, or a test failed.\n"
		".TP\n2\nThe command line is wrong.\n"
		".TP\n3\nIt could not be done: network, files.\n"
		".SH SEE ALSO\n"
		"\\fBprometheus\\fR(1), \\fBpromtool\\fR(1), \\fBprometheus\\-alertmanager\\fR(1)\n");
}

static enum exit_code run(const struct options *o, struct arena *a) {
	if (o->operand_count > 0) {
		return options_complain(&command_manual, "there is one page, for all commands");
	}
	struct strbuf out = STRBUF_INIT;
	add_page(&out, a);
	fputs(out.ptr, stdout);
	strbuf_finish(&out);
	return EXIT_FINE;
}

const struct command command_manual = {
	.name = "manual", .summary = "print the manual page", .run = run, .spec = &own_spec};
