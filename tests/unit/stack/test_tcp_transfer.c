/* Bytes through whole connections, under loss too. */
#include "stack/tcp_app.h"

#include "base/memory.h"

#include <stdlib.h>

enum { MEGABYTE = 1 << 20 };

/* Sends a megabyte each way at once, both closing after it; returns how long it took. */
static uint64_t exchange(const struct link_config *link)
{
    struct tcp_pair pair;
    uint8_t *up = memory_new(MEGABYTE);
    uint8_t *down = memory_new(MEGABYTE);
    fill_bytes(up, MEGABYTE, 1);
    fill_bytes(down, MEGABYTE, 2);
    tcp_pair_start(&pair, link, NULL);
    uint64_t start_ns = pair.net->env->now_ns;
    pair.client.shuts_down = true;
    pair.server.shuts_down = true;
    tcp_app_send(&pair.client, up, MEGABYTE);
    pair.server.out = down;
    pair.server.out_len = MEGABYTE;
    two_hosts_run(pair.net, 600 * SECOND);
    assert_true(pair.client.has_end && pair.server.has_end);
    assert_int_equal(pair.client.error, STATUS_OK);
    assert_int_equal(pair.server.in_len, MEGABYTE);
    assert_int_equal(pair.client.in_len, MEGABYTE);
    assert_memory_equal(pair.server.in, up, MEGABYTE);
    assert_memory_equal(pair.client.in, down, MEGABYTE);
    uint64_t last_ns =
        pair.client.last_ns > pair.server.last_ns ? pair.client.last_ns : pair.server.last_ns;
    assert_int_equal(tcp_state(pair.client.conn), TCP_CLOSED); /* and TIME-WAIT is over */
    assert_int_equal(tcp_state(pair.server.conn), TCP_CLOSED);
    tcp_pair_end(&pair);
    free(up);
    free(down);
    return last_ns - start_ns;
}

static void test_a_megabyte_each_way_at_once_arrives_exactly(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 100000000, .delay_ns = 5 * MS};
    uint64_t took_ns = exchange(&link);
    /* 1 MiB at 100 Mbit/s is 84 ms; slow start from 10 segments takes some round trips more. */
    assert_in_range(took_ns, 90 * MS, 250 * MS);
}

static void test_one_percent_of_loss_changes_no_byte(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 100000000, .delay_ns = 5 * MS, .loss_ppm = 10000};
    exchange(&link);
}

static void test_five_percent_of_loss_changes_no_byte(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 100000000, .delay_ns = 5 * MS, .loss_ppm = 50000};
    exchange(&link);
}

static void test_a_short_queue_in_front_of_a_slow_link_changes_no_byte(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 10000000, .delay_ns = 20 * MS, .queue_frames = 10};
    exchange(&link);
}

static void test_no_fault_of_a_link_changes_a_byte(void **state)
{
    (void)state;
    const struct link_config alone[] = {
        {.loss_ppm = 20000, .loss_burst_frames = 4},
        {.jitter_ns = 4 * MS},
        {.jitter_ns = 4 * MS, .reorder_ppm = 100000},
        {.reorder_ppm = 20000, .reorder_by_ns = 3 * MS},
        {.duplicate_ppm = 50000},
        {.corrupt_ppm = 10000, .corrupt_bits = 8},
        {.corrupt_silent_ppm = 10000},
    };
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        struct link_config link = alone[i];
        link.rate_bps = 100000000;
        link.delay_ns = 5 * MS;
        exchange(&link);
    }
}

static void test_all_faults_of_a_link_together_change_no_byte(void **state)
{
    (void)state;
    struct link_config link = {.rate_bps = 100000000,
                               .delay_ns = 5 * MS,
                               .loss_ppm = 10000,
                               .loss_burst_frames = 3,
                               .jitter_ns = 2 * MS,
                               .reorder_ppm = 10000,
                               .reorder_by_ns = 1 * MS,
                               .duplicate_ppm = 20000,
                               .corrupt_ppm = 5000,
                               .corrupt_silent_ppm = 5000};
    exchange(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_megabyte_each_way_at_once_arrives_exactly),
        cmocka_unit_test(test_one_percent_of_loss_changes_no_byte),
        cmocka_unit_test(test_five_percent_of_loss_changes_no_byte),
        cmocka_unit_test(test_a_short_queue_in_front_of_a_slow_link_changes_no_byte),
        cmocka_unit_test(test_no_fault_of_a_link_changes_a_byte),
        cmocka_unit_test(test_all_faults_of_a_link_together_change_no_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
