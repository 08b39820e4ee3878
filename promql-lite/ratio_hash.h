/* Where limit_ratio sees a series between 0 and 1: Prometheus' hash of its labels, so that both choose the same series. */
#ifndef PQL_RATIO_HASH_H
#define PQL_RATIO_HASH_H

#include "base/labels.h"

/* xxHash64 over length-prefixed names and values (labels.Labels.Hash of a build with string labels), divided by 2^64. */
double ratio_hash_of(struct labels l);

#endif
