/* The texts of !!binary. */
#include "rules/yaml/yaml_private.h"

#include <string.h>

/* The value of a digit; -1: it is none. */
static int digit_value(char c) {
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)(at - digits);
}

struct decoder {
	char *out;
	size_t length;
	uint32_t bits;
	size_t digits, padding; /* of the group of four */
	bool ended;             /* a group was padded: nothing may follow it */
};

static bool decode_char(struct decoder *d, char c) {
	int value = digit_value(c);
	bool pads = c == '=' && d->digits >= 2;
	if (d->ended || (!pads && (value < 0 || d->padding > 0))) {
		return false;
	}
	d->padding += pads;
	d->digits += !pads;
	d->bits = d->bits << 6 | (uint32_t)(pads ? 0 : value);
	if (d->digits + d->padding < 4) {
		return true;
	}
	for (size_t i = 0; i + 1 < d->digits; i++) {
		d->out[d->length++] = (char)(d->bits >> (16 - 8 * i) & 0xFF);
	}
	d->ended = d->padding > 0;
	d->bits = 0;
	d->digits = d->padding = 0;
	return true;
}

bool yaml_decode_binary(struct str text, struct arena *a, struct str *ret_data) {
	struct decoder d = {.out = arena_alloc(a, text.len + 1)};
	for (size_t i = 0; i < text.len; i++) {
		bool skipped = text.ptr[i] == '\n' || text.ptr[i] == '\r';
		if (!skipped && !decode_char(&d, text.ptr[i])) {
			return false;
		}
	}
	if (d.digits > 0) {
		return false;
	}
	d.out[d.length] = '\0';
	*ret_data = (struct str){.ptr = d.out, .len = d.length};
	return true;
}
