#include "service/web_path.h"

#include <string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decodes the percent-encoded byte at `p`; -1 when it is none. */
static int decode(const char *p)
{
    int high = hex_digit(p[1]);
    int low = high < 0 ? -1 : hex_digit(p[2]);
    return low < 0 ? -1 : high << 4 | low;
}

/* Appends one segment, decoded. False: it has what no segment may have. */
static bool add_segment(struct text *path, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)p[i];
        if (p[i] == '%') {
            c = i + 2 < len ? decode(p + i) : -1;
            i += 2;
        }
        if (c <= 0 || c == '/') {
            return false;
        }
        char decoded = (char)c;
        text_add(path, &decoded, 1);
    }
    return true;
}

static uint16_t check_segment(const char *segment)
{
    if (strcmp(segment, "..") == 0) {
        return 400;
    }
    bool is_hidden = segment[0] == '.' && strcmp(segment, ".well-known") != 0;
    return is_hidden || segment[0] == '\0' ? 404 : 0;
}

uint16_t web_path_resolve(const char *target, struct text *path, bool *is_folder)
{
    const char *end = target + strcspn(target, "?");
    *is_folder = false;
    if (*target != '/') {
        return 400;
    }
    while (target < end) {
        const char *segment = target + 1;
        size_t len = strcspn(segment, "/?");
        target = segment + len;
        *is_folder = len == 0 && target == end;
        if (*is_folder) {
            text_add(path, "index.html", 10);
            return 0;
        }
        size_t start = path->len;
        if (!add_segment(path, segment, len)) {
            return 400;
        }
        uint16_t status = check_segment(text_chars(path) + start);
        if (status != 0) {
            return status;
        }
        if (target < end) {
            text_add(path, "/", 1);
        }
    }
    return 0;
}
