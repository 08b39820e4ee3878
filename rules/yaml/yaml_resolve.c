/* What a scalar without a tag is: a number, a truth value, a date or text. As yaml.v3 resolves it (YAML 1.2 with the octals
 * of 1.1). */
#include "rules/yaml/yaml.h"

#include <errno.h>
#include <math.h>

#include "base/gofloat.h"

struct word {
	const char *text, *tag;
};

static const struct word words[] = {
	{"true", "!!bool"},   {"True", "!!bool"},   {"TRUE", "!!bool"},   {"false", "!!bool"},
	{"False", "!!bool"},  {"FALSE", "!!bool"},  {"", "!!null"},       {"~", "!!null"},
	{"null", "!!null"},   {"Null", "!!null"},   {"NULL", "!!null"},   {".nan", "!!float"},
	{".NaN", "!!float"},  {".NAN", "!!float"},  {".inf", "!!float"},  {".Inf", "!!float"},
	{".INF", "!!float"},  {"+.inf", "!!float"}, {"+.Inf", "!!float"}, {"+.INF", "!!float"},
	{"-.inf", "!!float"}, {"-.Inf", "!!float"}, {"-.INF", "!!float"}, {"<<", "!!merge"},
};

#define NUMBER_BYTES 64 /* a longer text is no number that anyone writes; yaml.v3 has no limit */

/* The text without the underscores that numbers may hold. */
static bool plain_digits(struct str text, char ret_digits[NUMBER_BYTES]) {
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '_') {
			continue;
		}
		if (n + 1 == NUMBER_BYTES || text.ptr[i] == '\0') {
			return false;
		}
		ret_digits[n++] = text.ptr[i];
	}
	ret_digits[n] = '\0';
	return n > 0;
}

static int base_of(const char **digits) {
	static const struct {
		char letter;
		int base;
	} prefixes[] = {{'x', 16}, {'X', 16}, {'o', 8}, {'O', 8}, {'b', 2}, {'B', 2}};
	if (**digits != '0' || (*digits)[1] == '\0') {
		return 10;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if ((*digits)[1] == prefixes[i].letter) {
			*digits += 2;
			return prefixes[i].base;
		}
	}
	return 8;
}

static bool digit_of(char c, int base) {
	int value = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' ? (c | 32) - 'a' + 10 : 99;
	return value < base;
}

/* 64 bits, signed or (positive) unsigned; *ret_value only when it fits the signed ones. */
static bool read_int(const char *digits, int64_t *ret_value, bool *ret_fits) {
	bool negative = *digits == '-';
	digits += negative || *digits == '+';
	int base = base_of(&digits);
	if (!digit_of(*digits, base)) {
		return false;
	}
	char *end;
	errno = 0;
	unsigned long long value = strtoull(digits, &end, base);
	uint64_t most = negative ? (uint64_t)1 << 63 : UINT64_MAX;
	if (*end != '\0' || errno == ERANGE || value > most) {
		return false;
	}
	*ret_fits = negative || value <= (uint64_t)INT64_MAX;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static size_t skip_digits(struct str s, size_t at) {
	while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9') {
		at++;
	}
	return at;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(struct str s) {
	size_t at = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
	size_t whole = skip_digits(s, at) - at;
	at += whole;
	if (at < s.len && s.ptr[at] == '.') {
		size_t fraction = skip_digits(s, at + 1) - (at + 1);
		if (whole == 0 && fraction == 0) {
			return false;
		}
		at += 1 + fraction;
	} else if (whole == 0) {
		return false;
	}
	if (at < s.len && (s.ptr[at] == 'e' || s.ptr[at] == 'E')) {
		at++;
		at += at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+');
		size_t exponent = skip_digits(s, at) - at;
		if (exponent == 0) {
			return false;
		}
		at += exponent;
	}
	return at == s.len;
}

/* 2001-12-14, alone or with a time behind it. */
static bool is_timestamp(struct str s) {
	size_t year = skip_digits(s, 0);
	if (year != 4 || year == s.len || s.ptr[year] != '-') {
		return false;
	}
	size_t month = skip_digits(s, 5);
	if (month == 5 || month > 7 || month == s.len || s.ptr[month] != '-') {
		return false;
	}
	size_t day = skip_digits(s, month + 1);
	if (day == month + 1 || day > month + 3) {
		return false;
	}
	return day == s.len || s.ptr[day] == 'T' || s.ptr[day] == 't' || s.ptr[day] == ' ';
}

/* What one of the words or a number begins with. */
static bool may_be_other_than_text(struct str text) {
	return text.len == 0 ||
		   (text.ptr[0] != '\0' && strchr("tTfFnN~.+-<0123456789", text.ptr[0]) != NULL);
}

static const char *resolve(struct str text) {
	if (!may_be_other_than_text(text)) {
		return "!!str";
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal(text, str_from(words[i].text))) {
			return words[i].tag;
		}
	}
	char first = text.ptr[0];
	if (first != '-' && first != '+' && first != '.' && (first < '0' || first > '9')) {
		return "!!str";
	}
	if (is_timestamp(text)) {
		return "!!timestamp";
	}
	char digits[NUMBER_BYTES];
	int64_t value;
	bool fits;
	if (!plain_digits(text, digits)) {
		return "!!str";
	}
	if (first != '.' && read_int(digits, &value, &fits)) {
		return "!!int";
	}
	return is_float(str_from(digits)) ? "!!float" : "!!str";
}

bool yaml_has_tag(const struct yaml_node *node, const char *tag) {
	return node->tag != NULL && strcmp(node->tag, tag) == 0;
}

const char *yaml_tag(const struct yaml_node *node) {
	if (node->tag != NULL && !yaml_has_tag(node, "!")) {
		return node->tag;
	}
	switch (node->kind) {
	case YAML_NULL: return "!!null";
	case YAML_SEQUENCE: return "!!seq";
	case YAML_MAPPING: return "!!map";
	case YAML_SCALAR: break;
	}
	return node->plain && node->tag == NULL ? resolve(node->text) : "!!str";
}

enum number { NUMBER_NONE, NUMBER_INT, NUMBER_UNSIGNED, NUMBER_FLOAT };

/* NUMBER_INT: fits int64_t; NUMBER_UNSIGNED: only its unsigned sister, of which *ret_int has the bits. */
static enum number read_number(const struct yaml_node *node, int64_t *ret_int, double *ret_float) {
	struct str tag = str_from(yaml_tag(node));
	char digits[NUMBER_BYTES];
	bool is_int = str_equal(tag, STR("!!int")), fits;
	if ((!is_int && !str_equal(tag, STR("!!float"))) || !plain_digits(node->text, digits)) {
		return NUMBER_NONE;
	}
	if (is_int && read_int(digits, ret_int, &fits)) {
		return fits ? NUMBER_INT : NUMBER_UNSIGNED;
	}
	bool good = is_float(str_from(digits)) && gofloat_parse(str_from(digits), ret_float, NULL);
	return good ? NUMBER_FLOAT : NUMBER_NONE;
}

bool yaml_get_int(const struct yaml_node *node, int64_t *ret_value) {
	int64_t value;
	double number;
	switch (read_number(node, &value, &number)) {
	case NUMBER_INT: break;
	case NUMBER_FLOAT:
		if (!(number > -0x1p63 && number < 0x1p63)) {
			return false;
		}
		value = (int64_t)number;
		break;
	case NUMBER_UNSIGNED:
	case NUMBER_NONE: return false;
	}
	*ret_value = value;
	return true;
}

bool yaml_get_uint(const struct yaml_node *node, uint64_t *ret_value) {
	int64_t value;
	double number;
	switch (read_number(node, &value, &number)) {
	case NUMBER_INT:
		if (value < 0) {
			return false;
		}
		*ret_value = (uint64_t)value;
		return true;
	case NUMBER_UNSIGNED: *ret_value = (uint64_t)value; return true;
	case NUMBER_FLOAT:
		if (!(number > -1 && number < 0x1p64)) {
			return false;
		}
		*ret_value = (uint64_t)number;
		return true;
	case NUMBER_NONE: break;
	}
	return false;
}

/* .inf and .nan, which Go writes without the point. */
static bool read_word(struct str s, double *ret_value) {
	bool negative = s.len > 0 && s.ptr[0] == '-';
	struct str size = str_slice(s, negative || (s.len > 0 && s.ptr[0] == '+'), s.len);
	if (size.len != 4 || size.ptr[0] != '.' || (size.ptr[1] | 32) < 'a') {
		return false;
	}
	*ret_value = (size.ptr[1] | 32) == 'n' ? NAN : negative ? -INFINITY : INFINITY;
	return true;
}

bool yaml_get_number(const struct yaml_node *node, double *ret_value) {
	struct str tag = str_from(yaml_tag(node));
	char digits[NUMBER_BYTES];
	int64_t value;
	bool fits, range = false, is_int = str_equal(tag, STR("!!int"));
	if ((!is_int && !str_equal(tag, STR("!!float"))) || !plain_digits(node->text, digits)) {
		return false;
	}
	if (is_int && read_int(digits, &value, &fits)) {
		*ret_value = fits ? (double)value : (double)(uint64_t)value;
		return true;
	}
	if (read_word(node->text, ret_value)) {
		return true;
	}
	return gofloat_parse(str_from(digits), ret_value, &range) && !range;
}

bool yaml_get_bool(const struct yaml_node *node, bool *ret_value) {
	static const char *const yes[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
									  "True", "TRUE", "on",  "On",  "ON"};
	static const char *const no[] = {"n",     "N",     "no",  "No",  "NO", "false",
									 "False", "FALSE", "off", "Off", "OFF"};
	bool plain = node->kind == YAML_SCALAR &&
				 (node->tag == NULL ? node->plain : yaml_has_tag(node, "!!bool"));
	for (size_t i = 0; plain && i < sizeof(yes) / sizeof(yes[0]); i++) {
		*ret_value = str_equal(node->text, str_from(yes[i]));
		if (*ret_value || str_equal(node->text, str_from(no[i]))) {
			return true;
		}
	}
	return false;
}

void yaml_add_type_error(struct diags *diags, const struct yaml_node *node, const char *into) {
	const char *tag = yaml_tag(node);
	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING) {
		diags_add(diags, DIAG_ERROR, node->span, "yaml: line %u: cannot unmarshal %s into %s",
				  node->line, tag, into);
		return;
	}
	bool long_text = node->text.len > 10;
	struct str shown = long_text ? str_slice(node->text, 0, 7) : node->text;
	diags_add(diags, DIAG_ERROR, node->span, "yaml: line %u: cannot unmarshal %s `%.*s%s` into %s",
			  node->line, tag, STR_FMT(shown), long_text ? "..." : "", into);
}
