/* A TCP with one connection, opened by either side, and a stranger as its peer: segments that are
 * nearly right, an application that reads, writes and closes when it likes, and time that passes.
 * Whatever they do: every segment the stack sends is well formed, carries the bytes that were
 * written at that place, stays within the window (but for a probe's octet), and never takes back a
 * window it has offered; and in the end every packet is back.
 *
 * The input is a sequence of steps of four bytes: what to do and three operands.
 */
#include "fuzz.h"

#include "base/check.h"
#include "sim/sim.h"
#include "stack/node/node.h"

#include <string.h>

enum { MAX_STEPS = 400, STACK = 0x0a000001, PEER = 0x0a000002, PORT = 80, PEER_PORT = 4000 };

static const uint64_t WAITS_NS[8] = {0,          1000000,     40000000,     500000000,
                                     1000000000, 10000000000, 100000000000, 1000000000000};

struct world {
    struct env *env;
    struct trace trace;
    struct link *link;
    struct node *nodes[2]; /* the stack's and the peer's */
    struct tcp_listener *listener;
    struct tcp_conn *conn;
    uint32_t written, received; /* by its owner */
    uint16_t port;              /* the stack's */

    /* what the peer knows */
    bool has_seq, has_ack, is_synchronized;
    uint32_t iss, irs;     /* the peer's, the stack's */
    uint32_t nxt, acked;   /* the stack's highest sequence number, and what it acknowledged */
    uint32_t sent_edge;    /* right edge of the window that the peer offered */
    uint32_t offered_edge; /* ... and of the one that the stack offered */
    bool scales;           /* the peer's SYNs offer to */
    unsigned stack_shift;
};

/* The byte at a place of the stream, in both directions. */
static uint8_t byte_at(uint32_t place)
{
    return (uint8_t)(place * 31 + (place >> 8) * 17);
}

/* --- what the stack sends --- */

static void check_window(struct world *world, const struct tcp_header *header)
{
    if (!(header->flags & TCP_ACK) || (header->flags & (TCP_SYN | TCP_RST))) {
        return;
    }
    uint32_t unit = UINT32_C(1) << world->stack_shift;
    uint32_t edge = header->ack + header->window * unit;
    if (world->has_ack) {
        CHECK((int32_t)(header->ack - world->acked) >= 0);
        CHECK((int32_t)(edge + unit - world->offered_edge) > 0); /* RFC 7323 2.4: rounding only */
    }
    world->acked = header->ack;
    world->offered_edge = edge;
    world->has_ack = true;
}

static void check_text(struct world *world, const struct tcp_header *header,
                       const struct reader *text)
{
    uint32_t len = (uint32_t)(text->end - text->p);
    for (uint32_t i = 0; i < len; i++) {
        CHECK(text->p[i] == byte_at(header->seq - world->irs - 1 + i));
    }
    if (world->is_synchronized && len > 0) {
        CHECK((int32_t)(header->seq + len - world->sent_edge) <= 1);
    }
}

static void on_segment(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct world *world = owner;
    struct tcp_header header;
    struct reader r = packet_reader(packet);
    bool is_right = false;
    CHECK(tcp_parse(&r, ip_v4(info->header.src), ip_v4(info->header.dst), &header, &is_right));
    CHECK(is_right);
    bool is_of_conn = !(header.flags & TCP_RST);
    if (header.flags & TCP_SYN) {
        if (!world->has_seq || world->irs != header.seq) {
            world->has_ack = false;
            world->is_synchronized = false;
        }
        world->irs = header.seq;
        world->nxt = header.seq + 1;
        world->has_seq = true;
        world->port = header.src_port;
        if (header.flags & TCP_ACK) {
            world->iss = header.ack - 1; /* the SYN that it took */
        }
        world->stack_shift = world->scales ? header.options.window_scale : 0;
        CHECK(header.options.has_mss);
    } else if (is_of_conn && world->has_seq) {
        check_text(world, &header, &r);
        check_window(world, &header);
        uint32_t end = header.seq + (uint32_t)(r.end - r.p) + ((header.flags & TCP_FIN) ? 1 : 0);
        world->nxt = (int32_t)(end - world->nxt) > 0 ? end : world->nxt;
    }
    packet_put(packet);
}

/* --- what the peer sends --- */

static void send_segment(struct world *world, uint8_t flags, int8_t seq_off, uint8_t operand)
{
    static const uint16_t WINDOWS[4] = {0, 100, 3000, 65535};
    static const uint16_t LENGTHS[4] = {0, 1, 100, 1400};
    struct tcp_header header = {.src_port = PEER_PORT, .dst_port = world->port, .flags = flags};
    bool is_syn = (flags & TCP_SYN) != 0;
    uint32_t next = world->has_ack ? world->acked : world->iss + 1;
    uint32_t scale = (uint32_t)1 << (operand >> 6) * 3; /* far away or near */
    bool is_first = is_syn && !world->has_ack;
    header.seq = is_first ? world->iss : next + (uint32_t)(seq_off * (int32_t)scale);
    header.ack = world->nxt - ((operand & 0x30) == 0x30 ? 1000 : (operand & 0x30) >> 4);
    header.window = WINDOWS[operand & 3];
    if (is_syn) {
        header.options = (struct tcp_options){.has_mss = true,
                                              .mss = (uint16_t)(operand * 8),
                                              .has_window_scale = world->scales,
                                              .window_scale = (uint8_t)(operand >> 4)};
    }
    uint16_t len = LENGTHS[operand >> 2 & 3];
    struct packet *packet = packet_new(world->env->packets, len);
    for (uint32_t i = 0; i < len; i++) {
        packet->data[i] = byte_at(header.seq + is_syn - world->iss - 1 + i);
    }
    struct bytes text = {packet->data, packet->len};
    struct writer w = packet_push(packet, tcp_header_len(&header.options));
    tcp_emit(&w, ip_v4(PEER), ip_v4(STACK), &header, text);
    struct ipv4_send how = {.dst = STACK, .protocol = IP_PROTOCOL_TCP};
    (void)ipv4_send(world->nodes[1]->ipv4, packet, &how);
    /* The largest window it ever offered, in whatever units: the stack may believe any of them. */
    uint32_t edge = header.ack + ((uint32_t)header.window << 14);
    if (!world->is_synchronized || (int32_t)(edge - world->sent_edge) > 0) {
        world->sent_edge = edge;
        world->is_synchronized = true;
    }
}

/* --- the application --- */

static void on_event(void *owner)
{
    struct world *world = owner;
    if (!world->conn && world->listener) {
        world->conn = tcp_accept(world->listener);
        if (world->conn) {
            world->written = 0;
            world->received = 0;
            tcp_set_on_event(world->conn, on_event, world);
        }
    }
}

static void write_bytes(struct world *world, uint32_t len)
{
    uint8_t bytes[4096];
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = byte_at(world->written + i);
    }
    int64_t taken = tcp_send(world->conn, bytes, len);
    world->written += taken > 0 ? (uint32_t)taken : 0;
}

static void read_bytes(struct world *world, uint32_t size)
{
    uint8_t bytes[4096];
    int64_t len = tcp_receive(world->conn, bytes, size);
    for (int64_t i = 0; i < len; i++) {
        CHECK(bytes[i] == byte_at(world->received + (uint32_t)i));
    }
    world->received += len > 0 ? (uint32_t)len : 0;
}

static void act(struct world *world, uint8_t what, uint32_t amount)
{
    if (!world->conn) {
        return;
    }
    switch (what % 8) {
    case 0:
    case 1:
        write_bytes(world, amount % 4096);
        break;
    case 2:
    case 3:
        read_bytes(world, amount % 4096);
        break;
    case 4:
        tcp_set_no_delay(world->conn, amount & 1);
        break;
    case 5:
        tcp_shutdown(world->conn);
        break;
    case 6:
        tcp_close(world->conn);
        world->conn = NULL;
        break;
    default:
        if (amount & 1) {
            tcp_abort(world->conn);
            world->conn = NULL;
        }
        break;
    }
}

/* --- the world --- */

static struct node *add_node(struct world *world, int end, uint32_t addr)
{
    struct node_config config = {
        .name = end == 0 ? "stack" : "peer",
        .id = (uint32_t)end + 1,
        .tcp = {.send_buffer = 8000, .receive_buffer = 150000},
    };
    struct node *node = node_new(world->env, &world->trace, &config);
    struct mac_addr mac = {{2, 0, 0, 0, 0, (uint8_t)(end + 1)}};
    struct netif *netif = NULL;
    struct ip_prefix prefix = {ip_v4(addr), 24};
    CHECK(node_add_netif(node, world->link, end, mac, 1500, &netif) == STATUS_OK);
    CHECK(node_add_address(node, netif, prefix) == STATUS_OK);
    return node;
}

static void world_init(struct world *world, bool is_active, bool scales)
{
    struct link_config config = {.delay_ns = 1000};
    *world = (struct world){.env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL),
                            .iss = 0xffffff00,
                            .scales = scales,
                            .port = PORT};
    trace_init(&world->trace);
    world->link = link_new("l", &config);
    world->nodes[0] = add_node(world, 0, STACK);
    world->nodes[1] = add_node(world, 1, PEER);
    ipv4_set_handler(world->nodes[1]->ipv4, IP_PROTOCOL_TCP, on_segment, NULL, world);
    if (is_active) {
        struct endpoint remote = {ip_v4(PEER), PEER_PORT};
        CHECK(tcp_connect(world->nodes[0]->tcp, (struct endpoint){0}, remote, on_event, world,
                          &world->conn) == STATUS_OK);
    } else {
        CHECK(tcp_listen(world->nodes[0]->tcp, (struct endpoint){.port = PORT}, 2, on_event, world,
                         &world->listener) == STATUS_OK);
    }
    sim_run(world->env, 1000000, NULL);
}

static void world_fini(struct world *world)
{
    if (world->conn) {
        tcp_close(world->conn);
    }
    if (world->listener) {
        tcp_listener_close(world->listener);
    }
    link_free(world->link);
    node_free(world->nodes[0]);
    node_free(world->nodes[1]);
    trace_fini(&world->trace);
    sim_env_free(world->env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    struct world world;
    uint8_t kind = read_u8(&r);
    world_init(&world, kind & 1, kind & 2);
    for (int i = 0; i < MAX_STEPS && reader_left(&r) >= 4; i++) {
        uint8_t what = read_u8(&r);
        uint8_t a = read_u8(&r);
        uint8_t b = read_u8(&r);
        uint8_t c = read_u8(&r);
        if (what & 0x80) {
            act(&world, what, (uint32_t)a << 8 | b);
        } else {
            send_segment(&world, a & 0x3f, (int8_t)b, c);
        }
        sim_run(world.env, world.env->now_ns + 10000 + WAITS_NS[what & 7], NULL);
    }
    world_fini(&world);
    return 0;
}
