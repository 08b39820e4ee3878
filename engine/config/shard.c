#include "engine/config/shard.h"

#include "base/hash.h"

static bool parse_number(struct str text, uint32_t *ret_number) {
	uint32_t number = 0;
	if (text.len == 0 || text.len > 4) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9') {
			return false;
		}
		number = number * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	*ret_number = number;
	return true;
}

bool shard_parse(struct str text, struct shard *ret_shard, const char **ret_error) {
	struct shard shard = {0, 0};
	size_t slash = str_find(text, STR("/"));
	*ret_error = "a shard is its number, from 0 on, and how many there are: 0/3, 1/3 or 2/3";
	if (text.len > 0 &&
		(slash == text.len || !parse_number(str_slice(text, 0, slash), &shard.index) ||
		 !parse_number(str_slice(text, slash + 1, text.len), &shard.count) ||
		 shard.index >= shard.count || shard.count > SHARD_MAX)) {
		return false;
	}
	*ret_shard = shard;
	return true;
}

void shard_print(struct strbuf *out, struct shard shard) {
	if (shard.count > 0) {
		strbuf_printf(out, "%u/%u", shard.index, shard.count);
	}
}

static uint64_t weigh(uint64_t state, uint32_t index) {
	unsigned char bytes[sizeof(index)];
	for (size_t i = 0; i < sizeof(index); i++) {
		bytes[i] = (unsigned char)(index >> (8 * i));
	}
	return hash_finish(hash_add(state, (struct str){(const char *)bytes, sizeof(bytes)}));
}

bool shard_has(struct shard shard, struct str file, struct str group) {
	uint64_t state = hash_add(hash_add(hash_add(HASH_START, file), (struct str){"", 1}), group);
	uint64_t largest = shard.count > 0 ? weigh(state, shard.index) : 0;
	for (uint32_t i = 0; i < shard.count; i++) {
		uint64_t other = weigh(state, i);
		if (other > largest || (other == largest && i < shard.index)) {
			return false;
		}
	}
	return true;
}
