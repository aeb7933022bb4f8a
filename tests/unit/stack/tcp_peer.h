/* The other end of a TCP connection, played by the test: it sends the segments it is told to, right
 * or wrong, and looks at each one that comes back.
 *
 * It takes the place of TCP on host b; the stack under test is a. The link is infinitely fast and
 * takes exactly PEER_DELAY_NS each way, so that times can be told by hand. Sequence numbers in
 * these calls are relative, as in Wireshark: 0 is the SYN of their sender.
 */
#ifndef TESTS_UNIT_STACK_TCP_PEER_H
#define TESTS_UNIT_STACK_TCP_PEER_H

#include "stack/tcp_app.h"

#define PEER_DELAY_NS (10 * MS)
#define PEER_ISS UINT32_C(0xfffffff0) /* wraps soon */

enum { PEER_MAX_SEGMENTS = 16384, PEER_MSS = 1000 };

struct peer_segment {
    uint64_t at_ns; /* when it arrived */
    struct tcp_header header;
    uint32_t seq, ack; /* relative */
    uint32_t len;
    uint8_t text[2000];
};

struct tcp_peer {
    struct two_hosts *net;
    struct tcp_app app;            /* the application on the stack under test */
    struct endpoint local, remote; /* of the peer */
    uint32_t iss, irs;
    bool has_irs;
    bool expects_no_df; /* segments come without DF */
    struct peer_segment *segments;
    size_t n_segments, n_seen;
};

/* `tcp`: of the stack under test; NULL for the defaults. */
void tcp_peer_start(struct tcp_peer *peer, const struct tcp_config *tcp);
void tcp_peer_end(struct tcp_peer *peer);

/* The stack under test connects to the peer, or is connected to by it, up to ESTABLISHED. The peer
 * announces PEER_MSS and offers `window`, unscaled. */
void tcp_peer_be_connected(struct tcp_peer *peer, uint16_t window);
void tcp_peer_connect(struct tcp_peer *peer, uint16_t window);

/* Sends one segment; `flags` as enum tcp_flag. The ACK field is sent as 0 without TCP_ACK. */
void tcp_peer_send(struct tcp_peer *peer, unsigned flags, uint32_t seq, uint32_t ack,
                   uint16_t window, const char *text);
void tcp_peer_send_bytes(struct tcp_peer *peer, unsigned flags, uint32_t seq, uint32_t ack,
                         uint16_t window, const void *bytes, size_t len);
void tcp_peer_send_syn(struct tcp_peer *peer, unsigned flags, uint32_t ack, uint16_t window,
                       const struct tcp_options *options);

/* An ICMP error about a segment of the stack's with this sequence number. */
void tcp_peer_send_icmp(struct tcp_peer *peer, uint8_t type, uint8_t code, uint32_t rest,
                        uint32_t seq);

/* A router's word that a packet of `packet_len` bytes, with that sequence number, is too big; mtu
 * 0: an old router, which does not say for what. */
void tcp_peer_say_too_big(struct tcp_peer *peer, uint32_t mtu, uint32_t seq, uint16_t packet_len);

/* The next segment from the stack, however long it takes (up to 1000 s; then the test fails). */
const struct peer_segment *tcp_peer_next(struct tcp_peer *peer);

/* The next segment is this one, and none before it. Returns it. */
const struct peer_segment *tcp_peer_expect(struct tcp_peer *peer, unsigned flags, uint32_t seq,
                                           uint32_t ack, uint32_t len);
/* None comes for so long. */
void tcp_peer_expect_silence(struct tcp_peer *peer, uint64_t for_ns);

#endif
