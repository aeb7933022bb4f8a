/* ARP: from an IPv4 neighbour to its MAC address (RFC 826, RFC 1122 2.3.2).
 *
 * Packets for an address being resolved wait in a short queue (RFC 1122 2.3.2.2); a request is
 * repeated once a second, at most ARP_MAX_TRIES times; then the waiting packets are given back as
 * unresolved. Entries age: an old one is asked for again when it is next needed.
 */
#ifndef STACK_LINK_ARP_H
#define STACK_LINK_ARP_H

#include "stack/link/netif.h"

enum {
    ARP_MAX_ENTRIES = 1024,
    ARP_MAX_WAITING = 48, /* packets per unresolved neighbour: 65535 bytes in fragments fit */
    ARP_MAX_TRIES = 3,
};
#define ARP_RETRY_NS UINT64_C(1000000000)
#define ARP_LIFETIME_NS UINT64_C(1200000000000) /* 20 minutes, as 4.4BSD */

extern const struct drop_reason ARP_DROP_MALFORMED;  /* arp.malformed */
extern const struct drop_reason ARP_DROP_BAD_SENDER; /* arp.bad-sender: it cannot be a station */
extern const struct drop_reason ARP_DROP_QUEUE_FULL; /* arp.queue-full */
extern const struct drop_reason ARP_DROP_TABLE_FULL; /* arp.table-full */
extern const struct drop_reason ARP_DROP_UNRESOLVED; /* arp.unresolved: and no network to tell */

struct arp *arp_new(struct netif *netif);
void arp_free(struct arp *arp);

/* An ARP message (Ethernet header pulled). Takes ownership. */
void arp_input(struct arp *arp, struct packet *packet);

/* Sends an IPv4 packet to `next_hop` on this interface, now or when it is resolved; takes
 * ownership.
 */
void arp_send(struct arp *arp, struct packet *packet, uint32_t next_hop);

/* The cached MAC; false when there is none. */
bool arp_lookup(const struct arp *arp, uint32_t addr, struct mac_addr *mac);

/* Trace. ARP_REQUESTED and ARP_ANSWERED name the packet that carries the message. */
struct arp_event {
    const char *interface;
    struct ip_addr asked; /* whose MAC is sought */
    struct ip_addr asker; /* who seeks it */
    struct mac_addr mac;  /* the answer; not set in a request */
};
extern const struct trace_kind ARP_REQUESTED; /* "arp.requested": by broadcast */
extern const struct trace_kind ARP_ANSWERED;  /* "arp.answered": sent by the owner of the address */
extern const struct trace_kind ARP_RESOLVED;  /* "arp.resolved": learnt by the asker */
extern const struct trace_kind ARP_LEARNED;   /* "arp.learned": from the asker's question */
extern const struct trace_kind ARP_FAILED;    /* "arp.failed": nobody answered */
extern const struct trace_kind ARP_CONFLICT;  /* "arp.conflict": another uses our address */

#endif
