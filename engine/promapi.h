/* Prometheus' query API: what is asked, and the answers, read as they come in. */
#ifndef ENGINE_PROMAPI_H
#define ENGINE_PROMAPI_H

#include "base/strbuf.h"
#include "engine/plan.h"

struct promapi_options {
	dur_ms timeout;  /* told to the server, so that it gives up when we do */
	dur_ms lookback; /* told when it is not the default of 5m */
};

/* Path and form-encoded body of the POST that answers a fetch. */
void promapi_print_request(const struct plan_fetch *fetch, const struct promapi_options *options,
						   const char **ret_path, struct strbuf *body);

/* A text as it stands behind `=` in a form or in a URL's query. */
void promapi_add_form_value(struct strbuf *body, struct str text);

/* Reads one answer of status 200. Takes bytes in pieces of any size; holds on to no more than the series it is in the middle of. */
struct promapi_decoder;

struct promapi_limits {
	size_t answer_bytes; /* limits.answer_bytes */
	size_t samples;      /* limits.samples */
	bool
		scalar; /* a scalar will do too, as one series without labels: the answer may be that of a whole expression */
	bool partial; /* an answer will do that says of itself that something is missing */
};

/* Series go to `a`, which must live as long as they do. */
struct promapi_decoder *promapi_decoder_create(const struct promapi_limits *limits,
											   struct arena *a);
void promapi_decoder_destroy(struct promapi_decoder *d); /* accepts NULL */

/* false: it is wrong already and no more bytes are wanted. */
bool promapi_decoder_push(struct promapi_decoder *d, struct str bytes);

/* Whether promapi_decoder_push has said no. */
bool promapi_decoder_has_error(const struct promapi_decoder *d);
/* Whether that was because of a limit. */
bool promapi_decoder_is_too_large(const struct promapi_decoder *d);

/* What an answer held besides series. */
struct promapi_notes {
	const char *const *warnings; /* arena; "warnings" and "infos" of the answer */
	size_t count, warning_count; /* of all; of "warnings", which come first */
	const char *partial; /* why something is missing, in the arena; NULL: nothing is known to be */
	size_t histograms_skipped; /* native histogram samples, which are not read yet */
};

/* The answer is complete. false: *ret_error says for an operator what was wrong with it, in the arena. */
bool promapi_decoder_finish(struct promapi_decoder *d, struct pql_series_set *ret_set,
							struct promapi_notes *ret_notes, const char **ret_error);

/* The message for an answer with another status than 200, in the arena: Prometheus' own error if the body holds one, else
 * the status and the beginning of the body. */
const char *promapi_error_text(int status, struct str body, struct arena *a);

/* Whether it is what was sent that is refused, and not the way there or the moment: 400, 413 and 422, but not the 400 of a server
 * that was not spoken to in TLS. */
bool promapi_is_refusal(int status, struct str body);

/* Why an answer is not whole, in the arena; NULL: nothing is known to be missing. */
struct cJSON;
const char *promapi_find_partial(const struct cJSON *root, struct arena *a);

/* The beginning of a body in quotes, in the arena. */
const char *promapi_quote_beginning(struct str body, struct arena *a);

/* One sample's value as the API writes it: "1.5", "NaN", "+Inf". */
bool promapi_parse_value(struct str text, double *ret_value);

#endif
