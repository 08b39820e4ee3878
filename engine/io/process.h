/* What the kernel says of this process. */
#ifndef ENGINE_IO_PROCESS_H
#define ENGINE_IO_PROCESS_H

#include "base/strbuf.h"

#define PROCESS_FOLDER_MAX 4096 /* PATH_MAX */
#define PROCESS_HOST_MAX 256

/* Where it runs. What cannot be found out is empty or zero. */
struct process_place {
	char folder[PROCESS_FOLDER_MAX], host[PROCESS_HOST_MAX];
	unsigned cpus; /* that it may use */
};
void process_find_place(struct process_place *ret_place);

unsigned process_thread_count(void);
unsigned process_cpu_count(void); /* that it may use */
/* File descriptors that it may have at the same time; UINT_MAX: any number. */
unsigned process_descriptors_max(void);

/* As every Prometheus client exports it: process_cpu_seconds_total, process_resident_memory_bytes, … in the text format. What
 * cannot be read is left out. */
void process_print_metrics(struct strbuf *out);

#endif
