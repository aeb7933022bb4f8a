/* TCP options: the input stands behind a fixed header, padded with END to whole words. */
#include "fuzz.h"

#include "base/check.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

static struct ip_addr src, dst;

static bool options_equal(const struct tcp_options *a, const struct tcp_options *b)
{
    if (a->has_mss != b->has_mss || a->has_window_scale != b->has_window_scale ||
        a->sack_permitted != b->sack_permitted || a->has_timestamps != b->has_timestamps ||
        a->mss != b->mss || a->window_scale != b->window_scale || a->ts_val != b->ts_val ||
        a->ts_ecr != b->ts_ecr || a->n_sack_blocks < b->n_sack_blocks) {
        return false;
    }
    for (size_t i = 0; i < b->n_sack_blocks; i++) {
        if (a->sack[i].left != b->sack[i].left || a->sack[i].right != b->sack[i].right) {
            return false;
        }
    }
    return true;
}

/* What was parsed can be written, and parses to the same, but for SACK blocks without room. */
static void check_round_trip(const struct tcp_header *header)
{
    uint8_t bytes[TCP_MAX_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    tcp_emit(&w, src, dst, header, (struct bytes){NULL, 0});
    size_t len = (size_t)(w.p - bytes);
    CHECK(!w.failed && len == tcp_header_len(&header->options));
    struct reader r = reader_of(bytes, len);
    struct tcp_header again;
    bool right;
    CHECK(tcp_parse(&r, src, dst, &again, &right) && right && reader_is_done(&r));
    CHECK(options_equal(&header->options, &again.options));
    if (header->header_len == len) {
        CHECK(again.options.n_sack_blocks == header->options.n_sack_blocks);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    src = ip_v4(0xc0000201);
    dst = ip_v4(0xc6336401);
    if (size > TCP_MAX_HEADER_LEN - TCP_HEADER_LEN) {
        return 0;
    }
    uint8_t bytes[TCP_MAX_HEADER_LEN] = {0};
    size_t len = TCP_HEADER_LEN + (size + 3) / 4 * 4;
    struct writer w = writer_of(bytes, sizeof bytes);
    tcp_emit(&w, src, dst, &(struct tcp_header){.flags = TCP_ACK}, (struct bytes){NULL, 0});
    bytes[12] = (uint8_t)(len / 4 << 4);
    write_copy(&w, data, size);

    struct reader r = reader_of(bytes, len);
    struct tcp_header header;
    bool right;
    CHECK(tcp_parse(&r, src, dst, &header, &right) && reader_is_done(&r));
    check_round_trip(&header);
    return 0;
}
