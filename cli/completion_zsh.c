#include "cli/completion.h"

static const char head[] =
	"#compdef tocsin\n"
	"# Tab completion of tocsin for zsh. Written by: tocsin completion zsh\n\n"
	"_tocsin() {\n"
	"	local curcontext=$curcontext state line\n"
	"	local -A opt_args\n"
	"	local -a commands=(\n";

static const char middle[] =
	"	)\n"
	"	_arguments -C '(- *)'{-h,--help}'[print help]' '(- *)--version[say which tocsin this is]' \\\n"
	"		'1: :->command' '*:: :->rest'\n"
	"	case $state in\n"
	"	command) _describe command commands ;;\n"
	"	rest)\n"
	"		case $words[1] in\n"
	"		help) _describe command commands ;;\n";

/* As a file in $fpath the text is the function's body; else it was sourced. */
static const char tail[] =
	"		esac ;;\n"
	"	esac\n"
	"}\n\n"
	"if [[ $funcstack[1] == _tocsin ]]; then\n"
	"	_tocsin \"$@\"\n"
	"else\n"
	"	compdef _tocsin tocsin\n"
	"fi\n";

/* Inside single quotes, where these four mean something to _arguments. */
static void add_escaped(struct strbuf *out, const char *text) {
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\'') {
			strbuf_add_c(out, "'\\''");
			continue;
		}
		if (*c == '[' || *c == ']' || *c == ':' || *c == '\\') {
			strbuf_add_char(out, '\\');
		}
		strbuf_add_char(out, *c);
	}
}

/* ":URL: ", ":FILE:_files", ":FORMAT:(text json)"; nothing for a switch. */
static void add_value(struct strbuf *out, const char *name, struct completion_value value) {
	if (value.kind == COMPLETION_NOTHING) {
		return;
	}
	strbuf_add_char(out, ':');
	add_escaped(out, name);
	switch (value.kind) {
	case COMPLETION_FILES: strbuf_add_c(out, ":_files"); break;
	case COMPLETION_CHOICES: strbuf_printf(out, ":(%s)", value.choices); break;
	case COMPLETION_ANY:
	case COMPLETION_NOTHING: strbuf_add_c(out, ": "); break;
	}
}

static void add_option(struct strbuf *out, const struct option_row *row) {
	const char *long_end = row->argument != NULL ? "=" : "";
	strbuf_add_c(out, " \\\n				");
	if (row->letter != 0 && row->repeats) {
		strbuf_printf(out, "'*'{-%c%s,--%s%s}'", row->letter, row->argument != NULL ? "+" : "",
					  row->flag, long_end);
	} else if (row->letter != 0) {
		strbuf_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'", row->letter, row->flag, row->letter,
					  row->argument != NULL ? "+" : "", row->flag, long_end);
	} else {
		strbuf_printf(out, "'%s--%s%s", row->repeats ? "*" : "", row->flag, long_end);
	}
	strbuf_add_char(out, '[');
	add_escaped(out, row->help);
	strbuf_add_char(out, ']');
	add_value(out, row->argument, completion_of_option(row));
	strbuf_add_char(out, '\'');
}

static void add_command(struct strbuf *out, struct arena *a, const struct command *command) {
	struct options_spec spec;
	command_describe(command, a, &spec);
	strbuf_printf(out, "		%s)\n			_arguments -s -S '(- *)'{-h,--help}'[print help]'",
				  command->name);
	for (size_t i = 0; i < spec.count; i++) {
		if (spec.rows[i].flag != NULL) {
			add_option(out, &spec.rows[i]);
		}
	}
	if (command->operand != NULL) {
		strbuf_add_c(out, " \\\n				'*");
		add_value(out, command->operand, completion_of_operand(command, a));
		strbuf_add_char(out, '\'');
	}
	strbuf_add_c(out, " ;;\n");
}

void completion_zsh(struct strbuf *out, struct arena *a) {
	strbuf_add_c(out, head);
	for (size_t i = 0; i < command_count; i++) {
		strbuf_printf(out, "		'%s:%s'\n", commands[i]->name, commands[i]->summary);
	}
	strbuf_add_c(out, middle);
	for (size_t i = 0; i < command_count; i++) {
		add_command(out, a, commands[i]);
	}
	strbuf_add_c(out, tail);
}
