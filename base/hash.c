#include "base/hash.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t hash_add(uint64_t state, struct str bytes) {
	for (size_t i = 0; i < bytes.len; i++) {
		state = (state ^ (unsigned char)bytes.ptr[i]) * FNV_PRIME;
	}
	return state;
}

/* The last step of MurmurHash3: FNV alone leaves the low bits, which index the tables, weak. */
uint64_t hash_finish(uint64_t state) {
	state ^= state >> 33;
	state *= UINT64_C(0xff51afd7ed558ccd);
	state ^= state >> 33;
	state *= UINT64_C(0xc4ceb9fe1a85ec53);
	return state ^ (state >> 33);
}

uint64_t hash_str(struct str s) {
	return hash_finish(hash_add(HASH_START, s));
}
