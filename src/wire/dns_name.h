/* Domain names (RFC 1035 3.1, 4.1.4; RFC 4343 for case). */
#ifndef WIRE_DNS_NAME_H
#define WIRE_DNS_NAME_H

#include "base/bytes.h"

#include <stdbool.h>

enum {
    DNS_NAME_MAX = 255, /* bytes on the wire, with the root's */
    DNS_LABEL_MAX = 63,
    DNS_NAME_TEXT_SIZE = 1025,
};

/* A name in uncompressed wire form: length-prefixed labels and the root's zero. The case is kept;
 * comparison ignores it. The root has len 1. */
struct dns_name {
    uint8_t len;
    uint8_t bytes[DNS_NAME_MAX];
};

/* From text: "www.site.test", with or without the final dot; "." is the root; \DDD and \. are
 * understood. False when a label or the whole is too long or empty. */
bool dns_name_parse_text(const char *text, struct dns_name *name);

/* Reads a name in a message, following compression pointers, each of which must point before the
 * labels read so far (so it cannot loop). `message` is the whole message. */
bool dns_name_parse(struct reader *r, struct bytes message, struct dns_name *name);

/* Without the final dot, except for the root ("."), special characters escaped. Returns buffer. */
char *dns_name_print(const struct dns_name *name, char buffer[DNS_NAME_TEXT_SIZE]);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b); /* ignoring case */
bool dns_name_is_root(const struct dns_name *name);

/* True when `name` is `zone` or below it. */
bool dns_name_is_within(const struct dns_name *name, const struct dns_name *zone);

/* The name without its first label. The root has no parent: false. */
bool dns_name_parent(const struct dns_name *name, struct dns_name *parent);

size_t dns_name_label_count(const struct dns_name *name); /* the root has 0 */

/* The same name in lower case: for keys of maps. Bytes beyond len are zero. */
struct dns_name dns_name_lower(const struct dns_name *name);

#endif
