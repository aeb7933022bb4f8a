/* What dns.c and dns_record.c share: a record's data within a message that is being written. */
#ifndef WIRE_DNS_INTERNAL_H
#define WIRE_DNS_INTERNAL_H

#include "wire/dns.h"

enum { DNS_COMPRESSOR_MAX = 256 };

/* Where in the message names, and the ends of names, begin that later ones may point to. */
struct dns_compressor {
    const uint8_t *message;
    size_t count;
    struct {
        uint16_t offset;
        uint16_t hash; /* of the lower-case labels from there on */
    } places[DNS_COMPRESSOR_MAX];
};

/* Writes the name, ending it with a pointer when an earlier one has the same end. */
void dns_compressor_emit_name(struct dns_compressor *compressor, struct writer *w,
                              const struct dns_name *name);

/* Writes the data; `compressor` may be NULL. */
void dns_rdata_emit_with(struct writer *w, const struct dns_record *record,
                         struct dns_compressor *compressor);

#endif
