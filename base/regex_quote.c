#include "base/regex_quote.h"

void regex_quote(struct strbuf *out, struct str text) {
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\0' && strchr("\\.+*?()|[]{}^$", text.ptr[i]) != NULL) {
			strbuf_add_char(out, '\\');
		}
		strbuf_add_char(out, text.ptr[i]);
	}
}
