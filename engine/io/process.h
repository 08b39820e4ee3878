/* What the kernel says of this process, as every Prometheus client exports it. */
#ifndef ENGINE_IO_PROCESS_H
#define ENGINE_IO_PROCESS_H

#include "base/strbuf.h"

/* process_cpu_seconds_total, process_resident_memory_bytes, … in Prometheus' text format. What cannot be read is left out. */
void process_print_metrics(struct strbuf *out);

#endif
