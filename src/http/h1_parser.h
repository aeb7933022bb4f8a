/* The parser of HTTP/1.1 messages (RFC 9112), fed with any split of the bytes.
 *
 * It is strict where two parsers could disagree about where a message ends, since that disagreement
 * is how requests are smuggled: lines end with CRLF and nothing else; no blank before the colon; no
 * folded lines in requests; one Content-Length or one Transfer-Encoding, never both; numbers are
 * digits only; no NUL or other control character anywhere in the head.
 *
 * Use: start, then call h1_parser_next() again and again, with the bytes not yet consumed:
 *
 *     H1_MORE    every byte given is consumed; bring more
 *     H1_HEAD    `message` has the start line and the header fields
 *     H1_BODY    *body lies in the input just given: bytes of the content
 *     H1_DONE    the message is complete (trailers too); start the next one
 *     H1_FAILED  `error` says why and with which status to answer; no byte after this can be
 * trusted
 *
 * Which answers come does not depend on how the bytes are split, except that bodies come in as many
 * pieces as the input has.
 */
#ifndef HTTP_H1_PARSER_H
#define HTTP_H1_PARSER_H

#include "base/bytes.h"
#include "http/message.h"

enum h1_event {
    H1_MORE,
    H1_HEAD,
    H1_BODY,
    H1_DONE,
    H1_FAILED,
};

enum h1_framing { /* RFC 9112 6.3 */
                  H1_NO_BODY,
                  H1_LENGTH,
                  H1_CHUNKED,
                  H1_UNTIL_CLOSE,
};

struct h1_error {
    uint16_t status;  /* 400, 413, 414, 431, 501, 505 */
    const char *text; /* for people, static: "a bare CR in a line" */
};

struct h1_parser {
    struct http_message message;
    struct http_limits limits;
    struct h1_error error;
    enum h1_framing framing; /* known from H1_HEAD on */
    uint64_t length;         /* of H1_LENGTH: the whole content's */
    uint64_t body_len;       /* content seen so far */

    /* private */
    bool is_response, answers_head, answers_connect;
    int state;
    struct text line;   /* a line that came in parts */
    bool line_is_whole; /* and is complete: it has been handed out */
    uint64_t left;      /* of the content or of the chunk */
    uint32_t empty_lines, field_lines;
    size_t fields_bytes, extension_bytes;
};

/* `limits` may be NULL. Zeroes the parser first. */
void h1_parser_init(struct h1_parser *parser, const struct http_limits *limits);
void h1_parser_fini(struct h1_parser *parser);

/* Forgets the message before; keeps memory. */
void h1_parser_start_request(struct h1_parser *parser);
void h1_parser_start_response(struct h1_parser *parser, const char *request_method);

/* Moves *input past what was consumed. */
enum h1_event h1_parser_next(struct h1_parser *parser, struct bytes *input, struct bytes *body);

/* The stream has ended: H1_DONE when that ends the message (RFC 9112 6.3, 8), else H1_FAILED. */
enum h1_event h1_parser_end(struct h1_parser *parser);

/* Whether a byte of the message has been seen. */
bool h1_parser_has_begun(const struct h1_parser *parser);

#endif
