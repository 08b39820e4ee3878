/* Who works out what a rule's expression is worth: we, from samples, or the server that has them. */
#ifndef ENGINE_EVALUATION_MODE_H
#define ENGINE_EVALUATION_MODE_H

enum evaluation_mode {
	EVALUATION_AUTO, /* here, unless the data is too much or of a kind that only the server knows */
	EVALUATION_LOCAL,  /* always here */
	EVALUATION_REMOTE, /* always the server */
};
#define EVALUATION_MODES 3
extern const char *const evaluation_mode_name[EVALUATION_MODES]; /* "auto", "local", "remote" */

#endif
