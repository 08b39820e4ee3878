/* The table of functions, and what their implementations share. */
#include "rules/template/template_private.h"

#include <math.h>

#include "base/gofloat.h"

#define ONE(param) {param}, 1, false, TFUNCTION_PLAIN, NULL
#define TWO(first, second) {first, second}, 2, false, TFUNCTION_PLAIN, NULL
#define MANY(param) {param}, 1, true, TFUNCTION_PLAIN, NULL
#define ONE_AND_MANY(first, rest) {first, rest}, 2, true, TFUNCTION_PLAIN, NULL
#define NONE {0}, 0, false, TFUNCTION_PLAIN, NULL

static const struct template_function functions[] = {
	/* Go's own */
	{"and", NULL, {TPARAM_VALUE, TPARAM_VALUE}, 2, true, TFUNCTION_AND, NULL},
	{"or", NULL, {TPARAM_VALUE, TPARAM_VALUE}, 2, true, TFUNCTION_OR, NULL},
	{"not", tfn_not, ONE(TPARAM_VALUE)},
	{"call", tfn_call, {TPARAM_VALUE, TPARAM_VALUE}, 2, true, TFUNCTION_CALL, NULL},
	{"eq", tfn_eq, ONE_AND_MANY(TPARAM_VALUE, TPARAM_VALUE)},
	{"ne", tfn_ne, TWO(TPARAM_VALUE, TPARAM_VALUE)},
	{"lt", tfn_lt, TWO(TPARAM_VALUE, TPARAM_VALUE)},
	{"le", tfn_le, TWO(TPARAM_VALUE, TPARAM_VALUE)},
	{"gt", tfn_gt, TWO(TPARAM_VALUE, TPARAM_VALUE)},
	{"ge", tfn_ge, TWO(TPARAM_VALUE, TPARAM_VALUE)},
	{"index", tfn_index, ONE_AND_MANY(TPARAM_VALUE, TPARAM_VALUE)},
	{"slice", tfn_slice, ONE_AND_MANY(TPARAM_VALUE, TPARAM_VALUE)},
	{"len", tfn_len, ONE(TPARAM_VALUE)},
	{"print", tfn_print, MANY(TPARAM_ANY)},
	{"printf", tfn_printf, ONE_AND_MANY(TPARAM_STRING, TPARAM_ANY)},
	{"println", tfn_println, MANY(TPARAM_ANY)},
	{"html", tfn_html, MANY(TPARAM_ANY)},
	{"js", tfn_js, MANY(TPARAM_ANY)},
	{"urlquery", tfn_urlquery, MANY(TPARAM_ANY)},
	/* Prometheus' */
	{"query", tfn_query, ONE(TPARAM_STRING)},
	{"first", tfn_first, ONE(TPARAM_RESULT)},
	{"label", tfn_label, TWO(TPARAM_STRING, TPARAM_SAMPLE)},
	{"value", tfn_value, ONE(TPARAM_SAMPLE)},
	{"strvalue", tfn_strvalue, ONE(TPARAM_SAMPLE)},
	{"sortByLabel", tfn_sort_by_label, TWO(TPARAM_STRING, TPARAM_RESULT)},
	{"args", tfn_args, MANY(TPARAM_ANY)},
	{"match", tfn_match, {TPARAM_STRING, TPARAM_STRING}, 2, false, TFUNCTION_REGEX, NULL},
	{"reReplaceAll",
	 tfn_re_replace_all,
	 {TPARAM_STRING, TPARAM_STRING, TPARAM_STRING},
	 3,
	 false,
	 TFUNCTION_REGEX,
	 NULL},
	{"title", tfn_title, ONE(TPARAM_STRING)},
	{"toUpper", tfn_to_upper, ONE(TPARAM_STRING)},
	{"toLower", tfn_to_lower, ONE(TPARAM_STRING)},
	{"safeHtml", tfn_safe_html, ONE(TPARAM_STRING)},
	{"graphLink", tfn_graph_link, ONE(TPARAM_STRING)},
	{"tableLink", tfn_table_link, ONE(TPARAM_STRING)},
	{"urlQueryEscape", tfn_url_query_escape, ONE(TPARAM_STRING)},
	{"stripPort", tfn_strip_port, ONE(TPARAM_STRING)},
	{"stripDomain", tfn_strip_domain, ONE(TPARAM_STRING)},
	{"humanize", tfn_humanize, ONE(TPARAM_ANY)},
	{"humanize1024", tfn_humanize1024, ONE(TPARAM_ANY)},
	{"humanizeDuration", tfn_humanize_duration, ONE(TPARAM_ANY)},
	{"humanizePercentage", tfn_humanize_percentage, ONE(TPARAM_ANY)},
	{"humanizeTimestamp", tfn_humanize_timestamp, ONE(TPARAM_ANY)},
	{"toTime", tfn_to_time, ONE(TPARAM_ANY)},
	{"toDuration", tfn_to_duration, ONE(TPARAM_ANY)},
	{"now", tfn_now, NONE},
	{"parseDuration", tfn_parse_duration, ONE(TPARAM_STRING)},
	{"pathPrefix", tfn_path_prefix, NONE},
	{"externalURL", tfn_external_url, NONE},
};

const struct template_function *template_function_find(struct str name) {
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (name.ptr[0] == functions[i].name[0] && str_equal(name, str_from(functions[i].name))) {
			return &functions[i];
		}
	}
	return NULL;
}

bool tcall_fail(const struct tcall *call, const char *format, ...) {
	struct strbuf b = STRBUF_IN(call->x->arena);
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&b, format, args);
	va_end(args);
	call->x->call_error = strbuf_take(&b);
	return false;
}

bool tcall_return_text(const struct tcall *call, size_t start, struct tvalue *ret_value) {
	struct strbuf *out = call->x->out;
	struct str text = str_slice(strbuf_str(out), start, out->len);
	*ret_value = tvalue_string(arena_dup(call->x->arena, text));
	out->len = start;
	return true;
}

bool tcall_to_float(const struct tcall *call, const struct tvalue *v, double *ret_f) {
	bool out_of_range = false, good = false;
	switch (ttype_kind(v->type)) {
	case TKIND_FLOAT: *ret_f = v->f; return true;
	case TKIND_INT:
		good = v->type == TTYPE_INT || v->type == TTYPE_INT64 || v->type == TTYPE_DURATION;
		*ret_f = v->type == TTYPE_DURATION ? (double)v->i / 1e9 : (double)v->i;
		break;
	case TKIND_UINT:
		good = v->type == TTYPE_UINT64;
		*ret_f = (double)v->u;
		break;
	case TKIND_STRING:
		if (v->type == TTYPE_STRING) {
			good = gofloat_parse(v->s, ret_f, &out_of_range) && !out_of_range;
			if (!good) {
				struct strbuf quoted = STRBUF_IN(call->x->arena);
				strbuf_add_quoted(&quoted, v->s);
				tcall_fail(call, "strconv.ParseFloat: parsing %s: %s", quoted.ptr,
						   out_of_range ? "value out of range" : "invalid syntax");
				return false;
			}
		}
		break;
	case TKIND_INVALID:
	case TKIND_BOOL:
	case TKIND_COMPLEX:
	case TKIND_MAP:
	case TKIND_STRUCT:
	case TKIND_SLICE:
	case TKIND_POINTER: break;
	}
	return good || tcall_fail(call, "can't convert %s to float", ttype_name(v->type));
}
