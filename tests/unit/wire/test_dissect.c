/* Dissection: fields tile the headers whatever the bytes, and say what the bytes say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "made_frames.h"
#include "real_frames.h"
#include "wire/dissect.h"
#include "wire_support.h"

#include <dirent.h>
#include <stdio.h>

/* --- what holds for every dissection --- */

static void assert_value_is_printable(const struct dissect_field *field)
{
    assert_non_null(memchr(field->value, 0, sizeof field->value));
    assert_int_not_equal(field->value[0], 0);
    for (const char *p = field->value; *p; p++) {
        assert_in_range(*p, ' ', '~');
    }
}

static void assert_fields_tile(const struct dissect_layer *layer)
{
    uint32_t at = 0;
    assert_in_range(layer->n_fields, 1, DISSECT_MAX_FIELDS);
    for (size_t i = 0; i < layer->n_fields; i++) {
        const struct dissect_field *field = &layer->fields[i];
        assert_non_null(field->name);
        assert_int_equal(field->bit_offset, at);
        assert_int_not_equal(field->bit_len, 0);
        assert_value_is_printable(field);
        at += field->bit_len;
    }
    assert_int_equal(at, layer->header_len * 8);
}

static void assert_layers_tile(struct bytes frame, const struct dissection *d)
{
    uint32_t at = 0;
    for (size_t i = 0; i < d->n_layers; i++) {
        const struct dissect_layer *layer = &d->layers[i];
        assert_int_equal(layer->offset, at);
        assert_fields_tile(layer);
        assert_true(layer->header_len <= layer->len);
        assert_true(layer->offset + layer->len <= frame.len);
        at += layer->header_len;
    }
    assert_int_equal(d->payload_offset, at);
    assert_ptr_equal(d->payload.p, frame.p + at);
    assert_int_equal(at + d->payload.len + d->padding_len, frame.len);
}

static uint64_t field_bits(const uint8_t *header, const struct dissect_field *field)
{
    uint64_t value = 0;
    for (uint32_t bit = field->bit_offset; bit < field->bit_offset + field->bit_len; bit++) {
        value = value << 1 | (header[bit / 8] >> (7 - bit % 8) & 1u);
    }
    return value;
}

/* Whether the field is a number that the value begins with: not an address, a name, an option. */
static bool is_number(const struct dissect_field *field)
{
    static const char *const others[] = {"option", "padding", "NAME", "RDATA"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strstr(field->name, others[i])) {
            return false;
        }
    }
    return field->value[0] >= '0' && field->value[0] <= '9' && field->bit_len <= 32 &&
           !strpbrk(field->value, ".,");
}

/* The number that is shown is the one in the bytes. Returns whether it was one. */
static bool assert_number_is_in_the_bytes(const uint8_t *header, const struct dissect_field *field)
{
    if (!is_number(field)) {
        return false;
    }
    uint64_t unit = strcmp(field->name, "fragment offset") == 0 ? 8 : 1;
    uint64_t shown = strtoull(field->value, NULL, strncmp(field->value, "0x", 2) == 0 ? 16 : 10);
    assert_int_equal(shown, field_bits(header, field) * unit);
    return true;
}

static size_t assert_numbers_are_in_the_bytes(struct bytes frame, const struct dissection *d)
{
    size_t count = 0;
    for (size_t i = 0; i < d->n_layers; i++) {
        const struct dissect_layer *layer = &d->layers[i];
        for (size_t j = 0; j < layer->n_fields; j++) {
            count += assert_number_is_in_the_bytes(frame.p + layer->offset, &layer->fields[j]);
        }
    }
    return count;
}

/* Dissects a copy of exactly the frame's size, so that ASan sees who reads on. */
static size_t check_frame(struct bytes frame, struct dissection *d)
{
    uint8_t *exact = memory_copy(frame.p, frame.len > 0 ? frame.len : 1);
    struct bytes copy = {exact, frame.len};
    dissect_frame(copy, d);
    assert_layers_tile(copy, d);
    size_t numbers = assert_numbers_are_in_the_bytes(copy, d);
    free(exact);
    return numbers;
}

/* --- all frames --- */

static void whole_frames_open_without_error_and_tile(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "dissect", "whole");
    struct dissection *d = memory_new(sizeof *d);
    size_t numbers = 0;
    for (int i = 0; i < 2000; i++) {
        struct made frame = {0};
        make_frame(&prng, &frame);
        numbers += check_frame((struct bytes){frame.bytes, frame.len}, d);
        assert_null(d->error);
        for (size_t j = 0; j < d->n_layers; j++) {
            for (size_t k = 0; k < d->layers[j].n_fields; k++) {
                assert_null(strstr(d->layers[j].fields[k].value, "wrong"));
                assert_null(strstr(d->layers[j].fields[k].name, "malformed"));
            }
        }
    }
    assert_in_range(numbers, 20000, 1000000); /* the comparison with the bytes did happen */
    free(d);
}

static void damaged_frames_tile_too(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "dissect", "damaged");
    struct dissection *d = memory_new(sizeof *d);
    for (int i = 0; i < 20000; i++) {
        struct made frame = {0};
        make_frame(&prng, &frame);
        for (uint64_t n = prng_below(&prng, 4); n > 0; n--) {
            size_t at = ETHERNET_HEADER_LEN + prng_below(&prng, frame.len - ETHERNET_HEADER_LEN);
            frame.bytes[at] = (uint8_t)prng_u16(&prng);
        }
        if (prng_bool(&prng)) {
            frame.len = prng_below(&prng, frame.len + 1);
        }
        check_frame((struct bytes){frame.bytes, frame.len}, d);
    }
    free(d);
}

static void every_truncation_of_real_frames_tiles_and_tells(void **state)
{
    (void)state;
    struct dissection *d = memory_new(sizeof *d);
    for (size_t i = 0; i < N_REAL_FRAMES; i++) {
        const struct real_frame *frame = &REAL_FRAMES[i];
        check_frame((struct bytes){frame->bytes, frame->len}, d);
        assert_null(d->error);
        for (size_t len = 0; len < frame->len; len++) {
            check_frame((struct bytes){frame->bytes, len}, d);
            assert_non_null(d->error);
        }
    }
    free(d);
}

/* --- what single frames show --- */

static const struct dissect_layer *layer_of(const struct dissection *d, const char *protocol)
{
    for (size_t i = 0; i < d->n_layers; i++) {
        if (strcmp(d->layers[i].protocol, protocol) == 0) {
            return &d->layers[i];
        }
    }
    fail_msg("no layer %s", protocol);
    return NULL;
}

static const char *value_of(const struct dissection *d, const char *protocol, const char *name)
{
    const struct dissect_layer *layer = layer_of(d, protocol);
    for (size_t i = 0; i < layer->n_fields; i++) {
        if (strcmp(layer->fields[i].name, name) == 0) {
            return layer->fields[i].value;
        }
    }
    fail_msg("no field %s in %s", name, protocol);
    return NULL;
}

static void expect(const struct dissection *d, const char *protocol, const char *name,
                   const char *value)
{
    assert_string_equal(value_of(d, protocol, name), value);
}

static struct dissection *dissect(const uint8_t *bytes, size_t len)
{
    struct dissection *d = memory_new(sizeof *d);
    dissect_frame((struct bytes){bytes, len}, d);
    return d;
}

/* The expected values were read off tshark. */
static void a_syn_of_linux_shows_what_tshark_shows(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_TCP_SYN, sizeof FRAME_TCP_SYN);
    assert_null(d->error);
    assert_int_equal(d->n_layers, 3);
    assert_int_equal(d->payload.len, 0);
    expect(d, "Ethernet", "destination address", "02:00:00:00:00:0b");
    expect(d, "Ethernet", "type", "0x0800 (IPv4)");
    expect(d, "IPv4", "IHL", "5 (20 bytes)");
    expect(d, "IPv4", "total length", "60");
    expect(d, "IPv4", "flags", "DF");
    expect(d, "IPv4", "time to live", "64");
    expect(d, "IPv4", "protocol", "6 (TCP)");
    expect(d, "IPv4", "header checksum", "0x8d19 (right)");
    expect(d, "IPv4", "source address", "192.0.2.1");
    expect(d, "TCP", "source port", "46502");
    expect(d, "TCP", "destination port", "80 (HTTP)");
    expect(d, "TCP", "sequence number", "2044604329");
    expect(d, "TCP", "control bits", "SYN");
    expect(d, "TCP", "window", "64240");
    expect(d, "TCP", "checksum", "0x77fb (right)");
    expect(d, "TCP", "option: maximum segment size", "1460");
    expect(d, "TCP", "option: SACK permitted", "yes");
    expect(d, "TCP", "option: timestamps", "TSval 2430099638, TSecr 0");
    expect(d, "TCP", "option: window scale", "10 (windows count times 1024)");
    free(d);
}

static void layers_stand_where_the_models_put_them(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_DNS_QUERY, sizeof FRAME_DNS_QUERY);
    static const struct {
        const char *protocol, *unit;
        uint8_t osi, tcpip;
        uint32_t offset, header_len, len;
    } expected[] = {
        {"Ethernet", "frame", 2, 1, 0, 14, 94},
        {"IPv4", "packet", 3, 2, 14, 20, 80},
        {"UDP", "datagram", 4, 3, 34, 8, 60},
        {"DNS", "message", 7, 4, 42, 52, 52},
    };
    assert_int_equal(d->n_layers, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct dissect_layer *layer = &d->layers[i];
        assert_string_equal(layer->protocol, expected[i].protocol);
        assert_string_equal(layer->unit, expected[i].unit);
        assert_int_equal(layer->osi, expected[i].osi);
        assert_int_equal(layer->tcpip, expected[i].tcpip);
        assert_int_equal(layer->offset, expected[i].offset);
        assert_int_equal(layer->header_len, expected[i].header_len);
        assert_int_equal(layer->len, expected[i].len);
    }
    free(d);
}

static void a_dns_query_of_dig_shows_its_question_and_edns(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_DNS_QUERY, sizeof FRAME_DNS_QUERY);
    expect(d, "UDP", "destination port", "53 (DNS)");
    expect(d, "DNS", "ID", "0x181d");
    expect(d, "DNS", "QR", "0 (query)");
    expect(d, "DNS", "RD", "1");
    expect(d, "DNS", "QNAME", "www.example");
    expect(d, "DNS", "QTYPE", "1 (A)");
    expect(d, "DNS", "QCLASS", "1 (IN)");
    expect(d, "DNS", "additional TYPE", "41 (OPT)");
    expect(d, "DNS", "additional CLASS", "1232");
    free(d);
}

static void an_arp_request_shows_its_question(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_ARP_REQUEST, sizeof FRAME_ARP_REQUEST);
    expect(d, "ARP", "operation", "1 (request)");
    expect(d, "ARP", "sender hardware address", "02:00:00:00:00:0a");
    expect(d, "ARP", "target protocol address", "192.0.2.2");
    free(d);
}

static void an_icmp_error_carries_the_offender_as_payload(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_PORT_UNREACHABLE, sizeof FRAME_PORT_UNREACHABLE);
    expect(d, "ICMP", "type", "3 (destination unreachable)");
    expect(d, "ICMP", "code", "3 (port unreachable)");
    assert_int_equal(d->payload_offset, 42);
    assert_int_equal(d->payload.len, 30);
    assert_memory_equal(d->payload.p, FRAME_UDP + ETHERNET_HEADER_LEN, 1);
    free(d);
}

static void ip_options_show_what_they_hold(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_RECORD_ROUTE, sizeof FRAME_RECORD_ROUTE);
    expect(d, "IPv4", "option: no operation", "1 byte");
    const char *value = value_of(d, "IPv4", "option: record route");
    assert_memory_equal(value, "1 of 9 slots passed: 192.0.2.1, 0.0.0.0, ", 41);
    assert_string_equal(value + DISSECT_VALUE_SIZE - 4, "...");
    free(d);
    d = dissect(FRAME_TIMESTAMP_OPTION, sizeof FRAME_TIMESTAMP_OPTION);
    expect(d, "IPv4", "option: internet timestamp", "2 of 8 words filled: 192.0.2.1 29308796 ms");
    free(d);
}

static void an_impossible_pointer_of_an_ip_option_counts_nothing(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_RECORD_ROUTE];
    static const uint8_t impossible[] = {0, 3, 4, 41, 255}; /* 4: nothing filled yet */
    for (size_t i = 0; i < sizeof impossible; i++) {
        memcpy(bytes, FRAME_RECORD_ROUTE, sizeof bytes);
        bytes[37] = impossible[i];
        struct dissection *d = dissect(bytes, sizeof bytes);
        assert_memory_equal(value_of(d, "IPv4", "option: record route"), "0 of 9 slots passed", 19);
        free(d);
    }
}

static void http_stays_payload_for_the_caller(void **state)
{
    (void)state;
    struct dissection *d = dissect(FRAME_HTTP_GET, sizeof FRAME_HTTP_GET);
    assert_null(d->error);
    assert_int_equal(d->payload_offset, 66);
    assert_memory_equal(d->payload.p, "GET / HTTP/1.1\r\n", 16);
    expect(d, "TCP", "option: no operation", "2 bytes");
    free(d);
}

static void link_padding_is_told_apart(void **state)
{
    (void)state;
    uint8_t bytes[60] = {0};
    memcpy(bytes, FRAME_UDP, sizeof FRAME_UDP);
    struct dissection *d = dissect(bytes, sizeof bytes);
    assert_int_equal(d->padding_len, 60 - sizeof FRAME_UDP);
    assert_int_equal(d->payload.len, 2);
    assert_memory_equal(d->payload.p, "hi", 2);
    free(d);
}

static void what_udp_does_not_count_is_padding_too(void **state)
{
    (void)state;
    uint8_t bytes[60] = {0};
    memcpy(bytes, FRAME_UDP, sizeof FRAME_UDP);
    bytes[39] = 9; /* the UDP length: one byte of data, of two that IPv4 counts */
    struct dissection *d = dissect(bytes, sizeof bytes);
    assert_null(d->error);
    assert_int_equal(d->payload.len, 1);
    assert_int_equal(d->padding_len, 60 - sizeof FRAME_UDP + 1);
    assert_int_equal(layer_of(d, "UDP")->len, 9);
    bytes[39] = 11;
    dissect_frame((struct bytes){bytes, sizeof bytes}, d);
    assert_non_null(d->error);
    assert_int_equal(d->padding_len, 60 - sizeof FRAME_UDP);
    free(d);
}

static void a_length_instead_of_a_type_is_ieee_802_3(void **state)
{
    (void)state;
    uint8_t bytes[60] = {0x01, 0x80, 0xc2, [13] = 38, [14] = 0x42, 0x42, 0x03};
    struct dissection *d = dissect(bytes, sizeof bytes);
    expect(d, "Ethernet", "length", "38");
    assert_int_equal(d->payload.len, 38);
    assert_int_equal(d->padding_len, 8);
    bytes[13] = 47; /* one more than there is */
    dissect_frame((struct bytes){bytes, sizeof bytes}, d);
    assert_layers_tile((struct bytes){bytes, sizeof bytes}, d);
    assert_int_equal(d->payload.len, 46);
    free(d);
}

static void a_wrong_checksum_shows_the_right_one(void **state)
{
    (void)state;
    uint8_t bytes[sizeof FRAME_TCP_SYN];
    memcpy(bytes, FRAME_TCP_SYN, sizeof bytes);
    bytes[50] ^= 0xff; /* the checksums of IPv4 at 24 and of TCP at 50 */
    bytes[24] ^= 0x01;
    struct dissection *d = dissect(bytes, sizeof bytes);
    expect(d, "TCP", "checksum", "0x88fb (wrong: 0x77fb would be right)");
    expect(d, "IPv4", "header checksum", "0x8c19 (wrong: 0x8d19 would be right)");
    free(d);
}

/* A datagram whose data is this, from port 53 or 67. */
static struct dissection *dissect_datagram(uint16_t port, const void *data, size_t len)
{
    struct prng prng;
    prng_init(&prng, 1, "dissect", "datagram");
    static struct made frame;
    memcpy(frame.bytes + DATA_AT + UDP_HEADER_LEN, data, len);
    make_udp(&prng, &frame, port, len);
    struct dissection *d = dissect(frame.bytes, frame.len);
    assert_layers_tile((struct bytes){frame.bytes, frame.len}, d);
    return d;
}

static void more_records_than_fields_share_the_last_field(void **state)
{
    (void)state;
    uint8_t message[12 + 40 * 15] = {[2] = 0x80, [7] = 40};
    for (size_t i = 0; i < 40; i++) { /* . 0 IN A 9.9.9.9 */
        static const uint8_t record[15] = {0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 9, 9, 9, 9};
        memcpy(message + 12 + i * 15, record, 15);
    }
    struct dissection *d = dissect_datagram(DNS_PORT, message, sizeof message);
    const struct dissect_layer *layer = layer_of(d, "DNS");
    assert_null(d->error);
    assert_int_equal(layer->n_fields, DISSECT_MAX_FIELDS);
    assert_int_equal(layer->header_len, sizeof message);
    assert_string_equal(layer->fields[DISSECT_MAX_FIELDS - 1].name, "more fields");
    free(d);
}

static void a_cut_dns_message_shows_what_is_there(void **state)
{
    (void)state;
    static const uint8_t message[] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0};
    struct dissection *d = dissect_datagram(DNS_PORT, message, sizeof message);
    assert_string_equal(d->error, "the DNS message is malformed");
    expect(d, "DNS", "QNAME", "a");
    assert_int_equal(d->payload.len, 3);
    free(d);
}

static void a_name_that_points_at_itself_is_told(void **state)
{
    (void)state;
    static const uint8_t message[] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
    struct dissection *d = dissect_datagram(DNS_PORT, message, sizeof message);
    assert_string_equal(d->error, "the DNS message is malformed");
    assert_int_equal(layer_of(d, "DNS")->header_len, 12);
    assert_int_equal(d->payload.len, 6);
    free(d);
}

static void a_name_cannot_smuggle_control_characters(void **state)
{
    (void)state;
    uint8_t message[300] = {0};
    struct writer w = writer_of(message, sizeof message);
    dhcp_emit(&w, &(struct dhcp_message){.op = DHCP_BOOTREQUEST, .type = DHCP_DISCOVER});
    memcpy(message + 243, "\x0c\x05\x1b[2J\x07", 7);
    message[250] = DHCP_OPTION_END;
    struct dissection *d = dissect_datagram(DHCP_SERVER_PORT, message, sizeof message);
    expect(d, "DHCP", "option 12: host name", "?[2J?");
    free(d);
}

static void overloaded_dhcp_fields_open_as_options(void **state)
{
    (void)state;
    uint8_t message[300] = {0};
    struct writer w = writer_of(message, sizeof message);
    dhcp_emit(&w, &(struct dhcp_message){.op = DHCP_BOOTREPLY, .type = DHCP_ACK});
    memcpy(message + 243, "\x34\x01\x03\xff", 4);
    memcpy(message + 44, "\x0c\x02pc\xff", 5);
    memcpy(message + 108, "\x03\x04\xc0\x00\x02\x01\xff", 7);
    struct dissection *d = dissect_datagram(DHCP_SERVER_PORT, message, sizeof message);
    assert_null(d->error);
    expect(d, "DHCP", "option 12: host name", "pc");
    expect(d, "DHCP", "option 3: router", "192.0.2.1");
    expect(d, "DHCP", "option 52: overload", "3");
    free(d);
    message[245] = 1; /* only 'file' holds options */
    d = dissect_datagram(DHCP_SERVER_PORT, message, sizeof message);
    expect(d, "DHCP", "sname", "??pc?");
    expect(d, "DHCP", "option 3: router", "192.0.2.1");
    free(d);
}

static void dns_over_tcp_opens_when_the_segment_holds_all_of_it(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "dissect", "dns-tcp");
    struct made frame = {0};
    uint8_t *data = frame.bytes + DATA_AT + TCP_HEADER_LEN;
    size_t len = make_dns_message(&prng, data + 2);
    data[0] = (uint8_t)(len >> 8);
    data[1] = (uint8_t)len;
    memcpy(data + 2 + len, "\0\4half", 6); /* the next message, not all here */
    size_t body = 2 + len + 6;
    struct ipv4_header ip = make_ipv4(&prng, &frame, IP_PROTOCOL_TCP, TCP_HEADER_LEN + body);
    struct writer w = writer_of(frame.bytes + DATA_AT, TCP_HEADER_LEN);
    tcp_emit(&w, ip_v4(ip.src), ip_v4(ip.dst), &(struct tcp_header){.src_port = DNS_PORT},
             (struct bytes){data, body});
    struct dissection *d = dissect(frame.bytes, frame.len);
    assert_layers_tile((struct bytes){frame.bytes, frame.len}, d);
    assert_null(d->error);
    expect(d, "DNS", "QNAME", "shop.example");
    assert_int_equal(d->payload.len, 6);
    data[0]++;
    dissect_frame((struct bytes){frame.bytes, frame.len}, d);
    assert_int_equal(d->n_layers, 3);
    assert_int_equal(d->payload.len, body);
    free(d);
}

/* --- captures --- */

static uint32_t read_order(struct reader *r, bool is_big_endian)
{
    uint32_t value = read_u32(r);
    return is_big_endian ? value : __builtin_bswap32(value);
}

/* Checks every frame of a classic Ethernet capture; returns how many. */
static size_t check_capture(const uint8_t *bytes, size_t len, struct dissection *d)
{
    struct reader r = reader_of(bytes, len);
    uint32_t magic = read_u32(&r);
    bool is_big_endian = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d;
    reader_skip(&r, 16);
    bool is_ethernet = read_order(&r, is_big_endian) == 1; /* LINKTYPE_ETHERNET */
    if (!is_ethernet || (!is_big_endian && magic != 0xd4c3b2a1 && magic != 0x4d3cb2a1)) {
        return 0;
    }
    for (size_t count = 0;; count++) {
        reader_skip(&r, 8); /* the time */
        uint32_t captured = read_order(&r, is_big_endian);
        reader_skip(&r, 4); /* the length on the link */
        struct reader frame = reader_sub(&r, captured);
        if (frame.failed) {
            return count;
        }
        check_frame((struct bytes){frame.p, captured}, d);
    }
}

static size_t check_capture_file(const char *path, struct dissection *d)
{
    enum { MAX_FILE = 1 << 24 };
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = memory_new(MAX_FILE);
    size_t len = fread(bytes, 1, MAX_FILE, file);
    fclose(file);
    size_t frames = check_capture(bytes, len, d);
    free(bytes);
    return frames;
}

static void frames_of_public_captures_tile(void **state)
{
    (void)state;
    const char *root = getenv("ORRERY_SOURCE_ROOT");
    char folder[1024], path[2048];
    snprintf(folder, sizeof folder, "%s/../shared/testdata/captures", root ? root : ".");
    DIR *captures = opendir(folder);
    if (!captures) { /* cmocka's skip() prints "not ok", which TAP readers take for a failure */
        print_message("# skipped: no captures in %s\n", folder);
        return;
    }
    struct dissection *d = memory_new(sizeof *d);
    size_t frames = 0;
    for (struct dirent *entry; (entry = readdir(captures));) {
        if (strstr(entry->d_name, ".pcap")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            frames += check_capture_file(path, d);
        }
    }
    closedir(captures);
    free(d);
    print_message("# %zu frames of public captures\n", frames);
    assert_in_range(frames, 1000, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_frames_open_without_error_and_tile),
        cmocka_unit_test(damaged_frames_tile_too),
        cmocka_unit_test(every_truncation_of_real_frames_tiles_and_tells),
        cmocka_unit_test(a_syn_of_linux_shows_what_tshark_shows),
        cmocka_unit_test(layers_stand_where_the_models_put_them),
        cmocka_unit_test(a_dns_query_of_dig_shows_its_question_and_edns),
        cmocka_unit_test(an_arp_request_shows_its_question),
        cmocka_unit_test(an_icmp_error_carries_the_offender_as_payload),
        cmocka_unit_test(ip_options_show_what_they_hold),
        cmocka_unit_test(an_impossible_pointer_of_an_ip_option_counts_nothing),
        cmocka_unit_test(http_stays_payload_for_the_caller),
        cmocka_unit_test(link_padding_is_told_apart),
        cmocka_unit_test(what_udp_does_not_count_is_padding_too),
        cmocka_unit_test(a_length_instead_of_a_type_is_ieee_802_3),
        cmocka_unit_test(a_wrong_checksum_shows_the_right_one),
        cmocka_unit_test(more_records_than_fields_share_the_last_field),
        cmocka_unit_test(a_cut_dns_message_shows_what_is_there),
        cmocka_unit_test(a_name_that_points_at_itself_is_told),
        cmocka_unit_test(a_name_cannot_smuggle_control_characters),
        cmocka_unit_test(overloaded_dhcp_fields_open_as_options),
        cmocka_unit_test(dns_over_tcp_opens_when_the_segment_holds_all_of_it),
        cmocka_unit_test(frames_of_public_captures_tile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
