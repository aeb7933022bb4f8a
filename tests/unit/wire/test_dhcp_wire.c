/* DHCP messages on the wire: round trips, overload, split options, and everything cut or bent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "wire/dhcp.h"

enum { SNAME_AT = 44, FILE_AT = 108, COOKIE_AT = 236, OPTIONS_AT = 240 };

static const struct mac_addr MAC = {{0x02, 0, 0x5e, 0x10, 0, 1}};

static size_t emit(const struct dhcp_message *message, uint8_t bytes[DHCP_MAX_LEN])
{
    struct writer w = writer_of(bytes, DHCP_MAX_LEN);
    dhcp_emit(&w, message);
    assert_false(w.failed);
    return (size_t)(w.p - bytes);
}

static bool parse(const uint8_t *bytes, size_t len, struct dhcp_message *message)
{
    struct reader r = reader_of(bytes, len);
    return dhcp_parse(&r, message);
}

/* A message without options but those given, to bend by hand. Returns its length. */
static size_t message_with(uint8_t bytes[DHCP_MAX_LEN], const void *options, size_t len)
{
    emit(&(struct dhcp_message){.op = DHCP_BOOTREPLY, .xid = 7, .chaddr = MAC}, bytes);
    memcpy(bytes + OPTIONS_AT, options, len);
    return OPTIONS_AT + len;
}

static void fill_text(struct prng *prng, char text[DHCP_MAX_TEXT])
{
    size_t len = prng_below(prng, DHCP_MAX_TEXT);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)(' ' + prng_below(prng, 95));
    }
}

static void fill_addresses(struct prng *prng, uint32_t list[DHCP_MAX_ADDRESSES])
{
    size_t count = prng_below(prng, DHCP_MAX_ADDRESSES + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = prng_u32(prng) | 1;
    }
}

static void fill_message(struct prng *prng, struct dhcp_message *message)
{
    memset(message, 0, sizeof *message);
    message->op = (uint8_t)(1 + prng_below(prng, 2));
    message->hops = (uint8_t)prng_u16(prng);
    message->xid = prng_u32(prng);
    message->secs = prng_u16(prng);
    message->broadcast = prng_below(prng, 2) == 1;
    message->ciaddr = prng_u32(prng);
    message->yiaddr = prng_u32(prng);
    message->siaddr = prng_u32(prng);
    message->giaddr = prng_u32(prng);
    prng_fill(prng, message->chaddr.byte, sizeof message->chaddr.byte);
    message->type = (uint8_t)prng_below(prng, 9);
    message->subnet_mask = prng_u32(prng);
    fill_addresses(prng, message->routers);
    fill_addresses(prng, message->dns);
    message->requested_address = prng_u32(prng);
    message->server_id = prng_u32(prng);
    message->lease_time_s = prng_u32(prng);
    message->renewal_time_s = prng_u32(prng);
    message->rebinding_time_s = prng_u32(prng);
    fill_text(prng, message->host_name);
    fill_text(prng, message->domain_name);
    fill_text(prng, message->message);
    message->client_id_len = (uint8_t)(2 + prng_below(prng, DHCP_MAX_BLOB - 1));
    prng_fill(prng, message->client_id, message->client_id_len);
    message->parameter_list_len = (uint8_t)prng_below(prng, DHCP_MAX_BLOB + 1);
    prng_fill(prng, message->parameter_list, message->parameter_list_len);
}

static void what_is_emitted_parses_to_the_same(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "test", "round-trip");
    for (int i = 0; i < 2000; i++) {
        struct dhcp_message message, back;
        memset(&back, 0, sizeof back);
        fill_message(&prng, &message);
        uint8_t bytes[DHCP_MAX_LEN];
        size_t len = emit(&message, bytes);
        assert_true(len >= DHCP_MIN_LEN);
        assert_true(parse(bytes, len, &back));
        uint8_t again[DHCP_MAX_LEN];
        assert_int_equal(emit(&back, again), len);
        assert_memory_equal(bytes, again, len);
        assert_int_equal(back.xid, message.xid);
        assert_int_equal(back.type, message.type);
        assert_int_equal(back.secs, message.secs);
        assert_true(back.broadcast == message.broadcast);
        assert_memory_equal(back.routers, message.routers, sizeof back.routers);
        assert_memory_equal(back.dns, message.dns, sizeof back.dns);
        assert_string_equal(back.host_name, message.host_name);
        assert_string_equal(back.domain_name, message.domain_name);
        assert_string_equal(back.message, message.message);
        assert_int_equal(back.client_id_len, message.client_id_len);
        assert_memory_equal(back.client_id, message.client_id, message.client_id_len);
        assert_int_equal(back.parameter_list_len, message.parameter_list_len);
    }
}

static void a_discover_has_the_bytes_of_the_rfc(void **state)
{
    (void)state;
    struct dhcp_message message = {
        .op = DHCP_BOOTREQUEST,
        .xid = 0x3903f326,
        .secs = 4,
        .broadcast = true,
        .chaddr = MAC,
        .type = DHCP_DISCOVER,
        .parameter_list_len = 3,
        .parameter_list = {1, 3, 6},
    };
    uint8_t bytes[DHCP_MAX_LEN];
    assert_int_equal(emit(&message, bytes), DHCP_MIN_LEN);
    static const uint8_t HEAD[] = {1, 1, 6, 0, 0x39, 0x03, 0xf3, 0x26, 0, 4, 0x80, 0};
    static const uint8_t TAIL[] = {99, 130, 83, 99, 53, 1, 1, 55, 3, 1, 3, 6, 255, 0};
    assert_memory_equal(bytes, HEAD, sizeof HEAD);
    assert_memory_equal(bytes + 28, MAC.byte, 6);
    assert_memory_equal(bytes + COOKIE_AT, TAIL, sizeof TAIL);
}

static void every_truncation_of_the_fixed_part_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    emit(&(struct dhcp_message){.op = DHCP_BOOTREQUEST, .chaddr = MAC}, bytes);
    for (size_t len = 0; len < OPTIONS_AT; len++) {
        assert_false(parse(bytes, len, &message));
    }
    assert_true(parse(bytes, OPTIONS_AT, &message)); /* END may be missing */
}

static void an_option_cut_anywhere_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    static const uint8_t OPTION[] = {53, 1, 5, 3, 8, 10, 0, 0, 1, 10, 0, 0, 2};
    message_with(bytes, OPTION, sizeof OPTION);
    for (size_t len = 4; len < sizeof OPTION; len++) {
        assert_false(parse(bytes, OPTIONS_AT + len, &message));
    }
    assert_true(parse(bytes, OPTIONS_AT + sizeof OPTION, &message));
    assert_int_equal(message.type, DHCP_ACK);
    assert_int_equal(message.routers[1], 0x0a000002);
}

static void options_of_a_wrong_length_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t option[12];
        size_t len;
    } BAD[] = {
        {{53, 2, 1, 1}, 4},       {{1, 3, 255, 255, 255}, 5}, {{3, 5, 10, 0, 0, 1, 9}, 7},
        {{51, 2, 0, 1}, 4},       {{54, 8, 1, 2, 3, 4}, 10},  {{61, 1, 7}, 3},
        {{52, 2, 1, 1, 255}, 5},  {{52, 1, 0, 255}, 4},       {{52, 1, 4, 255}, 4},
        {{58, 3, 1, 1, 1, 0}, 6},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        uint8_t bytes[DHCP_MAX_LEN];
        struct dhcp_message message;
        size_t len = message_with(bytes, BAD[i].option, BAD[i].len);
        assert_false(parse(bytes, len, &message));
    }
}

static void other_hardware_cookies_and_ops_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } BAD[] = {{0, 0}, {0, 3}, {1, 6}, {2, 5}, {2, 16}, {COOKIE_AT, 98}, {COOKIE_AT + 3, 0}};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        uint8_t bytes[DHCP_MAX_LEN];
        struct dhcp_message message;
        size_t len = emit(&(struct dhcp_message){.op = DHCP_BOOTREQUEST, .chaddr = MAC}, bytes);
        assert_true(parse(bytes, len, &message));
        bytes[BAD[i].at] = BAD[i].value;
        assert_false(parse(bytes, len, &message));
    }
}

static void overloaded_fields_are_read_file_before_sname(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    static const uint8_t OPTIONS[] = {52, 1, 3, 53, 1, 2, 15, 2, 'a', 'b', 255};
    static const uint8_t FILE_OPTIONS[] = {0, 15, 2, 'c', 'd', 51, 4, 0, 0, 0, 60, 255};
    static const uint8_t SNAME_OPTIONS[] = {15, 1, 'e', 54, 4, 192, 0, 2, 1, 255};
    size_t len = message_with(bytes, OPTIONS, sizeof OPTIONS);
    memcpy(bytes + FILE_AT, FILE_OPTIONS, sizeof FILE_OPTIONS);
    memcpy(bytes + SNAME_AT, SNAME_OPTIONS, sizeof SNAME_OPTIONS);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.type, DHCP_OFFER);
    assert_int_equal(message.lease_time_s, 60);
    assert_int_equal(message.server_id, 0xc0000201);
    assert_string_equal(message.domain_name, "abcde"); /* RFC 3396: split over all three */

    bytes[OPTIONS_AT + 2] = 1; /* only `file` */
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.server_id, 0);
    assert_string_equal(message.domain_name, "abcd");

    bytes[FILE_AT + 2] = 200; /* an option that leaves its area */
    assert_false(parse(bytes, len, &message));
}

static void without_overload_sname_and_file_are_not_options(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    static const uint8_t OPTIONS[] = {53, 1, 2, 255};
    size_t len = message_with(bytes, OPTIONS, sizeof OPTIONS);
    memcpy(bytes + FILE_AT, "pxelinux.0", 10);
    memset(bytes + SNAME_AT, 54, 64);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.server_id, 0);
}

static void split_options_are_one_value(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    /* addresses split in the middle of one */
    static const uint8_t OPTIONS[] = {6, 6, 10, 0, 0, 1, 10, 0, 53, 1, 5, 6, 2, 0, 2, 255};
    size_t len = message_with(bytes, OPTIONS, sizeof OPTIONS);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.dns[0], 0x0a000001);
    assert_int_equal(message.dns[1], 0x0a000002);
    assert_int_equal(message.dns[2], 0);
}

static void what_is_longer_than_we_keep_is_cut_without_harm(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN], options[1100];
    struct dhcp_message message;
    memset(options, 'x', sizeof options);
    for (size_t i = 0; i < 4; i++) { /* 4 * 255 bytes of host name */
        options[i * 257] = DHCP_OPTION_HOST_NAME;
        options[i * 257 + 1] = 255;
    }
    size_t len = message_with(bytes, options, 4 * 257);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(strlen(message.host_name), DHCP_MAX_TEXT - 1);

    options[0] = DHCP_OPTION_CLIENT_ID; /* too long: the client is known by its MAC */
    options[1] = DHCP_MAX_BLOB + 1;
    len = message_with(bytes, options, DHCP_MAX_BLOB + 3);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.client_id_len, 0);

    options[0] = DHCP_OPTION_PARAMETER_LIST;
    len = message_with(bytes, options, DHCP_MAX_BLOB + 3);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.parameter_list_len, DHCP_MAX_BLOB);

    options[0] = DHCP_OPTION_ROUTER;
    options[1] = 24; /* six routers */
    len = message_with(bytes, options, 26);
    assert_true(parse(bytes, len, &message));
    assert_int_equal(message.routers[DHCP_MAX_ADDRESSES - 1], 0x78787878);
}

static void text_is_made_printable_and_loses_trailing_nuls(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MAX_LEN];
    struct dhcp_message message;
    static const uint8_t OPTIONS[] = {12, 6, 'p', 0x1b, 0xe9, '1', 0, 0, 255};
    size_t len = message_with(bytes, OPTIONS, sizeof OPTIONS);
    assert_true(parse(bytes, len, &message));
    assert_string_equal(message.host_name, "p??1");
}

static void a_writer_that_is_too_small_fails(void **state)
{
    (void)state;
    uint8_t bytes[DHCP_MIN_LEN - 1];
    struct writer w = writer_of(bytes, sizeof bytes);
    dhcp_emit(&w, &(struct dhcp_message){.op = DHCP_BOOTREQUEST, .chaddr = MAC});
    assert_true(w.failed);
}

static void types_have_the_names_of_the_rfc(void **state)
{
    (void)state;
    assert_string_equal(dhcp_type_text(DHCP_DISCOVER), "DISCOVER");
    assert_string_equal(dhcp_type_text(DHCP_INFORM), "INFORM");
    assert_string_equal(dhcp_type_text(9), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_emitted_parses_to_the_same),
        cmocka_unit_test(a_discover_has_the_bytes_of_the_rfc),
        cmocka_unit_test(every_truncation_of_the_fixed_part_is_refused),
        cmocka_unit_test(an_option_cut_anywhere_is_refused),
        cmocka_unit_test(options_of_a_wrong_length_are_refused),
        cmocka_unit_test(other_hardware_cookies_and_ops_are_refused),
        cmocka_unit_test(overloaded_fields_are_read_file_before_sname),
        cmocka_unit_test(without_overload_sname_and_file_are_not_options),
        cmocka_unit_test(split_options_are_one_value),
        cmocka_unit_test(what_is_longer_than_we_keep_is_cut_without_harm),
        cmocka_unit_test(text_is_made_printable_and_loses_trailing_nuls),
        cmocka_unit_test(a_writer_that_is_too_small_fails),
        cmocka_unit_test(types_have_the_names_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
