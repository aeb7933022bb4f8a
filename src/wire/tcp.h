/* The TCP header and its options (RFC 9293 3.1, 3.2; RFC 7323; RFC 2018). */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include "base/bytes.h"
#include "wire/address.h"

enum {
    TCP_HEADER_LEN = 20, /* without options */
    TCP_MAX_HEADER_LEN = 60,
    TCP_MAX_SACK_BLOCKS = 4,
};

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80,
};

enum tcp_option_kind {
    TCP_OPTION_END = 0,
    TCP_OPTION_NOP = 1,
    TCP_OPTION_MSS = 2,
    TCP_OPTION_WINDOW_SCALE = 3,
    TCP_OPTION_SACK_PERMITTED = 4,
    TCP_OPTION_SACK = 5,
    TCP_OPTION_TIMESTAMPS = 8,
};

struct tcp_sack_block {
    uint32_t left;  /* first sequence number of the block */
    uint32_t right; /* the one after its last */
};

struct tcp_options {
    bool has_mss, has_window_scale, sack_permitted, has_timestamps;
    uint16_t mss;
    uint8_t window_scale;
    uint32_t ts_val, ts_ecr;
    uint8_t n_sack_blocks;
    struct tcp_sack_block sack[TCP_MAX_SACK_BLOCKS];
};

struct tcp_header {
    uint16_t src_port;
    uint16_t dst_port;
    uint32_t seq;
    uint32_t ack;
    uint8_t header_len; /* bytes, with options; set by tcp_parse */
    uint8_t flags;      /* enum tcp_flag */
    uint16_t window;    /* as on the wire, not scaled */
    uint16_t checksum;  /* as received */
    uint16_t urgent;
    struct tcp_options options;
};

/* Consumes header and options of a whole segment (the reader's bytes). Unknown options are skipped
 * (RFC 9293 MUST-6), as are known ones whose length is not theirs; a length below two or beyond the
 * header ends the options (MUST-7). Of an option that comes twice the last counts. *checksum_right
 * tells whether it adds up. False when it is too short for what it says. */
bool tcp_parse(struct reader *r, struct ip_addr src, struct ip_addr dst, struct tcp_header *header,
               bool *checksum_right);

/* The length of the header that tcp_emit would write: 20 ... 60, a multiple of 4. Beside timestamps
 * only three SACK blocks fit, beside all options of a SYN two: the last ones are left out. */
size_t tcp_header_len(const struct tcp_options *options);

/* Writes header, options and padding for `body`, which is not written, with the checksum over all.
 * header->header_len and checksum are ignored. */
void tcp_emit(struct writer *w, struct ip_addr src, struct ip_addr dst,
              const struct tcp_header *header, struct bytes body);

/* "SYN,ACK" ("none" without flags) into a buffer of at least TCP_FLAGS_TEXT_SIZE, which is
 * returned. */
enum { TCP_FLAGS_TEXT_SIZE = 40 };
char *tcp_flags_print(uint8_t flags, char *buffer);

#endif
