/* Reader and writer: the only way to touch untrusted bytes.
 *
 * Numbers on the wire are big-endian (network order). Failure is sticky: once a read or write does
 * not fit, `failed` stays true, reads give 0 and writes are ignored, so that a parser reads like
 * the RFC's diagram with one check of `failed` at its end.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes: valid as long as whoever lent them says. */
struct bytes {
    const uint8_t *p;
    size_t len;
};

struct reader {
    const uint8_t *p;
    const uint8_t *end;
    bool failed;
};

struct writer {
    uint8_t *p;
    uint8_t *end;
    bool failed;
};

static inline struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* `p` may be NULL when `len` is 0. */
static inline struct reader reader_of(const void *p, size_t len)
{
    const uint8_t *start = p;
    if (len == 0) {
        start = (const uint8_t *)"";
        return (struct reader){start, start, false};
    }
    return (struct reader){start, start + len, false};
}

static inline size_t reader_left(const struct reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->p);
}

/* Takes `len` bytes and returns where they start, or NULL (and fails) when fewer are left. */
static inline const uint8_t *reader_take(struct reader *r, size_t len)
{
    if (r->failed || (size_t)(r->end - r->p) < len) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += len;
    return p;
}

static inline void reader_skip(struct reader *r, size_t len)
{
    (void)reader_take(r, len);
}

static inline uint8_t read_u8(struct reader *r)
{
    const uint8_t *p = reader_take(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
    const uint8_t *p = reader_take(r, 2);
    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t read_u32(struct reader *r)
{
    const uint8_t *p = reader_take(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* Copies `len` bytes out; fills with zeros when they are not there. */
static inline void read_copy(struct reader *r, void *to, size_t len)
{
    const uint8_t *p = reader_take(r, len);
    if (p && len > 0) {
        memcpy(to, p, len);
    } else if (len > 0) {
        memset(to, 0, len);
    }
}

/* A reader over the next `len` bytes, e.g. a length-prefixed block, which its caller must consume
 * exactly (check with reader_is_done). Fails with its parent. */
static inline struct reader reader_sub(struct reader *r, size_t len)
{
    const uint8_t *p = reader_take(r, len);
    return p ? (struct reader){p, p + len, false} : (struct reader){NULL, NULL, true};
}

static inline bool reader_is_done(const struct reader *r)
{
    return !r->failed && r->p == r->end;
}

static inline struct writer writer_of(void *p, size_t len)
{
    return (struct writer){p, len > 0 ? (uint8_t *)p + len : p, false};
}

static inline size_t writer_left(const struct writer *w)
{
    return w->failed ? 0 : (size_t)(w->end - w->p);
}

/* Takes room for `len` > 0 bytes and returns where it starts, or NULL (and fails). */
static inline uint8_t *writer_take(struct writer *w, size_t len)
{
    if (w->failed || (size_t)(w->end - w->p) < len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->p;
    w->p += len;
    return p;
}

static inline void write_u8(struct writer *w, uint8_t value)
{
    uint8_t *p = writer_take(w, 1);
    if (p) {
        p[0] = value;
    }
}

static inline void write_u16(struct writer *w, uint16_t value)
{
    uint8_t *p = writer_take(w, 2);
    if (p) {
        p[0] = (uint8_t)(value >> 8);
        p[1] = (uint8_t)value;
    }
}

static inline void write_u32(struct writer *w, uint32_t value)
{
    uint8_t *p = writer_take(w, 4);
    if (p) {
        p[0] = (uint8_t)(value >> 24);
        p[1] = (uint8_t)(value >> 16);
        p[2] = (uint8_t)(value >> 8);
        p[3] = (uint8_t)value;
    }
}

static inline void write_copy(struct writer *w, const void *from, size_t len)
{
    uint8_t *p = len > 0 ? writer_take(w, len) : NULL;
    if (p) {
        memcpy(p, from, len);
    }
}

static inline void write_zeros(struct writer *w, size_t len)
{
    uint8_t *p = len > 0 ? writer_take(w, len) : NULL;
    if (p) {
        memset(p, 0, len);
    }
}

#endif
