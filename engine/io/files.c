#include "engine/io/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64u << 10)
#define TOO_LARGE(unit) "%s: the file is larger than %zu " unit ", which is fixed: split it"

/* strerror in small letters, as the rest of our messages. */
static const char *error_words(struct arena *a, const char *path, int number) {
	const char *words = strerror(number);
	return arena_printf(a, "%s: %c%s", path, tolower((unsigned char)words[0]), words + 1);
}

static bool read_all(int fd, size_t max, struct strbuf *out) {
	char piece[PIECE];
	size_t total = 0;
	ssize_t count;
	while ((count = read(fd, piece, sizeof piece)) != 0) {
		if (count < 0 && errno == EINTR) {
			continue;
		}
		if (count < 0) {
			return false;
		}
		total += (size_t)count;
		if (total > max) {
			errno = EFBIG;
			return false;
		}
		strbuf_add(out, (struct str){piece, (size_t)count});
	}
	return true;
}

static bool read_named(int fd, const char *name, size_t max, struct strbuf *out, struct arena *a,
					   const char **ret_error) {
	bool ok = read_all(fd, max, out);
	int number = errno;
	if (!ok && number == EFBIG) {
		*ret_error = arena_printf(a, max % (1u << 20) == 0 ? TOO_LARGE("MiB") : TOO_LARGE("bytes"),
								  name, max % (1u << 20) == 0 ? max >> 20 : max);
	} else if (!ok) {
		*ret_error = error_words(a, name, number);
	}
	return ok;
}

/* Non-blocking: a pipe that somebody named instead of a file must not hold everything up. */
bool file_read(const char *path, size_t max, struct strbuf *out, struct arena *a,
			   const char **ret_error) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		*ret_error = error_words(a, path, errno);
		return false;
	}
	bool ok = read_named(fd, path, max, out, a, ret_error);
	close(fd);
	return ok;
}

bool file_read_stdin(size_t max, struct strbuf *out, struct arena *a, const char **ret_error) {
	return read_named(STDIN_FILENO, "<stdin>", max, out, a, ret_error);
}

static void list_add(struct file_list *list, struct arena *a, const char *path) {
	list->paths = arena_grow(a, list->paths, list->count, &list->capacity, sizeof *list->paths);
	list->paths[list->count++] = arena_dup(a, str_from(path)).ptr;
}

static bool has_wildcard(const char *pattern) {
	return strpbrk(pattern, "*?[") != NULL;
}

void files_glob(const char *folder, struct str pattern, struct arena *a, struct file_list *list) {
	bool absolute = pattern.len > 0 && pattern.ptr[0] == '/';
	bool here = folder == NULL || folder[0] == '\0';
	const char *path = absolute || here ? arena_printf(a, "%.*s", STR_FMT(pattern))
										: arena_printf(a, "%s/%.*s", folder, STR_FMT(pattern));
	if (!has_wildcard(path)) {
		list_add(list, a, path);
		return;
	}
	glob_t found;
	if (glob(path, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			list_add(list, a, found.gl_pathv[i]);
		}
	}
	globfree(&found);
}

struct str file_folder(const char *path) {
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		return STR_EMPTY;
	}
	size_t length = (size_t)(slash - path);
	return (struct str){path, length > 0 ? length : 1};
}

static bool is_yaml(const char *name) {
	struct str s = str_from(name);
	return str_ends_with(s, STR(".yml")) || str_ends_with(s, STR(".yaml"));
}

static int compare_names(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in a folder, sorted. NULL: it cannot be read, and errno says why. */
static const char **list_names(const char *folder, struct arena *a, size_t *ret_count) {
	struct file_list names = {.paths = ARENA_ARRAY(a, const char *, 1), .capacity = 1};
	DIR *directory = opendir(folder);
	struct dirent *entry;
	if (directory == NULL) {
		return NULL;
	}
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.') {
			list_add(&names, a, entry->d_name);
		}
	}
	closedir(directory);
	qsort(names.paths, names.count, sizeof names.paths[0], compare_names);
	*ret_count = names.count;
	return names.paths;
}

static bool walk_folder(const char *folder, size_t depth, struct arena *a, struct file_list *list,
						const char **ret_error);

static bool walk_entry(const char *path, const char *name, size_t depth, struct arena *a,
					   struct file_list *list, const char **ret_error) {
	struct stat itself, target;
	if (lstat(path, &itself) != 0) {
		return true; /* gone meanwhile */
	}
	if (S_ISDIR(itself.st_mode)) {
		return walk_folder(path, depth + 1, a, list, ret_error);
	}
	/* A link to nowhere is listed as well: reading it tells. */
	bool other = stat(path, &target) == 0 && !S_ISREG(target.st_mode);
	if (other || !is_yaml(name)) {
		return true;
	}
	if (list->count >= FILES_MAX) {
		*ret_error = arena_printf(a, "%s: more than %d files, which is fixed", path, FILES_MAX);
		return false;
	}
	list_add(list, a, path);
	return true;
}

static bool walk_folder(const char *folder, size_t depth, struct arena *a, struct file_list *list,
						const char **ret_error) {
	size_t count;
	const char **names = list_names(folder, a, &count);
	bool slash = str_ends_with(str_from(folder), STR("/"));
	if (names == NULL) {
		*ret_error = error_words(a, folder, errno);
		return false;
	}
	if (depth > FILES_MAX_DEPTH) {
		*ret_error =
			arena_printf(a, "%s: folders deeper than %d, which is fixed", folder, FILES_MAX_DEPTH);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(a, "%s%s%s", folder, slash ? "" : "/", names[i]);
		if (!walk_entry(path, names[i], depth, a, list, ret_error)) {
			return false;
		}
	}
	return true;
}

bool files_walk(const char *folder, struct arena *a, struct file_list *list,
				const char **ret_error) {
	return walk_folder(folder, 0, a, list, ret_error);
}

bool file_is_folder(const char *path) {
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool write_all(int fd, struct str text) {
	while (text.len > 0) {
		ssize_t count = write(fd, text.ptr, text.len);
		if (count < 0 && errno != EINTR) {
			return false;
		}
		text = count > 0 ? str_slice(text, (size_t)count, text.len) : text;
	}
	return true;
}

/* The new file looks like the old one, as far as we may decide that. */
static void copy_owner(int fd, const struct stat *old) {
	if (fchown(fd, old->st_uid, old->st_gid) != 0) {
		errno = 0; /* it is ours then, as an editor would have it */
	}
}

bool file_replace(const char *path, struct str text, struct arena *a, const char **ret_error) {
	char *real = realpath(path, NULL);
	struct stat old;
	if (real == NULL || stat(real, &old) != 0) {
		*ret_error = error_words(a, path, errno);
		free(real);
		return false;
	}
	char *temporary = (char *)arena_printf(a, "%s.XXXXXX", real);
	int fd = mkostemp(temporary, O_CLOEXEC);
	bool ok = fd >= 0;
	if (ok) {
		copy_owner(fd, &old);
		ok = fchmod(fd, old.st_mode & 07777) == 0 && write_all(fd, text) && fsync(fd) == 0;
		ok = close(fd) == 0 && ok && rename(temporary, real) == 0;
	}
	if (!ok) {
		*ret_error = error_words(a, path, errno);
		if (fd >= 0) {
			unlink(temporary);
		}
	}
	free(real);
	return ok;
}
