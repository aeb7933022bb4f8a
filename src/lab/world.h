/* A world: a lab that runs.
 *
 * Every node of the lab becomes a stack (or a switch, or a door to the machine's own network) on
 * the lab's links, with the services of its kind on top. Time comes from whatever environment the
 * world was given: nothing here knows whether it is virtual.
 */
#ifndef LAB_WORLD_H
#define LAB_WORLD_H

#include "lab/lab.h"
#include "service/browser.h"
#include "stack/node/node.h"

struct world;

/* Builds nodes and links, silent as yet, so that captures and listeners can be attached. `lab`,
 * `env` and `trace` are borrowed. NULL with a one-line `problem` (borrowed, constant or of the lab)
 * when something cannot be had, e.g. a TAP. */
struct world *world_new(const struct lab *lab, struct env *env, struct trace *trace,
                        struct text *problem);

/* Starts the services: DHCP clients ask, servers listen. The same about `problem`. */
bool world_start(struct world *world, struct text *problem);

/* Ends everything at once and frees it; no callback follows. */
void world_free(struct world *world);

const struct lab *world_lab(const struct world *world);
struct env *world_env(const struct world *world);
struct trace *world_trace(const struct world *world);
struct scope *world_scope(struct world *world); /* the lab's own: node 0 */
struct link *world_link(const struct world *world, uint32_t link);

/* NULL for switches and taps. */
struct node *world_node(const struct world *world, uint32_t node);
struct sockets *world_sockets(const struct world *world, uint32_t node);
struct dns_stub *world_stub(const struct world *world, uint32_t node);
struct browser *world_browser(struct world *world, uint32_t node); /* made when first asked for */

bool world_has_address(const struct world *world, uint32_t node);

/* Calls back once, deferred, when the node has its address: at once for static ones. The waiter is
 * embedded in its owner, who keeps it until then or makes the world forget it. */
struct world_waiter {
    struct event event;
    struct world_waiter *next;
};
void world_when_ready(struct world *world, uint32_t node, struct world_waiter *waiter,
                      void (*ready)(void *owner), void *owner);

/* No callback follows. Zeroed waiters and those called already may be forgotten too. */
void world_forget_waiter(struct world *world, uint32_t node, struct world_waiter *waiter);

/* The run hash over all links so far. */
uint64_t world_hash(const struct world *world);

struct world_counts {
    uint64_t frames;  /* carried over a link: packet-hops */
    uint64_t bytes;   /* of those frames */
    uint64_t dropped; /* by links */
};
struct world_counts world_count(const struct world *world);

#endif
