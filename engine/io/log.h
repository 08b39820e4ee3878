/* Lines for the operator on a descriptor, usually stderr. Never waits: a reader that does not read loses lines, not alerts. */
#ifndef ENGINE_IO_LOG_H
#define ENGINE_IO_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format {
	LOG_TEXT, /* time=… level=info msg="…" key=value, as logfmt */
	LOG_JSON, /* {"time":"…","level":"info","msg":"…","key":"value"} */
};

struct log {
	int fd;               /* borrowed */
	enum log_level level; /* of what is written */
	enum log_format format;
	uint64_t lost; /* lines since the last one that got through */
	struct strbuf line;
};

#define LOG_LINE_MAX 4096 /* bytes: what a pipe takes in one piece (PIPE_BUF) */

void log_init(struct log *l, int fd);
void log_finish(struct log *l);

/* `fields` may be empty. Long values are cut so that the line stays under LOG_LINE_MAX. */
void log_write(struct log *l, enum log_level level, ts_ms now, struct labels fields,
			   const char *message);
void log_printf(struct log *l, enum log_level level, ts_ms now, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The line without writing it. */
void log_print(struct strbuf *out, enum log_format format, enum log_level level, ts_ms now,
			   struct labels fields, struct str message);

#endif
