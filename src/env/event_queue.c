#include "env/event_queue.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

enum { ARITY = 4, ROOT = 1 };
static const uint32_t SLOT_DEFERRED = UINT32_MAX;

void event_queue_init(struct event_queue *queue)
{
    *queue = (struct event_queue){0};
}

void event_queue_fini(struct event_queue *queue)
{
    free(queue->heap);
    event_queue_init(queue);
}

static bool entry_is_before(const struct event_queue_entry *a, const struct event_queue_entry *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->rank < b->rank);
}

/* Slots count from 1: the children of slot s are 4(s-1)+2 ... 4(s-1)+5. */
static size_t slot_parent(size_t slot)
{
    return (slot - 2) / ARITY + 1;
}

static void heap_place(struct event_queue *queue, size_t slot, struct event_queue_entry entry)
{
    queue->heap[slot] = entry;
    entry.event->slot = (uint32_t)slot;
}

static size_t heap_sift_up(struct event_queue *queue, size_t slot, struct event_queue_entry entry)
{
    while (slot > ROOT) {
        size_t parent = slot_parent(slot);
        if (!entry_is_before(&entry, &queue->heap[parent])) {
            break;
        }
        heap_place(queue, slot, queue->heap[parent]);
        slot = parent;
    }
    return slot;
}

static size_t heap_sift_down(struct event_queue *queue, size_t slot, struct event_queue_entry entry)
{
    for (;;) {
        size_t child = ARITY * (slot - 1) + 2;
        if (child > queue->count) {
            return slot;
        }
        size_t last = child + ARITY - 1 < queue->count ? child + ARITY - 1 : queue->count;
        size_t least = child;
        for (size_t i = child + 1; i <= last; i++) {
            if (entry_is_before(&queue->heap[i], &queue->heap[least])) {
                least = i;
            }
        }
        if (!entry_is_before(&queue->heap[least], &entry)) {
            return slot;
        }
        heap_place(queue, slot, queue->heap[least]);
        slot = least;
    }
}

static void heap_settle(struct event_queue *queue, size_t slot, struct event_queue_entry entry)
{
    size_t up = heap_sift_up(queue, slot, entry);
    heap_place(queue, up == slot ? heap_sift_down(queue, slot, entry) : up, entry);
}

static void deferred_remove(struct event_queue *queue, struct event *event)
{
    struct event **link = &queue->deferred_first;
    struct event *before = NULL;
    while (*link != event) {
        CHECK(*link);
        before = *link;
        link = &(*link)->next_deferred;
    }
    *link = event->next_deferred;
    if (queue->deferred_last == event) {
        queue->deferred_last = before;
    }
    event->next_deferred = NULL;
    event->slot = 0;
}

static void heap_remove(struct event_queue *queue, struct event *event)
{
    size_t slot = event->slot;
    CHECK(slot >= ROOT && slot <= queue->count && queue->heap[slot].event == event);
    event->slot = 0;
    struct event_queue_entry last = queue->heap[queue->count--];
    if (slot <= queue->count) {
        heap_settle(queue, slot, last);
    }
}

void event_queue_cancel(struct event_queue *queue, struct event *event)
{
    if (event->slot == SLOT_DEFERRED) {
        deferred_remove(queue, event);
    } else if (event->slot) {
        heap_remove(queue, event);
    }
}

void event_queue_arm(struct event_queue *queue, struct event *event, uint64_t at_ns)
{
    struct event_queue_entry entry = {at_ns, event->rank, event};
    if (event->slot == SLOT_DEFERRED) {
        deferred_remove(queue, event);
    }
    event->at_ns = at_ns;
    if (event->slot) {
        heap_settle(queue, event->slot, entry);
        return;
    }
    queue->heap =
        memory_grow_array(queue->heap, queue->count + 1, &queue->capacity, sizeof *queue->heap);
    queue->count++;
    heap_place(queue, heap_sift_up(queue, queue->count, entry), entry);
}

void event_queue_defer(struct event_queue *queue, struct event *event)
{
    if (event->slot == SLOT_DEFERRED) {
        return;
    }
    if (event->slot) {
        heap_remove(queue, event);
    }
    event->slot = SLOT_DEFERRED;
    event->next_deferred = NULL;
    if (queue->deferred_last) {
        queue->deferred_last->next_deferred = event;
    } else {
        queue->deferred_first = event;
    }
    queue->deferred_last = event;
}

static void heap_cancel_node(struct event_queue *queue, uint32_t node)
{
    /* From the end: what fills a removed entry's place comes from behind, where all has been
     * looked at, or from its parents, which is why the place is looked at again. */
    size_t slot = queue->count;
    while (slot >= ROOT) {
        if (slot <= queue->count && event_rank_node(queue->heap[slot].rank) == node) {
            heap_remove(queue, queue->heap[slot].event);
        } else {
            slot--;
        }
    }
}

void event_queue_cancel_node(struct event_queue *queue, uint32_t node)
{
    heap_cancel_node(queue, node);
    struct event *event = queue->deferred_first;
    while (event) {
        struct event *next = event->next_deferred;
        if (event_rank_node(event->rank) == node) {
            deferred_remove(queue, event);
        }
        event = next;
    }
}

struct event *event_queue_first(const struct event_queue *queue)
{
    return queue->count ? queue->heap[ROOT].event : NULL;
}

struct event *event_queue_take_deferred(struct event_queue *queue)
{
    struct event *event = queue->deferred_first;
    if (event) {
        deferred_remove(queue, event);
    }
    return event;
}
