/* Theory of operation. A packet from an interface goes through these steps, each a function here:
 *
 *   check        is it an IPv4 packet with a believable source and destination?
 *   accept       a NAT may change it (prerouting); then: for us, for a group, or for another?
 *   deliver      to the protocol that it carries, when all of its fragments are here
 *   forward      TTL, route, MTU; a NAT may change it (postrouting); out by the next interface, in
 *                fragments when it is too large for it and may be cut
 *
 * The header is parsed once. Forwarding changes only TTL and checksum, in place, and allocates
 * nothing. Where a step drops a packet for a reason that its sender should know, it sends an ICMP
 * error about it first.
 */
#include "base/check.h"
#include "stack/network/icmp_internal.h"
#include "stack/network/ipv4_internal.h"
#include "wire/checksum.h"

enum { TTL_AT = 8 }; /* bytes from the start of the header: TTL, protocol, checksum */

/* What a destination is to this node. */
enum target {
    TARGET_OWN,
    TARGET_GROUP,    /* broadcast or multicast on the link that it came in by */
    TARGET_DIRECTED, /* broadcast on another link of ours */
    TARGET_OTHER,
};

/* --- check --- */

static bool is_link_local(uint32_t addr)
{
    return addr >> 16 == 0xa9fe; /* 169.254.0.0/16, RFC 3927 */
}

/* RFC 1812 5.3.7, RFC 1122 3.2.1.3: addresses that no packet on a link can have. */
static const struct drop_reason *find_martian(const struct ipv4 *ip,
                                              const struct ipv4_header *header)
{
    if (header->dst >> 24 == 0 || ipv4_is_loopback(header->dst)) {
        return &IPV4_DROP_BAD_DESTINATION;
    }
    if (header->src == IPV4_ANY) {
        /* a host that has no address yet, asking for one (RFC 2131 4.1) */
        bool is_dhcp = header->dst == IPV4_BROADCAST && header->protocol == IP_PROTOCOL_UDP;
        return is_dhcp ? NULL : &IPV4_DROP_MARTIAN;
    }
    if (header->src >> 24 == 0 || ipv4_is_loopback(header->src) || ipv4_is_multicast(header->src) ||
        header->src == IPV4_BROADCAST) {
        return &IPV4_DROP_MARTIAN;
    }
    /* nobody else has our addresses, and no host a broadcast address */
    return ipv4_find_local(ip, header->src) ? &IPV4_DROP_MARTIAN : NULL;
}

/* Parses the header. Returns why the packet must not go on, or NULL. */
static const struct drop_reason *check(const struct ipv4 *ip, const struct packet *packet,
                                       struct ipv4_header *header)
{
    struct reader r = packet_reader(packet);
    switch (ipv4_parse(&r, header)) {
    case IPV4_OK:
        return find_martian(ip, header);
    case IPV4_BAD_CHECKSUM:
        return &IPV4_DROP_BAD_CHECKSUM; /* RFC 1122 3.2.1.2 */
    case IPV4_TRUNCATED:
    case IPV4_BAD_VERSION:
    case IPV4_BAD_LENGTH:
        break;
    }
    return &IPV4_DROP_MALFORMED;
}

/* --- deliver --- */

/* For this node, whole. `netif` is NULL when it comes from this node. */
static void deliver_whole(struct ipv4 *ip, struct netif *netif, struct packet *packet,
                          const struct ipv4_header *header, bool is_group)
{
    const struct ipv4_protocol *protocol = ipv4_find_protocol(ip, header->protocol);
    if (!protocol->handler) {
        /* RFC 1122 3.2.2.1 */
        icmp_send_error(ip->icmp, packet, netif, is_group, ICMP_DESTINATION_UNREACHABLE,
                        ICMP_PROTOCOL_UNREACHABLE, 0);
        ipv4_drop(ip, netif, packet, &IPV4_DROP_NO_PROTOCOL);
        return;
    }
    struct ipv4_packet_info info = {.netif = netif, .header = *header, .is_group = is_group};
    packet_pull(packet, header->header_len);
    protocol->handler(protocol->owner, packet, &info);
}

/* The whole datagram when this fragment was the last one missing, its header in *header; or NULL.
 */
static struct packet *reassemble(struct ipv4 *ip, struct netif *netif, struct packet *packet,
                                 struct ipv4_header *header, bool *is_group)
{
    packet = reassembly_input(ip->reassembly, netif, packet, header, is_group);
    if (packet) {
        struct reader r = packet_reader(packet);
        CHECK(ipv4_parse(&r, header) == IPV4_OK);
    }
    return packet;
}

/* For this node, perhaps in pieces (RFC 1122 3.3.2). */
static void deliver(struct ipv4 *ip, struct netif *netif, struct packet *packet,
                    struct ipv4_header *header, bool is_group)
{
    if (ipv4_is_fragment(header)) {
        packet = reassemble(ip, netif, packet, header, &is_group);
    }
    if (packet) {
        deliver_whole(ip, netif, packet, header, is_group);
    }
}

void ipv4_deliver_looped(void *owner)
{
    struct ipv4 *ip = owner;
    struct packet *packet = ip->first_looped; /* what is sent from now on waits for the next turn */
    ip->first_looped = NULL;
    ip->last_looped = NULL;
    ip->n_looped = 0;
    while (packet) {
        struct packet *next = packet->next;
        packet->next = NULL;
        struct reader r = packet_reader(packet);
        struct ipv4_header header;
        if (ipv4_parse(&r, &header) == IPV4_OK) {
            deliver_whole(ip, NULL, packet, &header, false);
        } else {
            ipv4_drop(ip, NULL, packet, &IPV4_DROP_MALFORMED);
        }
        packet = next;
    }
}

/* --- forward --- */

/* RFC 1812 5.3.1. The checksum is updated, not computed anew (RFC 1624): an error in the header
 * that happened in this node stays visible. */
static void decrement_ttl(struct packet *packet, const struct ipv4_header *header)
{
    uint8_t ttl = (uint8_t)(header->ttl - 1);
    uint16_t old_word = (uint16_t)(header->ttl << 8 | header->protocol);
    uint16_t new_word = (uint16_t)(ttl << 8 | header->protocol);
    packet_make_writable(packet);
    struct writer w = writer_of(packet->data + TTL_AT, 4);
    write_u8(&w, ttl);
    write_u8(&w, header->protocol);
    write_u16(&w, checksum_update(header->checksum, old_word, new_word));
}

static void trace_forwarded(const struct ipv4 *ip, const struct packet *packet,
                            const struct ipv4_header *header, const struct netif *in,
                            const struct netif *out, uint32_t next_hop)
{
    if (trace_is_on(ip->scope->trace)) {
        trace_emit(ip->scope, &IPV4_FORWARDED, packet,
                   &(struct ipv4_forwarded){
                       .src = ip_v4(header->src),
                       .dst = ip_v4(header->dst),
                       .in = in->name,
                       .out = out->name,
                       .next_hop = ip_v4(next_hop),
                       .ttl = (uint8_t)(header->ttl - 1),
                   });
    }
}

static void send_on(struct ipv4 *ip, struct netif *in, struct packet *packet,
                    const struct ipv4_header *header, const struct route *route)
{
    struct netif *out = route->netif;
    uint32_t next_hop = ip_is_set(route->gateway) ? route->gateway.v4 : header->dst;
    decrement_ttl(packet, header);
    trace_forwarded(ip, packet, header, in, out, next_hop);
    if (ip->hook.on_postrouting && !ip->hook.on_postrouting(ip->hook.owner, packet, in, out)) {
        return;
    }
    ipv4_transmit(ip, packet, &(struct ipv4_exit){.netif = out, .next_hop = next_hop});
}

static void reject(struct ipv4 *ip, struct netif *in, struct packet *packet,
                   const struct drop_reason *reason, uint8_t type, uint8_t code, uint32_t rest)
{
    icmp_send_error(ip->icmp, packet, in, false, type, code, rest);
    ipv4_drop(ip, in, packet, reason);
}

/* For another host: RFC 1812 5.2.1.2, from the point where options would be handled. */
static void forward(struct ipv4 *ip, struct netif *in, struct packet *packet,
                    const struct ipv4_header *header)
{
    if (!ip->forwarding) {
        ipv4_drop(ip, in, packet, &IPV4_DROP_NOT_FOR_US); /* RFC 1122 3.2.1.3 */
        return;
    }
    if (is_link_local(header->src) || is_link_local(header->dst)) {
        ipv4_drop(ip, in, packet, &IPV4_DROP_LINK_LOCAL); /* RFC 3927 7 */
        return;
    }
    if (header->ttl <= 1) {
        reject(ip, in, packet, &IPV4_DROP_TTL_EXPIRED, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0);
        return;
    }
    const struct route *route = route_lookup(ip->routes, ip_v4(header->dst));
    if (!route) {
        reject(ip, in, packet, &IPV4_DROP_NO_ROUTE, ICMP_DESTINATION_UNREACHABLE,
               ICMP_NET_UNREACHABLE, 0);
        return;
    }
    if (header->total_len > route->netif->mtu && header->dont_fragment) {
        /* RFC 1812 5.2.7.1, RFC 1191 4: with the MTU of the next hop */
        reject(ip, in, packet, &IPV4_DROP_TOO_BIG, ICMP_DESTINATION_UNREACHABLE,
               ICMP_FRAGMENTATION_NEEDED, route->netif->mtu);
        return;
    }
    send_on(ip, in, packet, header, route);
}

/* --- accept --- */

static enum target find_target(const struct ipv4 *ip, const struct netif *netif, uint32_t dst)
{
    if (dst == IPV4_BROADCAST || ipv4_is_multicast(dst)) {
        return TARGET_GROUP;
    }
    const struct ipv4_local *local = ipv4_find_local(ip, dst);
    if (!local) {
        return TARGET_OTHER;
    }
    if (local->n_own > 0) {
        return TARGET_OWN;
    }
    return netif_is_broadcast(netif, dst) ? TARGET_GROUP : TARGET_DIRECTED;
}

/* A checked packet, as if from `netif`. `is_group`: the link sent it to a group. */
static void accept_packet(struct ipv4 *ip, struct netif *netif, struct packet *packet,
                          struct ipv4_header *header, bool is_group)
{
    if (ip->hook.needs_whole && ipv4_is_fragment(header)) {
        packet = reassemble(ip, netif, packet, header, &is_group);
        if (!packet) {
            return;
        }
    }
    if (ip->hook.on_prerouting) {
        packet_make_writable(packet);
        if (!ip->hook.on_prerouting(ip->hook.owner, packet, netif)) {
            return;
        }
        struct reader r = packet_reader(packet);
        if (ipv4_parse(&r, header) != IPV4_OK) {
            ipv4_drop(ip, netif, packet, &IPV4_DROP_MALFORMED);
            return;
        }
    }
    enum target target = find_target(ip, netif, header->dst);
    if (target == TARGET_GROUP) {
        /* DEVIATES: RFC 1112 7.2 wants the groups that were joined only; without IGMP all come in,
         * and none is forwarded. */
        deliver(ip, netif, packet, header, true);
    } else if (target == TARGET_DIRECTED) {
        ipv4_drop(ip, netif, packet, &IPV4_DROP_DIRECTED); /* RFC 2644 */
    } else if (is_group) {
        /* RFC 1122 3.3.6 for us, RFC 1812 5.3.4 for others */
        ipv4_drop(ip, netif, packet, &IPV4_DROP_LINK_GROUP);
    } else if (target == TARGET_OWN) {
        deliver(ip, netif, packet, header, false);
    } else {
        forward(ip, netif, packet, header);
    }
}

void ipv4_input(void *network, struct netif *netif, struct packet *packet, bool is_group)
{
    struct ipv4 *ip = network;
    struct ipv4_header header;
    const struct drop_reason *fault = check(ip, packet, &header);
    if (fault) {
        ipv4_drop(ip, netif, packet, fault);
        return;
    }
    packet_trim(packet, header.total_len);
    accept_packet(ip, netif, packet, &header, is_group);
}

/* --- an unresolved next hop --- */

/* We sent it ourselves, or so it looks: a NAT may have made it ours. So the error comes in by the
 * same interface as one from the network would: past the NAT, to whom it belongs. */
static void report_unresolved_to_self(struct ipv4 *ip, struct netif *netif,
                                      const struct packet *offender)
{
    struct icmp_header error = {.type = ICMP_DESTINATION_UNREACHABLE,
                                .code = ICMP_HOST_UNREACHABLE};
    struct ipv4_header about;
    struct packet *packet = icmp_make_error(ip->icmp, offender, NULL, false, &error, &about);
    if (!packet) {
        return;
    }
    struct ipv4_header header = {
        .header_len = IPV4_HEADER_LEN,
        .total_len = (uint16_t)(IPV4_HEADER_LEN + packet->len),
        .ttl = IPV4_DEFAULT_TTL,
        .protocol = IP_PROTOCOL_ICMP,
        .src = about.src,
        .dst = about.src,
    };
    icmp_trace_message(ip->icmp, &ICMP_ERROR_SENT, packet, about.src, about.src, &error);
    struct writer w = packet_push(packet, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
    accept_packet(ip, netif, packet, &header, false);
}

void ipv4_on_unresolved(void *network, struct netif *netif, struct packet *packet)
{
    struct ipv4 *ip = network;
    struct reader r = packet_reader(packet);
    struct ipv4_header header;
    if (ipv4_parse(&r, &header) == IPV4_OK) {
        if (ipv4_is_own(ip, header.src)) {
            report_unresolved_to_self(ip, netif, packet);
        } else {
            icmp_send_error(ip->icmp, packet, NULL, false, ICMP_DESTINATION_UNREACHABLE,
                            ICMP_HOST_UNREACHABLE, 0); /* RFC 1812 4.3.3.1 */
        }
    }
    ipv4_drop(ip, netif, packet, &IPV4_DROP_UNRESOLVED);
}
