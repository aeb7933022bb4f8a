/* HTTP: requests and responses, how they are written and read, who serves and who asks.
 *
 * This is the folder's first header. A message (RFC 9110 section 6) has one form here whatever the
 * version that carries it: HTTP/1.1 (h1_parser.h, h1_writer.h) only parses and prints it. server.h
 * and client.h exchange messages over any stream of socket/socket.h; url.h, mime.h and date.h are
 * their tools, http_trace.h what they tell.
 *
 * A message keeps its strings in one block that is reused from message to message: filling it again
 * after http_message_clear() allocates nothing once it has grown. Strings are NUL-terminated and
 * contain no NUL, CR or LF; they stay valid until the message is changed.
 */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a message may cost. Zero means the default of message.c. */
struct http_limits {
    uint32_t start_line_max;      /* bytes, RFC 9112 3: at least 8000; beyond: 414 */
    uint32_t fields_bytes_max;    /* of all header and trailer lines together; beyond: 431 */
    uint32_t fields_max;          /* header and trailer lines together; beyond: 431 */
    uint32_t chunk_extension_max; /* bytes of all chunk extensions of one message; beyond: 400 */
    uint64_t body_max;            /* bytes; beyond: 413 */
};

/* `limits` (may be NULL) with every zero replaced by its default. */
struct http_limits http_limits_or_default(const struct http_limits *limits);

/* A string inside the message's block. */
struct http_string {
    uint32_t at, len;
};

struct http_field {
    struct http_string name, value;
    bool is_trailer;
};

struct http_message {
    uint8_t version; /* 10: HTTP/1.0, 11: HTTP/1.1 */
    uint16_t status; /* 0: this is a request */
    bool failed;     /* sticky: something was added that no message may bear, or too much of it */
    size_t n_fields;
    /* private */
    struct http_string method, target, authority, reason;
    struct http_field *fields;
    size_t fields_capacity;
    struct text store;
};

/* Zero-initialise to start. */
void http_message_fini(struct http_message *message);
void http_message_clear(struct http_message *message); /* keeps the memory; version 11 */

/* --- the start line --- */

/* `target` in origin form ("/path?query") or "*"; `authority` as Host bears it. */
void http_message_set_request(struct http_message *message, const char *method, const char *target,
                              const char *authority);

/* `reason`: NULL for the usual phrase. */
void http_message_set_status(struct http_message *message, uint16_t status, const char *reason);

const char *http_message_method(const struct http_message *message);
const char *http_message_target(const struct http_message *message);
const char *http_message_authority(const struct http_message *message);
const char *http_message_reason(const struct http_message *message);
bool http_message_has_method(const struct http_message *message, const char *method);

/* "Not Found" (RFC 9110 section 15); "" when it has no name. */
const char *http_status_phrase(uint16_t status);

/* --- header fields, in the order of the wire --- */

/* A name that is no token or a value with a control character makes the message `failed`. */
void http_message_add(struct http_message *message, const char *name, const char *value);
void http_message_print(struct http_message *message, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first header field of that name (any case), or NULL. Trailers are never found here. */
const char *http_message_get(const struct http_message *message, const char *name);
size_t http_message_count(const struct http_message *message, const char *name);
const char *http_message_get_trailer(const struct http_message *message, const char *name);

/* The field at `index` < n_fields, trailers included. */
const char *http_message_field_name(const struct http_message *message, size_t index);
const char *http_message_field_value(const struct http_message *message, size_t index);

/* Whether a list field (RFC 9110 5.6.1, e.g. Connection) has the member, in any case, on any of its
 * lines. */
bool http_message_has_token(const struct http_message *message, const char *name,
                            const char *token);

/* Header fields as people read them: "Name: value\n"... */
void http_message_print_fields(const struct http_message *message, struct text *text);

/* RFC 9110 9.2.2: asking twice does no more than asking once. */
bool http_method_is_idempotent(const char *method);

/* Whether the connection lives on after this message (RFC 9112 9.3). */
bool http_message_is_persistent(const struct http_message *message);

/* --- for parsers: strings that are not NUL-terminated --- */

void http_message_set_version(struct http_message *message, uint8_t version);
void http_message_set_method(struct http_message *message, const char *chars, size_t len);
void http_message_set_target(struct http_message *message, const char *chars, size_t len);
void http_message_set_authority(struct http_message *message, const char *chars, size_t len);
void http_message_set_reason(struct http_message *message, const char *chars, size_t len);
void http_message_add_chars(struct http_message *message, const char *name, size_t name_len,
                            const char *value, size_t value_len, bool is_trailer);
/* Appends a blank (unless the value is empty) and `chars` to the value of the last field (RFC 9112
 * 5.2: obs-fold). */
void http_message_extend_last(struct http_message *message, const char *chars, size_t len);

/* --- characters (RFC 9110 5.5, 5.6.2) --- */

bool http_is_token(const char *chars, size_t len);       /* 1*tchar */
bool http_is_field_value(const char *chars, size_t len); /* HTAB, SP, visible, obs-text */
bool http_text_equal(const char *a, const char *b);      /* ASCII letters in any case */
bool http_chars_equal(const char *a, size_t a_len, const char *b, size_t b_len); /* likewise */

/* Walks the members of a comma-separated list: sets *member and *len to the next non-empty one,
 * blanks around it cut off, and returns where to go on; NULL at the end. */
const char *http_list_next(const char *list, const char **member, size_t *len);

#endif
