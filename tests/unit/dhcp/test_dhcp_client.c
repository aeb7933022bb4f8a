/* The client's state machine, against our server and against scripted ones. */
#include "dhcp_support.h"

struct pc {
    struct sockets *sockets;
    struct dhcp_client *client;
    bool has_lease;
    struct dhcp_lease lease;
    unsigned changes;
    bool frees_itself;
};

static void on_changed(void *owner, const struct dhcp_lease *lease)
{
    struct pc *pc = owner;
    pc->changes++;
    pc->has_lease = lease != NULL;
    if (lease) {
        pc->lease = *lease;
    }
    fake_host_set_address(pc->sockets, lease ? lease->address.addr : (struct ip_addr){0});
    if (pc->frees_itself) {
        dhcp_client_free(pc->client);
        pc->client = NULL;
    }
}

static void pc_start(struct pc *pc, struct test_link *link, const char *name)
{
    *pc = (struct pc){.sockets = fake_host_new(link->net, name, NULL)};
    assert_int_equal(dhcp_client_new(pc->sockets, "eth0", fake_host_mac(pc->sockets), name,
                                     on_changed, pc, &pc->client),
                     STATUS_OK);
}

static struct dhcp_server *server_start(struct sockets *home, uint32_t lease_time_s)
{
    struct dhcp_server_config config = {
        .address = {ip_v4(v4("192.168.1.1")), 24},
        .first = ip_v4(v4("192.168.1.100")),
        .last = ip_v4(v4("192.168.1.199")),
        .router = ip_v4(v4("192.168.1.1")),
        .dns = {ip_v4(v4("192.168.1.1"))},
        .n_dns = 1,
        .lease_time_s = lease_time_s,
        .domain_name = "home.example",
    };
    struct dhcp_server *server;
    assert_int_equal(dhcp_server_new(home, "eth0", &config, &server), STATUS_OK);
    return server;
}

/* A server that says what the test wants: a socket on port 67. */
static void on_nothing(void *owner)
{
    (void)owner;
}

static struct datagram_socket *script_start(struct sockets *home)
{
    struct datagram_options options = {.local = {ip_v4(IPV4_ANY), DHCP_SERVER_PORT},
                                       .interface = "eth0"};
    struct datagram_socket *socket;
    assert_int_equal(sockets_open_datagram(home, &options, on_nothing, NULL, &socket), STATUS_OK);
    return socket;
}

static struct dhcp_message answer_to(const struct dhcp_message *question, enum dhcp_type type)
{
    return (struct dhcp_message){
        .op = DHCP_BOOTREPLY,
        .xid = question->xid,
        .broadcast = true,
        .chaddr = question->chaddr,
        .type = (uint8_t)type,
        .yiaddr = v4("192.168.1.50"),
        .subnet_mask = v4("255.255.255.0"),
        .server_id = v4("192.168.1.1"),
        .lease_time_s = 600,
    };
}

static void say(struct test_link *link, struct datagram_socket *script,
                const struct dhcp_message *message)
{
    test_send(script, message, IPV4_BROADCAST, DHCP_CLIENT_PORT, false);
    fake_net_run_for(link->net, 2 * DELAY);
}

static void a_host_gets_an_address_in_four_messages(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, 3600);
    pc_start(&pc, &link, "pc1");
    assert_string_equal(dhcp_client_state(pc.client), "INIT");
    fake_net_run_for(link.net, 1 * SECOND);

    assert_int_equal(link.n_seen, 4);
    static const uint8_t TYPES[] = {DHCP_DISCOVER, DHCP_OFFER, DHCP_REQUEST, DHCP_ACK};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(link.seen[i].message.type, TYPES[i]);
        assert_int_equal(link.seen[i].to.addr.v4, IPV4_BROADCAST);
        assert_int_equal(link.seen[i].message.xid, link.seen[0].message.xid);
        assert_true(link.seen[i].message.broadcast);
    }
    assert_int_equal(link.seen[0].from.addr.v4, IPV4_ANY);
    assert_int_equal(link.seen[0].from.port, DHCP_CLIENT_PORT);
    assert_int_equal(link.seen[0].to.port, DHCP_SERVER_PORT);
    assert_string_equal(link.seen[0].message.host_name, "pc1");
    assert_int_equal(link.seen[2].from.addr.v4, IPV4_ANY);
    assert_int_equal(link.seen[2].message.server_id, v4("192.168.1.1"));
    assert_int_equal(link.seen[2].message.requested_address, v4("192.168.1.100"));
    assert_int_equal(link.seen[2].message.secs, link.seen[0].message.secs);

    assert_string_equal(dhcp_client_state(pc.client), "BOUND");
    assert_int_equal(pc.changes, 1);
    assert_int_equal(pc.lease.address.addr.v4, v4("192.168.1.100"));
    assert_int_equal(pc.lease.address.len, 24);
    assert_int_equal(pc.lease.router.v4, v4("192.168.1.1"));
    assert_int_equal(pc.lease.n_dns, 1);
    assert_int_equal(pc.lease.renewal_time_s, 1800);
    assert_int_equal(pc.lease.rebinding_time_s, 3150);
    assert_string_equal(pc.lease.domain_name, "home.example");
    assert_int_equal(link.n_bound, 1);
    assert_int_equal(dhcp_server_count_leases(server), 1);
    dhcp_client_free(pc.client);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void discover_is_repeated_after_4_8_16_32_64_and_64_s(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 300 * SECOND);
    static const uint64_t WAITS[] = {4, 8, 16, 32, 64, 64, 64};
    assert_int_equal(link.n_seen, 8);
    bool is_random = false;
    for (size_t i = 0; i < 7; i++) {
        uint64_t wait = link.seen[i + 1].at_ns - link.seen[i].at_ns;
        assert_in_range(wait, (WAITS[i] - 1) * SECOND, (WAITS[i] + 1) * SECOND);
        is_random |= wait != WAITS[i] * SECOND;
        assert_int_equal(link.seen[i + 1].message.secs,
                         (link.seen[i + 1].at_ns - link.seen[0].at_ns) / SECOND);
    }
    assert_true(is_random);
    assert_string_equal(dhcp_client_state(pc.client), "SELECTING");
    dhcp_client_free(pc.client);
    test_link_fini(&link);
}

static void two_hosts_never_share_an_xid(void **state)
{
    (void)state;
    struct test_link link;
    struct pc a, b;
    test_link_init(&link);
    pc_start(&a, &link, "pc1");
    pc_start(&b, &link, "pc2");
    fake_net_run_for(link.net, 1 * SECOND);
    assert_int_equal(link.n_seen, 2);
    assert_int_not_equal(link.seen[0].message.xid, link.seen[1].message.xid);
    dhcp_client_free(a.client);
    dhcp_client_free(b.client);
    test_link_fini(&link);
}

static void at_t1_it_renews_by_unicast_and_tells_nobody_when_nothing_changed(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, 3600);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 1801 * SECOND);
    assert_int_equal(link.n_seen, 6);
    const struct seen *request = &link.seen[4];
    assert_in_range(request->at_ns, 1770 * SECOND, 1801 * SECOND); /* T1 less its fuzz */
    assert_int_equal(request->message.type, DHCP_REQUEST);
    assert_int_equal(request->to.addr.v4, v4("192.168.1.1"));
    assert_int_equal(request->from.addr.v4, v4("192.168.1.100"));
    assert_int_equal(request->message.ciaddr, v4("192.168.1.100"));
    assert_int_equal(request->message.server_id, 0);
    assert_int_equal(request->message.requested_address, 0);
    assert_false(request->message.broadcast);
    assert_int_equal(link.seen[5].to.addr.v4, v4("192.168.1.100"));
    assert_string_equal(dhcp_client_state(pc.client), "BOUND");
    assert_int_equal(pc.changes, 1);
    /* and the lease goes on from there */
    fake_net_run_for(link.net, 3600 * SECOND);
    assert_true(pc.has_lease);
    assert_int_equal(link.n_expired, 0);
    dhcp_client_free(pc.client);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void a_silent_server_leads_to_rebinding_and_then_to_the_end_of_the_lease(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, 3600);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 1 * SECOND);
    fake_host_set_down(home, true);
    size_t first = link.n_seen;
    fake_net_run(link.net, 3000 * SECOND);
    assert_string_equal(dhcp_client_state(pc.client), "RENEWING");
    /* RFC 2131 4.4.5: after half of what is left until T2, then half of that, ... */
    uint64_t first_wait = link.seen[first + 1].at_ns - link.seen[first].at_ns;
    assert_in_range(first_wait, 640 * SECOND, 690 * SECOND);
    assert_in_range(link.seen[first + 2].at_ns - link.seen[first + 1].at_ns, 310 * SECOND,
                    350 * SECOND);
    fake_net_run(link.net, 3300 * SECOND);
    assert_string_equal(dhcp_client_state(pc.client), "REBINDING");
    const struct seen *last = test_link_last(&link, 0);
    assert_int_equal(last->to.addr.v4, IPV4_BROADCAST);
    assert_int_equal(last->from.addr.v4, v4("192.168.1.100"));
    assert_int_equal(last->message.ciaddr, v4("192.168.1.100"));
    assert_true(pc.has_lease);
    for (size_t i = first + 1; i < link.n_seen; i++) {
        bool is_new_phase = link.seen[i].to.addr.v4 != link.seen[i - 1].to.addr.v4;
        assert_true(is_new_phase || link.seen[i].at_ns - link.seen[i - 1].at_ns >= 60 * SECOND);
    }
    fake_net_run(link.net, 3601 * SECOND);
    assert_false(pc.has_lease);
    assert_int_equal(pc.changes, 2);
    assert_int_equal(link.n_expired, 1);
    assert_string_equal(dhcp_client_state(pc.client), "SELECTING");
    dhcp_client_free(pc.client);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void rebinding_takes_any_servers_ack(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct datagram_socket *script = script_start(home);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 2 * DELAY);
    struct dhcp_message answer = answer_to(&test_link_last(&link, 0)->message, DHCP_OFFER);
    say(&link, script, &answer);
    answer.type = DHCP_ACK;
    say(&link, script, &answer);
    fake_net_run(link.net, 540 * SECOND);
    assert_string_equal(dhcp_client_state(pc.client), "REBINDING");
    answer = answer_to(&test_link_last(&link, 0)->message, DHCP_ACK);
    answer.server_id = v4("192.168.1.2");
    answer.dns[0] = v4("192.168.1.2");
    say(&link, script, &answer);
    assert_string_equal(dhcp_client_state(pc.client), "BOUND");
    assert_int_equal(pc.lease.server.v4, v4("192.168.1.2"));
    assert_int_equal(pc.changes, 2); /* the configuration changed: the owner hears of it */
    assert_int_equal(pc.lease.dns[0].v4, v4("192.168.1.2"));
    dhcp_client_free(pc.client);
    datagram_close(script);
    test_link_fini(&link);
}

static void a_nak_leads_back_to_init_and_waits_before_it_begins_anew(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct datagram_socket *script = script_start(home);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 2 * DELAY);
    struct dhcp_message answer = answer_to(&test_link_last(&link, 0)->message, DHCP_OFFER);
    say(&link, script, &answer);
    assert_string_equal(dhcp_client_state(pc.client), "REQUESTING");
    struct dhcp_message nak = answer_to(&answer, DHCP_NAK);
    nak.yiaddr = nak.subnet_mask = nak.lease_time_s = 0;
    nak.server_id = v4("192.168.1.9"); /* not the one that was asked */
    say(&link, script, &nak);
    assert_string_equal(dhcp_client_state(pc.client), "REQUESTING");
    assert_int_equal(test_link_drops(&link, &DHCP_DROP_UNEXPECTED), 1);
    nak.server_id = v4("192.168.1.1");
    say(&link, script, &nak);
    uint64_t refused_ns = fake_net_env(link.net)->now_ns;
    assert_string_equal(dhcp_client_state(pc.client), "INIT");
    fake_net_run_for(link.net, 11 * SECOND);
    assert_string_equal(dhcp_client_state(pc.client), "SELECTING");
    const struct seen *again = NULL;
    for (size_t i = 0; i < link.n_seen; i++) {
        if (link.seen[i].at_ns > refused_ns && !again) {
            again = &link.seen[i];
        }
    }
    assert_non_null(again);
    assert_int_equal(again->message.type, DHCP_DISCOVER);
    assert_in_range(again->at_ns - refused_ns, SECOND - 2 * DELAY, 10 * SECOND);
    assert_int_not_equal(again->message.xid, answer.xid);
    assert_int_equal(pc.changes, 0);
    dhcp_client_free(pc.client);
    datagram_close(script);
    test_link_fini(&link);
}

static void a_nak_to_a_renewal_ends_the_lease_at_once(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct datagram_socket *script = script_start(home);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 2 * DELAY);
    struct dhcp_message answer = answer_to(&test_link_last(&link, 0)->message, DHCP_OFFER);
    say(&link, script, &answer);
    answer.type = DHCP_ACK;
    say(&link, script, &answer);
    assert_true(pc.has_lease);
    fake_net_run(link.net, 301 * SECOND);
    assert_string_equal(dhcp_client_state(pc.client), "RENEWING");
    struct dhcp_message nak = answer_to(&test_link_last(&link, 0)->message, DHCP_NAK);
    nak.server_id = v4("192.168.1.9"); /* it asked its own server only */
    say(&link, script, &nak);
    assert_true(pc.has_lease);
    nak.server_id = v4("192.168.1.1");
    say(&link, script, &nak);
    assert_false(pc.has_lease);
    assert_string_equal(dhcp_client_state(pc.client), "INIT");
    dhcp_client_free(pc.client);
    datagram_close(script);
    test_link_fini(&link);
}

static void an_offer_whose_server_falls_silent_is_given_up_after_a_minute(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct datagram_socket *script = script_start(home);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 2 * DELAY);
    struct dhcp_message answer = answer_to(&test_link_last(&link, 0)->message, DHCP_OFFER);
    say(&link, script, &answer);
    fake_net_run_for(link.net, 65 * SECOND);
    unsigned requests = 0;
    uint64_t anew_ns = 0;
    for (size_t i = 1; i < link.n_seen; i++) {
        requests += link.seen[i].message.type == DHCP_REQUEST;
        if (link.seen[i].message.type == DHCP_DISCOVER && anew_ns == 0) {
            anew_ns = link.seen[i].at_ns;
        }
    }
    assert_int_equal(requests, 4); /* RFC 2131 3.1.5: four times, 60 s in all */
    assert_in_range(anew_ns, 56 * SECOND, 65 * SECOND);
    dhcp_client_free(pc.client);
    datagram_close(script);
    test_link_fini(&link);
}

static void answers_to_somebody_else_are_dropped_and_counted(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct datagram_socket *script = script_start(home);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 2 * DELAY);
    const struct dhcp_message right = answer_to(&test_link_last(&link, 0)->message, DHCP_OFFER);
    struct dhcp_message wrong = right;
    wrong.xid++;
    say(&link, script, &wrong);
    wrong = right;
    wrong.chaddr.byte[5]++;
    say(&link, script, &wrong);
    wrong = right;
    wrong.type = DHCP_ACK; /* nothing was requested yet */
    say(&link, script, &wrong);
    wrong = right;
    wrong.op = DHCP_BOOTREQUEST;
    say(&link, script, &wrong);
    assert_int_equal(test_link_drops(&link, &DHCP_DROP_UNEXPECTED), 4);

    wrong = right;
    wrong.subnet_mask = v4("255.0.255.0");
    say(&link, script, &wrong);
    wrong = right;
    wrong.yiaddr = v4("224.0.0.1");
    say(&link, script, &wrong);
    wrong = right;
    wrong.lease_time_s = 0;
    say(&link, script, &wrong);
    wrong = right;
    wrong.server_id = 0;
    say(&link, script, &wrong);
    assert_int_equal(test_link_drops(&link, &DHCP_DROP_UNUSABLE), 4);

    fake_net_inject(link.net, (struct endpoint){ip_v4(v4("192.168.1.1")), DHCP_SERVER_PORT},
                    (struct endpoint){ip_v4(IPV4_BROADCAST), DHCP_CLIENT_PORT},
                    bytes_of_text("hello"));
    fake_net_run_for(link.net, 2 * DELAY);
    assert_int_equal(test_link_drops(&link, &DHCP_DROP_MALFORMED), 1);
    assert_string_equal(dhcp_client_state(pc.client), "SELECTING");
    say(&link, script, &right);
    assert_string_equal(dhcp_client_state(pc.client), "REQUESTING");
    dhcp_client_free(pc.client);
    datagram_close(script);
    test_link_fini(&link);
}

static void a_lease_for_ever_is_never_renewed(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, DHCP_LEASE_FOREVER);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 10000000 * SECOND);
    assert_int_equal(link.n_seen, 4);
    assert_true(pc.has_lease);
    assert_null(event_queue_first(&fake_net_env(link.net)->queue)); /* nothing will ever happen */
    assert_int_equal(dhcp_server_count_leases(server), 1);
    dhcp_client_free(pc.client);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void release_gives_the_address_back_and_falls_silent(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, 3600);
    pc_start(&pc, &link, "pc1");
    fake_net_run_for(link.net, 1 * SECOND);
    dhcp_client_release(pc.client);
    assert_int_equal(pc.changes, 1); /* not inside the call */
    fake_net_run_for(link.net, 10000 * SECOND);
    assert_int_equal(link.n_seen, 5);
    const struct seen *release = test_link_last(&link, 0);
    assert_int_equal(release->message.type, DHCP_RELEASE);
    assert_int_equal(release->to.addr.v4, v4("192.168.1.1"));
    assert_int_equal(release->message.ciaddr, v4("192.168.1.100"));
    assert_int_equal(release->message.server_id, v4("192.168.1.1"));
    assert_int_equal(pc.changes, 2);
    assert_false(pc.has_lease);
    assert_string_equal(dhcp_client_state(pc.client), "INIT");
    assert_int_equal(dhcp_server_count_leases(server), 0);
    dhcp_client_release(pc.client); /* twice does no harm */
    fake_net_run_for(link.net, 100 * SECOND);
    assert_int_equal(link.n_seen, 5);
    dhcp_client_free(pc.client);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void the_owner_may_free_the_client_in_its_callback(void **state)
{
    (void)state;
    struct test_link link;
    struct pc pc;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    struct dhcp_server *server = server_start(home, 3600);
    pc_start(&pc, &link, "pc1");
    pc.frees_itself = true;
    fake_net_run_for(link.net, 5000 * SECOND);
    assert_null(pc.client);
    assert_int_equal(link.n_seen, 4);
    dhcp_server_free(server);
    test_link_fini(&link);
}

static void an_interface_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    struct test_link link;
    test_link_init(&link);
    struct sockets *pc = fake_host_new(link.net, "pc1", NULL);
    struct dhcp_client *client;
    assert_int_equal(
        dhcp_client_new(pc, "eth9", fake_host_mac(pc), NULL, on_changed, NULL, &client),
        STATUS_NOT_FOUND);
    test_link_fini(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_gets_an_address_in_four_messages),
        cmocka_unit_test(discover_is_repeated_after_4_8_16_32_64_and_64_s),
        cmocka_unit_test(two_hosts_never_share_an_xid),
        cmocka_unit_test(at_t1_it_renews_by_unicast_and_tells_nobody_when_nothing_changed),
        cmocka_unit_test(a_silent_server_leads_to_rebinding_and_then_to_the_end_of_the_lease),
        cmocka_unit_test(rebinding_takes_any_servers_ack),
        cmocka_unit_test(a_nak_leads_back_to_init_and_waits_before_it_begins_anew),
        cmocka_unit_test(a_nak_to_a_renewal_ends_the_lease_at_once),
        cmocka_unit_test(an_offer_whose_server_falls_silent_is_given_up_after_a_minute),
        cmocka_unit_test(answers_to_somebody_else_are_dropped_and_counted),
        cmocka_unit_test(a_lease_for_ever_is_never_renewed),
        cmocka_unit_test(release_gives_the_address_back_and_falls_silent),
        cmocka_unit_test(the_owner_may_free_the_client_in_its_callback),
        cmocka_unit_test(an_interface_that_does_not_exist_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
