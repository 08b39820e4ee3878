/* Who gets in at the listener, and how: a web.config file and the certificates that it names, as they were read at one time. */
#ifndef ENGINE_IO_WEB_ACCESS_H
#define ENGINE_IO_WEB_ACCESS_H

#include <sys/stat.h>

#include "engine/io/web_tls.h"

#define WEB_ACCESS_FILES 4 /* the configuration, certificate, key, CA */

/* Immutable. Connections hold the one that they began with. */
struct web_access {
	struct arena arena; /* of the configuration's strings */
	struct web_config config;
	struct web_tls_terms *tls; /* NULL: without TLS */
	struct {
		const char *path;
		struct stat state; /* as it was read; all zero: it could not be */
	} files[WEB_ACCESS_FILES];
	size_t file_count;
	size_t holders;
};

/* With one holder. `path` is of the configuration; empty: everybody gets in, without TLS. NULL: `messages` says all that is
 * wrong, with carets, each message with its newline; warnings go there in any case. *ret_unreadable: the configuration itself could
 * not be read. */
struct web_access *web_access_load(struct str path, struct diag_style style,
								   struct strbuf *messages, bool *ret_unreadable);
/* The same of a text that was read from there, for whoever only wants to know: a key that only tocsin's user may read is no error
 * of the configuration, but a warning. Sorted. */
bool web_access_judge(const char *path, struct str text, struct diags *diags);
struct web_access *web_access_hold(struct web_access *a);
void web_access_release(struct web_access *a); /* one holder less; accepts NULL */

/* Whether one of its files is another one by now. */
bool web_access_is_outdated(const struct web_access *a);

#endif
