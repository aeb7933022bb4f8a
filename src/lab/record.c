/* A record of a zone as the file writes it: "www CNAME site.test.", as in a zone's master file
 * (RFC 1035 5.1) without class and TTL. */
#include "lab/lab_internal.h"

#include <stdio.h>
#include <string.h>

/* A name relative to the origin unless it ends with a dot; '@' is the origin. */
static bool parse_relative_name(const char *text, const struct dns_name *origin,
                                struct dns_name *name)
{
    if (strcmp(text, "@") == 0) {
        *name = *origin;
        return true;
    }
    size_t len = strlen(text);
    if (len == 0 || strpbrk(text, " \t")) {
        return false;
    }
    if (text[len - 1] == '.') {
        return dns_name_parse_text(text, name);
    }
    char whole[DNS_NAME_TEXT_SIZE * 2], suffix[DNS_NAME_TEXT_SIZE];
    dns_name_print(origin, suffix);
    int n = snprintf(whole, sizeof whole, "%s.%s", text, dns_name_is_root(origin) ? "" : suffix);
    return n > 0 && (size_t)n < sizeof whole && dns_name_parse_text(whole, name);
}

static bool parse_mx(const char *data, const struct dns_name *origin, union dns_rdata *rdata)
{
    unsigned preference = 0;
    int name_at = 0;
    if (data[0] < '0' || data[0] > '9' || sscanf(data, "%5u %n", &preference, &name_at) != 1 ||
        preference > UINT16_MAX) {
        return false;
    }
    rdata->mx.preference = (uint16_t)preference;
    return parse_relative_name(data + name_at, origin, &rdata->mx.exchange);
}

/* One character-string (RFC 1035 3.3.14), in quotes or not. */
static bool parse_txt(const char *data, union dns_rdata *rdata)
{
    size_t len = strlen(data);
    if (len >= 2 && data[0] == '"' && data[len - 1] == '"') {
        data++;
        len -= 2;
    }
    if (len > UINT8_MAX) {
        return false;
    }
    rdata->raw.bytes[0] = (uint8_t)len;
    memcpy(rdata->raw.bytes + 1, data, len);
    rdata->raw.len = (uint16_t)(len + 1);
    return true;
}

static bool parse_rdata(const char *data, uint16_t type, const struct dns_name *origin,
                        union dns_rdata *rdata)
{
    switch (type) {
    case DNS_A:
        return ip_parse(data, &rdata->addr) && rdata->addr.version == IP_V4;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        return parse_relative_name(data, origin, &rdata->name);
    case DNS_MX:
        return parse_mx(data, origin, rdata);
    case DNS_TXT:
        return parse_txt(data, rdata);
    default:
        return false;
    }
}

/* The next word of *text, at most `size` - 1 characters; *text moves behind the blanks after it. */
static bool take_word(const char **text, char *word, size_t size)
{
    const char *p = *text + strspn(*text, " \t");
    size_t len = strcspn(p, " \t");
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(word, p, len);
    word[len] = '\0';
    *text = p + len + strspn(p + len, " \t");
    return true;
}

bool lab_parse_record(const char *text, const struct dns_name *origin, struct dns_record *record)
{
    char name[DNS_NAME_TEXT_SIZE], type[16];
    if (!take_word(&text, name, sizeof name) || !take_word(&text, type, sizeof type)) {
        return false;
    }
    *record = (struct dns_record){.class = DNS_CLASS_IN, .ttl_s = LAB_RECORD_TTL_S};
    return parse_relative_name(name, origin, &record->name) &&
           dns_type_parse(type, &record->type) &&
           parse_rdata(text, record->type, origin, &record->rdata);
}
