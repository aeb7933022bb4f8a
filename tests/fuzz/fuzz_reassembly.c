/* Fragments from a stranger, in any order and with any lies. Whatever they are: what becomes whole
 * is a right packet of which every byte was sent at its place, the limits hold, and in the end
 * every packet is back.
 *
 * The input is a sequence of records of 8 bytes: which datagram (4 of them) and flags, offset and
 * length in small numbers so that they meet, a first byte of the data, a wait. Records beyond the
 * small datagrams scale offset and length up to the limits of IPv4.
 */
#include "fuzz.h"

#include "base/check.h"
#include "sim/sim.h"
#include "stack/network/ipv4_internal.h"
#include "wire/checksum.h"

enum {
    PROTOCOL = 253,
    IS_TCP = 4,
    HAS_MORE = 8,
    IS_GROUP = 16,
    IS_LARGE = 32, /* offset and length count more */
    HAS_OPTIONS = 64,
    IS_OTHER_DATA = 128, /* other bytes than its neighbours have there */
    MAX_RECORDS = 512,
    MAX_DATA = 65535,
};

struct world {
    struct env *env;
    struct trace trace;
    struct scope scope;
    struct netif netif;
    struct ipv4 *ip;
    size_t n_wholes;
};

static void transmit(void *owner, struct packet *frame)
{
    struct reader r = packet_reader(frame);
    struct ethernet_header ethernet;
    (void)owner;
    CHECK(ethernet_parse(&r, &ethernet));
    packet_put(frame);
}

/* The byte at this place of every datagram, unless a record lies about it. */
static uint8_t byte_at(size_t place)
{
    return (uint8_t)(place * 31 + (place >> 8));
}

static void world_init(struct world *world)
{
    *world = (struct world){.env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL)};
    trace_init(&world->trace);
    world->scope =
        (struct scope){.env = world->env, .trace = &world->trace, .node = 1, .name = "host"};
    world->ip = ipv4_new(&world->scope, false);
    struct mac_addr mac = {{2, 0, 0, 0, 0, 1}};
    netif_init(&world->netif, &world->scope, 0, "eth0", mac, 1500, transmit, NULL);
    ipv4_add_netif(world->ip, &world->netif);
    struct ip_prefix prefix;
    CHECK(ip_prefix_parse("10.0.0.1/24", &prefix));
    CHECK(ipv4_add_address(world->ip, &world->netif, prefix) == STATUS_OK);
}

static void world_fini(struct world *world)
{
    ipv4_free(world->ip);
    netif_fini(&world->netif);
    trace_fini(&world->trace);
    sim_env_free(world->env); /* checks that every packet came back */
}

/* One fragment as a record asks for it, or NULL when none can be so long. */
static struct packet *make_fragment(struct world *world, struct reader *r, bool *is_group,
                                    struct ipv4_header *header)
{
    uint8_t how = read_u8(r);
    uint8_t offset = read_u8(r);
    uint16_t len = read_u16(r);
    uint8_t lie = read_u8(r);
    uint8_t ecn = read_u8(r);
    size_t header_len = how & HAS_OPTIONS ? IPV4_MAX_HEADER_LEN : IPV4_HEADER_LEN;
    size_t data_len = how & IS_LARGE ? len : len & 63u;
    *is_group = how & IS_GROUP;
    if (header_len + data_len > MAX_DATA) {
        return NULL;
    }
    *header = (struct ipv4_header){
        .header_len = (uint8_t)header_len,
        .total_len = (uint16_t)(header_len + data_len),
        .id = how & 3,
        .ecn = ecn & 3,
        .more_fragments = how & HAS_MORE,
        .fragment_offset = (uint16_t)(how & IS_LARGE ? offset * 256 : (offset & 15) * 8),
        .ttl = 1,
        .protocol = how & IS_TCP ? IP_PROTOCOL_TCP : PROTOCOL,
        .src = 0x0a000002,
        .dst = 0x0a000001,
    };
    struct packet *packet = packet_new(world->env->packets, header->total_len);
    memset(packet->data, 1, header_len); /* "no operation" options */
    struct writer w = writer_of(packet->data, header_len);
    ipv4_emit(&w, header);
    ipv4_rewrite_header(packet->data, header);
    for (size_t i = 0; i < data_len; i++) {
        packet->data[header_len + i] = byte_at(header->fragment_offset + i);
    }
    if (how & IS_OTHER_DATA && data_len > 0) {
        packet->data[header_len] = lie;
    }
    return packet;
}

static void check_whole(struct world *world, struct packet *whole)
{
    struct reader r = packet_reader(whole);
    struct ipv4_header header;
    CHECK(ipv4_parse(&r, &header) == IPV4_OK);
    CHECK(header.total_len == whole->len && !ipv4_is_fragment(&header));
    CHECK(header.src == 0x0a000002 && header.dst == 0x0a000001 && header.id < 4);
    size_t n_lies = 0;
    for (size_t i = 0; i < reader_left(&r); i++) {
        n_lies += r.p[i] != byte_at(i);
    }
    CHECK(n_lies * 8 <= reader_left(&r) + 7); /* at most the first byte of each fragment */
    world->n_wholes++;
    packet_put(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    world_init(&world);
    struct reassembly *reassembly = world.ip->reassembly;
    struct reader r = reader_of(data, size);
    for (int i = 0; i < MAX_RECORDS && reader_left(&r) >= 8; i++) {
        struct ipv4_header header;
        bool is_group;
        struct packet *packet = make_fragment(&world, &r, &is_group, &header);
        uint16_t wait_ms = read_u16(&r);
        if (packet && ipv4_is_fragment(&header)) {
            packet = reassembly_input(reassembly, &world.netif, packet, &header, &is_group);
            if (packet) {
                check_whole(&world, packet);
            }
        } else if (packet) {
            packet_put(packet);
        }
        CHECK(reassembly_count(reassembly) <= 8); /* four ids, two protocols */
        CHECK(reassembly_bytes(reassembly) <= REASSEMBLY_MAX_BYTES);
        sim_advance(world.env, world.env->now_ns + wait_ms * UINT64_C(1000000));
    }
    sim_advance(world.env, world.env->now_ns + REASSEMBLY_TIMEOUT_NS);
    CHECK(reassembly_count(reassembly) == 0 && reassembly_bytes(reassembly) == 0);
    world_fini(&world);
    return 0;
}
