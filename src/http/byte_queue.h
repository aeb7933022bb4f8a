/* A queue of bytes: added at the end, taken from the front, in one piece of memory that is reused.
 */
#ifndef HTTP_BYTE_QUEUE_H
#define HTTP_BYTE_QUEUE_H

#include "base/bytes.h"

/* Zero-initialise to start. */
struct byte_queue {
    uint8_t *memory;
    size_t start, end, capacity;
};

void byte_queue_fini(struct byte_queue *queue);
void byte_queue_clear(struct byte_queue *queue); /* gives memory back when it is much */

static inline size_t byte_queue_len(const struct byte_queue *queue)
{
    return queue->end - queue->start;
}

void byte_queue_add(struct byte_queue *queue, const void *bytes, size_t len);
void byte_queue_print(struct byte_queue *queue, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `len` more bytes at the end; what of it was filled is then committed. */
uint8_t *byte_queue_reserve(struct byte_queue *queue, size_t len);
void byte_queue_commit(struct byte_queue *queue, size_t len);

/* All bytes, valid until the next add or reserve; dropping keeps them readable until then. */
struct bytes byte_queue_front(const struct byte_queue *queue);
void byte_queue_drop(struct byte_queue *queue, size_t len);

#endif
