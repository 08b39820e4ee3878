#include "engine/config/config_place.h"

#include "rules/yaml/yaml.h"

bool config_find_rule_file(struct str text, struct str pattern, struct arena *a,
						   struct span *ret_span) {
	struct diags ignored;
	struct yaml_document *documents;
	size_t count = 0;
	diags_init(&ignored, a);
	if (text.len == 0 || !yaml_parse(text, a, &ignored, &documents, &count) || count == 0 ||
		documents[0].root == NULL || documents[0].root->kind != YAML_MAPPING) {
		return false;
	}
	const struct yaml_node *list = yaml_find(documents[0].root, "rule_files");
	for (size_t i = 0; list != NULL && list->kind == YAML_SEQUENCE && i < list->count; i++) {
		const struct yaml_node *item = list->items[i];
		if (item->kind == YAML_SCALAR && str_equal(item->text, pattern)) {
			*ret_span = item->span;
			return true;
		}
	}
	return false;
}
