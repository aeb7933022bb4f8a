/* DHCP over whole stacks: frames, ARP and routes as in a home. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"
#include "dhcp/server.h"
#include "sim/sim.h"
#include "socket/own.h"
#include "stack/link/switch.h"
#include "wire/udp.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

enum { N_PCS = 3, N_NODES = N_PCS + 1, MAX_FRAMES = 256 };

static const struct link_config LINK = {.delay_ns = MS};

struct host {
    struct node *node;
    struct netif *netif;
    struct link *link;
    struct sockets *sockets;
    struct dhcp_client *client;
    struct ip_prefix address; /* what DHCP gave; not set: none */
};

/* An IPv4 frame on the server's link. */
struct frame {
    enum tap_direction direction;
    struct mac_addr dst;
    struct ipv4_header header;
    struct udp_header udp;
};

struct home {
    struct env *env;
    struct trace trace;
    struct scope switch_scope;
    struct eth_switch *sw;
    struct host host[N_NODES]; /* [0]: the router */
    struct dhcp_server *server;
    struct tap tap;
    struct frame frames[MAX_FRAMES];
    size_t n_frames;
};

static void on_frame(struct tap *tap, const struct tap_point *point, enum tap_direction direction,
                     uint64_t at_ns, const struct packet *packet)
{
    (void)point, (void)at_ns;
    struct home *home = container_of(tap, struct home, tap);
    struct frame *frame = &home->frames[home->n_frames];
    struct reader r = packet_reader(packet);
    struct ethernet_header ethernet;
    bool is_checksum_right;
    if (!ethernet_parse(&r, &ethernet) || ethernet.type != ETHERTYPE_IPV4) {
        return;
    }
    assert_true(home->n_frames < MAX_FRAMES);
    assert_int_equal(ipv4_parse(&r, &frame->header), IPV4_OK);
    struct reader udp = reader_sub(&r, (size_t)frame->header.total_len - frame->header.header_len);
    if (frame->header.protocol != IP_PROTOCOL_UDP) {
        return;
    }
    assert_true(udp_parse(&udp, ip_v4(frame->header.src), ip_v4(frame->header.dst), &frame->udp,
                          &is_checksum_right));
    assert_true(is_checksum_right);
    frame->direction = direction;
    frame->dst = ethernet.dst;
    home->n_frames++;
}

static void transmit(void *link_end, struct packet *frame)
{
    link_send(link_end, frame);
}

static void on_changed(void *owner, const struct dhcp_lease *lease)
{
    struct host *host = owner;
    if (ip_is_set(host->address.addr)) {
        ipv4_remove_address(host->node->ipv4, host->netif, host->address.addr);
        host->address = (struct ip_prefix){0};
    }
    if (lease) {
        host->address = lease->address;
        struct ip_prefix all = {ip_v4(0), 0};
        assert_int_equal(node_add_address(host->node, host->netif, lease->address), STATUS_OK);
        assert_int_equal(node_add_route(host->node, all, lease->router, host->netif), STATUS_OK);
    }
}

static void host_init(struct home *home, size_t index)
{
    static const char *const NAMES[N_NODES] = {"home", "pc1", "pc2", "pc3"};
    struct host *host = &home->host[index];
    struct node_config config = {
        .name = NAMES[index], .id = (uint32_t)index + 1, .forwarding = index == 0};
    host->node = node_new(home->env, &home->trace, &config);
    host->link = link_new(NAMES[index], &LINK);
    struct mac_addr mac = {{2, 0, 0, 0, 0, (uint8_t)(index + 1)}};
    assert_int_equal(node_add_netif(host->node, host->link, 0, mac, 1500, &host->netif), STATUS_OK);
    struct switch_port *port = switch_add_port(home->sw, NAMES[index], transmit, NULL);
    switch_port_set_link(port, link_attach(host->link, 1, &home->switch_scope, (uint32_t)index,
                                           NAMES[index], switch_port_input, port));
    host->sockets = own_sockets_new(host->node);
}

static void home_init(struct home *home, uint32_t lease_time_s)
{
    *home = (struct home){.tap = {.on_frame = on_frame}};
    home->env = sim_env_new(3, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&home->trace);
    home->switch_scope =
        (struct scope){.env = home->env, .trace = &home->trace, .node = 99, .name = "sw"};
    home->sw = switch_new(&home->switch_scope);
    for (size_t i = 0; i < N_NODES; i++) {
        host_init(home, i);
    }
    struct ip_prefix address = {ip_v4(0xc0a80101), 24};
    assert_int_equal(node_add_address(home->host[0].node, home->host[0].netif, address), STATUS_OK);
    struct dhcp_server_config config = {
        .address = address,
        .first = ip_v4(0xc0a80164),
        .last = ip_v4(0xc0a801c7),
        .router = address.addr,
        .dns = {address.addr},
        .n_dns = 1,
        .lease_time_s = lease_time_s,
    };
    assert_int_equal(dhcp_server_new(home->host[0].sockets, "eth0", &config, &home->server),
                     STATUS_OK);
    tap_add(&link_get_end(home->host[0].link, 0)->point, &home->tap);
}

static void start_client(struct host *host)
{
    assert_int_equal(dhcp_client_new(host->sockets, host->netif->name, host->netif->mac,
                                     host->node->name, on_changed, host, &host->client),
                     STATUS_OK);
}

static void home_fini(struct home *home)
{
    dhcp_server_free(home->server);
    for (size_t i = 0; i < N_NODES; i++) {
        dhcp_client_free(home->host[i].client);
        own_sockets_free(home->host[i].sockets);
        link_free(home->host[i].link);
    }
    for (size_t i = 0; i < N_NODES; i++) {
        node_free(home->host[i].node);
    }
    switch_free(home->sw);
    trace_fini(&home->trace);
    sim_env_free(home->env);
}

static void keep_result(void *owner, const struct icmp_ping_result *result)
{
    *(struct icmp_ping_result *)owner = *result;
}

static void hosts_get_addresses_and_reach_each_other(void **state)
{
    (void)state;
    struct home home;
    home_init(&home, 3600);
    for (size_t i = 1; i < N_NODES; i++) {
        start_client(&home.host[i]);
    }
    sim_run(home.env, SECOND, NULL);
    bool is_given[N_PCS] = {false};
    for (size_t i = 1; i < N_NODES; i++) {
        assert_string_equal(dhcp_client_state(home.host[i].client), "BOUND");
        uint32_t number = home.host[i].address.addr.v4 - 0xc0a80164;
        assert_true(number < N_PCS && !is_given[number]);
        is_given[number] = true;
    }
    assert_int_equal(home.n_frames, 4 * N_PCS);
    const struct frame *discover = &home.frames[0];
    assert_int_equal(discover->direction, TAP_RECEIVED);
    assert_true(mac_equal(discover->dst, MAC_BROADCAST));
    assert_int_equal(discover->header.src, IPV4_ANY);
    assert_int_equal(discover->header.dst, IPV4_BROADCAST);
    assert_int_equal(discover->udp.src_port, DHCP_CLIENT_PORT);
    assert_int_equal(discover->udp.dst_port, DHCP_SERVER_PORT);
    const struct frame *offer = &home.frames[1];
    assert_int_equal(offer->direction, TAP_SENT);
    assert_true(mac_equal(offer->dst, MAC_BROADCAST));
    assert_int_equal(offer->header.src, 0xc0a80101);
    struct icmp_ping_result result = {.status = STATUS_AGAIN};
    assert_non_null(icmp_ping_start(ipv4_icmp(home.host[1].node->ipv4),
                                    home.host[2].address.addr.v4, 56, 0, SECOND, keep_result,
                                    &result));
    sim_run(home.env, 2 * SECOND, NULL);
    assert_int_equal(result.status, STATUS_OK);
    home_fini(&home);
}

static void renewals_and_releases_are_unicast_frames(void **state)
{
    (void)state;
    struct home home;
    home_init(&home, 600);
    start_client(&home.host[1]);
    sim_run(home.env, 301 * SECOND, NULL);
    assert_int_equal(home.n_frames, 6);
    const struct frame *request = &home.frames[4], *ack = &home.frames[5];
    assert_true(mac_equal(request->dst, home.host[0].netif->mac));
    assert_int_equal(request->header.src, home.host[1].address.addr.v4);
    assert_true(mac_equal(ack->dst, home.host[1].netif->mac));
    assert_int_equal(ack->header.dst, home.host[1].address.addr.v4);
    sim_run(home.env, 2000 * SECOND, NULL); /* some renewals later */
    assert_string_equal(dhcp_client_state(home.host[1].client), "BOUND");
    assert_int_equal(dhcp_server_count_leases(home.server), 1);
    dhcp_client_release(home.host[1].client);
    sim_run(home.env, 2001 * SECOND, NULL);
    assert_int_equal(dhcp_server_count_leases(home.server), 0);
    assert_false(ip_is_set(home.host[1].address.addr));
    home_fini(&home);
}

static void a_client_that_needs_no_broadcast_is_answered_at_its_mac(void **state)
{
    (void)state;
    struct home home;
    home_init(&home, 600);
    struct datagram_options options = {.local = {ip_v4(IPV4_ANY), DHCP_CLIENT_PORT},
                                       .interface = "eth0"};
    struct datagram_socket *socket;
    assert_int_equal(sockets_open_datagram(home.host[1].sockets, &options, NULL, NULL, &socket),
                     STATUS_OK);
    struct dhcp_message message = {
        .op = DHCP_BOOTREQUEST, .xid = 5, .chaddr = home.host[1].netif->mac, .type = DHCP_DISCOVER};
    uint8_t bytes[DHCP_MAX_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    dhcp_emit(&w, &message);
    struct datagram_route route = {.is_src_any = true};
    assert_int_equal(datagram_send(socket,
                                   (struct endpoint){ip_v4(IPV4_BROADCAST), DHCP_SERVER_PORT},
                                   (struct bytes){bytes, (size_t)(w.p - bytes)}, &route),
                     STATUS_OK);
    sim_run(home.env, SECOND, NULL);
    assert_int_equal(home.n_frames, 2);
    assert_true(mac_equal(home.frames[1].dst, home.host[1].netif->mac));
    assert_int_equal(home.frames[1].header.dst, 0xc0a80164);
    datagram_close(socket);
    home_fini(&home);
}

static void a_lost_link_ends_the_lease_in_time_and_its_return_brings_one_back(void **state)
{
    (void)state;
    struct home home;
    home_init(&home, 600);
    start_client(&home.host[1]);
    sim_run(home.env, SECOND, NULL);
    struct ip_prefix first = home.host[1].address;
    link_set_up(home.host[0].link, false);
    sim_run(home.env, 599 * SECOND, NULL);
    assert_true(ip_is_set(home.host[1].address.addr));
    sim_run(home.env, 602 * SECOND, NULL);
    assert_false(ip_is_set(home.host[1].address.addr));
    link_set_up(home.host[0].link, true);
    sim_run(home.env, 700 * SECOND, NULL);
    assert_string_equal(dhcp_client_state(home.host[1].client), "BOUND");
    assert_int_equal(home.host[1].address.addr.v4, first.addr.v4); /* remembered */
    home_fini(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_get_addresses_and_reach_each_other),
        cmocka_unit_test(renewals_and_releases_are_unicast_frames),
        cmocka_unit_test(a_client_that_needs_no_broadcast_is_answered_at_its_mac),
        cmocka_unit_test(a_lost_link_ends_the_lease_in_time_and_its_return_brings_one_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
