#include "dns/rrset_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

enum { LENGTH_LEN = 2 };

static bool dns_rrset_has(const struct dns_rrset *set, struct bytes rdata)
{
    struct reader r = dns_rrset_reader(set);
    while (reader_left(&r) > 0) {
        uint16_t len = read_u16(&r);
        const uint8_t *p = reader_take(&r, len);
        if (len == rdata.len && memcmp(p, rdata.p, len) == 0) {
            return true;
        }
    }
    return false;
}

static struct dns_rrset *dns_rrset_append(struct dns_rrset *set, const struct dns_record *record,
                                          struct bytes rdata)
{
    uint32_t old_len = set ? set->len : 0;
    bool is_first = !set;
    set = memory_resize(set, sizeof *set + old_len + LENGTH_LEN + rdata.len);
    if (is_first) {
        *set = (struct dns_rrset){.refs = 1, .ttl_s = record->ttl_s, .type = record->type};
    }
    struct writer w = writer_of(set->data + old_len, LENGTH_LEN + rdata.len);
    write_u16(&w, (uint16_t)rdata.len);
    write_copy(&w, rdata.p, rdata.len);
    set->len = old_len + LENGTH_LEN + (uint32_t)rdata.len;
    set->count++;
    set->ttl_s = record->ttl_s < set->ttl_s ? record->ttl_s : set->ttl_s;
    return set;
}

struct dns_rrset *dns_rrset_add(struct dns_rrset *set, const struct dns_record *record)
{
    CHECK(record->class == DNS_CLASS_IN && (!set || (set->refs == 1 && set->type == record->type)));
    uint8_t rdata[DNS_RDATA_WIRE_MAX];
    struct writer w = writer_of(rdata, sizeof rdata);
    dns_rdata_emit(&w, record);
    CHECK(!w.failed);
    size_t len = (size_t)(w.p - rdata);
    if (set && dns_rrset_has(set, (struct bytes){rdata, len})) {
        set->ttl_s = record->ttl_s < set->ttl_s ? record->ttl_s : set->ttl_s;
        return set;
    }
    return dns_rrset_append(set, record, (struct bytes){rdata, len});
}

struct dns_rrset *dns_rrset_collect(const struct dns_record *records, size_t count,
                                    const struct dns_name *name, uint16_t type)
{
    struct dns_rrset *set = NULL;
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == type && records[i].class == DNS_CLASS_IN &&
            dns_name_equal(&records[i].name, name)) {
            set = dns_rrset_add(set, &records[i]);
        }
    }
    return set;
}

struct dns_rrset *dns_rrset_get(struct dns_rrset *set)
{
    set->refs++;
    return set;
}

void dns_rrset_put(struct dns_rrset *set)
{
    if (set && --set->refs == 0) {
        free(set);
    }
}

struct reader dns_rrset_reader(const struct dns_rrset *set)
{
    return reader_of(set->data, set->len);
}

bool dns_rrset_next(struct reader *r, const struct dns_rrset *set, struct dns_record *record)
{
    if (reader_left(r) == 0) {
        return false;
    }
    record->type = set->type;
    record->class = DNS_CLASS_IN;
    record->ttl_s = set->ttl_s;
    struct reader rdata = reader_sub(r, read_u16(r));
    bool is_valid = dns_rdata_parse(&rdata, (struct bytes){0}, record);
    CHECK(is_valid); /* we wrote it */
    return true;
}

void dns_rrset_add_to(const struct dns_rrset *set, const struct dns_name *owner, uint32_t ttl_s,
                      struct dns_message *message, enum dns_section section)
{
    struct dns_record record = {.name = *owner};
    struct reader r = dns_rrset_reader(set);
    while (dns_rrset_next(&r, set, &record)) {
        record.ttl_s = ttl_s;
        if (!dns_add_record(message, section, &record)) {
            message->truncated = true;
            return;
        }
    }
}
