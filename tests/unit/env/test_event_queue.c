#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "env/event_queue.h"

enum { MAX_EVENTS = 300 };

static void fire_nothing(void *owner)
{
    (void)owner;
}

static void init_events(struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) { /* ranks in no order, each its own */
        uint32_t node = 1 + (uint32_t)(i * 7919 % 16);
        event_init(&events[i], event_rank(node, i % 2 ? EVENT_TIMER : EVENT_ARRIVAL, i / 2),
                   fire_nothing, NULL);
    }
}

static struct event *take_first(struct event_queue *queue)
{
    struct event *event = event_queue_first(queue);
    if (event) {
        event_queue_cancel(queue, event);
    }
    return event;
}

static void ranks_sort_by_node_then_class_then_identity(void **state)
{
    (void)state;
    const uint64_t ranks[] = {
        event_rank(0, EVENT_ARRIVAL, 0), event_rank(0, EVENT_TIMER, 1000),
        event_rank(1, EVENT_ARRIVAL, 0), event_rank(1, EVENT_ARRIVAL, 1),
        event_rank(1, EVENT_TIMER, 0),   event_rank(1, EVENT_TIMER, (UINT64_C(1) << 38) - 1),
        event_rank(2, EVENT_ARRIVAL, 0), event_rank((1 << 24) - 1, EVENT_TIMER, 5),
    };
    assert_int_equal(ranks[0], 0);
    for (size_t i = 1; i < sizeof ranks / sizeof ranks[0]; i++) {
        assert_true(ranks[i - 1] < ranks[i]);
    }
    assert_int_equal(event_rank_node(ranks[6]), 2);
    assert_int_equal(event_rank_node(ranks[7]), (1 << 24) - 1);
}

static void an_empty_queue_gives_nothing(void **state)
{
    (void)state;
    struct event_queue queue;
    event_queue_init(&queue);
    assert_null(event_queue_first(&queue));
    assert_null(event_queue_take_deferred(&queue));
    struct event event;
    init_events(&event, 1);
    event_queue_cancel(&queue, &event); /* not armed: nothing to do */
    assert_false(event_is_armed(&event));
    event_queue_fini(&queue);
}

static void shuffle(size_t *order, size_t count, struct prng *prng)
{
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t k = prng_below(prng, i);
        size_t other = order[k];
        order[k] = order[i - 1];
        order[i - 1] = other;
    }
}

static void the_order_is_canonical_whatever_the_order_of_arming(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "canonical");
    struct event events[MAX_EVENTS];
    uint64_t times[MAX_EVENTS];
    struct event *expected[MAX_EVENTS];
    init_events(events, MAX_EVENTS);
    for (size_t i = 0; i < MAX_EVENTS; i++) {
        times[i] = prng_below(&prng, 10); /* many at one time */
    }
    for (int round = 0; round < 50; round++) {
        struct event_queue queue;
        event_queue_init(&queue);
        size_t order[MAX_EVENTS];
        shuffle(order, MAX_EVENTS, &prng);
        for (size_t i = 0; i < MAX_EVENTS; i++) {
            event_queue_arm(&queue, &events[order[i]], times[order[i]]);
        }
        for (size_t i = 0; i < MAX_EVENTS; i++) {
            struct event *event = take_first(&queue);
            if (round == 0) {
                expected[i] = event;
            }
            assert_ptr_equal(event, expected[i]);
        }
        assert_null(event_queue_first(&queue));
        event_queue_fini(&queue);
    }
}

static void deferred_events_come_first_in_first_out(void **state)
{
    (void)state;
    struct event_queue queue;
    struct event events[5];
    event_queue_init(&queue);
    init_events(events, 5);
    event_queue_arm(&queue, &events[2], 7); /* moves from the heap */
    event_queue_defer(&queue, &events[3]);
    event_queue_defer(&queue, &events[2]);
    event_queue_defer(&queue, &events[0]);
    event_queue_defer(&queue, &events[1]);
    event_queue_defer(&queue, &events[3]); /* keeps its place */
    event_queue_cancel(&queue, &events[0]);
    assert_null(event_queue_first(&queue));
    assert_ptr_equal(event_queue_take_deferred(&queue), &events[3]);
    assert_false(event_is_armed(&events[3]));
    event_queue_cancel(&queue, &events[1]); /* the last */
    event_queue_defer(&queue, &events[4]);
    assert_ptr_equal(event_queue_take_deferred(&queue), &events[2]);
    event_queue_arm(&queue, &events[4], 3); /* moves to the heap */
    assert_null(event_queue_take_deferred(&queue));
    assert_ptr_equal(event_queue_first(&queue), &events[4]);
    event_queue_fini(&queue);
}

struct model { /* the same queue, naively */
    struct event *events;
    size_t count;
    bool is_pending[MAX_EVENTS]; /* in the heap */
    uint64_t at_ns[MAX_EVENTS];
    size_t fifo[MAX_EVENTS];
    size_t n_fifo;
};

static void model_cancel(struct model *model, size_t i)
{
    model->is_pending[i] = false;
    size_t kept = 0;
    for (size_t k = 0; k < model->n_fifo; k++) {
        if (model->fifo[k] != i) {
            model->fifo[kept++] = model->fifo[k];
        }
    }
    model->n_fifo = kept;
}

static void model_arm(struct model *model, size_t i, uint64_t at_ns)
{
    model_cancel(model, i);
    model->is_pending[i] = true;
    model->at_ns[i] = at_ns;
}

static void model_defer(struct model *model, size_t i)
{
    for (size_t k = 0; k < model->n_fifo; k++) {
        if (model->fifo[k] == i) {
            return;
        }
    }
    model_cancel(model, i);
    model->fifo[model->n_fifo++] = i;
}

static void model_cancel_node(struct model *model, uint32_t node)
{
    for (size_t i = 0; i < model->count; i++) {
        if (event_rank_node(model->events[i].rank) == node) {
            model_cancel(model, i);
        }
    }
}

static struct event *model_first(const struct model *model)
{
    struct event *first = NULL;
    uint64_t first_ns = 0;
    for (size_t i = 0; i < model->count; i++) {
        struct event *event = &model->events[i];
        if (model->is_pending[i] && (!first || model->at_ns[i] < first_ns ||
                                     (model->at_ns[i] == first_ns && event->rank < first->rank))) {
            first = event;
            first_ns = model->at_ns[i];
        }
    }
    return first;
}

static void assert_same_first(struct event_queue *queue, struct model *model)
{
    struct event *first = event_queue_first(queue);
    assert_ptr_equal(first, model_first(model));
    if (first) {
        assert_int_equal(first->at_ns, model->at_ns[first - model->events]);
    }
}

static void assert_same_deferred(struct event_queue *queue, struct model *model)
{
    struct event *event = event_queue_take_deferred(queue);
    if (model->n_fifo == 0) {
        assert_null(event);
        return;
    }
    assert_ptr_equal(event, &model->events[model->fifo[0]]);
    model_cancel(model, model->fifo[0]);
}

static void do_something(struct event_queue *queue, struct model *model, struct prng *prng)
{
    size_t i = prng_below(prng, model->count);
    struct event *event = &model->events[i];
    uint64_t at_ns = prng_below(prng, 50);
    switch (prng_below(prng, 12)) {
    default:
        event_queue_arm(queue, event, at_ns);
        model_arm(model, i, at_ns);
        break;
    case 0:
    case 1:
        event_queue_defer(queue, event);
        model_defer(model, i);
        break;
    case 2:
    case 3:
        event_queue_cancel(queue, event);
        model_cancel(model, i);
        break;
    case 4:
        assert_same_deferred(queue, model);
        break;
    case 5:
    case 6:
    case 7: {
        struct event *first = take_first(queue);
        assert_ptr_equal(first, model_first(model));
        if (first) {
            model_cancel(model, (size_t)(first - model->events));
        }
        break;
    }
    case 8:
        if (prng_below(prng, 50) == 0) {
            uint32_t node = 1 + (uint32_t)prng_below(prng, 16);
            event_queue_cancel_node(queue, node);
            model_cancel_node(model, node);
        }
    }
    bool armed = model->is_pending[i];
    for (size_t k = 0; k < model->n_fifo; k++) {
        armed |= model->fifo[k] == i;
    }
    assert_int_equal(event_is_armed(event), armed);
}

static void behaves_like_a_naive_model(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "queue");
    for (int round = 0; round < 30; round++) {
        struct event events[MAX_EVENTS];
        struct event_queue queue;
        struct model model = {.events = events, .count = 1 + prng_below(&prng, MAX_EVENTS)};
        event_queue_init(&queue);
        init_events(events, model.count);
        for (int step = 0; step < 2000; step++) {
            do_something(&queue, &model, &prng);
            assert_same_first(&queue, &model);
        }
        while (event_queue_first(&queue)) {
            assert_same_first(&queue, &model);
            model_cancel(&model, (size_t)(take_first(&queue) - events));
        }
        while (model.n_fifo > 0) {
            assert_same_deferred(&queue, &model);
        }
        assert_null(event_queue_take_deferred(&queue));
        event_queue_fini(&queue);
    }
}

static void a_crash_cancels_what_is_pending_for_that_node_only(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 2, "test", "crash");
    for (int round = 0; round < 200; round++) {
        struct event events[MAX_EVENTS];
        struct event_queue queue;
        event_queue_init(&queue);
        init_events(events, MAX_EVENTS);
        for (size_t i = 0; i < MAX_EVENTS; i++) {
            if (prng_below(&prng, 4) == 0) {
                event_queue_defer(&queue, &events[i]);
            } else {
                event_queue_arm(&queue, &events[i], prng_below(&prng, 100));
            }
        }
        event_queue_cancel_node(&queue, 5);
        for (size_t i = 0; i < MAX_EVENTS; i++) {
            assert_int_equal(event_is_armed(&events[i]), event_rank_node(events[i].rank) != 5);
        }
        uint64_t last_ns = 0;
        struct event *event;
        while ((event = take_first(&queue))) { /* and what is left is still a heap */
            assert_true(event->at_ns >= last_ns);
            last_ns = event->at_ns;
        }
        event_queue_fini(&queue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_sort_by_node_then_class_then_identity),
        cmocka_unit_test(an_empty_queue_gives_nothing),
        cmocka_unit_test(the_order_is_canonical_whatever_the_order_of_arming),
        cmocka_unit_test(deferred_events_come_first_in_first_out),
        cmocka_unit_test(behaves_like_a_naive_model),
        cmocka_unit_test(a_crash_cancels_what_is_pending_for_that_node_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
