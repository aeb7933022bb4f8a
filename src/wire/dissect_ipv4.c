/* IPv4 packets. */
#include "wire/checksum.h"
#include "wire/dissect_internal.h"
#include "wire/ipv4.h"

static const struct dissect_protocol IPV4 = {"IPv4", "packet", 3, "network", 2, "internet"};

static const struct dissect_name DSCPS[] = {
    /* RFC 2474 4.2.2, RFC 2597, RFC 3246, RFC 8622 */
    {0, "default", "best effort"},
    {1, "LE", "lower effort"},
    {8, "CS1", NULL},
    {10, "AF11", NULL},
    {12, "AF12", NULL},
    {14, "AF13", NULL},
    {16, "CS2", NULL},
    {18, "AF21", NULL},
    {20, "AF22", NULL},
    {22, "AF23", NULL},
    {24, "CS3", NULL},
    {26, "AF31", NULL},
    {28, "AF32", NULL},
    {30, "AF33", NULL},
    {32, "CS4", NULL},
    {34, "AF41", NULL},
    {36, "AF42", NULL},
    {38, "AF43", NULL},
    {40, "CS5", NULL},
    {46, "EF", "expedited forwarding"},
    {48, "CS6", "network control (RFC 4594)"},
    {56, "CS7", NULL},
    {0, NULL, NULL},
};

static const struct dissect_name ECNS[] = {
    /* RFC 3168 section 5 */
    {0, "Not-ECT", "routers must drop it to signal congestion"},
    {1, "ECT(1)", "routers may mark it instead of dropping it"},
    {2, "ECT(0)", "routers may mark it instead of dropping it"},
    {3, "CE", "a router on the way is congested"},
    {0, NULL, NULL},
};

static const struct dissect_name FLAGS[] = {
    /* RFC 791 3.1 */
    {0, "none", "may be fragmented; the last or only fragment"},
    {1, "MF", "more fragments follow"},
    {2, "DF", "must not be fragmented"},
    {3, "DF,MF", "a fragment that must not be fragmented again"},
    {0, NULL, NULL},
};

static const struct dissect_name PROTOCOLS[] = {
    {IP_PROTOCOL_ICMP, "ICMP", "the data is an ICMP message"},
    {IP_PROTOCOL_IGMP, "IGMP", "the data is an IGMP message"},
    {IP_PROTOCOL_TCP, "TCP", "the data is a TCP segment"},
    {IP_PROTOCOL_UDP, "UDP", "the data is a UDP datagram"},
    {IP_PROTOCOL_OSPF, "OSPF", "the data is an OSPF packet"},
    {0, NULL, NULL},
};

/* RFC 791 3.1: the pointer says where the next slot is, counting the option's first byte as 1.
 * Reads it and returns how many bytes of slots are filled; 0 when it makes no sense. */
static size_t read_filled(struct reader *data, size_t first_slot)
{
    size_t room = reader_left(data) + 2; /* from the first byte of the option */
    size_t pointer = read_u8(data);
    return pointer > first_slot && pointer <= room + 1 ? pointer - first_slot : 0;
}

static bool print_route(struct text *value, struct reader *data)
{
    enum { FIRST_SLOT = 4 };
    size_t filled = read_filled(data, FIRST_SLOT) / 4;
    size_t slots = reader_left(data) / 4;
    if (slots == 0 || reader_left(data) % 4 != 0) {
        return false;
    }
    text_print(value, "%zu of %zu slots passed: ", filled, slots);
    return dissect_print_addresses(value, data);
}

static bool print_timestamps(struct text *value, struct reader *data)
{
    enum { FIRST_SLOT = 5 };
    size_t filled = read_filled(data, FIRST_SLOT) / 4;
    uint8_t overflow_and_flag = read_u8(data);
    bool has_addresses = (overflow_and_flag & 0xf) != 0;
    text_print(value, "%zu of %zu words filled:", filled, reader_left(data) / 4);
    for (size_t i = 0; i < filled && reader_left(data) > 0; i++) {
        text_print(value, " ");
        if (has_addresses && i % 2 == 0) {
            dissect_print_address(value, data);
        } else {
            text_print(value, "%u ms", read_u32(data));
        }
    }
    reader_skip(data, reader_left(data)); /* slots to come */
    return true;
}

static const struct dissect_option OPTIONS[] = {
    {0, "option: end of options", NULL, NULL},
    {1, "option: no operation", NULL, NULL},
    {7, "option: record route", "routers write their addresses into it", print_route},
    {68, "option: internet timestamp", "routers write when they saw it, since midnight UTC",
     print_timestamps},
    {131, "option: loose source route", "the way it must take, among others", print_route},
    {137, "option: strict source route", "the only way it may take", print_route},
    {148, "option: router alert", "routers must look inside (RFC 2113)", dissect_print_u16},
    {0, NULL, NULL, NULL},
};
static const struct dissect_option_format OPTION_FORMAT = {OPTIONS, 1, 0, 2};

/* `flags`: the three bits as they are. */
static void add_fragment_fields(struct dissector *d, const struct ipv4_header *header,
                                unsigned flags)
{
    dissect_add(d, "identification", 16, "what fragments of one packet share", "0x%04x",
                header->id);
    const struct dissect_name *known = dissect_find_name(FLAGS, flags & 3);
    dissect_add(d, "flags", 3, known->meaning, "%s%s", known->name,
                flags & 4 ? ", and the reserved bit" : "");
    dissect_add(d, "fragment offset", 13, "where this fragment's data belongs, in bytes", "%u",
                header->fragment_offset);
}

static void add_fixed_fields(struct dissector *d, const struct ipv4_header *header,
                             struct bytes covered)
{
    const struct dissect_name *dscp = dissect_find_name(DSCPS, header->dscp);
    const struct dissect_name *ecn = dissect_find_name(ECNS, header->ecn);
    const struct dissect_name *protocol = dissect_find_name(PROTOCOLS, header->protocol);
    dissect_add(d, "version", 4, "of the Internet Protocol", "4");
    dissect_add(d, "IHL", 4, "header length, in words of 4 bytes", "%u (%u bytes)",
                header->header_len / 4, header->header_len);
    dissect_add(d, "DSCP", 6, dscp->meaning ? dscp->meaning : "how routers should treat it",
                "%u (%s)", header->dscp, dscp->name);
    dissect_add(d, "ECN", 2, ecn->meaning, "%u (%s)", header->ecn, ecn->name);
    dissect_add(d, "total length", 16, "header and data, in bytes", "%u", header->total_len);
    add_fragment_fields(d, header, covered.p[6] >> 5);
    dissect_add(d, "time to live", 8, "how many more routers it may pass", "%u", header->ttl);
    dissect_add(d, "protocol", 8, protocol->meaning, "%u (%s)", header->protocol, protocol->name);
    dissect_add_checksum(d, "header checksum", 0, covered, 10);
    dissect_add_ipv4(d, "source address", "the host that sent it", header->src);
    dissect_add_ipv4(d, "destination address", "the host it is for", header->dst);
}

static void dissect_above(struct dissector *d, const struct ipv4_header *header, struct bytes data)
{
    if (header->more_fragments || header->fragment_offset > 0) {
        dissect_end(d, data, NULL); /* makes sense only together with the other fragments */
    } else if (header->protocol == IP_PROTOCOL_ICMP) {
        dissect_icmp(d, data);
    } else if (header->protocol == IP_PROTOCOL_UDP) {
        dissect_udp(d, data);
    } else if (header->protocol == IP_PROTOCOL_TCP) {
        dissect_tcp(d, data);
    } else {
        dissect_end(d, data, NULL);
    }
}

/* NULL, or why the packet cannot be opened further than its fixed header. */
static const char *length_error(const struct ipv4_header *header, size_t available)
{
    if (header->header_len < IPV4_HEADER_LEN) {
        return "its header length is below 20 bytes";
    }
    if (header->total_len < header->header_len) {
        return "its total length is below its header length";
    }
    return header->total_len > available ? "shorter than its total length" : NULL;
}

void dissect_ipv4(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct ipv4_header header;
    enum ipv4_error error = ipv4_parse(&r, &header);
    bool too_short = data.len < IPV4_HEADER_LEN;
    if (too_short || error == IPV4_BAD_VERSION) {
        dissect_end(d, data, too_short ? "shorter than an IPv4 header" : "not IP version 4");
        return;
    }
    const char *fault = length_error(&header, data.len);
    if (!fault) {
        data = dissect_trim(d, data, header.total_len);
    }
    dissect_open(d, &IPV4, data);
    bool whole_header = header.header_len >= IPV4_HEADER_LEN && header.header_len <= data.len;
    size_t header_len = whole_header ? header.header_len : IPV4_HEADER_LEN;
    add_fixed_fields(d, &header, (struct bytes){data.p, header_len});
    struct bytes options = {data.p + IPV4_HEADER_LEN, header_len - IPV4_HEADER_LEN};
    if (!dissect_add_options(d, &OPTION_FORMAT, reader_of(options.p, options.len)) && !fault) {
        fault = "an option's length is illegal";
    }
    data = dissect_behind(data, header_len);
    if (fault) {
        dissect_end(d, data, fault);
        return;
    }
    d->src = ip_v4(header.src);
    d->dst = ip_v4(header.dst);
    dissect_above(d, &header, data);
}
