#include "cli/access_options.h"

#include "base/url.h"

/* What the configuration has on the way into a Prometheus, and on what comes back. */
static bool is_access(const struct config_option *o) {
	return strcmp(o->name, "prometheus.allow_partial_answers") == 0 ||
		   (strncmp(o->name, "prometheus.", 11) == 0 && strchr(o->name + 11, '.') != NULL);
}

void access_options_init(struct access_options *x, const struct options_spec *own,
						 struct arena *a) {
	size_t count;
	const struct config_option *settings = config_options(&count);
	struct option_row *rows = ARENA_ARRAY(a, struct option_row, own->count + count);
	memcpy(rows, own->rows, own->count * sizeof rows[0]);
	x->names = ARENA_ARRAY(a, const char *, own->count + count);
	x->spec = *own;
	for (size_t i = 0; i < count; i++) {
		if (is_access(&settings[i])) {
			x->names[x->spec.count] = settings[i].name;
			rows[x->spec.count++] = (struct option_row){.flag = settings[i].flag,
														.variable = settings[i].variable,
														.argument = settings[i].argument,
														.help = settings[i].help,
														.choices = settings[i].choices,
														.repeats = settings[i].repeats};
		}
	}
	x->spec.rows = rows;
}

static bool was_given(const struct option_given *items, size_t count,
					  const struct option_row *row) {
	for (size_t i = 0; i < count; i++) {
		if (items[i].row == row) {
			return true;
		}
	}
	return false;
}

/* Of what `except` has too, nothing. Values are not repeated: they may be secrets. */
static bool read_items(const struct access_options *x, const struct option_given *items,
					   size_t count, const struct options *except, struct config *c,
					   struct arena *a) {
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = items[i].row;
		const char *name = x->names[row - x->spec.rows], *error;
		if (name == NULL || (except != NULL && was_given(except->flags, except->flag_count, row))) {
			continue;
		}
		if (!config_set(c, str_from(name), str_from(items[i].value), a, &error)) {
			options_complain(x->spec.command, "%s: %s",
							 except != NULL ? row->variable : arena_printf(a, "--%s", row->flag),
							 error);
			return false;
		}
	}
	return true;
}

bool access_options_read(const struct access_options *x, const struct options *o, struct config *c,
						 struct arena *a) {
	const char *error;
	if (!read_items(x, o->variables, o->variable_count, o, c, a) ||
		!read_items(x, o->flags, o->flag_count, NULL, c, a)) {
		return false;
	}
	if (!config_finish(c, a, &error)) {
		options_complain(x->spec.command, "%s", error);
		return false;
	}
	return true;
}

bool access_options_set(const struct command *command, const struct options *o, const char *flag,
						const char *setting, struct config *c, struct arena *a) {
	const char *value = options_get(o, flag), *error;
	if (value == NULL || config_set(c, str_from(setting), str_from(value), a, &error)) {
		return true;
	}
	struct strbuf shown = STRBUF_INIT;
	url_mask(&shown, str_from(value));
	options_complain(command, "--%s %s: %s", flag, shown.len > 0 ? shown.ptr : "", error);
	strbuf_finish(&shown);
	return false;
}
