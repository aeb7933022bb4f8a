/* A learning switch (IEEE 802.1D transparent bridging, without spanning tree as yet).
 *
 * It learns which port leads to a source address, forwards to the learnt port, floods what it does
 * not know and what is for a group, and never sends a frame back where it came from.
 */
#ifndef STACK_LINK_SWITCH_H
#define STACK_LINK_SWITCH_H

#include "observe/scope.h"
#include "wire/address.h"

enum {
    SWITCH_MAX_ENTRIES = 8192,
    SWITCH_MAX_PORTS = 4096,
};
#define SWITCH_AGEING_NS UINT64_C(300000000000) /* 300 s: 802.1D's default */

struct eth_switch;
struct switch_port;

extern const struct drop_reason SWITCH_DROP_SHORT;      /* switch.too-short */
extern const struct drop_reason SWITCH_DROP_SAME_PORT;  /* switch.same-port: filtered */
extern const struct drop_reason SWITCH_DROP_NO_PORT;    /* switch.no-port: nowhere to flood to */
extern const struct drop_reason SWITCH_DROP_BAD_SOURCE; /* switch.bad-source: a group */
extern const struct drop_reason SWITCH_DROP_RESERVED; /* switch.reserved: for switches themselves */

struct eth_switch *switch_new(struct scope *scope);
void switch_free(struct eth_switch *sw);

/* `name` is borrowed; transmit takes ownership of the frame. The port belongs to the switch. With
 * link_owner NULL nothing is sent to it. NULL when there are SWITCH_MAX_PORTS. */
struct switch_port *switch_add_port(struct eth_switch *sw, const char *name,
                                    void (*transmit)(void *link_owner, struct packet *frame),
                                    void *link_owner);

/* How many stations it knows: some may be too old to be used. */
size_t switch_count_entries(const struct eth_switch *sw);

/* The port that leads to the station; NULL when it is not known. */
const struct switch_port *switch_lookup(const struct eth_switch *sw, struct mac_addr mac);

/* Sets who a port transmits to, for links that are attached after their port is made. */
void switch_port_set_link(struct switch_port *port, void *link_owner);

/* A frame from the link: the `deliver` of its link end (owner: the port). Takes ownership. */
void switch_port_input(void *port, struct packet *frame);

struct switch_event {
    struct mac_addr mac;
    const char *port;
    uint32_t copies; /* of a flooded frame */
};
extern const struct trace_kind SWITCH_LEARNED; /* "switch.learned" */
extern const struct trace_kind
    SWITCH_FLOODED; /* "switch.flooded": to `copies` ports, mac: the target */

#endif
