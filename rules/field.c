/* Strict reading of a mapping with known keys, in the manner and the words of yaml.v3's decoder. */
#include "rules/group_private.h"

#include "base/bug.h"
#include "base/duration.h"

/* Any scalar reads into a text: 5 and true too. */
static bool load_text(struct loader *l, const struct yaml_node *node, struct str *ret_text) {
	if (node->kind != YAML_SCALAR) {
		yaml_add_type_error(l->diags, node, "string");
		return false;
	}
	*ret_text = node->text;
	return true;
}

static bool load_duration(struct loader *l, const struct yaml_node *node, int64_t *ret_ms) {
	struct str text;
	const char *error;
	if (!load_text(l, node, &text)) {
		return false;
	}
	if (!duration_parse(text, l->scratch, ret_ms, &error)) {
		diags_add(l->diags, DIAG_ERROR, node->span, "%s", error);
		return false;
	}
	return true;
}

static bool load_int(struct loader *l, const struct yaml_node *node, int64_t *ret_number) {
	if (!yaml_get_int(node, ret_number)) {
		yaml_add_type_error(l->diags, node, "int");
		return false;
	}
	return true;
}

static bool load_number(struct loader *l, const struct yaml_node *node, double *ret_real) {
	if (!yaml_get_number(node, ret_real)) {
		yaml_add_type_error(l->diags, node, "float64");
		return false;
	}
	return true;
}

static bool load_bool(struct loader *l, const struct yaml_node *node, bool *ret_flag) {
	if (!yaml_get_bool(node, ret_flag)) {
		yaml_add_type_error(l->diags, node, "bool");
		return false;
	}
	return true;
}

static bool load_texts(struct loader *l, const struct yaml_node *node, struct field_value *v) {
	if (node->kind != YAML_MAPPING) {
		yaml_add_type_error(l->diags, node, "map[string]string");
		return false;
	}
	struct text_pair *texts = ARENA_ARRAY(l->scratch, struct text_pair, node->count);
	for (size_t i = 0; i < node->count; i++) {
		struct yaml_pair pair = node->pairs[i];
		struct text_pair *text = &texts[v->text_count];
		*text = (struct text_pair){pair.key->text, STR_EMPTY, pair.key, pair.value};
		if (pair.key->kind == YAML_NULL) {
			continue;
		}
		if (pair.value->kind == YAML_NULL || load_text(l, pair.value, &text->value)) {
			v->text_count++;
		}
	}
	v->texts = texts;
	return true;
}

static bool load_list(struct loader *l, const struct yaml_node *node, const char *into) {
	if (node->kind != YAML_SEQUENCE) {
		yaml_add_type_error(l->diags, node, into);
		return false;
	}
	return true;
}

static bool load_value(struct loader *l, const struct field *field, const struct yaml_node *node,
					   struct field_value *v) {
	switch (field->type) {
	case FIELD_TEXT: return load_text(l, node, &v->text);
	case FIELD_DURATION: return load_duration(l, node, &v->number);
	case FIELD_INT: return load_int(l, node, &v->number);
	case FIELD_NUMBER: return load_number(l, node, &v->real);
	case FIELD_BOOL: return load_bool(l, node, &v->flag);
	case FIELD_TEXTS: return load_texts(l, node, v);
	case FIELD_LIST: return load_list(l, node, field->into);
	}
	BUG("unknown type of field");
}

static const struct field *find_field(const struct field *fields, size_t count, struct str key) {
	for (size_t i = 0; i < count; i++) {
		if (key.len > 0 && key.ptr[0] == fields[i].key[0] &&
			str_equal(key, str_from(fields[i].key))) {
			return &fields[i];
		}
	}
	return NULL;
}

void fields_init(struct field_value *values, size_t count, struct span span) {
	for (size_t i = 0; i < count; i++) {
		values[i] = (struct field_value){.span = span, .text = STR_EMPTY};
	}
}

bool fields_load(struct loader *l, const struct yaml_node *node, const char *type_name,
				 const struct field *fields, size_t count, struct field_value *ret_values) {
	if (node->kind != YAML_MAPPING) {
		yaml_add_type_error(l->diags, node, type_name);
		return false;
	}
	fields_init(ret_values, count, node->span);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->pairs[i].key, *value = node->pairs[i].value;
		const struct field *field = find_field(fields, count, key->text);
		if (key->kind == YAML_NULL) {
			continue; /* yaml.v3 drops what has no name */
		}
		if (field == NULL && l->ignores_unknown) {
			continue;
		}
		if (field == NULL) {
			diags_add(l->diags, DIAG_ERROR, key->span,
					  "yaml: line %u: field %.*s not found in type %s", key->line,
					  STR_FMT(key->text), type_name);
			continue;
		}
		struct field_value *v = &ret_values[field - fields];
		v->span = value->span;
		if (value->kind != YAML_NULL) {
			v->bad = !load_value(l, field, value, v);
			v->node = v->bad ? NULL : value;
		}
	}
	return true;
}
