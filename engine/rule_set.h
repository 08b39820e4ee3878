/* All the rules that run together: rule files and presets, loaded into one arena. Immutable once the engine has it. */
#ifndef ENGINE_RULE_SET_H
#define ENGINE_RULE_SET_H

#include "engine/config/config.h"
#include "rules/group.h"

struct rule_set_file {
	struct rule_file file;
	struct str
		text; /* that it was loaded from; empty for presets, and unless all groups are ours */
	struct str packed; /* the text, when only some of them are ours */
	/* A newer text was refused and the rules are those of the one before: why, in the set's arena. NULL: it is the newest. */
	const char *outdated;
};

/* Made by the shell from texts, then given to engine_load, which takes it. Evaluations under way hold on to the set
 * that they began with, so it counts its holders. */
struct rule_set {
	struct arena arena;
	struct rule_set_file *files;
	size_t file_count, file_capacity;
	struct shard shard; /* whose groups are taken; of the others only the names are kept */
	const struct rule_group **groups; /* of all files, in order */
	size_t group_count, group_capacity;
	size_t rule_count;
	bool
		ignores_unknown; /* fields of rule files that are not known are passed over; set before files are added */
	size_t holders;
};

struct rule_set *rule_set_create(void); /* with one holder */
/* Of files that are added from now on, takes only the groups of this shard. */
void rule_set_take_shard(struct rule_set *s, struct shard shard);
struct rule_set *rule_set_hold(struct rule_set *s);
void rule_set_destroy(struct rule_set *s); /* one holder less; accepts NULL */

/* Loads a rule file's text, which is copied. A path that is in the set already is passed over (globs may overlap). false: errors
 * in diags, and nothing was added. */
bool rule_set_add_file(struct rule_set *s, struct str path, struct str text, struct diags *diags);

/* The file's newest text is bad, for the reason given: its rules stay those that `previous` has. false: it has none, or the path
 * is in the set already. If `s` is another shard, what is new to it is missing of a file that had no group of ours, and a file may
 * be more than can be loaded. */
bool rule_set_keep_file(struct rule_set *s, const struct rule_set *previous, struct str path,
						const char *reason);

/* Renders the preset with its values and loads it under the path "preset:NAME". false: *ret_error, in the set's arena, one
 * line that names the preset. */
bool rule_set_add_preset(struct rule_set *s, const struct config_preset *preset,
						 const char **ret_error);

/* Files whose newest text was refused. */
size_t rule_set_outdated_count(const struct rule_set *s);

/* NULL: no such file. */
const struct rule_set_file *rule_set_find_file(const struct rule_set *s, struct str path);

/* NULL: no such group. */
const struct rule_group *rule_set_find(const struct rule_set *s, struct str file, struct str name);

/* Whether a file of the set has the group, but another engine's shard. */
bool rule_set_has_elsewhere(const struct rule_set *s, struct str file, struct str name);

#endif
