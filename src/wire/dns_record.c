/* What is inside a record: its data by type, to and from the wire, and to text for people.
 *
 * A type is either known, with fields of its own in union dns_rdata, or raw: kept as bytes (RFC
 * 3597). Names are compressed only inside the types of RFC 1035 (RFC 3597 section 4), and
 * decompressed wherever they are. */
#include "base/check.h"
#include "wire/dns.h"
#include "wire/dns_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    uint16_t type;
    const char *text;
} DNS_TYPE_NAMES[] = {
    {DNS_A, "A"},     {DNS_NS, "NS"},   {DNS_CNAME, "CNAME"}, {DNS_SOA, "SOA"},
    {DNS_PTR, "PTR"}, {DNS_MX, "MX"},   {DNS_TXT, "TXT"},     {DNS_AAAA, "AAAA"},
    {DNS_SRV, "SRV"}, {DNS_OPT, "OPT"}, {DNS_ANY, "ANY"},     {DNS_CAA, "CAA"},
};
enum { DNS_TYPE_NAMES_COUNT = sizeof DNS_TYPE_NAMES / sizeof DNS_TYPE_NAMES[0] };

const char *dns_type_text(uint16_t type, char buffer[DNS_TYPE_TEXT_SIZE])
{
    for (size_t i = 0; i < DNS_TYPE_NAMES_COUNT; i++) {
        if (DNS_TYPE_NAMES[i].type == type) {
            return DNS_TYPE_NAMES[i].text;
        }
    }
    (void)snprintf(buffer, DNS_TYPE_TEXT_SIZE, "TYPE%u", type); /* RFC 3597 section 5 */
    return buffer;
}

bool dns_type_parse(const char *text, uint16_t *type)
{
    for (size_t i = 0; i < DNS_TYPE_NAMES_COUNT; i++) {
        if (strcasecmp(DNS_TYPE_NAMES[i].text, text) == 0) {
            *type = DNS_TYPE_NAMES[i].type;
            return true;
        }
    }
    if (strncasecmp(text, "TYPE", 4) != 0 || text[4] == '\0') {
        return false;
    }
    uint32_t value = 0;
    for (const char *digit = text + 4; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || value > UINT16_MAX) {
            return false;
        }
        value = value * 10 + (uint32_t)(*digit - '0');
    }
    if (value > UINT16_MAX) {
        return false;
    }
    *type = (uint16_t)value;
    return true;
}

const char *dns_rcode_text(uint8_t rcode)
{
    static const char *const names[] = {
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH", "NOTZONE",  "RCODE11",  "RCODE12", "RCODE13", "RCODE14",  "RCODE15",
    };
    return names[rcode & 15];
}

/* The type whose fields hold the data, or 0: raw. */
static uint16_t dns_rdata_kind(const struct dns_record *record)
{
    if (record->class != DNS_CLASS_IN) {
        return 0;
    }
    switch (record->type) {
    case DNS_A:
    case DNS_NS:
    case DNS_CNAME:
    case DNS_SOA:
    case DNS_PTR:
    case DNS_MX:
    case DNS_AAAA:
    case DNS_SRV:
    case DNS_CAA:
        return record->type;
    default:
        return 0;
    }
}

/* --- from the wire --- */

static void dns_addr_parse(struct reader *r, uint16_t type, struct ip_addr *addr)
{
    if (type == DNS_A) {
        *addr = ip_v4(read_u32(r));
    } else {
        addr->version = IP_V6;
        read_copy(r, addr->v6, sizeof addr->v6);
    }
}

static void dns_soa_parse(struct reader *r, struct bytes message, struct dns_soa *soa)
{
    dns_name_parse(r, message, &soa->mname);
    dns_name_parse(r, message, &soa->rname);
    soa->serial = read_u32(r);
    soa->refresh_s = read_u32(r);
    soa->retry_s = read_u32(r);
    soa->expire_s = read_u32(r);
    soa->minimum_s = read_u32(r);
}

/* RFC 8659 4.1: flags, the tag's length, a tag of letters and digits, and the value. */
static bool dns_caa_parse(struct reader *r, union dns_rdata *rdata)
{
    rdata->caa.flags = read_u8(r);
    rdata->caa.tag_len = read_u8(r);
    size_t len = reader_left(r);
    if (rdata->caa.tag_len == 0 || len < rdata->caa.tag_len || len > sizeof rdata->caa.bytes) {
        return false;
    }
    rdata->caa.value_len = (uint8_t)(len - rdata->caa.tag_len);
    read_copy(r, rdata->caa.bytes, len);
    return true;
}

/* RFC 1035 3.3.14: one or more character-strings that fill the data exactly. */
static bool dns_strings_are_valid(const uint8_t *bytes, size_t len)
{
    struct reader r = reader_of(bytes, len);
    do {
        reader_skip(&r, read_u8(&r));
    } while (reader_left(&r) > 0);
    return !r.failed;
}

static bool dns_raw_parse(struct reader *r, struct dns_record *record)
{
    size_t len = reader_left(r);
    if (len > DNS_RAW_MAX) {
        return false;
    }
    record->rdata.raw.len = (uint16_t)len;
    read_copy(r, record->rdata.raw.bytes, len);
    return record->type != DNS_TXT || record->class != DNS_CLASS_IN ||
           dns_strings_are_valid(record->rdata.raw.bytes, len);
}

bool dns_rdata_parse(struct reader *r, struct bytes message, struct dns_record *record)
{
    union dns_rdata *rdata = &record->rdata;
    memset(rdata, 0, sizeof *rdata);
    record->rdata_len = (uint16_t)reader_left(r);
    switch (dns_rdata_kind(record)) {
    case DNS_A:
    case DNS_AAAA:
        dns_addr_parse(r, record->type, &rdata->addr);
        break;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        dns_name_parse(r, message, &rdata->name);
        break;
    case DNS_SOA:
        dns_soa_parse(r, message, &rdata->soa);
        break;
    case DNS_MX:
        rdata->mx.preference = read_u16(r);
        dns_name_parse(r, message, &rdata->mx.exchange);
        break;
    case DNS_SRV:
        rdata->srv.priority = read_u16(r);
        rdata->srv.weight = read_u16(r);
        rdata->srv.port = read_u16(r);
        dns_name_parse(r, message, &rdata->srv.target);
        break;
    case DNS_CAA:
        return dns_caa_parse(r, rdata);
    default:
        return dns_raw_parse(r, record);
    }
    return reader_is_done(r);
}

/* --- to the wire --- */

static void dns_name_emit(struct writer *w, const struct dns_name *name,
                          struct dns_compressor *compressor)
{
    if (compressor) {
        dns_compressor_emit_name(compressor, w, name);
    } else {
        write_copy(w, name->bytes, name->len);
    }
}

static void dns_soa_emit(struct writer *w, const struct dns_soa *soa,
                         struct dns_compressor *compressor)
{
    dns_name_emit(w, &soa->mname, compressor);
    dns_name_emit(w, &soa->rname, compressor);
    write_u32(w, soa->serial);
    write_u32(w, soa->refresh_s);
    write_u32(w, soa->retry_s);
    write_u32(w, soa->expire_s);
    write_u32(w, soa->minimum_s);
}

void dns_rdata_emit_with(struct writer *w, const struct dns_record *record,
                         struct dns_compressor *compressor)
{
    const union dns_rdata *rdata = &record->rdata;
    switch (dns_rdata_kind(record)) {
    case DNS_A:
        write_u32(w, rdata->addr.v4);
        break;
    case DNS_AAAA:
        write_copy(w, rdata->addr.v6, sizeof rdata->addr.v6);
        break;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        dns_name_emit(w, &rdata->name, compressor);
        break;
    case DNS_SOA:
        dns_soa_emit(w, &rdata->soa, compressor);
        break;
    case DNS_MX:
        write_u16(w, rdata->mx.preference);
        dns_name_emit(w, &rdata->mx.exchange, compressor);
        break;
    case DNS_SRV:
        write_u16(w, rdata->srv.priority);
        write_u16(w, rdata->srv.weight);
        write_u16(w, rdata->srv.port);
        dns_name_emit(w, &rdata->srv.target, NULL); /* RFC 3597 section 4: not compressed */
        break;
    case DNS_CAA:
        write_u8(w, rdata->caa.flags);
        write_u8(w, rdata->caa.tag_len);
        write_copy(w, rdata->caa.bytes, (size_t)rdata->caa.tag_len + rdata->caa.value_len);
        break;
    default:
        CHECK(rdata->raw.len <= DNS_RAW_MAX);
        write_copy(w, rdata->raw.bytes, rdata->raw.len);
    }
}

void dns_rdata_emit(struct writer *w, const struct dns_record *record)
{
    dns_rdata_emit_with(w, record, NULL);
}

bool dns_record_set_text(struct dns_record *record, const char *text)
{
    size_t len = strlen(text);
    if (len > DNS_TEXT_MAX) {
        return false;
    }
    record->rdata.raw.len = (uint16_t)(len + 1);
    record->rdata.raw.bytes[0] = (uint8_t)len;
    memcpy(record->rdata.raw.bytes + 1, text, len);
    return true;
}

/* --- to text --- */

/* With the final dot: absolute, as master files want it. */
static void dns_name_print_absolute(struct text *text, const struct dns_name *name)
{
    char buffer[DNS_NAME_TEXT_SIZE];
    text_print(text, "%s%s", dns_name_print(name, buffer), dns_name_is_root(name) ? "" : ".");
}

static void dns_string_print(struct text *text, const uint8_t *bytes, size_t len)
{
    text_print(text, "\"");
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < ' ' || bytes[i] >= 0x7f) {
            text_print(text, "\\%03u", bytes[i]);
        } else {
            text_print(text, "%s%c", bytes[i] == '"' || bytes[i] == '\\' ? "\\" : "", bytes[i]);
        }
    }
    text_print(text, "\"");
}

static void dns_raw_print(struct text *text, const struct dns_record *record)
{
    struct reader r = reader_of(record->rdata.raw.bytes, record->rdata.raw.len);
    if (record->type == DNS_TXT && record->class == DNS_CLASS_IN) {
        for (const char *space = ""; reader_left(&r) > 0; space = " ") {
            struct reader string = reader_sub(&r, read_u8(&r));
            text_print(text, "%s", space);
            dns_string_print(text, string.p, reader_left(&string));
        }
        return;
    }
    text_print(text, "\\# %u%s", record->rdata.raw.len, reader_left(&r) > 0 ? " " : "");
    while (reader_left(&r) > 0) {
        text_print(text, "%02X", read_u8(&r)); /* RFC 3597 section 5 */
    }
}

static void dns_soa_print(struct text *text, const struct dns_soa *soa)
{
    dns_name_print_absolute(text, &soa->mname);
    text_print(text, " ");
    dns_name_print_absolute(text, &soa->rname);
    text_print(text, " %u %u %u %u %u", soa->serial, soa->refresh_s, soa->retry_s, soa->expire_s,
               soa->minimum_s);
}

void dns_rdata_print(struct text *text, const struct dns_record *record)
{
    const union dns_rdata *rdata = &record->rdata;
    char buffer[IP_TEXT_SIZE];
    switch (dns_rdata_kind(record)) {
    case DNS_A:
    case DNS_AAAA:
        text_print(text, "%s", ip_print(rdata->addr, buffer));
        break;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        dns_name_print_absolute(text, &rdata->name);
        break;
    case DNS_SOA:
        dns_soa_print(text, &rdata->soa);
        break;
    case DNS_MX:
        text_print(text, "%u ", rdata->mx.preference);
        dns_name_print_absolute(text, &rdata->mx.exchange);
        break;
    case DNS_SRV:
        text_print(text, "%u %u %u ", rdata->srv.priority, rdata->srv.weight, rdata->srv.port);
        dns_name_print_absolute(text, &rdata->srv.target);
        break;
    case DNS_CAA:
        text_print(text, "%u %.*s ", rdata->caa.flags, rdata->caa.tag_len,
                   (const char *)rdata->caa.bytes);
        dns_string_print(text, rdata->caa.bytes + rdata->caa.tag_len, rdata->caa.value_len);
        break;
    default:
        dns_raw_print(text, record);
    }
}

void dns_record_print(struct text *text, const struct dns_record *record)
{
    char type[DNS_TYPE_TEXT_SIZE];
    dns_name_print_absolute(text, &record->name);
    text_print(text, " %u ", record->ttl_s);
    if (record->class == DNS_CLASS_IN) {
        text_print(text, "IN");
    } else {
        text_print(text, "CLASS%u", record->class); /* RFC 3597 section 5 */
    }
    text_print(text, " %s ", dns_type_text(record->type, type));
    dns_rdata_print(text, record);
}
