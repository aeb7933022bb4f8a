/* The face of TCP: its tables, which connection a segment is for, and opening.
 *
 * Connections are found by their four-tuple, listeners by their local endpoint. A segment that
 * finds a connection is processed by RFC 9293 3.10.7 in tcp_input.c; one that finds a listener only
 * makes a connection, or nothing; one that finds neither is answered with RST.
 */
#include "stack/transport/tcp_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

const struct drop_reason TCP_DROP_MALFORMED = {"tcp.malformed", "its TCP header makes no sense"};
const struct drop_reason TCP_DROP_BAD_CHECKSUM = {"tcp.bad-checksum",
                                                  "its TCP checksum does not add up"};
const struct drop_reason TCP_DROP_NO_CONNECTION = {"tcp.no-connection",
                                                   "no connection and no listener is there for it"};
const struct drop_reason TCP_DROP_OUT_OF_WINDOW = {"tcp.out-of-window",
                                                   "its sequence numbers are outside the window"};
const struct drop_reason TCP_DROP_BACKLOG_FULL = {"tcp.backlog-full",
                                                  "the listener's queue is full"};
const struct drop_reason TCP_DROP_UNACCEPTABLE = {
    "tcp.unacceptable", "its flags or acknowledgement do not fit the connection's state"};

static void tcp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info);

static struct tcp_config tcp_config_with_defaults(const struct tcp_config *config)
{
    struct tcp_config full = config ? *config : (struct tcp_config){0};
    full.rto_min_ns = full.rto_min_ns ? full.rto_min_ns : TCP_DEFAULT_RTO_MIN_NS;
    full.send_buffer = full.send_buffer ? full.send_buffer : TCP_DEFAULT_BUFFER;
    full.receive_buffer = full.receive_buffer ? full.receive_buffer : TCP_DEFAULT_BUFFER;
    full.congestion = full.congestion ? full.congestion : "reno";
    return full;
}

struct tcp *tcp_new(struct ipv4 *ip, struct port_table *ports, const struct tcp_config *config)
{
    struct tcp *tcp = memory_new(sizeof *tcp);
    tcp->ip = ip;
    tcp->ports = ports;
    tcp->scope = ipv4_scope(ip);
    tcp->config = tcp_config_with_defaults(config);
    CHECK(tcp->config.send_buffer <= TCP_MAX_BUFFER &&
          tcp->config.receive_buffer <= TCP_MAX_BUFFER);
    tcp->congestion = tcp_congestion_find(tcp->config.congestion);
    CHECK(tcp->congestion);
    list_init(&tcp->all);
    struct prng prng;
    scope_prng_init(tcp->scope, &prng, "tcp-tables");
    map_init(&tcp->conns, sizeof(struct tcp_key), prng_u64(&prng));
    map_init(&tcp->listeners, sizeof(struct endpoint), prng_u64(&prng));
    scope_prng_init(tcp->scope, &prng, "tcp-isn");
    tcp_isn_secret_init(&tcp->isn_secret, &prng);
    ipv4_set_handler(ip, IP_PROTOCOL_TCP, tcp_input, tcp_on_icmp_error, tcp);
    return tcp;
}

void tcp_free(struct tcp *tcp)
{
    CHECK(tcp->listeners.count == 0);
    LIST_FOR_EACH_SAFE (link, &tcp->all) {
        struct tcp_conn *conn = container_of(link, struct tcp_conn, link);
        CHECK(!conn->is_owned);
        tcp_conn_free(conn);
    }
    map_fini(&tcp->conns);
    map_fini(&tcp->listeners);
    free(tcp);
}

bool tcp_has_congestion(const char *name)
{
    return tcp_congestion_find(name) != NULL;
}

/* --- opening --- */

/* An ephemeral port. When every one is in use, one that is free towards this peer (RFC 6056 3.1: it
 * is the four-tuple that must be unique). 0: none. */
static uint32_t tcp_choose_port(struct tcp *tcp, struct endpoint local, struct endpoint remote)
{
    local.port = port_table_choose(tcp->ports, IP_PROTOCOL_TCP);
    if (local.port != 0) {
        return local.port;
    }
    for (uint32_t port = PORT_EPHEMERAL_FIRST; port <= PORT_EPHEMERAL_LAST; port++) {
        local.port = port;
        struct tcp_key key = {local, remote};
        if (!map_get(&tcp->conns, &key) && !tcp_find_listener(tcp, local)) {
            return port;
        }
    }
    return 0;
}

enum status tcp_connect(struct tcp *tcp, struct endpoint local, struct endpoint remote,
                        void (*on_event)(void *owner), void *owner, struct tcp_conn **out)
{
    if (remote.addr.version != IP_V4 || remote.port == 0 || remote.port > UINT16_MAX ||
        local.port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    uint32_t src = 0;
    uint32_t mtu = 0;
    enum status status = ipv4_select_source(tcp->ip, remote.addr.v4, &src, &mtu);
    if (status != STATUS_OK) {
        return status;
    }
    if (tcp->n_conns >= TCP_MAX_CONNECTIONS) {
        return STATUS_LIMIT;
    }
    if (!ip_is_set(local.addr) || local.addr.v4 == IPV4_ANY) {
        local.addr = ip_v4(src);
    }
    if (!ipv4_is_own(tcp->ip, local.addr.v4)) {
        return STATUS_NOT_FOUND;
    }
    local.port = local.port ? local.port : tcp_choose_port(tcp, local, remote);
    struct tcp_key key = {local, remote};
    if (local.port == 0 || map_get(&tcp->conns, &key)) {
        return STATUS_IN_USE;
    }
    struct tcp_conn *conn = tcp_conn_new(tcp, local, remote, mtu);
    conn->is_owned = true;
    tcp_set_on_event(conn, on_event, owner);
    tcp_send_syn(conn);
    tcp_state_change(conn, TCP_SYN_SENT, "sent SYN");
    *out = conn;
    return STATUS_OK;
}

/* --- arrival --- */

struct tcp_listener *tcp_find_listener(struct tcp *tcp, struct endpoint local)
{
    struct tcp_listener *listener = map_get(&tcp->listeners, &local);
    if (listener) {
        return listener;
    }
    struct endpoint any = {.port = local.port};
    return map_get(&tcp->listeners, &any);
}

/* RFC 9293 3.10.7.4 (MAY-2) and RFC 1122 4.2.2.13: a SYN with a newer sequence number may take the
 * place of a connection in TIME-WAIT. Ends that one and returns true, with the lowest initial
 * sequence number that the new one may use. */
static bool tcp_replace_time_wait(struct tcp_conn *conn, const struct tcp_segment *seg,
                                  uint32_t *least_iss)
{
    if (conn->state != TCP_TIME_WAIT || conn->is_owned ||
        (seg->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
        seq_le(seg->seq, conn->rcv_nxt) || !tcp_find_listener(conn->tcp, conn->local)) {
        return false;
    }
    *least_iss = conn->snd_nxt + TCP_UNSCALED_WINDOW + 2; /* as Linux: beyond every old segment */
    tcp_state_change(conn, TCP_CLOSED, "replaced by a new connection");
    tcp_conn_reap(conn);
    return true;
}

static void tcp_arrive_closed(struct tcp *tcp, struct tcp_segment *seg)
{
    tcp_send_reset_for(tcp, seg); /* RFC 9293 3.10.7.1 */
    seg->dropped = &TCP_DROP_NO_CONNECTION;
}

static void tcp_arrive_conn(struct tcp_conn *conn, struct tcp_segment *seg)
{
    /* RFC 7323 2.2: the window of a SYN is never scaled. */
    uint8_t shift = (seg->flags & TCP_SYN) ? 0 : conn->snd_wind_shift;
    seg->wnd = (uint32_t)seg->header->window << shift;
    if (conn->state == TCP_SYN_SENT) {
        tcp_arrive_syn_sent(conn, seg);
    } else {
        tcp_arrive_otherwise(conn, seg);
    }
    tcp_conn_reap(conn);
}

static void tcp_trace_received(const struct tcp *tcp, const struct tcp_conn *conn,
                               const struct tcp_segment *seg)
{
    uint8_t shift = conn && !(seg->flags & TCP_SYN) ? conn->snd_wind_shift : 0;
    struct tcp_segment_event facts = {
        .local = seg->local,
        .remote = seg->remote,
        .len = seg->len,
        .window = (uint32_t)seg->header->window << shift,
    };
    tcp_trace_segment(tcp, &TCP_SEGMENT_RECEIVED, seg->packet, &facts, seg->header);
}

static void tcp_arrive(struct tcp *tcp, struct tcp_segment *seg)
{
    struct tcp_key key = {seg->local, seg->remote};
    struct tcp_conn *conn = map_get(&tcp->conns, &key);
    uint32_t least_iss = 0;
    if (trace_is_on(tcp->scope->trace)) {
        tcp_trace_received(tcp, conn, seg);
    }
    if (conn && !tcp_replace_time_wait(conn, seg, &least_iss)) {
        tcp_arrive_conn(conn, seg);
        return;
    }
    struct tcp_listener *listener = tcp_find_listener(tcp, seg->local);
    if (listener) {
        tcp_arrive_listen(listener, seg, least_iss);
    } else {
        tcp_arrive_closed(tcp, seg);
    }
}

/* NULL: header is filled in. Otherwise why the packet is dropped. */
static const struct drop_reason *tcp_parse_packet(const struct packet *packet,
                                                  const struct ipv4_packet_info *info,
                                                  struct tcp_header *header)
{
    struct reader r = packet_reader(packet);
    bool is_checksum_right = false;
    if (!tcp_parse(&r, ip_v4(info->header.src), ip_v4(info->header.dst), header,
                   &is_checksum_right)) {
        return &TCP_DROP_MALFORMED;
    }
    if (!is_checksum_right) {
        return &TCP_DROP_BAD_CHECKSUM;
    }
    if (info->is_group) { /* RFC 9293 3.10.1 (MUST-57): never to a broadcast or multicast address */
        return &TCP_DROP_UNACCEPTABLE;
    }
    return NULL;
}

static void tcp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct tcp *tcp = owner;
    struct tcp_header header;
    struct tcp_segment seg = {.dropped = tcp_parse_packet(packet, info, &header)};
    if (!seg.dropped) {
        seg.packet = packet;
        seg.header = &header;
        seg.local = (struct endpoint){ip_v4(info->header.dst), header.dst_port};
        seg.remote = (struct endpoint){ip_v4(info->header.src), header.src_port};
        seg.text = packet->data + header.header_len;
        seg.len = packet->len - header.header_len;
        seg.seq = header.seq;
        seg.ack = header.ack;
        seg.flags = header.flags;
        tcp_arrive(tcp, &seg);
    }
    if (seg.dropped) {
        scope_drop(tcp->scope, packet, seg.dropped, info->netif ? info->netif->name : NULL);
    } else {
        packet_put(packet);
    }
}
