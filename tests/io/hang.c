/* Loaded before tocsin's own libraries by LD_PRELOAD, it makes tocsin hang in one of two ways as soon as a file is there:
 * $HANG_FOLDER/evaluation: whatever calculates a % b never returns, as an endless loop in the evaluator would not;
 * $HANG_FOLDER/exchanges: libcurl never says again that a transfer ended; the loop turns, but nothing comes to an end. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_wanted(const char *name) {
	const char *folder = getenv("HANG_FOLDER");
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "", name);
	return access(path, F_OK) == 0;
}

/* What would have been called. POSIX has functions fit into a void *, ISO C does not know it. */
static void find_next(const char *name, void *out_function) {
	void *next = dlsym(RTLD_NEXT, name);
	if (next == NULL) {
		abort();
	}
	memcpy(out_function, &next, sizeof next);
}

double fmod(double a, double b);
double fmod(double a, double b) {
	double (*next)(double, double);
	while (is_wanted("evaluation")) {
		usleep(1000);
	}
	find_next("fmod", &next);
	return next(a, b);
}

void *curl_multi_info_read(void *multi, int *left);
void *curl_multi_info_read(void *multi, int *left) {
	void *(*next)(void *, int *);
	if (is_wanted("exchanges")) {
		*left = 0;
		return NULL;
	}
	find_next("curl_multi_info_read", &next);
	return next(multi, left);
}
