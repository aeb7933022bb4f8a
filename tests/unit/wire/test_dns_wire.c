#include "base/prng.h"
#include "wire/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
    struct dns_record records[2][DNS_MAX_RECORDS];
    struct dns_message in, out; /* to emit, and as parsed */
    uint8_t wire[DNS_MESSAGE_MAX];
    size_t len;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    f->in.records = f->records[0];
    f->out.records = f->records[1];
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    test_free(*state);
    return 0;
}

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_true(dns_name_parse_text(text, &name));
    return name;
}

static struct dns_record record_of(const char *name, uint16_t type, uint32_t ttl_s)
{
    return (struct dns_record){
        .name = name_of(name), .type = type, .class = DNS_CLASS_IN, .ttl_s = ttl_s};
}

static void add_a(struct fixture *f, enum dns_section section, const char *name, uint32_t address)
{
    struct dns_record record = record_of(name, DNS_A, 300);
    record.rdata.addr = ip_v4(address);
    assert_true(dns_add_record(&f->in, section, &record));
}

static void add_name(struct fixture *f, enum dns_section section, const char *name, uint16_t type,
                     const char *target)
{
    struct dns_record record = record_of(name, type, 3600);
    record.rdata.name = name_of(target);
    assert_true(dns_add_record(&f->in, section, &record));
}

static void ask(struct fixture *f, const char *name, uint16_t type)
{
    f->in.has_question = true;
    f->in.question = (struct dns_question){name_of(name), type, DNS_CLASS_IN};
}

static void emit(struct fixture *f, size_t room)
{
    struct writer w = writer_of(f->wire, room);
    dns_emit(&w, &f->in);
    assert_false(w.failed);
    f->len = (size_t)(w.p - f->wire);
}

static bool parse(struct fixture *f, const void *wire, size_t len)
{
    /* memory of exactly that size, so that the sanitizer sees a read beyond it */
    uint8_t *copy = test_malloc(len + !len);
    memcpy(copy, wire, len);
    struct reader r = reader_of(copy, len);
    bool ok = dns_parse(&r, &f->out);
    test_free(copy);
    return ok;
}

static void assert_record_equal(const struct dns_record *a, const struct dns_record *b)
{
    assert_true(dns_name_equal(&a->name, &b->name));
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->ttl_s, b->ttl_s);
    assert_memory_equal(&a->rdata, &b->rdata, sizeof a->rdata);
}

static void assert_message_equal(const struct dns_message *a, const struct dns_message *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->is_response, b->is_response);
    assert_int_equal(a->opcode, b->opcode);
    assert_int_equal(a->authoritative, b->authoritative);
    assert_int_equal(a->truncated, b->truncated);
    assert_int_equal(a->recursion_desired, b->recursion_desired);
    assert_int_equal(a->recursion_available, b->recursion_available);
    assert_int_equal(a->rcode, b->rcode);
    assert_int_equal(a->has_edns, b->has_edns);
    assert_int_equal(a->edns_udp_size, b->edns_udp_size);
    assert_int_equal(a->edns_version, b->edns_version);
    assert_int_equal(a->edns_rcode_high, b->edns_rcode_high);
    assert_int_equal(a->has_question, b->has_question);
    if (a->has_question) {
        assert_memory_equal(&a->question, &b->question, sizeof a->question);
    }
    size_t used = 0;
    for (int i = 0; i < DNS_SECTIONS; i++) {
        assert_int_equal(a->count[i], b->count[i]);
        used += a->count[i];
    }
    for (size_t i = 0; i < used; i++) {
        assert_record_equal(&a->records[i], &b->records[i]);
    }
}

/* One record of each type that we know, and one that we do not. */
static void add_one_of_each(struct fixture *f)
{
    struct dns_record r;
    add_name(f, DNS_ANSWER, "www.shop.example", DNS_CNAME, "web.shop.example");
    add_a(f, DNS_ANSWER, "web.shop.example", 0xcb00710a);
    r = record_of("web.shop.example", DNS_AAAA, 1);
    assert_true(ip_parse("2001:db8::a", &r.rdata.addr));
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    r = record_of("shop.example", DNS_MX, 0);
    r.rdata.mx.preference = 10;
    r.rdata.mx.exchange = name_of("mail.shop.example");
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    r = record_of("shop.example", DNS_TXT, 60);
    assert_true(dns_record_set_text(&r, "v=spf1 \"-all\""));
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    r = record_of("_http._tcp.shop.example", DNS_SRV, 60);
    r.rdata.srv.priority = 1, r.rdata.srv.weight = 2, r.rdata.srv.port = 80;
    r.rdata.srv.target = name_of("web.shop.example");
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    r = record_of("shop.example", DNS_CAA, 60);
    r.rdata.caa.tag_len = 5, r.rdata.caa.value_len = 10;
    memcpy(r.rdata.caa.bytes, "issueca.example", 15);
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    r = record_of("shop.example", 99, 60);
    r.rdata.raw.len = 3;
    memcpy(r.rdata.raw.bytes, "\1\2\xff", 3);
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &r));
    add_name(f, DNS_ANSWER, "10.113.0.203.in-addr.arpa", DNS_PTR, "web.shop.example");
    r = record_of("shop.example", DNS_SOA, 3600);
    r.rdata.soa = (struct dns_soa){.mname = name_of("ns.shop.example"),
                                   .rname = name_of("admin.shop.example"),
                                   .serial = 1,
                                   .refresh_s = 7200,
                                   .retry_s = 900,
                                   .expire_s = 1209600,
                                   .minimum_s = 300};
    assert_true(dns_add_record(&f->in, DNS_AUTHORITY, &r));
    add_name(f, DNS_AUTHORITY, "shop.example", DNS_NS, "ns.shop.example");
    add_a(f, DNS_ADDITIONAL, "ns.shop.example", 0xcb007135);
}

static void set_header(struct fixture *f)
{
    f->in.id = 0xbeef;
    f->in.is_response = true;
    f->in.authoritative = true;
    f->in.recursion_desired = true;
    f->in.rcode = DNS_NXDOMAIN;
    f->in.has_edns = true;
    f->in.edns_udp_size = 1232;
    f->in.edns_version = 1;
    f->in.edns_rcode_high = 2;
}

static void a_query_is_these_bytes(void **state)
{
    struct fixture *f = *state;
    f->in.id = 0x1234;
    f->in.recursion_desired = true;
    ask(f, "www.shop.example", DNS_A);
    emit(f, DNS_UDP_MAX);
    static const uint8_t wire[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
                                  "\3www\4shop\7example\0\0\1\0\1";
    assert_int_equal(f->len, sizeof wire - 1);
    assert_memory_equal(f->wire, wire, f->len);
    assert_true(parse(f, wire, sizeof wire - 1));
    assert_message_equal(&f->in, &f->out);
}

static void every_type_survives_a_round_trip(void **state)
{
    struct fixture *f = *state;
    set_header(f);
    ask(f, "wWw.shop.example", DNS_A);
    add_one_of_each(f);
    emit(f, DNS_MESSAGE_MAX);
    assert_true(parse(f, f->wire, f->len));
    assert_message_equal(&f->in, &f->out);
}

static void names_are_compressed_except_in_srv(void **state)
{
    struct fixture *f = *state;
    ask(f, "www.shop.example", DNS_CNAME);                                  /* 12 + 18 + 4 */
    add_name(f, DNS_ANSWER, "www.shop.example", DNS_CNAME, "shop.EXAMPLE"); /* 2 + 10 + 2 */
    add_name(f, DNS_ANSWER, "a.example", DNS_PTR, "b.a.example");           /* 4 + 10 + (2 + 2) */
    struct dns_record srv = record_of("a.example", DNS_SRV, 60);            /* 2 + 10 + 6 + 11 */
    srv.rdata.srv.target = name_of("a.example");
    assert_true(dns_add_record(&f->in, DNS_ANSWER, &srv));
    emit(f, DNS_UDP_MAX);
    assert_int_equal(f->len, 34 + 14 + 18 + 29);
    assert_true(parse(f, f->wire, f->len));
    size_t count;
    struct dns_record *parsed = dns_section_records(&f->out, DNS_ANSWER, &count);
    assert_int_equal(count, 3);
    assert_true(dns_name_equal(&parsed[0].rdata.name, &f->in.records[0].rdata.name));
    assert_true(dns_name_equal(&parsed[1].rdata.name, &f->in.records[1].rdata.name));
}

static void every_truncation_is_malformed(void **state)
{
    struct fixture *f = *state;
    set_header(f);
    ask(f, "www.shop.example", DNS_A);
    add_one_of_each(f);
    emit(f, DNS_MESSAGE_MAX);
    for (size_t len = 0; len < f->len; len++) {
        assert_false(parse(f, f->wire, len));
        if (len >= DNS_HEADER_LEN) {
            assert_int_equal(f->out.id, 0xbeef);
        }
    }
    f->wire[f->len] = 0;
    assert_false(parse(f, f->wire, f->len + 1)); /* nor may anything follow */
}

/* A message of one answer with this type and data, owned by the root. */
static bool parse_rdata(struct fixture *f, uint16_t type, const char *data, size_t len)
{
    struct writer w = writer_of(f->wire, sizeof f->wire);
    write_copy(&w, "\0\0\x80\0\0\0\0\1\0\0\0\0", 12);
    write_u8(&w, 0);
    write_u16(&w, type);
    write_u16(&w, DNS_CLASS_IN);
    write_u32(&w, 60);
    write_u16(&w, (uint16_t)len);
    write_copy(&w, data, len);
    return parse(f, f->wire, (size_t)(w.p - f->wire));
}

static void data_of_the_wrong_length_is_malformed(void **state)
{
    struct fixture *f = *state;
    assert_true(parse_rdata(f, DNS_A, "abcd", 4));
    assert_false(parse_rdata(f, DNS_A, "abcde", 5));
    assert_false(parse_rdata(f, DNS_AAAA, "abcd", 4));
    assert_true(parse_rdata(f, DNS_NS, "\1a\0", 3));
    assert_false(parse_rdata(f, DNS_NS, "\1a\0x", 4));
    assert_true(parse_rdata(f, DNS_TXT, "\0", 1));
    assert_true(parse_rdata(f, DNS_TXT, "\1a\2bc", 5));
    assert_false(parse_rdata(f, DNS_TXT, "", 0));
    assert_false(parse_rdata(f, DNS_TXT, "\3ab", 3));
    assert_false(parse_rdata(f, DNS_CAA, "\0\0", 2));
    assert_false(parse_rdata(f, DNS_CAA, "\0\3ab", 4));
    assert_true(parse_rdata(f, DNS_CAA, "\0\2ab", 4));
    assert_true(parse_rdata(f, 99, "", 0));
    static char big[DNS_RAW_MAX + 1];
    assert_true(parse_rdata(f, 99, big, DNS_RAW_MAX));
    assert_false(parse_rdata(f, 99, big, DNS_RAW_MAX + 1));
}

static void two_questions_or_too_many_records_are_malformed(void **state)
{
    struct fixture *f = *state;
    static const uint8_t two[] = "\0\0\0\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1b\0\0\1\0\1";
    assert_false(parse(f, two, sizeof two - 1));
    struct writer w = writer_of(f->wire, sizeof f->wire);
    write_copy(&w, "\0\0\x80\0\0\0\0\0\0\0\0\0", 12);
    for (size_t n = 1; n <= DNS_MAX_RECORDS + 1; n++) {
        write_copy(&w, "\0\0\1\0\1\0\0\0\1\0\4abcd", 15);
        f->wire[7] = (uint8_t)n;
        assert_int_equal(parse(f, f->wire, (size_t)(w.p - f->wire)), n <= DNS_MAX_RECORDS);
    }
}

static void an_opt_record_is_the_messages_and_comes_once(void **state)
{
    struct fixture *f = *state;
    static const uint8_t good[] = "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\x29\x04\xd0\0\0\0\0\0\0";
    static const uint8_t twice[] =
        "\0\0\0\0\0\0\0\0\0\0\0\2\0\0\x29\x04\xd0\0\0\0\0\0\0\0\0\x29\x04\xd0\0\0\0\0\0\0";
    static const uint8_t named[] = "\0\0\0\0\0\0\0\0\0\0\0\1\1a\0\0\x29\x04\xd0\0\0\0\0\0\0";
    static const uint8_t in_answer[] = "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\x29\x04\xd0\0\0\0\0\0\0";
    assert_true(parse(f, good, sizeof good - 1));
    assert_true(f->out.has_edns);
    assert_int_equal(f->out.edns_udp_size, 1232);
    assert_int_equal(f->out.count[DNS_ADDITIONAL], 0);
    assert_false(parse(f, twice, sizeof twice - 1));
    assert_false(parse(f, named, sizeof named - 1));
    assert_false(parse(f, in_answer, sizeof in_answer - 1));
}

static void a_ttl_with_the_sign_bit_is_zero(void **state)
{
    struct fixture *f = *state;
    static const uint8_t wire[] = "\0\0\x80\0\0\0\0\1\0\0\0\0\0\0\1\0\1\x80\0\0\1\0\4abcd";
    assert_true(parse(f, wire, sizeof wire - 1));
    assert_int_equal(f->out.records[0].ttl_s, 0);
}

static void answers_that_do_not_fit_set_tc(void **state)
{
    struct fixture *f = *state;
    ask(f, "a.example", DNS_A);
    f->in.has_edns = true;
    for (uint32_t i = 0; i < 60; i++) {
        add_a(f, DNS_ANSWER, "a.example", i);
    }
    for (size_t room = 38; room < 2000; room++) { /* 12 + 11 + 4 + 11 */
        emit(f, room);
        assert_true(parse(f, f->wire, f->len));
        assert_true(f->out.has_edns);
        size_t fitting = (room - 38) / 16;
        assert_int_equal(f->out.count[DNS_ANSWER], fitting < 60 ? fitting : 60);
        assert_int_equal(f->out.truncated, fitting < 60);
    }
    struct writer w = writer_of(f->wire, 37);
    dns_emit(&w, &f->in);
    assert_true(w.failed);
}

static void extra_records_are_left_out_by_whole_sets_without_tc(void **state)
{
    struct fixture *f = *state;
    ask(f, "a.example", DNS_A);
    add_a(f, DNS_ANSWER, "a.example", 1);
    size_t whole[] = {43, 59, 59 + 20 + 16}; /* the answer, then one b, then two c */
    add_a(f, DNS_ADDITIONAL, "a.example", 2);
    add_a(f, DNS_ADDITIONAL, "ccc.example", 3);
    add_a(f, DNS_ADDITIONAL, "ccc.example", 4);
    for (size_t room = whole[0]; room <= whole[2]; room++) {
        emit(f, room);
        assert_true(parse(f, f->wire, f->len));
        assert_false(f->out.truncated);
        size_t count = room < whole[1] ? 0 : room < whole[2] ? 1 : 3;
        assert_int_equal(f->out.count[DNS_ADDITIONAL], count);
    }
}

static void a_referral_that_loses_glue_sets_tc(void **state)
{
    struct fixture *f = *state;
    ask(f, "www.shop.example", DNS_A);
    add_name(f, DNS_AUTHORITY, "shop.example", DNS_NS, "ns.shop.example");
    add_a(f, DNS_ADDITIONAL, "ns.shop.example", 1);
    emit(f, DNS_UDP_MAX);
    size_t whole = f->len;
    emit(f, whole - 1);
    assert_true(parse(f, f->wire, f->len));
    assert_true(f->out.truncated);
    assert_int_equal(f->out.count[DNS_AUTHORITY], 1);
    assert_int_equal(f->out.count[DNS_ADDITIONAL], 0);
}

/* Names from few labels, so that many share their ends. */
static struct dns_name random_name(struct prng *prng)
{
    static const char *const labels[] = {"a", "bb", "ccc", "WWW", "example", "x\\.y"};
    char text[100] = "";
    size_t count = (size_t)prng_below(prng, 6);
    for (size_t i = 0; i < count; i++) {
        strcat(text, labels[prng_below(prng, 6)]);
        strcat(text, ".");
    }
    return name_of(count == 0 ? "." : text);
}

static void add_random_record(struct fixture *f, enum dns_section section, struct prng *prng)
{
    static const uint16_t types[] = {DNS_A, DNS_NS, DNS_CNAME, DNS_MX, DNS_SOA, DNS_SRV, 4711};
    struct dns_record r = {.name = random_name(prng), .class = DNS_CLASS_IN};
    r.type = types[prng_below(prng, sizeof types / sizeof types[0])];
    r.ttl_s = prng_u32(prng) >> 1;
    if (r.type == DNS_A) {
        r.rdata.addr = ip_v4(prng_u32(prng));
    } else if (r.type == DNS_MX) {
        r.rdata.mx.preference = prng_u16(prng);
        r.rdata.mx.exchange = random_name(prng);
    } else if (r.type == DNS_SOA) {
        r.rdata.soa.mname = random_name(prng);
        r.rdata.soa.rname = random_name(prng);
        r.rdata.soa.serial = prng_u32(prng);
    } else if (r.type == DNS_SRV) {
        r.rdata.srv.target = random_name(prng);
    } else if (r.type == 4711) {
        r.rdata.raw.len = (uint16_t)prng_below(prng, 40);
        prng_fill(prng, r.rdata.raw.bytes, r.rdata.raw.len);
    } else {
        r.rdata.name = random_name(prng);
    }
    assert_true(dns_add_record(&f->in, section, &r));
}

/* Compression may change the case inside a name's data: compare what is left of it. */
static void fold_case(struct dns_message *message, size_t used)
{
    for (size_t i = 0; i < used; i++) {
        struct dns_record *r = &message->records[i];
        if (r->type == DNS_NS || r->type == DNS_CNAME) {
            r->rdata.name = dns_name_lower(&r->rdata.name);
        } else if (r->type == DNS_MX) {
            r->rdata.mx.exchange = dns_name_lower(&r->rdata.mx.exchange);
        } else if (r->type == DNS_SOA) {
            r->rdata.soa.mname = dns_name_lower(&r->rdata.soa.mname);
            r->rdata.soa.rname = dns_name_lower(&r->rdata.soa.rname);
        }
    }
}

static void random_messages_survive_a_round_trip(void **state)
{
    struct fixture *f = *state;
    struct prng prng;
    prng_init(&prng, 1, "test", "dns");
    for (int round = 0; round < 500; round++) {
        f->in = (struct dns_message){.records = f->records[0]};
        f->in.id = prng_u16(&prng);
        f->in.opcode = (uint8_t)prng_below(&prng, 16);
        f->in.rcode = (uint8_t)prng_below(&prng, 16);
        f->in.truncated = prng_below(&prng, 2);
        f->in.recursion_available = prng_below(&prng, 2);
        f->in.has_question = prng_below(&prng, 2);
        f->in.question = (struct dns_question){random_name(&prng), DNS_ANY, 255};
        size_t used = (size_t)prng_below(&prng, DNS_MAX_RECORDS + 1);
        size_t answers = (size_t)prng_below(&prng, used + 1);
        for (size_t i = 0; i < used; i++) {
            add_random_record(f, i < answers ? DNS_ANSWER : DNS_ADDITIONAL, &prng);
        }
        emit(f, DNS_MESSAGE_MAX);
        assert_true(parse(f, f->wire, f->len));
        fold_case(&f->in, used);
        fold_case(&f->out, used);
        assert_message_equal(&f->in, &f->out);
    }
}

static void damaged_messages_do_no_harm(void **state)
{
    struct fixture *f = *state;
    struct prng prng;
    prng_init(&prng, 2, "test", "dns");
    set_header(f);
    ask(f, "www.shop.example", DNS_A);
    add_one_of_each(f);
    emit(f, DNS_MESSAGE_MAX);
    size_t whole = f->len;
    uint8_t wire[1024];
    assert_true(whole <= sizeof wire);
    for (int round = 0; round < 20000; round++) {
        memcpy(wire, f->wire, whole);
        for (uint64_t flips = prng_below(&prng, 4) + 1; flips > 0; flips--) {
            uint64_t where = prng_below(&prng, whole);
            wire[where] = (uint8_t)prng_u32(&prng);
        }
        if (parse(f, wire, whole)) { /* then it can be said again */
            struct dns_message first = f->out;
            uint8_t again[DNS_MESSAGE_MAX];
            struct writer w = writer_of(again, sizeof again);
            dns_emit(&w, &first);
            assert_false(w.failed);
            assert_true(parse(f, again, (size_t)(w.p - again)));
        }
    }
}

static void rdata_stands_alone(void **state)
{
    struct fixture *f = *state;
    add_one_of_each(f);
    size_t used = (size_t)f->in.count[0] + f->in.count[1] + f->in.count[2];
    for (size_t i = 0; i < used; i++) {
        uint8_t wire[DNS_RDATA_WIRE_MAX];
        struct writer w = writer_of(wire, sizeof wire);
        dns_rdata_emit(&w, &f->in.records[i]);
        struct dns_record copy = f->in.records[i];
        memset(&copy.rdata, 0xaa, sizeof copy.rdata);
        struct reader r = reader_of(wire, (size_t)(w.p - wire));
        assert_true(dns_rdata_parse(&r, (struct bytes){0}, &copy));
        assert_record_equal(&copy, &f->in.records[i]);
    }
}

static void records_print_as_in_a_master_file(void **state)
{
    struct fixture *f = *state;
    static const char *const expected[] = {
        "www.shop.example. 3600 IN CNAME web.shop.example.",
        "web.shop.example. 300 IN A 203.0.113.10",
        "web.shop.example. 1 IN AAAA 2001:db8::a",
        "shop.example. 0 IN MX 10 mail.shop.example.",
        "shop.example. 60 IN TXT \"v=spf1 \\\"-all\\\"\"",
        "_http._tcp.shop.example. 60 IN SRV 1 2 80 web.shop.example.",
        "shop.example. 60 IN CAA 0 issue \"ca.example\"",
        "shop.example. 60 IN TYPE99 \\# 3 0102FF",
        "10.113.0.203.in-addr.arpa. 3600 IN PTR web.shop.example.",
        "shop.example. 3600 IN SOA ns.shop.example. admin.shop.example. 1 7200 900 1209600 300",
    };
    add_one_of_each(f);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct text text = {0};
        dns_record_print(&text, &f->in.records[i]);
        assert_string_equal(text_chars(&text), expected[i]);
        text_fini(&text);
    }
}

static void types_have_names(void **state)
{
    (void)state;
    char buffer[DNS_TYPE_TEXT_SIZE];
    uint16_t type = 0;
    assert_string_equal(dns_type_text(DNS_AAAA, buffer), "AAAA");
    assert_string_equal(dns_type_text(65535, buffer), "TYPE65535");
    assert_true(dns_type_parse("mx", &type));
    assert_int_equal(type, DNS_MX);
    assert_true(dns_type_parse("TYPE65535", &type));
    assert_int_equal(type, 65535);
    assert_false(dns_type_parse("TYPE65536", &type));
    assert_false(dns_type_parse("TYPE99999999999999", &type));
    assert_false(dns_type_parse("TYPE", &type));
    assert_false(dns_type_parse("TYPE1x", &type));
    assert_false(dns_type_parse("BOGUS", &type));
    assert_int_equal(type, 65535);
    assert_string_equal(dns_rcode_text(DNS_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(dns_rcode_text(15), "RCODE15");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_query_is_these_bytes),
        TEST(every_type_survives_a_round_trip),
        TEST(names_are_compressed_except_in_srv),
        TEST(every_truncation_is_malformed),
        TEST(data_of_the_wrong_length_is_malformed),
        TEST(two_questions_or_too_many_records_are_malformed),
        TEST(an_opt_record_is_the_messages_and_comes_once),
        TEST(a_ttl_with_the_sign_bit_is_zero),
        TEST(answers_that_do_not_fit_set_tc),
        TEST(extra_records_are_left_out_by_whole_sets_without_tc),
        TEST(a_referral_that_loses_glue_sets_tc),
        TEST(random_messages_survive_a_round_trip),
        TEST(damaged_messages_do_no_harm),
        TEST(rdata_stands_alone),
        TEST(records_print_as_in_a_master_file),
        TEST(types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
