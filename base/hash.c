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

static uint64_t add_word(uint64_t state, uint64_t word) {
	state = (state ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return state ^ (state >> 32);
}

/* Eight bytes a step; the length tells apart what the zeros at the end do not. */
uint64_t hash_str(struct str s) {
	uint64_t state = HASH_START, length = s.len, word;
	for (; s.len >= sizeof(word); s = str_slice(s, sizeof(word), s.len)) {
		memcpy(&word, s.ptr, sizeof(word));
		state = add_word(state, word);
	}
	word = 0;
	if (s.len > 0) {
		memcpy(&word, s.ptr, s.len);
	}
	return hash_finish(add_word(state, word) ^ length);
}
