#include "cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "base/utf8.h"

#define HELP_COLUMN 34

/* "  -c, --config FILE" */
static void add_option_head(struct strbuf *out, const struct option_row *row) {
	if (row->letter != 0) {
		strbuf_printf(out, "  -%c, --%s", row->letter, row->flag);
	} else {
		strbuf_printf(out, "      --%s", row->flag);
	}
	if (row->argument != NULL) {
		strbuf_printf(out, " %s", row->argument);
	}
	strbuf_add_c(out, row->repeats ? "..." : "");
}

/* What is a secret and must not stand on a command line. */
static void print_variable(const struct option_row *row) {
	struct strbuf line = STRBUF_INIT;
	strbuf_add_repeat(&line, ' ', HELP_COLUMN);
	strbuf_printf(&line, "%s: only by the variable\n", row->help);
	strbuf_add_repeat(&line, ' ', HELP_COLUMN);
	strbuf_printf(&line, "[%s]", row->variable);
	puts(line.ptr);
	strbuf_finish(&line);
}

static void print_option(const struct option_row *row) {
	struct strbuf line = STRBUF_INIT;
	if (row->flag == NULL) {
		print_variable(row);
		return;
	}
	add_option_head(&line, row);
	if (line.len + 2 > HELP_COLUMN) {
		strbuf_add_c(&line, "\n");
		strbuf_add_repeat(&line, ' ', HELP_COLUMN);
	} else {
		strbuf_add_repeat(&line, ' ', HELP_COLUMN - line.len);
	}
	strbuf_add_c(&line, row->help);
	if (row->variable != NULL) {
		strbuf_add_c(&line, "\n");
		strbuf_add_repeat(&line, ' ', HELP_COLUMN);
		strbuf_printf(&line, "[%s]", row->variable);
	}
	puts(line.ptr);
	strbuf_finish(&line);
}

static void print_help(const struct options_spec *spec) {
	const char *operand = spec->command->operand;
	printf("usage: tocsin %s%s%s%s\n\n%s", spec->command->name,
		   spec->count > 0 ? " [OPTION]..." : "", operand != NULL ? " " : "",
		   operand != NULL ? operand : "", spec->about);
	printf("\nOptions%s:\n", spec->count > 0 && spec->rows[0].variable != NULL
								 ? ", and the environment variables that set them too"
								 : "");
	for (size_t i = 0; i < spec->count; i++) {
		print_option(&spec->rows[i]);
	}
	print_option(&(struct option_row){.flag = "help", .letter = 'h', .help = "print this"});
	if (spec->examples != NULL) {
		printf("\n%s", spec->examples);
	}
}

enum exit_code options_complain(const struct command *command, const char *format, ...) {
	va_list args;
	va_start(args, format);
	fprintf(stderr, "tocsin %s: ", command->name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nTry: tocsin %s --help\n", command->name);
	va_end(args);
	return EXIT_USAGE;
}

/* Control characters in both of their ranges, as in the log: what a server sends must not steer the terminal. */
static void print_visible(struct strbuf *out, struct str text) {
	while (text.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(text, &rune);
		if (rune == '\n') {
			strbuf_add_c(out, "\\n");
		} else if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0) ||
				   (rune == UTF8_INVALID && len == 1)) {
			strbuf_printf(out, "\\x%02x",
						  (unsigned)(rune == UTF8_INVALID ? (unsigned char)text.ptr[0] : rune));
		} else {
			strbuf_add(out, str_slice(text, 0, len));
		}
		text = str_slice(text, len, text.len);
	}
}

void options_report(const struct command *command, const char *message) {
	struct strbuf line = STRBUF_INIT;
	print_visible(&line, str_from(message));
	fprintf(stderr, "tocsin %s: %s\n", command->name, line.len > 0 ? line.ptr : "");
	strbuf_finish(&line);
}

/* getopt's view of the table. Long options report their row's index behind the letters. */
#define FIRST_LONG 256
struct getopt_table {
	struct option *longs;
	struct strbuf letters;
};

static struct getopt_table make_table(const struct options_spec *spec, struct arena *a) {
	struct getopt_table t = {.longs = ARENA_ARRAY(a, struct option, spec->count + 2)};
	size_t count = 0;
	strbuf_add_c(&t.letters, ":h"); /* a colon: tell a missing value from an unknown option */
	for (size_t i = 0; i < spec->count; i++) {
		const struct option_row *row = &spec->rows[i];
		int has_argument = row->argument != NULL ? required_argument : no_argument;
		if (row->flag == NULL) {
			continue;
		}
		t.longs[count++] = (struct option){row->flag, has_argument, NULL, FIRST_LONG + (int)i};
		if (row->letter != 0) {
			strbuf_printf(&t.letters, "%c%s", row->letter, row->argument != NULL ? ":" : "");
		}
	}
	t.longs[count] = (struct option){"help", no_argument, NULL, 'h'};
	return t;
}

static const struct option_row *find_row(const struct options_spec *spec, int code) {
	if (code >= FIRST_LONG) {
		return &spec->rows[code - FIRST_LONG];
	}
	for (size_t i = 0; i < spec->count; i++) {
		if (spec->rows[i].letter == code) {
			return &spec->rows[i];
		}
	}
	return NULL;
}

static void add_given(struct option_given **items, size_t *count, size_t *capacity, struct arena *a,
					  const struct option_row *row, const char *value) {
	*items = arena_grow(a, *items, *count, capacity, sizeof(**items));
	(*items)[(*count)++] = (struct option_given){.row = row, .value = value};
}

/* An expression may begin with a minus: "-2^2", "-rate(up[5m])". */
static bool is_like_expression(const char *word) {
	bool is_short = word[1] != '-' && word[1] != '\0';
	return is_short ? word[2] != '\0' || strchr("0123456789", word[1]) != NULL
					: strpbrk(word, "({[^*/") != NULL;
}

/* The word that getopt has just complained of: it stays on a group of letters until the last one is read. */
static const char *wrong_word(int argc, char **argv) {
	const char *next = optind < argc ? argv[optind] : "";
	bool in_group = optopt > 0 && optopt < FIRST_LONG && next[0] == '-' && next[1] != '-' &&
					next[1] != '\0' && strchr(next + 1, optopt) != NULL;
	return in_group ? next : argv[optind - 1];
}

/* getopt's own messages would repeat the value, which may hold a password. */
static void report_wrong_flag(const struct options_spec *spec, int code, const char *word) {
	size_t name = strcspn(word, "=");
	if (code == ':') {
		fprintf(stderr, "tocsin %s: option %.*s needs a value\n", spec->command->name, (int)name,
				word);
	} else {
		fprintf(stderr, "tocsin %s: there is no option %.*s\n", spec->command->name, (int)name,
				word);
	}
	if (code == '?' && spec->command->operand != NULL && is_like_expression(word)) {
		fprintf(stderr, "If it is no option, put -- before it: tocsin %s -- '%s'\n",
				spec->command->name, word);
	}
	fprintf(stderr, "Try: tocsin %s --help\n", spec->command->name);
}

/* The word that getopt has just read; its value may be a word of its own. */
static const char *read_word(char **argv) {
	bool has_value = optarg != NULL && optarg == argv[optind - 1];
	return argv[optind - (has_value ? 2 : 1)];
}

/* getopt takes the beginning of an option's name for the option: --prometheus-password would be --prometheus-password-file, and its
 * value the name of a file, with which messages are free. */
static bool is_abbreviated(const struct option_row *row, int code, char **argv) {
	struct str word = str_from(read_word(argv));
	word = str_slice(word, 0, str_find(word, STR("=")));
	return code >= FIRST_LONG && !str_ends_with(word, str_from(row->flag));
}

static enum options_outcome read_flags(const struct options_spec *spec, int argc, char **argv,
									   struct arena *a, struct options *o) {
	struct getopt_table t = make_table(spec, a);
	size_t capacity = 0;
	enum options_outcome outcome = OPTIONS_READ;
	optind = 0; /* glibc: forget the scan before */
	opterr = 0;
	for (int code; outcome == OPTIONS_READ &&
				   (code = getopt_long(argc, argv, t.letters.ptr, t.longs, NULL)) != -1;) {
		const struct option_row *row = find_row(spec, code);
		if (code == 'h') {
			print_help(spec);
			outcome = OPTIONS_HELPED;
		} else if (row == NULL) {
			report_wrong_flag(spec, code, wrong_word(argc, argv));
			outcome = OPTIONS_WRONG;
		} else if (is_abbreviated(row, code, argv)) {
			report_wrong_flag(spec, 0, read_word(argv));
			outcome = OPTIONS_WRONG;
		} else {
			add_given(&o->flags, &o->flag_count, &capacity, a, row, optarg != NULL ? optarg : "");
		}
	}
	strbuf_finish(&t.letters);
	o->operands = argv + optind;
	o->operand_count = argc - optind;
	return outcome;
}

static void read_variable(const struct option_row *row, const char *text, struct arena *a,
						  struct options *o, size_t *capacity) {
	struct str rest = str_from(text);
	if (rest.len == 0 && row->argument != NULL && !row->repeats) {
		add_given(&o->variables, &o->variable_count, capacity, a, row, ""); /* empty is a value */
	}
	while (rest.len > 0) {
		size_t end = row->repeats ? str_find(rest, STR(",")) : rest.len;
		struct str item = row->repeats ? str_trim(str_slice(rest, 0, end)) : rest;
		if (item.len > 0) {
			add_given(&o->variables, &o->variable_count, capacity, a, row, arena_dup(a, item).ptr);
		}
		rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
	}
}

enum options_outcome options_parse(const struct options_spec *spec, int argc, char **argv,
								   struct arena *a, struct options *ret_options) {
	*ret_options = (struct options){.spec = spec};
	size_t capacity = 0;
	for (size_t i = 0; i < spec->count; i++) {
		const char *variable = spec->rows[i].variable;
		const char *text = variable != NULL ? getenv(variable) : NULL;
		if (text != NULL) {
			read_variable(&spec->rows[i], text, a, ret_options, &capacity);
		}
	}
	/* getopt's own messages begin with argv[0] */
	char **copy = ARENA_ARRAY(a, char *, (size_t)argc + 1);
	for (int i = 1; i < argc; i++) {
		copy[i] = argv[i];
	}
	copy[0] = (char *)arena_printf(a, "tocsin %s", spec->command->name);
	return read_flags(spec, argc, copy, a, ret_options);
}

static const char *last_value(const struct option_given *items, size_t count, const char *flag) {
	for (size_t i = count; i-- > 0;) {
		if (items[i].row->flag != NULL && strcmp(items[i].row->flag, flag) == 0) {
			return items[i].value;
		}
	}
	return NULL;
}

const char *options_get(const struct options *o, const char *flag) {
	const char *value = last_value(o->flags, o->flag_count, flag);
	return value != NULL ? value : last_value(o->variables, o->variable_count, flag);
}
