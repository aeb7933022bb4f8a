#include "wire/tcp.h"

#include "base/check.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

/* Options are written in Linux's order and with its padding, so that each begins where its numbers
 * are aligned and a SYN with everything takes forty bytes with its header:
 *
 *     MSS (4)   SACK permitted (2) or two NOPs, timestamps (10)   NOP, window scale (3)
 *     two NOPs, SACK permitted (2) when no timestamps go with it   two NOPs, SACK (2 + 8 n)
 */

enum {
    MAX_OPTIONS_LEN = TCP_MAX_HEADER_LEN - TCP_HEADER_LEN,
    MSS_LEN = 4,
    WINDOW_SCALE_LEN = 3,
    SACK_PERMITTED_LEN = 2,
    SACK_LEN = 2, /* without its blocks */
    SACK_BLOCK_LEN = 8,
    TIMESTAMPS_LEN = 10,
};

/* RFC 2018 section 3: the blocks of a SACK option, `r` holding nothing else. */
static void parse_sack(struct reader *r, struct tcp_options *options)
{
    size_t blocks = reader_left(r) / SACK_BLOCK_LEN;
    if (blocks == 0 || reader_left(r) % SACK_BLOCK_LEN != 0) {
        return;
    }
    CHECK(blocks <= TCP_MAX_SACK_BLOCKS); /* forty bytes of options hold no more */
    options->n_sack_blocks = (uint8_t)blocks;
    for (size_t i = 0; i < blocks; i++) {
        options->sack[i].left = read_u32(r);
        options->sack[i].right = read_u32(r);
    }
}

/* One option's data: `r` holds the `len` bytes behind its kind and length. */
static void parse_option(uint8_t kind, struct reader *r, struct tcp_options *options)
{
    size_t len = reader_left(r) + 2;
    if (kind == TCP_OPTION_MSS && len == MSS_LEN) {
        options->has_mss = true;
        options->mss = read_u16(r);
    } else if (kind == TCP_OPTION_WINDOW_SCALE && len == WINDOW_SCALE_LEN) {
        options->has_window_scale = true;
        options->window_scale = read_u8(r);
    } else if (kind == TCP_OPTION_SACK_PERMITTED && len == SACK_PERMITTED_LEN) {
        options->sack_permitted = true;
    } else if (kind == TCP_OPTION_SACK) {
        parse_sack(r, options);
    } else if (kind == TCP_OPTION_TIMESTAMPS && len == TIMESTAMPS_LEN) {
        options->has_timestamps = true;
        options->ts_val = read_u32(r);
        options->ts_ecr = read_u32(r);
    }
}

static void parse_options(struct reader *r, struct tcp_options *options)
{
    while (reader_left(r) > 0) {
        uint8_t kind = read_u8(r);
        if (kind == TCP_OPTION_END) {
            return; /* RFC 9293 MUST-69: what follows is padding, whatever it holds */
        }
        if (kind == TCP_OPTION_NOP) {
            continue;
        }
        uint8_t len = read_u8(r);
        if (r->failed || len < 2) {
            return; /* RFC 9293 MUST-7: an illegal length */
        }
        struct reader data = reader_sub(r, len - 2u);
        if (!data.failed) {
            parse_option(kind, &data, options);
        }
    }
}

bool tcp_parse(struct reader *r, struct ip_addr src, struct ip_addr dst, struct tcp_header *header,
               bool *checksum_right)
{
    const uint8_t *start = r->p;
    size_t whole = reader_left(r);
    *header = (struct tcp_header){0};
    *checksum_right = false;
    struct reader fixed = reader_sub(r, TCP_HEADER_LEN);
    header->src_port = read_u16(&fixed);
    header->dst_port = read_u16(&fixed);
    header->seq = read_u32(&fixed);
    header->ack = read_u32(&fixed);
    header->header_len = (uint8_t)((read_u8(&fixed) >> 4) * 4); /* RFC 9293 3.1: Data Offset */
    header->flags = read_u8(&fixed);
    header->window = read_u16(&fixed);
    header->checksum = read_u16(&fixed);
    header->urgent = read_u16(&fixed);
    if (fixed.failed || header->header_len < TCP_HEADER_LEN) {
        return false;
    }
    struct reader options = reader_sub(r, header->header_len - (size_t)TCP_HEADER_LEN);
    if (options.failed) {
        return false;
    }
    parse_options(&options, &header->options);
    uint64_t sum = checksum_add_pseudo_header(0, src, dst, IP_PROTOCOL_TCP, (uint32_t)whole);
    *checksum_right = checksum_is_right(checksum_add(sum, start, whole));
    return true;
}

/* The bytes of all options but SACK, with their padding. */
static size_t fixed_options_len(const struct tcp_options *options)
{
    size_t len = options->has_mss ? MSS_LEN : 0;
    if (options->has_timestamps) {
        len += 2 + TIMESTAMPS_LEN;
    } else if (options->sack_permitted) {
        len += 2 + SACK_PERMITTED_LEN;
    }
    return len + (options->has_window_scale ? 1 + WINDOW_SCALE_LEN : 0);
}

/* How many SACK blocks go out: RFC 2018 section 3, as many as there is room for. */
static size_t sack_blocks_that_fit(const struct tcp_options *options)
{
    CHECK(options->n_sack_blocks <= TCP_MAX_SACK_BLOCKS);
    size_t room = MAX_OPTIONS_LEN - fixed_options_len(options) - (2 + SACK_LEN);
    size_t fit = room / SACK_BLOCK_LEN;
    return options->n_sack_blocks < fit ? options->n_sack_blocks : fit;
}

size_t tcp_header_len(const struct tcp_options *options)
{
    size_t blocks = sack_blocks_that_fit(options);
    size_t sack = blocks > 0 ? 2 + SACK_LEN + blocks * SACK_BLOCK_LEN : 0;
    return TCP_HEADER_LEN + fixed_options_len(options) + sack;
}

static void emit_option(struct writer *w, enum tcp_option_kind kind, size_t len)
{
    write_u8(w, (uint8_t)kind);
    write_u8(w, (uint8_t)len);
}

static void emit_nops(struct writer *w, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        write_u8(w, TCP_OPTION_NOP);
    }
}

static void emit_timestamps_and_sack_permitted(struct writer *w, const struct tcp_options *options)
{
    if (options->sack_permitted) {
        emit_nops(w, options->has_timestamps ? 0 : 2);
        emit_option(w, TCP_OPTION_SACK_PERMITTED, SACK_PERMITTED_LEN);
    }
    if (options->has_timestamps) {
        emit_nops(w, options->sack_permitted ? 0 : 2);
        emit_option(w, TCP_OPTION_TIMESTAMPS, TIMESTAMPS_LEN);
        write_u32(w, options->ts_val);
        write_u32(w, options->ts_ecr);
    }
}

static void emit_sack(struct writer *w, const struct tcp_options *options)
{
    size_t blocks = sack_blocks_that_fit(options);
    if (blocks == 0) {
        return;
    }
    emit_nops(w, 2);
    emit_option(w, TCP_OPTION_SACK, SACK_LEN + blocks * SACK_BLOCK_LEN);
    for (size_t i = 0; i < blocks; i++) {
        write_u32(w, options->sack[i].left);
        write_u32(w, options->sack[i].right);
    }
}

static void emit_options(struct writer *w, const struct tcp_options *options)
{
    if (options->has_mss) {
        emit_option(w, TCP_OPTION_MSS, MSS_LEN);
        write_u16(w, options->mss);
    }
    emit_timestamps_and_sack_permitted(w, options);
    if (options->has_window_scale) {
        emit_nops(w, 1);
        emit_option(w, TCP_OPTION_WINDOW_SCALE, WINDOW_SCALE_LEN);
        write_u8(w, options->window_scale);
    }
    emit_sack(w, options);
}

void tcp_emit(struct writer *w, struct ip_addr src, struct ip_addr dst,
              const struct tcp_header *header, struct bytes body)
{
    size_t len = tcp_header_len(&header->options);
    uint8_t *start = writer_take(w, len);
    if (!start) {
        return;
    }
    struct writer options = writer_of(start + TCP_HEADER_LEN, len - TCP_HEADER_LEN);
    emit_options(&options, &header->options);
    uint32_t rows[TCP_HEADER_LEN / 4] = {
        /* RFC 9293 3.1, figure 1; the checksum is zero while it is computed */
        (uint32_t)header->src_port << 16 | header->dst_port,
        header->seq,
        header->ack,
        (uint32_t)len / 4 << 28 | (uint32_t)header->flags << 16 | header->window,
        header->urgent,
    };
    uint64_t sum =
        checksum_add_pseudo_header(0, src, dst, IP_PROTOCOL_TCP, (uint32_t)(len + body.len));
    for (size_t i = 0; i < TCP_HEADER_LEN / 4; i++) {
        sum = checksum_add_u32(sum, rows[i]);
    }
    sum = checksum_add(sum, start + TCP_HEADER_LEN, len - TCP_HEADER_LEN);
    rows[4] |= (uint32_t)checksum_finish(checksum_add(sum, body.p, body.len)) << 16;
    struct writer fixed = writer_of(start, TCP_HEADER_LEN);
    for (size_t i = 0; i < TCP_HEADER_LEN / 4; i++) {
        write_u32(&fixed, rows[i]);
    }
}

char *tcp_flags_print(uint8_t flags, char *buffer)
{
    /* in the order in which people say them: "SYN,ACK", "FIN,ACK", "PSH,ACK" */
    static const struct {
        enum tcp_flag flag;
        char name[4];
    } names[] = {
        {TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"},
        {TCP_ACK, "ACK"}, {TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"},
    };
    struct writer w = writer_of(buffer, TCP_FLAGS_TEXT_SIZE);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (flags & names[i].flag) {
            write_copy(&w, ",", w.p == (uint8_t *)buffer ? 0 : 1);
            write_copy(&w, names[i].name, 3);
        }
    }
    if (flags == 0) {
        write_copy(&w, "none", 4);
    }
    write_u8(&w, 0);
    return buffer;
}
