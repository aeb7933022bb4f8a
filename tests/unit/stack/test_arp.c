#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/list.h"
#include "sim/sim.h"
#include "stack/link/arp.h"
#include "stack/stack_net.h"
#include "wire/arp.h"

#define SECOND UINT64_C(1000000000)

static const struct mac_addr PEER = {{0x02, 0, 0, 0, 0, 0x99}};
static const struct mac_addr OTHER = {{0x02, 0, 0, 0, 0, 0xaa}};

static void send_text(struct stack_bench *bench, const char *text, const char *next_hop)
{
    struct packet *packet = packet_new_copy(bench->env->packets, text, strlen(text));
    netif_send_ipv4(&bench->netif, packet, stack_addr(next_hop));
}

static void receive_arp(struct stack_bench *bench, uint16_t operation, struct mac_addr mac,
                        uint32_t sender, uint32_t target)
{
    struct arp_message message = {
        .operation = operation, .sender_mac = mac, .sender_ip = sender, .target_ip = target};
    uint8_t bytes[ARP_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    arp_emit(&w, &message);
    struct mac_addr dst = operation == ARP_REQUEST ? MAC_BROADCAST : bench->netif.mac;
    stack_bench_receive(bench, dst, mac, ETHERTYPE_ARP, bytes, sizeof bytes);
}

static void receive_reply(struct stack_bench *bench, struct mac_addr mac, const char *sender)
{
    receive_arp(bench, ARP_REPLY, mac, stack_addr(sender), stack_addr("10.0.0.1"));
}

/* Fails unless sent[i] is an ARP message; returns it and its Ethernet header. */
static struct arp_message sent_arp(const struct stack_bench *bench, size_t i,
                                   struct ethernet_header *ethernet)
{
    assert_true(i < bench->n_sent);
    struct reader r = packet_reader(bench->sent[i]);
    struct arp_message message;
    assert_true(ethernet_parse(&r, ethernet));
    assert_int_equal(ethernet->type, ETHERTYPE_ARP);
    assert_true(arp_parse(&r, &message));
    return message;
}

/* Fails unless sent[i] is an IPv4 frame to `dst` with this text. */
static void assert_sent_text(const struct stack_bench *bench, size_t i, struct mac_addr dst,
                             const char *text)
{
    assert_true(i < bench->n_sent);
    struct reader r = packet_reader(bench->sent[i]);
    struct ethernet_header ethernet;
    assert_true(ethernet_parse(&r, &ethernet));
    assert_int_equal(ethernet.type, ETHERTYPE_IPV4);
    assert_memory_equal(&ethernet.dst, &dst, sizeof dst);
    assert_int_equal(reader_left(&r), strlen(text));
    assert_memory_equal(r.p, text, strlen(text));
}

static void assert_known(const struct stack_bench *bench, const char *addr, struct mac_addr mac)
{
    struct mac_addr found;
    assert_true(arp_lookup(bench->netif.arp, stack_addr(addr), &found));
    assert_memory_equal(&found, &mac, sizeof mac);
}

static void assert_unknown(const struct stack_bench *bench, const char *addr)
{
    struct mac_addr found;
    assert_false(arp_lookup(bench->netif.arp, stack_addr(addr), &found));
}

static void unknown_neighbour_is_asked_for_by_broadcast(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    send_text(bench, "two", "10.0.0.2");
    assert_int_equal(bench->n_sent, 1); /* one question for both */
    struct ethernet_header ethernet;
    struct arp_message request = sent_arp(bench, 0, &ethernet);
    assert_memory_equal(&ethernet.dst, &MAC_BROADCAST, 6);
    assert_memory_equal(&ethernet.src, &bench->netif.mac, 6);
    assert_int_equal(request.operation, ARP_REQUEST);
    assert_memory_equal(&request.sender_mac, &bench->netif.mac, 6);
    assert_int_equal(request.sender_ip, stack_addr("10.0.0.1"));
    assert_memory_equal(&request.target_mac, &(struct mac_addr){0}, 6);
    assert_int_equal(request.target_ip, stack_addr("10.0.0.2"));
    stack_bench_free(bench);
}

static void reply_releases_the_waiting_packets_in_order(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    send_text(bench, "two", "10.0.0.2");
    receive_reply(bench, PEER, "10.0.0.2");
    assert_int_equal(bench->n_sent, 3);
    assert_sent_text(bench, 1, PEER, "one");
    assert_sent_text(bench, 2, PEER, "two");
    assert_known(bench, "10.0.0.2", PEER);
    send_text(bench, "three", "10.0.0.2"); /* needs no question now */
    assert_int_equal(bench->n_sent, 4);
    assert_sent_text(bench, 3, PEER, "three");
    sim_run(bench->env, 10 * SECOND, NULL);
    assert_int_equal(bench->n_sent, 4); /* and nothing is asked again */
    stack_bench_free(bench);
}

static void question_is_repeated_twice_then_packets_are_given_back(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    send_text(bench, "two", "10.0.0.2");
    sim_run(bench->env, SECOND - 1, NULL);
    assert_int_equal(bench->n_sent, 1);
    sim_run(bench->env, SECOND, NULL);
    assert_int_equal(bench->n_sent, 2);
    sim_run(bench->env, 3 * SECOND - 1, NULL);
    assert_int_equal(bench->n_sent, 3);
    assert_int_equal(bench->n_handed, 0);
    sim_run(bench->env, 3 * SECOND, NULL);
    assert_int_equal(bench->n_sent, ARP_MAX_TRIES);
    assert_int_equal(bench->n_handed, 2);
    assert_memory_equal(bench->handed[0]->data, "one", 3);
    assert_memory_equal(bench->handed[1]->data, "two", 3);
    sim_run(bench->env, 100 * SECOND, NULL);
    assert_int_equal(bench->n_sent, ARP_MAX_TRIES);

    send_text(bench, "three", "10.0.0.2"); /* starts anew */
    assert_int_equal(bench->n_sent, ARP_MAX_TRIES + 1);
    stack_bench_free(bench);
}

static void without_a_network_unresolved_packets_are_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    bench->netif.on_unresolved = NULL;
    send_text(bench, "one", "10.0.0.2");
    sim_run(bench->env, 3 * SECOND, NULL);
    assert_int_equal(stack_bench_drops(bench, &ARP_DROP_UNRESOLVED), 1);
    assert_int_equal(bench->netif.counts.drops, 1);
    stack_bench_free(bench);
}

static void full_queue_loses_its_oldest_packets(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    char text[] = " ";
    for (int i = 0; i < ARP_MAX_WAITING + 5; i++) {
        text[0] = (char)(' ' + i);
        send_text(bench, text, "10.0.0.2");
    }
    assert_int_equal(stack_bench_drops(bench, &ARP_DROP_QUEUE_FULL), 5);
    assert_int_equal(bench->netif.counts.drops, 5);
    receive_reply(bench, PEER, "10.0.0.2");
    assert_int_equal(bench->n_sent, 1 + ARP_MAX_WAITING);
    assert_sent_text(bench, 1, PEER, "%"); /* ' ' + 5 */
    text[0] = ' ' + ARP_MAX_WAITING + 4;
    assert_sent_text(bench, ARP_MAX_WAITING, PEER, text);
    stack_bench_free(bench);
}

static void question_for_our_address_is_answered_and_teaches_the_asker(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    receive_arp(bench, ARP_REQUEST, PEER, stack_addr("10.0.0.2"), stack_addr("10.0.0.1"));
    struct ethernet_header ethernet;
    struct arp_message reply = sent_arp(bench, 0, &ethernet);
    assert_int_equal(bench->n_sent, 1);
    assert_memory_equal(&ethernet.dst, &PEER, 6);
    assert_int_equal(reply.operation, ARP_REPLY);
    assert_memory_equal(&reply.sender_mac, &bench->netif.mac, 6);
    assert_int_equal(reply.sender_ip, stack_addr("10.0.0.1"));
    assert_memory_equal(&reply.target_mac, &PEER, 6);
    assert_int_equal(reply.target_ip, stack_addr("10.0.0.2"));
    assert_known(bench, "10.0.0.2", PEER);
    stack_bench_free(bench);
}

static void question_for_our_second_address_is_answered(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    struct ip_prefix second;
    assert_true(ip_prefix_parse("10.9.0.1/16", &second));
    assert_true(netif_add_address(&bench->netif, second));
    receive_arp(bench, ARP_REQUEST, PEER, stack_addr("10.9.0.2"), stack_addr("10.9.0.1"));
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 0, &ethernet).sender_ip, stack_addr("10.9.0.1"));
    send_text(bench, "x", "10.9.0.3"); /* asks from the address of that subnet */
    assert_int_equal(sent_arp(bench, 1, &ethernet).sender_ip, stack_addr("10.9.0.1"));
    stack_bench_free(bench);
}

static void question_for_another_is_neither_answered_nor_learnt_from(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    receive_arp(bench, ARP_REQUEST, PEER, stack_addr("10.0.0.2"), stack_addr("10.0.0.3"));
    assert_int_equal(bench->n_sent, 0);
    assert_unknown(bench, "10.0.0.2");
    assert_int_equal(bench->netif.counts.drops, 0); /* it is no fault */
    stack_bench_free(bench);
}

static void any_message_updates_a_known_neighbour(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    receive_arp(bench, ARP_REQUEST, PEER, stack_addr("10.0.0.2"), stack_addr("10.0.0.1"));
    /* gratuitous: it asks for its own address, from a new MAC (RFC 5227 3) */
    receive_arp(bench, ARP_REQUEST, OTHER, stack_addr("10.0.0.2"), stack_addr("10.0.0.2"));
    assert_known(bench, "10.0.0.2", OTHER);
    stack_bench_free(bench);
}

static void question_from_whom_we_ask_for_answers_our_question(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    receive_arp(bench, ARP_REQUEST, PEER, stack_addr("10.0.0.2"), stack_addr("10.0.0.1"));
    assert_int_equal(bench->n_sent, 3); /* our question, the packet, our answer */
    assert_sent_text(bench, 1, PEER, "one");
    sim_run(bench->env, 10 * SECOND, NULL);
    assert_int_equal(bench->n_sent, 3);
    stack_bench_free(bench);
}

static void probe_is_answered_but_teaches_nothing(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    receive_arp(bench, ARP_REQUEST, PEER, IPV4_ANY, stack_addr("10.0.0.1"));
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 0, &ethernet).operation, ARP_REPLY);
    assert_memory_equal(&ethernet.dst, &PEER, 6);
    assert_unknown(bench, "0.0.0.0");
    stack_bench_free(bench);
}

static void impossible_senders_are_refused(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    uint32_t us = stack_addr("10.0.0.1");
    uint32_t peer = stack_addr("10.0.0.2");
    const struct mac_addr group = {{0x01, 0, 0x5e, 0, 0, 1}};
    const uint32_t senders[] = {stack_addr("10.0.0.255"), IPV4_BROADCAST, stack_addr("224.0.0.1"),
                                IPV4_LOOPBACK};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
        receive_arp(bench, ARP_REQUEST, PEER, senders[i], us);
    }
    struct arp_message message = {
        .operation = ARP_REPLY, .sender_mac = group, .sender_ip = peer, .target_ip = us};
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[ARP_LEN];
        struct writer w = writer_of(bytes, sizeof bytes);
        arp_emit(&w, &message);
        stack_bench_receive(bench, bench->netif.mac, PEER, ETHERTYPE_ARP, bytes, sizeof bytes);
        message.sender_mac = (struct mac_addr){0};
    }
    assert_int_equal(stack_bench_drops(bench, &ARP_DROP_BAD_SENDER), 6);
    assert_int_equal(bench->netif.counts.drops, 6);
    assert_int_equal(bench->n_sent, 0);
    assert_unknown(bench, "10.0.0.2");
    stack_bench_free(bench);
}

static void another_with_our_address_is_not_learnt_but_answered(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    uint32_t us = stack_addr("10.0.0.1");
    receive_arp(bench, ARP_REQUEST, PEER, us, us);
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 0, &ethernet).sender_ip, us);
    assert_unknown(bench, "10.0.0.1");
    stack_bench_free(bench);
}

static void malformed_messages_are_dropped(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    struct arp_message message = {.operation = ARP_REQUEST,
                                  .sender_mac = PEER,
                                  .sender_ip = stack_addr("10.0.0.2"),
                                  .target_ip = stack_addr("10.0.0.1")};
    uint8_t bytes[ARP_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    arp_emit(&w, &message);
    for (size_t len = 0; len < ARP_LEN; len++) {
        stack_bench_receive(bench, MAC_BROADCAST, PEER, ETHERTYPE_ARP, bytes, len);
    }
    receive_arp(bench, 3, PEER, stack_addr("10.0.0.2"), stack_addr("10.0.0.1")); /* RARP's */
    assert_int_equal(stack_bench_drops(bench, &ARP_DROP_MALFORMED), ARP_LEN + 1);
    assert_int_equal(bench->netif.counts.drops, ARP_LEN + 1);
    assert_int_equal(bench->n_sent, 0);
    assert_unknown(bench, "10.0.0.2");
    stack_bench_free(bench);
}

static void groups_need_no_question(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "all", "255.255.255.255");
    send_text(bench, "subnet", "10.0.0.255");
    send_text(bench, "multicast", "239.129.2.3");
    assert_int_equal(bench->n_sent, 3);
    assert_sent_text(bench, 0, MAC_BROADCAST, "all");
    assert_sent_text(bench, 1, MAC_BROADCAST, "subnet");
    /* RFC 1112 6.4: 23 bits, so that 129 loses its highest */
    assert_sent_text(bench, 2, (struct mac_addr){{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}},
                     "multicast");
    stack_bench_free(bench);
}

static void old_entry_is_asked_for_again_when_it_is_needed(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    receive_reply(bench, PEER, "10.0.0.2");
    sim_advance(bench->env, ARP_LIFETIME_NS - 1);
    send_text(bench, "two", "10.0.0.2");
    assert_sent_text(bench, 2, PEER, "two");
    sim_advance(bench->env, ARP_LIFETIME_NS);
    assert_unknown(bench, "10.0.0.2");
    send_text(bench, "three", "10.0.0.2");
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 3, &ethernet).operation, ARP_REQUEST);
    send_text(bench, "four", "10.0.0.2"); /* waits too */
    assert_unknown(bench, "10.0.0.2");
    assert_int_equal(bench->n_sent, 4);
    receive_reply(bench, OTHER, "10.0.0.2");
    assert_sent_text(bench, 4, OTHER, "three");
    assert_sent_text(bench, 5, OTHER, "four");
    stack_bench_free(bench);
}

static void ageing_keeps_no_event_alive(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    send_text(bench, "one", "10.0.0.2");
    receive_reply(bench, PEER, "10.0.0.2");
    sim_run(bench->env, UINT64_MAX, NULL);
    assert_true(bench->env->now_ns <= SECOND); /* at most the timer that had been set */
    stack_bench_free(bench);
}

static void many_questions_share_one_event(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    for (uint32_t i = 0; i < 30; i++) {
        sim_advance(bench->env, i);
        struct packet *packet = packet_new_copy(bench->env->packets, &i, sizeof i);
        netif_send_ipv4(&bench->netif, packet, stack_addr("10.0.0.100") + i);
    }
    assert_int_equal(bench->env->queue.count, 1);
    /* each is repeated a second after it was asked, in the order of asking */
    sim_run(bench->env, SECOND + 9, NULL);
    assert_int_equal(bench->n_sent, 40);
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 39, &ethernet).target_ip, stack_addr("10.0.0.109"));
    sim_run(bench->env, UINT64_MAX, NULL);
    assert_int_equal(bench->n_sent, 90);
    assert_int_equal(bench->n_handed, 30);
    for (uint32_t i = 0; i < 30; i++) {
        assert_memory_equal(bench->handed[i]->data, &i, sizeof i);
    }
    stack_bench_free(bench);
}

/* Asks for `count` neighbours from 10.1.0.0 on, one packet each. */
static void ask_many(struct stack_bench *bench, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        netif_send_ipv4(&bench->netif, packet_new(bench->env->packets, 20),
                        stack_addr("10.1.0.1") + i);
        stack_bench_forget(bench);
    }
}

static void table_full_of_questions_takes_no_more(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/8");
    ask_many(bench, ARP_MAX_ENTRIES);
    send_text(bench, "one", "10.0.0.2");
    assert_int_equal(bench->n_sent, 0);
    assert_int_equal(stack_bench_drops(bench, &ARP_DROP_TABLE_FULL), 1);
    assert_int_equal(bench->netif.counts.drops, 1);
    stack_bench_free(bench);
}

static void full_table_forgets_the_oldest_for_us_but_not_for_others(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/8");
    ask_many(bench, ARP_MAX_ENTRIES);
    for (uint32_t i = 0; i < ARP_MAX_ENTRIES; i++) {
        receive_arp(bench, ARP_REPLY, PEER, stack_addr("10.1.0.1") + i, stack_addr("10.0.0.1"));
        stack_bench_forget(bench);
    }
    receive_arp(bench, ARP_REQUEST, OTHER, stack_addr("10.0.0.7"), stack_addr("10.0.0.1"));
    assert_int_equal(bench->n_sent, 1); /* answered, but not learnt */
    assert_unknown(bench, "10.0.0.7");
    assert_known(bench, "10.1.0.1", PEER);
    send_text(bench, "one", "10.0.0.2");
    assert_int_equal(bench->n_sent, 2);
    assert_unknown(bench, "10.1.0.1");
    assert_known(bench, "10.1.0.2", PEER);
    stack_bench_free(bench);
}

static void interface_without_an_address_asks_from_zero(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new(NULL);
    send_text(bench, "one", "10.0.0.2");
    struct ethernet_header ethernet;
    assert_int_equal(sent_arp(bench, 0, &ethernet).sender_ip, 0);
    stack_bench_free(bench);
}

/* What was traced, by kind and by what the event says. */
struct watch {
    struct trace_sink sink;
    size_t n_events;
    const struct trace_kind *kinds[16];
    struct arp_event events[16];
};

static void watch_on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct watch *watch = container_of(sink, struct watch, sink);
    assert_true(watch->n_events < 16);
    watch->kinds[watch->n_events] = event->kind;
    watch->events[watch->n_events++] = *(const struct arp_event *)event->data;
}

static void trace_tells_the_conversation(void **state)
{
    (void)state;
    struct stack_bench *bench = stack_bench_new("10.0.0.1/24");
    struct watch watch = {.sink.on_event = watch_on_event};
    trace_add_sink(&bench->trace, &watch.sink);
    send_text(bench, "one", "10.0.0.2");
    receive_reply(bench, PEER, "10.0.0.2");
    receive_arp(bench, ARP_REQUEST, OTHER, stack_addr("10.0.0.3"), stack_addr("10.0.0.1"));
    receive_arp(bench, ARP_REQUEST, OTHER, stack_addr("10.0.0.1"), stack_addr("10.0.0.1"));
    send_text(bench, "two", "10.0.0.4");
    sim_run(bench->env, 3 * SECOND, NULL);
    trace_remove_sink(&bench->trace, &watch.sink);

    const struct trace_kind *kinds[] = {
        &ARP_REQUESTED, &ARP_RESOLVED,  &ARP_LEARNED,   &ARP_ANSWERED,  &ARP_CONFLICT,
        &ARP_ANSWERED,  &ARP_REQUESTED, &ARP_REQUESTED, &ARP_REQUESTED, &ARP_FAILED};
    assert_int_equal(watch.n_events, sizeof kinds / sizeof kinds[0]);
    assert_memory_equal(watch.kinds, kinds, sizeof kinds);
    assert_int_equal(watch.events[1].asked.v4, stack_addr("10.0.0.2"));
    assert_int_equal(watch.events[1].asker.v4, stack_addr("10.0.0.1"));
    assert_memory_equal(&watch.events[1].mac, &PEER, 6);
    assert_int_equal(watch.events[3].asked.v4, stack_addr("10.0.0.1"));
    assert_int_equal(watch.events[3].asker.v4, stack_addr("10.0.0.3"));
    assert_memory_equal(&watch.events[3].mac, &bench->netif.mac, 6);
    assert_string_equal(watch.events[3].interface, "eth0");
    stack_bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_neighbour_is_asked_for_by_broadcast),
        cmocka_unit_test(reply_releases_the_waiting_packets_in_order),
        cmocka_unit_test(question_is_repeated_twice_then_packets_are_given_back),
        cmocka_unit_test(without_a_network_unresolved_packets_are_dropped),
        cmocka_unit_test(full_queue_loses_its_oldest_packets),
        cmocka_unit_test(question_for_our_address_is_answered_and_teaches_the_asker),
        cmocka_unit_test(question_for_our_second_address_is_answered),
        cmocka_unit_test(question_for_another_is_neither_answered_nor_learnt_from),
        cmocka_unit_test(any_message_updates_a_known_neighbour),
        cmocka_unit_test(question_from_whom_we_ask_for_answers_our_question),
        cmocka_unit_test(probe_is_answered_but_teaches_nothing),
        cmocka_unit_test(impossible_senders_are_refused),
        cmocka_unit_test(another_with_our_address_is_not_learnt_but_answered),
        cmocka_unit_test(malformed_messages_are_dropped),
        cmocka_unit_test(groups_need_no_question),
        cmocka_unit_test(old_entry_is_asked_for_again_when_it_is_needed),
        cmocka_unit_test(ageing_keeps_no_event_alive),
        cmocka_unit_test(many_questions_share_one_event),
        cmocka_unit_test(table_full_of_questions_takes_no_more),
        cmocka_unit_test(full_table_forgets_the_oldest_for_us_but_not_for_others),
        cmocka_unit_test(interface_without_an_address_asks_from_zero),
        cmocka_unit_test(trace_tells_the_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
