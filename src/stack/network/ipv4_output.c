/* Theory of operation. Sending is: find the path (interface, next hop, source), check the size, put
 * the header in front, let a NAT look at it, hand it to the interface (in fragments, if need be). A
 * packet to one of our own addresses takes a short way: it waits in a queue that is delivered as
 * soon as the running event is done, so that no transport is ever called from within its own call.
 */
#include "stack/network/ipv4_internal.h"

enum { MAX_TOTAL_LEN = 65535 };

static bool is_group(uint32_t dst)
{
    return dst == IPV4_BROADCAST || ipv4_is_multicast(dst);
}

static void set_path_to_self(const struct ipv4_send *how, struct ipv4_path *path)
{
    *path = (struct ipv4_path){
        .src = how->src != IPV4_ANY ? how->src : how->dst,
        .next_hop = how->dst,
        .mtu = MAX_TOTAL_LEN,
    };
}

enum status ipv4_find_path(const struct ipv4 *ip, const struct ipv4_send *how,
                           struct ipv4_path *path)
{
    if (ipv4_is_own(ip, how->dst)) {
        set_path_to_self(how, path);
        return STATUS_OK;
    }
    /* RFC 1122 3.2.1.3 (a), (g): {0,0} is no destination, and 127/8 stays inside the host */
    if (how->dst == IPV4_ANY || ipv4_is_loopback(how->src)) {
        return STATUS_UNREACHABLE;
    }
    const struct route *route = route_lookup(ip->routes, ip_v4(how->dst));
    struct netif *netif = how->netif ? how->netif : route ? route->netif : NULL;
    if (!netif || !netif->is_up) {
        return STATUS_UNREACHABLE;
    }
    bool is_by_gateway = route && route->netif == netif && ip_is_set(route->gateway) &&
                         !is_group(how->dst); /* no gateway stands before the link's own groups */
    uint32_t next_hop = is_by_gateway ? route->gateway.v4 : how->dst;
    *path = (struct ipv4_path){
        .netif = netif,
        .src = how->src != IPV4_ANY ? how->src : netif_source_for(netif, next_hop),
        .next_hop = next_hop,
        .mtu = netif->mtu < MAX_TOTAL_LEN ? netif->mtu : MAX_TOTAL_LEN,
    };
    return STATUS_OK;
}

enum status ipv4_select_source(struct ipv4 *ip, uint32_t dst, uint32_t *src, uint32_t *mtu)
{
    struct ipv4_path path;
    enum status status = ipv4_find_path(ip, &(struct ipv4_send){.dst = dst}, &path);
    if (status != STATUS_OK) {
        return status;
    }
    if (path.src == IPV4_ANY) {
        return STATUS_UNREACHABLE;
    }
    *src = path.src;
    *mtu = path.mtu;
    return STATUS_OK;
}

static uint8_t default_ttl(uint32_t dst)
{
    return ipv4_is_multicast(dst) ? 1 : IPV4_DEFAULT_TTL;
}

static void push_header(struct ipv4 *ip, struct packet *packet, const struct ipv4_send *how,
                        uint32_t src)
{
    struct ipv4_header header = {
        .dscp = how->dscp,
        .ecn = how->ecn,
        .total_len = (uint16_t)(IPV4_HEADER_LEN + packet->len),
        .id = ip->next_id++, /* RFC 6864 4.3: not the same again for a long time */
        .dont_fragment = how->dont_fragment,
        .ttl = how->ttl != 0 ? how->ttl : default_ttl(how->dst),
        .protocol = how->protocol,
        .src = src,
        .dst = how->dst,
    };
    packet_make_writable(packet);
    struct writer w = packet_push(packet, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
}

static void send_to_self(struct ipv4 *ip, struct packet *packet)
{
    if (ip->n_looped == IPV4_MAX_LOOPED) {
        ipv4_drop(ip, NULL, packet, &IPV4_DROP_LOOP_FULL);
        return;
    }
    packet->next = NULL;
    if (ip->n_looped == 0) {
        ip->first_looped = packet;
        env_defer(ip->scope->env, &ip->looped_event);
    } else {
        ip->last_looped->next = packet;
    }
    ip->last_looped = packet;
    ip->n_looped++;
}

static void send_out(struct ipv4 *ip, struct packet *packet, const struct ipv4_send *how,
                     const struct ipv4_path *path)
{
    if (ip->hook.on_postrouting &&
        !ip->hook.on_postrouting(ip->hook.owner, packet, NULL, path->netif)) {
        return;
    }
    struct ipv4_exit way = {path->netif, path->next_hop, how->link_dst};
    ipv4_transmit(ip, packet, &way);
}

enum status ipv4_send(struct ipv4 *ip, struct packet *packet, const struct ipv4_send *how)
{
    struct ipv4_path path;
    if (ipv4_find_path(ip, how, &path) != STATUS_OK) {
        ipv4_drop(ip, how->netif, packet, &IPV4_DROP_NO_ROUTE);
        return STATUS_UNREACHABLE;
    }
    uint32_t limit = how->dont_fragment ? path.mtu : MAX_TOTAL_LEN;
    if (IPV4_HEADER_LEN + packet->len > limit) {
        ipv4_drop(ip, path.netif, packet, &IPV4_DROP_TOO_BIG);
        return STATUS_LIMIT;
    }
    push_header(ip, packet, how, path.src);
    if (path.netif) {
        send_out(ip, packet, how, &path);
    } else {
        send_to_self(ip, packet);
    }
    return STATUS_OK;
}
