#include "wire/dns_name.h"

#include <stddef.h>

enum {
    POINTER_FLAGS = 0xc0,   /* RFC 1035 4.1.4: 11 is a pointer, 00 a label, the others reserved */
    FIRST_NAME_OFFSET = 12, /* no name begins inside the header */
};

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static void dns_name_set_root(struct dns_name *name)
{
    *name = (struct dns_name){.len = 1};
}

/* --- text --- */

/* One character of a label, escapes resolved; moves *text on. False at a bad escape. */
static bool dns_text_next(const char **text, uint8_t *byte)
{
    const char *t = *text;
    if (*t != '\\') {
        *byte = (uint8_t)*t;
        *text = t + 1;
        return true;
    }
    t++;
    if (*t == '\0') {
        return false;
    }
    if (*t < '0' || *t > '9') {
        *byte = (uint8_t)*t;
        *text = t + 1;
        return true;
    }
    unsigned value = 0;
    for (int i = 0; i < 3; i++) {
        if (t[i] < '0' || t[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(t[i] - '0');
    }
    *byte = (uint8_t)value;
    *text = t + 3;
    return value <= UINT8_MAX;
}

/* Appends the label that ends at a dot or at the end of the text. */
static bool dns_name_parse_label(const char **text, struct dns_name *name, size_t *len)
{
    size_t length_at = (*len)++;
    size_t label_len = 0;
    while (**text != '\0' && **text != '.') {
        uint8_t byte;
        /* one byte stays free for the root */
        if (!dns_text_next(text, &byte) || label_len == DNS_LABEL_MAX || *len >= DNS_NAME_MAX - 1) {
            return false;
        }
        name->bytes[(*len)++] = byte;
        label_len++;
    }
    name->bytes[length_at] = (uint8_t)label_len;
    return label_len > 0;
}

bool dns_name_parse_text(const char *text, struct dns_name *out)
{
    struct dns_name name = {0};
    size_t len = 0;
    if (strcmp(text, ".") == 0) {
        dns_name_set_root(out);
        return true;
    }
    do {
        if (len >= DNS_NAME_MAX - 1 || !dns_name_parse_label(&text, &name, &len)) {
            return false;
        }
        if (*text == '.') {
            text++;
        }
    } while (*text != '\0');
    name.bytes[len++] = 0;
    name.len = (uint8_t)len;
    *out = name;
    return true;
}

static char *dns_byte_print(char *to, uint8_t byte)
{
    if (byte <= ' ' || byte >= 0x7f) {
        *to++ = '\\';
        *to++ = (char)('0' + byte / 100);
        *to++ = (char)('0' + byte / 10 % 10);
        *to++ = (char)('0' + byte % 10);
        return to;
    }
    if (strchr(".\\\";()@$", byte)) { /* special in a master file (RFC 1035 5.1) */
        *to++ = '\\';
    }
    *to++ = (char)byte;
    return to;
}

char *dns_name_print(const struct dns_name *name, char buffer[DNS_NAME_TEXT_SIZE])
{
    char *to = buffer;
    const uint8_t *label = name->bytes;
    if (*label == 0) {
        *to++ = '.';
    }
    while (*label != 0) {
        if (to != buffer) {
            *to++ = '.';
        }
        for (uint8_t i = 1; i <= *label; i++) {
            to = dns_byte_print(to, label[i]);
        }
        label += *label + 1;
    }
    *to = '\0';
    return buffer;
}

/* --- wire --- */

/* Appends a label of `len` bytes from `r`; the root's byte must still fit behind it. */
static bool dns_name_add_label(struct dns_name *name, struct reader *r, uint8_t len)
{
    if ((size_t)name->len + 1 + len + 1 > DNS_NAME_MAX) {
        return false;
    }
    name->bytes[name->len] = len;
    read_copy(r, name->bytes + name->len + 1, len);
    name->len = (uint8_t)(name->len + 1 + len);
    return !r->failed;
}

/* Reads the labels where `r` stands and, after a pointer, where it points. */
static bool dns_name_parse_labels(struct reader *r, struct bytes message, struct dns_name *name)
{
    /* without a message to point into, no pointer is before anything */
    size_t lowest_offset = message.p ? (size_t)(r->p - message.p) : 0;
    struct reader jumped = {0};
    struct reader *from = r; /* until the first pointer */
    for (;;) {
        uint8_t len = read_u8(from);
        if (from->failed) {
            return false;
        }
        if (len == 0) {
            name->bytes[name->len++] = 0;
            return true;
        }
        if ((len & POINTER_FLAGS) == POINTER_FLAGS) {
            size_t target = (size_t)(len & ~POINTER_FLAGS) << 8 | read_u8(from);
            /* RFC 1035 4.1.4: to a prior occurrence of the name. Each jump goes further back than
             * all that was read, so this ends. */
            if (from->failed || target < FIRST_NAME_OFFSET || target >= lowest_offset) {
                return false;
            }
            lowest_offset = target;
            jumped = reader_of(message.p + target, message.len - target);
            from = &jumped;
        } else if ((len & POINTER_FLAGS) != 0 || !dns_name_add_label(name, from, len)) {
            return false;
        }
    }
}

bool dns_name_parse(struct reader *r, struct bytes message, struct dns_name *name)
{
    dns_name_set_root(name);
    name->len = 0;
    if (r->failed || !dns_name_parse_labels(r, message, name)) {
        dns_name_set_root(name);
        r->failed = true;
        return false;
    }
    return true;
}

/* --- comparison --- */

/* Lengths are below 'A', so that folding case leaves them alone (RFC 4343 section 3). */
static bool dns_labels_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && dns_labels_equal(a->bytes, b->bytes, a->len);
}

bool dns_name_is_root(const struct dns_name *name)
{
    return name->bytes[0] == 0;
}

bool dns_name_is_within(const struct dns_name *name, const struct dns_name *zone)
{
    size_t at = 0;
    while (name->len - at > zone->len) {
        at += name->bytes[at] + 1u;
    }
    return name->len - at == zone->len &&
           dns_labels_equal(name->bytes + at, zone->bytes, zone->len);
}

bool dns_name_parent(const struct dns_name *name, struct dns_name *parent)
{
    if (dns_name_is_root(name)) {
        return false;
    }
    size_t skip = name->bytes[0] + 1u;
    struct dns_name result = {.len = (uint8_t)(name->len - skip)};
    memcpy(result.bytes, name->bytes + skip, result.len);
    *parent = result; /* which may be `name` itself */
    return true;
}

size_t dns_name_label_count(const struct dns_name *name)
{
    size_t count = 0;
    for (size_t at = 0; name->bytes[at] != 0; at += name->bytes[at] + 1u) {
        count++;
    }
    return count;
}

struct dns_name dns_name_lower(const struct dns_name *name)
{
    struct dns_name lower = {.len = name->len};
    for (size_t i = 0; i < name->len; i++) {
        lower.bytes[i] = ascii_lower(name->bytes[i]);
    }
    return lower;
}
