/* Closing connections: RFC 9293 3.6, half close, TIME-WAIT, and what is left unread. */
#include "stack/tcp_peer.h"

#include <string.h>

/* --- two whole stacks --- */

static void test_one_side_may_go_on_sending_after_the_other_has_closed(void **state)
{
    (void)state;
    struct tcp_pair pair;
    static uint8_t bytes[200000];
    fill_bytes(bytes, sizeof bytes, 1);
    tcp_pair_start(&pair, NULL, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_app_send(&pair.client, "get", 3);
    tcp_shutdown(pair.client.conn);
    two_hosts_run(pair.net, 50 * MS);
    assert_true(pair.server.has_end);
    assert_int_equal(tcp_state(pair.server.conn), TCP_CLOSE_WAIT);
    assert_int_equal(tcp_state(pair.client.conn), TCP_FIN_WAIT_2);
    assert_int_equal(tcp_send(pair.client.conn, "x", 1), -STATUS_CLOSED);
    tcp_app_send(&pair.server, bytes, sizeof bytes);
    two_hosts_run(pair.net, SECOND);
    assert_int_equal(pair.client.in_len, sizeof bytes);
    assert_memory_equal(pair.client.in, bytes, sizeof bytes);
    assert_false(pair.client.has_end);
    tcp_shutdown(pair.server.conn);
    two_hosts_run(pair.net, SECOND);
    assert_true(pair.client.has_end);
    assert_int_equal(tcp_state(pair.client.conn), TCP_TIME_WAIT);
    assert_int_equal(tcp_state(pair.server.conn), TCP_CLOSED);
    assert_int_equal(tcp_error(pair.server.conn), STATUS_OK);
    tcp_pair_end(&pair);
}

static void test_time_wait_lasts_a_minute_and_keeps_the_port(void **state)
{
    (void)state;
    struct link_config link = {.delay_ns = 10 * MS};
    struct tcp_pair pair;
    tcp_pair_start(&pair, &link, NULL);
    two_hosts_run(pair.net, 50 * MS);
    struct endpoint local = tcp_local(pair.client.conn);
    uint64_t start_ns = pair.net->env->now_ns;
    tcp_close(pair.client.conn);
    pair.client.conn = NULL;
    two_hosts_run(pair.net, 15 * MS);
    tcp_close(pair.server.conn);
    pair.server.conn = NULL;
    two_hosts_run(pair.net, 100 * SECOND);
    static const char *const STATES[] = {"SYN-SENT",   "ESTABLISHED", "FIN-WAIT-1",
                                         "FIN-WAIT-2", "TIME-WAIT",   "CLOSED"};
    const struct kept_event *event = NULL;
    for (size_t i = 0; i < 6; i++) {
        event = two_hosts_event(pair.net, &TCP_STATE_CHANGED, 1, i);
        assert_string_equal(event->state.to, STATES[i]);
    }
    /* FIN out at 0, ACK of it back at 20 ms, the other FIN (sent at 15 ms) at 25 ms */
    assert_int_equal(event->at_ns, start_ns + 25 * MS + 60 * SECOND);
    assert_string_equal(event->state.why, "2 MSL passed");
    assert_false(port_table_is_taken(pair.net->a->ports, IP_PROTOCOL_TCP, (uint16_t)local.port));
    tcp_pair_end(&pair);
}

static void test_both_may_close_at_once(void **state)
{
    (void)state;
    struct link_config link = {.delay_ns = 10 * MS};
    struct tcp_pair pair;
    tcp_pair_start(&pair, &link, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_shutdown(pair.client.conn);
    tcp_shutdown(pair.server.conn);
    two_hosts_run(pair.net, 10 * MS);
    assert_int_equal(tcp_state(pair.client.conn), TCP_CLOSING);
    assert_int_equal(tcp_state(pair.server.conn), TCP_CLOSING);
    two_hosts_run(pair.net, 10 * MS);
    assert_int_equal(tcp_state(pair.client.conn), TCP_TIME_WAIT);
    assert_int_equal(tcp_state(pair.server.conn), TCP_TIME_WAIT);
    tcp_pair_end(&pair);
}

static void test_closing_with_data_unread_resets(void **state)
{
    (void)state;
    struct tcp_pair pair;
    tcp_pair_start(&pair, NULL, NULL);
    pair.server.is_lazy = true;
    two_hosts_run(pair.net, 50 * MS);
    tcp_app_send(&pair.client, "unread", 6);
    two_hosts_run(pair.net, 50 * MS);
    tcp_close(pair.server.conn);
    pair.server.conn = NULL;
    two_hosts_run(pair.net, 50 * MS);
    assert_int_equal(pair.client.error, STATUS_RESET); /* RFC 2525 2.17 */
    tcp_pair_end(&pair);
}

static void test_data_for_somebody_who_has_closed_resets(void **state)
{
    (void)state;
    struct tcp_pair pair;
    tcp_pair_start(&pair, NULL, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_close(pair.server.conn);
    pair.server.conn = NULL;
    two_hosts_run(pair.net, 50 * MS);
    assert_true(pair.client.has_end);
    tcp_app_send(&pair.client, "anybody there?", 14);
    two_hosts_run(pair.net, 50 * MS);
    assert_int_equal(pair.client.error, STATUS_RESET);
    tcp_pair_end(&pair);
}

static void test_closing_delivers_what_was_written(void **state)
{
    (void)state;
    struct tcp_pair pair;
    static uint8_t bytes[60000];
    fill_bytes(bytes, sizeof bytes, 1);
    tcp_pair_start(&pair, NULL, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_app_send(&pair.client, bytes, sizeof bytes);
    assert_int_equal(pair.client.out_done, sizeof bytes);
    tcp_close(pair.client.conn);
    pair.client.conn = NULL;
    two_hosts_run(pair.net, SECOND);
    assert_int_equal(pair.server.in_len, sizeof bytes);
    assert_memory_equal(pair.server.in, bytes, sizeof bytes);
    assert_true(pair.server.has_end);
    tcp_pair_end(&pair);
}

static void test_abort_resets_at_once(void **state)
{
    (void)state;
    struct tcp_pair pair;
    tcp_pair_start(&pair, NULL, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_app_send(&pair.client, "last words", 10);
    tcp_abort(pair.client.conn);
    pair.client.conn = NULL;
    two_hosts_run(pair.net, 50 * MS);
    assert_int_equal(pair.server.in_len, 10); /* what had come is still read */
    assert_int_equal(pair.server.error, STATUS_RESET);
    tcp_pair_end(&pair);
}

static void test_closing_while_connecting_leaves_nothing(void **state)
{
    (void)state;
    struct tcp_pair pair;
    tcp_pair_start(&pair, NULL, NULL);
    tcp_close(pair.client.conn);
    pair.client.conn = NULL;
    two_hosts_run(pair.net, 100 * SECOND);
    assert_null(pair.server.conn); /* its SYN,ACK was answered with RST */
    assert_int_equal(two_hosts_drops(pair.net, &TCP_DROP_NO_CONNECTION), 1);
    tcp_pair_end(&pair);
}

static void test_shutdown_while_connecting_sends_fin_when_connected(void **state)
{
    (void)state;
    struct tcp_pair pair;
    tcp_pair_start(&pair, NULL, NULL);
    tcp_shutdown(pair.client.conn);
    two_hosts_run(pair.net, 100 * MS);
    assert_true(pair.server.has_end);
    assert_int_equal(tcp_state(pair.client.conn), TCP_FIN_WAIT_2);
    tcp_pair_end(&pair);
}

static void test_a_node_can_end_in_the_middle_of_everything(void **state)
{
    (void)state;
    struct tcp_pair pair;
    static uint8_t bytes[200000];
    tcp_pair_start(&pair, NULL, NULL);
    two_hosts_run(pair.net, 50 * MS);
    tcp_app_send(&pair.client, bytes, sizeof bytes);
    two_hosts_run(pair.net, 11 * MS);
    tcp_pair_end(&pair); /* data in flight, FIN queued, memory all back */
}

/* --- against a played peer --- */

static void test_a_fin_that_was_lost_is_sent_again(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    uint64_t first_ns = tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0)->at_ns;
    uint64_t second_ns = tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0)->at_ns;
    assert_int_equal(second_ns - first_ns, SECOND);
    tcp_peer_end(&peer);
}

static void test_in_time_wait_a_repeated_fin_is_answered_and_the_wait_starts_anew(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 2, 60000, "");
    tcp_peer_expect(&peer, TCP_ACK, 2, 2, 0);
    two_hosts_run(peer.net, 59 * SECOND);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 2, 60000, ""); /* our ACK was lost */
    tcp_peer_expect(&peer, TCP_ACK, 2, 2, 0);
    two_hosts_run(peer.net, 59 * SECOND);
    tcp_peer_send(&peer, TCP_ACK, 2, 2, 60000, "");
    tcp_peer_expect_silence(&peer, 100 * MS); /* it is still there */
    two_hosts_run(peer.net, SECOND);
    tcp_peer_send(&peer, TCP_ACK, 2, 2, 60000, "");
    tcp_peer_expect(&peer, TCP_RST, 2, 0, 0); /* and now it is gone */
    tcp_peer_end(&peer);
}

static void test_a_new_syn_may_replace_time_wait(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_connect(&peer, 60000);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 2, 60000, "");
    uint32_t old_nxt = tcp_peer_expect(&peer, TCP_ACK, 2, 2, 0)->header.seq;
    tcp_peer_send(&peer, TCP_SYN, (uint32_t)-5, 0, 60000, ""); /* an old duplicate */
    tcp_peer_expect(&peer, TCP_ACK, 2, 2, 0);
    peer.iss += 1000; /* a new one */
    tcp_peer_send(&peer, TCP_SYN, 0, 0, 60000, "");
    const struct peer_segment *answer = tcp_peer_expect(&peer, TCP_SYN | TCP_ACK, 0, 1, 0);
    assert_true((int32_t)(answer->header.seq - old_nxt) > 65535);
    tcp_peer_send(&peer, TCP_ACK, 1, 1, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_non_null(peer.app.conn);
    tcp_peer_end(&peer);
}

static void test_a_peer_that_never_closes_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 60000, "");
    two_hosts_run(peer.net, 61 * SECOND);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 2, 60000, "");
    tcp_peer_expect(&peer, TCP_RST, 2, 0, 0);
    tcp_peer_end(&peer);
}

static void test_nor_when_it_had_only_shut_down_before(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_shutdown(peer.app.conn);
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 1, 0);
    tcp_peer_send(&peer, TCP_ACK, 1, 2, 60000, "");
    two_hosts_run(peer.net, 1000 * SECOND);
    assert_int_equal(tcp_state(peer.app.conn), TCP_FIN_WAIT_2); /* somebody still reads */
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    two_hosts_run(peer.net, 61 * SECOND);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 2, 60000, "");
    tcp_peer_expect(&peer, TCP_RST, 2, 0, 0);
    tcp_peer_end(&peer);
}

static void test_nobody_probes_for_ever_for_somebody_who_has_closed(void **state)
{
    (void)state;
    struct tcp_peer peer;
    static uint8_t bytes[3000];
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 1000);
    tcp_app_send(&peer.app, bytes, sizeof bytes);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    tcp_peer_expect(&peer, TCP_ACK, 1, 1, 1000);
    tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    for (int i = 0; i < 8; i++) {
        tcp_peer_expect(&peer, TCP_ACK, 1001, 1, 1);
        tcp_peer_send(&peer, TCP_ACK, 1, 1001, 0, "");
    }
    tcp_peer_expect(&peer, TCP_ACK | TCP_RST, 1002, 1, 0);
    tcp_peer_end(&peer);
}

static void test_last_ack_ends_with_the_ack_of_our_fin_only(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 1, 60000, "");
    tcp_peer_expect(&peer, TCP_ACK, 1, 2, 0);
    assert_true(peer.app.has_end);
    tcp_app_send(&peer.app, "bye", 3);
    tcp_shutdown(peer.app.conn);
    tcp_peer_expect(&peer, TCP_ACK | TCP_PSH, 1, 2, 3);
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 4, 2, 0);
    tcp_peer_send(&peer, TCP_ACK, 2, 4, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(tcp_state(peer.app.conn), TCP_LAST_ACK);
    tcp_peer_send(&peer, TCP_ACK, 2, 5, 60000, "");
    two_hosts_run(peer.net, PEER_DELAY_NS);
    assert_int_equal(tcp_state(peer.app.conn), TCP_CLOSED);
    assert_int_equal(peer.app.error, STATUS_OK);
    assert_int_equal(tcp_receive(peer.app.conn, NULL, 0), 0);
    assert_int_equal(tcp_send(peer.app.conn, "x", 1), -STATUS_CLOSED);
    tcp_peer_end(&peer);
}

static void test_what_is_unread_is_told_even_in_last_ack(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    peer.app.is_lazy = true;
    tcp_peer_be_connected(&peer, 60000);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 1, 60000, "unread");
    tcp_peer_expect(&peer, TCP_ACK, 1, 8, 0);
    tcp_shutdown(peer.app.conn);
    tcp_peer_expect(&peer, TCP_ACK | TCP_FIN, 1, 8, 0);
    tcp_close(peer.app.conn);
    peer.app.conn = NULL;
    tcp_peer_expect(&peer, TCP_ACK | TCP_RST, 2, 8, 0);
    tcp_peer_end(&peer);
}

static void test_text_after_the_peers_fin_is_ignored(void **state)
{
    (void)state;
    struct tcp_peer peer;
    tcp_peer_start(&peer, NULL);
    tcp_peer_be_connected(&peer, 60000);
    tcp_peer_send(&peer, TCP_ACK | TCP_FIN, 1, 1, 60000, "all");
    tcp_peer_expect(&peer, TCP_ACK, 1, 5, 0);
    tcp_peer_send(&peer, TCP_ACK, 5, 1, 60000, "more");
    two_hosts_run(peer.net, SECOND);
    assert_int_equal(peer.app.in_len, 3);
    assert_int_equal(tcp_state(peer.app.conn), TCP_CLOSE_WAIT);
    tcp_peer_end(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_side_may_go_on_sending_after_the_other_has_closed),
        cmocka_unit_test(test_time_wait_lasts_a_minute_and_keeps_the_port),
        cmocka_unit_test(test_both_may_close_at_once),
        cmocka_unit_test(test_closing_with_data_unread_resets),
        cmocka_unit_test(test_data_for_somebody_who_has_closed_resets),
        cmocka_unit_test(test_closing_delivers_what_was_written),
        cmocka_unit_test(test_abort_resets_at_once),
        cmocka_unit_test(test_closing_while_connecting_leaves_nothing),
        cmocka_unit_test(test_shutdown_while_connecting_sends_fin_when_connected),
        cmocka_unit_test(test_a_node_can_end_in_the_middle_of_everything),
        cmocka_unit_test(test_a_fin_that_was_lost_is_sent_again),
        cmocka_unit_test(test_in_time_wait_a_repeated_fin_is_answered_and_the_wait_starts_anew),
        cmocka_unit_test(test_a_new_syn_may_replace_time_wait),
        cmocka_unit_test(test_a_peer_that_never_closes_is_not_waited_for_for_ever),
        cmocka_unit_test(test_nor_when_it_had_only_shut_down_before),
        cmocka_unit_test(test_nobody_probes_for_ever_for_somebody_who_has_closed),
        cmocka_unit_test(test_last_ack_ends_with_the_ack_of_our_fin_only),
        cmocka_unit_test(test_what_is_unread_is_told_even_in_last_ack),
        cmocka_unit_test(test_text_after_the_peers_fin_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
