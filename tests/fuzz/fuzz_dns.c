/* DNS messages: what parses can be printed, written with and without room, and read again. */
#include "fuzz.h"

#include "base/check.h"
#include "wire/dns.h"

static struct dns_record records[2][DNS_MAX_RECORDS];
static uint8_t wire[DNS_MESSAGE_MAX];

static size_t emit(const struct dns_message *message, size_t room)
{
    struct writer w = writer_of(wire, room);
    dns_emit(&w, message);
    return w.failed ? 0 : (size_t)(w.p - wire);
}

static void check_same(const struct dns_message *a, const struct dns_message *b)
{
    CHECK(a->id == b->id && a->rcode == b->rcode && a->opcode == b->opcode);
    CHECK(a->truncated == b->truncated && a->has_edns == b->has_edns);
    CHECK(a->has_question == b->has_question);
    CHECK(!a->has_question || dns_question_equal(&a->question, &b->question));
    size_t used = 0;
    for (int i = 0; i < DNS_SECTIONS; i++) {
        CHECK(a->count[i] == b->count[i]);
        used += a->count[i];
    }
    for (size_t i = 0; i < used; i++) {
        const struct dns_record *x = &a->records[i], *y = &b->records[i];
        CHECK(dns_name_equal(&x->name, &y->name) && x->type == y->type && x->class == y->class);
        CHECK(x->ttl_s == y->ttl_s);
    }
}

static void check_records(const struct dns_message *message)
{
    size_t count;
    const struct dns_record *record = dns_section_records(message, DNS_ANSWER, &count);
    for (size_t i = 0; i < count; i++) {
        struct text text = {0};
        dns_record_print(&text, &record[i]);
        CHECK(text.len > 0);
        text_fini(&text);
        uint8_t rdata[DNS_RDATA_WIRE_MAX];
        struct writer w = writer_of(rdata, sizeof rdata);
        dns_rdata_emit(&w, &record[i]);
        CHECK(!w.failed);
        struct dns_record copy = record[i];
        struct reader r = reader_of(rdata, (size_t)(w.p - rdata));
        CHECK(dns_rdata_parse(&r, (struct bytes){0}, &copy));
        CHECK(memcmp(&copy.rdata, &record[i].rdata, sizeof copy.rdata) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_message message = {.records = records[0]}, again = {.records = records[1]};
    struct reader r = reader_of(data, size);
    if (!dns_parse(&r, &message)) {
        return 0;
    }
    check_records(&message);
    size_t len = emit(&message, sizeof wire);
    CHECK(len > 0);
    r = reader_of(wire, len);
    CHECK(dns_parse(&r, &again));
    check_same(&message, &again);
    for (size_t room = len - 1; room > 0; room = room * 7 / 8) {
        len = emit(&message, room);
        r = reader_of(wire, len);
        CHECK(len == 0 || dns_parse(&r, &again));
        CHECK(len <= room);
    }
    return 0;
}
