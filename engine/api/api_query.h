/* The query of a URL, read as Prometheus' own server reads it. */
#ifndef ENGINE_API_API_QUERY_H
#define ENGINE_API_API_QUERY_H

#include "base/arena.h"

struct api_parameter {
	struct str name, value; /* decoded; any bytes */
};

struct api_query {
	struct api_parameter *parameters; /* in their order; what cannot be read is left out */
	size_t count, capacity;
	const char *error; /* the first thing that cannot be read, in Go's words; NULL: all can */
};

/* Strings live in `a`. */
void api_query_parse(struct str text, struct arena *a, struct api_query *ret_query);

/* The first parameter of that name; empty when there is none, as for one without a value. */
struct str api_query_get(const struct api_query *q, const char *name);

#endif
