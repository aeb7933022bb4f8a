/* ARP for IPv4 over Ethernet (RFC 826, RFC 5227). */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include "base/bytes.h"
#include "wire/address.h"

enum {
    ARP_LEN = 28,
};

enum arp_operation {
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
};

struct arp_message {
    uint16_t operation;
    struct mac_addr sender_mac;
    uint32_t sender_ip;
    struct mac_addr target_mac;
    uint32_t target_ip;
};

/* False unless it is Ethernet and IPv4 with the right lengths. Trailing bytes are link padding. */
bool arp_parse(struct reader *r, struct arp_message *message);
void arp_emit(struct writer *w, const struct arp_message *message);

#endif
