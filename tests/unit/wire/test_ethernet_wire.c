/* The Ethernet header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_frames.h"
#include "wire/ethernet.h"
#include "wire_support.h"

static void headers_round_trip(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1, "ethernet", "round-trip");
    for (int i = 0; i < 1000; i++) {
        struct ethernet_header header, again;
        header.dst = prng_mac(&prng);
        header.src = prng_mac(&prng);
        header.type = prng_u16(&prng);
        uint8_t bytes[ETHERNET_HEADER_LEN];
        struct writer w = writer_of(bytes, sizeof bytes);
        ethernet_emit(&w, &header);
        assert_true(!w.failed && w.p == w.end);
        struct reader r = reader_of(bytes, sizeof bytes);
        assert_true(ethernet_parse(&r, &again) && reader_is_done(&r));
        assert_true(mac_equal(header.dst, again.dst) && mac_equal(header.src, again.src));
        assert_int_equal(header.type, again.type);
    }
}

static void expect_too_short(struct bytes cut, void *context)
{
    (void)context;
    struct reader r = reader_of(cut.p, cut.len);
    struct ethernet_header header;
    assert_false(ethernet_parse(&r, &header));
    assert_int_equal(header.type, 0);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for_each_truncation(FRAME_UDP, ETHERNET_HEADER_LEN, expect_too_short, NULL);
}

static void a_frame_of_linux_is_read_as_linux_meant_it(void **state)
{
    (void)state;
    struct reader r = reader_of(FRAME_ARP_REQUEST, sizeof FRAME_ARP_REQUEST);
    struct ethernet_header header;
    char text[MAC_TEXT_SIZE];
    assert_true(ethernet_parse(&r, &header));
    assert_true(mac_equal(header.dst, MAC_BROADCAST) && mac_is_group(header.dst));
    assert_string_equal(mac_print(header.src, text), "02:00:00:00:00:0a");
    assert_false(mac_is_group(header.src));
    assert_int_equal(header.type, ETHERTYPE_ARP);
    assert_int_equal(reader_left(&r), sizeof FRAME_ARP_REQUEST - ETHERNET_HEADER_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_round_trip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_frame_of_linux_is_read_as_linux_meant_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
