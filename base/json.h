/* Writes JSON into a strbuf, compact, in the caller's order, strings escaped as Go's encoding/json does (< > & U+2028
 * U+2029 too). Commas are the writer's business. Reading JSON is cJSON's. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"
#include "base/strbuf.h"

struct json_writer {
	struct strbuf *out; /* borrowed */
	bool comma;         /* whether the next value needs one before it */
};

void json_init(struct json_writer *w, struct strbuf *out);

void json_open_object(struct json_writer *w);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w);
void json_close_array(struct json_writer *w);

void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);

void json_string(struct json_writer *w, struct str s); /* bad UTF-8 becomes U+FFFD */
void json_int(struct json_writer *w, int64_t v);
void json_number(struct json_writer *w,
				 double v); /* as Go prints a float64 in JSON; NaN and Inf are a bug */
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
void json_raw(struct json_writer *w, struct str text);    /* text is JSON already */
void json_labels(struct json_writer *w, struct labels l); /* {"name":"value",…} */

#endif
