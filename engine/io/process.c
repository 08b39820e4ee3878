#include "engine/io/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "engine/io/files.h"
#include "engine/metrics.h"

static void print_one(struct metrics_writer *w, const char *name, enum metrics_type type,
					  const char *help, double value) {
	metrics_family(w, name, type, help);
	metrics_sample(w, NULL, 0, value);
}

static void print_cpu(struct metrics_writer *w) {
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) == 0) {
		double seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
						 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
		print_one(w, "process_cpu_seconds_total", METRICS_COUNTER,
				  "Total user and system CPU time spent in seconds.", seconds);
	}
}

static void print_descriptors(struct metrics_writer *w) {
	DIR *folder = opendir("/proc/self/fd");
	if (folder != NULL) {
		double count = -3; /* ".", ".." and the folder's own */
		while (readdir(folder) != NULL) {
			count++;
		}
		closedir(folder);
		print_one(w, "process_open_fds", METRICS_GAUGE, "Number of open file descriptors.", count);
	}
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		print_one(w, "process_max_fds", METRICS_GAUGE, "Maximum number of open file descriptors.",
				  (double)limit.rlim_cur);
	}
}

unsigned process_descriptors_max(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > UINT_MAX) {
		return UINT_MAX;
	}
	return (unsigned)limit.rlim_cur;
}

/* The numbered fields of /proc/self/stat, as proc(5) counts them. */
enum { STAT_THREADS = 20, STAT_STARTTIME = 22, STAT_VSIZE = 23, STAT_RSS = 24 };

struct stat_fields {
	double values[STAT_RSS + 1];
};

/* Field 2, the name, stands in parentheses and may hold anything: count from behind the last one. */
static bool read_stat(struct stat_fields *ret_fields) {
	struct arena a;
	struct strbuf text = STRBUF_INIT;
	const char *error;
	arena_init(&a);
	bool ok = file_read("/proc/self/stat", 4096, &text, &a, &error);
	char *at = ok && text.ptr != NULL ? strrchr(text.ptr, ')') : NULL;
	ok = at != NULL && at[1] == ' ' && at[2] != '\0';
	at = ok ? at + 3 : NULL; /* behind field 3, a letter */
	for (int i = 4; ok && i <= STAT_RSS; i++) {
		char *end;
		ret_fields->values[i] = strtod(at, &end);
		ok = end != at;
		at = end;
	}
	strbuf_finish(&text);
	arena_finish(&a);
	return ok;
}

static double now_seconds(clockid_t clock) {
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_stat(struct metrics_writer *w) {
	struct stat_fields f;
	if (!read_stat(&f)) {
		return;
	}
	double started = f.values[STAT_STARTTIME] / (double)sysconf(_SC_CLK_TCK);
	print_one(w, "process_resident_memory_bytes", METRICS_GAUGE, "Resident memory size in bytes.",
			  f.values[STAT_RSS] * (double)sysconf(_SC_PAGESIZE));
	print_one(w, "process_virtual_memory_bytes", METRICS_GAUGE, "Virtual memory size in bytes.",
			  f.values[STAT_VSIZE]);
	print_one(w, "process_start_time_seconds", METRICS_GAUGE,
			  "Start time of the process since unix epoch in seconds.",
			  now_seconds(CLOCK_REALTIME) - now_seconds(CLOCK_BOOTTIME) + started);
}

void process_find_place(struct process_place *ret_place) {
	*ret_place = (struct process_place){0};
	if (getcwd(ret_place->folder, sizeof ret_place->folder) == NULL) {
		ret_place->folder[0] = '\0'; /* it may have been removed */
	}
	if (gethostname(ret_place->host, sizeof ret_place->host - 1) != 0) {
		ret_place->host[0] = '\0';
	}
	ret_place->cpus = process_cpu_count();
}

unsigned process_cpu_count(void) {
	return uv_available_parallelism();
}

unsigned process_thread_count(void) {
	struct stat_fields f;
	return read_stat(&f) ? (unsigned)f.values[STAT_THREADS] : 0;
}

void process_print_metrics(struct strbuf *out) {
	struct metrics_writer w;
	metrics_init(&w, out);
	print_cpu(&w);
	print_descriptors(&w);
	print_stat(&w);
}
