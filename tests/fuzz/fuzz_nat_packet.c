/* A NAT's translation of whole IPv4 packets: to other ends and back again it must give the bytes it
 * began with. The first bytes say which address and port to translate to. */
#include "fuzz.h"

#include "base/check.h"
#include "stack/network/nat_internal.h"
#include "wire/checksum.h"

/* Sets the header's checksum right, so that the fuzzer gets anywhere. */
static void mend_header(uint8_t *bytes, size_t len)
{
    size_t header_len = len > 0 ? (size_t)(bytes[0] & 0xf) * 4 : 0;
    if (header_len < IPV4_HEADER_LEN || len < header_len) {
        return;
    }
    struct writer w = writer_of(bytes + 10, 2);
    write_u16(&w, 0);
    w = writer_of(bytes + 10, 2);
    write_u16(&w, checksum_finish(checksum_add(0, bytes, header_len)));
}

static void mend_icmp(uint8_t *bytes, size_t at, size_t len)
{
    struct writer w = writer_of(bytes + at + 2, 2);
    write_u16(&w, 0);
    w = writer_of(bytes + at + 2, 2);
    write_u16(&w, checksum_finish(checksum_add(0, bytes + at, len - at)));
}

/* RFC 1624: 0 and 0xffff are the same sum, and for UDP different things; neither comes back. */
static bool has_odd_checksum(const struct packet *packet, const struct nat_packet *info)
{
    static const size_t AT[] = {
        [IP_PROTOCOL_ICMP] = 2, [IP_PROTOCOL_TCP] = 16, [IP_PROTOCOL_UDP] = 6};
    if (!info->has_checksum) {
        return false;
    }
    struct reader r = packet_reader(packet);
    reader_skip(&r, info->transport + AT[info->header.protocol]);
    uint16_t sum = read_u16(&r);
    return sum == 0 || sum == 0xffff;
}

static void check_translation(struct packet *packet, uint32_t addr, uint16_t port)
{
    struct nat_packet info, translated, back;
    nat_packet_parse(packet, &info);
    if ((info.kind != NAT_PORTS && info.kind != NAT_ECHO_REQUEST) ||
        has_odd_checksum(packet, &info)) {
        return;
    }
    struct packet *copy = packet_new_copy(packet->pool, packet->data, packet->len);
    nat_packet_set_src(packet, &info, addr, port);
    nat_packet_parse(packet, &translated);
    CHECK(translated.kind == info.kind && translated.header.src == addr &&
          translated.src_port == port && translated.header.dst == info.header.dst);
    bool is_odd = has_odd_checksum(packet, &translated);
    nat_packet_set_src(packet, &translated, info.header.src, info.src_port);
    nat_packet_parse(packet, &back);
    CHECK(back.header.src == info.header.src && back.src_port == info.src_port);
    CHECK(is_odd || memcmp(copy->data, packet->data, packet->len) == 0);
    packet_put(copy);
}

static void check_quote(struct packet *packet, uint32_t addr, uint16_t port)
{
    struct nat_packet error, quote;
    nat_packet_parse(packet, &error);
    if (error.kind != NAT_ERROR) {
        return;
    }
    mend_icmp(packet->data, error.transport, packet->len);
    if (nat_quote_parse(packet, &error, &quote) != NULL ||
        (quote.kind != NAT_PORTS && quote.kind != NAT_ECHO_REQUEST)) {
        return;
    }
    nat_quote_set_src(packet, &error, &quote, addr, port);
    CHECK(nat_quote_parse(packet, &error, &quote) == NULL); /* the error still adds up */
    CHECK(quote.header.src == addr && quote.src_port == port);
    nat_quote_set_dst(packet, &error, &quote, addr, port);
    CHECK(nat_quote_parse(packet, &error, &quote) == NULL);
    CHECK(quote.header.dst == addr && quote.dst_port == port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    uint32_t addr = read_u32(&r);
    uint16_t port = read_u16(&r);
    size_t len = reader_left(&r);
    if (r.failed || len > 1500) {
        return 0;
    }
    struct packet_pool *pool = packet_pool_new();
    struct packet *packet = packet_new_copy(pool, r.p, len);
    mend_header(packet->data, len);
    check_translation(packet, addr, port);
    check_quote(packet, addr, port);
    packet_put(packet);
    packet_pool_free(pool);
    return 0;
}
