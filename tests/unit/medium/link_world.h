/* One link between a and b, and what arrives at b. */
#ifndef TESTS_UNIT_MEDIUM_LINK_WORLD_H
#define TESTS_UNIT_MEDIUM_LINK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medium/link.h"
#include "sim/sim.h"

enum { MAX_ARRIVALS = 250000 };
#define SECOND_NS UINT64_C(1000000000)
#define FOREVER (UINT64_MAX - 1)

struct arrival {
    uint64_t at_ns;
    uint64_t id;
    uint32_t len;
    uint32_t number; /* its first 4 bytes, where it has them */
};

struct world {
    struct env *env;
    struct trace trace;
    struct scope a, b;
    struct link *link;
    struct link_end *from, *to;
    struct arrival *arrivals; /* at b */
    size_t n_arrivals;
    struct packet *(*answer)(struct world *world, struct packet *frame); /* sent back by b */
    void (*on_arrival)(struct world *world, const struct packet *frame); /* at b; may be NULL */
    size_t n_answers;                                                    /* that reached a */
    void *context;                                                       /* of the test */
    uint32_t seen[8];
};

struct world *world_new(uint64_t seed, const struct link_config *config);
void world_free(struct world *world); /* checks that every packet came back */

/* For further links; `owner` is the world. */
void deliver_to_a(void *owner, struct packet *frame);
void deliver_to_b(void *owner, struct packet *frame);

struct packet *frame_new(struct world *world, size_t len);
void world_send(struct world *world, size_t len); /* from a */

/* Sends a frame whose first 4 bytes are this number. */
void world_send_number(struct world *world, size_t len, uint32_t number);

const struct link_counts *world_counts(const struct world *world); /* from a to b */
uint64_t drops_of(const struct world *world, const struct drop_reason *reason);

/* Nothing was lost without being counted. */
void assert_conserved(struct world *world);

#endif
