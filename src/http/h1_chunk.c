/* The line before each chunk (RFC 9112 7.1, 7.1.1):
 *
 *     chunk-size [ chunk-ext ]
 *     chunk-size = 1*HEXDIG
 *     chunk-ext  = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
 *
 * Extensions are ignored, but read: a line that is not in this form is refused, since a parser that
 * skips to some line end can be led to another one than its neighbour.
 */
#include "http/h1_internal.h"

enum { DIGITS_MAX = 16 };

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool has(const struct reader *r, uint8_t c)
{
    return reader_left(r) > 0 && r->p[0] == c;
}

static void skip_blanks(struct reader *r)
{
    while (has(r, ' ') || has(r, '\t')) {
        reader_skip(r, 1);
    }
}

static bool skip_token(struct reader *r)
{
    size_t len = 0;
    while (len < reader_left(r) && http_is_token((const char *)r->p + len, 1)) {
        len++;
    }
    reader_skip(r, len);
    return len > 0;
}

/* RFC 9110 5.6.4 */
static bool skip_quoted(struct reader *r)
{
    reader_skip(r, 1);
    while (reader_left(r) > 0 && !has(r, '"')) {
        reader_skip(r, has(r, '\\') ? 1 : 0);
        char c = (char)read_u8(r);
        if (r->failed || !http_is_field_value(&c, 1)) {
            return false;
        }
    }
    return read_u8(r) == '"';
}

static bool skip_extension(struct reader *r)
{
    skip_blanks(r);
    if (read_u8(r) != ';') {
        return false;
    }
    skip_blanks(r);
    if (!skip_token(r)) {
        return false;
    }
    struct reader after_name = *r;
    skip_blanks(r);
    if (!has(r, '=')) {
        *r = after_name; /* blanks belong to the next extension */
        return true;
    }
    reader_skip(r, 1);
    skip_blanks(r);
    return has(r, '"') ? skip_quoted(r) : skip_token(r);
}

bool h1_parse_chunk_line(struct bytes line, uint64_t *size, size_t *extension_len)
{
    struct reader r = reader_of(line.p, line.len);
    size_t digits = 0;
    *size = 0;
    while (reader_left(&r) > 0 && hex_digit(r.p[0]) >= 0) {
        *size = *size << 4 | (uint64_t)hex_digit(read_u8(&r));
        if (++digits > DIGITS_MAX) {
            return false;
        }
    }
    *extension_len = reader_left(&r);
    while (reader_left(&r) > 0) {
        if (!skip_extension(&r)) {
            return false;
        }
    }
    return digits > 0 && !r.failed;
}
