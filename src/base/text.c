#include "base/text.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_reserve(struct text *text, size_t more)
{
    size_t need = text->len + more + 1;
    if (need <= text->capacity) {
        return;
    }
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < need) {
        capacity *= 2;
    }
    text->chars = memory_resize(text->chars, capacity);
    text->capacity = capacity;
}

void text_add(struct text *text, const char *chars, size_t len)
{
    text_reserve(text, len);
    if (len > 0) {
        memcpy(text->chars + text->len, chars, len);
    }
    text->len += len;
    text->chars[text->len] = '\0';
}

void text_vprint(struct text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0) {
        return;
    }
    text_reserve(text, (size_t)len);
    vsnprintf(text->chars + text->len, (size_t)len + 1, format, args);
    text->len += (size_t)len;
}

void text_print(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vprint(text, format, args);
    va_end(args);
}

void text_clear(struct text *text)
{
    text->len = 0;
    if (text->chars) {
        text->chars[0] = '\0';
    }
}

void text_fini(struct text *text)
{
    free(text->chars);
    *text = (struct text){0};
}

const char *text_chars(const struct text *text)
{
    return text->chars ? text->chars : "";
}
