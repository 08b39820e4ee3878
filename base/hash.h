/* 64-bit hash of bytes: FNV-1a with a final mix. Not for hostile keys on its own: maps compare keys in full. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* Continues `state` (HASH_START at first) with more bytes. */
uint64_t hash_add(uint64_t state, struct str bytes);
uint64_t hash_finish(uint64_t state);
uint64_t hash_str(struct str s);

#endif
