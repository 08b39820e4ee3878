#include "engine/io/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define FIRST_PASSED_FD 3 /* SD_LISTEN_FDS_START */
#define TELL_SECONDS 1    /* how long a full queue of the manager may hold us up */

struct supervisor {
	int fd; /* to tell on; -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_len;
	int listener; /* 0: none */
	dur_ms watchdog;
	struct strbuf status; /* that was told */
};

/* ---- the environment ---- */

/* A variable that is a number. false: it is not there, or is none. */
static bool read_number(const char *name, unsigned long long *ret_value) {
	const char *text = getenv(name);
	if (text == NULL || *text < '0' || *text > '9') {
		return false;
	}
	char *end;
	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0';
}

/* Whether variables with this one among them are meant for us: a parent's would be inherited. */
static bool is_ours(const char *pid_variable) {
	unsigned long long pid;
	return read_number(pid_variable, &pid) && pid == (unsigned long long)getpid();
}

static void find_manager(struct supervisor *s) {
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;
	if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof s->address.sun_path) {
		return; /* of another kind: to a virtual machine's host */
	}
	s->address.sun_family = AF_UNIX;
	memcpy(s->address.sun_path, path, len + 1);
	if (path[0] == '@') {
		s->address.sun_path[0] = '\0'; /* an abstract one; its length is part of its name */
	}
	s->address_len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/' ? 1 : 0));
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0) {
		const struct timeval patience = {.tv_sec = TELL_SECONDS};
		setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	}
}

static void find_watchdog(struct supervisor *s) {
	unsigned long long us;
	bool for_others = getenv("WATCHDOG_PID") != NULL && !is_ours("WATCHDOG_PID");
	if (!for_others && read_number("WATCHDOG_USEC", &us) && us >= 1000) {
		s->watchdog = (dur_ms)(us / 1000);
	}
}

/* NULL: it is a stream socket that listens. */
static const char *what_is_wrong(int fd) {
	int type = 0, listens = 0;
	socklen_t len = sizeof type;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) {
		return errno == EBADF ? "it is not open" : "it is no socket";
	}
	len = sizeof listens;
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	if (type != SOCK_STREAM || listens == 0) {
		return "it is no listening stream socket (ListenStream=, without Accept=yes)";
	}
	return NULL;
}

static bool find_listener(struct supervisor *s, struct strbuf *out_error) {
	unsigned long long count;
	if (!is_ours("LISTEN_PID") || !read_number("LISTEN_FDS", &count) || count == 0) {
		return true;
	}
	if (count > 1) {
		strbuf_printf(out_error,
					  "%llu sockets were passed on, but tocsin listens on one: leave one "
					  "ListenStream= in the .socket unit",
					  count);
		return false;
	}
	const char *wrong = what_is_wrong(FIRST_PASSED_FD);
	if (wrong != NULL) {
		strbuf_printf(out_error, "a socket was passed on (LISTEN_FDS), but %s", wrong);
		return false;
	}
	fcntl(FIRST_PASSED_FD, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_PASSED_FD, F_SETFL, fcntl(FIRST_PASSED_FD, F_GETFL) | O_NONBLOCK);
	s->listener = FIRST_PASSED_FD;
	return true;
}

struct supervisor *supervisor_create(struct strbuf *out_error) {
	struct supervisor *s = mem_calloc(1, sizeof *s);
	s->fd = -1;
	find_manager(s);
	find_watchdog(s);
	if (!find_listener(s, out_error)) {
		supervisor_tell_failed(s, strbuf_str(out_error));
		supervisor_destroy(s);
		return NULL;
	}
	return s;
}

void supervisor_destroy(struct supervisor *s) {
	if (s == NULL) {
		return;
	}
	if (s->fd >= 0) {
		close(s->fd);
	}
	if (s->listener > 0) {
		close(s->listener);
	}
	strbuf_finish(&s->status);
	free(s);
}

int supervisor_listener(const struct supervisor *s) {
	return s != NULL ? s->listener : 0;
}

dur_ms supervisor_watchdog(const struct supervisor *s) {
	return s != NULL ? s->watchdog : 0;
}

/* ---- what it is told ---- */

static bool send_text(const struct supervisor *s, struct str text, int flags) {
	if (s == NULL || s->fd < 0) {
		return true;
	}
	ssize_t sent;
	do {
		sent = sendto(s->fd, text.ptr, text.len, flags | MSG_NOSIGNAL,
					  (const struct sockaddr *)&s->address, s->address_len);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* One line, whole characters. */
static void add_status(struct strbuf *out, struct str sentence) {
	size_t end = sentence.len;
	if (end > SUPERVISOR_STATUS_MAX) {
		end = SUPERVISOR_STATUS_MAX;
		while (end > 0 && ((unsigned char)sentence.ptr[end] & 0xc0) == 0x80) {
			end--;
		}
	}
	strbuf_add_c(out, "STATUS=");
	for (size_t i = 0; i < end; i++) {
		char c = sentence.ptr[i];
		strbuf_add_char(out, (unsigned char)c < 0x20 ? ' ' : c);
	}
}

void supervisor_tell_ready(struct supervisor *s) {
	send_text(s, STR("READY=1"), 0);
}

/* The time is how the manager knows which of two reloads this is. */
void supervisor_tell_reloading(struct supervisor *s) {
	struct timespec t;
	char text[64];
	clock_gettime(CLOCK_MONOTONIC, &t);
	int len = snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
					   (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	send_text(s, (struct str){text, (size_t)len}, 0);
}

void supervisor_tell_stopping(struct supervisor *s, dur_ms wait) {
	char text[80];
	int len =
		snprintf(text, sizeof text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld", (long long)wait * 1000);
	send_text(s, (struct str){text, (size_t)len}, 0);
}

void supervisor_tell_failed(struct supervisor *s, struct str reason) {
	struct strbuf text = STRBUF_INIT;
	add_status(&text, reason);
	send_text(s, strbuf_str(&text), 0);
	strbuf_finish(&text);
}

void supervisor_tell_alive(struct supervisor *s) {
	send_text(s, STR("WATCHDOG=1"), MSG_DONTWAIT);
}

void supervisor_tell_status(struct supervisor *s, struct str sentence) {
	if (s == NULL) {
		return;
	}
	struct strbuf text = STRBUF_INIT;
	add_status(&text, sentence);
	if (!str_equal(strbuf_str(&text), strbuf_str(&s->status)) &&
		send_text(s, strbuf_str(&text), MSG_DONTWAIT)) {
		strbuf_finish(&s->status);
		s->status = text;
		return;
	}
	strbuf_finish(&text);
}
