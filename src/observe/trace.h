/* The trace: everything worth knowing about a run, as one stream of typed events.
 *
 * Each folder defines its own kinds of event: a C struct with the facts, and a `struct trace_kind`
 * that describes the struct field by field. Code that knows the kind reads the struct; code that
 * does not (JSON, pcapng comments, logs) walks the description. The report, the captures' comments,
 * metrics, the web UI and the tests all read this one stream.
 *
 * Emitting costs one branch when nobody listens, so protocol code writes
 *
 *     if (trace_is_on(scope->trace)) {
 *         trace_emit(scope, &ARP_RESOLVED, packet_or_null, &(struct arp_resolved){...});
 *     }
 *
 * Drops are different: they are counted whether anybody listens or not (trace_drop).
 */
#ifndef OBSERVE_TRACE_H
#define OBSERVE_TRACE_H

#include "base/map.h"
#include "base/packet.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scope;

/* How a value of one C type is shown. Folders add their own (addresses: wire/address.h). */
struct trace_type {
    const char *name;
    bool is_number; /* JSON shows it bare, without quotes ("true"/"false" too) */
    void (*print)(struct text *text, const void *value);
    void (*print_json)(struct text *text, const void *value); /* NULL: as `print` does */
};

extern const struct trace_type TRACE_U8, TRACE_U16, TRACE_U32, TRACE_U64, TRACE_BOOL;
extern const struct trace_type TRACE_TEXT;     /* const char *; NULL prints as nothing */
extern const struct trace_type TRACE_DURATION; /* uint64_t of ns: "12.5 ms", in JSON 12500000 */

struct trace_field {
    const char *name; /* snake_case with its unit last, as in JSON */
    const struct trace_type *type;
    size_t offset;
};

/* One field of a kind: TRACE_FIELD(struct arp_resolved, address, TRACE_IP). Its name is none of
 * those that every event has in JSON: at_ns, node, kind, packet. */
#define TRACE_FIELD(structure, member, type_)                                                      \
    {                                                                                              \
        .name = #member, .type = &(type_), .offset = offsetof(structure, member)                   \
    }

struct trace_kind {
    const char *name;    /* "arp.resolved": room or protocol, dot, what happened */
    const char *summary; /* one line for people, with {member} placeholders */
    const struct trace_field *fields;
    size_t n_fields;
};

/* Defines a kind: TRACE_KIND(ARP_RESOLVED, "arp.resolved", "{address} is at {mac}", FIELDS) with
 * FIELDS a static array of struct trace_field. */
#define TRACE_KIND(symbol, name_, summary_, fields_)                                               \
    const struct trace_kind symbol = {name_, summary_, fields_,                                    \
                                      sizeof(fields_) / sizeof((fields_)[0])}

struct trace_event {
    uint64_t at_ns;
    uint32_t node;         /* 0: the lab itself */
    const char *node_name; /* borrowed from the scope */
    uint64_t packet_id;    /* the packet it is about; 0: none */
    const struct trace_kind *kind;
    const void *data; /* the kind's struct; valid during the call only, as are its pointers */
};

/* Why a packet or message was dropped; defined as a constant by the folder that drops. */
struct drop_reason {
    const char *name; /* "ipv4.ttl-expired" */
    const char *text; /* "its time to live ran out" */
};

struct packet_dropped { /* the data of PACKET_DROPPED */
    const char *reason;
    const char *text;
    const char *where; /* which interface, link or table; may be NULL */
};
extern const struct trace_kind PACKET_DROPPED; /* "packet.dropped" */

/* Somebody who listens. Embed it; it is borrowed until removed. A listener must not emit. Sinks
 * hear of an event in the order in which they were added. */
struct trace_sink {
    void (*on_event)(struct trace_sink *sink, const struct trace_event *event);
    struct trace_sink *next;
};

struct trace {
    struct trace_sink *sinks;
    struct map drops; /* by struct drop_reason pointer: struct drop_count */
};

struct drop_count {
    const struct drop_reason *reason;
    uint64_t packets;
};

void trace_init(struct trace *trace);
void trace_fini(struct trace *trace);
void trace_add_sink(struct trace *trace, struct trace_sink *sink);
void trace_remove_sink(struct trace *trace, struct trace_sink *sink);

static inline bool trace_is_on(const struct trace *trace)
{
    return trace->sinks != NULL;
}

void trace_emit(const struct scope *scope, const struct trace_kind *kind,
                const struct packet *packet, const void *data);

/* Counts and traces a drop. Does not put the packet back; see scope_drop(). */
void trace_drop(const struct scope *scope, const struct drop_reason *reason,
                const struct packet *packet, const char *where);

/* All reasons with a count above 0, sorted by name. Owned array; *count is its length. */
struct drop_count *trace_drop_counts(const struct trace *trace, size_t *count);

/* "192.168.1.1 is at 02:00:..." - the kind's summary with its fields filled in. Control characters
 * and bytes that are not UTF-8 appear as \xNN: values may come from a peer, and go to terminals.
 */
void trace_print_summary(struct text *text, const struct trace_event *event);

/* {"at_ns":..,"node":"alice","kind":"arp.resolved","packet":7,"address":"192.168.1.1",...} */
void trace_print_json(struct text *text, const struct trace_event *event);

/* Appends `chars` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void trace_print_json_text(struct text *text, const char *chars);

#endif
