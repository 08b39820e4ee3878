/* The table of functions: one line each in functions.def, which says name, arguments, result, and where its meaning stands. */
#ifndef PQL_FUNCTIONS_H
#define PQL_FUNCTIONS_H

#include "promql-lite/ast.h"

#define PQL_FUNCTION_MAX_ARGS 8

struct pql_call_context; /* eval_private.h */

/* Computes a function; eval_call.c has evaluated the arguments. */
typedef void pql_function_body(struct pql_call_context *call);

struct pql_function {
	const char *name;
	enum pql_type args[PQL_FUNCTION_MAX_ARGS];
	int arg_count; /* declared ones */
	/* As Prometheus: 0 exactly arg_count; n > 0: up to n of the last ones may be left out or, for label_join, n is
	 * how many more may come; -1: the last may be repeated any number of times, or left out. */
	int variadic;
	enum pql_type result;
	bool experimental;
	pql_function_body *body;
};

/* NULL when there is none. */
const struct pql_function *pql_function_find(struct str name);
/* The table itself, sorted by name. */
const struct pql_function *pql_functions(size_t *ret_count);

#endif
