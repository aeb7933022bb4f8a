/* The layers of one frame, in both models.
 *
 * wire/dissect.h takes the frame apart up to the transport layer (and knows DNS and DHCP); HTTP is
 * text, shown line by line. OSI is a reference model: where nothing in this frame belongs to one of
 * its layers, that is said.
 */
#include "lab/layers.h"

#include "base/check.h"
#include "base/memory.h"
#include "lab/report.h"
#include "wire/dissect.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_PER_LINE = 8, OSI_LAYERS = 7 };

/* --- choosing the frame --- */

static bool has_prefix(struct bytes bytes, const char *prefix)
{
    size_t len = strlen(prefix);
    return bytes.len >= len && memcmp(bytes.p, prefix, len) == 0;
}

static bool is_http_response(struct bytes payload)
{
    return has_prefix(payload, "HTTP/1.");
}

static bool is_http_request(struct bytes payload)
{
    static const char *const METHODS[] = {"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS "};
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (has_prefix(payload, METHODS[i])) {
            return true;
        }
    }
    return false;
}

static const struct dissect_layer *find_layer(const struct dissection *d, const char *protocol)
{
    for (size_t i = 0; i < d->n_layers; i++) {
        if (strcmp(d->layers[i].protocol, protocol) == 0) {
            return &d->layers[i];
        }
    }
    return NULL;
}

static bool has_tcp_flag(const struct dissection *d, const char *flag)
{
    const struct dissect_layer *tcp = find_layer(d, "TCP");
    for (size_t i = 0; tcp && i < tcp->n_fields; i++) {
        if (strcmp(tcp->fields[i].name, "control bits") == 0) {
            return strstr(tcp->fields[i].value, flag);
        }
    }
    return false;
}

static bool frame_fits(const struct dissection *d, const char *what)
{
    if (strcmp(what, "request") == 0) {
        return find_layer(d, "TCP") && is_http_request(d->payload);
    }
    if (strcmp(what, "response") == 0) {
        return find_layer(d, "TCP") && is_http_response(d->payload);
    }
    if (strcmp(what, "syn") == 0 || strcmp(what, "fin") == 0) {
        return has_tcp_flag(d, what[0] == 's' ? "SYN" : "FIN");
    }
    if (strcmp(what, "arp") == 0) {
        return find_layer(d, "ARP");
    }
    return (strcmp(what, "dns") == 0 && find_layer(d, "DNS")) ||
           (strcmp(what, "dhcp") == 0 && find_layer(d, "DHCP"));
}

/* The index of the wanted frame, dissected into `d`; or false. */
static bool find_frame(const struct journey *journey, const char *what, struct dissection *d,
                       size_t *index)
{
    size_t n_frames;
    uint64_t number = 0;
    const struct journey_frame *frames = journey_frames(journey, &n_frames);
    bool by_number = config_parse_integer(what, &number);
    for (size_t i = 0; i < n_frames; i++) {
        if (by_number && i + 1 != number) {
            continue;
        }
        dissect_frame((struct bytes){frames[i].bytes, frames[i].len}, d);
        if (by_number || frame_fits(d, what)) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* --- the models --- */

static const char *const OSI_NAMES[OSI_LAYERS + 1] = {NULL,           "physical",   "data link",
                                                      "network",      "transport",  "session",
                                                      "presentation", "application"};
static const char *const TCPIP_NAMES[OSI_LAYERS + 1] = {
    NULL, "", "1 link", "2 internet", "3 transport", "", "", "4 application"};

static bool is_http(const struct dissection *d)
{
    return is_http_request(d->payload) || is_http_response(d->payload);
}

static const struct dissect_layer *layer_at(const struct dissection *d, int osi)
{
    for (size_t i = 0; i < d->n_layers; i++) {
        if (d->layers[i].osi == osi) {
            return &d->layers[i];
        }
    }
    return NULL;
}

static const char *absence(const struct dissection *d, int osi)
{
    switch (osi) {
    case 5:
        return "nothing of its own here: TCP's connection, kept open between requests, does its "
               "work";
    case 6:
        return "nothing of its own here: text in ASCII and UTF-8; TLS would stand here in HTTPS";
    case 7:
        return d->payload.len ? "bytes of an application that is not shown in detail"
                              : "nothing: this frame serves the layers below";
    default:
        return "nothing in this frame";
    }
}

static void print_model_row(struct text *text, const struct dissection *d, int osi)
{
    const struct dissect_layer *layer = layer_at(d, osi);
    text_print(text, "  %-14s %d %-13s ", TCPIP_NAMES[osi], osi, OSI_NAMES[osi]);
    if (osi == 7 && is_http(d)) {
        text_print(text, "HTTP %s of %zu bytes\n",
                   is_http_request(d->payload) ? "request message"
                                               : "response message (or its "
                                                 "first part)",
                   d->payload.len);
    } else if (layer) {
        text_print(text, "%s %s of %u bytes = %u control + %u data\n", layer->protocol, layer->unit,
                   layer->len, layer->header_len, layer->len - layer->header_len);
    } else if (osi == 1) {
        uint32_t len = d->layers[0].len;
        text_print(text, "%u bits on the wire: preamble 64, the frame's %u, FCS 32\n",
                   (len + 12) * 8, len * 8);
    } else {
        text_print(text, "%s\n", absence(d, osi));
    }
}

static void print_models(struct text *text, const struct dissection *d)
{
    text_print(text, "\n  %-14s %-15s in this frame\n", "TCP/IP model", "OSI model");
    for (int osi = OSI_LAYERS; osi >= 1; osi--) {
        print_model_row(text, d, osi);
    }
    text_print(text, "\n  one inside the other: ");
    for (size_t i = 0; i < d->n_layers; i++) {
        text_print(text, "[%s %u ", d->layers[i].protocol, d->layers[i].header_len);
    }
    text_print(text, "%s %zu", d->payload.len ? "data" : "data", d->payload.len);
    for (size_t i = 0; i < d->n_layers; i++) {
        text_print(text, "]");
    }
    text_print(text, " bytes\n");
}

/* --- fields --- */

/* Whole bytes in hexadecimal, parts of bytes in binary. */
static void print_raw(struct text *text, const uint8_t *layer, const struct dissect_field *field)
{
    char raw[3 * BYTES_PER_LINE + 1] = "";
    size_t used = 0;
    if (field->bit_len % 8 || field->bit_offset % 8) {
        for (uint32_t i = 0; i < field->bit_len && used + 1 < sizeof raw; i++) {
            uint32_t bit = field->bit_offset + i;
            raw[used++] = (char)('0' + (layer[bit / 8] >> (7 - bit % 8) & 1));
        }
        raw[used] = '\0';
    } else {
        size_t len = field->bit_len / 8;
        for (size_t i = 0; i < len && i < BYTES_PER_LINE; i++) {
            used += (size_t)snprintf(raw + used, sizeof raw - used, i ? " %02x" : "%02x",
                                     layer[field->bit_offset / 8 + i]);
        }
    }
    text_print(text, "    %-24s", raw);
}

/* The rest of a long field's bytes, under its first line. */
static void print_more_bytes(struct text *text, const uint8_t *layer,
                             const struct dissect_field *field)
{
    if (field->bit_len % 8 || field->bit_offset % 8) {
        return;
    }
    size_t len = field->bit_len / 8;
    for (size_t at = BYTES_PER_LINE; at < len; at += BYTES_PER_LINE) {
        text_print(text, "    ");
        for (size_t i = at; i < len && i < at + BYTES_PER_LINE; i++) {
            text_print(text, "%02x ", layer[field->bit_offset / 8 + i]);
        }
        text_print(text, "\n");
    }
}

static void print_layer(struct text *text, const uint8_t *frame, const struct dissect_layer *layer)
{
    text_print(text,
               "\n  %s: control information of this %s, bytes %u to %u of the frame "
               "(OSI %u %s, TCP/IP %u %s)\n",
               layer->protocol, layer->unit, layer->offset, layer->offset + layer->header_len - 1,
               layer->osi, layer->osi_name, layer->tcpip, layer->tcpip_name);
    for (size_t i = 0; i < layer->n_fields; i++) {
        const struct dissect_field *field = &layer->fields[i];
        print_raw(text, frame + layer->offset, field);
        text_print(text, " %-24s %s%s%s\n", field->name, field->value,
                   field->meaning ? "  -- " : "", field->meaning ? field->meaning : "");
        print_more_bytes(text, frame + layer->offset, field);
    }
}

static void print_hex_dump(struct text *text, const uint8_t *p, size_t len, size_t offset)
{
    for (size_t at = 0; at < len; at += 16) {
        text_print(text, "    %5zu  ", offset + at);
        for (size_t i = at; i < at + 16; i++) {
            if (i < len) {
                text_print(text, "%02x ", p[i]);
            } else {
                text_print(text, "   ");
            }
        }
        text_print(text, " ");
        for (size_t i = at; i < at + 16 && i < len; i++) {
            text_print(text, "%c", p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.');
        }
        text_print(text, "\n");
    }
}

/* Start line and headers are control information, what follows the empty line is data. */
static void print_http(struct text *text, const struct dissection *d)
{
    const uint8_t *p = d->payload.p;
    size_t at = 0;
    text_print(text, "\n  HTTP: control information of this message, as text (OSI 7 application, "
                     "TCP/IP 4 application)\n");
    while (at < d->payload.len) {
        const uint8_t *end = memchr(p + at, '\n', d->payload.len - at);
        size_t len = end ? (size_t)(end - p) + 1 - at : d->payload.len - at;
        size_t shown = len;
        while (shown > 0 && (p[at + shown - 1] == '\n' || p[at + shown - 1] == '\r')) {
            shown--;
        }
        text_print(text, "    %5zu  %.*s\n", d->payload_offset + at, (int)shown,
                   shown ? (const char *)p + at : "");
        at += len;
        if (shown == 0) {
            break; /* the empty line that ends the headers */
        }
    }
    if (at < d->payload.len) {
        text_print(text, "\n  data of this message\n");
        print_hex_dump(text, p + at, d->payload.len - at, d->payload_offset + at);
    }
}

static void print_text(struct text *text, const struct journey_frame *frame, size_t number,
                       const struct dissection *d)
{
    text_print(text, "frame %zu at the client's interface: %zu bytes, %s at ", number, frame->len,
               frame->is_sent ? "sent" : "received");
    report_print_ms(text, frame->at_ns);
    text_print(text, "\n");
    print_models(text, d);
    for (size_t i = 0; i < d->n_layers; i++) {
        print_layer(text, frame->bytes, &d->layers[i]);
    }
    if (is_http(d)) {
        print_http(text, d);
    } else if (d->payload.len) {
        text_print(text, "\n  data of the innermost layer\n");
        print_hex_dump(text, d->payload.p, d->payload.len, d->payload_offset);
    }
    if (d->padding_len) {
        text_print(text, "\n  %u bytes of padding behind\n", d->padding_len);
    }
    if (d->error) {
        text_print(text, "\n  could not be read further: %s\n", d->error);
    }
}

/* --- for programs --- */

static void set(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);
    CHECK(failed == 0);
}

static json_t *layer_json(const struct dissect_layer *layer)
{
    json_t *object = json_object(), *fields = json_array();
    set(object, "protocol", json_string(layer->protocol));
    set(object, "unit", json_string(layer->unit));
    set(object, "osi", json_integer(layer->osi));
    set(object, "tcpip", json_integer(layer->tcpip));
    set(object, "offset", json_integer(layer->offset));
    set(object, "header_len", json_integer(layer->header_len));
    set(object, "len", json_integer(layer->len));
    for (size_t i = 0; i < layer->n_fields; i++) {
        const struct dissect_field *field = &layer->fields[i];
        json_t *entry = json_object();
        set(entry, "name", json_string(field->name));
        set(entry, "bit_offset", json_integer(field->bit_offset));
        set(entry, "bit_len", json_integer(field->bit_len));
        set(entry, "value", json_string(field->value));
        set(entry, "meaning", field->meaning ? json_string(field->meaning) : json_null());
        json_array_append_new(fields, entry);
    }
    set(object, "fields", fields);
    return object;
}

static void print_json(struct text *text, const struct journey_frame *frame, size_t number,
                       const struct dissection *d)
{
    json_object_seed(1);
    json_t *object = json_object(), *layers = json_array();
    struct text hex = {0};
    for (size_t i = 0; i < frame->len; i++) {
        text_print(&hex, "%02x", frame->bytes[i]);
    }
    set(object, "frame", json_integer((json_int_t)number));
    set(object, "at_ns", json_integer((json_int_t)frame->at_ns));
    set(object, "sent", json_boolean(frame->is_sent));
    set(object, "bytes", json_string(text_chars(&hex)));
    for (size_t i = 0; i < d->n_layers; i++) {
        json_array_append_new(layers, layer_json(&d->layers[i]));
    }
    set(object, "layers", layers);
    set(object, "payload_offset", json_integer(d->payload_offset));
    set(object, "payload_len", json_integer((json_int_t)d->payload.len));
    set(object, "padding_len", json_integer(d->padding_len));
    char *dump = json_dumps(object, JSON_INDENT(2));
    CHECK(dump);
    text_print(text, "%s\n", dump);
    free(dump);
    text_fini(&hex);
    json_decref(object);
}

bool layers_print(struct text *text, const struct journey *journey, const char *what, bool as_json)
{
    struct dissection *d = memory_new(sizeof *d);
    size_t index = 0, n_frames;
    bool found = find_frame(journey, what, d, &index);
    if (found) {
        const struct journey_frame *frame = &journey_frames(journey, &n_frames)[index];
        (as_json ? print_json : print_text)(text, frame, index + 1, d);
    }
    free(d);
    return found;
}
