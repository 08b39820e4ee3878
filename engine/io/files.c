#include "engine/io/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64u << 10)
#define TOO_LARGE(unit) "%s: the file is larger than %zu " unit ", which is fixed: split it"

/* strerror in small letters, as the rest of our messages. */
static const char *error_words(struct arena *a, const char *path, int number) {
	const char *words = strerror(number);
	return arena_printf(a, "%s: %c%s", path, tolower((unsigned char)words[0]), words + 1);
}

static bool wait_for_writer(int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static bool read_all(int fd, bool waits, size_t max, struct strbuf *out) {
	char piece[PIECE];
	size_t total = 0;
	ssize_t count;
	while ((count = read(fd, piece, sizeof piece)) != 0) {
		if (count < 0 && (errno == EINTR || (errno == EAGAIN && waits && wait_for_writer(fd)))) {
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

static bool read_named(int fd, bool waits, const char *name, size_t max, struct strbuf *out,
					   struct arena *a, const char **ret_error) {
	bool ok = read_all(fd, waits, max, out);
	int number = errno;
	if (!ok && number == EFBIG) {
		*ret_error = arena_printf(a, max % (1u << 20) == 0 ? TOO_LARGE("MiB") : TOO_LARGE("bytes"),
								  name, max % (1u << 20) == 0 ? max >> 20 : max);
	} else if (!ok) {
		*ret_error = error_words(a, name, number);
	}
	return ok;
}

/* Non-blocking: opening a pipe that nobody writes to would take for ever. */
static bool read_path(const char *path, bool waits, size_t max, struct strbuf *out, struct arena *a,
					  const char **ret_error) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		*ret_error = error_words(a, path, errno);
		return false;
	}
	bool ok = read_named(fd, waits, path, max, out, a, ret_error);
	close(fd);
	return ok;
}

bool file_read(const char *path, size_t max, struct strbuf *out, struct arena *a,
			   const char **ret_error) {
	return read_path(path, false, max, out, a, ret_error);
}

bool file_read_waiting(const char *path, size_t max, struct strbuf *out, struct arena *a,
					   const char **ret_error) {
	return read_path(path, true, max, out, a, ret_error);
}

bool file_read_stdin(size_t max, struct strbuf *out, struct arena *a, const char **ret_error) {
	return read_named(STDIN_FILENO, true, "<stdin>", max, out, a, ret_error);
}

void files_add(struct file_list *list, struct arena *a, const char *path) {
	list->paths = arena_grow(a, list->paths, list->count, &list->capacity, sizeof *list->paths);
	list->paths[list->count++] = arena_dup(a, str_from(path)).ptr;
}

static bool has_wildcard(const char *pattern) {
	return strpbrk(pattern, "*?[") != NULL;
}

/* The folder's name as a pattern that matches only itself. */
static void add_literally(struct strbuf *out, const char *folder) {
	for (const char *c = folder; *c != '\0'; c++) {
		if (strchr("*?[\\", *c) != NULL) {
			strbuf_add_char(out, '\\');
		}
		strbuf_add_char(out, *c);
	}
}

/* glob has no place for data in this call. */
static struct {
	struct strbuf path;
	int number;
} trouble;

static int handle_trouble(const char *path, int number) {
	if (number != ENOENT && number != ENOTDIR) {
		strbuf_clear(&trouble.path);
		strbuf_add_c(&trouble.path, path);
		trouble.number = number;
	}
	return 0; /* what can be read is still found */
}

static void expand(const char *pattern, struct arena *a, struct file_list *list) {
	glob_t found;
	trouble.number = 0;
	if (glob(pattern, 0, handle_trouble, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			files_add(list, a, found.gl_pathv[i]);
		}
	}
	if (trouble.number != 0) {
		list->error = error_words(a, trouble.path.ptr, trouble.number);
	}
	globfree(&found);
	strbuf_finish(&trouble.path);
}

static bool begins_here(const char *folder, struct str pattern) {
	return (pattern.len > 0 && pattern.ptr[0] == '/') || folder == NULL || folder[0] == '\0';
}

const char *files_pattern(const char *folder, struct str pattern, struct arena *a) {
	struct strbuf whole = STRBUF_INIT;
	if (!begins_here(folder, pattern)) {
		add_literally(&whole, folder);
		strbuf_add_char(&whole, '/');
	}
	strbuf_add(&whole, pattern);
	const char *text = arena_dup(a, strbuf_str(&whole)).ptr;
	strbuf_finish(&whole);
	return text;
}

void files_glob(const char *folder, struct str pattern, struct arena *a, struct file_list *list) {
	bool here = begins_here(folder, pattern);
	const char *text = arena_printf(a, "%.*s", STR_FMT(pattern));
	struct stat ignored;
	if (!has_wildcard(text) || (here && stat(text, &ignored) == 0)) {
		files_add(list, a, here ? text : arena_printf(a, "%s/%s", folder, text));
	} else {
		expand(files_pattern(folder, pattern, a), a, list);
	}
}

/* ---- folders ---- */

bool file_is_folder(const char *path) {
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_yaml(struct str name) {
	return str_ends_with(name, STR(".yml")) || str_ends_with(name, STR(".yaml"));
}

static int is_visible(const struct dirent *entry) {
	return entry->d_name[0] != '.';
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_tree(const char *folder, size_t depth, struct arena *a, struct file_list *list,
					 const char **ret_error);

static bool add_entry(const char *folder, const char *name, size_t depth, struct arena *a,
					  struct file_list *list, const char **ret_error) {
	struct stat status;
	const char *path = arena_printf(a, "%s/%s", folder, name);
	if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		return add_tree(path, depth + 1, a, list, ret_error);
	}
	/* A link to nowhere is listed as well: reading it tells. */
	bool other = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
	if (other || !is_yaml(str_from(name))) {
		return true;
	}
	if (list->count == FILES_TREE_MAX) {
		*ret_error = arena_printf(a, "%s: more than %u files (limit)", folder, FILES_TREE_MAX);
		return false;
	}
	files_add(list, a, path);
	return true;
}

static bool add_tree(const char *folder, size_t depth, struct arena *a, struct file_list *list,
					 const char **ret_error) {
	struct dirent **entries;
	if (depth == FILES_TREE_MAX_DEPTH) {
		*ret_error =
			arena_printf(a, "%s: more than %d folders deep (limit)", folder, FILES_TREE_MAX_DEPTH);
		return false;
	}
	int count = scandir(folder, &entries, is_visible, compare_names);
	if (count < 0) {
		*ret_error = error_words(a, folder, errno);
		return false;
	}
	bool good = true;
	for (int i = 0; i < count; i++) {
		good = good && add_entry(folder, entries[i]->d_name, depth, a, list, ret_error);
		free(entries[i]);
	}
	free(entries);
	return good;
}

bool files_tree(const char *folder, struct arena *a, struct file_list *list,
				const char **ret_error) {
	size_t length = strlen(folder);
	while (length > 1 && folder[length - 1] == '/') {
		length--;
	}
	const char *start = arena_dup(a, (struct str){folder, length}).ptr;
	return add_tree(start, 0, a, list, ret_error);
}

/* ---- writing ---- */

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

bool file_write(const char *path, struct str text, struct arena *a, const char **ret_error) {
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool good = fd >= 0 && write_all(fd, text);
	int number = errno;
	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		number = errno;
	}
	if (!good) {
		*ret_error = error_words(a, path, number);
	}
	return good;
}

/* The new file looks like the old one, as far as we may decide that. */
static void copy_owner(int fd, const struct stat *old) {
	if (fchown(fd, old->st_uid, old->st_gid) != 0) {
		errno = 0; /* it is ours then, as an editor would have it */
	}
}

/* Beside it and then over it: as a whole or not at all. */
static bool put_in_place(const char *real, const struct stat *old, struct str text,
						 struct arena *a) {
	char *temporary = (char *)arena_printf(a, "%s.XXXXXX", real);
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	copy_owner(fd, old);
	bool good = fchmod(fd, old->st_mode & 07777) == 0 && write_all(fd, text) && fsync(fd) == 0;
	good = close(fd) == 0 && good && rename(temporary, real) == 0;
	int number = errno;
	if (!good) {
		unlink(temporary);
	}
	errno = number;
	return good;
}

/* Where the other names of a file would be left with what it was. */
static bool write_over(const char *real, struct str text) {
	int fd = open(real, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	bool good = ftruncate(fd, 0) == 0 && write_all(fd, text) && fsync(fd) == 0;
	int number = errno;
	good = close(fd) == 0 && good;
	errno = good ? 0 : number;
	return good;
}

bool file_replace(const char *path, struct str text, struct arena *a, const char **ret_error) {
	char *real = realpath(path, NULL);
	struct stat old;
	bool good = real != NULL && stat(real, &old) == 0 && access(real, W_OK) == 0 &&
				(old.st_nlink > 1 ? write_over(real, text) : put_in_place(real, &old, text, a));
	if (!good) {
		*ret_error = error_words(a, path, errno);
	}
	free(real);
	return good;
}

struct str file_folder(const char *path) {
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		return STR_EMPTY;
	}
	size_t length = (size_t)(slash - path);
	return (struct str){path, length > 0 ? length : 1};
}

/* Drops the last part, unless that is "..": false. `start` is what comes before all parts. */
static bool drop_part(struct strbuf *path, size_t start) {
	size_t from = path->len;
	while (from > start && path->ptr[from - 1] != '/') {
		from--;
	}
	if (path->len == start || strcmp(path->ptr + from, "..") == 0) {
		return false;
	}
	path->len = from > start ? from - 1 : start;
	path->ptr[path->len] = '\0';
	return true;
}

static void shorten(const char *path, struct strbuf *out) {
	size_t start = path[0] == '/' ? 1 : 0;
	strbuf_add_c(out, start > 0 ? "/" : "");
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		struct str part = {path, length};
		bool drops = str_equal(part, STR("..")) && (drop_part(out, start) || start > 0);
		if (length > 0 && !drops && !str_equal(part, STR("."))) {
			strbuf_add_c(out, out->len > start ? "/" : "");
			strbuf_add(out, part);
		}
		path += length + (path[length] == '/');
	}
}

static bool is_same_file(const char *a, const char *b) {
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

const char *file_short_path(const char *path, struct arena *a) {
	struct strbuf out = STRBUF_INIT;
	const char *kept = path;
	if (strstr(path, "/../") != NULL) {
		shorten(path, &out);
		kept =
			out.len > 0 && is_same_file(path, out.ptr) ? arena_dup(a, strbuf_str(&out)).ptr : path;
	}
	strbuf_finish(&out);
	return kept;
}
