/* Upper, lower and title case of one rune, what a letter is and what a digit: Unicode 15.0.0, made from its character database. */
#ifndef BASE_RUNE_H
#define BASE_RUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* The rune itself where it has no such case. */
uint32_t rune_upper(uint32_t rune);
uint32_t rune_lower(uint32_t rune);
uint32_t rune_title(uint32_t rune);

bool rune_is_letter(uint32_t rune);
bool rune_is_digit(uint32_t rune); /* decimal ones, of any script */

/* As Go's strings.ToUpper and ToLower: rune by rune; a bad byte becomes U+FFFD. */
void rune_add_upper(struct strbuf *out, struct str text);
void rune_add_lower(struct strbuf *out, struct str text);

#endif
