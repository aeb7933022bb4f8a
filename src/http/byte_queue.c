#include "http/byte_queue.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEEP_MAX = 128 << 10 };

void byte_queue_fini(struct byte_queue *queue)
{
    free(queue->memory);
    *queue = (struct byte_queue){0};
}

void byte_queue_clear(struct byte_queue *queue)
{
    queue->start = queue->end = 0;
    if (queue->capacity > KEEP_MAX) {
        byte_queue_fini(queue);
    }
}

uint8_t *byte_queue_reserve(struct byte_queue *queue, size_t len)
{
    size_t used = byte_queue_len(queue);
    if (queue->capacity - queue->end >= len && queue->memory) {
        return queue->memory + queue->end;
    }
    if (used > 0 && queue->start > 0) {
        memmove(queue->memory, queue->memory + queue->start, used);
    }
    queue->start = 0;
    queue->end = used;
    if (queue->capacity - used < len || !queue->memory) {
        size_t capacity = queue->capacity ? queue->capacity : 1024;
        while (capacity - used < len) {
            capacity *= 2;
        }
        queue->memory = memory_resize(queue->memory, capacity);
        queue->capacity = capacity;
    }
    return queue->memory + queue->end;
}

void byte_queue_commit(struct byte_queue *queue, size_t len)
{
    CHECK(len <= queue->capacity - queue->end);
    queue->end += len;
}

void byte_queue_add(struct byte_queue *queue, const void *bytes, size_t len)
{
    if (len > 0) {
        memcpy(byte_queue_reserve(queue, len), bytes, len);
        queue->end += len;
    }
}

void byte_queue_print(struct byte_queue *queue, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    CHECK(len >= 0);
    char *to = (char *)byte_queue_reserve(queue, (size_t)len + 1); /* its NUL is not committed */
    vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    queue->end += (size_t)len;
}

struct bytes byte_queue_front(const struct byte_queue *queue)
{
    return (struct bytes){queue->memory ? queue->memory + queue->start : NULL,
                          byte_queue_len(queue)};
}

void byte_queue_drop(struct byte_queue *queue, size_t len)
{
    CHECK(len <= byte_queue_len(queue));
    queue->start += len;
    if (queue->start == queue->end) {
        queue->start = queue->end = 0;
    }
}
