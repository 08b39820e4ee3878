#include "base/utf8.h"

static const struct lead {
	unsigned char mask, bits;
	uint32_t smallest; /* a rune below this one has a shorter form, so this one is not allowed */
} leads[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

static bool is_surrogate(uint32_t rune) {
	return rune >= 0xd800 && rune <= 0xdfff;
}

/* Length of a well-formed rune of `len` bytes at s, 0 when it is not. */
static size_t decode_as(struct str s, size_t len, uint32_t *ret_rune) {
	const struct lead *lead = &leads[len - 1];
	unsigned char first = (unsigned char)s.ptr[0];
	if (s.len < len || (first & lead->mask) != lead->bits) {
		return 0;
	}
	uint32_t rune = first & (unsigned char)~lead->mask;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];
		if ((c & 0xc0) != 0x80) {
			return 0;
		}
		rune = rune << 6 | (c & 0x3f);
	}
	if (rune < lead->smallest || rune > 0x10ffff || is_surrogate(rune)) {
		return 0;
	}
	*ret_rune = rune;
	return len;
}

size_t utf8_decode_wide(struct str s, uint32_t *ret_rune) {
	*ret_rune = UTF8_INVALID;
	if (s.len == 0) {
		return 0;
	}
	for (size_t len = 1; len <= 4; len++) {
		if (decode_as(s, len, ret_rune) > 0) {
			return len;
		}
	}
	return 1;
}

void utf8_encode(struct strbuf *b, uint32_t rune) {
	if (rune > 0x10ffff || is_surrogate(rune)) {
		rune = UTF8_INVALID;
	}
	size_t len = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	char bytes[4];
	for (size_t i = len; i-- > 1;) {
		bytes[i] = (char)(0x80 | (rune & 0x3f));
		rune >>= 6;
	}
	bytes[0] = (char)(leads[len - 1].bits | rune);
	strbuf_add(b, (struct str){.ptr = bytes, .len = len});
}

size_t utf8_skip_ascii(struct str s) {
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t words[4];
	size_t at = 0;
	for (; at + sizeof(words) <= s.len; at += sizeof(words)) {
		memcpy(words, s.ptr + at, sizeof(words));
		if (((words[0] | words[1] | words[2] | words[3]) & high) != 0) {
			break;
		}
	}
	for (; at + sizeof(words[0]) <= s.len; at += sizeof(words[0])) {
		memcpy(words, s.ptr + at, sizeof(words[0]));
		if ((words[0] & high) != 0) {
			break;
		}
	}
	return at;
}

size_t utf8_find_invalid(struct str s) {
	size_t at = utf8_skip_ascii(s);
	while (at < s.len) {
		uint32_t rune;
		size_t len = utf8_decode(str_slice(s, at, s.len), &rune);
		if (len == 1 && rune == UTF8_INVALID) {
			return at;
		}
		at += len;
	}
	return at;
}

bool utf8_valid(struct str s) {
	return utf8_find_invalid(s) == s.len;
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t rune) {
	for (size_t i = 0; i < count; i++) {
		if (rune >= ranges[i].first && rune <= ranges[i].last) {
			return true;
		}
	}
	return false;
}
#define IN_RANGES(table, rune) in_ranges(table, sizeof(table) / sizeof((table)[0]), rune)

bool utf8_is_printable(uint32_t rune) {
	static const struct range hidden[] = {
		{0x00, 0x1f},     {0x7f, 0xa0},       {0xad, 0xad},        {0x600, 0x605},
		{0x61c, 0x61c},   {0x6dd, 0x6dd},     {0x70f, 0x70f},      {0x1680, 0x1680},
		{0x180e, 0x180e}, {0x2000, 0x200f},   {0x2028, 0x202f},    {0x205f, 0x206f},
		{0x3000, 0x3000}, {0xd800, 0xf8ff},   {0xfeff, 0xfeff},    {0xfff0, 0xfffb},
		{0xfffe, 0xffff}, {0xe0000, 0xe00ff}, {0xe01f0, 0x10ffff},
	};
	return !IN_RANGES(hidden, rune);
}

static size_t rune_width(uint32_t rune) {
	static const struct range combining[] = {
		{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
		{0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
		{0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	};
	static const struct range wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
		{0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};
	if (IN_RANGES(combining, rune)) {
		return 0;
	}
	return IN_RANGES(wide, rune) ? 2 : 1;
}

size_t utf8_width(struct str s) {
	size_t width = 0;
	while (s.len > 0) {
		uint32_t rune;
		size_t len = utf8_decode(s, &rune);
		width += rune_width(rune);
		s = str_slice(s, len, s.len);
	}
	return width;
}
