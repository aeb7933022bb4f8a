#include "http/h1_writer.h"

#include "base/check.h"

static void write_fields(struct byte_queue *out, const struct http_message *message,
                         bool is_trailer)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].is_trailer == is_trailer) {
            byte_queue_print(out, "%s: %s\r\n", http_message_field_name(message, i),
                             http_message_field_value(message, i));
        }
    }
    byte_queue_add(out, "\r\n", 2);
}

void h1_write_head(struct byte_queue *out, const struct http_message *message)
{
    CHECK(!message->failed);
    if (message->status) {
        /* RFC 9110 2.5: the version is the sender's own, whatever the request's was */
        byte_queue_print(out, "HTTP/1.1 %03u %s\r\n", message->status,
                         http_message_reason(message));
    } else {
        byte_queue_print(out, "%s %s HTTP/1.1\r\n", http_message_method(message),
                         http_message_target(message));
        if (!http_message_get(message, "Host")) {
            /* RFC 9110 7.2: Host should be the first field */
            byte_queue_print(out, "Host: %s\r\n", http_message_authority(message));
        }
    }
    write_fields(out, message, false);
}

void h1_write_chunk(struct byte_queue *out, struct bytes data)
{
    if (data.len > 0) {
        byte_queue_print(out, "%zx\r\n", data.len);
        byte_queue_add(out, data.p, data.len);
        byte_queue_add(out, "\r\n", 2);
    }
}

void h1_write_last_chunk(struct byte_queue *out, const struct http_message *message)
{
    byte_queue_print(out, "0\r\n");
    if (message) {
        write_fields(out, message, true);
    } else {
        byte_queue_add(out, "\r\n", 2);
    }
}
