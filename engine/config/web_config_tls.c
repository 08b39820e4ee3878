/* tls_server_config */
#include "engine/config/web_config_private.h"

/* ---- words ---- */

/* Those that Go thinks secure, which are those that the format takes. */
static const struct web_cipher ciphers[] = {
	{"TLS_AES_128_GCM_SHA256", NULL, "AES-128-GCM", "AEAD"},
	{"TLS_AES_256_GCM_SHA384", NULL, "AES-256-GCM", "AEAD"},
	{"TLS_CHACHA20_POLY1305_SHA256", NULL, "CHACHA20-POLY1305", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA", "AES-128-CBC", "SHA1"},
	{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA", "AES-256-CBC", "SHA1"},
	{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA", "AES-128-CBC", "SHA1"},
	{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA", "AES-256-CBC", "SHA1"},
	{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA", "AES-128-GCM", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA", "AES-256-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA", "AES-128-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA", "AES-256-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA", "CHACHA20-POLY1305", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA", "CHACHA20-POLY1305", "AEAD"},
};

static const struct web_curve curves[] = {
	{"CurveP256", "SECP256R1"},
	{"CurveP384", "SECP384R1"},
	{"CurveP521", "SECP521R1"},
	{"X25519", "X25519"},
};

static const char *const versions[] = {
	[WEB_TLS10] = "TLS10", [WEB_TLS11] = "TLS11", [WEB_TLS12] = "TLS12", [WEB_TLS13] = "TLS13"};

static const struct {
	const char *name;
	enum web_client_auth value;
} client_auths[] = {
	{"NoClientCert", WEB_CLIENT_NONE},
	{"RequestClientCert", WEB_CLIENT_REQUEST},
	{"RequireAnyClientCert", WEB_CLIENT_REQUIRE},
	{"RequireClientCert", WEB_CLIENT_REQUIRE}, /* its older name */
	{"VerifyClientCertIfGiven", WEB_CLIENT_VERIFY_IF_GIVEN},
	{"RequireAndVerifyClientCert", WEB_CLIENT_VERIFY},
};

/* ---- reading ---- */

static void read_version(struct web_reader *r, const struct yaml_node *node, void *target) {
	if (!web_expect_kind(r, node, YAML_SCALAR)) {
		return;
	}
	for (size_t i = 0; i < COUNT(versions); i++) {
		if (str_equal(node->text, str_from(versions[i]))) {
			*(enum web_tls_version *)target = (enum web_tls_version)i;
			return;
		}
	}
	web_add_error(r, node, "unknown TLS version: %.*s; there are TLS10, TLS11, TLS12 and TLS13",
				  STR_FMT(node->text));
}

static void read_client_auth(struct web_reader *r, const struct yaml_node *node, void *target) {
	if (!web_expect_kind(r, node, YAML_SCALAR) || node->text.len == 0) {
		return;
	}
	for (size_t i = 0; i < COUNT(client_auths); i++) {
		if (str_equal(node->text, str_from(client_auths[i].name))) {
			*(enum web_client_auth *)target = client_auths[i].value;
			return;
		}
	}
	web_add_error(r, node,
				  "invalid ClientAuth: %.*s; there are NoClientCert, RequestClientCert, "
				  "RequireAnyClientCert, VerifyClientCertIfGiven and RequireAndVerifyClientCert",
				  STR_FMT(node->text));
}

static void read_ciphers(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_tls *tls = target;
	if (!web_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	tls->ciphers = ARENA_ARRAY(r->arena, const struct web_cipher *, node->count);
	for (size_t i = 0; i < node->count; i++) {
		size_t row = 0;
		while (row < COUNT(ciphers) &&
			   !str_equal(node->items[i]->text, str_from(ciphers[row].name))) {
			row++;
		}
		if (node->items[i]->kind != YAML_SCALAR || row == COUNT(ciphers)) {
			web_add_error(r, node->items[i], "unknown cipher: %.*s", STR_FMT(node->items[i]->text));
		} else {
			tls->ciphers[tls->cipher_count++] = &ciphers[row];
		}
	}
}

static void read_curves(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_tls *tls = target;
	if (!web_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	tls->curves = ARENA_ARRAY(r->arena, const struct web_curve *, node->count);
	for (size_t i = 0; i < node->count; i++) {
		size_t row = 0;
		while (row < COUNT(curves) &&
			   !str_equal(node->items[i]->text, str_from(curves[row].name))) {
			row++;
		}
		if (node->items[i]->kind != YAML_SCALAR || row == COUNT(curves)) {
			web_add_error(
				r, node->items[i],
				"unknown curve: %.*s; there are CurveP256, CurveP384, CurveP521 and X25519",
				STR_FMT(node->items[i]->text));
		} else {
			tls->curves[tls->curve_count++] = &curves[row];
		}
	}
}

static void read_sans(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_tls *tls = target;
	if (!web_expect_kind(r, node, YAML_SEQUENCE)) {
		return;
	}
	struct str *sans = ARENA_ARRAY(r->arena, struct str, node->count);
	for (size_t i = 0; i < node->count; i++) {
		if (web_expect_kind(r, node->items[i], YAML_SCALAR)) {
			sans[tls->san_count++] = node->items[i]->text;
		}
	}
	tls->sans = sans;
	if (tls->san_count == 0) {
		web_add_error(r, node, "no client has a name of an empty list");
	}
}

/* ---- judging ---- */

static bool is_given(const struct web_text *one, const struct web_text *other) {
	return one->text.len > 0 || other->text.len > 0;
}

static void complain(struct web_reader *r, struct span span, const char *message) {
	diags_add(r->diags, DIAG_ERROR, span, "%s", message);
}

/* As the exporters do, which take the certificate's file where both are given. */
static void judge_pairs(struct web_reader *r, const struct web_tls *tls) {
	if (!is_given(&tls->cert, &tls->cert_file)) {
		complain(r, tls->span, "missing one of cert or cert_file");
	}
	if (!is_given(&tls->key, &tls->key_file)) {
		complain(r, tls->span, "missing one of key or key_file");
	}
	if (is_given(&tls->ca, &tls->ca_file) && tls->client_auth == WEB_CLIENT_NONE) {
		complain(r, tls->ca_file.text.len > 0 ? tls->ca_file.span : tls->ca.span,
				 "client CA's have been configured without a Client Auth Policy: client_auth_type "
				 "says whether clients must have a certificate");
	}
	if (tls->san_count > 0 && tls->client_auth == WEB_CLIENT_NONE) {
		complain(r, tls->span,
				 "client_allowed_sans means nothing while client_auth_type asks for no "
				 "certificate");
	}
}

static bool only_tls13(const struct web_tls *tls) {
	for (size_t i = 0; i < tls->cipher_count; i++) {
		if (tls->ciphers[i]->kx != NULL) {
			return false;
		}
	}
	return tls->cipher_count > 0;
}

static void judge_versions(struct web_reader *r, const struct web_tls *tls) {
	if (tls->max_version < tls->min_version) {
		diags_add(r->diags, DIAG_ERROR, tls->span,
				  "no TLS version is at least %s and at most %s: min_version and max_version",
				  versions[tls->min_version], versions[tls->max_version]);
	} else if (only_tls13(tls) && tls->max_version < WEB_TLS13) {
		complain(r, tls->span, "all of cipher_suites are of TLS 1.3, which max_version forbids");
	}
}

static const struct web_field tls_fields[] = {
	{"cert", web_read_text, offsetof(struct web_tls, cert)},
	{"key", web_read_text, offsetof(struct web_tls, key)},
	{"client_ca", web_read_text, offsetof(struct web_tls, ca)},
	{"cert_file", web_read_text, offsetof(struct web_tls, cert_file)},
	{"key_file", web_read_text, offsetof(struct web_tls, key_file)},
	{"client_ca_file", web_read_text, offsetof(struct web_tls, ca_file)},
	{"client_auth_type", read_client_auth, offsetof(struct web_tls, client_auth)},
	{"client_allowed_sans", read_sans, 0},
	{"cipher_suites", read_ciphers, 0},
	{"curve_preferences", read_curves, 0},
	{"min_version", read_version, offsetof(struct web_tls, min_version)},
	{"max_version", read_version, offsetof(struct web_tls, max_version)},
	{"prefer_server_cipher_suites", web_read_bool, offsetof(struct web_tls, server_order)},
};

static bool says_client_auth(const struct yaml_node *node) {
	const struct yaml_node *value = yaml_find(node, "client_auth_type");
	return value != NULL && value->kind == YAML_SCALAR && value->text.len > 0;
}

/* Without a certificate, a key, a CA and a client_auth_type the exporters serve plain HTTP, whatever else is there. */
void web_read_tls(struct web_reader *r, const struct yaml_node *node, void *target) {
	struct web_tls *tls = target;
	size_t before = r->diags->errors;
	if (!web_expect_kind(r, node, YAML_MAPPING)) {
		return;
	}
	web_read_fields(r, node, tls_fields, COUNT(tls_fields), tls, " in tls_server_config");
	tls->on = is_given(&tls->cert, &tls->cert_file) || is_given(&tls->key, &tls->key_file) ||
			  is_given(&tls->ca, &tls->ca_file) || says_client_auth(node);
	if (tls->on) {
		judge_pairs(r, tls);
		judge_versions(r, tls);
		tls->on = r->diags->errors == before;
	} else if (node->count > 0) {
		diags_add(r->diags, DIAG_WARNING, node->pairs[0].key->span,
				  "TLS stays off: there is neither cert_file nor key_file");
	}
}
