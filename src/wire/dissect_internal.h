/* What the dissectors of the single protocols share.
 *
 * A dissector gets the bytes that the layer below carries. It opens a layer, adds its fields from
 * first to last (each begins where the one before ended, so that they tile the header by
 * construction), and hands the rest to the next dissector or ends with it as payload.
 */
#ifndef WIRE_DISSECT_INTERNAL_H
#define WIRE_DISSECT_INTERNAL_H

#include "base/text.h"
#include "wire/address.h"
#include "wire/dissect.h"

/* What a layer is called and where it stands in the two models. */
struct dissect_protocol {
    const char *protocol, *unit;
    uint8_t osi;
    const char *osi_name;
    uint8_t tcpip;
    const char *tcpip_name;
};

struct dissector {
    struct dissection *result;
    const uint8_t *frame;
    struct dissect_layer *layer; /* the one open now */
    struct ip_addr src, dst;     /* once the network layer is known */
    struct text scratch;         /* for values made of parts */
};

/* `whole`: the layer's header and data. */
void dissect_open(struct dissector *d, const struct dissect_protocol *protocol, struct bytes whole);

/* Adds the next field of the open layer. `meaning` may be NULL. */
void dissect_add(struct dissector *d, const char *name, uint32_t bits, const char *meaning,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

void dissect_add_mac(struct dissector *d, const char *name, const char *meaning,
                     struct mac_addr mac);
void dissect_add_ipv4(struct dissector *d, const char *name, const char *meaning, uint32_t address);

/* The two bytes at `at` (even) of `covered`, which with `sum` must add up. */
void dissect_add_checksum(struct dissector *d, const char *name, uint64_t sum, struct bytes covered,
                          size_t at);

void dissect_add_port(struct dissector *d, const char *name, uint16_t port);

/* The layers end here; `payload` is left over, `error` says why or is NULL. */
void dissect_end(struct dissector *d, struct bytes payload, const char *error);

/* The first `len` <= data.len bytes of data; the others are padding. */
struct bytes dissect_trim(struct dissector *d, struct bytes data, size_t len);

static inline struct bytes dissect_behind(struct bytes data, size_t len) /* len <= data.len */
{
    return (struct bytes){data.p + len, data.len - len};
}

/* Names of numbers: an array of these, ended by a NULL name. */
struct dissect_name {
    uint32_t number;
    const char *name;
    const char *meaning; /* may be NULL */
};

/* The number's entry, or one with the name "unknown" and no meaning. */
const struct dissect_name *dissect_find_name(const struct dissect_name *names, uint32_t number);

/* An option that is a kind, a length and data. */
struct dissect_option {
    uint8_t kind;
    const char *name, *meaning;
    /* Prints the data; false when it cannot be what it should. NULL: the bytes are shown. */
    bool (*print)(struct text *value, struct reader *data);
};

/* How a protocol lays its options out. */
struct dissect_option_format {
    const struct dissect_option *options; /* ended by a NULL name */
    uint8_t nop, end;                     /* the kinds of one byte */
    uint8_t length_includes; /* bytes of kind and length that the length counts: 2 or 0 */
};

/* Adds a field per option, and one for what follows the end. False when a length is illegal; then
 * the last field holds the rest. */
bool dissect_add_options(struct dissector *d, const struct dissect_option_format *format,
                         struct reader options);

/* Printers of an option's data. */
bool dissect_print_u8(struct text *value, struct reader *data);
bool dissect_print_u16(struct text *value, struct reader *data);
bool dissect_print_address(struct text *value, struct reader *data);
bool dissect_print_addresses(struct text *value, struct reader *data);
bool dissect_print_text(struct text *value, struct reader *data);
bool dissect_print_nothing(struct text *value, struct reader *data); /* "yes" when it is empty */
void dissect_print_hex(struct text *value, struct reader *data);     /* all that is left */

/* The protocols. `data` is what the layer below carries. */
void dissect_ethernet(struct dissector *d, struct bytes data);
void dissect_arp(struct dissector *d, struct bytes data);
void dissect_ipv4(struct dissector *d, struct bytes data);
void dissect_icmp(struct dissector *d, struct bytes data);
void dissect_udp(struct dissector *d, struct bytes data);
void dissect_tcp(struct dissector *d, struct bytes data);
void dissect_dhcp(struct dissector *d, struct bytes data);
void dissect_dns(struct dissector *d, struct bytes data);
void dissect_dns_over_tcp(struct dissector *d, struct bytes data);

#endif
