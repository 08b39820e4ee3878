/* 64-bit hashes of bytes. Not for hostile keys on their own: maps compare keys in full. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a with a final mix, the same on every machine: continues `state` (HASH_START at first) with more bytes. */
uint64_t hash_add(uint64_t state, struct str bytes);
uint64_t hash_finish(uint64_t state);

/* Of a whole text, several times as fast; another number, and one that the machine's order of bytes decides. */
uint64_t hash_str(struct str s);

#endif
