#include "cli/completion.h"

/* What the functions below look up in the tables: the words that a value may be, or one of these marks. */
#define FILES "<files>"
#define ANY "<any>"

static const char head[] =
	"# Tab completion of tocsin for bash. Written by: tocsin completion bash\n\n";

/* The word before the cursor may be an option that wants a value. "--option=value" reaches us as three words. */
static const char body[] =
	"_tocsin() {\n"
	"	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} wanted\n"
	"	COMPREPLY=()\n"
	"	if [ \"$word\" = = ]; then\n"
	"		word=\n"
	"	elif [ \"$before\" = = ]; then\n"
	"		before=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"	fi\n"
	"	if [ \"$COMP_CWORD\" = 1 ]; then\n"
	"		wanted=\"$_tocsin_commands help --help --version\"\n"
	"	elif [ \"$command\" = help ]; then\n"
	"		wanted=$_tocsin_commands\n"
	"	elif ! wanted=$(_tocsin_value \"$command\" \"$before\"); then\n"
	"		if [ \"${word:0:1}\" = - ]; then\n"
	"			wanted=$(_tocsin_flags \"$command\")\n"
	"		else\n"
	"			wanted=$(_tocsin_operand \"$command\")\n"
	"		fi\n"
	"	fi\n"
	"	case $wanted in\n"
	"	'" FILES
	"')\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	"	'" ANY
	"') ;;\n"
	"	*) mapfile -t COMPREPLY < <(compgen -W \"$wanted\" -- \"$word\") ;;\n"
	"	esac\n"
	"}\n\n"
	"complete -F _tocsin tocsin\n";

static const char *words_of(struct completion_value value) {
	switch (value.kind) {
	case COMPLETION_NOTHING: return NULL;
	case COMPLETION_ANY: return ANY;
	case COMPLETION_FILES: return FILES;
	case COMPLETION_CHOICES: return value.choices;
	}
	return NULL;
}

static void add_flags(struct strbuf *out, const struct options_spec *spec) {
	strbuf_printf(out, "	%s) echo '", spec->command->name);
	for (size_t i = 0; i < spec->count; i++) {
		if (spec->rows[i].flag != NULL) {
			strbuf_printf(out, "--%s ", spec->rows[i].flag);
		}
	}
	strbuf_add_c(out, "--help' ;;\n");
}

static void add_values(struct strbuf *out, const struct options_spec *spec) {
	const char *command = spec->command->name;
	for (size_t i = 0; i < spec->count; i++) {
		const struct option_row *row = &spec->rows[i];
		const char *words = words_of(completion_of_option(row));
		if (row->flag == NULL || words == NULL) {
			continue;
		}
		strbuf_printf(out, "	'%s --%s'", command, row->flag);
		if (row->letter != 0) {
			strbuf_printf(out, " | '%s -%c'", command, row->letter);
		}
		strbuf_printf(out, ") echo '%s' ;;\n", words);
	}
}

/* A function that is one table over all commands. */
static void add_function(struct strbuf *out, struct arena *a, const char *name, const char *key,
						 void (*add)(struct strbuf *out, const struct options_spec *spec),
						 const char *otherwise) {
	strbuf_printf(out, "%s() {\n	case %s in\n", name, key);
	for (size_t i = 0; i < command_count; i++) {
		struct options_spec spec;
		command_describe(commands[i], a, &spec);
		add(out, &spec);
	}
	strbuf_printf(out, "	*) %s ;;\n	esac\n}\n\n", otherwise);
}

static void add_operand(struct strbuf *out, const struct options_spec *spec) {
	struct arena a;
	arena_init(&a);
	const char *words = words_of(completion_of_operand(spec->command, &a));
	if (words != NULL) {
		strbuf_printf(out, "	%s) echo '%s' ;;\n", spec->command->name, words);
	}
	arena_finish(&a);
}

void completion_bash(struct strbuf *out, struct arena *a) {
	strbuf_add_c(out, head);
	strbuf_add_c(out, "_tocsin_commands='");
	for (size_t i = 0; i < command_count; i++) {
		strbuf_printf(out, "%s%s", i > 0 ? " " : "", commands[i]->name);
	}
	strbuf_add_c(out, "'\n\n");
	add_function(out, a, "_tocsin_flags", "$1", add_flags, "echo '" ANY "'");
	add_function(out, a, "_tocsin_operand", "$1", add_operand, "echo '" ANY "'");
	add_function(out, a, "_tocsin_value", "\"$1 $2\"", add_values, "return 1");
	strbuf_add_c(out, body);
}
