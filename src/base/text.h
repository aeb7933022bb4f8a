/* Text: a growing string for people and programs to read, never for the wire. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Owned: `chars` is NUL-terminated heap memory, or NULL while empty. Zero-initialise to start. */
struct text {
    char *chars;
    size_t len;
    size_t capacity;
};

void text_add(struct text *text, const char *chars, size_t len);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprint(struct text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void text_clear(struct text *text); /* keeps the memory */
void text_fini(struct text *text);

/* The string so far; "" while empty. Valid until the next call on `text`. */
const char *text_chars(const struct text *text);

#endif
