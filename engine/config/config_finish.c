/* What is to be done with a configuration when all of it is read. */
#include "engine/config/config_private.h"

void config_set_folder(struct config *c, struct str folder, struct arena *a) {
	struct config_peer *peers = ARENA_ARRAY(a, struct config_peer, c->alertmanager_count);
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		peers[i] = c->alertmanagers[i];
		config_access_set_folder(&peers[i].access, folder, a);
	}
	if (c->alertmanagers != &config_default_peer) {
		c->alertmanagers = peers;
	}
	config_access_set_folder(&c->prometheus.access, folder, a);
	config_access_set_folder(&c->remote_write.access, folder, a);
	c->web.config_file = config_join_path(a, folder, c->web.config_file);
}

static bool finish_peer(struct config_peer *p, const struct config_access *given, const char *what,
						struct arena *a, const char **ret_error) {
	size_t at = 0;
	const char *key;
	config_access_outdo(&p->access, given, a);
	const char *message = config_access_judge(&p->access, &at, &key);
	if (message != NULL) {
		*ret_error = arena_printf(a, "%s: %s", what, message);
	}
	return message == NULL;
}

bool config_finish(struct config *c, struct arena *a, const char **ret_error) {
	struct config_peer *peers = ARENA_ARRAY(a, struct config_peer, c->alertmanager_count);
	for (size_t i = 0; i < c->alertmanager_count; i++) {
		peers[i] = c->alertmanagers[i];
		if (!finish_peer(&peers[i], &c->alertmanagers_given, "alertmanagers", a, ret_error)) {
			return false;
		}
	}
	c->alertmanagers = peers;
	return finish_peer(&c->prometheus, &c->prometheus_given, "prometheus", a, ret_error) &&
		   finish_peer(&c->remote_write, &c->remote_write_given, "remote_write", a, ret_error);
}
