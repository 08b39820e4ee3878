#include "engine/io/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/io/clock.h"
#include "engine/io/files.h"

#define CLOCK_SLACK 20 /* ms; file systems have the time of the last tick */

struct watched {
	uv_fs_event_t handle;
	struct watch *watch;
	char *path;  /* owned */
	char *entry; /* owned: the one name in it that matters; NULL: all do */
	struct watched *next;
};

struct watch {
	uv_loop_t *loop;
	watch_stir *stir;
	void *data;
	struct arena arena;   /* of the sources */
	struct arena scratch; /* of one look */
	struct watch_sources sources;
	struct watched *folders; /* in use */
	size_t folder_count;
	size_t open; /* handles, those that are being closed included */
	bool closing;
	const char *complaint;
	uint64_t state;  /* of the files, as loaded or as last told */
	bool unsure;     /* the load may have read what was there before */
	bool stirred;    /* something has, and was not looked at */
	bool is_waiting; /* for quiet, since the two times: */
	dur_ms first_at, last_at;
	dur_ms looked_at;
};

/* ---- the state of the files ---- */

struct look {
	uint64_t state;
	ts_ms newest; /* when something about the files changed last */
	bool differs; /* from the sources' stamps */
};

static void add_bytes(struct look *l, const void *bytes, size_t len) {
	l->state = hash_add(l->state, (struct str){bytes, len});
}

static void add_file(struct look *l, const char *path) {
	struct stat s = {0};
	int code = stat(path, &s) == 0 ? 0 : errno;
	const int64_t facts[] = {code,
							 (int64_t)s.st_dev,
							 (int64_t)s.st_ino,
							 (int64_t)s.st_size,
							 s.st_mtim.tv_sec,
							 s.st_mtim.tv_nsec,
							 s.st_ctim.tv_sec,
							 s.st_ctim.tv_nsec};
	ts_ms changed = (ts_ms)s.st_ctim.tv_sec * 1000 + s.st_ctim.tv_nsec / 1000000;
	add_bytes(l, path, strlen(path) + 1);
	add_bytes(l, facts, sizeof facts);
	l->newest = changed > l->newest ? changed : l->newest;
}

static void add_pattern(struct look *l, const char *folder, struct str pattern, struct arena *a) {
	struct file_list list = {0};
	files_glob(folder, pattern, a, &list);
	for (size_t i = 0; i < list.count; i++) {
		add_file(l, list.paths[i]);
	}
	if (list.error != NULL) {
		add_bytes(l, list.error, strlen(list.error) + 1);
	}
}

static struct look look_at_pattern(const char *folder, struct str pattern, struct arena *a) {
	struct look l = {.state = HASH_START};
	add_pattern(&l, folder, pattern, a);
	l.state = hash_finish(l.state);
	return l;
}

uint64_t watch_stamp(const char *folder, struct str pattern) {
	struct arena a;
	arena_init(&a);
	struct look l = look_at_pattern(folder, pattern, &a);
	arena_finish(&a);
	return l.state;
}

static struct look look_at_files(struct watch *w) {
	const struct watch_sources *s = &w->sources;
	struct look l = {.state = HASH_START};
	if (s->config_path != NULL) {
		add_file(&l, s->config_path);
	}
	for (size_t i = 0; i < s->pattern_count; i++) {
		struct look part = look_at_pattern(s->folder, s->patterns[i], &w->scratch);
		add_bytes(&l, &part.state, sizeof part.state);
		l.newest = part.newest > l.newest ? part.newest : l.newest;
		l.differs = l.differs || (s->stamps != NULL && s->stamps[i] != part.state);
	}
	l.state = hash_finish(l.state);
	return l;
}

/* ---- their folders ---- */

/* Of the folder itself libuv gives its own name. */
static bool matters(const struct watched *f, const char *name) {
	const char *slash = strrchr(f->path, '/');
	return f->entry == NULL || name == NULL || strcmp(name, f->entry) == 0 ||
		   strcmp(name, slash != NULL ? slash + 1 : f->path) == 0;
}

static void handle_stir(uv_fs_event_t *handle, const char *name, int events, int status) {
	struct watched *f = handle->data;
	struct watch *w = f->watch;
	(void)events, (void)status;
	if (!matters(f, name)) {
		return;
	}
	if (!w->stirred && !w->is_waiting) {
		w->stir(w->data);
	}
	w->stirred = true;
}

static void free_when_done(struct watch *w) {
	if (w->closing && w->open == 0) {
		arena_finish(&w->arena);
		arena_finish(&w->scratch);
		free(w);
	}
}

static void handle_closed(uv_handle_t *handle) {
	struct watched *f = handle->data;
	struct watch *w = f->watch;
	free(f->path);
	free(f->entry);
	free(f);
	w->open--;
	free_when_done(w);
}

static void close_folders(struct watched *list) {
	while (list != NULL) {
		struct watched *next = list->next;
		uv_close((uv_handle_t *)&list->handle, handle_closed);
		list = next;
	}
}

static struct watched *find_watched(const struct watch *w, const char *path) {
	for (struct watched *f = w->folders; f != NULL; f = f->next) {
		if (strcmp(f->path, path) == 0) {
			return f;
		}
	}
	return NULL;
}

/* The name that is looked for in a folder, of which other programs may use much more; NULL: any. Where a link of that name leads to
 * has folders of its own (watch_links). */
static char *make_entry(struct str entry) {
	bool is_name = entry.len > 0;
	for (size_t i = 0; i < entry.len; i++) {
		is_name = is_name && strchr("*?[\\", entry.ptr[i]) == NULL;
	}
	return is_name ? mem_dup_str(entry) : NULL;
}

static void merge_entry(struct watched *f, char *entry) {
	if (f->entry != NULL && (entry == NULL || strcmp(f->entry, entry) != 0)) {
		free(f->entry);
		f->entry = NULL;
	}
	free(entry);
}

/* A folder that is not there, or not for us, is no trouble: those above it are watched too. */
static void note_trouble(struct watch *w, int code) {
	if (code == UV_ENOSPC) {
		w->complaint =
			"the system's limit on inotify watches (fs.inotify.max_user_watches) is "
			"reached; changes are seen up to 30s late";
	} else if (code == UV_EMFILE || code == UV_ENFILE) {
		w->complaint =
			"the system's limit on inotify instances (fs.inotify.max_user_instances) is "
			"reached; changes are seen up to 30s late";
	} else if (code == UV_ENOSYS) {
		w->complaint = "this system has no inotify; changes are seen up to 30s late";
	}
}

/* `entry` is what is looked for there, a pattern or a name; empty: everything. */
static void watch_folder(struct watch *w, const char *path, struct str entry) {
	struct watched *known = find_watched(w, path);
	if (known != NULL) {
		merge_entry(known, make_entry(entry));
		return;
	}
	if (w->folder_count >= WATCH_FOLDERS_MAX) {
		w->complaint =
			"rule_files name more than 1000 folders; changes in the others are seen up "
			"to 30s late";
		return;
	}
	struct watched *f = mem_calloc(1, sizeof *f);
	f->watch = w;
	f->path = mem_dup_str(str_from(path));
	f->handle.data = f;
	uv_fs_event_init(w->loop, &f->handle);
	w->open++;
	int code = uv_fs_event_start(&f->handle, handle_stir, path, 0);
	if (code != 0) {
		note_trouble(w, code);
		uv_close((uv_handle_t *)&f->handle, handle_closed);
		return;
	}
	f->entry = make_entry(entry); /* looked at once what happens to it is heard of */
	f->next = w->folders;
	w->folders = f;
	w->folder_count++;
}

/* "/a/b" after 2: "b". */
static struct str component_after(struct str path, size_t at) {
	while (at < path.len && path.ptr[at] == '/') {
		at++;
	}
	struct str rest = str_slice(path, at, path.len);
	return str_slice(rest, 0, str_find(rest, STR("/")));
}

/* "/a/b": "/", "/a" and "/a/b", in which is `entry`. "a/b": ".", "a" and "a/b". */
static void watch_way(struct watch *w, const char *folder, struct str entry) {
	struct str way = str_from(folder);
	struct str first = component_after(way, 0);
	watch_folder(w, folder[0] == '/' ? "/" : ".", first.len > 0 ? first : entry);
	for (size_t i = 1; folder[0] != '\0'; i++) {
		if ((folder[i] == '/' && folder[i - 1] != '/') || folder[i] == '\0') {
			struct str next = component_after(way, i);
			watch_folder(w, arena_printf(&w->scratch, "%.*s", (int)i, folder),
						 next.len > 0 ? next : entry);
		}
		if (folder[i] == '\0') {
			return;
		}
	}
}

/* A way through links, one part after the other, as the kernel goes it. */
struct way {
	struct watch *watch;
	struct str
		at; /* so far, without any link; "" is where we are. In the scratch arena, like `rest` */
	struct str rest; /* still to go */
	size_t links;    /* followed so far */
};

/* A part to be looked up in the folder `at`. */
static struct str take_part(struct way *y) {
	if (str_starts_with(y->rest, STR("/"))) {
		y->at = STR("/");
	}
	size_t from = 0, to;
	while (from < y->rest.len && y->rest.ptr[from] == '/') {
		from++;
	}
	for (to = from; to < y->rest.len && y->rest.ptr[to] != '/';) {
		to++;
	}
	struct str part = str_slice(y->rest, from, to);
	while (to < y->rest.len && y->rest.ptr[to] == '/') {
		to++;
	}
	y->rest = str_slice(y->rest, to, y->rest.len);
	return part;
}

static const char *join(struct way *y, struct str part) {
	const char *slash = y->at.len == 0 || str_equal(y->at, STR("/")) ? "" : "/";
	return arena_printf(&y->watch->scratch, "%.*s%s%.*s", STR_FMT(y->at), slash, STR_FMT(part));
}

/* The folder in which `at` stands, so that one folder has one name. */
static void step_up(struct way *y) {
	bool above = y->at.len == 0 || str_ends_with(y->at, STR(".."));
	y->at = above ? str_from(join(y, STR("..")))
				  : arena_dup(&y->watch->scratch, file_folder(y->at.ptr));
}

static void step_down(struct way *y, struct str part) {
	char target[PATH_MAX];
	const char *path = join(y, part);
	ssize_t len = readlink(path, target, sizeof target);
	if (len > 0 || y->links > 0) {
		watch_folder(y->watch, y->at.len == 0 ? "." : arena_dup(&y->watch->scratch, y->at).ptr,
					 part);
	}
	if (len <= 0) {
		y->at = str_from(path);
		return;
	}
	y->links++;
	y->rest = str_from(arena_printf(&y->watch->scratch, "%.*s%s%.*s", (int)len, target,
									y->rest.len > 0 ? "/" : "", STR_FMT(y->rest)));
}

/* Where one of the links on the way to a file stands, or something behind one, it may be exchanged. What is before the first link
 * is watched anyway. */
static void watch_links(struct watch *w, const char *path) {
	struct way y = {.watch = w, .at = STR(""), .rest = str_from(path)};
	while (y.rest.len > 0 && y.links <= WATCH_LINKS_MAX) {
		struct str part = take_part(&y);
		if (str_equal(part, STR(".."))) {
			step_up(&y);
		} else if (part.len > 0 && !str_equal(part, STR("."))) {
			step_down(&y, part);
		}
	}
}

/* Those in which a part of the pattern is looked for, and those of the files that it finds. */
static void watch_pattern(struct watch *w, struct str pattern) {
	const char *folder = w->sources.folder;
	bool is_absolute = pattern.len > 0 && pattern.ptr[0] == '/';
	watch_way(w, is_absolute ? "/" : folder != NULL ? folder : "", component_after(pattern, 0));
	for (size_t i = 1; i <= pattern.len; i++) {
		if (i < pattern.len && (pattern.ptr[i] != '/' || pattern.ptr[i - 1] == '/')) {
			continue;
		}
		struct file_list list = {0};
		files_glob(folder, str_slice(pattern, 0, i), &w->scratch, &list);
		for (size_t k = 0; k < list.count; k++) {
			watch_links(w, list.paths[k]);
			if (i < pattern.len) {
				watch_folder(w, list.paths[k], component_after(pattern, i));
			}
		}
	}
}

/* Anew, since a folder's name may be another folder's by now. The old ones go after the new ones stand, so that no change falls
 * between them. */
static void watch_folders(struct watch *w) {
	struct watched *old = w->folders;
	w->folders = NULL;
	w->folder_count = 0;
	w->complaint = NULL;
	if (w->sources.config_path != NULL) {
		struct str path = str_from(w->sources.config_path), folder = file_folder(path.ptr);
		watch_way(w, arena_dup(&w->scratch, folder).ptr, component_after(path, folder.len));
		watch_links(w, w->sources.config_path);
	}
	for (size_t i = 0; i < w->sources.pattern_count; i++) {
		watch_pattern(w, w->sources.patterns[i]);
	}
	close_folders(old);
}

static struct look look(struct watch *w, dur_ms now) {
	w->looked_at = now;
	w->stirred = w->is_waiting = false;
	watch_folders(w);
	struct look l = look_at_files(w);
	arena_reset(&w->scratch);
	return l;
}

/* ---- from outside ---- */

struct watch *watch_create(uv_loop_t *loop, watch_stir *stir, void *data) {
	struct watch *w = mem_calloc(1, sizeof *w);
	w->loop = loop;
	w->stir = stir;
	w->data = data;
	arena_init(&w->arena);
	arena_init(&w->scratch);
	return w;
}

static void keep_sources(struct watch *w, const struct watch_sources *s) {
	struct str *patterns = ARENA_ARRAY(&w->arena, struct str, s->pattern_count);
	for (size_t i = 0; i < s->pattern_count; i++) {
		patterns[i] = arena_dup(&w->arena, s->patterns[i]);
	}
	w->sources = *s;
	w->sources.patterns = patterns;
	if (s->config_path != NULL) {
		w->sources.config_path = arena_dup(&w->arena, str_from(s->config_path)).ptr;
	}
	if (s->folder != NULL) {
		w->sources.folder = arena_dup(&w->arena, str_from(s->folder)).ptr;
	}
}

void watch_set(struct watch *w, const struct watch_sources *sources, ts_ms began, dur_ms now) {
	arena_reset(&w->arena);
	keep_sources(w, sources);
	struct look l = look(w, now);
	w->sources.stamps = NULL;
	w->state = l.state;
	/* What is from the future was written by another clock, which says nothing about before and after. */
	w->unsure =
		l.differs || (l.newest >= began - CLOCK_SLACK && l.newest <= clock_wall() + CLOCK_SLACK);
}

dur_ms watch_look_at(const struct watch *w) {
	dur_ms regular = w->looked_at + WATCH_LOOK_EVERY;
	if (!w->stirred && !w->is_waiting && !w->unsure) {
		return regular;
	}
	if (!w->is_waiting) {
		return w->unsure && !w->stirred ? w->looked_at + WATCH_QUIET : 0;
	}
	dur_ms quiet = w->last_at + WATCH_QUIET, late = w->first_at + WATCH_LONGEST;
	dur_ms at = quiet < late ? quiet : late;
	return at < regular ? at : regular;
}

/* The time of what stirred is that of the next look, to which it leads at once. */
static void note_stir(struct watch *w, dur_ms now) {
	if (w->stirred) {
		w->stirred = false;
		w->last_at = now;
		w->first_at = w->is_waiting ? w->first_at : now;
		w->is_waiting = true;
	}
}

bool watch_look(struct watch *w, dur_ms now) {
	note_stir(w, now);
	if (now < watch_look_at(w)) {
		return false;
	}
	struct look l = look(w, now);
	bool changed = l.state != w->state || w->unsure;
	w->state = l.state;
	w->unsure = false;
	return changed;
}

const char *watch_complaint(const struct watch *w) {
	return w->complaint;
}

void watch_close(struct watch *w) {
	if (w != NULL) {
		w->closing = true;
		close_folders(w->folders);
		w->folders = NULL;
		free_when_done(w);
	}
}
