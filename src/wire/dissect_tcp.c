/* TCP segments. */
#include "wire/checksum.h"
#include "wire/dissect_internal.h"
#include "wire/dns.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

static const struct dissect_protocol TCP = {"TCP", "segment", 4, "transport", 3, "transport"};

static bool print_window_scale(struct text *value, struct reader *data)
{
    unsigned shift = read_u8(data);
    if (shift > 14) { /* RFC 7323 2.3 */
        text_print(value, "%u (counts as 14)", shift);
    } else {
        text_print(value, "%u (windows count times %u)", shift, 1u << shift);
    }
    return true;
}

static bool print_sack(struct text *value, struct reader *data)
{
    if (reader_left(data) == 0) {
        return false;
    }
    for (const char *comma = ""; reader_left(data) > 0; comma = ", ") {
        uint32_t left = read_u32(data);
        uint32_t right = read_u32(data);
        text_print(value, "%s%u-%u", comma, left, right);
    }
    return true;
}

static bool print_timestamps(struct text *value, struct reader *data)
{
    uint32_t ts_val = read_u32(data);
    uint32_t ts_ecr = read_u32(data);
    text_print(value, "TSval %u, TSecr %u", ts_val, ts_ecr);
    return true;
}

static const struct dissect_option OPTIONS[] = {
    {TCP_OPTION_END, "option: end of options", NULL, NULL},
    {TCP_OPTION_NOP, "option: no operation", NULL, NULL},
    {TCP_OPTION_MSS, "option: maximum segment size", "the most data it takes in one segment",
     dissect_print_u16},
    {TCP_OPTION_WINDOW_SCALE, "option: window scale", "for all windows after the SYN",
     print_window_scale},
    {TCP_OPTION_SACK_PERMITTED, "option: SACK permitted", "it understands SACK",
     dissect_print_nothing},
    {TCP_OPTION_SACK, "option: SACK", "what came beyond a gap", print_sack},
    {TCP_OPTION_TIMESTAMPS, "option: timestamps", "its clock, and the other's that it echoes",
     print_timestamps},
    {19, "option: MD5 signature", "RFC 2385", NULL},
    {28, "option: user timeout", "RFC 5482", NULL},
    {29, "option: authentication", "RFC 5925", NULL},
    {30, "option: multipath TCP", "RFC 8684", NULL},
    {34, "option: fast open cookie", "RFC 7413", NULL},
    {253, "option: experiment", "RFC 6994", NULL},
    {254, "option: experiment", "RFC 6994", NULL},
    {0, NULL, NULL, NULL},
};
static const struct dissect_option_format OPTION_FORMAT = {OPTIONS, TCP_OPTION_NOP, TCP_OPTION_END,
                                                           2};

static const char *flags_meaning(uint8_t flags)
{
    if (flags & TCP_RST) {
        return "ends the connection at once";
    }
    if (flags & TCP_SYN) {
        return flags & TCP_ACK ? "agrees to the connection" : "asks for a connection";
    }
    if (flags & TCP_FIN) {
        return "the sender has no more data";
    }
    return flags & TCP_ACK ? "the acknowledgment number counts" : NULL;
}

static void add_sequence_numbers(struct dissector *d, const struct tcp_header *header)
{
    bool is_syn = header->flags & TCP_SYN, is_ack = header->flags & TCP_ACK;
    dissect_add(d, "sequence number", 32,
                is_syn ? "where this side begins to count (ISN)" : "the number of its first byte",
                "%u", header->seq);
    dissect_add(d, "acknowledgment number", 32,
                is_ack ? "the next byte it expects" : "not used without ACK", "%u", header->ack);
}

static void add_fixed_fields(struct dissector *d, const struct tcp_header *header,
                             struct bytes segment)
{
    char flags[TCP_FLAGS_TEXT_SIZE];
    dissect_add_port(d, "source port", header->src_port);
    dissect_add_port(d, "destination port", header->dst_port);
    add_sequence_numbers(d, header);
    dissect_add(d, "data offset", 4, "header length, in words of 4 bytes", "%u (%u bytes)",
                header->header_len / 4, header->header_len);
    dissect_add(d, "reserved", 4, "must be zero until somebody needs it", "%u",
                segment.p[12] & 0xf);
    dissect_add(d, "control bits", 8, flags_meaning(header->flags), "%s",
                tcp_flags_print(header->flags, flags));
    dissect_add(d, "window", 16,
                header->flags & TCP_SYN ? "bytes it can take now; in a SYN never scaled"
                                        : "bytes it can take now, before scaling",
                "%u", header->window);
    uint64_t sum =
        checksum_add_pseudo_header(0, d->src, d->dst, IP_PROTOCOL_TCP, (uint32_t)segment.len);
    dissect_add_checksum(d, "checksum", sum, segment, 16);
    dissect_add(d, "urgent pointer", 16,
                header->flags & TCP_URG ? "where urgent data ends" : "not used without URG", "%u",
                header->urgent);
}

void dissect_tcp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct tcp_header header;
    bool right;
    bool parsed = tcp_parse(&r, d->src, d->dst, &header, &right);
    if (data.len < TCP_HEADER_LEN) {
        dissect_end(d, data, "shorter than a TCP header");
        return;
    }
    dissect_open(d, &TCP, data);
    add_fixed_fields(d, &header, data);
    if (!parsed) {
        dissect_end(d, dissect_behind(data, TCP_HEADER_LEN), "its data offset is impossible");
        return;
    }
    struct reader options =
        reader_of(data.p + TCP_HEADER_LEN, header.header_len - (size_t)TCP_HEADER_LEN);
    bool legal = dissect_add_options(d, &OPTION_FORMAT, options);
    data = dissect_behind(data, header.header_len);
    if (!legal) {
        dissect_end(d, data, "an option's length is illegal");
    } else if (data.len > 0 && (header.src_port == DNS_PORT || header.dst_port == DNS_PORT)) {
        dissect_dns_over_tcp(d, data);
    } else {
        dissect_end(d, data, NULL);
    }
}
