#include "engine/io/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

#define BACKLOG 128

struct address {
	char *host; /* owned; "" for all addresses */
	char *port; /* owned */
};

static void address_finish(struct address *a) {
	free(a->host);
	free(a->port);
}

static bool is_port(const char *text) {
	char *end;
	errno = 0;
	long port = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && port <= 65535;
}

/* host ":" port, where an IPv6 host stands in brackets and an empty one means all addresses. */
static bool address_parse(const char *text, struct address *ret_address) {
	const char *colon = strrchr(text, ':');
	if (colon == NULL || !is_port(colon + 1)) {
		return false;
	}
	struct str host = {text, (size_t)(colon - text)};
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
		host = str_slice(host, 1, host.len - 1);
	}
	*ret_address = (struct address){mem_dup_str(host), mem_dup_str(str_from(colon + 1))};
	return true;
}

static int open_one(const struct addrinfo *a) {
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	if (fd < 0) {
		return -1;
	}
	const int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
		return fd;
	}
	int number = errno;
	close(fd);
	errno = number;
	return -1;
}

static const char *words(int number) {
	switch (number) {
	case EADDRINUSE: return "address already in use";
	case EACCES: return "permission denied";
	case EADDRNOTAVAIL: return "no such address on this machine";
	default: return strerror(number);
	}
}

static int open_first(const struct address *address, const char **ret_error) {
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list;
	const char *host = address->host[0] != '\0' ? address->host : NULL;
	int code = getaddrinfo(host, address->port, &hints, &list);
	if (code != 0) {
		*ret_error = gai_strerror(code);
		return -1;
	}
	int fd = -1;
	for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
		fd = open_one(a);
	}
	*ret_error = words(errno);
	freeaddrinfo(list);
	return fd;
}

int listener_open(const char *address, struct strbuf *out_error) {
	struct address parts;
	if (!address_parse(address, &parts)) {
		strbuf_printf(out_error, "cannot listen on \"%s\": not of the form host:port", address);
		return -1;
	}
	const char *error;
	int fd = open_first(&parts, &error);
	if (fd < 0) {
		strbuf_printf(out_error, "cannot listen on %s: %s", address, error);
	}
	address_finish(&parts);
	return fd;
}

union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

static bool find_address(int fd, union any_address *ret_address) {
	socklen_t length = sizeof *ret_address;
	*ret_address = (union any_address){0};
	return getsockname(fd, &ret_address->any, &length) == 0;
}

unsigned listener_port(int fd) {
	union any_address a;
	if (!find_address(fd, &a)) {
		return 0;
	}
	switch (a.any.sa_family) {
	case AF_INET: return ntohs(a.v4.sin_port);
	case AF_INET6: return ntohs(a.v6.sin6_port);
	default: return 0;
	}
}

void listener_print_address(int fd, struct strbuf *out) {
	union any_address a;
	char host[INET6_ADDRSTRLEN] = "";
	if (!find_address(fd, &a)) {
		return;
	}
	switch (a.any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof host);
		strbuf_printf(out, "%s:%u", host, (unsigned)ntohs(a.v4.sin_port));
		return;
	case AF_INET6:
		inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof host);
		strbuf_printf(out, "[%s]:%u", host, (unsigned)ntohs(a.v6.sin6_port));
		return;
	case AF_UNIX: strbuf_add_c(out, a.local.sun_path); return;
	default: return;
	}
}
