/* The lines of a head and what they say together (RFC 9112 sections 3 to 6). */
#include "http/h1_internal.h"

#include <string.h>

enum { METHOD_MAX = 32, VERSION_LEN = 8, STATUS_LEN = 3, LENGTH_DIGITS_MAX = 19 };

struct span {
    const char *p;
    size_t len;
};

static struct span span_of(struct bytes bytes)
{
    return (struct span){(const char *)bytes.p, bytes.len};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts the part before the first blank off *rest, and the blank. False: there is no blank. */
static bool cut_at_blank(struct span *rest, struct span *part)
{
    const char *blank = memchr(rest->p, ' ', rest->len);
    if (!blank) {
        return false;
    }
    *part = (struct span){rest->p, (size_t)(blank - rest->p)};
    rest->len -= part->len + 1;
    rest->p = blank + 1;
    return true;
}

/* RFC 9112 2.3: HTTP-version = "HTTP" "/" DIGIT "." DIGIT */
static bool parse_version(struct h1_parser *parser, struct span version)
{
    if (version.len != VERSION_LEN || memcmp(version.p, "HTTP/", 5) != 0 ||
        !is_digit(version.p[5]) || version.p[6] != '.' || !is_digit(version.p[7])) {
        return h1_fail(parser, 400, "a start line without an HTTP version");
    }
    if (version.p[5] != '1') {
        return h1_fail(parser, 505, "a version other than HTTP/1");
    }
    /* RFC 9110 2.5: a higher minor version is read as the highest one known */
    http_message_set_version(&parser->message, version.p[7] == '0' ? 10 : 11);
    return true;
}

/* --- the request line --- */

/* RFC 3986 3.2.2, reg-name: unreserved / pct-encoded / sub-delims */
static bool is_name_char(char c)
{
    bool is_alnum = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alnum || (c && strchr("-._~%!$&'()*+,;=", c));
}

static bool is_literal_char(char c)
{
    return c && strchr("0123456789abcdefABCDEF:.", c);
}

/* The length of the host that `authority` begins with; false: it begins with none. */
static bool host_len(struct span authority, size_t *len)
{
    size_t i = 0;
    if (authority.len == 0 || authority.p[0] != '[') {
        while (i < authority.len && is_name_char(authority.p[i])) {
            i++;
        }
        *len = i;
        return true;
    }
    for (i = 1; i < authority.len && is_literal_char(authority.p[i]); i++) {
    }
    *len = i + 1;
    return i < authority.len && i > 1 && authority.p[i] == ']';
}

/* RFC 3986 3.2.3: *DIGIT; and it has to be one that exists. */
static bool is_port(struct span port, bool needs_port)
{
    uint32_t value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.p[i])) {
            return false;
        }
        value = value * 10 + (uint32_t)(port.p[i] - '0');
        if (value > UINT16_MAX) {
            return false;
        }
    }
    return !needs_port || port.len > 0;
}

/* RFC 3986 3.2: host [ ":" port ], without userinfo (RFC 9110 4.2.4). */
static bool is_authority(struct span authority, bool needs_port)
{
    size_t len;
    if (!host_len(authority, &len)) {
        return false;
    }
    if (len == authority.len) {
        return !needs_port;
    }
    if (authority.p[len] != ':' || len == 0) {
        return false;
    }
    return is_port((struct span){authority.p + len + 1, authority.len - len - 1}, needs_port);
}

static size_t scheme_len(struct span target)
{
    if (target.len >= 7 && http_chars_equal(target.p, 7, "http://", 7)) {
        return 7;
    }
    return target.len >= 8 && http_chars_equal(target.p, 8, "https://", 8) ? 8 : 0;
}

/* RFC 9112 3.2.2: absolute-form; what names the host here wins over the Host field. */
static bool parse_absolute_target(struct h1_parser *parser, struct span target)
{
    const char *end = target.p + target.len;
    size_t scheme = scheme_len(target);
    if (scheme == 0) {
        return h1_fail(parser, 400, "a request target in no form that HTTP has");
    }
    struct span authority = {target.p + scheme, 0};
    while (authority.p + authority.len < end && authority.p[authority.len] != '/' &&
           authority.p[authority.len] != '?') {
        authority.len++;
    }
    if (authority.len == 0 || !is_authority(authority, false)) {
        return h1_fail(parser, 400, "a request target with an invalid host");
    }
    http_message_set_authority(&parser->message, authority.p, authority.len);
    const char *path = authority.p + authority.len;
    if (path < end && *path == '/') {
        http_message_set_target(&parser->message, path, (size_t)(end - path));
    } else if (path == end && http_message_has_method(&parser->message, "OPTIONS")) {
        http_message_set_target(&parser->message, "*", 1); /* RFC 9112 3.2.4 */
    } else {
        struct text rooted = {0};
        text_print(&rooted, "/%.*s", (int)(end - path), path);
        http_message_set_target(&parser->message, rooted.chars, rooted.len);
        text_fini(&rooted);
    }
    return true;
}

/* RFC 9112 3.2: origin-form, absolute-form, authority-form (CONNECT), asterisk-form (OPTIONS). */
static bool parse_target(struct h1_parser *parser, struct span target)
{
    struct http_message *message = &parser->message;
    for (size_t i = 0; i < target.len; i++) {
        /* Browsers send some visible characters raw that RFC 3986 would have encoded ('|'); they
         * harm nothing. A fragment is never sent (RFC 9112 3.2.1). */
        unsigned char c = (unsigned char)target.p[i];
        if (c <= ' ' || c >= 0x7f || c == '#') {
            return h1_fail(parser, 400, "a character that no request target has");
        }
    }
    if (http_message_has_method(message, "CONNECT")) {
        if (!is_authority(target, true)) {
            return h1_fail(parser, 400, "CONNECT without host and port");
        }
        http_message_set_authority(message, target.p, target.len);
    } else if (target.len == 0) {
        return h1_fail(parser, 400, "a request line without a target");
    } else if (target.p[0] != '/' && !(target.len == 1 && target.p[0] == '*' &&
                                       http_message_has_method(message, "OPTIONS"))) {
        return parse_absolute_target(parser, target);
    }
    http_message_set_target(message, target.p, target.len);
    return true;
}

/* RFC 9112 3: request-line = method SP request-target SP HTTP-version. Other blanks than these two
 * may be tolerated, and are not. */
bool h1_parse_request_line(struct h1_parser *parser, struct bytes line)
{
    struct span rest = span_of(line);
    struct span method;
    struct span target;
    if (!cut_at_blank(&rest, &method) || !http_is_token(method.p, method.len)) {
        return h1_fail(parser, 400, "a request line without a method");
    }
    if (method.len > METHOD_MAX) {
        return h1_fail(parser, 501, "a method that is too long to be one");
    }
    http_message_set_method(&parser->message, method.p, method.len);
    if (!cut_at_blank(&rest, &target)) {
        return h1_fail(parser, 400, "a start line without an HTTP version"); /* HTTP/0.9 */
    }
    return parse_version(parser, rest) && parse_target(parser, target);
}

/* RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ] */
bool h1_parse_status_line(struct h1_parser *parser, struct bytes line)
{
    struct span rest = span_of(line);
    struct span version;
    if (!cut_at_blank(&rest, &version)) {
        return h1_fail(parser, 400, "a status line without a status");
    }
    if (!parse_version(parser, version)) {
        return false;
    }
    if (rest.len < STATUS_LEN || !is_digit(rest.p[0]) || !is_digit(rest.p[1]) ||
        !is_digit(rest.p[2]) || rest.p[0] == '0') {
        return h1_fail(parser, 400, "a status that is not three digits");
    }
    /* DEVIATES: RFC 9112 4 wants a blank after the status even when no reason follows; servers that
     * forget it are common and nothing hangs on it. */
    if (rest.len > STATUS_LEN && rest.p[STATUS_LEN] != ' ') {
        return h1_fail(parser, 400, "a status that is not three digits");
    }
    struct span reason = {rest.p + STATUS_LEN, rest.len - STATUS_LEN};
    if (reason.len > 0) {
        reason = (struct span){reason.p + 1, reason.len - 1};
    }
    if (!http_is_field_value(reason.p, reason.len)) {
        return h1_fail(parser, 400, "a control character in the status line");
    }
    http_message_set_reason(&parser->message, reason.p, reason.len);
    parser->message.status =
        (uint16_t)((rest.p[0] - '0') * 100 + (rest.p[1] - '0') * 10 + (rest.p[2] - '0'));
    return true;
}

/* --- fields --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span span)
{
    while (span.len > 0 && is_blank(span.p[0])) {
        span = (struct span){span.p + 1, span.len - 1};
    }
    while (span.len > 0 && is_blank(span.p[span.len - 1])) {
        span.len--;
    }
    return span;
}

/* RFC 9112 5.2: a server refuses a folded line; a user agent replaces the fold by a blank. */
static bool unfold(struct h1_parser *parser, struct span line)
{
    if (!parser->is_response || parser->message.n_fields == 0) {
        return h1_fail(parser, 400, "a folded header line");
    }
    struct span more = trim(line);
    if (more.len == 0) {
        return true;
    }
    http_message_extend_last(&parser->message, more.p, more.len);
    return !parser->message.failed || h1_fail(parser, 400, "a control character in a field");
}

/* RFC 9112 5: field-line = field-name ":" OWS field-value OWS */
bool h1_parse_field_line(struct h1_parser *parser, struct bytes line, bool is_trailer)
{
    struct span all = span_of(line);
    if (is_blank(all.p[0])) {
        return unfold(parser, all);
    }
    const char *colon = memchr(all.p, ':', all.len);
    if (!colon) {
        return h1_fail(parser, 400, "a header line without a colon");
    }
    struct span name = {all.p, (size_t)(colon - all.p)};
    struct span value = trim((struct span){colon + 1, all.len - name.len - 1});
    if (name.len > 0 && is_blank(name.p[name.len - 1])) {
        return h1_fail(parser, 400, "a blank before the colon"); /* RFC 9112 5.1 */
    }
    if (!http_is_token(name.p, name.len)) {
        return h1_fail(parser, 400, "a field name that is no token");
    }
    if (!http_is_field_value(value.p, value.len)) {
        return h1_fail(parser, 400, "a control character in a field"); /* RFC 9110 5.5 */
    }
    if (parser->message.n_fields >= parser->limits.fields_max) {
        return h1_fail(parser, 431, "too many header fields");
    }
    http_message_add_chars(&parser->message, name.p, name.len, value.p, value.len, is_trailer);
    return !parser->message.failed || h1_fail(parser, 431, "header fields that are too long");
}

/* --- the whole head --- */

/* RFC 9112 3.2: 400 for a request without Host, with two, or with an invalid one. */
static bool finish_host(struct h1_parser *parser)
{
    struct http_message *message = &parser->message;
    const char *host = http_message_get(message, "Host");
    size_t count = http_message_count(message, "Host");
    if (count > 1 || (count == 0 && message->version >= 11)) {
        return h1_fail(parser, 400, count ? "two Host fields" : "no Host field");
    }
    if (!host) {
        return true;
    }
    if (!is_authority((struct span){host, strlen(host)}, false)) {
        return h1_fail(parser, 400, "an invalid Host field");
    }
    if (message->authority.len == 0) {
        /* copied first: setting it may move the block that `host` lies in */
        struct text copy = {0};
        text_add(&copy, host, strlen(host));
        http_message_set_authority(message, copy.chars, copy.len);
        text_fini(&copy);
    }
    return true;
}

/* RFC 9112 6.1, 6.3 rules 3 and 4: chunked alone and last; anything else is refused. */
static bool finish_transfer_encoding(struct h1_parser *parser)
{
    struct http_message *message = &parser->message;
    size_t codings = 0;
    bool was_chunked = false;
    bool has_unknown = false;
    if (message->version < 11) {
        return h1_fail(parser, 400, "Transfer-Encoding in HTTP/1.0"); /* RFC 9112 6.1 */
    }
    if (http_message_get(message, "Content-Length")) {
        return h1_fail(parser, 400, "both Content-Length and Transfer-Encoding");
    }
    for (size_t i = 0; i < message->n_fields; i++) {
        const char *list = http_message_field_value(message, i);
        const char *member;
        size_t len;
        if (!http_text_equal(http_message_field_name(message, i), "Transfer-Encoding")) {
            continue;
        }
        for (; (list = http_list_next(list, &member, &len)); codings++) {
            if (was_chunked) {
                return h1_fail(parser, 400, "a transfer coding after chunked");
            }
            was_chunked = http_chars_equal(member, len, "chunked", 7);
            has_unknown = has_unknown || !was_chunked;
        }
    }
    if (!was_chunked) {
        return h1_fail(parser, 400, "a message whose last transfer coding is not chunked");
    }
    if (has_unknown) {
        return h1_fail(parser, 501, "a transfer coding other than chunked"); /* RFC 9112 6.1 */
    }
    parser->framing = H1_CHUNKED;
    return codings > 0;
}

/* RFC 9110 8.6: Content-Length = 1*DIGIT. A repeated one, even with the same value, may be refused,
 * and is. */
static bool finish_content_length(struct h1_parser *parser, const char *text)
{
    uint64_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (http_message_count(&parser->message, "Content-Length") > 1) {
        return h1_fail(parser, 400, "two Content-Length fields");
    }
    if (digits == 0 || text[digits]) {
        return h1_fail(parser, 400, "a Content-Length that is no number");
    }
    if (digits > LENGTH_DIGITS_MAX) {
        return h1_fail(parser, 413, "content that is too long");
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    parser->framing = H1_LENGTH;
    parser->length = value;
    return true;
}

/* RFC 9112 6.3 rules 1 and 2. */
static bool is_bodiless(const struct h1_parser *parser)
{
    uint16_t status = parser->message.status;
    return parser->answers_head || status / 100 == 1 || status == 204 || status == 304 ||
           (parser->answers_connect && status / 100 == 2);
}

bool h1_finish_head(struct h1_parser *parser)
{
    struct http_message *message = &parser->message;
    const char *length = http_message_get(message, "Content-Length");
    if (!parser->is_response && !finish_host(parser)) {
        return false;
    }
    length = http_message_get(message, "Content-Length"); /* the block may have moved */
    if (parser->is_response && is_bodiless(parser)) {
        return true;
    }
    if (http_message_get(message, "Transfer-Encoding")) {
        return finish_transfer_encoding(parser);
    }
    if (!length) {
        parser->framing = parser->is_response ? H1_UNTIL_CLOSE : H1_NO_BODY; /* rules 7, 8 */
        return true;
    }
    if (!finish_content_length(parser, length)) {
        return false;
    }
    return parser->length <= parser->limits.body_max ||
           h1_fail(parser, 413, "content that is too long");
}
