/* Reading whole files, and finding them by pattern. */
#ifndef ENGINE_IO_FILES_H
#define ENGINE_IO_FILES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"

/* Adds the file's bytes to `out`. false: *ret_error, in the arena, is "PATH: no such file or directory", or that it is larger
 * than `max`. */
bool file_read(const char *path, size_t max, struct strbuf *out, struct arena *a,
			   const char **ret_error);

/* The same; of a pipe, as a shell's <(command) is one, it waits for whoever writes it. For commands, not for the daemon. */
bool file_read_waiting(const char *path, size_t max, struct strbuf *out, struct arena *a,
					   const char **ret_error);

/* The same of the standard input. */
bool file_read_stdin(size_t max, struct strbuf *out, struct arena *a, const char **ret_error);

struct file_list {
	const char **paths; /* in the arena, sorted within each pattern */
	size_t count, capacity;
	const char *
		error; /* in the arena: a folder that a pattern looks into cannot be read; NULL: all could */
};

/* Adds the files that a shell pattern names. Relative patterns start at `folder` (NULL or "": the working directory), whose own
 * name is no pattern. A pattern without wildcards names a file whether it is there or not: reading it tells what is wrong. */
void files_glob(const char *folder, struct str pattern, struct arena *a, struct file_list *list);

/* The pattern as one that begins where we are: what it names from `folder` on. In the arena. */
const char *files_pattern(const char *folder, struct str pattern, struct arena *a);

#define FILES_TREE_MAX_DEPTH 32 /* folders in folders */
#define FILES_TREE_MAX 100000u  /* files found */

/* Adds the YAML files in a folder and in those below it, sorted; what begins with a point is passed over, and links to folders
 * are not followed. false: *ret_error, in the arena. */
bool files_tree(const char *folder, struct arena *a, struct file_list *list,
				const char **ret_error);
bool file_is_folder(const char *path);
void files_add(struct file_list *list, struct arena *a, const char *path);

/* Creates the file or writes it anew. */
bool file_write(const char *path, struct str text, struct arena *a, const char **ret_error);

/* Puts a text in place of a file that we may write: written beside it first, so that it is there as a whole or not at all. Owner,
 * where that is allowed, and permissions stay; through a symbolic link the file itself is replaced. One that has other names as
 * well, hard links, is written in place, for all of them. */
bool file_replace(const char *path, struct str text, struct arena *a, const char **ret_error);

/* The folder part of a path, without the last slash; "" when there is none. */
struct str file_folder(const char *path);

/* The path without "folder/.." in it, where that leads to the same file; else as it is: behind a link to a folder, ".." is above
 * what the link leads to. */
const char *file_short_path(const char *path, struct arena *a);

#endif
