#include "wire/dissect.h"

#include "base/check.h"
#include "wire/checksum.h"
#include "wire/dissect_internal.h"

#include <stdio.h>

void dissect_frame(struct bytes frame, struct dissection *result)
{
    result->n_layers = 0;
    result->payload = frame;
    result->payload_offset = 0;
    result->padding_len = 0;
    result->error = NULL;
    struct dissector d = {.result = result, .frame = frame.p};
    dissect_ethernet(&d, frame);
    text_fini(&d.scratch);
}

void dissect_open(struct dissector *d, const struct dissect_protocol *protocol, struct bytes whole)
{
    CHECK(d->result->n_layers < DISSECT_MAX_LAYERS);
    d->layer = &d->result->layers[d->result->n_layers++];
    d->layer->protocol = protocol->protocol;
    d->layer->unit = protocol->unit;
    d->layer->osi = protocol->osi;
    d->layer->osi_name = protocol->osi_name;
    d->layer->tcpip = protocol->tcpip;
    d->layer->tcpip_name = protocol->tcpip_name;
    d->layer->offset = (uint32_t)(whole.p - d->frame);
    d->layer->len = (uint32_t)whole.len;
    d->layer->header_len = 0;
    d->layer->n_fields = 0;
}

/* Makes a value fit to be shown: marks that it is empty or was cut, and replaces what a terminal
 * might obey. */
static void tidy_value(char *value, int len)
{
    if (len == 0) {
        memcpy(value, "(empty)", sizeof "(empty)");
    }
    if (len >= DISSECT_VALUE_SIZE) {
        memcpy(value + DISSECT_VALUE_SIZE - 4, "...", 4);
    }
    for (char *p = value; *p; p++) {
        if (*p < ' ' || *p > '~') {
            *p = '?';
        }
    }
}

void dissect_add(struct dissector *d, const char *name, uint32_t bits, const char *meaning,
                 const char *format, ...)
{
    struct dissect_layer *layer = d->layer;
    struct dissect_field *last = layer->n_fields > 0 ? &layer->fields[layer->n_fields - 1] : NULL;
    uint32_t at = last ? last->bit_offset + last->bit_len : 0;
    layer->header_len = (at + bits) / 8; /* the last field of a header ends with a byte */
    if (layer->n_fields == DISSECT_MAX_FIELDS) {
        last->name = "more fields";
        last->meaning = NULL;
        last->bit_len += bits;
        snprintf(last->value, sizeof last->value, "(%u bytes)", last->bit_len / 8);
        return;
    }
    struct dissect_field *field = &layer->fields[layer->n_fields++];
    field->name = name;
    field->bit_offset = at;
    field->bit_len = bits;
    field->meaning = meaning;
    va_list args;
    va_start(args, format);
    tidy_value(field->value, vsnprintf(field->value, sizeof field->value, format, args));
    va_end(args);
}

void dissect_add_mac(struct dissector *d, const char *name, const char *meaning,
                     struct mac_addr mac)
{
    char text[MAC_TEXT_SIZE];
    dissect_add(d, name, 48, meaning, "%s", mac_print(mac, text));
}

void dissect_add_ipv4(struct dissector *d, const char *name, const char *meaning, uint32_t address)
{
    char text[IP_TEXT_SIZE];
    dissect_add(d, name, 32, meaning, "%s", ip_print(ip_v4(address), text));
}

void dissect_add_checksum(struct dissector *d, const char *name, uint64_t sum, struct bytes covered,
                          size_t at)
{
    struct reader field = reader_of(covered.p + at, 2);
    uint16_t received = read_u16(&field);
    uint64_t others = checksum_add(sum, covered.p, at);
    others = checksum_add(others, covered.p + at + 2, covered.len - at - 2);
    if (checksum_is_right(checksum_add(others, covered.p + at, 2))) {
        dissect_add(d, name, 16, "finds damage on the way", "0x%04x (right)", received);
    } else {
        dissect_add(d, name, 16, "it does not add up: damaged, or never computed",
                    "0x%04x (wrong: 0x%04x would be right)", received, checksum_finish(others));
    }
}

void dissect_add_port(struct dissector *d, const char *name, uint16_t port)
{
    static const struct dissect_name names[] = {
        {7, "echo", NULL},
        {9, "discard", NULL},
        {19, "chargen", NULL},
        {22, "SSH", NULL},
        {53, "DNS", NULL},
        {67, "DHCP server", NULL},
        {68, "DHCP client", NULL},
        {80, "HTTP", NULL},
        {123, "NTP", NULL},
        {179, "BGP", NULL},
        {443, "HTTPS", NULL},
        {520, "RIP", NULL},
        {853, "DNS over TLS", NULL},
        {8080, "HTTP, alternative", NULL},
        {0, NULL, NULL},
    };
    const struct dissect_name *known = dissect_find_name(names, port);
    if (known->number == port) {
        dissect_add(d, name, 16, "a service's well-known number", "%u (%s)", port, known->name);
    } else if (port >= 49152) {
        dissect_add(d, name, 16, "picked for this exchange (RFC 6335: dynamic)", "%u", port);
    } else {
        dissect_add(d, name, 16, "which program", "%u", port);
    }
}

void dissect_end(struct dissector *d, struct bytes payload, const char *error)
{
    d->result->payload = payload;
    d->result->payload_offset = (uint32_t)(payload.p - d->frame);
    d->result->error = error;
}

struct bytes dissect_trim(struct dissector *d, struct bytes data, size_t len)
{
    CHECK(len <= data.len);
    d->result->padding_len += (uint32_t)(data.len - len);
    return (struct bytes){data.p, len};
}

const struct dissect_name *dissect_find_name(const struct dissect_name *names, uint32_t number)
{
    static const struct dissect_name unknown = {UINT32_MAX, "unknown", NULL};
    for (; names->name; names++) {
        if (names->number == number) {
            return names;
        }
    }
    return &unknown;
}
