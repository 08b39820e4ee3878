#include "promql-lite/functions.h"

/* Each body stands in the fn_*.c of its kind. One body may serve several functions, so a declaration may come twice. */
#define FUNCTION(name, args, variadic, result, experimental, body, file) pql_function_body body;
#include "promql-lite/functions.def"
#undef FUNCTION

#define SCALAR PQL_TYPE_SCALAR
#define VECTOR PQL_TYPE_VECTOR
#define MATRIX PQL_TYPE_MATRIX
#define STRING PQL_TYPE_STRING

/* The members args and arg_count. */
#define ARGS(...) {__VA_ARGS__}, sizeof((enum pql_type[]){__VA_ARGS__}) / sizeof(enum pql_type)
#define NO_ARGS {PQL_TYPE_NONE}, 0

static const struct pql_function functions[] = {
#define FUNCTION(name, args, variadic, result, experimental, body, file)                           \
	{#name, args, variadic, result, experimental, body},
#include "promql-lite/functions.def"
#undef FUNCTION
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

const struct pql_function *pql_function_find(struct str name) {
	size_t low = 0, high = FUNCTION_COUNT;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(name, str_from(functions[middle].name));

		if (order == 0) {
			return &functions[middle];
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

const struct pql_function *pql_functions(size_t *ret_count) {
	*ret_count = FUNCTION_COUNT;
	return functions;
}
