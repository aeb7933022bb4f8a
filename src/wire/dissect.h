/* Dissection: one frame opened into nested layers, field by field, for people.
 *
 * Not used by the stack. Every byte of the frame belongs to exactly one field of exactly one layer,
 * or to the payload, or to the padding behind it:
 *
 *     the layers' headers, outermost first | payload | padding
 *
 * The fields of a layer tile its header: each begins where the one before it ended. The caller may
 * go on above: `payload` is what no layer here took.
 */
#ifndef WIRE_DISSECT_H
#define WIRE_DISSECT_H

#include "base/bytes.h"

#include <stddef.h>
#include <stdint.h>

enum {
    DISSECT_MAX_LAYERS = 8,
    DISSECT_MAX_FIELDS = 128, /* of one layer; when there are more, the last one holds them all */
    DISSECT_VALUE_SIZE = 96,  /* longer values end in "..." */
};

struct dissect_field {
    const char *name;    /* "time to live", as the RFC calls it */
    uint32_t bit_offset; /* from the start of the layer */
    uint32_t bit_len;
    char value[DISSECT_VALUE_SIZE]; /* "64", "192.168.1.2", "SYN,ACK", "0x1c46 (right)" */
    const char *meaning;            /* one short clause; may be NULL */
};

struct dissect_layer {
    const char *protocol; /* "IPv4" */
    const char *unit;     /* the PDU's name: "frame", "packet", "segment", "datagram", "message" */
    uint8_t osi;          /* 1 ... 7 */
    const char *osi_name; /* "network" */
    uint8_t tcpip;        /* 1 ... 4 */
    const char *tcpip_name; /* "internet" */
    uint32_t offset;        /* in the frame */
    uint32_t header_len;    /* control information; the rest is data to this layer */
    uint32_t len;           /* header and data; of a frame with its padding */
    size_t n_fields;
    struct dissect_field fields[DISSECT_MAX_FIELDS];
};

struct dissection {
    size_t n_layers;
    struct dissect_layer layers[DISSECT_MAX_LAYERS]; /* outermost first */
    struct bytes payload; /* the application's bytes that no layer here knows; may be empty */
    uint32_t payload_offset;
    uint32_t padding_len; /* bytes at the end that the network layer or UDP does not count as its
                           * own: mostly link padding */
    const char *error;    /* NULL, or why it stopped early */
};

/* `frame` is borrowed by the result. The result is large: allocate it on the heap. Whatever the
 * bytes are, values are printable ASCII. */
void dissect_frame(struct bytes frame, struct dissection *result);

#endif
