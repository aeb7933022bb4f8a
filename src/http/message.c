#include "http/message.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { STORE_MAX = 1 << 20, FIELDS_MAX = 1000 }; /* far above what the parsers let through */

struct http_limits http_limits_or_default(const struct http_limits *limits)
{
    struct http_limits given = limits ? *limits : (struct http_limits){0};
    return (struct http_limits){
        .start_line_max = given.start_line_max ? given.start_line_max : 8192,
        .fields_bytes_max = given.fields_bytes_max ? given.fields_bytes_max : 32768,
        .fields_max = given.fields_max ? given.fields_max : 100,
        .chunk_extension_max = given.chunk_extension_max ? given.chunk_extension_max : 4096,
        .body_max = given.body_max ? given.body_max : UINT64_C(16) << 20,
    };
}

/* --- the block of strings --- */

static struct http_string store_add(struct http_message *message, const char *chars, size_t len)
{
    if (message->failed || message->store.len + len + 1 > STORE_MAX) {
        message->failed = true;
        return (struct http_string){0};
    }
    struct http_string string = {(uint32_t)message->store.len, (uint32_t)len};
    text_add(&message->store, chars, len);
    text_add(&message->store, "", 1);
    return string;
}

/* Offset 0 holds an empty string, so that a zeroed http_string reads as "". */
static const char *store_get(const struct http_message *message, struct http_string string)
{
    return message->store.len ? message->store.chars + string.at : "";
}

void http_message_clear(struct http_message *message)
{
    text_clear(&message->store);
    text_add(&message->store, "", 1);
    message->version = 11;
    message->status = 0;
    message->failed = false;
    message->n_fields = 0;
    message->method = message->target = message->authority = message->reason =
        (struct http_string){0};
}

void http_message_fini(struct http_message *message)
{
    free(message->fields);
    text_fini(&message->store);
    *message = (struct http_message){0};
}

/* --- the start line --- */

static void ensure_ready(struct http_message *message)
{
    if (message->store.len == 0) {
        http_message_clear(message);
    }
}

void http_message_set_version(struct http_message *message, uint8_t version)
{
    ensure_ready(message);
    message->version = version;
}

void http_message_set_method(struct http_message *message, const char *chars, size_t len)
{
    ensure_ready(message);
    message->failed = message->failed || !http_is_token(chars, len);
    message->method = store_add(message, chars, len);
}

void http_message_set_target(struct http_message *message, const char *chars, size_t len)
{
    ensure_ready(message);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)chars[i];
        message->failed = message->failed || c <= ' ' || c >= 0x7f;
    }
    message->target = store_add(message, chars, len);
}

void http_message_set_authority(struct http_message *message, const char *chars, size_t len)
{
    ensure_ready(message);
    message->failed = message->failed || !http_is_field_value(chars, len);
    message->authority = store_add(message, chars, len);
}

void http_message_set_reason(struct http_message *message, const char *chars, size_t len)
{
    ensure_ready(message);
    message->failed = message->failed || !http_is_field_value(chars, len);
    message->reason = store_add(message, chars, len);
}

void http_message_set_request(struct http_message *message, const char *method, const char *target,
                              const char *authority)
{
    http_message_set_method(message, method, strlen(method));
    http_message_set_target(message, target, strlen(target));
    http_message_set_authority(message, authority, strlen(authority));
    message->status = 0;
}

void http_message_set_status(struct http_message *message, uint16_t status, const char *reason)
{
    const char *phrase = reason ? reason : http_status_phrase(status);
    http_message_set_reason(message, phrase, strlen(phrase));
    message->status = status;
}

const char *http_message_method(const struct http_message *message)
{
    return store_get(message, message->method);
}

const char *http_message_target(const struct http_message *message)
{
    return store_get(message, message->target);
}

const char *http_message_authority(const struct http_message *message)
{
    return store_get(message, message->authority);
}

const char *http_message_reason(const struct http_message *message)
{
    return store_get(message, message->reason);
}

bool http_message_has_method(const struct http_message *message, const char *method)
{
    return strcmp(http_message_method(message), method) == 0; /* RFC 9110 9.1: case-sensitive */
}

const char *http_status_phrase(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *phrase;
    } PHRASES[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {203, "Non-Authoritative Information"},
        {204, "No Content"},
        {205, "Reset Content"},
        {206, "Partial Content"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},               /* RFC 6585 */
        {431, "Request Header Fields Too Large"}, /* RFC 6585 */
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof PHRASES / sizeof PHRASES[0]; i++) {
        if (PHRASES[i].status == status) {
            return PHRASES[i].phrase;
        }
    }
    return "";
}

/* --- fields --- */

void http_message_add_chars(struct http_message *message, const char *name, size_t name_len,
                            const char *value, size_t value_len, bool is_trailer)
{
    ensure_ready(message);
    if (!http_is_token(name, name_len) || !http_is_field_value(value, value_len) ||
        message->n_fields >= FIELDS_MAX) {
        message->failed = true;
        return;
    }
    struct http_field field = {.is_trailer = is_trailer};
    field.name = store_add(message, name, name_len);
    field.value = store_add(message, value, value_len);
    if (message->failed) {
        return;
    }
    message->fields = memory_grow_array(message->fields, message->n_fields,
                                        &message->fields_capacity, sizeof *message->fields);
    message->fields[message->n_fields++] = field;
}

void http_message_extend_last(struct http_message *message, const char *chars, size_t len)
{
    if (message->n_fields == 0 || !http_is_field_value(chars, len) ||
        message->store.len + len + 1 > STORE_MAX) {
        message->failed = true;
        return;
    }
    struct http_string *value = &message->fields[message->n_fields - 1].value;
    size_t blank = value->len > 0;
    if (blank) {
        message->store.chars[value->at + value->len] = ' '; /* its NUL, the last of the block */
    } else {
        message->store.len--;
    }
    text_add(&message->store, chars, len);
    text_add(&message->store, "", 1);
    value->len += (uint32_t)(len + blank);
}

void http_message_add(struct http_message *message, const char *name, const char *value)
{
    http_message_add_chars(message, name, strlen(name), value, strlen(value), false);
}

void http_message_print(struct http_message *message, const char *name, const char *format, ...)
{
    struct text value = {0};
    va_list args;
    va_start(args, format);
    text_vprint(&value, format, args);
    va_end(args);
    http_message_add(message, name, text_chars(&value));
    text_fini(&value);
}

const char *http_message_field_name(const struct http_message *message, size_t index)
{
    return store_get(message, message->fields[index].name);
}

const char *http_message_field_value(const struct http_message *message, size_t index)
{
    return store_get(message, message->fields[index].value);
}

static bool field_has_name(const struct http_message *message, size_t index, const char *name,
                           size_t name_len)
{
    return message->fields[index].name.len == name_len &&
           http_text_equal(http_message_field_name(message, index), name);
}

static const char *find_field(const struct http_message *message, const char *name, bool is_trailer)
{
    size_t name_len = strlen(name);
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].is_trailer == is_trailer &&
            field_has_name(message, i, name, name_len)) {
            return http_message_field_value(message, i);
        }
    }
    return NULL;
}

const char *http_message_get(const struct http_message *message, const char *name)
{
    return find_field(message, name, false);
}

const char *http_message_get_trailer(const struct http_message *message, const char *name)
{
    return find_field(message, name, true);
}

size_t http_message_count(const struct http_message *message, const char *name)
{
    size_t count = 0;
    size_t name_len = strlen(name);
    for (size_t i = 0; i < message->n_fields; i++) {
        count += !message->fields[i].is_trailer && field_has_name(message, i, name, name_len);
    }
    return count;
}

bool http_message_has_token(const struct http_message *message, const char *name, const char *token)
{
    size_t name_len = strlen(name);
    size_t token_len = strlen(token);
    for (size_t i = 0; i < message->n_fields; i++) {
        if (message->fields[i].is_trailer || !field_has_name(message, i, name, name_len)) {
            continue;
        }
        const char *member;
        size_t len;
        const char *list = http_message_field_value(message, i);
        while ((list = http_list_next(list, &member, &len))) {
            if (http_chars_equal(member, len, token, token_len)) {
                return true;
            }
        }
    }
    return false;
}

void http_message_print_fields(const struct http_message *message, struct text *text)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        if (!message->fields[i].is_trailer) {
            text_print(text, "%s: %s\n", http_message_field_name(message, i),
                       http_message_field_value(message, i));
        }
    }
}

bool http_method_is_idempotent(const char *method)
{
    static const char *const METHODS[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(method, METHODS[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool http_message_is_persistent(const struct http_message *message)
{
    if (http_message_has_token(message, "Connection", "close")) {
        return false;
    }
    return message->version >= 11 || http_message_has_token(message, "Connection", "keep-alive");
}

/* --- characters --- */

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool http_is_token(const char *chars, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char lower = to_lower(chars[i]);
        bool is_alnum = (lower >= 'a' && lower <= 'z') || (chars[i] >= '0' && chars[i] <= '9');
        if (!is_alnum && !(chars[i] && strchr("!#$%&'*+-.^_`|~", chars[i]))) {
            return false;
        }
    }
    return len > 0;
}

bool http_is_field_value(const char *chars, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)chars[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

bool http_chars_equal(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len) {
        return false;
    }
    for (size_t i = 0; i < a_len; i++) {
        if (to_lower(a[i]) != to_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool http_text_equal(const char *a, const char *b)
{
    return http_chars_equal(a, strlen(a), b, strlen(b));
}

/* A comma inside a quoted string does not separate (RFC 9110 5.6.1, 5.6.4). */
static const char *member_end(const char *p)
{
    bool is_quoted = false;
    while (*p && (is_quoted || *p != ',')) {
        if (*p == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && *p == '\\' && p[1]) {
            p++;
        }
        p++;
    }
    return p;
}

const char *http_list_next(const char *list, const char **member, size_t *len)
{
    while (*list == ',' || *list == ' ' || *list == '\t') {
        list++;
    }
    if (!*list) {
        return NULL;
    }
    const char *end = member_end(list);
    size_t n = (size_t)(end - list);
    while (n > 0 && (list[n - 1] == ' ' || list[n - 1] == '\t')) {
        n--;
    }
    *member = list;
    *len = n;
    return end;
}
