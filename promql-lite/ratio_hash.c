#include "promql-lite/ratio_hash.h"

#include <string.h>

/* xxHash64 with seed 0, fed in pieces. Source: the xxHash specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). */

#define PRIME1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME3 UINT64_C(0x165667B19E3779F9)
#define PRIME4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME5 UINT64_C(0x27D4EB2F165667C5)
#define STRIPE 32

struct ratio_hash {
	uint64_t lanes[4];
	uint64_t length;
	unsigned char buffer[STRIPE]; /* length % STRIPE bytes that no lane has seen */
};

static uint64_t rotate(uint64_t v, int bits) {
	return (v << bits) | (v >> (64 - bits));
}

/* Little-endian. */
static uint64_t read_bytes(const unsigned char *p, size_t count) {
	uint64_t v = 0;

	for (size_t i = count; i-- > 0;) {
		v = v << 8 | p[i];
	}
	return v;
}

static uint64_t lane_round(uint64_t lane, uint64_t input) {
	return rotate(lane + input * PRIME2, 31) * PRIME1;
}

static void hash_bytes(struct ratio_hash *h, const void *bytes, size_t count) {
	const unsigned char *p = bytes;

	for (size_t i = 0; i < count; i++) {
		h->buffer[h->length++ % STRIPE] = p[i];
		if (h->length % STRIPE != 0) {
			continue;
		}
		for (size_t lane = 0; lane < 4; lane++) {
			h->lanes[lane] = lane_round(h->lanes[lane], read_bytes(h->buffer + 8 * lane, 8));
		}
	}
}

static uint64_t hash_merge_lanes(const struct ratio_hash *h) {
	uint64_t v;

	if (h->length < STRIPE) {
		return PRIME5;
	}
	v = rotate(h->lanes[0], 1) + rotate(h->lanes[1], 7) + rotate(h->lanes[2], 12) +
		rotate(h->lanes[3], 18);
	for (size_t lane = 0; lane < 4; lane++) {
		v = (v ^ lane_round(0, h->lanes[lane])) * PRIME1 + PRIME4;
	}
	return v;
}

static uint64_t hash_end(const struct ratio_hash *h) {
	uint64_t v = hash_merge_lanes(h) + h->length;
	size_t left = h->length % STRIPE, at = 0;

	for (; at + 8 <= left; at += 8) {
		v = rotate(v ^ lane_round(0, read_bytes(h->buffer + at, 8)), 27) * PRIME1 + PRIME4;
	}
	for (; at + 4 <= left; at += 4) {
		v = rotate(v ^ (read_bytes(h->buffer + at, 4) * PRIME1), 23) * PRIME2 + PRIME3;
	}
	for (; at < left; at++) {
		v = rotate(v ^ (h->buffer[at] * PRIME5), 11) * PRIME1;
	}
	v = (v ^ (v >> 33)) * PRIME2;
	v = (v ^ (v >> 29)) * PRIME3;
	return v ^ (v >> 32);
}

/* One byte of length, or 255 and three bytes. */
static void hash_sized(struct ratio_hash *h, struct str s) {
	unsigned char size[4] = {255, (unsigned char)s.len, (unsigned char)(s.len >> 8),
							 (unsigned char)(s.len >> 16)};

	if (s.len < 255) {
		hash_bytes(h, &size[1], 1);
	} else {
		hash_bytes(h, size, sizeof(size));
	}
	hash_bytes(h, s.ptr, s.len);
}

double ratio_hash_of(struct labels l) {
	struct ratio_hash h = {.lanes = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1}};

	for (size_t i = 0; i < l.count; i++) {
		hash_sized(&h, l.items[i].name);
		hash_sized(&h, l.items[i].value);
	}
	return (double)hash_end(&h) / 18446744073709551616.0;
}
