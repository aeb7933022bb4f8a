#include "medium/stray_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

static bool comes_before(const struct stray *a, const struct stray *b)
{
    if (a->arrives_ns != b->arrives_ns) {
        return a->arrives_ns < b->arrives_ns;
    }
    return a->number < b->number;
}

void stray_queue_fini(struct stray_queue *queue)
{
    CHECK(queue->count == 0);
    free(queue->heap);
}

void stray_queue_add(struct stray_queue *queue, struct stray stray)
{
    queue->heap =
        memory_grow_array(queue->heap, queue->count, &queue->capacity, sizeof *queue->heap);
    stray.number = queue->next_number++;
    size_t hole = queue->count++;
    while (hole > 0 && comes_before(&stray, &queue->heap[(hole - 1) / 2])) {
        queue->heap[hole] = queue->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    queue->heap[hole] = stray;
}

struct stray stray_queue_take_first(struct stray_queue *queue)
{
    CHECK(queue->count > 0);
    struct stray first = queue->heap[0];
    struct stray last = queue->heap[--queue->count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child + 1 < queue->count &&
            comes_before(&queue->heap[child + 1], &queue->heap[child])) {
            child++;
        }
        if (child >= queue->count || !comes_before(&queue->heap[child], &last)) {
            break;
        }
        queue->heap[hole] = queue->heap[child];
        hole = child;
    }
    queue->heap[hole] = last;
    return first;
}
