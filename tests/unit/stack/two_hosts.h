/* Two whole hosts on one link, for tests of what is above IPv4: a is 10.0.0.1, b is 10.0.0.2. */
#ifndef TESTS_UNIT_STACK_TWO_HOSTS_H
#define TESTS_UNIT_STACK_TWO_HOSTS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/sim.h"
#include "stack/node/node.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

enum { TWO_HOSTS_MAX_EVENTS = 8192 };

/* A trace event whose strings are constants, kept. */
struct kept_event {
    uint64_t at_ns;
    uint32_t node;
    const struct trace_kind *kind;
    union {
        struct tcp_retransmitted retransmitted;
        struct tcp_state_changed state;
        struct tcp_congestion_changed congestion;
    };
};

struct two_hosts {
    struct env *env;
    struct trace trace;
    struct trace_sink sink;
    struct link *link;
    struct node *a, *b;
    size_t n_events;
    struct kept_event *events;
};

/* config: NULL for 1 Gbit/s and 10 ms; tcp: NULL for the defaults. ARP is done when it returns, at
 * virtual time two_hosts->env->now_ns. */
struct two_hosts *two_hosts_new(const struct link_config *config, const struct tcp_config *tcp);
void two_hosts_free(struct two_hosts *net); /* checks that every packet came back */

/* Runs for so long. */
void two_hosts_run(struct two_hosts *net, uint64_t for_ns);

struct endpoint host_a(uint32_t port);
struct endpoint host_b(uint32_t port);

uint64_t two_hosts_drops(const struct two_hosts *net, const struct drop_reason *reason);

/* How many events of this kind node 1 (a) or 2 (b) has had; the nth of them, or NULL. */
size_t two_hosts_count(const struct two_hosts *net, const struct trace_kind *kind, uint32_t node);
const struct kept_event *two_hosts_event(const struct two_hosts *net, const struct trace_kind *kind,
                                         uint32_t node, size_t nth);

#endif
