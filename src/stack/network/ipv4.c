/* Theory of operation. A node's network layer is in six files: this one holds its state
 * (addresses, handlers), ipv4_input.c what happens to packets that come in, ipv4_output.c what
 * happens to packets that this node sends, route.c where packets go, fragment.c what happens to
 * those that are too large for the next link, reassembly.c how they become whole again.
 *
 * `local` answers the question that is asked of every packet, "is this address us?", with one
 * lookup, whatever the number of interfaces. We are a weak end system (RFC 1122 3.3.4.2): an
 * address of any interface is ours on every interface.
 */
#include "stack/network/ipv4.h"

#include "base/check.h"
#include "base/memory.h"
#include "stack/network/icmp_internal.h"
#include "stack/network/ipv4_internal.h"

#include <stdlib.h>

const struct drop_reason IPV4_DROP_MALFORMED = {"ipv4.malformed", "it is no IPv4 packet"};
const struct drop_reason IPV4_DROP_BAD_CHECKSUM = {"ipv4.bad-checksum",
                                                   "its header checksum is wrong"};
const struct drop_reason IPV4_DROP_TTL_EXPIRED = {"ipv4.ttl-expired", "its time to live ran out"};
const struct drop_reason IPV4_DROP_NO_ROUTE = {"ipv4.no-route",
                                               "no route leads to its destination"};
const struct drop_reason IPV4_DROP_NOT_FOR_US = {
    "ipv4.not-for-us", "it is for another host, and this one does not forward"};
const struct drop_reason IPV4_DROP_NO_PROTOCOL = {"ipv4.no-protocol",
                                                  "nobody here speaks the protocol it carries"};
const struct drop_reason IPV4_DROP_TOO_BIG = {"ipv4.too-big",
                                              "it is larger than the next link takes"};
const struct drop_reason IPV4_DROP_MARTIAN = {"ipv4.martian",
                                              "its source is an address nobody out there can have"};
const struct drop_reason IPV4_DROP_UNRESOLVED = {"ipv4.host-unreachable",
                                                 "its next hop does not answer ARP"};
const struct drop_reason IPV4_DROP_BAD_DESTINATION = {
    "ipv4.bad-destination", "its destination must never be seen on a link"};
const struct drop_reason IPV4_DROP_DIRECTED = {"ipv4.directed-broadcast",
                                               "it is a broadcast to a subnet from outside of it"};
const struct drop_reason IPV4_DROP_LINK_GROUP = {"ipv4.link-broadcast",
                                                 "the link broadcast it, but it is for one host"};
const struct drop_reason IPV4_DROP_LINK_LOCAL = {"ipv4.link-local",
                                                 "link-local addresses are not forwarded"};
const struct drop_reason IPV4_DROP_LOOP_FULL = {
    "ipv4.loopback-full", "too many packets are on their way from this node to itself"};

static const struct trace_field FORWARDED_FIELDS[] = {
    TRACE_FIELD(struct ipv4_forwarded, src, TRACE_IP),
    TRACE_FIELD(struct ipv4_forwarded, dst, TRACE_IP),
    TRACE_FIELD(struct ipv4_forwarded, in, TRACE_TEXT),
    TRACE_FIELD(struct ipv4_forwarded, out, TRACE_TEXT),
    TRACE_FIELD(struct ipv4_forwarded, next_hop, TRACE_IP),
    TRACE_FIELD(struct ipv4_forwarded, ttl, TRACE_U8),
};
TRACE_KIND(IPV4_FORWARDED, "ipv4.forwarded",
           "forwards {src} > {dst} from {in} to {out}, next hop {next_hop}, TTL {ttl}",
           FORWARDED_FIELDS);

struct ipv4 *ipv4_new(struct scope *scope, bool forwarding)
{
    struct ipv4 *ip = memory_new(sizeof *ip);
    ip->scope = scope;
    ip->forwarding = forwarding;
    ip->routes = route_table_new();
    struct prng prng;
    scope_prng_init(scope, &prng, "ipv4");
    addr_map_init(&ip->local, prng_u64(&prng));
    ip->next_id = prng_u16(&prng);
    scope_event_init(scope, &ip->looped_event, ipv4_deliver_looped, ip);
    ip->icmp = icmp_new(ip);
    ip->reassembly = reassembly_new(ip);
    return ip;
}

void ipv4_free(struct ipv4 *ip)
{
    reassembly_free(ip->reassembly);
    icmp_free(ip->icmp);
    env_cancel(ip->scope->env, &ip->looped_event);
    while (ip->first_looped) {
        struct packet *packet = ip->first_looped;
        ip->first_looped = packet->next;
        packet_put(packet);
    }
    for (size_t i = 0; ip->local.slots && i <= ip->local.mask; i++) {
        free(ip->local.slots[i].value);
    }
    addr_map_fini(&ip->local);
    route_table_free(ip->routes);
    free(ip);
}

void ipv4_add_netif(struct ipv4 *ip, struct netif *netif)
{
    netif->on_ipv4 = ipv4_input;
    netif->on_unresolved = ipv4_on_unresolved;
    netif->network = ip;
}

/* A record of the address, made when there is none. */
static struct ipv4_local *get_local(struct ipv4 *ip, uint32_t addr)
{
    struct ipv4_local *local = addr_map_get(&ip->local, addr);
    if (!local) {
        local = memory_new(sizeof *local);
        addr_map_put(&ip->local, addr, local);
    }
    return local;
}

static void forget_unused_local(struct ipv4 *ip, uint32_t addr)
{
    struct ipv4_local *local = addr_map_get(&ip->local, addr);
    if (local && local->n_own == 0 && local->n_broadcast == 0) {
        (void)addr_map_remove(&ip->local, addr);
        free(local);
    }
}

static void add_local(struct ipv4 *ip, const struct ip_prefix *prefix)
{
    get_local(ip, prefix->addr.v4)->n_own++;
    uint32_t broadcast = netif_prefix_broadcast(prefix);
    if (broadcast != 0) {
        get_local(ip, broadcast)->n_broadcast++;
    }
}

static void remove_local(struct ipv4 *ip, const struct ip_prefix *prefix)
{
    get_local(ip, prefix->addr.v4)->n_own--;
    forget_unused_local(ip, prefix->addr.v4);
    uint32_t broadcast = netif_prefix_broadcast(prefix);
    if (broadcast != 0) {
        get_local(ip, broadcast)->n_broadcast--;
        forget_unused_local(ip, broadcast);
    }
}

/* RFC 1122 3.2.1.3: what cannot be the address of one host. */
static bool is_host_prefix(const struct ip_prefix *prefix)
{
    if (prefix->addr.version != IP_V4 || prefix->len == 0 || prefix->len > 32) {
        return false;
    }
    uint32_t addr = prefix->addr.v4;
    bool is_network = prefix->len <= 30 && (addr & ~ipv4_mask(prefix->len)) == 0;
    return !is_network && addr >> 24 != 0 && addr != IPV4_BROADCAST && !ipv4_is_loopback(addr) &&
           !ipv4_is_multicast(addr) && addr != netif_prefix_broadcast(prefix);
}

enum status ipv4_add_address(struct ipv4 *ip, struct netif *netif, struct ip_prefix prefix)
{
    if (!is_host_prefix(&prefix)) {
        return STATUS_INVALID;
    }
    if (netif_has_ipv4(netif, prefix.addr.v4)) {
        return STATUS_IN_USE;
    }
    struct route connected = {.prefix = prefix, .netif = netif, .metric = netif->index};
    if (!netif_add_address(netif, prefix)) {
        return STATUS_LIMIT;
    }
    enum status status = route_add(ip->routes, &connected);
    if (status != STATUS_OK) {
        (void)netif_remove_address(netif, prefix.addr);
        return status;
    }
    add_local(ip, &prefix);
    return STATUS_OK;
}

static const struct ip_prefix *find_address(const struct netif *netif, struct ip_addr addr)
{
    for (size_t i = 0; i < netif->n_addresses; i++) {
        if (ip_equal(netif->addresses[i].addr, addr)) {
            return &netif->addresses[i];
        }
    }
    return NULL;
}

/* True when another address of the interface lies in the same subnet. */
static bool is_subnet_needed(const struct netif *netif, const struct ip_prefix *prefix)
{
    for (size_t i = 0; i < netif->n_addresses; i++) {
        const struct ip_prefix *other = &netif->addresses[i];
        if (other->addr.version == prefix->addr.version && other->len == prefix->len &&
            ((other->addr.v4 ^ prefix->addr.v4) & ipv4_mask(prefix->len)) == 0) {
            return true;
        }
    }
    return false;
}

void ipv4_remove_address(struct ipv4 *ip, struct netif *netif, struct ip_addr addr)
{
    const struct ip_prefix *found = find_address(netif, addr);
    if (!found || addr.version != IP_V4) {
        return;
    }
    struct ip_prefix prefix = *found;
    (void)netif_remove_address(netif, addr);
    remove_local(ip, &prefix);
    if (!is_subnet_needed(netif, &prefix)) {
        (void)route_remove(ip->routes, prefix, netif->index);
    }
}

struct route_table *ipv4_routes(struct ipv4 *ip)
{
    return ip->routes;
}

struct icmp *ipv4_icmp(struct ipv4 *ip)
{
    return ip->icmp;
}

struct scope *ipv4_scope(struct ipv4 *ip)
{
    return ip->scope;
}

void ipv4_set_handler(struct ipv4 *ip, uint8_t protocol, ipv4_handler handler,
                      ipv4_error_handler on_error, void *owner)
{
    if (ip->protocol_place[protocol] == 0) {
        CHECK(ip->n_protocols < IPV4_MAX_PROTOCOLS);
        ip->protocol_place[protocol] = (uint8_t)++ip->n_protocols;
    }
    ip->protocols[ip->protocol_place[protocol]] =
        (struct ipv4_protocol){.handler = handler, .on_error = on_error, .owner = owner};
}

void ipv4_set_hook(struct ipv4 *ip, const struct ipv4_hook *hook)
{
    ip->hook = hook ? *hook : (struct ipv4_hook){0};
}

bool ipv4_is_own(const struct ipv4 *ip, uint32_t addr)
{
    const struct ipv4_local *local = ipv4_find_local(ip, addr);
    return (local && local->n_own > 0) || ipv4_is_loopback(addr);
}

void ipv4_drop(struct ipv4 *ip, struct netif *netif, struct packet *packet,
               const struct drop_reason *reason)
{
    if (netif) {
        netif->counts.drops++;
    }
    scope_drop(ip->scope, packet, reason, netif ? netif->name : NULL);
}
