/* UDP datagrams. */
#include "wire/checksum.h"
#include "wire/dhcp.h"
#include "wire/dissect_internal.h"
#include "wire/dns.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

static const struct dissect_protocol UDP = {"UDP", "datagram", 4, "transport", 3, "transport"};

static bool is_between(const struct udp_header *header, uint16_t port)
{
    return header->src_port == port || header->dst_port == port;
}

void dissect_udp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct udp_header header;
    bool right;
    bool parsed = udp_parse(&r, d->src, d->dst, &header, &right);
    if (data.len < UDP_HEADER_LEN) {
        dissect_end(d, data, "shorter than a UDP header");
        return;
    }
    if (parsed) {
        data = dissect_trim(d, data, header.len);
    }
    dissect_open(d, &UDP, data);
    dissect_add_port(d, "source port", header.src_port);
    dissect_add_port(d, "destination port", header.dst_port);
    dissect_add(d, "length", 16, "header and data, in bytes", "%u", header.len);
    if (header.checksum == 0) {
        dissect_add(d, "checksum", 16, "the sender computed none", "0x0000");
    } else {
        uint64_t sum = checksum_add_pseudo_header(0, d->src, d->dst, IP_PROTOCOL_UDP, header.len);
        dissect_add_checksum(d, "checksum", sum, data, 6);
    }
    data = dissect_behind(data, UDP_HEADER_LEN);
    if (!parsed) {
        dissect_end(d, data, "its length is not that of the datagram");
    } else if (is_between(&header, DNS_PORT)) {
        dissect_dns(d, data);
    } else if (is_between(&header, DHCP_SERVER_PORT)) {
        dissect_dhcp(d, data);
    } else {
        dissect_end(d, data, NULL);
    }
}
