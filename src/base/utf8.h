/* UTF-8 (RFC 3629), one character at a time: for text that came from outside and that a person or
 * a JSON parser is going to read. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID UINT32_MAX

/* Decodes the character at the start of the `len` > 0 bytes at `chars` into *code and returns how
 * many bytes it takes. Bytes that are no character give UTF8_INVALID and 1. */
size_t utf8_decode(const char *chars, size_t len, uint32_t *code);

#endif
