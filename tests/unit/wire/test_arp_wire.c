/* ARP messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire_support.h"

static bool parse(const uint8_t *bytes, size_t len, struct arp_message *message)
{
    struct reader r = reader_of(bytes, len);
    return arp_parse(&r, message);
}

static void messages_round_trip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "arp", "round-trip");
    for (int i = 0; i < 1000; i++) {
        struct arp_message message, again;
        message.operation = prng_u16(&prng);
        message.sender_mac = prng_mac(&prng);
        message.sender_ip = prng_u32(&prng);
        message.target_mac = prng_mac(&prng);
        message.target_ip = prng_u32(&prng);
        uint8_t bytes[ARP_LEN];
        struct writer w = writer_of(bytes, sizeof bytes);
        arp_emit(&w, &message);
        assert_true(!w.failed && w.p == w.end);
        assert_true(parse(bytes, sizeof bytes, &again));
        assert_int_equal(again.operation, message.operation);
        assert_true(mac_equal(again.sender_mac, message.sender_mac));
        assert_true(mac_equal(again.target_mac, message.target_mac));
        assert_int_equal(again.sender_ip, message.sender_ip);
        assert_int_equal(again.target_ip, message.target_ip);
    }
}

static void expect_refused(struct bytes cut, void *context)
{
    (void)context;
    struct arp_message message;
    assert_false(parse(cut.p, cut.len, &message));
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for_each_truncation(FRAME_ARP_REPLY + ETHERNET_HEADER_LEN, ARP_LEN, expect_refused, NULL);
}

static void other_hardware_protocols_and_lengths_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) { /* the bytes of ar$hrd, ar$pro, ar$hln, ar$pln */
        uint8_t bytes[ARP_LEN];
        struct arp_message message;
        memcpy(bytes, FRAME_ARP_REPLY + ETHERNET_HEADER_LEN, sizeof bytes);
        assert_true(parse(bytes, sizeof bytes, &message));
        bytes[i] ^= 2;
        assert_false(parse(bytes, sizeof bytes, &message));
    }
}

static void a_reply_of_linux_is_read_and_written_as_linux_did(void **state)
{
    (void)state;
    const uint8_t *linux_bytes = FRAME_ARP_REPLY + ETHERNET_HEADER_LEN;
    struct arp_message message;
    uint8_t padded[ARP_LEN + 18] = {0};
    memcpy(padded, linux_bytes, ARP_LEN);
    assert_true(parse(padded, sizeof padded, &message)); /* link padding is no fault */
    assert_int_equal(message.operation, ARP_REPLY);
    assert_int_equal(message.sender_ip, 0xc0000202);
    assert_int_equal(message.target_ip, 0xc0000201);
    assert_int_equal(message.sender_mac.byte[5], 0x0b);
    uint8_t bytes[ARP_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    arp_emit(&w, &message);
    assert_memory_equal(bytes, linux_bytes, ARP_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_round_trip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(other_hardware_protocols_and_lengths_are_refused),
        cmocka_unit_test(a_reply_of_linux_is_read_and_written_as_linux_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
