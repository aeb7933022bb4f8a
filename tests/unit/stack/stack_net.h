/* Small networks for the tests of stack/: nodes with an IPv4 layer and nothing above it, links, and
 * a record of what happened: every trace event and, on request, every frame at a link end.
 */
#ifndef TESTS_UNIT_STACK_STACK_NET_H
#define TESTS_UNIT_STACK_STACK_NET_H

#include "medium/link.h"
#include "stack/network/icmp.h"
#include "stack/network/ipv4.h"

enum {
    STACK_NET_MAX_NODES = 16,
    STACK_NET_MAX_LINKS = 16,
    STACK_NET_MAX_EVENTS = 4096,
    STACK_NET_MAX_FRAMES = 4096,
};

struct stack_node {
    struct stack_net *net;
    struct scope scope;
    struct ipv4 *ip;
    struct netif netifs[4];
    size_t n_netifs;
};

struct stack_event {
    uint64_t at_ns;
    const char *node;
    const struct trace_kind *kind;
    uint64_t packet_id;
    char *summary; /* owned */
};

struct stack_frame {
    uint64_t at_ns;
    enum tap_direction direction;
    uint64_t packet_id;
    bool has_payload_mark;
    uint32_t len;
    uint8_t *bytes; /* owned */
};

/* Frames seen at one link end. */
struct stack_record {
    struct tap tap;
    size_t n_frames;
    struct stack_frame frames[STACK_NET_MAX_FRAMES];
};

struct stack_net {
    struct env *env;
    struct trace trace;
    struct trace_sink sink;
    struct stack_node *nodes[STACK_NET_MAX_NODES];
    size_t n_nodes;
    struct link *links[STACK_NET_MAX_LINKS];
    size_t n_links;
    struct stack_record *records[STACK_NET_MAX_LINKS];
    size_t n_records;
    size_t n_events;
    struct stack_event events[STACK_NET_MAX_EVENTS];
};

struct stack_net *stack_net_new(void);
void stack_net_free(struct stack_net *net); /* checks that every packet came back */

struct stack_node *stack_net_add_node(struct stack_net *net, const char *name, bool forwarding);
struct link *stack_net_add_link(struct stack_net *net, const char *name,
                                const struct link_config *config);

/* `prefix` may be NULL: no address. The MAC is 02:00:00:00:NODE:INDEX. */
struct netif *stack_node_attach(struct stack_node *node, struct link *link, int end,
                                const char *prefix);
void stack_node_route(struct stack_node *node, const char *prefix, const char *gateway,
                      struct netif *netif);

struct stack_record *stack_net_record(struct stack_net *net, struct link_end *end);

/* Runs everything that is due until then; then it is then. */
void stack_net_run(struct stack_net *net, uint64_t until_ns);

uint64_t stack_net_drops(const struct stack_net *net, const struct drop_reason *reason);
uint64_t stack_net_all_drops(const struct stack_net *net);
size_t stack_net_count(const struct stack_net *net, const struct trace_kind *kind);
/* The nth (from 0) event of the kind; fails the test when there is none. */
const struct stack_event *stack_net_event(const struct stack_net *net,
                                          const struct trace_kind *kind, size_t nth);

/* A ping and what came of it. */
struct stack_ping {
    size_t n_results; /* 0 or 1 */
    uint64_t done_ns;
    struct scope *scope;
    struct icmp_ping_result result;
    struct icmp_ping *ping;
};
void stack_ping_start(struct stack_ping *ping, struct stack_node *node, const char *dst,
                      uint16_t len, uint8_t ttl, uint64_t timeout_ns);

/* One interface alone: what it transmits is kept, what it hands up too. */
struct stack_bench {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct netif netif;
    size_t n_sent;
    struct packet *sent[128]; /* whole frames */
    size_t n_handed;
    struct packet *handed[128]; /* IPv4 packets, and those that ARP gave back */
    bool is_group[128];
};

struct stack_bench *stack_bench_new(const char *prefix); /* NULL: no address */
void stack_bench_free(struct stack_bench *bench);
void stack_bench_forget(struct stack_bench *bench); /* what was sent and handed up so far */
uint64_t stack_bench_drops(const struct stack_bench *bench, const struct drop_reason *reason);
/* A frame from the link to the interface. */
void stack_bench_receive(struct stack_bench *bench, struct mac_addr dst, struct mac_addr src,
                         uint16_t ethertype, const void *body, size_t len);

uint32_t stack_addr(const char *text); /* "10.0.0.1" */
struct mac_addr stack_mac(uint32_t node, uint32_t netif);

/* A packet with an IPv4 header made from `header` (total_len is filled in) and a body. */
struct packet *stack_packet(struct env *env, const struct ipv4_header *header, const void *body,
                            size_t len);

#endif
