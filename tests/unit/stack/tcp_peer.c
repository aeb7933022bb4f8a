#include "stack/tcp_peer.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void peer_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct tcp_peer *peer = owner;
    assert_true(peer->n_segments < PEER_MAX_SEGMENTS);
    struct peer_segment *segment = &peer->segments[peer->n_segments++];
    struct reader r = packet_reader(packet);
    bool is_checksum_right = false;
    assert_true(tcp_parse(&r, ip_v4(info->header.src), ip_v4(info->header.dst), &segment->header,
                          &is_checksum_right));
    assert_true(is_checksum_right);
    assert_int_equal(info->header.dont_fragment, !peer->expects_no_df);
    segment->at_ns = peer->net->env->now_ns;
    segment->len = (uint32_t)reader_left(&r);
    assert_true(segment->len <= sizeof segment->text);
    memcpy(segment->text, r.p, segment->len);
    peer->remote.port = segment->header.src_port;
    if ((segment->header.flags & TCP_SYN) || !peer->has_irs) {
        peer->irs = segment->header.seq;
        peer->has_irs = true;
    }
    segment->seq = segment->header.seq - peer->irs;
    segment->ack = segment->header.ack - peer->iss;
    packet_put(packet);
}

void tcp_peer_start(struct tcp_peer *peer, const struct tcp_config *tcp)
{
    struct link_config link = {.delay_ns = PEER_DELAY_NS};
    *peer = (struct tcp_peer){.net = two_hosts_new(&link, tcp),
                              .local = host_b(80),
                              .remote = host_a(0),
                              .iss = PEER_ISS};
    peer->segments = memory_new_array(PEER_MAX_SEGMENTS, sizeof *peer->segments);
    peer->app.scope = &peer->net->a->scope;
    ipv4_set_handler(peer->net->b->ipv4, IP_PROTOCOL_TCP, peer_input, NULL, peer);
}

void tcp_peer_end(struct tcp_peer *peer)
{
    tcp_app_close(&peer->app);
    two_hosts_free(peer->net);
    free(peer->segments);
}

static void send_segment(struct tcp_peer *peer, const struct tcp_header *header, const void *bytes,
                         size_t len)
{
    struct packet *packet = packet_new_copy(peer->net->env->packets, bytes, len);
    struct bytes text = {packet->data, packet->len};
    struct writer w = packet_push(packet, tcp_header_len(&header->options));
    tcp_emit(&w, peer->local.addr, peer->remote.addr, header, text);
    struct ipv4_send how = {.dst = peer->remote.addr.v4, .protocol = IP_PROTOCOL_TCP};
    assert_int_equal(ipv4_send(peer->net->b->ipv4, packet, &how), STATUS_OK);
}

static struct tcp_header make_header(const struct tcp_peer *peer, unsigned flags, uint32_t seq,
                                     uint32_t ack, uint16_t window)
{
    return (struct tcp_header){
        .src_port = (uint16_t)peer->local.port,
        .dst_port = (uint16_t)peer->remote.port,
        .seq = peer->iss + seq,
        .ack = (flags & TCP_ACK) ? peer->irs + ack : 0,
        .flags = (uint8_t)flags,
        .window = window,
    };
}

void tcp_peer_send_bytes(struct tcp_peer *peer, unsigned flags, uint32_t seq, uint32_t ack,
                         uint16_t window, const void *bytes, size_t len)
{
    struct tcp_header header = make_header(peer, flags, seq, ack, window);
    send_segment(peer, &header, bytes, len);
}

void tcp_peer_send(struct tcp_peer *peer, unsigned flags, uint32_t seq, uint32_t ack,
                   uint16_t window, const char *text)
{
    tcp_peer_send_bytes(peer, flags, seq, ack, window, text, strlen(text));
}

void tcp_peer_send_syn(struct tcp_peer *peer, unsigned flags, uint32_t ack, uint16_t window,
                       const struct tcp_options *options)
{
    struct tcp_header header = make_header(peer, flags | TCP_SYN, 0, ack, window);
    if (options) {
        header.options = *options;
    }
    send_segment(peer, &header, NULL, 0);
}

/* An error about a segment of `len` bytes. */
static void send_icmp(struct tcp_peer *peer, const struct icmp_header *error, uint32_t seq,
                      uint16_t len)
{
    struct node *node = peer->net->b;
    struct packet *offender = packet_new(peer->net->env->packets, len);
    memset(offender->data, 0, len);
    struct writer w = writer_of(offender->data, 8);
    write_u16(&w, (uint16_t)peer->remote.port);
    write_u16(&w, (uint16_t)peer->local.port);
    write_u32(&w, peer->irs + seq);
    struct ipv4_header header = {
        .total_len = (uint16_t)(IPV4_HEADER_LEN + len),
        .ttl = 64,
        .protocol = IP_PROTOCOL_TCP,
        .src = peer->remote.addr.v4,
        .dst = peer->local.addr.v4,
    };
    w = packet_push(offender, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
    icmp_send_error(ipv4_icmp(node->ipv4), offender, node->netifs[0], false, error->type,
                    error->code, error->rest);
    packet_put(offender);
    two_hosts_run(peer->net, PEER_DELAY_NS);
}

void tcp_peer_send_icmp(struct tcp_peer *peer, uint8_t type, uint8_t code, uint32_t rest,
                        uint32_t seq)
{
    struct icmp_header error = {.type = type, .code = code, .rest = rest};
    send_icmp(peer, &error, seq, 8);
}

void tcp_peer_say_too_big(struct tcp_peer *peer, uint32_t mtu, uint32_t seq, uint16_t packet_len)
{
    struct icmp_header error = {
        .type = ICMP_DESTINATION_UNREACHABLE, .code = ICMP_FRAGMENTATION_NEEDED, .rest = mtu};
    send_icmp(peer, &error, seq, (uint16_t)(packet_len - IPV4_HEADER_LEN));
}

const struct peer_segment *tcp_peer_next(struct tcp_peer *peer)
{
    struct env *env = peer->net->env;
    uint64_t limit_ns = env->now_ns + 1000 * SECOND;
    while (peer->n_seen == peer->n_segments && env_step(env, limit_ns)) {
    }
    assert_true(peer->n_seen < peer->n_segments);
    return &peer->segments[peer->n_seen++];
}

const struct peer_segment *tcp_peer_expect(struct tcp_peer *peer, unsigned flags, uint32_t seq,
                                           uint32_t ack, uint32_t len)
{
    const struct peer_segment *segment = tcp_peer_next(peer);
    assert_int_equal(segment->header.flags, flags);
    assert_int_equal(segment->seq, seq);
    if (flags & TCP_ACK) {
        assert_int_equal(segment->ack, ack);
    }
    assert_int_equal(segment->len, len);
    return segment;
}

void tcp_peer_expect_silence(struct tcp_peer *peer, uint64_t for_ns)
{
    two_hosts_run(peer->net, for_ns);
    assert_int_equal(peer->n_segments - peer->n_seen, 0);
}

static const struct tcp_options PEER_SYN_OPTIONS = {.has_mss = true, .mss = PEER_MSS};

void tcp_peer_be_connected(struct tcp_peer *peer, uint16_t window)
{
    tcp_app_connect(&peer->app, peer->net->a, (struct endpoint){0}, peer->local);
    tcp_peer_expect(peer, TCP_SYN, 0, 0, 0);
    tcp_peer_send_syn(peer, TCP_ACK, 1, window, &PEER_SYN_OPTIONS);
    tcp_peer_expect(peer, TCP_ACK, 1, 1, 0);
    assert_true(tcp_is_connected(peer->app.conn));
}

void tcp_peer_connect(struct tcp_peer *peer, uint16_t window)
{
    peer->local.port = 4000;
    peer->remote.port = 80;
    tcp_app_listen(&peer->app, peer->net->a, 80);
    tcp_peer_send_syn(peer, 0, 0, window, &PEER_SYN_OPTIONS);
    tcp_peer_expect(peer, TCP_SYN | TCP_ACK, 0, 1, 0);
    tcp_peer_send(peer, TCP_ACK, 1, 1, window, "");
    two_hosts_run(peer->net, PEER_DELAY_NS);
    assert_non_null(peer->app.conn);
}
