#include "cli/access_options.h"

#include "base/url.h"

/* What the configuration has on the way into a Prometheus, and on what comes back. */
static bool is_access(const struct config_option *o) {
	return strcmp(o->name, "prometheus.allow_partial_answers") == 0 ||
		   (strncmp(o->name, "prometheus.", 11) == 0 && strchr(o->name + 11, '.') != NULL);
}

void access_options_describe(const struct options_spec *own, struct arena *a,
							 struct options_spec *ret_spec) {
	size_t count;
	const struct config_option *settings = config_options(&count);
	struct option_row *rows = ARENA_ARRAY(a, struct option_row, own->count + count);
	memcpy(rows, own->rows, own->count * sizeof rows[0]);
	*ret_spec = *own;
	for (size_t i = 0; i < count; i++) {
		if (is_access(&settings[i])) {
			rows[ret_spec->count++] = (struct option_row){.flag = settings[i].flag,
														  .variable = settings[i].variable,
														  .argument = settings[i].argument,
														  .help = settings[i].help,
														  .choices = settings[i].choices,
														  .repeats = settings[i].repeats};
		}
	}
	ret_spec->rows = rows;
}

/* NULL: an option of the command's own. */
static const char *setting_of(const struct option_row *row) {
	size_t count;
	const struct config_option *settings = config_options(&count);
	for (size_t i = 0; i < count; i++) {
		if (is_access(&settings[i]) && row->variable == settings[i].variable) {
			return settings[i].name;
		}
	}
	return NULL;
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

/* A flag outdoes its variable. Values are not repeated: they may be secrets. */
static bool read_items(const struct options *o, const struct option_given *items, size_t count,
					   bool from_variables, struct config *c, struct arena *a) {
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = items[i].row;
		const char *name = setting_of(row), *error;
		if (name == NULL || (from_variables && was_given(o->flags, o->flag_count, row))) {
			continue;
		}
		if (!config_set(c, str_from(name), str_from(items[i].value), a, &error)) {
			options_complain(o->spec->command, "%s: %s",
							 from_variables ? row->variable : arena_printf(a, "--%s", row->flag),
							 error);
			return false;
		}
	}
	return true;
}

bool access_options_read(const struct options *o, struct config *c, struct arena *a) {
	const char *error;
	if (!read_items(o, o->variables, o->variable_count, true, c, a) ||
		!read_items(o, o->flags, o->flag_count, false, c, a)) {
		return false;
	}
	if (!config_finish(c, a, &error)) {
		options_complain(o->spec->command, "%s", error);
		return false;
	}
	return true;
}

bool access_options_set(const struct options *o, const char *flag, const char *setting,
						struct config *c, struct arena *a) {
	const char *value = options_get(o, flag), *error;
	if (value == NULL || config_set(c, str_from(setting), str_from(value), a, &error)) {
		return true;
	}
	struct strbuf shown = STRBUF_INIT;
	url_mask(&shown, str_from(value));
	options_complain(o->spec->command, "--%s %s: %s", flag, shown.len > 0 ? shown.ptr : "", error);
	strbuf_finish(&shown);
	return false;
}
