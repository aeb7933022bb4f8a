/* What the files of the NAT share: packets as it sees them (nat_packet.c), mappings (nat_table.c).
 */
#ifndef STACK_NETWORK_NAT_INTERNAL_H
#define STACK_NETWORK_NAT_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "stack/network/nat.h"

/* --- packets --- */

enum nat_kind {
    NAT_PORTS,        /* TCP or UDP */
    NAT_ECHO_REQUEST, /* its id is its source port */
    NAT_ECHO_REPLY,   /* its id is its destination port */
    NAT_ERROR,        /* an ICMP error, which quotes a packet */
    NAT_OTHER,        /* a protocol or ICMP type without ports; a quoted fragment but the first */
    NAT_MALFORMED,    /* too short for its protocol */
};

struct nat_packet {
    struct ipv4_header header;
    size_t start;     /* where its IP header begins, from packet->data */
    size_t transport; /* where its payload begins */
    enum nat_kind kind;
    uint16_t src_port, dst_port; /* of echoes: both are the id */
    uint8_t tcp_flags;
    bool has_checksum; /* the transport's; a quote may end before it */
};

/* `packet` begins with a right IP header. */
void nat_packet_parse(const struct packet *packet, struct nat_packet *info);

/* Gives the packet another source or destination, in place, checksums included (RFC 3022 4.1,
 * computed as in RFC 1624). */
void nat_packet_set_src(struct packet *packet, const struct nat_packet *info, uint32_t addr,
                        uint16_t port);
void nat_packet_set_dst(struct packet *packet, const struct nat_packet *info, uint32_t addr,
                        uint16_t port);

/* Parses what an ICMP error quotes. NULL, or why the error must not go on. `quote->kind` is
 * NAT_PORTS or an echo when it can be translated. */
const struct drop_reason *nat_quote_parse(const struct packet *packet,
                                          const struct nat_packet *error, struct nat_packet *quote);

/* The same within the quote of an ICMP error, whose own checksum covers it. */
void nat_quote_set_src(struct packet *packet, const struct nat_packet *error,
                       const struct nat_packet *quote, uint32_t addr, uint16_t port);
void nat_quote_set_dst(struct packet *packet, const struct nat_packet *error,
                       const struct nat_packet *quote, uint32_t addr, uint16_t port);

/* The address of a packet whose ports do not matter (the error around a quote). */
void nat_packet_set_src_address(struct packet *packet, const struct nat_packet *info,
                                uint32_t addr);
void nat_packet_set_dst_address(struct packet *packet, const struct nat_packet *info,
                                uint32_t addr);

/* --- mappings --- */

/* How long a mapping lives without a packet that keeps it. */
enum nat_timeout {
    NAT_TIMEOUT_UDP,
    NAT_TIMEOUT_ICMP,
    NAT_TIMEOUT_TCP_TRANSITORY,
    NAT_TIMEOUT_TCP_ESTABLISHED,
    NAT_TIMEOUTS,
};

struct nat_endpoint { /* a key without padding */
    uint32_t addr;
    uint16_t port;
    uint16_t protocol;
};

/* What was seen of the TCP connections of a mapping: just enough to tell the two timeouts. */
struct nat_tcp_state {
    bool is_answered, is_established, has_fin_out, has_fin_in;
};

struct nat_mapping {
    struct list link; /* in the list of its timeout, or of the free ones */
    struct nat_endpoint inside, outside;
    uint64_t last_ns; /* when it was last kept */
    struct nat_tcp_state tcp;
};

struct nat_table {
    struct scope *scope;
    bool (*is_port_taken)(void *owner, uint8_t protocol, uint16_t port);
    void *owner;
    struct map by_inside, by_outside;
    size_t count;
    struct list list[NAT_TIMEOUTS]; /* the one kept longest ago first */
    struct list free;               /* mappings to use again */
    struct timer timer;             /* at or before the next expiry */
};

void nat_table_init(struct nat_table *table, struct scope *scope,
                    bool (*is_port_taken)(void *owner, uint8_t protocol, uint16_t port),
                    void *owner);
void nat_table_fini(struct nat_table *table);

struct nat_mapping *nat_table_find_inside(const struct nat_table *table,
                                          const struct nat_endpoint *inside);
struct nat_mapping *nat_table_find_outside(const struct nat_table *table,
                                           const struct nat_endpoint *outside);

/* A new mapping to a port of `outside_addr`. NULL: no room, or no port. */
struct nat_mapping *nat_table_add(struct nat_table *table, const struct nat_endpoint *inside,
                                  uint32_t outside_addr);
void nat_table_remove(struct nat_table *table, struct nat_mapping *mapping);

/* A packet of the mapping passed: follows TCP, and keeps the mapping where the packet does so. */
void nat_table_note(struct nat_table *table, struct nat_mapping *mapping,
                    const struct nat_packet *packet, bool is_out);

/* --- trace --- */

void nat_trace(const struct scope *scope, const struct trace_kind *kind,
               const struct packet *packet, const struct nat_mapping *mapping,
               struct endpoint remote, bool is_error);

#endif
