/* Messages: the header's twelve bytes, the question, and records in three sections (RFC 1035 4.1).
 *
 * Writing keeps a list of the places where names begin, and of every label inside them; a name that
 * ends like one of these ends with a pointer to it. The OPT record (RFC 6891) is a property of the
 * message, not a record of it: parsing takes it out, writing puts it last and keeps room for it. */
#include "wire/dns.h"

#include "base/check.h"
#include "wire/dns_internal.h"

enum {
    FLAG_QR = 0x8000,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_RA = 0x0080,
    OPT_LEN = 11, /* root, type, class, TTL, no options */
    POINTER_MAX = 0x3fff,
};

/* --- reading --- */

static void dns_flags_parse(uint16_t flags, struct dns_message *message)
{
    message->is_response = flags & FLAG_QR;
    message->opcode = flags >> 11 & 15;
    message->authoritative = flags & FLAG_AA;
    message->truncated = flags & FLAG_TC;
    message->recursion_desired = flags & FLAG_RD;
    message->recursion_available = flags & FLAG_RA;
    message->rcode = flags & 15; /* the Z bits (RFC 1035) and AD, CD (RFC 4035) are ignored */
}

static bool dns_question_parse(struct reader *r, struct bytes bytes, struct dns_message *message)
{
    struct dns_question *question = &message->question;
    dns_name_parse(r, bytes, &question->name);
    question->type = read_u16(r);
    question->class = read_u16(r);
    message->has_question = !r->failed;
    return message->has_question;
}

/* RFC 6891 6.1.2: the class is the payload size; the TTL holds the extended RCODE and version. */
static bool dns_opt_accept(struct dns_message *message, enum dns_section section,
                           const struct dns_record *record)
{
    /* RFC 6891 6.1.1: at most one, in the additional section, owned by the root */
    if (section != DNS_ADDITIONAL || message->has_edns || !dns_name_is_root(&record->name)) {
        return false;
    }
    message->has_edns = true;
    message->edns_udp_size = record->class;
    message->edns_rcode_high = (uint8_t)(record->ttl_s >> 24);
    message->edns_version = (uint8_t)(record->ttl_s >> 16);
    return true;
}

static bool dns_record_parse(struct reader *r, struct bytes bytes, struct dns_record *record)
{
    dns_name_parse(r, bytes, &record->name);
    record->type = read_u16(r);
    record->class = read_u16(r);
    record->ttl_s = read_u32(r);
    uint16_t len = read_u16(r);
    struct reader rdata = reader_sub(r, len);
    return !rdata.failed && dns_rdata_parse(&rdata, bytes, record);
}

static bool dns_section_parse(struct reader *r, struct bytes bytes, enum dns_section section,
                              uint16_t count, struct dns_message *message)
{
    size_t used = (size_t)message->count[DNS_ANSWER] + message->count[DNS_AUTHORITY] +
                  message->count[DNS_ADDITIONAL];
    for (uint16_t i = 0; i < count; i++) {
        if (used == DNS_MAX_RECORDS) {
            return false;
        }
        struct dns_record *record = &message->records[used];
        if (!dns_record_parse(r, bytes, record)) {
            return false;
        }
        if (record->type == DNS_OPT) {
            if (!dns_opt_accept(message, section, record)) {
                return false;
            }
        } else {
            /* RFC 2181 section 8: a TTL with the highest bit set means zero */
            record->ttl_s = record->ttl_s > INT32_MAX ? 0 : record->ttl_s;
            message->count[section]++;
            used++;
        }
    }
    return true;
}

bool dns_parse(struct reader *r, struct dns_message *message)
{
    struct bytes bytes = {r->p, reader_left(r)};
    *message = (struct dns_message){.records = message->records};
    message->id = read_u16(r);
    dns_flags_parse(read_u16(r), message);
    uint16_t questions = read_u16(r);
    uint16_t count[DNS_SECTIONS];
    for (int i = 0; i < DNS_SECTIONS; i++) {
        count[i] = read_u16(r);
    }
    if (r->failed || questions > 1 || (questions == 1 && !dns_question_parse(r, bytes, message))) {
        return false;
    }
    for (enum dns_section i = 0; i < DNS_SECTIONS; i++) {
        if (!dns_section_parse(r, bytes, i, count[i], message)) {
            return false;
        }
    }
    return reader_is_done(r);
}

/* --- writing: names --- */

static uint16_t dns_labels_hash(const uint8_t *labels, size_t len)
{
    uint32_t hash = 2166136261; /* FNV-1a; only to skip most comparisons */
    for (size_t i = 0; i < len; i++) {
        uint32_t c = labels[i];
        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)) * 16777619;
    }
    return (uint16_t)(hash >> 16 ^ hash);
}

/* True when the name at `offset` of what is written so far has exactly these labels. */
static bool dns_compressor_matches(const struct dns_compressor *compressor, const struct writer *w,
                                   size_t offset, const uint8_t *labels, size_t len)
{
    struct bytes written = {compressor->message, (size_t)(w->p - compressor->message)};
    struct reader r = reader_of(written.p + offset, written.len - offset);
    struct dns_name there;
    struct dns_name wanted = {.len = (uint8_t)len};
    memcpy(wanted.bytes, labels, len);
    return dns_name_parse(&r, written, &there) && dns_name_equal(&there, &wanted);
}

/* The offset of an earlier name with these labels, or 0. Otherwise remembers this place. */
static size_t dns_compressor_find(struct dns_compressor *compressor, const struct writer *w,
                                  const uint8_t *labels, size_t len)
{
    uint16_t hash = dns_labels_hash(labels, len);
    for (size_t i = 0; i < compressor->count; i++) {
        size_t offset = compressor->places[i].offset;
        if (compressor->places[i].hash == hash &&
            dns_compressor_matches(compressor, w, offset, labels, len)) {
            return offset;
        }
    }
    size_t here = (size_t)(w->p - compressor->message);
    if (here <= POINTER_MAX && compressor->count < DNS_COMPRESSOR_MAX) {
        compressor->places[compressor->count].offset = (uint16_t)here;
        compressor->places[compressor->count].hash = hash;
        compressor->count++;
    }
    return 0;
}

void dns_compressor_emit_name(struct dns_compressor *compressor, struct writer *w,
                              const struct dns_name *name)
{
    const uint8_t *label = name->bytes;
    const uint8_t *end = name->bytes + name->len;
    while (*label != 0 && !w->failed) {
        size_t offset = dns_compressor_find(compressor, w, label, (size_t)(end - label));
        if (offset != 0) {
            write_u16(w, (uint16_t)(0xc000 | offset));
            return;
        }
        write_copy(w, label, *label + 1u);
        label += *label + 1;
    }
    write_u8(w, 0);
}

/* --- writing: messages --- */

struct dns_emission {
    const struct dns_message *message;
    struct writer w; /* ends before the OPT record's place */
    struct dns_compressor names;
    uint16_t count[DNS_SECTIONS];
    bool truncated;
};

/* A state of the emission to go back to: after that no more names are written. */
struct dns_emission_mark {
    uint8_t *p;
    uint16_t count;
};

static struct dns_emission_mark dns_emission_mark(const struct dns_emission *e,
                                                  enum dns_section section)
{
    return (struct dns_emission_mark){e->w.p, e->count[section]};
}

static void dns_emission_go_back(struct dns_emission *e, enum dns_section section,
                                 const struct dns_emission_mark *mark)
{
    e->w.p = mark->p;
    e->w.failed = false;
    e->count[section] = mark->count;
}

static void dns_record_emit(struct dns_emission *e, const struct dns_record *record)
{
    struct writer *w = &e->w;
    dns_compressor_emit_name(&e->names, w, &record->name);
    write_u16(w, record->type);
    write_u16(w, record->class);
    write_u32(w, record->ttl_s);
    uint8_t *len_at = writer_take(w, 2);
    dns_rdata_emit_with(w, record, &e->names);
    if (!w->failed) {
        struct writer len = writer_of(len_at, 2);
        write_u16(&len, (uint16_t)(w->p - len_at - 2));
    }
}

static bool dns_record_is_of_set(const struct dns_record *record, const struct dns_record *before)
{
    return record->type == before->type && record->class == before->class &&
           dns_name_equal(&record->name, &before->name);
}

/* False when not all fitted: answers are cut between records, additional data between sets (RFC
 * 2181 section 9 and 5: a set is whole or absent). */
static bool dns_section_emit(struct dns_emission *e, enum dns_section section)
{
    size_t count;
    const struct dns_record *records = dns_section_records(e->message, section, &count);
    struct dns_emission_mark set = dns_emission_mark(e, section);
    for (size_t i = 0; i < count; i++) {
        struct dns_emission_mark before = dns_emission_mark(e, section);
        if (i == 0 || section != DNS_ADDITIONAL ||
            !dns_record_is_of_set(&records[i], &records[i - 1])) {
            set = before;
        }
        dns_record_emit(e, &records[i]);
        if (e->w.failed) {
            dns_emission_go_back(e, section, &set);
            return false;
        }
        e->count[section]++;
    }
    return true;
}

static void dns_emit_sections(struct dns_emission *e)
{
    for (enum dns_section section = 0; section < DNS_SECTIONS; section++) {
        if (!dns_section_emit(e, section)) {
            /* RFC 2181 section 9: missing extras are no truncation; but a referral needs its glue
             * (RFC 9471 section 3) */
            e->truncated |= section != DNS_ADDITIONAL || e->message->count[DNS_ANSWER] == 0;
            return;
        }
    }
}

static void dns_header_emit(uint8_t *header, const struct dns_emission *e)
{
    const struct dns_message *m = e->message;
    struct writer w = writer_of(header, DNS_HEADER_LEN);
    write_u16(&w, m->id);
    write_u16(&w, (uint16_t)((m->is_response ? FLAG_QR : 0) | (m->opcode & 15) << 11 |
                             (m->authoritative ? FLAG_AA : 0) | (e->truncated ? FLAG_TC : 0) |
                             (m->recursion_desired ? FLAG_RD : 0) |
                             (m->recursion_available ? FLAG_RA : 0) | (m->rcode & 15)));
    write_u16(&w, m->has_question);
    write_u16(&w, e->count[DNS_ANSWER]);
    write_u16(&w, e->count[DNS_AUTHORITY]);
    write_u16(&w, (uint16_t)(e->count[DNS_ADDITIONAL] + m->has_edns));
    CHECK(!w.failed);
}

static void dns_opt_emit(struct writer *w, const struct dns_message *message)
{
    write_u8(w, 0); /* RFC 6891 6.1.2: the root */
    write_u16(w, DNS_OPT);
    write_u16(w, message->edns_udp_size);
    write_u8(w, message->edns_rcode_high);
    write_u8(w, message->edns_version);
    write_u16(w, 0); /* DO and reserved */
    write_u16(w, 0); /* no options */
}

bool dns_emit(struct writer *w, const struct dns_message *message)
{
    struct dns_emission e = {.message = message, .w = *w, .truncated = message->truncated};
    e.names.message = w->p;
    e.names.count = 0;
    uint8_t *header = writer_take(&e.w, DNS_HEADER_LEN);
    if (message->has_question) {
        dns_compressor_emit_name(&e.names, &e.w, &message->question.name);
        write_u16(&e.w, message->question.type);
        write_u16(&e.w, message->question.class);
    }
    size_t opt_len = message->has_edns ? OPT_LEN : 0;
    if (writer_left(&e.w) < opt_len || e.w.failed) {
        w->failed = true;
        return false;
    }
    e.w.end -= opt_len;
    dns_emit_sections(&e);
    e.w.end += opt_len;
    if (message->has_edns) {
        dns_opt_emit(&e.w, message);
    }
    dns_header_emit(header, &e);
    *w = e.w;
    return e.truncated;
}

/* --- records of a message --- */

struct dns_record *dns_section_records(const struct dns_message *message, enum dns_section section,
                                       size_t *count)
{
    size_t first = 0;
    for (enum dns_section i = 0; i < section; i++) {
        first += message->count[i];
    }
    *count = message->count[section];
    return message->records ? message->records + first : NULL;
}

bool dns_add_record(struct dns_message *message, enum dns_section section,
                    const struct dns_record *record)
{
    size_t used = 0;
    for (enum dns_section i = 0; i < DNS_SECTIONS; i++) {
        CHECK(i <= section || message->count[i] == 0); /* in order */
        used += message->count[i];
    }
    if (used == DNS_MAX_RECORDS) {
        return false;
    }
    message->records[used] = *record;
    message->count[section]++;
    return true;
}

bool dns_question_equal(const struct dns_question *a, const struct dns_question *b)
{
    return a->type == b->type && a->class == b->class && dns_name_equal(&a->name, &b->name);
}
