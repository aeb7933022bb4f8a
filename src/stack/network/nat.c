/* Theory of operation. Two hooks see every packet that crosses the outside interface:
 *
 *     postrouting   what leaves:  private source -> outside address and a port of the mapping
 *     prerouting    what comes:   outside address and a mapped port -> inside endpoint
 *
 * The router's own traffic bears the outside address already and passes as it is, with two
 * exceptions: its echo requests get mappings like everybody's (ids have no port table), and when a
 * socket of its own came to use a port that is mapped already, it is moved to a free one. ICMP
 * errors belong to the packet that they quote, and are translated inside and out (RFC 5508 4).
 *
 * Fragments after the first carry no ports. So the router puts datagrams together before either
 * hook sees them, whatever the order they come in (RFC 4787 REQ-14), and cuts them again where the
 * next link asks for it. Other ways to translate fragments need a table of the first ones, and the
 * others wait for theirs in any case.
 *
 * DEVIATES: RFC 4787 REQ-9 (hairpinning): a packet from inside to the outside address reaches the
 * router itself.
 */
#include "stack/network/nat.h"

#include "base/memory.h"
#include "stack/network/ipv4_internal.h"
#include "stack/network/nat_internal.h"

#include <stdlib.h>

const struct drop_reason NAT_DROP_NO_MAPPING = {
    "nat.no-mapping", "nobody inside asked for it: the NAT has no mapping"};
const struct drop_reason NAT_DROP_TABLE_FULL = {"nat.table-full",
                                                "the NAT has no mapping or port left"};
const struct drop_reason NAT_DROP_PRIVATE = {
    "nat.private-destination", "it came from outside for a private address behind the NAT"};
const struct drop_reason NAT_DROP_UNSUPPORTED = {
    "nat.unsupported-protocol", "the NAT cannot translate its protocol: it has no ports"};
const struct drop_reason NAT_DROP_MALFORMED = {"nat.malformed",
                                               "it is too short for the NAT to find its ports"};
const struct drop_reason NAT_DROP_BAD_CHECKSUM = {"nat.bad-checksum",
                                                  "the checksum of this ICMP error is wrong"};
const struct drop_reason NAT_DROP_NO_ADDRESS = {"nat.no-address",
                                                "the NAT has no outside address to give it"};

static const struct trace_field NAT_FIELDS[] = {
    TRACE_FIELD(struct nat_event, protocol, TRACE_TEXT),
    TRACE_FIELD(struct nat_event, inside, TRACE_ENDPOINT),
    TRACE_FIELD(struct nat_event, outside, TRACE_ENDPOINT),
    TRACE_FIELD(struct nat_event, remote, TRACE_ENDPOINT),
};
static const struct trace_field NAT_EXPIRED_FIELDS[] = {
    TRACE_FIELD(struct nat_event, protocol, TRACE_TEXT),
    TRACE_FIELD(struct nat_event, inside, TRACE_ENDPOINT),
    TRACE_FIELD(struct nat_event, outside, TRACE_ENDPOINT),
};
TRACE_KIND(NAT_MAPPED, "nat.mapped", "maps {protocol} {inside} to {outside} (first to {remote})",
           NAT_FIELDS);
TRACE_KIND(NAT_TRANSLATED_OUT, "nat.translated-out",
           "{protocol} to {remote}: source {inside} becomes {outside}", NAT_FIELDS);
TRACE_KIND(NAT_TRANSLATED_IN, "nat.translated-in",
           "{protocol} from {remote}: destination {outside} becomes {inside}", NAT_FIELDS);
TRACE_KIND(NAT_EXPIRED, "nat.expired", "forgets that {protocol} {inside} was {outside}",
           NAT_EXPIRED_FIELDS);

struct nat {
    struct ipv4 *ip;
    struct scope *scope;
    struct netif *outside;
    struct nat_table table;
};

static bool on_prerouting(void *owner, struct packet *packet, struct netif *in);
static bool on_postrouting(void *owner, struct packet *packet, struct netif *in, struct netif *out);

struct nat *nat_new(struct ipv4 *ip, struct netif *outside,
                    bool (*is_port_taken)(void *owner, uint8_t protocol, uint16_t port),
                    void *owner)
{
    struct nat *nat = memory_new(sizeof *nat);
    nat->ip = ip;
    nat->scope = ipv4_scope(ip);
    nat->outside = outside;
    nat_table_init(&nat->table, nat->scope, is_port_taken, owner);
    ipv4_set_hook(ip, &(struct ipv4_hook){.needs_whole = true,
                                          .on_prerouting = on_prerouting,
                                          .on_postrouting = on_postrouting,
                                          .owner = nat});
    return nat;
}

void nat_free(struct nat *nat)
{
    ipv4_set_hook(nat->ip, &(struct ipv4_hook){0});
    nat_table_fini(&nat->table);
    free(nat);
}

size_t nat_count_mappings(const struct nat *nat)
{
    return nat->table.count;
}

/* --- helpers of both ways --- */

static const char *protocol_text(uint16_t protocol)
{
    return protocol == IP_PROTOCOL_TCP ? "TCP" : protocol == IP_PROTOCOL_UDP ? "UDP" : "ICMP";
}

static struct endpoint endpoint_of(uint32_t addr, uint16_t port)
{
    return (struct endpoint){ip_v4(addr), port};
}

void nat_trace(const struct scope *scope, const struct trace_kind *kind,
               const struct packet *packet, const struct nat_mapping *mapping,
               struct endpoint remote, bool is_error)
{
    if (trace_is_on(scope->trace)) {
        trace_emit(
            scope, kind, packet,
            &(struct nat_event){
                .protocol = is_error ? "ICMP error" : protocol_text(mapping->inside.protocol),
                .inside = endpoint_of(mapping->inside.addr, mapping->inside.port),
                .outside = endpoint_of(mapping->outside.addr, mapping->outside.port),
                .remote = remote,
            });
    }
}

/* RFC 1918, RFC 6598 */
static bool is_private(uint32_t addr)
{
    return ipv4_is_private(addr) || (addr & ipv4_mask(10)) == 0x64400000;
}

static bool is_outside(const struct nat *nat, uint32_t addr)
{
    return netif_has_ipv4(nat->outside, addr);
}

/* Drops the packet; false, for the hooks to return. */
static bool drop(struct nat *nat, struct packet *packet, const struct drop_reason *reason)
{
    ipv4_drop(nat->ip, nat->outside, packet, reason);
    return false;
}

static struct nat_endpoint src_of(const struct nat_packet *info)
{
    return (struct nat_endpoint){info->header.src, info->src_port, info->header.protocol};
}

static struct nat_endpoint dst_of(const struct nat_packet *info)
{
    return (struct nat_endpoint){info->header.dst, info->dst_port, info->header.protocol};
}

/* --- what comes --- */

static void translate_in(struct nat *nat, struct packet *packet, const struct nat_packet *info,
                         struct nat_mapping *mapping)
{
    nat_table_note(&nat->table, mapping, info, false);
    if (is_outside(nat, mapping->inside.addr) && mapping->inside.port == mapping->outside.port) {
        return; /* the router's own, and nothing changes */
    }
    struct endpoint remote = endpoint_of(info->header.src, info->src_port);
    nat_trace(nat->scope, &NAT_TRANSLATED_IN, packet, mapping, remote, false);
    nat_packet_set_dst(packet, info, mapping->inside.addr, mapping->inside.port);
}

/* RFC 5508 REQ-4: an error about what left by the outside. One about no mapping is about the
 * router's own traffic, or nobody's: its own stack will know. */
static bool translate_error_in(struct nat *nat, struct packet *packet,
                               const struct nat_packet *error)
{
    struct nat_packet quote;
    const struct drop_reason *fault = nat_quote_parse(packet, error, &quote);
    if (fault) {
        return drop(nat, packet, fault);
    }
    if (quote.kind != NAT_PORTS && quote.kind != NAT_ECHO_REQUEST) {
        return true;
    }
    struct nat_endpoint outside = src_of(&quote);
    const struct nat_mapping *mapping = nat_table_find_outside(&nat->table, &outside);
    if (!mapping) {
        return true;
    }
    struct endpoint remote = endpoint_of(quote.header.dst, quote.dst_port);
    nat_trace(nat->scope, &NAT_TRANSLATED_IN, packet, mapping, remote, true);
    nat_quote_set_src(packet, error, &quote, mapping->inside.addr, mapping->inside.port);
    nat_packet_set_dst_address(packet, error, mapping->inside.addr);
    return true;
}

/* For one of the router's outside addresses. */
static bool input_to_outside(struct nat *nat, struct packet *packet, const struct nat_packet *info)
{
    if (info->kind == NAT_ERROR) {
        return translate_error_in(nat, packet, info);
    }
    if (info->kind != NAT_PORTS && info->kind != NAT_ECHO_REPLY) {
        return true; /* pings of the router, and what its stack will drop better than we */
    }
    struct nat_endpoint outside = dst_of(info);
    struct nat_mapping *mapping = nat_table_find_outside(&nat->table, &outside);
    if (mapping) {
        translate_in(nat, packet, info, mapping);
        return true;
    }
    bool is_own =
        info->kind == NAT_ECHO_REPLY ||
        (nat->table.is_port_taken &&
         nat->table.is_port_taken(nat->table.owner, info->header.protocol, info->dst_port));
    return is_own || drop(nat, packet, &NAT_DROP_NO_MAPPING);
}

static bool on_prerouting(void *owner, struct packet *packet, struct netif *in)
{
    struct nat *nat = owner;
    if (in != nat->outside) {
        return true;
    }
    struct nat_packet info;
    nat_packet_parse(packet, &info);
    if (is_outside(nat, info.header.dst)) {
        return input_to_outside(nat, packet, &info);
    }
    return !is_private(info.header.dst) || drop(nat, packet, &NAT_DROP_PRIVATE);
}

/* --- what leaves --- */

/* The mapping of an inside endpoint to the outside's present address, made when there is none.
 * NULL: *reason says why not. */
static struct nat_mapping *get_mapping(struct nat *nat, const struct packet *packet,
                                       const struct nat_packet *info,
                                       const struct drop_reason **reason)
{
    const struct ip_prefix *prefix = netif_ipv4(nat->outside);
    if (!prefix) {
        *reason = &NAT_DROP_NO_ADDRESS;
        return NULL;
    }
    struct nat_endpoint inside = src_of(info);
    struct nat_mapping *mapping = nat_table_find_inside(&nat->table, &inside);
    if (mapping && mapping->outside.addr == prefix->addr.v4) {
        return mapping;
    }
    if (mapping) { /* of an address that the outside had before */
        nat_table_remove(&nat->table, mapping);
    }
    mapping = nat_table_add(&nat->table, &inside, prefix->addr.v4);
    if (!mapping) {
        *reason = &NAT_DROP_TABLE_FULL;
    } else if (!is_outside(nat, inside.addr)) {
        struct endpoint remote = endpoint_of(info->header.dst, info->dst_port);
        nat_trace(nat->scope, &NAT_MAPPED, packet, mapping, remote, false);
    }
    return mapping;
}

static bool translate_out(struct nat *nat, struct packet *packet, const struct nat_packet *info)
{
    const struct drop_reason *reason = NULL;
    struct nat_mapping *mapping = get_mapping(nat, packet, info, &reason);
    if (!mapping) {
        return drop(nat, packet, reason);
    }
    nat_table_note(&nat->table, mapping, info, true);
    if (info->header.src == mapping->outside.addr && info->src_port == mapping->outside.port) {
        return true; /* the router's own, and nothing changes */
    }
    struct endpoint remote = endpoint_of(info->header.dst, info->dst_port);
    nat_trace(nat->scope, &NAT_TRANSLATED_OUT, packet, mapping, remote, false);
    nat_packet_set_src(packet, info, mapping->outside.addr, mapping->outside.port);
    return true;
}

/* RFC 5508 REQ-5: an error about what came in by a mapping. *is_done tells whether there is one. */
static bool translate_error_out(struct nat *nat, struct packet *packet,
                                const struct nat_packet *error, bool *is_done)
{
    struct nat_packet quote;
    const struct drop_reason *fault = nat_quote_parse(packet, error, &quote);
    *is_done = false;
    if (fault) {
        return drop(nat, packet, fault);
    }
    if (quote.kind != NAT_PORTS && quote.kind != NAT_ECHO_REPLY) {
        return true;
    }
    struct nat_endpoint inside = dst_of(&quote);
    const struct nat_mapping *mapping = nat_table_find_inside(&nat->table, &inside);
    if (!mapping) {
        return true;
    }
    *is_done = true;
    struct endpoint remote = endpoint_of(quote.header.src, quote.src_port);
    nat_trace(nat->scope, &NAT_TRANSLATED_OUT, packet, mapping, remote, true);
    nat_quote_set_dst(packet, error, &quote, mapping->outside.addr, mapping->outside.port);
    nat_packet_set_src_address(packet, error, mapping->outside.addr);
    return true;
}

/* From a private source. */
static bool output_from_inside(struct nat *nat, struct packet *packet,
                               const struct nat_packet *info)
{
    bool is_done;
    switch (info->kind) {
    case NAT_PORTS:
    case NAT_ECHO_REQUEST:
        return translate_out(nat, packet, info);
    case NAT_ERROR:
        if (!translate_error_out(nat, packet, info, &is_done)) {
            return false;
        }
        /* RFC 5508 REQ-5: about no mapping: silently drop */
        return is_done || drop(nat, packet, &NAT_DROP_NO_MAPPING);
    case NAT_MALFORMED:
        return drop(nat, packet, &NAT_DROP_MALFORMED);
    case NAT_ECHO_REPLY:
    case NAT_OTHER:
        break;
    }
    return drop(nat, packet, &NAT_DROP_UNSUPPORTED);
}

/* From the router itself, with an outside address. */
static bool output_from_router(struct nat *nat, struct packet *packet,
                               const struct nat_packet *info)
{
    bool is_done;
    if (info->kind == NAT_ECHO_REQUEST) {
        return translate_out(nat, packet, info);
    }
    if (info->kind == NAT_ERROR) {
        /* about a packet that was translated already, perhaps: the remote knows only the outside */
        return translate_error_out(nat, packet, info, &is_done);
    }
    if (info->kind != NAT_PORTS) {
        return true;
    }
    struct nat_endpoint src = src_of(info);
    bool is_in_conflict = nat_table_find_outside(&nat->table, &src) != NULL;
    return !is_in_conflict && !nat_table_find_inside(&nat->table, &src)
               ? true
               : translate_out(nat, packet, info);
}

static bool on_postrouting(void *owner, struct packet *packet, struct netif *in, struct netif *out)
{
    struct nat *nat = owner;
    if (out != nat->outside || in == out) {
        return true;
    }
    struct nat_packet info;
    nat_packet_parse(packet, &info);
    if (is_outside(nat, info.header.src)) {
        return output_from_router(nat, packet, &info);
    }
    return !is_private(info.header.src) || output_from_inside(nat, packet, &info);
}
