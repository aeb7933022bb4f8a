#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/memory.h"
#include "sim/sim.h"
#include "stack/link/switch.h"
#include "stack/stack_net.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { N_PORTS = 3, MAX_FRAMES = 16 };

/* A switch whose ports lead to boxes that keep what they get. */
struct box {
    size_t n_frames;
    struct packet *frames[MAX_FRAMES];
};

struct rig {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct eth_switch *sw;
    struct box boxes[N_PORTS];
    struct switch_port *ports[N_PORTS];
};

static void box_add(void *owner, struct packet *frame)
{
    struct box *box = owner;
    assert_true(box->n_frames < MAX_FRAMES);
    box->frames[box->n_frames++] = frame;
}

static struct rig *rig_new(void)
{
    static const char *const NAMES[N_PORTS] = {"port0", "port1", "port2"};
    struct rig *rig = memory_new(sizeof *rig);
    rig->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&rig->trace);
    rig->scope = (struct scope){.env = rig->env, .trace = &rig->trace, .node = 1, .name = "sw"};
    rig->sw = switch_new(&rig->scope);
    for (size_t i = 0; i < N_PORTS; i++) {
        rig->ports[i] = switch_add_port(rig->sw, NAMES[i], box_add, &rig->boxes[i]);
    }
    return rig;
}

static void rig_forget(struct rig *rig)
{
    for (size_t i = 0; i < N_PORTS; i++) {
        while (rig->boxes[i].n_frames > 0) {
            packet_put(rig->boxes[i].frames[--rig->boxes[i].n_frames]);
        }
    }
}

static void rig_free(struct rig *rig)
{
    rig_forget(rig);
    switch_free(rig->sw);
    trace_fini(&rig->trace);
    sim_env_free(rig->env);
    free(rig);
}

static uint64_t rig_drops(const struct rig *rig, const struct drop_reason *reason)
{
    size_t count;
    struct drop_count *drops = trace_drop_counts(&rig->trace, &count);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++) {
        packets += drops[i].reason == reason ? drops[i].packets : 0;
    }
    free(drops);
    return packets;
}

static struct mac_addr station(uint32_t number)
{
    return (struct mac_addr){{0x02, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number}};
}

static void frame_in(struct rig *rig, size_t port, struct mac_addr dst, struct mac_addr src)
{
    struct packet *frame = packet_new_copy(rig->env->packets, "payload", 7);
    struct writer w = packet_push(frame, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){.dst = dst, .src = src, .type = ETHERTYPE_IPV4});
    switch_port_input(rig->ports[port], frame);
}

static void assert_frames(const struct rig *rig, size_t at0, size_t at1, size_t at2)
{
    assert_int_equal(rig->boxes[0].n_frames, at0);
    assert_int_equal(rig->boxes[1].n_frames, at1);
    assert_int_equal(rig->boxes[2].n_frames, at2);
}

static void unknown_destination_is_flooded_to_all_other_ports(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, station(2), station(1));
    assert_frames(rig, 0, 1, 1);
    assert_ptr_equal(rig->boxes[1].frames[0]->data, rig->boxes[2].frames[0]->data); /* shared */
    assert_int_equal(rig->boxes[1].frames[0]->len, 21);
    assert_memory_equal(rig->boxes[2].frames[0]->data + ETHERNET_HEADER_LEN, "payload", 7);
    rig_free(rig);
}

static void learnt_destination_gets_the_frame_alone(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, station(2), station(1));
    rig_forget(rig);
    frame_in(rig, 1, station(1), station(2));
    assert_frames(rig, 1, 0, 0);
    frame_in(rig, 0, station(2), station(1));
    assert_frames(rig, 1, 1, 0);
    assert_ptr_equal(switch_lookup(rig->sw, station(2)), rig->ports[1]);
    rig_free(rig);
}

static void groups_are_flooded_and_never_learnt(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    frame_in(rig, 0, (struct mac_addr){{0x01, 0, 0x5e, 0, 0, 1}}, station(1));
    assert_frames(rig, 0, 2, 2);
    frame_in(rig, 0, station(2), MAC_BROADCAST);
    assert_frames(rig, 0, 2, 2);
    assert_int_equal(rig_drops(rig, &SWITCH_DROP_BAD_SOURCE), 1);
    assert_int_equal(switch_count_entries(rig->sw), 1);
    rig_free(rig);
}

static void frame_for_its_own_side_is_filtered(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    rig_forget(rig);
    frame_in(rig, 0, station(1), station(2));
    assert_frames(rig, 0, 0, 0);
    assert_int_equal(rig_drops(rig, &SWITCH_DROP_SAME_PORT), 1);
    rig_free(rig);
}

static void station_that_moves_is_followed(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    frame_in(rig, 2, MAC_BROADCAST, station(1));
    rig_forget(rig);
    frame_in(rig, 1, station(1), station(2));
    assert_frames(rig, 0, 0, 1);
    assert_int_equal(switch_count_entries(rig->sw), 2);
    rig_free(rig);
}

static void silent_station_is_forgotten_after_the_ageing_time(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    rig_forget(rig);
    sim_advance(rig->env, SWITCH_AGEING_NS - 1);
    frame_in(rig, 1, station(1), station(2));
    assert_frames(rig, 1, 0, 0);
    rig_forget(rig);
    sim_advance(rig->env, SWITCH_AGEING_NS);
    frame_in(rig, 1, station(1), station(2));
    assert_frames(rig, 1, 0, 1); /* flooded */
    assert_null(switch_lookup(rig->sw, station(1)));
    assert_non_null(switch_lookup(rig->sw, station(2)));
    rig_free(rig);
}

static void every_frame_makes_its_station_young_again(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    sim_advance(rig->env, SWITCH_AGEING_NS - 1);
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    sim_advance(rig->env, 2 * SWITCH_AGEING_NS - 2);
    assert_non_null(switch_lookup(rig->sw, station(1)));
    rig_free(rig);
}

static void full_table_keeps_the_young_and_forgets_the_old(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    for (uint32_t i = 0; i < SWITCH_MAX_ENTRIES; i++) {
        frame_in(rig, 0, MAC_BROADCAST, station(i));
        rig_forget(rig);
    }
    frame_in(rig, 1, MAC_BROADCAST, station(0xffffff));
    assert_int_equal(switch_count_entries(rig->sw), SWITCH_MAX_ENTRIES);
    assert_null(switch_lookup(rig->sw, station(0xffffff)));
    assert_non_null(switch_lookup(rig->sw, station(0)));
    sim_advance(rig->env, SWITCH_AGEING_NS);
    frame_in(rig, 1, MAC_BROADCAST, station(0xffffff));
    assert_ptr_equal(switch_lookup(rig->sw, station(0xffffff)), rig->ports[1]);
    assert_int_equal(switch_count_entries(rig->sw), SWITCH_MAX_ENTRIES);
    rig_free(rig);
}

static void frames_for_switches_themselves_are_not_passed_on(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct mac_addr reserved = {{0x01, 0x80, 0xc2, 0, 0, 0x0f}};
    frame_in(rig, 0, reserved, station(1));
    assert_frames(rig, 0, 0, 0);
    assert_int_equal(rig_drops(rig, &SWITCH_DROP_RESERVED), 1);
    reserved.byte[5] = 0x10;
    frame_in(rig, 0, reserved, station(1));
    assert_frames(rig, 0, 1, 1);
    rig_free(rig);
}

static void short_frames_are_dropped(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    for (size_t len = 0; len < ETHERNET_HEADER_LEN; len++) {
        struct packet *frame = packet_new(rig->env->packets, len);
        memset(frame->data, 0, len);
        switch_port_input(rig->ports[0], frame);
    }
    assert_int_equal(rig_drops(rig, &SWITCH_DROP_SHORT), ETHERNET_HEADER_LEN);
    rig_free(rig);
}

static void port_without_a_link_is_left_out(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    switch_port_set_link(rig->ports[2], NULL);
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    assert_frames(rig, 0, 1, 0);
    switch_port_set_link(rig->ports[1], NULL);
    frame_in(rig, 0, MAC_BROADCAST, station(1));
    assert_int_equal(rig_drops(rig, &SWITCH_DROP_NO_PORT), 1);
    rig_free(rig);
}

static void ports_have_a_limit(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    for (size_t i = N_PORTS; i < SWITCH_MAX_PORTS; i++) {
        assert_non_null(switch_add_port(rig->sw, "port", box_add, NULL));
    }
    assert_null(switch_add_port(rig->sw, "port", box_add, NULL));
    rig_free(rig);
}

/* --- three hosts around a switch --- */

static void switch_transmit(void *owner, struct packet *frame)
{
    link_send(owner, frame);
}

static void three_hosts_ping_through_a_switch(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a", "b", "c"};
    static const char *const PREFIXES[] = {"10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"};
    /* 10 Mbit/s, 1 ms: a frame of 60 bytes takes 1.048 ms, one of 98 bytes 1.0784 ms, per link */
    static const struct link_config SLOW = {.rate_bps = 10000000, .delay_ns = MS};
    struct stack_net *net = stack_net_new();
    struct stack_node *hosts[3];
    for (size_t i = 0; i < 3; i++) {
        hosts[i] = stack_net_add_node(net, NAMES[i], false);
    }
    struct scope scope = {.env = net->env, .trace = &net->trace, .node = 9, .name = "sw"};
    struct eth_switch *sw = switch_new(&scope);
    struct stack_record *record = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct link *link = stack_net_add_link(net, NAMES[i], &SLOW);
        stack_node_attach(hosts[i], link, 0, PREFIXES[i]);
        struct switch_port *port = switch_add_port(sw, NAMES[i], switch_transmit, NULL);
        switch_port_set_link(
            port, link_attach(link, 1, &scope, (uint32_t)i, NAMES[i], switch_port_input, port));
        record = stack_net_record(net, link_get_end(link, 0)); /* the last: c's */
    }
    struct stack_ping ping;
    stack_ping_start(&ping, hosts[0], "10.0.0.2", 56, 0, SECOND);
    stack_net_run(net, SECOND);
    assert_int_equal(ping.result.status, STATUS_OK);
    assert_int_equal(ping.result.ttl, 64); /* a switch is no hop */
    assert_int_equal(ping.result.round_trip_ns, 4 * (48000 + MS) + 4 * (78400 + MS));
    assert_int_equal(record->n_frames, 1); /* c saw the question for b's MAC, nothing else */
    assert_int_equal(stack_net_count(net, &SWITCH_FLOODED), 1);
    assert_int_equal(stack_net_count(net, &SWITCH_LEARNED), 2);
    assert_int_equal(stack_net_all_drops(net), 0);
    /* who comes back after the ageing time is learnt again */
    sim_advance(net->env, 2 * SWITCH_AGEING_NS);
    stack_ping_start(&ping, hosts[0], "10.0.0.2", 56, 0, SECOND);
    stack_net_run(net, net->env->now_ns + SECOND);
    assert_int_equal(stack_net_count(net, &SWITCH_LEARNED), 4);
    assert_int_equal(stack_net_count(net, &SWITCH_FLOODED), 2);
    for (size_t i = 0; i < 3; i++) {
        link_free(net->links[i]);
    }
    net->n_links = 0;
    switch_free(sw);
    stack_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_destination_is_flooded_to_all_other_ports),
        cmocka_unit_test(learnt_destination_gets_the_frame_alone),
        cmocka_unit_test(groups_are_flooded_and_never_learnt),
        cmocka_unit_test(frame_for_its_own_side_is_filtered),
        cmocka_unit_test(station_that_moves_is_followed),
        cmocka_unit_test(silent_station_is_forgotten_after_the_ageing_time),
        cmocka_unit_test(every_frame_makes_its_station_young_again),
        cmocka_unit_test(full_table_keeps_the_young_and_forgets_the_old),
        cmocka_unit_test(frames_for_switches_themselves_are_not_passed_on),
        cmocka_unit_test(short_frames_are_dropped),
        cmocka_unit_test(port_without_a_link_is_left_out),
        cmocka_unit_test(ports_have_a_limit),
        cmocka_unit_test(three_hosts_ping_through_a_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
