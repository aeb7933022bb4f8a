/* Theory of operation. A frame from the link is counted, checked and filtered by its destination,
 * loses its Ethernet header and goes to ARP or to the network layer; whoever takes it owns it. On
 * the way out a packet gets its Ethernet header in place and goes to `transmit`. There is no queue
 * here: links queue for themselves, and packets that wait for a MAC wait in ARP.
 */
#include "stack/link/netif.h"

#include "base/check.h"
#include "stack/link/arp.h"

#include <stdio.h>

const struct drop_reason NETIF_DROP_SHORT = {"ethernet.too-short",
                                             "the frame is shorter than an Ethernet header"};
const struct drop_reason NETIF_DROP_BAD_SOURCE = {"ethernet.bad-source",
                                                  "its source is a group, not one station"};
const struct drop_reason NETIF_DROP_NOT_FOR_US = {"ethernet.not-for-us",
                                                  "the frame is for another station"};
const struct drop_reason NETIF_DROP_UNKNOWN_TYPE = {"ethernet.unknown-type",
                                                    "nobody here speaks this Ethernet type"};
const struct drop_reason NETIF_DROP_DOWN = {"netif.down", "the interface is down"};
const struct drop_reason NETIF_DROP_TOO_BIG = {"netif.too-big",
                                               "the packet is larger than the interface's MTU"};

void netif_init(struct netif *netif, struct scope *scope, uint32_t index, const char *name,
                struct mac_addr mac, uint32_t mtu,
                void (*transmit)(void *link_owner, struct packet *frame), void *link_owner)
{
    *netif = (struct netif){
        .scope = scope,
        .index = index,
        .mac = mac,
        .mtu = mtu,
        .is_up = true,
        .transmit = transmit,
        .link_owner = link_owner,
    };
    snprintf(netif->name, sizeof netif->name, "%s", name);
    netif->arp = arp_new(netif);
}

void netif_fini(struct netif *netif)
{
    arp_free(netif->arp);
    netif->arp = NULL;
}

static void netif_drop(struct netif *netif, struct packet *packet, const struct drop_reason *reason)
{
    netif->counts.drops++;
    scope_drop(netif->scope, packet, reason, netif->name);
}

/* Why this frame must not go on; NULL when it may. */
static const struct drop_reason *find_fault(const struct netif *netif, bool is_parsed,
                                            const struct ethernet_header *header)
{
    if (!netif->is_up) {
        return &NETIF_DROP_DOWN;
    }
    if (!is_parsed) {
        return &NETIF_DROP_SHORT;
    }
    /* Every group comes in: IPv4 has no list of the groups that it joined, and sorts them itself.
     */
    if (!mac_is_group(header->dst) && !mac_equal(header->dst, netif->mac)) {
        return &NETIF_DROP_NOT_FOR_US;
    }
    if (mac_is_group(header->src)) {
        return &NETIF_DROP_BAD_SOURCE; /* IEEE 802.3 3.2.3: a source is an individual address */
    }
    return NULL;
}

void netif_input(void *owner, struct packet *frame)
{
    struct netif *netif = owner;
    netif->counts.rx_frames++;
    netif->counts.rx_bytes += frame->len;
    struct reader r = packet_reader(frame);
    struct ethernet_header header;
    bool is_parsed = ethernet_parse(&r, &header);
    const struct drop_reason *fault = find_fault(netif, is_parsed, &header);
    if (fault) {
        netif_drop(netif, frame, fault);
        return;
    }
    if (header.type == ETHERTYPE_IPV4 && netif->on_ipv4) {
        packet_pull(frame, ETHERNET_HEADER_LEN);
        netif->on_ipv4(netif->network, netif, frame, mac_is_group(header.dst));
    } else if (header.type == ETHERTYPE_ARP) {
        packet_pull(frame, ETHERNET_HEADER_LEN);
        arp_input(netif->arp, frame);
    } else {
        netif_drop(netif, frame, &NETIF_DROP_UNKNOWN_TYPE);
    }
}

void netif_send(struct netif *netif, struct packet *packet, struct mac_addr dst, uint16_t ethertype)
{
    if (!netif->is_up) {
        netif_drop(netif, packet, &NETIF_DROP_DOWN);
        return;
    }
    if (packet->len > netif->mtu) {
        netif_drop(netif, packet, &NETIF_DROP_TOO_BIG);
        return;
    }
    packet_make_writable(packet);
    struct writer w = packet_push(packet, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){.dst = dst, .src = netif->mac, .type = ethertype});
    netif->counts.tx_frames++;
    netif->counts.tx_bytes += packet->len;
    netif->transmit(netif->link_owner, packet);
}

void netif_send_ipv4(struct netif *netif, struct packet *packet, uint32_t next_hop)
{
    arp_send(netif->arp, packet, next_hop);
}

bool netif_add_address(struct netif *netif, struct ip_prefix prefix)
{
    if (netif->n_addresses == NETIF_MAX_ADDRESSES) {
        return false;
    }
    size_t place = 0;
    for (size_t i = 0; i < netif->n_addresses; i++) {
        if (ip_equal(netif->addresses[i].addr, prefix.addr)) {
            return false;
        }
        if (netif->addresses[i].addr.version <= prefix.addr.version) {
            place = i + 1; /* IPv4 first, else in the order of adding */
        }
    }
    for (size_t i = netif->n_addresses; i > place; i--) {
        netif->addresses[i] = netif->addresses[i - 1];
    }
    netif->addresses[place] = prefix;
    netif->n_addresses++;
    return true;
}

bool netif_remove_address(struct netif *netif, struct ip_addr addr)
{
    for (size_t i = 0; i < netif->n_addresses; i++) {
        if (ip_equal(netif->addresses[i].addr, addr)) {
            netif->n_addresses--;
            for (; i < netif->n_addresses; i++) {
                netif->addresses[i] = netif->addresses[i + 1];
            }
            return true;
        }
    }
    return false;
}

/* How many of the addresses are IPv4: they come first. */
static size_t count_ipv4(const struct netif *netif)
{
    size_t count = 0;
    while (count < netif->n_addresses && netif->addresses[count].addr.version == IP_V4) {
        count++;
    }
    return count;
}

const struct ip_prefix *netif_ipv4(const struct netif *netif)
{
    return count_ipv4(netif) > 0 ? &netif->addresses[0] : NULL;
}

bool netif_has_ipv4(const struct netif *netif, uint32_t addr)
{
    size_t count = count_ipv4(netif);
    for (size_t i = 0; i < count; i++) {
        if (netif->addresses[i].addr.v4 == addr) {
            return true;
        }
    }
    return false;
}

uint32_t netif_source_for(const struct netif *netif, uint32_t peer)
{
    size_t count = count_ipv4(netif);
    for (size_t i = 0; i < count; i++) {
        const struct ip_prefix *prefix = &netif->addresses[i];
        if (((prefix->addr.v4 ^ peer) & ipv4_mask(prefix->len)) == 0) {
            return prefix->addr.v4;
        }
    }
    return count > 0 ? netif->addresses[0].addr.v4 : IPV4_ANY;
}

uint32_t netif_prefix_broadcast(const struct ip_prefix *prefix)
{
    if (prefix->addr.version != IP_V4 || prefix->len > 30) {
        return 0;
    }
    return prefix->addr.v4 | ~ipv4_mask(prefix->len);
}

bool netif_is_broadcast(const struct netif *netif, uint32_t addr)
{
    if (addr == IPV4_BROADCAST) {
        return true;
    }
    for (size_t i = 0; i < netif->n_addresses && addr != 0; i++) {
        if (netif_prefix_broadcast(&netif->addresses[i]) == addr) {
            return true;
        }
    }
    return false;
}
