#include "engine/io/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

void log_init(struct log *l, int fd) {
	*l = (struct log){.fd = fd, .level = LOG_INFO, .format = LOG_TEXT};
}

void log_finish(struct log *l) {
	strbuf_finish(&l->line);
}

/* ---- one line ---- */

static void print_time(struct strbuf *out, ts_ms t) {
	timestamp_print_rfc3339_ms(out, t);
}

/* Fields may be an alert's labels, which have any name: those of our own keys get a line behind them. */
static struct str key_of(struct str name, struct strbuf *scratch) {
	static const char *const own[] = {"time", "level", "msg"};
	strbuf_clear(scratch);
	strbuf_add(scratch, name);
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (str_equal(name, str_from(own[i]))) {
			strbuf_add_char(scratch, '_');
		}
	}
	return strbuf_str(scratch);
}

/* Bare when it has nothing that would need quotes. */
static void print_value(struct strbuf *out, struct str value) {
	bool bare = value.len > 0;
	for (size_t i = 0; i < value.len && bare; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		bare = c > ' ' && c != '"' && c != '=' && c != '\\' && c < 0x7f;
	}
	if (bare) {
		strbuf_add(out, value);
	} else {
		strbuf_add_quoted(out, value);
	}
}

static void print_text(struct strbuf *out, enum log_level level, ts_ms now, struct labels fields,
					   struct str message) {
	strbuf_add_c(out, "time=");
	print_time(out, now);
	strbuf_printf(out, " level=%s msg=", level_names[level]);
	strbuf_add_quoted(out, message);
	struct strbuf key = STRBUF_INIT;
	for (size_t i = 0; i < fields.count; i++) {
		strbuf_add_char(out, ' ');
		print_value(out, key_of(fields.items[i].name, &key));
		strbuf_add_char(out, '=');
		print_value(out, fields.items[i].value);
	}
	strbuf_finish(&key);
}

static void print_json(struct strbuf *out, enum log_level level, ts_ms now, struct labels fields,
					   struct str message) {
	struct strbuf time = STRBUF_INIT;
	print_time(&time, now);
	struct json_writer w;
	json_init(&w, out);
	json_open_object(&w);
	json_key(&w, "time");
	json_string(&w, strbuf_str(&time));
	json_key(&w, "level");
	json_string(&w, str_from(level_names[level]));
	json_key(&w, "msg");
	json_string(&w, message);
	struct strbuf key = STRBUF_INIT;
	for (size_t i = 0; i < fields.count; i++) {
		json_key_str(&w, key_of(fields.items[i].name, &key));
		json_string(&w, fields.items[i].value);
	}
	json_close_object(&w);
	strbuf_finish(&key);
	strbuf_finish(&time);
}

void log_print(struct strbuf *out, enum log_format format, enum log_level level, ts_ms now,
			   struct labels fields, struct str message) {
	if (format == LOG_JSON) {
		print_json(out, level, now, fields, message);
	} else {
		print_text(out, level, now, fields, message);
	}
	strbuf_add_char(out, '\n');
}

/* ---- writing without waiting ---- */

/* A pipe that polls as writable takes LOG_LINE_MAX bytes without waiting; a socket is asked not to wait; files never wait. The
 * descriptor is not made non-blocking: it may be the terminal of others. */
static bool write_now(int fd, struct str line) {
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	if (poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0) {
		return false;
	}
	ssize_t written = send(fd, line.ptr, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (written < 0 && errno == ENOTSOCK) {
		written = write(fd, line.ptr, line.len);
	}
	return written == (ssize_t)line.len;
}

#define CUT_MIN 16 /* bytes of a value that still say something */

/* Within a rune nothing is cut. */
static struct str cut(struct str s, size_t max, struct arena *a) {
	if (s.len <= max) {
		return s;
	}
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xc0) == 0x80) {
		max--;
	}
	return str_from(arena_printf(a, "%.*s…", (int)max, s.ptr));
}

static struct labels cut_fields(struct labels fields, size_t max, struct arena *a) {
	struct label *items = ARENA_ARRAY(a, struct label, fields.count);
	for (size_t i = 0; i < fields.count; i++) {
		items[i].name = cut(fields.items[i].name, max, a);
		items[i].value = cut(fields.items[i].value, max, a);
	}
	return (struct labels){.items = items, .count = fields.count};
}

/* Long values give way first, then the last fields, the message last of all. Escapes make bytes longer, six times at most: so
 * halve until it fits. */
static void print_fitting(struct log *l, enum log_level level, ts_ms now, struct labels fields,
						  struct str message) {
	struct arena a;
	arena_init(&a);
	size_t max = LOG_LINE_MAX;
	for (;;) {
		strbuf_clear(&l->line);
		log_print(&l->line, l->format, level, now, fields, message);
		if (l->line.len <= LOG_LINE_MAX) {
			break;
		}
		if (fields.count > 0 && max > CUT_MIN) {
			max = max / 2;
			fields = cut_fields(fields, max, &a);
		} else if (fields.count > 0) {
			fields.count = fields.count / 2;
		} else {
			message = cut(message, message.len / 2, &a);
		}
	}
	arena_finish(&a);
}

static void report_lost(struct log *l, ts_ms now) {
	struct strbuf text = STRBUF_INIT;
	strbuf_printf(&text, "%llu log lines were lost: nobody read them", (unsigned long long)l->lost);
	print_fitting(l, LOG_WARN, now, LABELS_EMPTY, strbuf_str(&text));
	if (write_now(l->fd, strbuf_str(&l->line))) {
		l->lost = 0;
	}
	strbuf_finish(&text);
}

void log_write(struct log *l, enum log_level level, ts_ms now, struct labels fields,
			   const char *message) {
	if (level < l->level) {
		return;
	}
	if (l->lost > 0) {
		report_lost(l, now);
	}
	print_fitting(l, level, now, fields, str_from(message));
	if (l->lost > 0 || !write_now(l->fd, strbuf_str(&l->line))) {
		l->lost++;
	}
}

void log_printf(struct log *l, enum log_level level, ts_ms now, const char *format, ...) {
	struct strbuf text = STRBUF_INIT;
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	log_write(l, level, now, LABELS_EMPTY, text.ptr != NULL ? text.ptr : "");
	strbuf_finish(&text);
}
