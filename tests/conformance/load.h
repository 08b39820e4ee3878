/* Data of a case: blocks of the PromQL test language, "load 30s" and a series on each line behind it. */
#ifndef TESTS_CONFORMANCE_LOAD_H
#define TESTS_CONFORMANCE_LOAD_H

#include "base/timestamp.h"
#include "promql-lite/store.h"

/* The first sample of each series is at `start`. Native histograms are passed over. false: `error` names the line. */
bool load_blocks(struct str text, ts_ms start, struct pql_store *store, struct strbuf *error);

#endif
