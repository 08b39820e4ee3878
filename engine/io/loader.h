/* From files, flags and variables to a configuration and a rule set: at start and at every reload. */
#ifndef ENGINE_IO_LOADER_H
#define ENGINE_IO_LOADER_H

#include "engine/config/config.h"
#include "engine/rule_set.h"

/* One setting that was given outside of the file. */
struct loader_setting {
	const char *name, *value; /* "prometheus.url", "http://…" */
	const char *source;       /* for messages: "--prometheus", "TOCSIN_PROMETHEUS" */
};

/* Borrows everything. Of a list that is given here, nothing of the file's list remains. */
struct loader {
	const char *path;                /* of the configuration file; NULL: none */
	struct loader_setting *settings; /* in the order in which they are applied */
	size_t setting_count;
	struct diag_style style; /* of the messages */
};

/* The folder in which relative patterns of rule_files begin: the configuration's; of those given outside of it, "": where we are.
 * In `a`. */
const char *loader_rule_folder(const struct loader *l, struct arena *a);

enum loader_outcome {
	LOADER_FINE,
	LOADER_PARTLY, /* some rule files are bad; of those the rules stay as they were in the set before */
	LOADER_BAD,     /* the text of a file is wrong */
	LOADER_UNABLE,  /* a file cannot be read */
	LOADER_MISUSED, /* a setting that was given outside of the file is wrong */
};

/* Unless LOADER_FINE, `messages` says all that is wrong, with carets, each message with its newline. Warnings go there in any case.
 * The configuration's strings live in `a`. */
enum loader_outcome loader_load_config(const struct loader *l, struct arena *a,
									   struct config *ret_config, struct strbuf *messages);

/* The configuration, and the rules and the web configuration that it names. Every file is judged, also after a bad one. `previous`
 * is the set that runs: a rule file that is bad or gone keeps its rules there, and one that never was good is left out
 * (LOADER_PARTLY). At the start it is NULL, and any bad file is LOADER_BAD, unless the configuration says
 * `allow_bad_rule_files`. After LOADER_FINE and LOADER_PARTLY the caller owns *ret_set. */
enum loader_outcome loader_load(const struct loader *l, const struct rule_set *previous,
								struct arena *a, struct config *ret_config,
								struct rule_set **ret_set, struct strbuf *messages);

#endif
