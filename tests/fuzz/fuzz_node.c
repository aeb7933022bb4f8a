/* A home router with its NAT, a listening TCP and a bound UDP socket, and a stranger on either side
 * who sends it frames and lets time pass. Whatever they are, every frame that the router sends is
 * well formed, and in the end every packet is back.
 *
 * The input is a sequence of records: a byte that says how, a length (16 bits), a frame. The flags
 * repair what a fuzzer would take years to guess: the destination MAC and the checksums.
 */
#include "fuzz.h"

#include "base/check.h"
#include "sim/sim.h"
#include "stack/node/node.h"
#include "wire/arp.h"
#include "wire/checksum.h"

enum {
    FROM_OUTSIDE = 1,
    FOR_US = 2,
    REPAIR_IP = 4,
    REPAIR_ICMP = 8,
    WAIT_SHIFT = 4, /* how long to wait after it, in three bits */
    MAX_FRAMES = 64,
    MAX_FRAME_LEN = 2000,
    IP_CHECKSUM_AT = 10,
    ICMP_CHECKSUM_AT = 2,
};

static const uint64_t WAITS_NS[8] = {
    0,           1000,         1000000,       1000000000,   /* ARP's retry, TCP's RTO */
    4000000000U, 100000000000, 1300000000000, 8000000000000 /* ARP's, NAT's lifetimes */
};

static const struct mac_addr INSIDE_MAC = {{2, 0, 0, 0, 1, 0}}, OUTSIDE_MAC = {{2, 0, 0, 0, 1, 1}};

struct world {
    struct env *env;
    struct trace trace;
    struct node *node;
    struct link *links[2];
    struct scope strangers[2];
    struct link_end *ends[2];
    struct udp_socket *socket;
    struct tcp_listener *listener;
};

/* What the router sent: must be right, whatever it was asked. */
static void on_frame(void *owner, struct packet *frame)
{
    (void)owner;
    struct reader r = packet_reader(frame);
    struct ethernet_header ethernet;
    CHECK(ethernet_parse(&r, &ethernet));
    CHECK(mac_equal(ethernet.src, INSIDE_MAC) || mac_equal(ethernet.src, OUTSIDE_MAC));
    if (ethernet.type == ETHERTYPE_ARP) {
        struct arp_message message;
        CHECK(arp_parse(&r, &message));
        CHECK(mac_equal(message.sender_mac, ethernet.src));
    } else {
        struct ipv4_header header;
        CHECK(ethernet.type == ETHERTYPE_IPV4);
        size_t len = reader_left(&r);
        CHECK(ipv4_parse(&r, &header) == IPV4_OK && header.total_len == len);
        CHECK(header.ttl > 0 && !ipv4_is_loopback(header.src) && !ipv4_is_loopback(header.dst));
    }
    packet_put(frame);
}

static void on_event(void *owner)
{
    (void)owner;
}

static void on_accept(void *owner)
{
    struct world *world = owner;
    struct tcp_conn *conn;
    while ((conn = tcp_accept(world->listener))) {
        tcp_close(conn);
    }
}

static void add_netif(struct world *world, int side, struct mac_addr mac, const char *address)
{
    struct scope *stranger = &world->strangers[side];
    *stranger = (struct scope){
        .env = world->env, .trace = &world->trace, .node = (uint32_t)side + 2, .name = "stranger"};
    struct link_config config = {.delay_ns = 1000};
    struct netif *netif;
    struct ip_prefix prefix;
    world->links[side] = link_new("l", &config);
    world->ends[side] = link_attach(world->links[side], 1, stranger, 0, "eth0", on_frame, world);
    CHECK(node_add_netif(world->node, world->links[side], 0, mac, 1500, &netif) == STATUS_OK);
    CHECK(ip_prefix_parse(address, &prefix));
    CHECK(node_add_address(world->node, netif, prefix) == STATUS_OK);
}

static void world_init(struct world *world)
{
    world->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&world->trace);
    struct node_config config = {.name = "home", .id = 1, .forwarding = true};
    world->node = node_new(world->env, &world->trace, &config);
    add_netif(world, 0, INSIDE_MAC, "192.168.1.1/24");
    add_netif(world, 1, OUTSIDE_MAC, "203.0.113.2/24");
    struct netif *outside = world->node->netifs[1];
    struct ip_prefix all = {ip_v4(0), 0};
    struct ip_addr gateway;
    CHECK(ip_parse("203.0.113.1", &gateway));
    CHECK(node_add_route(world->node, all, gateway, outside) == STATUS_OK);
    node_start_nat(world->node, outside);
    world->socket = udp_open(world->node->udp, on_event, world);
    CHECK(udp_bind(world->socket, (struct endpoint){.port = 53}, NULL) == STATUS_OK);
    CHECK(tcp_listen(world->node->tcp, (struct endpoint){.port = 80}, 4, on_accept, world,
                     &world->listener) == STATUS_OK);
}

static void world_fini(struct world *world)
{
    udp_close(world->socket);
    tcp_listener_close(world->listener);
    link_free(world->links[0]);
    link_free(world->links[1]);
    node_free(world->node);
    trace_fini(&world->trace);
    sim_env_free(world->env); /* checks that every packet came back */
}

static void put_checksum(uint8_t *bytes, size_t len, size_t at)
{
    struct writer w = writer_of(bytes + at, 2);
    write_u16(&w, 0);
    w = writer_of(bytes + at, 2);
    write_u16(&w, checksum_finish(checksum_add(0, bytes, len)));
}

/* Makes right what `how` asks for, as far as the frame reaches. */
static void repair(struct packet *frame, uint8_t how)
{
    struct mac_addr mac = how & FROM_OUTSIDE ? OUTSIDE_MAC : INSIDE_MAC;
    if (how & FOR_US && frame->len >= sizeof mac) {
        memcpy(frame->data, mac.byte, sizeof mac);
    }
    if (frame->len < ETHERNET_HEADER_LEN + IPV4_HEADER_LEN) {
        return;
    }
    uint8_t *ip = frame->data + ETHERNET_HEADER_LEN;
    size_t len = frame->len - ETHERNET_HEADER_LEN;
    size_t header_len = (size_t)(ip[0] & 15) * 4;
    if (header_len < IPV4_HEADER_LEN || header_len > len) {
        return;
    }
    if (how & REPAIR_IP) {
        put_checksum(ip, header_len, IP_CHECKSUM_AT);
    }
    if (how & REPAIR_ICMP && len >= header_len + ICMP_HEADER_LEN) {
        put_checksum(ip + header_len, len - header_len, ICMP_CHECKSUM_AT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    world_init(&world);
    struct reader r = reader_of(data, size);
    for (int i = 0; i < MAX_FRAMES && reader_left(&r) > 0; i++) {
        uint8_t how = read_u8(&r);
        size_t len = read_u16(&r);
        size_t left = reader_left(&r);
        len = len < left ? len : left;
        const uint8_t *bytes = reader_take(&r, len);
        if (!bytes || len > MAX_FRAME_LEN) {
            break;
        }
        struct packet *frame = packet_new_copy(world.env->packets, bytes, len);
        repair(frame, how);
        link_send(world.ends[how & FROM_OUTSIDE], frame);
        sim_advance(world.env, world.env->now_ns + 1000 + WAITS_NS[how >> WAIT_SHIFT & 7]);
    }
    world_fini(&world);
    return 0;
}
