/* Traffic sources and sinks over the fake network. */
#include "service/traffic_sink.h"
#include "service/traffic_source.h"
#include "support/fake_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

struct pair {
    struct fake_net *net;
    struct sockets *from, *to;
    struct endpoint service;
    struct traffic_sink *sink;
};

static struct pair pair_new(void)
{
    struct pair pair = {.net = fake_net_new(1, 5 * MS)};
    pair.from = fake_host_new(pair.net, "from", "192.0.2.1");
    pair.to = fake_host_new(pair.net, "to", "192.0.2.2");
    pair.service = (struct endpoint){fake_host_address(pair.to), 9};
    return pair;
}

static void pair_free(struct pair *pair)
{
    if (pair->sink) {
        traffic_sink_free(pair->sink);
    }
    fake_net_run_for(pair->net, SECOND);
    fake_net_free(pair->net);
}

static void take_streams(struct pair *pair)
{
    assert_int_equal(traffic_sink_new_stream(pair->to, (struct endpoint){.port = 9}, &pair->sink),
                     STATUS_OK);
}

static void take_datagrams(struct pair *pair)
{
    assert_int_equal(
        traffic_sink_new_datagrams(pair->to, (struct endpoint){.port = 9}, &pair->sink), STATUS_OK);
}

static void a_stream_brings_exactly_its_bytes_and_closes(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_streams(&pair);
    struct traffic_stream_plan plan = {pair.service, 100 * MS, 1234567};
    struct traffic_source *source = traffic_source_new_stream(pair.from, &plan);
    fake_net_run(pair.net, 99 * MS);
    assert_int_equal(traffic_sink_count(pair.sink).streams, 0); /* it has not begun */
    fake_net_run_for(pair.net, 60 * SECOND);
    assert_true(traffic_source_is_done(source));
    assert_int_equal(traffic_source_error(source), STATUS_OK);
    assert_int_equal(traffic_source_count(source).bytes, 1234567);
    assert_int_equal(traffic_sink_count(pair.sink).bytes, 1234567);
    assert_int_equal(traffic_sink_count(pair.sink).streams, 1);
    traffic_source_free(source);
    pair_free(&pair);
}

static void an_endless_stream_goes_on_until_it_is_freed(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_streams(&pair);
    struct traffic_stream_plan plan = {pair.service, 0, TRAFFIC_ENDLESS};
    struct traffic_source *source = traffic_source_new_stream(pair.from, &plan);
    fake_net_run_for(pair.net, SECOND);
    uint64_t after_one = traffic_sink_count(pair.sink).bytes;
    fake_net_run_for(pair.net, SECOND);
    assert_true(after_one > 0);
    assert_true(traffic_sink_count(pair.sink).bytes > after_one);
    assert_false(traffic_source_is_done(source));
    traffic_source_free(source);
    pair_free(&pair);
}

static void a_stream_that_nobody_takes_says_why(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    struct traffic_stream_plan plan = {pair.service, 0, 1000};
    struct traffic_source *source = traffic_source_new_stream(pair.from, &plan);
    fake_net_run_for(pair.net, SECOND);
    assert_true(traffic_source_is_done(source));
    assert_int_equal(traffic_source_error(source), STATUS_REFUSED);
    assert_int_equal(traffic_source_count(source).bytes, 0);
    traffic_source_free(source);
    pair_free(&pair);
}

static void a_sink_that_goes_away_ends_the_stream(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_streams(&pair);
    struct traffic_stream_plan plan = {pair.service, 0, TRAFFIC_ENDLESS};
    struct traffic_source *source = traffic_source_new_stream(pair.from, &plan);
    fake_net_run_for(pair.net, SECOND);
    traffic_sink_free(pair.sink);
    pair.sink = NULL;
    fake_net_run_for(pair.net, SECOND);
    assert_true(traffic_source_is_done(source));
    assert_int_equal(traffic_source_error(source), STATUS_RESET);
    traffic_source_free(source);
    pair_free(&pair);
}

static void datagrams_keep_their_rate_and_stop_at_their_count(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_datagrams(&pair);
    struct traffic_datagram_plan plan = {pair.service, 10 * MS, 2 * MS, 100, 700};
    struct traffic_source *source = traffic_source_new_datagrams(pair.from, &plan);
    fake_net_run(pair.net, 10 * MS + 49 * 2 * MS + 1); /* the 50th has just left */
    assert_int_equal(traffic_source_count(source).datagrams, 50);
    fake_net_run_for(pair.net, SECOND);
    assert_true(traffic_source_is_done(source));
    assert_int_equal(traffic_sink_count(pair.sink).datagrams, 100);
    assert_int_equal(traffic_sink_count(pair.sink).bytes, 100 * 700);
    traffic_source_free(source);
    pair_free(&pair);
}

static void lost_datagrams_are_not_sent_again(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_datagrams(&pair);
    fake_net_drop_next(pair.net, 7);
    struct traffic_datagram_plan plan = {pair.service, 0, MS, 50, 10};
    struct traffic_source *source = traffic_source_new_datagrams(pair.from, &plan);
    fake_net_run_for(pair.net, SECOND);
    assert_int_equal(traffic_source_count(source).datagrams, 50);
    assert_int_equal(traffic_sink_count(pair.sink).datagrams, 43);
    traffic_source_free(source);
    pair_free(&pair);
}

static void a_port_is_for_one_sink(void **state)
{
    (void)state;
    struct pair pair = pair_new();
    take_streams(&pair);
    struct traffic_sink *second = NULL;
    assert_int_equal(traffic_sink_new_stream(pair.to, (struct endpoint){.port = 9}, &second),
                     STATUS_IN_USE);
    pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_brings_exactly_its_bytes_and_closes),
        cmocka_unit_test(an_endless_stream_goes_on_until_it_is_freed),
        cmocka_unit_test(a_stream_that_nobody_takes_says_why),
        cmocka_unit_test(a_sink_that_goes_away_ends_the_stream),
        cmocka_unit_test(datagrams_keep_their_rate_and_stop_at_their_count),
        cmocka_unit_test(lost_datagrams_are_not_sent_again),
        cmocka_unit_test(a_port_is_for_one_sink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
