/* Basic authentication (RFC 7617) against the users of the web configuration. */
#include <gnutls/gnutls.h>
#include <strings.h>

#include "engine/io/http_server_private.h"

/* Behind "Basic ", in any case. false: that is not there, or no base 64. *ret_text is gnutls_free's. */
static bool decode(const char *header, gnutls_datum_t *ret_text) {
	static const char scheme[] = "Basic ";
	if (header == NULL || strncasecmp(header, scheme, sizeof scheme - 1) != 0) {
		return false;
	}
	const char *text = header + sizeof scheme - 1;
	const gnutls_datum_t coded = {.data = (unsigned char *)(uintptr_t)text,
								  .size = (unsigned)strlen(text)};
	return coded.size > 0 && gnutls_base64_decode2(&coded, ret_text) == GNUTLS_E_SUCCESS;
}

static const struct web_user *find_user(const struct web_config *c, struct str name) {
	for (size_t i = 0; i < c->user_count; i++) {
		if (str_equal(c->users[i].name, name)) {
			return &c->users[i];
		}
	}
	return NULL;
}

static void handle_checked(bool is_right, void *data) {
	struct http_peer *p = data;
	p->wait = NULL;
	p->is_right = is_right;
	p->stage = HTTP_CHECKED;
	MHD_resume_connection(p->connection);
	http_server_run(p->server);
}

/* Who names a user that is not there waits as long as others: the password is held against somebody else's hash. */
static enum password_verdict judge(struct http_server *s, struct http_peer *p, struct str login) {
	const struct web_config *c = &s->access->config;
	size_t colon = str_find(login, STR(":"));
	if (colon == login.len) {
		return PASSWORD_WRONG;
	}
	const struct web_user *user = find_user(c, str_slice(login, 0, colon));
	struct str hash = user != NULL ? user->hash : c->users[0].hash;
	struct str password = str_slice(login, colon + 1, login.len);
	return password_check_ask(s->passwords, hash, password, user != NULL, handle_checked, p,
							  &p->wait);
}

enum password_verdict http_login_judge(struct http_server *s, struct http_peer *p) {
	gnutls_datum_t text;
	if (s->access->config.user_count == 0) {
		return PASSWORD_RIGHT;
	}
	const char *header =
		MHD_lookup_connection_value(p->connection, MHD_HEADER_KIND, "Authorization");
	if (!decode(header, &text)) {
		return PASSWORD_WRONG;
	}
	enum password_verdict verdict = judge(s, p, (struct str){(const char *)text.data, text.size});
	explicit_bzero(text.data, text.size);
	gnutls_free(text.data);
	return verdict;
}
