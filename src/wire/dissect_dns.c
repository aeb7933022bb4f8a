/* DNS messages: the header, then questions and records field by field. */
#include "wire/dissect_internal.h"
#include "wire/dns.h"

static const struct dissect_protocol DNS = {"DNS", "message", 7, "application", 4, "application"};

/* Reading a message: `whole` is what names may point into. */
struct dns_cursor {
    struct reader r;
    struct bytes whole;
};

/* The names of a record's six fields in each section; field names are constant text. */
struct record_names {
    const char *name, *type, *class, *ttl, *rdlength, *rdata;
};
static const struct record_names RECORD_NAMES[DNS_SECTIONS] = {
    {"answer NAME", "answer TYPE", "answer CLASS", "answer TTL", "answer RDLENGTH", "answer RDATA"},
    {"authority NAME", "authority TYPE", "authority CLASS", "authority TTL", "authority RDLENGTH",
     "authority RDATA"},
    {"additional NAME", "additional TYPE", "additional CLASS", "additional TTL",
     "additional RDLENGTH", "additional RDATA"},
};

static const struct dissect_name OPCODES[] = {
    {0, "QUERY", "a standard query"},
    {1, "IQUERY", "obsolete (RFC 3425)"},
    {2, "STATUS", NULL},
    {4, "NOTIFY", "a zone has changed (RFC 1996)"},
    {5, "UPDATE", "a change to a zone (RFC 2136)"},
    {0, NULL, NULL},
};

static const struct dissect_name CLASSES[] = {
    {DNS_CLASS_IN, "IN", "the Internet"},
    {3, "CH", "Chaosnet"},
    {254, "NONE", NULL},
    {255, "ANY", NULL},
    {0, NULL, NULL},
};

static void add_bit(struct dissector *d, const char *name, uint16_t flags, unsigned bit,
                    const char *meaning)
{
    dissect_add(d, name, 1, meaning, "%u", flags >> bit & 1u);
}

/* RFC 1035 4.1.1; AD and CD are from RFC 4035 3.1.6 and 3.2.2. */
static void add_flags(struct dissector *d, uint16_t flags)
{
    bool is_response = flags >> 15;
    const struct dissect_name *opcode = dissect_find_name(OPCODES, flags >> 11 & 0xf);
    dissect_add(d, "QR", 1, NULL, is_response ? "1 (response)" : "0 (query)");
    dissect_add(d, "OPCODE", 4, opcode->meaning, "%u (%s)", flags >> 11 & 0xf, opcode->name);
    add_bit(d, "AA", flags, 10, "is it an answer from an authority for the name?");
    add_bit(d, "TC", flags, 9, "was it cut? then TCP has all of it");
    add_bit(d, "RD", flags, 8, "recursion desired: shall the server find the answer?");
    add_bit(d, "RA", flags, 7, "recursion available: would the server do so?");
    add_bit(d, "Z", flags, 6, "reserved");
    add_bit(d, "AD", flags, 5, "is the data authentic (DNSSEC)?");
    add_bit(d, "CD", flags, 4, "shall DNSSEC checking be left out?");
    dissect_add(d, "RCODE", 4, is_response ? "how it went" : "not used in queries", "%u (%s)",
                flags & 0xf, dns_rcode_text(flags & 0xf));
}

static void add_name(struct dissector *d, struct dns_cursor *c, const char *name)
{
    const uint8_t *start = c->r.p;
    struct dns_name value;
    if (!dns_name_parse(&c->r, c->whole, &value)) {
        return; /* the reader has failed with it */
    }
    char text[DNS_NAME_TEXT_SIZE];
    size_t len = (size_t)(c->r.p - start);
    dissect_add(d, name, (uint32_t)len * 8, len < value.len ? "partly a pointer backwards" : NULL,
                "%s", dns_name_print(&value, text));
}

static void add_type(struct dissector *d, const char *name, uint16_t type)
{
    char text[DNS_TYPE_TEXT_SIZE];
    dissect_add(d, name, 16, NULL, "%u (%s)", type, dns_type_text(type, text));
}

static void add_class(struct dissector *d, const char *name, uint16_t class)
{
    const struct dissect_name *known = dissect_find_name(CLASSES, class);
    dissect_add(d, name, 16, known->meaning, "%u (%s)", class, known->name);
}

static void add_question(struct dissector *d, struct dns_cursor *c)
{
    add_name(d, c, "QNAME");
    uint16_t type = read_u16(&c->r);
    uint16_t class = read_u16(&c->r);
    if (!c->r.failed) {
        add_type(d, "QTYPE", type);
        add_class(d, "QCLASS", class);
    }
}

/* RFC 6891 6.1.2: OPT uses the fields of a record for other things. */
static void add_opt(struct dissector *d, const struct record_names *names,
                    const struct dns_record *record, struct reader *rdata)
{
    dissect_add(d, names->class, 16, "the UDP payload size that the sender takes (EDNS)", "%u",
                record->class);
    dissect_add(d, names->ttl, 32, "extended RCODE, EDNS version, flags", "%u, %u, 0x%04x%s",
                record->ttl_s >> 24, record->ttl_s >> 16 & 0xff, record->ttl_s & 0xffff,
                record->ttl_s & 0x8000 ? " (DO)" : "");
    dissect_add(d, names->rdlength, 16, NULL, "%u", record->rdata_len);
    if (record->rdata_len > 0) {
        text_clear(&d->scratch);
        dissect_print_hex(&d->scratch, rdata);
        dissect_add(d, names->rdata, record->rdata_len * 8u, "EDNS options", "%s",
                    text_chars(&d->scratch));
    }
}

static void add_rdata(struct dissector *d, const struct dns_cursor *c,
                      const struct record_names *names, struct dns_record *record,
                      struct reader rdata)
{
    if (record->rdata_len == 0) {
        return;
    }
    struct reader again = rdata;
    text_clear(&d->scratch);
    if (dns_rdata_parse(&rdata, c->whole, record)) {
        dns_rdata_print(&d->scratch, record);
    } else {
        dissect_print_hex(&d->scratch, &again);
    }
    dissect_add(d, names->rdata, record->rdata_len * 8u, NULL, "%s", text_chars(&d->scratch));
}

static void add_record(struct dissector *d, struct dns_cursor *c, const struct record_names *names)
{
    struct dns_record record;
    add_name(d, c, names->name);
    record.type = read_u16(&c->r);
    record.class = read_u16(&c->r);
    record.ttl_s = read_u32(&c->r);
    record.rdata_len = read_u16(&c->r);
    struct reader rdata = reader_sub(&c->r, record.rdata_len);
    if (c->r.failed) {
        return;
    }
    add_type(d, names->type, record.type);
    if (record.type == DNS_OPT) {
        add_opt(d, names, &record, &rdata);
        return;
    }
    add_class(d, names->class, record.class);
    dissect_add(d, names->ttl, 32, "how long it may be kept", "%u s", record.ttl_s);
    dissect_add(d, names->rdlength, 16, NULL, "%u", record.rdata_len);
    add_rdata(d, c, names, &record, rdata);
}

static void add_header(struct dissector *d, struct reader *r, uint16_t counts[4])
{
    static const char *const names[4] = {"QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT"};
    static const char *const meanings[4] = {"questions", "answers", "records about authorities",
                                            "additional records"};
    dissect_add(d, "ID", 16, "question and answer share it", "0x%04x", read_u16(r));
    add_flags(d, read_u16(r));
    for (size_t i = 0; i < 4; i++) {
        counts[i] = read_u16(r);
        dissect_add(d, names[i], 16, meanings[i], "%u", counts[i]);
    }
}

/* The open layer's header ends behind the last field that could be read; what is left is payload.
 */
static void add_message(struct dissector *d, struct bytes message)
{
    struct dns_cursor c = {reader_of(message.p, message.len), message};
    uint16_t counts[4];
    add_header(d, &c.r, counts);
    for (unsigned i = 0; i < counts[0] && !c.r.failed; i++) {
        add_question(d, &c);
    }
    for (size_t section = 0; section < DNS_SECTIONS; section++) {
        for (unsigned i = 0; i < counts[1 + section] && !c.r.failed; i++) {
            add_record(d, &c, &RECORD_NAMES[section]);
        }
    }
    const uint8_t *end = d->frame + d->layer->offset + d->layer->header_len;
    struct bytes left = {end, (size_t)(message.p + message.len - end)};
    dissect_end(d, left, c.r.failed ? "the DNS message is malformed" : NULL);
}

void dissect_dns(struct dissector *d, struct bytes data)
{
    if (data.len < DNS_HEADER_LEN) {
        dissect_end(d, data, "shorter than a DNS header");
        return;
    }
    dissect_open(d, &DNS, data);
    add_message(d, data);
}

/* RFC 1035 4.2.2: over TCP a message follows its length. Only a segment that begins a message and
 * holds all of it can be opened; what follows it stays payload. */
void dissect_dns_over_tcp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    uint16_t len = read_u16(&r);
    if (len < DNS_HEADER_LEN || reader_left(&r) < len) {
        dissect_end(d, data, NULL);
        return;
    }
    dissect_open(d, &DNS, (struct bytes){data.p, 2 + (size_t)len});
    dissect_add(d, "length", 16, "of the message behind it (over TCP only)", "%u", len);
    add_message(d, (struct bytes){data.p + 2, len});
    size_t taken = 2 + (size_t)len;
    d->result->payload.len += data.len - taken; /* the next message, if any */
}
