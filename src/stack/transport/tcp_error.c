/* What goes wrong: answering segments that have no business here, and ICMP errors about ours.
 *
 * An ICMP error is easily forged: it counts only when the sequence number it quotes is in flight
 * (RFC 5927 4.1), and it ends a connection only while it is being opened (RFC 5927 5.2).
 */
#include "stack/transport/tcp_internal.h"

#include "wire/icmp.h"

void tcp_send_reset_for(struct tcp *tcp, const struct tcp_segment *seg)
{
    if (seg->flags & TCP_RST) {
        return;
    }
    if (seg->flags & TCP_ACK) { /* RFC 9293 3.10.7.1: <SEQ=SEG.ACK><CTL=RST> */
        tcp_send_bare(tcp, seg->local, seg->remote, seg->ack, 0, TCP_RST);
    } else { /* <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
        tcp_send_bare(tcp, seg->local, seg->remote, 0, seg->seq + tcp_segment_len(seg),
                      TCP_RST | TCP_ACK);
    }
}

static void tcp_on_unreachable(struct tcp_conn *conn, uint8_t code)
{
    bool is_refusal = code == ICMP_PORT_UNREACHABLE || code == ICMP_PROTOCOL_UNREACHABLE;
    enum status error = is_refusal ? STATUS_REFUSED : STATUS_UNREACHABLE;
    if (conn->state == TCP_SYN_SENT) {
        /* RFC 1122 4.2.3.9 takes host and network errors as passing ones. Ending the attempt at
         * once is what systems do (RFC 5461 4.1): an application can then try another address. */
        tcp_conn_fail(conn, error, "received ICMP destination unreachable");
        tcp_conn_reap(conn);
    } else {
        conn->soft_error = error;
    }
}

/* RFC 1191 7.1: the next lower one of the MTUs that there are, for a router that does not say what
 * it can carry. */
static uint32_t tcp_lower_plateau(uint32_t len)
{
    static const uint16_t PLATEAUS[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
    for (size_t i = 0; i < sizeof PLATEAUS / sizeof PLATEAUS[0]; i++) {
        if (PLATEAUS[i] < len) {
            return PLATEAUS[i];
        }
    }
    return 68; /* RFC 791 3.2 */
}

/* RFC 1191 6.3: a router on the path cannot carry a packet of ours of `len` bytes. `mtu` 0: it does
 * not say what it can. */
static void tcp_on_fragmentation_needed(struct tcp_conn *conn, uint32_t mtu, uint32_t len)
{
    if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED) {
        return;
    }
    if (mtu == 0) {
        mtu = tcp_lower_plateau(len);
    }
    if (mtu < TCP_LEAST_PATH_MTU) {
        mtu = TCP_LEAST_PATH_MTU;
        conn->may_be_fragmented = true;
    }
    tcp_conn_set_mtu(conn, mtu);
    tcp_output(conn);
}

void tcp_on_icmp_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                       uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_rest)
{
    struct tcp *tcp = owner;
    struct reader r = reader_of(transport.p, transport.len);
    uint16_t src_port = read_u16(&r);
    uint16_t dst_port = read_u16(&r);
    uint32_t seq = read_u32(&r);
    struct tcp_key key = {{ip_v4(header->src), src_port}, {ip_v4(header->dst), dst_port}};
    struct tcp_conn *conn = r.failed ? NULL : map_get(&tcp->conns, &key);
    if (!conn || seq_lt(seq, conn->snd_una) || seq_le(conn->snd_nxt, seq)) {
        return;
    }
    if (icmp_type == ICMP_TIME_EXCEEDED) {
        conn->soft_error = STATUS_UNREACHABLE;
    } else if (icmp_type == ICMP_DESTINATION_UNREACHABLE) {
        if (icmp_code == ICMP_FRAGMENTATION_NEEDED) {
            tcp_on_fragmentation_needed(conn, icmp_rest & 0xffff, header->total_len);
        } else {
            tcp_on_unreachable(conn, icmp_code);
        }
    }
}
