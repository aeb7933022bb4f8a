/* The server's answers to every kind of message, from clients that say what the test wants. */
#include "dhcp_support.h"

#define SERVER v4("192.168.1.1")

struct test_lan {
    struct test_link link;
    struct sockets *home, *pc;
    struct dhcp_server *server;
    struct datagram_socket *socket; /* the scripted client's, on port 68 */
};

static void on_nothing(void *owner)
{
    (void)owner;
}

static struct dhcp_server_config config_of(const char *first, const char *last)
{
    return (struct dhcp_server_config){
        .address = {ip_v4(SERVER), 24},
        .first = ip_v4(v4(first)),
        .last = ip_v4(v4(last)),
        .router = ip_v4(SERVER),
        .dns = {ip_v4(SERVER), ip_v4(v4("192.0.2.53"))},
        .n_dns = 2,
        .lease_time_s = 800,
    };
}

static void lan_init(struct test_lan *lan, const char *first, const char *last)
{
    test_link_init(&lan->link);
    lan->home = fake_host_new(lan->link.net, "home", "192.168.1.1");
    lan->pc = fake_host_new(lan->link.net, "pc", NULL);
    struct dhcp_server_config config = config_of(first, last);
    assert_int_equal(dhcp_server_new(lan->home, "eth0", &config, &lan->server), STATUS_OK);
    struct datagram_options options = {.local = {ip_v4(IPV4_ANY), DHCP_CLIENT_PORT},
                                       .interface = "eth0"};
    assert_int_equal(sockets_open_datagram(lan->pc, &options, on_nothing, NULL, &lan->socket),
                     STATUS_OK);
}

static void lan_fini(struct test_lan *lan)
{
    datagram_close(lan->socket);
    dhcp_server_free(lan->server);
    test_link_fini(&lan->link);
}

/* A message of client number `client` (the last byte of its MAC). */
static struct dhcp_message message_of(uint8_t client, enum dhcp_type type)
{
    return (struct dhcp_message){
        .op = DHCP_BOOTREQUEST,
        .xid = 1000u + client,
        .broadcast = true,
        .chaddr = {{2, 0, 0, 0, 1, client}},
        .type = (uint8_t)type,
    };
}

/* Sends it by broadcast and returns the answer that left, or NULL. */
static const struct seen *ask(struct test_lan *lan, const struct dhcp_message *message)
{
    test_send(lan->socket, message, IPV4_BROADCAST, DHCP_SERVER_PORT, true);
    size_t before = lan->link.n_seen;
    fake_net_run_for(lan->link.net, 2 * DELAY);
    return lan->link.n_seen > before ? test_link_last(&lan->link, 0) : NULL;
}

static const struct seen *ask_unicast(struct test_lan *lan, const struct dhcp_message *message)
{
    fake_host_set_address(lan->pc, ip_v4(message->ciaddr));
    test_send(lan->socket, message, SERVER, DHCP_SERVER_PORT, false);
    size_t before = lan->link.n_seen;
    fake_net_run_for(lan->link.net, 2 * DELAY);
    return lan->link.n_seen > before ? test_link_last(&lan->link, 0) : NULL;
}

static const struct seen *discover(struct test_lan *lan, uint8_t client, const char *requested)
{
    struct dhcp_message message = message_of(client, DHCP_DISCOVER);
    message.requested_address = requested ? v4(requested) : 0;
    return ask(lan, &message);
}

static const struct seen *take(struct test_lan *lan, uint8_t client, uint32_t address)
{
    struct dhcp_message message = message_of(client, DHCP_REQUEST);
    message.requested_address = address;
    message.server_id = SERVER;
    return ask(lan, &message);
}

/* DISCOVER and REQUEST; the address. */
static uint32_t bind(struct test_lan *lan, uint8_t client)
{
    const struct seen *offer = discover(lan, client, NULL);
    assert_non_null(offer);
    assert_int_equal(offer->message.type, DHCP_OFFER);
    const struct seen *ack = take(lan, client, offer->message.yiaddr);
    assert_non_null(ack);
    assert_int_equal(ack->message.type, DHCP_ACK);
    return ack->message.yiaddr;
}

static void an_offer_and_an_ack_hold_what_the_rfc_demands(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    struct dhcp_message message = message_of(1, DHCP_DISCOVER);
    message.client_id_len = 4;
    memcpy(message.client_id, "\0abc", 4);
    const struct dhcp_message *offer = &ask(&lan, &message)->message;
    assert_int_equal(offer->op, DHCP_BOOTREPLY);
    assert_int_equal(offer->type, DHCP_OFFER);
    assert_int_equal(offer->xid, message.xid);
    assert_true(mac_equal(offer->chaddr, message.chaddr));
    assert_int_equal(offer->ciaddr, 0);
    assert_int_equal(offer->yiaddr, v4("192.168.1.100"));
    assert_int_equal(offer->server_id, SERVER);
    assert_int_equal(offer->lease_time_s, 800);
    assert_int_equal(offer->renewal_time_s, 400);
    assert_int_equal(offer->rebinding_time_s, 700);
    assert_int_equal(offer->subnet_mask, v4("255.255.255.0"));
    assert_int_equal(offer->routers[0], SERVER);
    assert_int_equal(offer->dns[1], v4("192.0.2.53"));
    assert_int_equal(offer->client_id_len, 4); /* RFC 6842 */
    assert_memory_equal(offer->client_id, "\0abc", 4);
    assert_int_equal(dhcp_server_count_leases(lan.server), 0);
    message.type = DHCP_REQUEST;
    message.requested_address = offer->yiaddr;
    message.server_id = SERVER;
    const struct dhcp_message *ack = &ask(&lan, &message)->message;
    assert_int_equal(ack->type, DHCP_ACK);
    assert_int_equal(ack->yiaddr, v4("192.168.1.100"));
    assert_int_equal(ack->lease_time_s, 800);
    assert_int_equal(dhcp_server_count_leases(lan.server), 1);
    lan_fini(&lan);
}

static void addresses_are_chosen_own_first_then_wished_then_next(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    assert_int_equal(bind(&lan, 1), v4("192.168.1.100"));
    assert_int_equal(bind(&lan, 2), v4("192.168.1.101"));
    assert_int_equal(bind(&lan, 1), v4("192.168.1.100")); /* its own again */
    assert_int_equal(discover(&lan, 3, "192.168.1.150")->message.yiaddr, v4("192.168.1.150"));
    /* taken, outside the pool, and its own: the wish is not granted */
    assert_int_equal(discover(&lan, 4, "192.168.1.100")->message.yiaddr, v4("192.168.1.102"));
    assert_int_equal(discover(&lan, 5, "192.168.1.7")->message.yiaddr, v4("192.168.1.103"));
    assert_int_equal(discover(&lan, 2, "192.168.1.160")->message.yiaddr, v4("192.168.1.101"));
    /* and a DISCOVER takes no lease away: a client that restarts may be cut off before REQUEST */
    fake_net_run_for(lan.link.net, 2 * DHCP_SERVER_OFFER_TIME_S * SECOND);
    assert_int_equal(dhcp_server_count_leases(lan.server), 2);
    lan_fini(&lan);
}

static void an_offer_is_kept_for_a_minute_and_no_longer(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.100");
    assert_non_null(discover(&lan, 1, NULL));
    assert_null(discover(&lan, 2, NULL));
    assert_int_equal(test_link_drops(&lan.link, &DHCP_DROP_POOL_EMPTY), 1);
    fake_net_run_for(lan.link.net, (DHCP_SERVER_OFFER_TIME_S - 1) * SECOND);
    assert_null(discover(&lan, 2, NULL));
    fake_net_run_for(lan.link.net, 1 * SECOND);
    assert_int_equal(discover(&lan, 2, NULL)->message.yiaddr, v4("192.168.1.100"));
    assert_int_equal(take(&lan, 1, v4("192.168.1.100"))->message.type, DHCP_NAK);
    assert_int_equal(take(&lan, 2, v4("192.168.1.100"))->message.type, DHCP_ACK);
    lan_fini(&lan);
}

static void an_expired_lease_is_remembered_until_the_address_is_needed(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    bind(&lan, 1);
    fake_net_run_for(lan.link.net, 1 * SECOND);
    bind(&lan, 2);
    fake_net_run_for(lan.link.net, 900 * SECOND);
    assert_int_equal(dhcp_server_count_leases(lan.server), 0);
    assert_int_equal(bind(&lan, 2), v4("192.168.1.101")); /* remembered */
    assert_int_equal(bind(&lan, 3), v4("192.168.1.100")); /* the only one left */
    assert_null(discover(&lan, 1, NULL));
    assert_int_equal(dhcp_server_count_leases(lan.server), 2);
    lan_fini(&lan);
}

static void the_server_never_gives_away_its_own_address(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.1", "192.168.1.2");
    assert_int_equal(discover(&lan, 1, "192.168.1.1")->message.yiaddr, v4("192.168.1.2"));
    assert_null(discover(&lan, 2, NULL));
    lan_fini(&lan);
}

static void a_request_to_another_server_frees_our_offer(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.100");
    discover(&lan, 1, NULL);
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.requested_address = v4("192.168.1.30");
    message.server_id = v4("192.168.1.2");
    assert_null(ask(&lan, &message)); /* not ours to answer */
    assert_non_null(discover(&lan, 2, NULL));
    lan_fini(&lan);
}

static void selecting_requests_that_break_table_4_are_dropped(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.server_id = SERVER;
    assert_null(ask(&lan, &message)); /* no requested address */
    message.requested_address = v4("192.168.1.100");
    message.ciaddr = v4("192.168.1.100");
    assert_null(ask(&lan, &message)); /* ciaddr must be zero */
    message.server_id = 0;
    assert_null(ask(&lan, &message)); /* both: no case of the table */
    message.requested_address = message.ciaddr = 0;
    assert_null(ask(&lan, &message)); /* neither */
    assert_int_equal(test_link_drops(&lan.link, &DHCP_DROP_UNEXPECTED), 4);
    lan_fini(&lan);
}

static void init_reboot_is_acked_when_right_refused_when_wrong_ignored_when_unknown(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.requested_address = v4("192.168.1.100");
    assert_null(ask(&lan, &message));
    bind(&lan, 1);
    assert_int_equal(ask(&lan, &message)->message.type, DHCP_ACK);
    message.requested_address = v4("192.168.1.101");
    assert_int_equal(ask(&lan, &message)->message.type, DHCP_NAK);
    struct dhcp_message stranger = message_of(9, DHCP_REQUEST);
    stranger.requested_address = v4("10.0.0.5");
    const struct seen *nak = ask(&lan, &stranger);
    assert_int_equal(nak->message.type, DHCP_NAK); /* it came from another network */
    assert_int_equal(nak->to.addr.v4, IPV4_BROADCAST);
    assert_int_equal(nak->message.yiaddr, 0);
    assert_int_equal(nak->message.lease_time_s, 0);
    assert_true(nak->message.message[0] != '\0');
    lan_fini(&lan);
}

static void renewing_extends_the_lease_and_is_answered_at_ciaddr(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    uint32_t address = bind(&lan, 1);
    fake_net_run_for(lan.link.net, 500 * SECOND);
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.ciaddr = address;
    message.broadcast = false;
    const struct seen *ack = ask_unicast(&lan, &message);
    assert_int_equal(ack->message.type, DHCP_ACK);
    assert_int_equal(ack->to.addr.v4, address);
    assert_int_equal(ack->to.port, DHCP_CLIENT_PORT);
    assert_int_equal(ack->message.ciaddr, address);
    assert_int_equal(ack->message.yiaddr, address);
    fake_net_run_for(lan.link.net, 500 * SECOND);
    assert_int_equal(dhcp_server_count_leases(lan.server), 1);
    fake_net_run_for(lan.link.net, 301 * SECOND);
    assert_int_equal(dhcp_server_count_leases(lan.server), 0);
    lan_fini(&lan);
}

static void renewals_of_addresses_that_are_not_the_clients_are_refused(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    bind(&lan, 1);
    bind(&lan, 2);
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.ciaddr = v4("192.168.1.101");
    message.broadcast = false;
    const struct seen *nak = ask_unicast(&lan, &message);
    assert_int_equal(nak->message.type, DHCP_NAK);
    assert_int_equal(nak->to.addr.v4, IPV4_BROADCAST); /* RFC 2131 4.1: in all cases */
    struct dhcp_message stranger = message_of(9, DHCP_REQUEST);
    stranger.ciaddr = v4("192.168.1.100");
    assert_int_equal(ask_unicast(&lan, &stranger)->message.type, DHCP_NAK);
    stranger.ciaddr = v4("10.1.2.3");
    assert_int_equal(ask_unicast(&lan, &stranger)->message.type, DHCP_NAK);
    lan_fini(&lan);
}

static void a_server_that_forgot_believes_a_renewing_client_but_not_a_rebinding_one(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    struct dhcp_message message = message_of(1, DHCP_REQUEST);
    message.ciaddr = v4("192.168.1.120");
    assert_null(ask(&lan, &message)); /* broadcast: perhaps another server's */
    assert_int_equal(ask_unicast(&lan, &message)->message.type, DHCP_ACK);
    assert_int_equal(dhcp_server_count_leases(lan.server), 1);
    assert_int_equal(ask(&lan, &message)->message.type, DHCP_ACK); /* now it has a record */
    lan_fini(&lan);
}

static void answers_go_where_section_4_1_says(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.199");
    struct dhcp_message message = message_of(1, DHCP_DISCOVER);
    const struct seen *offer = ask(&lan, &message);
    assert_int_equal(offer->to.addr.v4, IPV4_BROADCAST);
    assert_int_equal(offer->to.port, DHCP_CLIENT_PORT);
    assert_int_equal(offer->from.addr.v4, SERVER);

    message.broadcast = false; /* unicast to yiaddr, at the MAC of chaddr */
    offer = ask(&lan, &message);
    assert_int_equal(offer->to.addr.v4, v4("192.168.1.100"));
    assert_true(mac_equal(offer->link_dst, message.chaddr));
    assert_false(offer->message.broadcast);

    message.giaddr = v4("192.168.1.254"); /* to the relay, at the server's port */
    offer = ask(&lan, &message);
    assert_int_equal(offer->to.addr.v4, message.giaddr);
    assert_int_equal(offer->to.port, DHCP_SERVER_PORT);
    assert_int_equal(offer->message.giaddr, message.giaddr);
    assert_true(mac_equal(offer->link_dst, (struct mac_addr){{0}}));

    message.type = DHCP_REQUEST; /* a NAK through the relay asks it to broadcast */
    message.server_id = SERVER;
    message.requested_address = v4("192.168.1.9");
    const struct seen *nak = ask(&lan, &message);
    assert_int_equal(nak->message.type, DHCP_NAK);
    assert_int_equal(nak->to.addr.v4, message.giaddr);
    assert_true(nak->message.broadcast);

    message.giaddr = v4("10.9.9.1"); /* a relay of a subnet we have no pool for */
    assert_null(ask(&lan, &message));
    lan_fini(&lan);
}

static void a_declined_address_is_not_given_out_for_a_while(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    bind(&lan, 1);
    struct dhcp_message message = message_of(1, DHCP_DECLINE);
    message.requested_address = v4("192.168.1.100");
    assert_null(ask(&lan, &message)); /* without our server id it is not for us */
    assert_int_equal(test_link_drops(&lan.link, &DHCP_DROP_UNEXPECTED), 1);
    message.server_id = SERVER;
    assert_null(ask(&lan, &message));
    assert_int_equal(bind(&lan, 1), v4("192.168.1.101"));
    assert_null(discover(&lan, 2, "192.168.1.100"));
    fake_net_run_for(lan.link.net, DHCP_SERVER_DECLINE_TIME_S * SECOND);
    assert_int_equal(bind(&lan, 2), v4("192.168.1.100"));
    lan_fini(&lan);
}

static void only_the_client_itself_can_release_its_lease(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    uint32_t address = bind(&lan, 1);
    struct dhcp_message message = message_of(2, DHCP_RELEASE);
    message.ciaddr = address;
    message.server_id = SERVER;
    assert_null(ask(&lan, &message));
    assert_int_equal(dhcp_server_count_leases(lan.server), 1);
    message.chaddr = message_of(1, DHCP_RELEASE).chaddr;
    assert_null(ask(&lan, &message));
    assert_int_equal(dhcp_server_count_leases(lan.server), 0);
    assert_int_equal(bind(&lan, 1), address); /* remembered */
    lan_fini(&lan);
}

static void inform_gets_the_configuration_without_an_address(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    struct dhcp_message message = message_of(1, DHCP_INFORM);
    message.ciaddr = v4("192.168.1.77");
    const struct seen *ack = ask_unicast(&lan, &message);
    assert_int_equal(ack->message.type, DHCP_ACK);
    assert_int_equal(ack->to.addr.v4, message.ciaddr);
    assert_int_equal(ack->message.yiaddr, 0);
    assert_int_equal(ack->message.lease_time_s, 0); /* MUST NOT */
    assert_int_equal(ack->message.dns[0], SERVER);
    assert_int_equal(dhcp_server_count_leases(lan.server), 0);
    lan_fini(&lan);
}

static void a_reserved_address_is_its_clients_alone(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    struct mac_addr mac = message_of(7, DHCP_DISCOVER).chaddr;
    assert_int_equal(dhcp_server_reserve(lan.server, mac, ip_v4(v4("192.168.1.100"))), STATUS_OK);
    assert_int_equal(dhcp_server_reserve(lan.server, mac, ip_v4(v4("192.168.1.20"))),
                     STATUS_IN_USE);
    struct mac_addr other = {{2, 0, 0, 0, 1, 8}};
    assert_int_equal(dhcp_server_reserve(lan.server, other, ip_v4(v4("192.168.1.100"))),
                     STATUS_IN_USE);
    assert_int_equal(dhcp_server_reserve(lan.server, other, ip_v4(SERVER)), STATUS_IN_USE);
    assert_int_equal(dhcp_server_reserve(lan.server, other, ip_v4(v4("10.0.0.1"))), STATUS_INVALID);
    assert_int_equal(dhcp_server_reserve(lan.server, other, ip_v4(v4("192.168.1.20"))), STATUS_OK);
    assert_int_equal(discover(&lan, 1, "192.168.1.100")->message.yiaddr, v4("192.168.1.101"));
    assert_null(discover(&lan, 2, NULL));
    assert_int_equal(bind(&lan, 7), v4("192.168.1.100"));
    assert_int_equal(bind(&lan, 8), v4("192.168.1.20")); /* outside the pool */
    fake_net_run_for(lan.link.net, 1000 * SECOND);       /* expired, yet still its own */
    assert_int_equal(bind(&lan, 2), v4("192.168.1.101"));
    assert_null(discover(&lan, 3, NULL));
    assert_int_equal(bind(&lan, 7), v4("192.168.1.100"));
    lan_fini(&lan);
}

static void a_client_id_from_the_mac_and_the_mac_itself_are_one_client(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    bind(&lan, 1);
    struct dhcp_message message = message_of(1, DHCP_DISCOVER);
    message.client_id_len = 7;
    message.client_id[0] = 1;
    memcpy(message.client_id + 1, message.chaddr.byte, 6);
    assert_int_equal(ask(&lan, &message)->message.yiaddr, v4("192.168.1.100"));
    message.client_id[0] = 0; /* another id: another client, on the same card */
    assert_int_equal(ask(&lan, &message)->message.yiaddr, v4("192.168.1.101"));
    lan_fini(&lan);
}

static void replies_and_bootp_are_not_for_a_server(void **state)
{
    (void)state;
    struct test_lan lan;
    lan_init(&lan, "192.168.1.100", "192.168.1.101");
    struct dhcp_message message = message_of(1, DHCP_OFFER);
    assert_null(ask(&lan, &message));
    message.type = 0;
    assert_null(ask(&lan, &message));
    message.type = DHCP_DISCOVER;
    message.op = DHCP_BOOTREPLY;
    assert_null(ask(&lan, &message));
    assert_int_equal(test_link_drops(&lan.link, &DHCP_DROP_UNEXPECTED), 3);
    lan_fini(&lan);
}

static void a_pool_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct test_link link;
    test_link_init(&link);
    struct sockets *home = fake_host_new(link.net, "home", "192.168.1.1");
    static const char *const POOLS[][2] = {
        {"192.168.1.20", "192.168.1.10"}, {"192.168.2.10", "192.168.2.20"},
        {"192.168.1.0", "192.168.1.20"},  {"192.168.1.10", "192.168.1.255"},
        {"192.168.0.10", "192.168.1.20"},
    };
    for (size_t i = 0; i < sizeof POOLS / sizeof POOLS[0]; i++) {
        struct dhcp_server_config config = config_of(POOLS[i][0], POOLS[i][1]);
        struct dhcp_server *server;
        assert_int_equal(dhcp_server_new(home, "eth0", &config, &server), STATUS_INVALID);
    }
    test_link_fini(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_and_an_ack_hold_what_the_rfc_demands),
        cmocka_unit_test(addresses_are_chosen_own_first_then_wished_then_next),
        cmocka_unit_test(an_offer_is_kept_for_a_minute_and_no_longer),
        cmocka_unit_test(an_expired_lease_is_remembered_until_the_address_is_needed),
        cmocka_unit_test(the_server_never_gives_away_its_own_address),
        cmocka_unit_test(a_request_to_another_server_frees_our_offer),
        cmocka_unit_test(selecting_requests_that_break_table_4_are_dropped),
        cmocka_unit_test(init_reboot_is_acked_when_right_refused_when_wrong_ignored_when_unknown),
        cmocka_unit_test(renewing_extends_the_lease_and_is_answered_at_ciaddr),
        cmocka_unit_test(renewals_of_addresses_that_are_not_the_clients_are_refused),
        cmocka_unit_test(a_server_that_forgot_believes_a_renewing_client_but_not_a_rebinding_one),
        cmocka_unit_test(answers_go_where_section_4_1_says),
        cmocka_unit_test(a_declined_address_is_not_given_out_for_a_while),
        cmocka_unit_test(only_the_client_itself_can_release_its_lease),
        cmocka_unit_test(inform_gets_the_configuration_without_an_address),
        cmocka_unit_test(a_reserved_address_is_its_clients_alone),
        cmocka_unit_test(a_client_id_from_the_mac_and_the_mac_itself_are_one_client),
        cmocka_unit_test(replies_and_bootp_are_not_for_a_server),
        cmocka_unit_test(a_pool_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
