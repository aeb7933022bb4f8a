/* A pcapng file is a row of blocks: type, total length, body, padding to 32 bits, total length
 * again; a body may end in options (code, length, value, padding). Numbers are in the byte order
 * that the section header shows: here always little-endian, so that files are the same everywhere.
 * Sections cited are those of draft-ietf-opsawg-pcapng.
 *
 * A frame is encoded when its comments are complete. For a received one (`held`) that is later, so
 * its bytes are copied; frames sent before that are encoded into `behind` and written after it.
 * Events about packets that are not held may be about one that will be sent here: `early` keeps the
 * latest of them, by packet.
 */
#include "observe/pcapng.h"

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a, /* section 4.1 */
    BLOCK_INTERFACE = 1,        /* section 4.2 */
    BLOCK_PACKET = 6,           /* section 4.3: enhanced packet block */
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_ETHERNET = 1,

    OPTION_END = 0, /* section 3.5 */
    OPTION_COMMENT = 1,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_TIME_RESOLUTION = 9,
    PACKET_FLAGS = 2,

    FLAG_INBOUND = 1, /* section 4.3.1: bits 0-1 of epb_flags */
    FLAG_OUTBOUND = 2,

    MAX_COMMENTS = 32, /* per packet */
    MAX_COMMENT_LEN = 1000,
    MAX_EARLY = 64,
    MAX_BEHIND_LEN = 1 << 18,
};

struct early_comment {
    uint64_t packet_id; /* 0: none */
    struct text text;
};

struct pcapng {
    struct tap tap;
    struct trace_sink trace_sink;
    struct byte_sink *sink;
    struct tap_point *point;
    struct trace *trace;
    uint64_t epoch_unix_s;
    enum status status; /* the first error */

    bool is_holding;
    uint64_t held_at_ns;
    uint64_t held_id;
    struct text held;     /* its bytes */
    struct text comments; /* its comments, encoded as options */
    unsigned n_comments;

    struct text behind; /* encoded blocks */
    struct text block;  /* scratch */
    struct text options;
    struct text line;
    struct early_comment early[MAX_EARLY]; /* a ring */
    unsigned next_early;
};

static void put_u16(struct text *block, uint16_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};
    text_add(block, (const char *)bytes, sizeof bytes);
}

static void put_u32(struct text *block, uint32_t value)
{
    put_u16(block, (uint16_t)value);
    put_u16(block, (uint16_t)(value >> 16));
}

static void put_padded(struct text *block, const void *bytes, size_t len)
{
    static const char zeros[4];
    text_add(block, bytes, len);
    text_add(block, zeros, -len & 3);
}

static void put_option(struct text *block, uint16_t code, const void *bytes, size_t len)
{
    put_u16(block, code);
    put_u16(block, (uint16_t)len);
    put_padded(block, bytes, len);
}

/* An option whose value is text, cut where it is too long, but not within a character. */
static void put_text_option(struct text *block, uint16_t code, const char *chars)
{
    size_t len = strlen(chars);
    if (len > MAX_COMMENT_LEN) {
        len = MAX_COMMENT_LEN;
        while (len > 0 && ((uint8_t)chars[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    put_option(block, code, chars, len);
}

/* Starts a block at the end of `to`; returns where, for block_end(). */
static size_t block_begin(struct text *to, uint32_t type)
{
    size_t start = to->len;
    put_u32(to, type);
    put_u32(to, 0);
    return start;
}

static void block_end(struct text *to, size_t start)
{
    uint32_t len = (uint32_t)(to->len - start) + 4;
    put_u32(to, len);
    memcpy(to->chars + start + 4, to->chars + to->len - 4, 4);
}

static void capture_write(struct pcapng *capture, struct text *blocks)
{
    if (blocks->len > 0 && capture->status == STATUS_OK) {
        capture->status = capture->sink->write(capture->sink, blocks->chars, blocks->len);
    }
    text_clear(blocks);
}

static void capture_write_section(struct pcapng *capture)
{
    static const char application[] = "Orrery " ORRERY_VERSION;
    struct text *block = &capture->block;
    size_t start = block_begin(block, BLOCK_SECTION);
    put_u32(block, BYTE_ORDER_MAGIC);
    put_u16(block, 1); /* version 1.0 */
    put_u16(block, 0);
    put_u32(block, UINT32_MAX); /* the section's length: not given */
    put_u32(block, UINT32_MAX);
    put_text_option(block, SECTION_APPLICATION, application);
    put_option(block, OPTION_END, NULL, 0);
    block_end(block, start);
    capture_write(capture, block);
}

static void capture_write_interface(struct pcapng *capture)
{
    static const uint8_t nanoseconds = 9;
    const struct tap_point *point = capture->point;
    struct text *block = &capture->block;
    size_t start = block_begin(block, BLOCK_INTERFACE);
    put_u16(block, LINKTYPE_ETHERNET);
    put_u16(block, 0);
    put_u32(block, 0); /* packets are whole */
    put_text_option(block, INTERFACE_NAME, point->interface);
    text_clear(&capture->line);
    text_print(&capture->line, "%s on link %s", point->node_name, point->link_name);
    put_text_option(block, INTERFACE_DESCRIPTION, text_chars(&capture->line));
    put_option(block, INTERFACE_TIME_RESOLUTION, &nanoseconds, 1);
    put_option(block, OPTION_END, NULL, 0);
    block_end(block, start);
    capture_write(capture, block);
}

/* Appends a packet block to `to`; `comments` are encoded options. */
static void capture_encode(struct pcapng *capture, struct text *to, uint64_t at_ns, uint8_t flag,
                           const void *bytes, size_t len, const struct text *comments)
{
    const uint8_t flags[] = {flag, 0, 0, 0};
    uint64_t time = capture->epoch_unix_s * UINT64_C(1000000000) + at_ns;
    size_t start = block_begin(to, BLOCK_PACKET);
    put_u32(to, 0); /* of the one interface */
    put_u32(to, (uint32_t)(time >> 32));
    put_u32(to, (uint32_t)time);
    put_u32(to, (uint32_t)len);
    put_u32(to, (uint32_t)len);
    put_padded(to, bytes, len);
    text_add(to, text_chars(comments), comments->len);
    put_option(to, PACKET_FLAGS, flags, sizeof flags);
    put_option(to, OPTION_END, NULL, 0);
    block_end(to, start);
}

/* Writes the held packet and what waits behind it. */
static void capture_release(struct pcapng *capture)
{
    if (capture->is_holding) {
        capture->is_holding = false;
        capture_encode(capture, &capture->block, capture->held_at_ns, FLAG_INBOUND,
                       text_chars(&capture->held), capture->held.len, &capture->comments);
        capture_write(capture, &capture->block);
    }
    capture_write(capture, &capture->behind);
}

static void capture_hold(struct pcapng *capture, uint64_t at_ns, const struct packet *frame)
{
    capture->is_holding = true;
    capture->held_at_ns = at_ns;
    capture->held_id = frame->id;
    capture->n_comments = 0;
    text_clear(&capture->comments);
    text_clear(&capture->held);
    text_add(&capture->held, (const char *)frame->data, frame->len);
}

/* Takes the early comments about a packet, oldest first, and encodes them as options. */
static void capture_take_early(struct pcapng *capture, uint64_t packet_id, struct text *options)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < MAX_EARLY; i++) {
        struct early_comment *early = &capture->early[(capture->next_early + i) % MAX_EARLY];
        if (early->packet_id == packet_id) {
            early->packet_id = 0;
            if (taken++ < MAX_COMMENTS) {
                put_text_option(options, OPTION_COMMENT, text_chars(&early->text));
            }
        }
    }
}

static void capture_send(struct pcapng *capture, uint64_t at_ns, const struct packet *frame)
{
    if (at_ns > capture->held_at_ns || capture->behind.len > MAX_BEHIND_LEN) {
        capture_release(capture);
    }
    text_clear(&capture->options);
    capture_take_early(capture, frame->id, &capture->options);
    capture_encode(capture, &capture->behind, at_ns, FLAG_OUTBOUND, frame->data, frame->len,
                   &capture->options);
    if (!capture->is_holding) {
        capture_release(capture);
    }
}

static void capture_on_frame(struct tap *tap, const struct tap_point *point,
                             enum tap_direction direction, uint64_t at_ns,
                             const struct packet *frame)
{
    (void)point;
    struct pcapng *capture = container_of(tap, struct pcapng, tap);
    if (direction == TAP_RECEIVED) {
        capture_release(capture);
        capture_hold(capture, at_ns, frame);
    } else {
        capture_send(capture, at_ns, frame);
    }
}

static void print_comment(struct text *text, const struct trace_event *event)
{
    text_clear(text);
    text_print(text, "%s: ", event->kind->name);
    trace_print_summary(text, event);
}

static void capture_on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct pcapng *capture = container_of(sink, struct pcapng, trace_sink);
    if (event->packet_id == 0 || event->node != capture->point->node) {
        return;
    }
    if (!capture->is_holding || event->packet_id != capture->held_id) {
        struct early_comment *early = &capture->early[capture->next_early++ % MAX_EARLY];
        early->packet_id = event->packet_id;
        print_comment(&early->text, event);
    } else if (capture->n_comments < MAX_COMMENTS) {
        capture->n_comments++;
        print_comment(&capture->line, event);
        put_text_option(&capture->comments, OPTION_COMMENT, text_chars(&capture->line));
    }
}

struct pcapng *pcapng_new(struct byte_sink *sink, struct tap_point *point, struct trace *trace,
                          uint64_t epoch_unix_s)
{
    struct pcapng *capture = memory_new(sizeof *capture);
    capture->tap.on_frame = capture_on_frame;
    capture->trace_sink.on_event = capture_on_event;
    capture->sink = sink;
    capture->point = point;
    capture->trace = trace;
    capture->epoch_unix_s = epoch_unix_s;
    tap_add(point, &capture->tap);
    trace_add_sink(trace, &capture->trace_sink);
    capture_write_section(capture);
    capture_write_interface(capture);
    return capture;
}

enum status pcapng_flush(struct pcapng *capture)
{
    capture_release(capture);
    return capture->status;
}

void pcapng_free(struct pcapng *capture)
{
    tap_remove(capture->point, &capture->tap);
    trace_remove_sink(capture->trace, &capture->trace_sink);
    text_fini(&capture->held);
    text_fini(&capture->comments);
    text_fini(&capture->behind);
    text_fini(&capture->block);
    text_fini(&capture->options);
    text_fini(&capture->line);
    for (unsigned i = 0; i < MAX_EARLY; i++) {
        text_fini(&capture->early[i].text);
    }
    free(capture);
}
