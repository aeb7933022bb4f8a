/* The writer of HTTP/1.1 messages (RFC 9112). Heads go out as the message says; which framing field
 * it bears (Content-Length, Transfer-Encoding) is its maker's choice. */
#ifndef HTTP_H1_WRITER_H
#define HTTP_H1_WRITER_H

#include "http/byte_queue.h"
#include "http/message.h"

/* The start line and the header fields, with the empty line after them. `message` is not failed
 * (checked). Host comes first, from the authority, unless a Host field was added. */
void h1_write_head(struct byte_queue *out, const struct http_message *message);

/* One chunk of content; none when `data` is empty, since an empty chunk is the last one. */
void h1_write_chunk(struct byte_queue *out, struct bytes data);

/* The last chunk, and the trailers of `message` (may be NULL). */
void h1_write_last_chunk(struct byte_queue *out, const struct http_message *message);

#endif
