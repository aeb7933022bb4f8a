#include "observe/trace.h"

#include "base/check.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "observe/scope.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct trace_field PACKET_DROPPED_FIELDS[] = {
    TRACE_FIELD(struct packet_dropped, reason, TRACE_TEXT),
    TRACE_FIELD(struct packet_dropped, text, TRACE_TEXT),
    TRACE_FIELD(struct packet_dropped, where, TRACE_TEXT),
};
TRACE_KIND(PACKET_DROPPED, "packet.dropped", "{text} ({reason}) {where}", PACKET_DROPPED_FIELDS);

void trace_init(struct trace *trace)
{
    *trace = (struct trace){0};
    map_init(&trace->drops, sizeof(const struct drop_reason *), 0);
}

void trace_fini(struct trace *trace)
{
    size_t cursor = 0;
    struct drop_count *drops;
    while ((drops = map_next(&trace->drops, &cursor))) {
        free(drops);
    }
    map_fini(&trace->drops);
}

void trace_add_sink(struct trace *trace, struct trace_sink *sink)
{
    struct trace_sink **link = &trace->sinks;
    while (*link) {
        link = &(*link)->next;
    }
    sink->next = NULL;
    *link = sink;
}

void trace_remove_sink(struct trace *trace, struct trace_sink *sink)
{
    struct trace_sink **link = &trace->sinks;
    while (*link != sink) {
        CHECK(*link);
        link = &(*link)->next;
    }
    *link = sink->next;
    sink->next = NULL;
}

void trace_emit(const struct scope *scope, const struct trace_kind *kind,
                const struct packet *packet, const void *data)
{
    struct trace_event event = {
        .at_ns = scope_now(scope),
        .node = scope->node,
        .node_name = scope->name,
        .packet_id = packet ? packet->id : 0,
        .kind = kind,
        .data = data,
    };
    struct trace_sink *next;
    for (struct trace_sink *sink = scope->trace->sinks; sink; sink = next) {
        next = sink->next; /* a sink may remove itself */
        sink->on_event(sink, &event);
    }
}

static void trace_count_drop(struct trace *trace, const struct drop_reason *reason)
{
    struct drop_count *drops = map_get(&trace->drops, &reason);
    if (!drops) {
        drops = memory_new(sizeof *drops);
        drops->reason = reason;
        map_put(&trace->drops, &reason, drops);
    }
    drops->packets++;
}

void trace_drop(const struct scope *scope, const struct drop_reason *reason,
                const struct packet *packet, const char *where)
{
    trace_count_drop(scope->trace, reason);
    if (trace_is_on(scope->trace)) {
        trace_emit(scope, &PACKET_DROPPED, packet,
                   &(struct packet_dropped){reason->name, reason->text, where});
    }
}

static int drop_count_compare(const void *a, const void *b)
{
    const struct drop_count *first = a;
    const struct drop_count *second = b;
    return strcmp(first->reason->name, second->reason->name);
}

struct drop_count *trace_drop_counts(const struct trace *trace, size_t *count)
{
    *count = 0;
    struct drop_count *counts = memory_new_array(trace->drops.count, sizeof *counts);
    size_t cursor = 0;
    const struct drop_count *drops;
    while ((drops = map_next(&trace->drops, &cursor))) {
        counts[(*count)++] = *drops;
    }
    qsort(counts, *count, sizeof *counts, drop_count_compare);
    return counts;
}

/* Appends what a peer may have chosen so that no terminal obeys it. */
static void trace_print_safely(struct text *text, const char *chars, size_t len)
{
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == UTF8_INVALID) {
            for (size_t i = 0; i < size; i++) {
                text_print(text, "\\x%02x", (uint8_t)chars[i]);
            }
        } else {
            text_add(text, chars, size);
        }
        chars += size;
        len -= size;
    }
}

static const void *trace_field_value(const struct trace_field *field,
                                     const struct trace_event *event)
{
    return (const char *)event->data + field->offset;
}

static const struct trace_field *trace_find_field(const struct trace_kind *kind, const char *name,
                                                  size_t len)
{
    for (size_t i = 0; i < kind->n_fields; i++) {
        const struct trace_field *field = &kind->fields[i];
        if (strlen(field->name) == len && memcmp(field->name, name, len) == 0) {
            return field;
        }
    }
    return NULL;
}

/* Fills in the placeholder whose name begins at `name`; returns what follows its brace. */
static const char *trace_print_placeholder(struct text *text, const struct trace_event *event,
                                           const char *name)
{
    const char *end = strchr(name, '}');
    CHECK(end);
    const struct trace_field *field = trace_find_field(event->kind, name, (size_t)(end - name));
    CHECK(field);
    struct text value = {0};
    field->type->print(&value, trace_field_value(field, event));
    trace_print_safely(text, text_chars(&value), value.len);
    text_fini(&value);
    return end + 1;
}

/* Takes away spaces at the end, where a placeholder may have been empty. */
static void text_trim(struct text *text, size_t from)
{
    while (text->len > from && text->chars[text->len - 1] == ' ') {
        text->chars[--text->len] = '\0';
    }
}

void trace_print_summary(struct text *text, const struct trace_event *event)
{
    size_t from = text->len;
    const char *rest = event->kind->summary;
    while (*rest) {
        size_t plain = strcspn(rest, "{");
        text_add(text, rest, plain);
        rest += plain;
        if (*rest == '{') {
            rest = trace_print_placeholder(text, event, rest + 1);
        }
    }
    text_trim(text, from);
}

static void json_print_chars(struct text *text, const char *chars, size_t len)
{
    text_add(text, "\"", 1);
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        if (code == UTF8_INVALID) {
            text_print(text, "\\ufffd");
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            text_print(text, "\\u%04x", code);
        } else if (code == '"' || code == '\\') {
            text_print(text, "\\%c", (char)code);
        } else {
            text_add(text, chars, size);
        }
        chars += size;
        len -= size;
    }
    text_add(text, "\"", 1);
}

void trace_print_json_text(struct text *text, const char *chars)
{
    json_print_chars(text, chars, strlen(chars));
}

static void json_print_field(struct text *text, const struct trace_field *field,
                             const struct trace_event *event)
{
    const struct trace_type *type = field->type;
    struct text value = {0};
    (type->print_json ? type->print_json : type->print)(&value, trace_field_value(field, event));
    text_print(text, ",\"%s\":", field->name);
    if (type->is_number) {
        text_add(text, text_chars(&value), value.len);
    } else {
        json_print_chars(text, text_chars(&value), value.len);
    }
    text_fini(&value);
}

void trace_print_json(struct text *text, const struct trace_event *event)
{
    text_print(text, "{\"at_ns\":%" PRIu64 ",\"node\":", event->at_ns);
    trace_print_json_text(text, event->node_name ? event->node_name : "");
    text_print(text, ",\"kind\":\"%s\"", event->kind->name);
    if (event->packet_id) {
        text_print(text, ",\"packet\":%" PRIu64, event->packet_id);
    }
    for (size_t i = 0; i < event->kind->n_fields; i++) {
        json_print_field(text, &event->kind->fields[i], event);
    }
    text_add(text, "}", 1);
}
