#include "base/regex_syntax.h"

/* Names without '_', '-' and blanks, in lower case: so they are compared. */
static const struct {
	const char *name, *category;
} categories[] = {
	{"any", "Any"},
	{"c", "C"},
	{"casedletter", "L&"},
	{"cc", "Cc"},
	{"cf", "Cf"},
	{"closepunctuation", "Pe"},
	{"cn", "Cn"},
	{"cntrl", "Cc"},
	{"co", "Co"},
	{"combiningmark", "M"},
	{"connectorpunctuation", "Pc"},
	{"control", "Cc"},
	{"cs", "Cs"},
	{"currencysymbol", "Sc"},
	{"dashpunctuation", "Pd"},
	{"decimalnumber", "Nd"},
	{"digit", "Nd"},
	{"enclosingmark", "Me"},
	{"finalpunctuation", "Pf"},
	{"format", "Cf"},
	{"initialpunctuation", "Pi"},
	{"l", "L"},
	{"lc", "L&"},
	{"letter", "L"},
	{"letternumber", "Nl"},
	{"lineseparator", "Zl"},
	{"ll", "Ll"},
	{"lm", "Lm"},
	{"lo", "Lo"},
	{"lowercaseletter", "Ll"},
	{"lt", "Lt"},
	{"lu", "Lu"},
	{"m", "M"},
	{"mark", "M"},
	{"mathsymbol", "Sm"},
	{"mc", "Mc"},
	{"me", "Me"},
	{"mn", "Mn"},
	{"modifierletter", "Lm"},
	{"modifiersymbol", "Sk"},
	{"n", "N"},
	{"nd", "Nd"},
	{"nl", "Nl"},
	{"no", "No"},
	{"nonspacingmark", "Mn"},
	{"number", "N"},
	{"openpunctuation", "Ps"},
	{"other", "C"},
	{"otherletter", "Lo"},
	{"othernumber", "No"},
	{"otherpunctuation", "Po"},
	{"othersymbol", "So"},
	{"p", "P"},
	{"paragraphseparator", "Zp"},
	{"pc", "Pc"},
	{"pd", "Pd"},
	{"pe", "Pe"},
	{"pf", "Pf"},
	{"pi", "Pi"},
	{"po", "Po"},
	{"privateuse", "Co"},
	{"ps", "Ps"},
	{"punct", "P"},
	{"punctuation", "P"},
	{"s", "S"},
	{"sc", "Sc"},
	{"separator", "Z"},
	{"sk", "Sk"},
	{"sm", "Sm"},
	{"so", "So"},
	{"spaceseparator", "Zs"},
	{"spacingmark", "Mc"},
	{"surrogate", "Cs"},
	{"symbol", "S"},
	{"titlecaseletter", "Lt"},
	{"unassigned", "Cn"},
	{"uppercaseletter", "Lu"},
	{"z", "Z"},
	{"zl", "Zl"},
	{"zp", "Zp"},
	{"zs", "Zs"},
};

/* Whether a name from the table is meant. */
static bool same_name(struct str name, const char *listed) {
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '_' || c == '-' || c == ' ') {
			continue;
		}
		if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		if (c == '\0' || c != *listed) {
			return false;
		}
		listed++;
	}
	return *listed == '\0';
}

const char *regex_unicode_category(struct str name) {
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		if (same_name(name, categories[i].name)) {
			return categories[i].category;
		}
	}
	return NULL;
}

/* PCRE2 also knows scripts by codes of four letters, such as Grek. */
bool regex_unicode_may_be_script(struct str name) {
	static const char *const short_names[] = {"cham", "kawi", "lisu", "newa", "thai", "toto"};
	size_t letters = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!letter && c != '_' && c != '-' && c != ' ') {
			return false;
		}
		letters += letter;
	}
	for (size_t i = 0; letters == 4 && i < sizeof(short_names) / sizeof(short_names[0]); i++) {
		if (same_name(name, short_names[i])) {
			return true;
		}
	}
	return letters > 1 && letters != 4;
}
