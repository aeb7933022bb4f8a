#include "base/memory.h"

#include "base/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *memory_new(size_t size)
{
    return memory_new_array(1, size);
}

void *memory_new_array(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    CHECK(p);
    return p;
}

void *memory_resize(void *p, size_t size)
{
    void *bigger = realloc(p, size ? size : 1);
    CHECK(bigger);
    return bigger;
}

void *memory_copy(const void *from, size_t size)
{
    void *p = memory_resize(NULL, size);
    if (size > 0) {
        memcpy(p, from, size);
    }
    return p;
}

char *memory_copy_text(const char *text)
{
    return memory_copy(text, strlen(text) + 1);
}

char *memory_copy_chars(const char *chars, size_t len)
{
    char *p = memory_resize(NULL, len + 1);
    if (len > 0) {
        memcpy(p, chars, len);
    }
    p[len] = '\0';
    return p;
}

void *memory_grow_array(void *array, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity) {
        return array;
    }
    size_t grown = *capacity ? *capacity : 8;
    while (grown <= count) {
        CHECK(grown <= SIZE_MAX / 2 / item_size);
        grown *= 2;
    }
    *capacity = grown;
    return memory_resize(array, grown * item_size);
}
