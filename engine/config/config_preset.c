#include "engine/config/config_private.h"

static const char *name_presets(struct arena *a) {
	struct strbuf names = STRBUF_INIT;
	size_t count;
	const struct preset *all = presets(&count);
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(&names, "%s%s", i == 0 ? "" : ", ", all[i].name);
	}
	struct str text = arena_dup(a, strbuf_str(&names));
	strbuf_finish(&names);
	return text.ptr;
}

bool config_check_preset(const struct config_preset *preset, struct arena *a,
						 const char **ret_error) {
	const struct preset *known = preset_find(preset->name);
	if (known == NULL) {
		*ret_error = arena_printf(a, "unknown preset \"%.*s\"; there are: %s",
								  STR_FMT(preset->name), name_presets(a));
		return false;
	}
	struct strbuf text = STRBUF_INIT;
	bool good = preset_render(known, preset->values, preset->count, a, &text, ret_error);
	strbuf_finish(&text);
	return good;
}

/* PARAMETER=VALUE, parted by '&'. */
static bool parse_parameters(struct str text, struct arena *a, struct config_preset *preset,
							 const char **ret_error) {
	struct preset_parameter *values = NULL;
	size_t capacity = 0;
	while (text.len > 0) {
		size_t end = str_find(text, STR("&"));
		struct str pair = str_slice(text, 0, end);
		size_t equals = str_find(pair, STR("="));
		if (equals == pair.len) {
			*ret_error =
				arena_printf(a, "PARAMETER=VALUE is expected instead of \"%.*s\"", STR_FMT(pair));
			return false;
		}
		values = arena_grow(a, values, preset->count, &capacity, sizeof(*values));
		values[preset->count++] = (struct preset_parameter){
			.name = arena_dup(a, str_trim(str_slice(pair, 0, equals))),
			.value = arena_dup(a, str_trim(str_slice(pair, equals + 1, pair.len))),
		};
		text = str_slice(text, end < text.len ? end + 1 : end, text.len);
	}
	preset->values = values;
	return true;
}

bool config_parse_preset(struct str text, struct arena *a, struct config_preset *ret_preset,
						 const char **ret_error) {
	size_t mark = str_find(text, STR("?"));
	struct config_preset preset = {.name = arena_dup(a, str_slice(text, 0, mark))};
	struct str rest = str_slice(text, mark < text.len ? mark + 1 : mark, text.len);
	if (!parse_parameters(rest, a, &preset, ret_error) ||
		!config_check_preset(&preset, a, ret_error)) {
		return false;
	}
	*ret_preset = preset;
	return true;
}
