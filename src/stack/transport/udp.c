/* A table of sockets by local port, each with a queue of datagrams.
 *
 * What is queued keeps its packet (no copy until it is received); its facts go into records that
 * are used again.
 */
#include "stack/transport/udp.h"

#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "stack/network/icmp.h"

#include <stdlib.h>

const struct drop_reason UDP_DROP_MALFORMED = {"udp.malformed", "its UDP header makes no sense"};
const struct drop_reason UDP_DROP_BAD_CHECKSUM = {"udp.bad-checksum",
                                                  "its UDP checksum does not add up"};
const struct drop_reason UDP_DROP_NO_SOCKET = {"udp.no-socket", "nobody listens on its UDP port"};
const struct drop_reason UDP_DROP_BUFFER_FULL = {"udp.buffer-full",
                                                 "its receiver does not read fast enough"};

static const struct trace_field UDP_FIELDS[] = {
    TRACE_FIELD(struct udp_datagram_event, src, TRACE_ENDPOINT),
    TRACE_FIELD(struct udp_datagram_event, dst, TRACE_ENDPOINT),
    TRACE_FIELD(struct udp_datagram_event, len, TRACE_U32),
};
TRACE_KIND(UDP_SENT, "udp.sent", "UDP {src} -> {dst}, {len} bytes", UDP_FIELDS);
TRACE_KIND(UDP_RECEIVED, "udp.received", "UDP {src} -> {dst}, {len} bytes received", UDP_FIELDS);

struct udp_datagram { /* one in a socket's queue, or free */
    struct udp_datagram *next;
    struct packet *packet; /* owned; data at the first byte after the UDP header */
    struct udp_datagram_info info;
};

struct udp_socket {
    struct list link; /* in its port's list while bound */
    struct udp *udp;
    struct endpoint local;  /* addr not set: any; port 0: not bound */
    struct endpoint remote; /* port 0: not connected */
    struct netif *netif;
    struct udp_datagram *first, *last;
    size_t queued_bytes;
    enum status error; /* pending */
    struct event event;
    void (*on_event)(void *owner);
    void *owner;
};

struct udp {
    struct ipv4 *ip;
    struct port_table *ports;
    struct scope *scope;
    struct map by_port; /* uint16_t: struct list of the sockets bound to it, owned */
    size_t n_sockets;
    struct udp_datagram *free_datagrams;
};

static void udp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info);
static void udp_on_icmp_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                              uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_rest);

struct udp *udp_new(struct ipv4 *ip, struct port_table *ports)
{
    struct udp *udp = memory_new(sizeof *udp);
    udp->ip = ip;
    udp->ports = ports;
    udp->scope = ipv4_scope(ip);
    struct prng prng;
    scope_prng_init(udp->scope, &prng, "udp-table");
    map_init(&udp->by_port, sizeof(uint16_t), prng_u64(&prng));
    ipv4_set_handler(ip, IP_PROTOCOL_UDP, udp_input, udp_on_icmp_error, udp);
    return udp;
}

void udp_free(struct udp *udp)
{
    CHECK(udp->n_sockets == 0);
    map_fini(&udp->by_port);
    while (udp->free_datagrams) {
        struct udp_datagram *datagram = udp->free_datagrams;
        udp->free_datagrams = datagram->next;
        free(datagram);
    }
    free(udp);
}

/* --- sockets --- */

static void udp_socket_fire(void *owner)
{
    struct udp_socket *socket = owner;
    if (socket->on_event) {
        socket->on_event(socket->owner);
    }
}

struct udp_socket *udp_open(struct udp *udp, void (*on_event)(void *owner), void *owner)
{
    if (udp->n_sockets == UDP_MAX_SOCKETS) {
        return NULL;
    }
    struct udp_socket *socket = memory_new(sizeof *socket);
    list_init(&socket->link);
    socket->udp = udp;
    socket->on_event = on_event;
    socket->owner = owner;
    scope_event_init(udp->scope, &socket->event, udp_socket_fire, socket);
    udp->n_sockets++;
    return socket;
}

/* Takes the first datagram off the queue and frees its record; the packet is the caller's. */
static struct packet *udp_dequeue(struct udp_socket *socket, struct udp_datagram_info *info)
{
    struct udp_datagram *datagram = socket->first;
    struct packet *packet = datagram->packet;
    *info = datagram->info;
    socket->first = datagram->next;
    if (!socket->first) {
        socket->last = NULL;
    }
    socket->queued_bytes -= packet->len + UDP_DATAGRAM_COST;
    datagram->next = socket->udp->free_datagrams;
    socket->udp->free_datagrams = datagram;
    return packet;
}

static void udp_unbind(struct udp_socket *socket)
{
    struct udp *udp = socket->udp;
    uint16_t port = (uint16_t)socket->local.port;
    if (port == 0) {
        return;
    }
    struct list *sockets = map_get(&udp->by_port, &port);
    list_remove(&socket->link);
    if (list_is_empty(sockets)) {
        map_remove(&udp->by_port, &port);
        free(sockets);
    }
    port_table_release(udp->ports, IP_PROTOCOL_UDP, port);
}

void udp_close(struct udp_socket *socket)
{
    struct udp *udp = socket->udp;
    udp_unbind(socket);
    while (socket->first) {
        struct udp_datagram_info info;
        packet_put(udp_dequeue(socket, &info));
    }
    env_cancel(udp->scope->env, &socket->event);
    udp->n_sockets--;
    free(socket);
}

static bool udp_has_conflict(const struct udp *udp, struct endpoint local,
                             const struct netif *netif)
{
    uint16_t port = (uint16_t)local.port;
    const struct list *sockets = map_get(&udp->by_port, &port);
    if (!sockets) {
        return false;
    }
    LIST_FOR_EACH (link, sockets) {
        const struct udp_socket *other = container_of(link, struct udp_socket, link);
        bool is_apart_by_addr = ip_is_set(other->local.addr) && ip_is_set(local.addr) &&
                                !ip_equal(other->local.addr, local.addr);
        bool is_apart_by_netif = other->netif && netif && other->netif != netif;
        if (!is_apart_by_addr && !is_apart_by_netif) {
            return true;
        }
    }
    return false;
}

static bool udp_is_local(const struct udp *udp, uint32_t addr)
{
    return ipv4_is_own(udp->ip, addr) || ipv4_is_multicast(addr) || addr == IPV4_BROADCAST;
}

enum status udp_bind(struct udp_socket *socket, struct endpoint local, struct netif *netif)
{
    struct udp *udp = socket->udp;
    if (socket->local.port != 0 || local.port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    if (ip_is_set(local.addr) && local.addr.v4 == IPV4_ANY) {
        local.addr = (struct ip_addr){0};
    }
    if (ip_is_set(local.addr) && !udp_is_local(udp, local.addr.v4)) {
        return STATUS_NOT_FOUND;
    }
    if (local.port == 0) {
        local.port = port_table_choose(udp->ports, IP_PROTOCOL_UDP);
    }
    if (local.port == 0 || udp_has_conflict(udp, local, netif)) {
        return STATUS_IN_USE;
    }
    uint16_t port = (uint16_t)local.port;
    struct list *sockets = map_get(&udp->by_port, &port);
    if (!sockets) {
        sockets = memory_new(sizeof *sockets);
        list_init(sockets);
        map_put(&udp->by_port, &port, sockets);
    }
    list_add_last(&socket->link, sockets);
    port_table_take(udp->ports, IP_PROTOCOL_UDP, port);
    socket->local = local;
    socket->netif = netif;
    return STATUS_OK;
}

static enum status udp_bind_if_needed(struct udp_socket *socket)
{
    if (socket->local.port != 0) {
        return STATUS_OK;
    }
    return udp_bind(socket, (struct endpoint){0}, NULL);
}

/* What a datagram to `dst` bears as its source, when nobody chose one. */
static enum status udp_select_source(const struct udp_socket *socket, uint32_t dst, uint32_t *src)
{
    if (ip_is_set(socket->local.addr)) {
        *src = socket->local.addr.v4;
        return STATUS_OK;
    }
    if (socket->netif) { /* whatever the routes say; an interface without an address has 0.0.0.0 */
        *src = netif_source_for(socket->netif, dst);
        return STATUS_OK;
    }
    uint32_t mtu = 0;
    return ipv4_select_source(socket->udp->ip, dst, src, &mtu);
}

enum status udp_connect(struct udp_socket *socket, struct endpoint remote)
{
    if (remote.addr.version != IP_V4 || remote.port == 0 || remote.port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    uint32_t src = 0;
    enum status status = udp_select_source(socket, remote.addr.v4, &src);
    if (status == STATUS_OK) {
        status = udp_bind_if_needed(socket);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (src != IPV4_ANY) {
        socket->local.addr = ip_v4(src);
    }
    socket->remote = remote;
    socket->error = STATUS_OK;
    return STATUS_OK;
}

struct endpoint udp_local(const struct udp_socket *socket)
{
    return socket->local;
}

/* --- sending --- */

static enum status udp_transmit(struct udp_socket *socket, struct endpoint to,
                                const struct ipv4_send *how, struct bytes data)
{
    struct scope *scope = socket->udp->scope;
    struct packet *packet = packet_new_copy(scope->env->packets, data.p, data.len);
    packet_mark_payload(packet, 0);
    struct udp_header header = {.src_port = (uint16_t)socket->local.port,
                                .dst_port = (uint16_t)to.port};
    struct bytes body = {packet->data, packet->len};
    struct writer w = packet_push(packet, UDP_HEADER_LEN);
    udp_emit(&w, ip_v4(how->src), ip_v4(how->dst), &header, body);
    if (trace_is_on(scope->trace)) {
        struct endpoint src = {ip_v4(how->src), socket->local.port};
        trace_emit(scope, &UDP_SENT, packet,
                   &(struct udp_datagram_event){src, to, (uint32_t)data.len});
    }
    return ipv4_send(socket->udp->ip, packet, how);
}

enum status udp_send(struct udp_socket *socket, const struct endpoint *to, uint32_t src,
                     const struct mac_addr *link_dst, struct bytes data)
{
    struct endpoint target = to ? *to : socket->remote;
    if (target.addr.version != IP_V4 || target.port == 0 || target.port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    if (data.len > UDP_MAX_DATA) {
        return STATUS_LIMIT;
    }
    enum status status = udp_bind_if_needed(socket);
    if (status == STATUS_OK && src == 0) {
        status = udp_select_source(socket, target.addr.v4, &src);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct ipv4_send how = {
        .src = src,
        .dst = target.addr.v4,
        .protocol = IP_PROTOCOL_UDP,
        .netif = socket->netif,
        .link_dst = link_dst,
    };
    return udp_transmit(socket, target, &how, data);
}

/* --- receiving --- */

int64_t udp_receive(struct udp_socket *socket, void *buffer, size_t size,
                    struct udp_datagram_info *info)
{
    if (socket->error != STATUS_OK) { /* RFC 1122 4.1.3.3: ICMP errors go up to the application */
        enum status error = socket->error;
        socket->error = STATUS_OK;
        return -(int64_t)error;
    }
    if (!socket->first) {
        return -(int64_t)STATUS_AGAIN;
    }
    struct udp_datagram_info unwanted;
    struct packet *packet = udp_dequeue(socket, info ? info : &unwanted);
    int64_t len = packet->len;
    size_t copied = packet->len < size ? packet->len : size;
    if (copied > 0) {
        memcpy(buffer, packet->data, copied);
    }
    packet_put(packet);
    return len;
}

static bool udp_fits(const struct udp_socket *socket, const struct udp_datagram_info *info)
{
    if (socket->netif && socket->netif != info->netif) {
        return false;
    }
    if (ip_is_set(socket->local.addr) && !ip_equal(socket->local.addr, info->to.addr)) {
        return false;
    }
    return socket->remote.port == 0 || endpoint_equal(socket->remote, info->from);
}

/* At most one fits: udp_bind has seen to it. */
static struct udp_socket *udp_find(const struct list *sockets, const struct udp_datagram_info *info)
{
    LIST_FOR_EACH (link, sockets) {
        struct udp_socket *socket = container_of(link, struct udp_socket, link);
        if (udp_fits(socket, info)) {
            return socket;
        }
    }
    return NULL;
}

/* Takes ownership of the packet (data at the datagram's data). */
static void udp_enqueue(struct udp_socket *socket, struct packet *packet,
                        const struct udp_datagram_info *info)
{
    struct udp *udp = socket->udp;
    size_t cost = packet->len + UDP_DATAGRAM_COST;
    if (socket->queued_bytes + cost > UDP_RECEIVE_BUFFER) {
        scope_drop(udp->scope, packet, &UDP_DROP_BUFFER_FULL, NULL);
        return;
    }
    struct udp_datagram *datagram = udp->free_datagrams;
    if (datagram) {
        udp->free_datagrams = datagram->next;
    } else {
        datagram = memory_new(sizeof *datagram);
    }
    *datagram = (struct udp_datagram){.packet = packet, .info = *info};
    if (socket->last) {
        socket->last->next = datagram;
    } else {
        socket->first = datagram;
    }
    socket->last = datagram;
    socket->queued_bytes += cost;
    if (trace_is_on(udp->scope->trace)) {
        trace_emit(udp->scope, &UDP_RECEIVED, packet,
                   &(struct udp_datagram_event){info->from, info->to, packet->len});
    }
    env_defer(udp->scope->env, &socket->event);
}

/* RFC 1122 4.1.3.1: a datagram for a port nobody listens on is answered with an ICMP error. The IP
 * header is still there, right before the UDP header. */
static void udp_refuse(struct udp *udp, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct packet *offender = packet_clone(packet);
    offender->data -= UDP_HEADER_LEN + info->header.header_len;
    offender->len += UDP_HEADER_LEN + info->header.header_len;
    icmp_send_error(ipv4_icmp(udp->ip), offender, info->netif, info->is_group,
                    ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
    packet_put(offender);
    scope_drop(udp->scope, packet, &UDP_DROP_NO_SOCKET, info->netif ? info->netif->name : NULL);
}

/* RFC 1122 4.1.3.6: a datagram for a group goes to everybody who asked for it. False: nobody did.
 */
static bool udp_deliver_to_group(const struct list *sockets, struct packet *packet,
                                 const struct udp_datagram_info *info)
{
    bool is_taken = false;
    LIST_FOR_EACH (link, sockets) {
        struct udp_socket *socket = container_of(link, struct udp_socket, link);
        if (udp_fits(socket, info)) {
            udp_enqueue(socket, packet_clone(packet), info);
            is_taken = true;
        }
    }
    return is_taken;
}

static void udp_deliver(struct udp *udp, struct packet *packet, const struct udp_datagram_info *to,
                        const struct ipv4_packet_info *info)
{
    uint16_t port = (uint16_t)to->to.port;
    const struct list *sockets = map_get(&udp->by_port, &port);
    if (sockets && info->is_group) {
        if (udp_deliver_to_group(sockets, packet, to)) {
            packet_put(packet);
            return;
        }
    } else if (sockets) {
        struct udp_socket *socket = udp_find(sockets, to);
        if (socket) {
            udp_enqueue(socket, packet, to);
            return;
        }
    }
    udp_refuse(udp, packet, info);
}

static void udp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct udp *udp = owner;
    const char *where = info->netif ? info->netif->name : NULL;
    struct ip_addr src = ip_v4(info->header.src);
    struct ip_addr dst = ip_v4(info->header.dst);
    struct reader r = packet_reader(packet);
    struct udp_header header;
    bool is_checksum_right = false;
    if (!udp_parse(&r, src, dst, &header, &is_checksum_right)) {
        scope_drop(udp->scope, packet, &UDP_DROP_MALFORMED, where);
        return;
    }
    if (!is_checksum_right) { /* RFC 1122 4.1.3.4: silently discard */
        scope_drop(udp->scope, packet, &UDP_DROP_BAD_CHECKSUM, where);
        return;
    }
    packet_trim(packet, header.len);
    packet_pull(packet, UDP_HEADER_LEN);
    struct udp_datagram_info datagram = {
        .from = {src, header.src_port},
        .to = {dst, header.dst_port},
        .netif = info->netif,
        .packet_id = packet->id,
    };
    udp_deliver(udp, packet, &datagram, info);
}

/* --- ICMP errors --- */

static enum status udp_error_of(uint8_t icmp_type, uint8_t icmp_code)
{
    if (icmp_type == ICMP_DESTINATION_UNREACHABLE) {
        return icmp_code == ICMP_PORT_UNREACHABLE || icmp_code == ICMP_PROTOCOL_UNREACHABLE
                   ? STATUS_REFUSED
                   : STATUS_UNREACHABLE;
    }
    return icmp_type == ICMP_TIME_EXCEEDED ? STATUS_UNREACHABLE : STATUS_OK;
}

/* An error about a datagram of ours concerns the socket that is connected to where it went. */
static void udp_on_icmp_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                              uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_rest)
{
    struct udp *udp = owner;
    (void)icmp_rest;
    struct reader r = reader_of(transport.p, transport.len);
    uint16_t src_port = read_u16(&r);
    uint16_t dst_port = read_u16(&r);
    enum status error = udp_error_of(icmp_type, icmp_code);
    const struct list *sockets = map_get(&udp->by_port, &src_port);
    if (r.failed || error == STATUS_OK || !sockets) {
        return;
    }
    struct endpoint remote = {ip_v4(header->dst), dst_port};
    LIST_FOR_EACH (link, sockets) {
        struct udp_socket *socket = container_of(link, struct udp_socket, link);
        if (endpoint_equal(socket->remote, remote) &&
            (!ip_is_set(socket->local.addr) || socket->local.addr.v4 == header->src)) {
            socket->error = error;
            env_defer(udp->scope->env, &socket->event);
        }
    }
}
