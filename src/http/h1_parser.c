/* The states follow the grammar of RFC 9112:
 *
 *     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
 *     chunked-body = *chunk last-chunk trailer-section CRLF
 *
 * Lines are used where they lie when they came whole, and gathered in `line` when not. Each has a
 * limit that is checked before its content, so that what is answered does not depend on the split.
 */
#include "http/h1_internal.h"

#include <string.h>

enum state {
    START_LINE,
    FIELDS,
    BODY_BEGINS,
    BODY,
    CHUNK_SIZE,
    CHUNK_DATA,
    CHUNK_CR,
    CHUNK_LF,
    TRAILERS,
    COMPLETE,
    FAILED,
};

enum {
    EMPTY_LINES_MAX = 4,  /* before a request */
    METHOD_LOOK_LEN = 33, /* a method that is longer is none we know */
    CHUNK_SIZE_DIGITS = 16,
};

enum line_result {
    LINE_MORE,
    LINE_COMPLETE,
    LINE_FAILED,
};

void h1_parser_init(struct h1_parser *parser, const struct http_limits *limits)
{
    *parser = (struct h1_parser){.limits = http_limits_or_default(limits)};
    h1_parser_start_request(parser);
}

void h1_parser_fini(struct h1_parser *parser)
{
    http_message_fini(&parser->message);
    text_fini(&parser->line);
}

static void start(struct h1_parser *parser)
{
    http_message_clear(&parser->message);
    text_clear(&parser->line);
    parser->line_is_whole = false;
    parser->error = (struct h1_error){0};
    parser->framing = H1_NO_BODY;
    parser->length = parser->body_len = parser->left = 0;
    parser->empty_lines = 0;
    parser->fields_bytes = parser->extension_bytes = 0;
    parser->state = START_LINE;
}

void h1_parser_start_request(struct h1_parser *parser)
{
    start(parser);
    parser->is_response = parser->answers_head = parser->answers_connect = false;
}

void h1_parser_start_response(struct h1_parser *parser, const char *request_method)
{
    start(parser);
    parser->is_response = true;
    parser->answers_head = strcmp(request_method, "HEAD") == 0;
    parser->answers_connect = strcmp(request_method, "CONNECT") == 0;
}

bool h1_parser_has_begun(const struct h1_parser *parser)
{
    return parser->state != START_LINE || (parser->line.len > 0 && !parser->line_is_whole);
}

bool h1_fail(struct h1_parser *parser, uint16_t status, const char *text)
{
    parser->error = (struct h1_error){status, text};
    parser->state = FAILED;
    return false;
}

static enum h1_event fail_event(struct h1_parser *parser, uint16_t status, const char *text)
{
    (void)h1_fail(parser, status, text);
    return H1_FAILED;
}

static enum h1_event go(struct h1_parser *parser, enum state state)
{
    parser->state = (int)state;
    return H1_MORE;
}

static struct bytes input_take(struct bytes *input, size_t len)
{
    struct bytes taken = {input->p, len};
    if (len > 0) {
        input->p += len;
        input->len -= len;
    }
    return taken;
}

/* --- lines --- */

/* RFC 9112 2.2: a line ends with CRLF; a lone LF may be tolerated, and is not: another parser on
 * the way may not take it for an end. */
static enum line_result cut_line(struct h1_parser *parser, struct bytes *line)
{
    if (line->len < 2 || line->p[line->len - 2] != '\r') {
        (void)h1_fail(parser, 400, "a line that does not end with CR LF");
        return LINE_FAILED;
    }
    line->len -= 2;
    return LINE_COMPLETE;
}

/* Takes a line of at most `max` bytes beside its CRLF. *line is valid until the next call. */
static enum line_result take_line(struct h1_parser *parser, struct bytes *input, size_t max,
                                  struct h1_error too_long, struct bytes *line)
{
    if (parser->line_is_whole) {
        text_clear(&parser->line);
        parser->line_is_whole = false;
    }
    size_t have = parser->line.len;
    size_t room = max + 2 - have; /* never 0: at max + 2 without an end it has failed */
    size_t look = input->len < room ? input->len : room;
    const uint8_t *lf = look ? memchr(input->p, '\n', look) : NULL;
    struct bytes taken = input_take(input, lf ? (size_t)(lf - input->p) + 1 : look);
    if (lf && have == 0) {
        *line = taken;
        return cut_line(parser, line);
    }
    text_add(&parser->line, (const char *)taken.p, taken.len);
    if (lf) {
        parser->line_is_whole = true;
        *line = (struct bytes){(const uint8_t *)parser->line.chars, parser->line.len};
        return cut_line(parser, line);
    }
    if (parser->line.len == max + 2) {
        (void)h1_fail(parser, too_long.status, too_long.text);
        return LINE_FAILED;
    }
    return LINE_MORE;
}

/* --- one step per state --- */

/* RFC 9112 3: a long method is answered with 501, a long target with 414. */
static void start_line_was_too_long(struct h1_parser *parser)
{
    size_t look = parser->line.len < METHOD_LOOK_LEN ? parser->line.len : METHOD_LOOK_LEN;
    if (!parser->is_response && !memchr(parser->line.chars, ' ', look)) {
        (void)h1_fail(parser, 501, "a method that is too long to be one");
    }
}

static enum h1_event step_start_line(struct h1_parser *parser, struct bytes *input)
{
    struct h1_error too_long = {414, "a start line that is too long"};
    struct bytes line;
    switch (take_line(parser, input, parser->limits.start_line_max, too_long, &line)) {
    case LINE_MORE:
        return H1_MORE;
    case LINE_FAILED:
        if (parser->error.status == 414) {
            start_line_was_too_long(parser);
        }
        return H1_FAILED;
    case LINE_COMPLETE:
        break;
    }
    /* RFC 9112 2.2: ignore at least one empty line before the request line */
    if (line.len == 0 && !parser->is_response && parser->empty_lines++ < EMPTY_LINES_MAX) {
        return H1_MORE;
    }
    bool ok = parser->is_response ? h1_parse_status_line(parser, line)
                                  : h1_parse_request_line(parser, line);
    return ok ? go(parser, FIELDS) : H1_FAILED;
}

/* *is_end: it was the empty line. */
static enum h1_event take_field(struct h1_parser *parser, struct bytes *input, bool is_trailer,
                                bool *is_end)
{
    struct h1_error too_long = {431, "header fields that are too long"};
    struct bytes line;
    size_t max = parser->limits.fields_bytes_max - parser->fields_bytes;
    enum line_result result = take_line(parser, input, max, too_long, &line);
    *is_end = false;
    if (result != LINE_COMPLETE) {
        return result == LINE_MORE ? H1_MORE : H1_FAILED;
    }
    *is_end = line.len == 0;
    if (*is_end) {
        return H1_MORE;
    }
    parser->fields_bytes += line.len;
    return h1_parse_field_line(parser, line, is_trailer) ? H1_MORE : H1_FAILED;
}

static enum h1_event step_fields(struct h1_parser *parser, struct bytes *input)
{
    bool is_end;
    enum h1_event event = take_field(parser, input, false, &is_end);
    if (!is_end) {
        return event;
    }
    if (!h1_finish_head(parser)) {
        return H1_FAILED;
    }
    parser->state = BODY_BEGINS;
    return H1_HEAD;
}

static enum h1_event step_body_begins(struct h1_parser *parser)
{
    parser->left = parser->length;
    switch (parser->framing) {
    case H1_NO_BODY:
        return go(parser, COMPLETE);
    case H1_LENGTH:
        return go(parser, parser->length ? BODY : COMPLETE);
    case H1_CHUNKED:
        return go(parser, CHUNK_SIZE);
    case H1_UNTIL_CLOSE:
        parser->left = parser->limits.body_max;
        return go(parser, BODY);
    }
    return H1_FAILED;
}

/* Content up to the end of it, of the chunk, or of the input. */
static enum h1_event take_body(struct h1_parser *parser, struct bytes *input, struct bytes *body,
                               enum state next)
{
    if (input->len == 0) {
        return H1_MORE;
    }
    *body = input_take(input, input->len < parser->left ? input->len : (size_t)parser->left);
    parser->left -= body->len;
    parser->body_len += body->len;
    if (parser->left == 0) {
        parser->state = (int)next;
    }
    return H1_BODY;
}

static enum h1_event step_body(struct h1_parser *parser, struct bytes *input, struct bytes *body)
{
    if (parser->framing != H1_UNTIL_CLOSE) {
        return take_body(parser, input, body, COMPLETE);
    }
    if (parser->left == 0 && input->len > 0) {
        return fail_event(parser, 413, "content that is too long");
    }
    return take_body(parser, input, body, BODY);
}

static enum h1_event step_chunk_size(struct h1_parser *parser, struct bytes *input)
{
    struct h1_error too_long = {400, "chunk extensions that are too long"};
    size_t budget = parser->limits.chunk_extension_max - parser->extension_bytes;
    size_t extension_len;
    struct bytes line;
    enum line_result result = take_line(parser, input, CHUNK_SIZE_DIGITS + budget, too_long, &line);
    if (result != LINE_COMPLETE) {
        return result == LINE_MORE ? H1_MORE : H1_FAILED;
    }
    if (!h1_parse_chunk_line(line, &parser->left, &extension_len)) {
        return fail_event(parser, 400, "a chunk size that is none");
    }
    /* RFC 9112 7.1.1: limit the total length of chunk extensions */
    if (extension_len > budget) {
        return fail_event(parser, 400, too_long.text);
    }
    parser->extension_bytes += extension_len;
    if (parser->left > parser->limits.body_max - parser->body_len) {
        return fail_event(parser, 413, "content that is too long");
    }
    return go(parser, parser->left ? CHUNK_DATA : TRAILERS);
}

/* RFC 9112 7.1: chunk-data is followed by CRLF, exactly. */
static enum h1_event step_chunk_end(struct h1_parser *parser, struct bytes *input, uint8_t expected,
                                    enum state next)
{
    if (input->len == 0) {
        return H1_MORE;
    }
    if (*input_take(input, 1).p != expected) {
        return fail_event(parser, 400, "a chunk that is longer than its size says");
    }
    return go(parser, next);
}

static enum h1_event step_trailers(struct h1_parser *parser, struct bytes *input)
{
    bool is_end;
    enum h1_event event = take_field(parser, input, true, &is_end);
    return is_end ? go(parser, COMPLETE) : event;
}

static enum h1_event step(struct h1_parser *parser, struct bytes *input, struct bytes *body)
{
    switch ((enum state)parser->state) {
    case START_LINE:
        return step_start_line(parser, input);
    case FIELDS:
        return step_fields(parser, input);
    case BODY_BEGINS:
        return step_body_begins(parser);
    case BODY:
        return step_body(parser, input, body);
    case CHUNK_SIZE:
        return step_chunk_size(parser, input);
    case CHUNK_DATA:
        return take_body(parser, input, body, CHUNK_CR);
    case CHUNK_CR:
        return step_chunk_end(parser, input, '\r', CHUNK_LF);
    case CHUNK_LF:
        return step_chunk_end(parser, input, '\n', CHUNK_SIZE);
    case TRAILERS:
        return step_trailers(parser, input);
    case COMPLETE:
        return H1_DONE;
    case FAILED:
        return H1_FAILED;
    }
    return H1_FAILED;
}

enum h1_event h1_parser_next(struct h1_parser *parser, struct bytes *input, struct bytes *body)
{
    for (;;) {
        size_t len_before = input->len;
        int state_before = parser->state;
        *body = (struct bytes){0};
        enum h1_event event = step(parser, input, body);
        bool is_stuck = input->len == len_before && parser->state == state_before;
        if (event != H1_MORE || is_stuck) {
            return event;
        }
    }
}

enum h1_event h1_parser_end(struct h1_parser *parser)
{
    if (parser->state == COMPLETE) {
        return H1_DONE;
    }
    /* RFC 9112 6.3 rule 8 */
    if (parser->state == BODY && parser->framing == H1_UNTIL_CLOSE) {
        return go(parser, COMPLETE), H1_DONE;
    }
    if (parser->state != FAILED) {
        (void)h1_fail(parser, 400, "the connection ended inside a message"); /* RFC 9112 8 */
    }
    return H1_FAILED;
}
