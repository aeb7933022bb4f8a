/* URLs, in the order of RFC 3986.
 *
 * A text is first cleaned (blanks around it, tabs and line ends inside it go, as the WHATWG URL
 * standard has it for links in documents), then split into its five parts with the cut points of
 * RFC 3986 appendix B, then each part is checked or made right: the host must be a name or address,
 * characters that may not stand in a path, query or fragment are percent-encoded, dot segments are
 * removed. What is percent-encoded already stays as it was written.
 */
#include "http/url.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct span {
    const char *p;
    size_t len;
};

/* The five parts of a reference; `p` is NULL for a part that is not there. */
struct url_parts {
    struct span scheme, authority, path, query, fragment;
};

enum { HOST_MAX = 253 }; /* RFC 1035 2.3.4, without the final dot */

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool fail(const char **why, const char *reason)
{
    *why = reason;
    return false;
}

static char *copy_lower(struct span span)
{
    char *copy = memory_copy_chars(span.p, span.len);
    for (char *c = copy; *c; c++) {
        *c = to_lower(*c);
    }
    return copy;
}

static bool span_is(struct span span, const char *lower)
{
    if (span.len != strlen(lower)) {
        return false;
    }
    for (size_t i = 0; i < span.len; i++) {
        if (to_lower(span.p[i]) != lower[i]) {
            return false;
        }
    }
    return true;
}

/* --- cleaning and splitting --- */

/* Into `clean`: without blanks around and without tabs and line ends inside. */
static void clean_reference(struct text *clean, const char *reference)
{
    size_t len = strlen(reference);
    while (len > 0 && (unsigned char)reference[len - 1] <= ' ') {
        len--;
    }
    size_t start = 0;
    while (start < len && (unsigned char)reference[start] <= ' ') {
        start++;
    }
    for (size_t i = start; i < len; i++) {
        if (reference[i] != '\t' && reference[i] != '\r' && reference[i] != '\n') {
            text_add(clean, &reference[i], 1);
        }
    }
}

/* RFC 3986 3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ). Its length, or 0. */
static size_t scheme_len(const char *p)
{
    size_t len = 0;
    while (is_alpha(p[len]) ||
           (len > 0 && (is_digit(p[len]) || (p[len] && strchr("+-.", p[len]))))) {
        len++;
    }
    return p[len] == ':' ? len : 0;
}

static struct span take_until(const char **p, const char *stops)
{
    struct span span = {*p, strcspn(*p, stops)};
    *p += span.len;
    return span;
}

/* RFC 3986 appendix B. */
static struct url_parts split(const char *p)
{
    struct url_parts parts = {0};
    size_t len = scheme_len(p);
    if (len > 0) {
        parts.scheme = (struct span){p, len};
        p += len + 1;
    }
    if (p[0] == '/' && p[1] == '/') {
        p += 2;
        parts.authority = take_until(&p, "/?#");
    }
    parts.path = take_until(&p, "?#");
    if (*p == '?') {
        p++;
        parts.query = take_until(&p, "#");
    }
    if (*p == '#') {
        p++;
        parts.fragment = (struct span){p, strlen(p)};
    }
    return parts;
}

/* --- the authority --- */

static bool is_host_char(char c)
{
    return is_alpha(c) || is_digit(c) || (c && strchr("-._~!$&'()*+,;=", c));
}

static bool check_name(struct span host, const char **why)
{
    for (size_t i = 0; i < host.len; i++) {
        if ((unsigned char)host.p[i] >= 0x80) {
            return fail(why, "an international host name must be written in its xn-- form");
        }
        if (!is_host_char(host.p[i])) {
            return fail(why, "the host has a character that no name may have");
        }
    }
    return true;
}

/* RFC 3986 3.2.2: the inside of "[" IPv6address "]"; whether it is an address is for who connects.
 */
static bool check_literal(struct span host, const char **why)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!host.p[i] || !strchr("0123456789abcdefABCDEF:.", host.p[i])) {
            return fail(why, "what stands in [ ] is not an IPv6 address");
        }
    }
    return true;
}

static bool parse_port(struct span port, struct url *url, const char **why)
{
    uint32_t value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.p[i])) {
            return fail(why, "the port is not a number");
        }
        value = value * 10 + (uint32_t)(port.p[i] - '0');
        if (value > UINT16_MAX) {
            return fail(why, "the port is above 65535");
        }
    }
    if (port.len > 0 && value == 0) {
        return fail(why, "port 0 cannot be connected to");
    }
    url->has_port = port.len > 0;
    if (url->has_port) {
        url->port = (uint16_t)value;
    }
    return true;
}

/* Cuts "host:port" or "[literal]:port"; `port` is empty when not written. */
static bool cut_authority(struct span authority, struct span *host, struct span *port,
                          const char **why)
{
    const char *end = authority.p + authority.len;
    const char *host_end;
    *port = (struct span){end, 0};
    if (authority.p[0] == '[') {
        host_end = memchr(authority.p, ']', authority.len);
        if (!host_end) {
            return fail(why, "the ] of the IPv6 address is missing");
        }
        *host = (struct span){authority.p + 1, (size_t)(host_end - authority.p - 1)};
        host_end++;
    } else {
        host_end = memchr(authority.p, ':', authority.len);
        host_end = host_end ? host_end : end;
        *host = (struct span){authority.p, (size_t)(host_end - authority.p)};
    }
    if (host_end == end) {
        return true;
    }
    if (*host_end != ':') {
        return fail(why, "only a port may follow the host");
    }
    *port = (struct span){host_end + 1, (size_t)(end - host_end - 1)};
    return true;
}

static bool parse_authority(struct span authority, struct url *url, const char **why)
{
    struct span host;
    struct span port;
    if (authority.len == 0) {
        return fail(why, "the host is missing");
    }
    if (memchr(authority.p, '@', authority.len)) {
        /* RFC 9110 4.2.4: userinfo in http URLs is an error, likely a deception */
        return fail(why, "a user name before the host is not supported");
    }
    if (!cut_authority(authority, &host, &port, why)) {
        return false;
    }
    bool is_literal = authority.p[0] == '[';
    if (host.len == 0) {
        return fail(why, "the host is missing"); /* RFC 9110 4.2.1 */
    }
    if (host.len > HOST_MAX + 1) {
        return fail(why, "the host is longer than a name can be");
    }
    if (is_literal ? !check_literal(host, why) : !check_name(host, why)) {
        return false;
    }
    url->host = copy_lower(host);
    return parse_port(port, url, why);
}

/* --- path, query, fragment --- */

/* Percent-encodes what may not stand there raw: controls, blanks, non-ASCII and `also`. */
static void add_encoded(struct text *text, struct span part, const char *also)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.p[i];
        if (c <= ' ' || c >= 0x7f || strchr(also, c)) {
            char encoded[3] = {'%', HEX[c >> 4], HEX[c & 15]};
            text_add(text, encoded, 3);
        } else {
            text_add(text, &part.p[i], 1);
        }
    }
}

static bool segment_is(const char *p, size_t len, const char *dots)
{
    return len == strlen(dots) && memcmp(p, dots, len) == 0;
}

/* RFC 3986 5.2.4, over a path that begins with '/'. In place: the output never outgrows it. */
static void remove_dot_segments(char *path)
{
    size_t out = 0;
    const char *in = path;
    while (*in == '/') {
        size_t len = strcspn(in + 1, "/");
        const char *segment = in + 1;
        bool is_last = segment[len] == '\0';
        if (segment_is(segment, len, "..")) {
            while (out > 0 && path[--out] != '/') {
            }
        }
        if (!segment_is(segment, len, "..") && !segment_is(segment, len, ".")) {
            memmove(path + out, in, len + 1);
            out += len + 1;
        } else if (is_last) {
            path[out++] = '/';
        }
        in = segment + len;
    }
    path[out] = '\0';
}

static char *make_path(const char *before, size_t before_len, struct span path)
{
    struct text text = {0};
    text_add(&text, before, before_len);
    add_encoded(&text, path, "\"<>^`{}\\");
    if (text.len == 0 || text.chars[0] != '/') {
        /* RFC 9110 4.2.3: an empty path is "/" */
        struct text rooted = {0};
        text_add(&rooted, "/", 1);
        text_add(&rooted, text_chars(&text), text.len);
        text_fini(&text);
        text = rooted;
    }
    remove_dot_segments(text.chars);
    return text.chars;
}

static char *make_part(struct span part)
{
    struct text text = {0};
    text_add(&text, "", 0);
    add_encoded(&text, part, "\"<>");
    return text.chars;
}

/* --- putting it together --- */

static bool take_scheme(struct span scheme, struct url *url, const char **why)
{
    if (!span_is(scheme, "http") && !span_is(scheme, "https")) {
        return fail(why, "only http and https can be fetched");
    }
    url->scheme = copy_lower(scheme);
    url->port = span_is(scheme, "https") ? 443 : 80;
    return true;
}

static bool build_absolute(const struct url_parts *parts, struct url *url, const char **why)
{
    if (!take_scheme(parts->scheme, url, why)) {
        return false;
    }
    if (!parts->authority.p) {
        return fail(why, "the two slashes after the scheme are missing");
    }
    if (!parse_authority(parts->authority, url, why)) {
        return false;
    }
    url->path = make_path("", 0, parts->path);
    url->query = make_part(parts->query);
    url->fragment = make_part(parts->fragment);
    return true;
}

/* Is it "host:port..." rather than "scheme:..."? Then a number follows the colon. */
static bool looks_like_host_and_port(const char *p)
{
    size_t len = scheme_len(p);
    size_t digits = strspn(p + len + 1, "0123456789");
    return digits > 0 && (p[len + 1 + digits] == '\0' || strchr("/?#", p[len + 1 + digits]));
}

bool url_parse(const char *text, struct url *url, const char **why)
{
    struct text clean = {0};
    *url = (struct url){0};
    clean_reference(&clean, text);
    const char *p = text_chars(&clean);
    if (clean.len > URL_MAX) {
        text_fini(&clean);
        return fail(why, "it is longer than 8192 characters");
    }
    if (scheme_len(p) == 0 || looks_like_host_and_port(p)) {
        struct text absolute = {0};
        text_print(&absolute, "%s%s", p[0] == '/' && p[1] == '/' ? "http:" : "http://", p);
        text_fini(&clean);
        clean = absolute;
    }
    struct url_parts parts = split(text_chars(&clean));
    bool ok = build_absolute(&parts, url, why);
    text_fini(&clean);
    if (!ok) {
        url_fini(url);
    }
    return ok;
}

/* RFC 3986 5.2.3 (merge): the base's path up to its last slash. */
static char *resolve_path(const struct url *base, const struct url_parts *parts)
{
    if (parts->path.len == 0) {
        return memory_copy_text(base->path);
    }
    if (parts->path.p[0] == '/') {
        return make_path("", 0, parts->path);
    }
    size_t folder = (size_t)(strrchr(base->path, '/') - base->path) + 1;
    return make_path(base->path, folder, parts->path);
}

/* RFC 3986 5.2.2, for a reference without a scheme. */
static bool resolve_relative(const struct url *base, const struct url_parts *parts, struct url *url,
                             const char **why)
{
    url->scheme = memory_copy_text(base->scheme);
    url->port = base->port;
    if (parts->authority.p) {
        url->port = strcmp(base->scheme, "https") == 0 ? 443 : 80;
        if (!parse_authority(parts->authority, url, why)) {
            return false;
        }
        url->path = make_path("", 0, parts->path);
    } else {
        url->host = memory_copy_text(base->host);
        url->has_port = base->has_port;
        url->path = resolve_path(base, parts);
    }
    bool keeps_query = !parts->authority.p && parts->path.len == 0 && !parts->query.p;
    url->query = keeps_query ? memory_copy_text(base->query) : make_part(parts->query);
    url->fragment = make_part(parts->fragment);
    return true;
}

bool url_resolve(const struct url *base, const char *reference, struct url *url, const char **why)
{
    struct text clean = {0};
    *url = (struct url){0};
    clean_reference(&clean, reference);
    if (clean.len > URL_MAX) {
        text_fini(&clean);
        return fail(why, "it is longer than 8192 characters");
    }
    struct url_parts parts = split(text_chars(&clean));
    bool ok = parts.scheme.p ? build_absolute(&parts, url, why)
                             : resolve_relative(base, &parts, url, why);
    text_fini(&clean);
    if (!ok) {
        url_fini(url);
    }
    return ok;
}

void url_fini(struct url *url)
{
    free(url->scheme);
    free(url->host);
    free(url->path);
    free(url->query);
    free(url->fragment);
    *url = (struct url){0};
}

void url_print_authority(struct text *text, const struct url *url)
{
    bool is_literal = strchr(url->host, ':') != NULL;
    text_print(text, is_literal ? "[%s]" : "%s", url->host);
    if (url->port != (strcmp(url->scheme, "https") == 0 ? 443 : 80)) {
        text_print(text, ":%u", url->port);
    }
}

void url_print_target(struct text *text, const struct url *url)
{
    text_print(text, "%s", url->path);
    if (url->query[0]) {
        text_print(text, "?%s", url->query);
    }
}

void url_print(struct text *text, const struct url *url)
{
    text_print(text, "%s://", url->scheme);
    url_print_authority(text, url);
    url_print_target(text, url);
    if (url->fragment[0]) {
        text_print(text, "#%s", url->fragment);
    }
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}
