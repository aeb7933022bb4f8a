/* Ethernet II framing (IEEE 802.3 clause 3 with a type field; RFC 894). */
#ifndef WIRE_ETHERNET_H
#define WIRE_ETHERNET_H

#include "base/bytes.h"
#include "wire/address.h"

enum {
    ETHERNET_HEADER_LEN = 14,
    ETHERNET_MIN_FRAME = 60, /* without the FCS */
    ETHERNET_DEFAULT_MTU = 1500,
};

enum ethertype {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
};

struct ethernet_header {
    struct mac_addr dst;
    struct mac_addr src;
    uint16_t type;
};

/* Consumes the header. False when the frame is too short. */
bool ethernet_parse(struct reader *r, struct ethernet_header *header);
void ethernet_emit(struct writer *w, const struct ethernet_header *header);

#endif
