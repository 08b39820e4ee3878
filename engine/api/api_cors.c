#include "engine/api/api_cors.h"

#include "base/bug.h"
#include "base/regex.h"

static bool origin_is_allowed(struct str pattern, const char *origin) {
	struct arena errors;
	const char *error;
	arena_init(&errors);
	struct regex *regex = regex_create(pattern, REGEX_ANCHORED, &errors, &error);
	BUG_ON(regex == NULL);
	bool matches, allowed = regex_matches(regex, str_from(origin), &matches) && matches;
	regex_destroy(regex);
	arena_finish(&errors);
	return allowed;
}

void api_cors_add(struct str pattern, const char *origin, struct api_response *response) {
	struct api_header *h = &response->headers[response->header_count];
	*h++ = (struct api_header){"Vary", "Origin"};
	if (origin != NULL && origin[0] != '\0') {
		*h++ = (struct api_header){"Access-Control-Allow-Headers",
								   "Accept, Authorization, Content-Type, Origin"};
		*h++ = (struct api_header){"Access-Control-Allow-Methods", "GET, POST, OPTIONS"};
		*h++ = (struct api_header){"Access-Control-Expose-Headers", "Date"};
		if (str_equal(pattern, STR(".*"))) { /* an answer for one is good for all */
			*h++ = (struct api_header){"Access-Control-Allow-Origin", "*"};
		} else if (origin_is_allowed(pattern, origin)) {
			*h++ = (struct api_header){"Access-Control-Allow-Origin", origin};
		}
	}
	response->header_count = (size_t)(h - response->headers);
}
