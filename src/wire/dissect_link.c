/* Ethernet frames and ARP packets. */
#include "wire/arp.h"
#include "wire/dissect_internal.h"
#include "wire/ethernet.h"

static const struct dissect_protocol ETHERNET = {"Ethernet", "frame", 2, "data link", 1, "link"};
static const struct dissect_protocol ARP = {"ARP", "packet", 2, "data link", 1, "link"};

enum {
    MAX_802_3_LEN = 1500, /* IEEE 802.3 3.2.6: up to here a length, from 1536 on a type */
};

static const struct dissect_name ETHERTYPES[] = {
    {ETHERTYPE_IPV4, "IPv4", "the data is an IPv4 packet"},
    {ETHERTYPE_ARP, "ARP", "the data is an ARP packet"},
    {ETHERTYPE_VLAN, "VLAN", "the data begins with an 802.1Q tag"},
    {ETHERTYPE_IPV6, "IPv6", "the data is an IPv6 packet"},
    {0, NULL, NULL},
};

static const char *mac_meaning(struct mac_addr mac)
{
    if (mac_equal(mac, MAC_BROADCAST)) {
        return "everybody on this link";
    }
    return mac_is_group(mac) ? "a group of interfaces" : "one interface on this link";
}

static void add_type(struct dissector *d, uint16_t type)
{
    if (type <= MAX_802_3_LEN) {
        dissect_add(d, "length", 16, "of the data: IEEE 802.3, not Ethernet II", "%u", type);
        return;
    }
    const struct dissect_name *known = dissect_find_name(ETHERTYPES, type);
    dissect_add(d, "type", 16, known->meaning, "0x%04x (%s)", type, known->name);
}

void dissect_ethernet(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct ethernet_header header;
    if (!ethernet_parse(&r, &header)) {
        dissect_end(d, data, "shorter than an Ethernet header");
        return;
    }
    dissect_open(d, &ETHERNET, data);
    dissect_add_mac(d, "destination address", mac_meaning(header.dst), header.dst);
    dissect_add_mac(d, "source address", "the interface that sent it on this link", header.src);
    add_type(d, header.type);
    data = dissect_behind(data, ETHERNET_HEADER_LEN);
    if (header.type == ETHERTYPE_IPV4) {
        dissect_ipv4(d, data);
    } else if (header.type == ETHERTYPE_ARP) {
        dissect_arp(d, data);
    } else if (header.type <= MAX_802_3_LEN && header.type < data.len) {
        dissect_end(d, dissect_trim(d, data, header.type), NULL);
    } else {
        dissect_end(d, data, NULL);
    }
}

static const struct dissect_name ARP_OPERATIONS[] = {
    {ARP_REQUEST, "request", "who has the target's protocol address?"},
    {ARP_REPLY, "reply", "the sender has it, at its hardware address"},
    {0, NULL, NULL},
};

void dissect_arp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct arp_message message;
    if (!arp_parse(&r, &message)) {
        dissect_end(d, data, "not a whole ARP packet for Ethernet and IPv4");
        return;
    }
    data = dissect_trim(d, data, ARP_LEN);
    dissect_open(d, &ARP, data);
    const struct dissect_name *operation = dissect_find_name(ARP_OPERATIONS, message.operation);
    bool is_request = message.operation == ARP_REQUEST;
    dissect_add(d, "hardware type", 16, "whose hardware addresses", "1 (Ethernet)");
    dissect_add(d, "protocol type", 16, "whose protocol addresses", "0x0800 (IPv4)");
    dissect_add(d, "hardware address length", 8, "bytes", "6");
    dissect_add(d, "protocol address length", 8, "bytes", "4");
    dissect_add(d, "operation", 16, operation->meaning, "%u (%s)", message.operation,
                operation->name);
    dissect_add_mac(d, "sender hardware address", "who speaks", message.sender_mac);
    dissect_add_ipv4(d, "sender protocol address", "what it claims to be its address",
                     message.sender_ip);
    dissect_add_mac(d, "target hardware address",
                    is_request ? "not known yet: that is the question" : "who asked",
                    message.target_mac);
    dissect_add_ipv4(d, "target protocol address",
                     is_request ? "the address that is asked about" : "the address of who asked",
                     message.target_ip);
    dissect_end(d, dissect_behind(data, ARP_LEN), NULL);
}
