#include "stack/two_hosts.h"

struct world {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct port_table *table;
};

static void world_start(struct world *world)
{
    *world = (struct world){.env = sim_env_new(1, 0, NULL)};
    trace_init(&world->trace);
    world->scope =
        (struct scope){.env = world->env, .trace = &world->trace, .node = 1, .name = "pc"};
    world->table = port_table_new(&world->scope);
}

static void world_end(struct world *world)
{
    port_table_free(world->table);
    trace_fini(&world->trace);
    sim_env_free(world->env);
}

static void test_a_port_is_taken_until_its_last_use_ends(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    assert_false(port_table_is_taken(world.table, IP_PROTOCOL_TCP, 80));
    port_table_take(world.table, IP_PROTOCOL_TCP, 80);
    port_table_take(world.table, IP_PROTOCOL_TCP, 80);
    port_table_release(world.table, IP_PROTOCOL_TCP, 80);
    assert_true(port_table_is_taken(world.table, IP_PROTOCOL_TCP, 80));
    assert_false(port_table_is_taken(world.table, IP_PROTOCOL_UDP, 80));
    port_table_release(world.table, IP_PROTOCOL_TCP, 80);
    assert_false(port_table_is_taken(world.table, IP_PROTOCOL_TCP, 80));
    world_end(&world);
}

static void test_every_ephemeral_port_can_be_chosen_once_and_then_none(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    uint16_t first = port_table_choose(world.table, IP_PROTOCOL_UDP);
    for (uint32_t i = PORT_EPHEMERAL_FIRST; i <= PORT_EPHEMERAL_LAST; i++) {
        uint16_t port = port_table_choose(world.table, IP_PROTOCOL_UDP);
        assert_true(port >= PORT_EPHEMERAL_FIRST);
        assert_false(port_table_is_taken(world.table, IP_PROTOCOL_UDP, port));
        port_table_take(world.table, IP_PROTOCOL_UDP, port);
    }
    assert_int_equal(port_table_choose(world.table, IP_PROTOCOL_UDP), 0);
    port_table_release(world.table, IP_PROTOCOL_UDP, first);
    assert_int_equal(port_table_choose(world.table, IP_PROTOCOL_UDP), first);
    assert_int_not_equal(port_table_choose(world.table, IP_PROTOCOL_TCP), 0);
    world_end(&world);
}

static void test_ports_are_not_handed_out_in_order(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    unsigned in_order = 0;
    uint16_t last = 0;
    for (int i = 0; i < 32; i++) {
        uint16_t port = port_table_choose(world.table, IP_PROTOCOL_TCP);
        in_order += port == last + 1;
        last = port;
    }
    assert_true(in_order < 3);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_port_is_taken_until_its_last_use_ends),
        cmocka_unit_test(test_every_ephemeral_port_can_be_chosen_once_and_then_none),
        cmocka_unit_test(test_ports_are_not_handed_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
