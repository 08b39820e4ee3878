/* label_replace, label_join: work on the labels of a row, never on its values. */
#include "promql-lite/eval_private.h"

#include "base/regex.h"

static bool check_label(struct pql_call_context *call, const char *which, struct str name) {
	if (label_name_is_valid(name)) {
		return true;
	}
	return eval_fail(call->frame->run, call->node->span, "invalid %s label name in %s(): %.*s",
					 which, call->node->call.function->name, STR_FMT(name));
}

/* A user can make labels grow with every nesting: what is made is counted. */
static bool set_label(struct pql_call_context *call, struct pql_row *row, struct str name,
					  struct str value) {
	struct pql_run *run = call->frame->run;
	struct labels_builder b;

	run->label_bytes += value.len;
	if (run->label_bytes > run->options.limits.max_label_bytes) {
		return eval_fail(run, call->node->span,
						 "%s() made more than %zu bytes of labels (max_label_bytes)",
						 call->node->call.function->name, run->options.limits.max_label_bytes);
	}
	labels_builder_init_from(&b, run->arena, row->labels);
	labels_builder_set(&b, name, arena_dup(run->arena, value));
	row->labels = labels_builder_take(&b);
	if (str_equal(name, LABEL_NAME)) {
		row->drop_name = false;
	}
	return true;
}

static void replace_rows(struct pql_call_context *call, const struct regex *regex) {
	struct str dst = eval_string(call->args[1]), replacement = eval_string(call->args[2]);
	struct str src = eval_string(call->args[3]);
	size_t *spans =
		ARENA_ARRAY(call->frame->run->arena, size_t, 2 * (regex_group_count(regex) + 1));
	struct strbuf b = STRBUF_INIT;
	bool found;

	for (size_t i = 0; i < call->ret->row_count; i++) {
		struct pql_row *row = &call->ret->rows[i];
		struct str value = labels_get(row->labels, src);

		if (!regex_find(regex, value, 0, spans, &found)) {
			eval_fail(call->frame->run, call_arg_span(call, 4), "%s",
					  regex_describe_failure(regex, value, call->frame->run->arena));
			break;
		}
		if (!found) {
			continue;
		}
		strbuf_clear(&b);
		if (!regex_expand(regex, replacement, value, spans, &b)) {
			eval_fail(call->frame->run, call_arg_span(call, 2), "%s",
					  regex_describe_length(regex, call->frame->run->arena));
			break;
		}
		if (!set_label(call, row, dst, strbuf_str(&b))) {
			break;
		}
	}
	strbuf_finish(&b);
}

static bool replace_init(struct pql_call_context *call) {
	struct pql_run *run = call->frame->run;
	struct str pattern = eval_string(call->args[4]);
	const char *error;

	call->regex = regex_create(pattern, REGEX_WRAPPED, run->arena, &error);
	if (call->regex == NULL) {
		return eval_fail(run, call_arg_span(call, 4),
						 "invalid regular expression in label_replace(): %.*s", STR_FMT(pattern));
	}
	return check_label(call, "destination", eval_string(call->args[1]));
}

static bool join_init(struct pql_call_context *call) {
	for (size_t i = 3; i < call->count; i++) {
		if (!check_label(call, "source", eval_string(call->args[i]))) {
			return false;
		}
	}
	return check_label(call, "destination", eval_string(call->args[1]));
}

bool label_call_init(struct pql_call_context *call) {
	pql_function_body *body = call->node->call.function->body;

	if (body == fn_label_replace) {
		return replace_init(call);
	}
	return body != fn_label_join || join_init(call);
}

void fn_label_replace(struct pql_call_context *call) {
	*call->ret = call->values[0];
	replace_rows(call, call->regex);
	if (!call->frame->run->failed) {
		value_merge(call->frame, call->ret);
	}
}

void fn_label_join(struct pql_call_context *call) {
	struct str dst = eval_string(call->args[1]), separator = eval_string(call->args[2]);
	struct strbuf b = STRBUF_INIT;

	*call->ret = call->values[0];
	for (size_t i = 0; i < call->ret->row_count; i++) {
		struct pql_row *row = &call->ret->rows[i];

		strbuf_clear(&b);
		for (size_t j = 3; j < call->count; j++) {
			if (j > 3) {
				strbuf_add(&b, separator);
			}
			strbuf_add(&b, labels_get(row->labels, eval_string(call->args[j])));
		}
		if (!set_label(call, row, dst, strbuf_str(&b))) {
			break;
		}
	}
	strbuf_finish(&b);
	if (!call->frame->run->failed) {
		value_merge(call->frame, call->ret);
	}
}
