#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stack/network/ipv4_internal.h"
#include "stack/stack_net.h"
#include "wire/checksum.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { PROTOCOL = 253, MAX_DATA = 65535 - IPV4_HEADER_LEN };

static const struct link_config FAST = {.delay_ns = MS};
static const struct mac_addr STRANGER = {{0x02, 0, 0, 0, 0, 0x99}};

/* A host (10.0.0.1/24) that gets fragments, and its neighbour 10.0.0.2, whom it may answer. */
struct bin {
    struct stack_net *net;
    struct stack_node *host;
    struct stack_record *at_host;
    uint8_t data[MAX_DATA]; /* of the datagrams that are sent in pieces */
    size_t n_datagrams;
    struct ipv4_header header; /* of the last */
    bool is_group;
    size_t len;
    uint8_t bytes[MAX_DATA];
};

static void on_datagram(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct bin *bin = owner;
    bin->n_datagrams++;
    bin->header = info->header;
    bin->is_group = info->is_group;
    bin->len = packet->len;
    memcpy(bin->bytes, packet->data, packet->len);
    packet_put(packet);
}

static struct bin *bin_new(void)
{
    static struct bin bin;
    bin = (struct bin){.net = stack_net_new()};
    bin.host = stack_net_add_node(bin.net, "host", false);
    struct stack_node *neighbour = stack_net_add_node(bin.net, "neighbour", false);
    struct link *link = stack_net_add_link(bin.net, "link", &FAST);
    stack_node_attach(bin.host, link, 0, "10.0.0.1/24");
    stack_node_attach(neighbour, link, 1, "10.0.0.2/24");
    bin.at_host = stack_net_record(bin.net, link_get_end(link, 0));
    ipv4_set_handler(bin.host->ip, PROTOCOL, on_datagram, NULL, &bin);
    ipv4_set_handler(bin.host->ip, IP_PROTOCOL_TCP, on_datagram, NULL, &bin);
    struct prng prng;
    prng_init(&prng, 7, "bin", "data");
    prng_fill(&prng, bin.data, sizeof bin.data);
    return &bin;
}

/* Thousands of datagrams: the trace is not kept. */
static struct bin *bin_new_quiet(void)
{
    struct bin *bin = bin_new();
    trace_remove_sink(&bin->net->trace, &bin->net->sink);
    return bin;
}

static void bin_free_quiet(struct bin *bin)
{
    trace_add_sink(&bin->net->trace, &bin->net->sink);
    stack_net_free(bin->net);
}

static const struct reassembly *reassembly_of(const struct bin *bin)
{
    return bin->host->ip->reassembly;
}

static uint64_t drops(const struct bin *bin, const struct drop_reason *reason)
{
    return stack_net_drops(bin->net, reason);
}

/* One fragment: bytes start ... end of the data. */
struct piece {
    uint32_t start, end;
    bool is_last;
};

static struct ipv4_header header_of(uint16_t id, struct piece piece)
{
    return (struct ipv4_header){.id = id,
                                .more_fragments = !piece.is_last,
                                .fragment_offset = (uint16_t)piece.start,
                                .ttl = 9,
                                .protocol = PROTOCOL,
                                .src = stack_addr("10.0.0.2"),
                                .dst = stack_addr("10.0.0.1")};
}

static void send_with_header(struct bin *bin, const struct ipv4_header *header, const uint8_t *data,
                             size_t len)
{
    struct netif *netif = &bin->host->netifs[0];
    struct packet *packet = stack_packet(bin->net->env, header, data, len);
    struct writer w = packet_push(packet, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){netif->mac, STRANGER, ETHERTYPE_IPV4});
    netif_input(netif, packet);
}

static void send_piece(struct bin *bin, uint16_t id, struct piece piece)
{
    struct ipv4_header header = header_of(id, piece);
    send_with_header(bin, &header, bin->data + piece.start, piece.end - piece.start);
}

static void assert_datagram(const struct bin *bin, size_t count, size_t len)
{
    assert_int_equal(bin->n_datagrams, count);
    assert_int_equal(bin->len, len);
    assert_memory_equal(bin->bytes, bin->data, len);
    assert_int_equal(bin->header.total_len, IPV4_HEADER_LEN + len);
    assert_false(bin->header.more_fragments);
    assert_int_equal(bin->header.fragment_offset, 0);
}

/* --- what must become whole --- */

static void two_fragments_make_a_datagram_and_its_event(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_piece(bin, 77, (struct piece){0, 16, false});
    assert_int_equal(bin->n_datagrams, 0);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 1);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), REASSEMBLY_FRAGMENT_COST);
    send_piece(bin, 77, (struct piece){16, 21, true});
    assert_datagram(bin, 1, 21);
    assert_int_equal(bin->header.id, 77);
    assert_int_equal(bin->header.ttl, 9);
    assert_false(bin->is_group);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), 0);
    assert_string_equal(stack_net_event(bin->net, &IPV4_REASSEMBLED, 0)->summary,
                        "puts 10.0.0.2 > 10.0.0.1 together: 41 bytes from 2 fragments (id 77)");
    assert_int_equal(stack_net_all_drops(bin->net), 0);
    stack_net_run(bin->net, 60 * SECOND); /* nobody is told of anything */
    assert_int_equal(bin->at_host->n_frames, 0);
    stack_net_free(bin->net);
}

/* Sends the pieces in every order, each as a datagram of its own. */
static void send_in_all_orders(struct bin *bin, struct piece *pieces, size_t n, size_t fixed,
                               uint16_t *id)
{
    if (fixed == n) {
        size_t before = bin->n_datagrams;
        ++*id;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(bin->n_datagrams, before);
            send_piece(bin, *id, pieces[i]);
        }
        assert_datagram(bin, before + 1, bin->len);
        return;
    }
    for (size_t i = fixed; i < n; i++) {
        struct piece first = pieces[fixed];
        pieces[fixed] = pieces[i];
        pieces[i] = first;
        send_in_all_orders(bin, pieces, n, fixed + 1, id);
        pieces[i] = pieces[fixed];
        pieces[fixed] = first;
    }
}

static void every_cut_in_every_order_becomes_whole(void **state)
{
    (void)state;
    enum { UNITS = 5 };
    static const uint32_t TAILS[] = {1, 3, 7, 8};
    struct bin *bin = bin_new_quiet();
    uint16_t id = 0;
    for (unsigned cuts = 1; cuts < 1u << (UNITS - 1); cuts++) { /* a bit: a cut behind that unit */
        for (size_t tail = 0; tail < sizeof TAILS / sizeof TAILS[0]; tail++) {
            struct piece pieces[UNITS];
            size_t n = 0;
            uint32_t start = 0;
            for (uint32_t unit = 0; unit < UNITS - 1; unit++) {
                if (cuts & 1u << unit) {
                    pieces[n++] = (struct piece){start, (unit + 1) * 8, false};
                    start = (unit + 1) * 8;
                }
            }
            bin->len = (UNITS - 1) * 8 + TAILS[tail];
            pieces[n++] = (struct piece){start, (uint32_t)bin->len, true};
            size_t len = bin->len;
            send_in_all_orders(bin, pieces, n, 0, &id);
            assert_int_equal(bin->len, len);
        }
    }
    /* 2 pieces: 4 cuts in 2 orders; 3: 6 in 6; 4: 4 in 24; 5: 1 in 120 */
    assert_int_equal(bin->n_datagrams, 4 * (4 * 2 + 6 * 6 + 4 * 24 + 120));
    assert_int_equal(stack_net_all_drops(bin->net), 0);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    bin_free_quiet(bin);
}

/* --- every sequence of few fragments, against a model of the rules --- */

enum { MODEL_UNITS = 3, MODEL_STEPS = 4 };

struct model {
    struct piece pieces[MODEL_STEPS];
    size_t n;
    bool is_refused;
    size_t n_delivered;
};

enum outcome { TAKEN, IGNORED, REFUSED };

static enum outcome model_judge(const struct model *model, struct piece new)
{
    bool is_copy = false;
    bool is_wrong = false;
    for (size_t i = 0; i < model->n; i++) {
        struct piece old = model->pieces[i];
        is_copy |= old.start == new.start &&old.end == new.end &&old.is_last == new.is_last;
        is_wrong |= old.start < new.end &&new.start < old.end;
        is_wrong |= old.is_last && (new.is_last ? old.end != new.end : new.end >= old.end);
        is_wrong |= new.is_last && (old.is_last ? old.end != new.end : old.end >= new.end);
    }
    return is_copy ? IGNORED : is_wrong ? REFUSED : TAKEN;
}

static void model_step(struct model *model, struct piece new)
{
    enum outcome outcome = model->is_refused ? IGNORED : model_judge(model, new);
    if (outcome == REFUSED) {
        model->is_refused = true;
        model->n = 0;
    }
    if (outcome != TAKEN) {
        return;
    }
    model->pieces[model->n++] = new;
    uint32_t have = 0;
    uint32_t end = UINT32_MAX;
    for (size_t i = 0; i < model->n; i++) {
        have += model->pieces[i].end - model->pieces[i].start;
        end = model->pieces[i].is_last ? model->pieces[i].end : end;
    }
    if (have == end) {
        model->n_delivered++;
        model->n = 0;
    }
}

static void run_against_model(struct bin *bin, const struct piece *pieces, uint16_t id)
{
    struct model model = {0};
    size_t before = bin->n_datagrams;
    for (size_t i = 0; i < MODEL_STEPS; i++) {
        /* a last fragment with nothing before it is a whole packet, and no fragment */
        bool is_whole = pieces[i].start == 0 && pieces[i].is_last;
        if (is_whole) {
            continue;
        }
        model_step(&model, pieces[i]);
        send_piece(bin, id, pieces[i]);
        assert_int_equal(bin->n_datagrams - before, model.n_delivered);
        assert_int_equal(reassembly_bytes(reassembly_of(bin)), model.n * REASSEMBLY_FRAGMENT_COST);
        assert_int_equal(reassembly_count(reassembly_of(bin)), model.n > 0 || model.is_refused);
    }
    stack_net_run(bin->net, bin->net->env->now_ns + 31 * SECOND);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), 0);
}

static void every_sequence_of_four_fragments_is_judged_as_the_rules_say(void **state)
{
    (void)state;
    struct bin *bin = bin_new_quiet();
    bin->at_host->n_frames = 0;
    tap_remove(&link_get_end(bin->net->links[0], 0)->point, &bin->at_host->tap);
    struct piece all[2 * MODEL_UNITS * MODEL_UNITS];
    size_t n_all = 0;
    for (uint32_t start = 0; start < MODEL_UNITS; start++) {
        for (uint32_t end = start + 1; end <= MODEL_UNITS; end++) {
            all[n_all++] = (struct piece){start * 8, end * 8, false};
            all[n_all++] = (struct piece){start * 8, end * 8, true};
        }
    }
    size_t n_sequences = n_all * n_all * n_all * n_all;
    for (size_t i = 0; i < n_sequences; i++) {
        struct piece pieces[MODEL_STEPS];
        size_t rest = i;
        for (size_t j = 0; j < MODEL_STEPS; j++) {
            pieces[j] = all[rest % n_all];
            rest /= n_all;
        }
        run_against_model(bin, pieces, (uint16_t)i);
    }
    assert_true(bin->n_datagrams > 100);
    bin_free_quiet(bin);
}

/* --- any datagram --- */

static void shuffle(struct prng *prng, struct piece *pieces, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = prng_below(prng, i);
        struct piece piece = pieces[i - 1];
        pieces[i - 1] = pieces[j];
        pieces[j] = piece;
    }
}

static size_t cut_at_random(struct prng *prng, struct piece *pieces, size_t max, uint32_t len)
{
    uint32_t most = (uint32_t)prng_below(prng, 200) + 1; /* units in a piece */
    size_t n = 0;
    uint32_t start = 0;
    while (start < len) {
        uint32_t units = (uint32_t)prng_below(prng, most) + 1;
        uint32_t end = n == max - 1 || len - start <= units * 8 ? len : start + units * 8;
        pieces[n++] = (struct piece){start, end, end == len};
        start = end;
    }
    return n;
}

static void any_datagram_in_any_order_with_copies_becomes_whole(void **state)
{
    (void)state;
    static struct piece pieces[REASSEMBLY_MAX_FRAGMENTS];
    struct bin *bin = bin_new_quiet();
    struct prng prng;
    prng_init(&prng, 3, "test", "datagrams");
    size_t n_copies = 0;
    for (uint16_t id = 0; id < 300; id++) {
        uint32_t len = (uint32_t)prng_below(&prng, id % 10 == 0 ? MAX_DATA - 8 : 5000) + 9;
        size_t n = cut_at_random(&prng, pieces, REASSEMBLY_MAX_FRAGMENTS, len);
        if (n == 1) {
            continue;
        }
        size_t before = bin->n_datagrams;
        shuffle(&prng, pieces, n);
        for (size_t i = 0; i < n; i++) {
            if (i > 0 && prng_below(&prng, 4) == 0) {
                send_piece(bin, id, pieces[prng_below(&prng, i)]);
                n_copies++;
            }
            send_piece(bin, id, pieces[i]);
        }
        assert_datagram(bin, before + 1, len);
    }
    assert_true(n_copies > 1000);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_DUPLICATE), n_copies);
    assert_int_equal(stack_net_all_drops(bin->net), n_copies);
    bin_free_quiet(bin);
}

static void datagrams_that_differ_in_one_field_are_not_mixed(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    const struct piece first = {0, 16, false};
    const struct piece last = {16, 24, true};
    struct ipv4_header headers[4];
    for (size_t i = 0; i < 4; i++) {
        headers[i] = header_of(1, first);
    }
    headers[1].id = 2;
    headers[2].src = stack_addr("10.0.0.3");
    headers[3].protocol = IP_PROTOCOL_TCP;
    for (size_t i = 0; i < 4; i++) {
        send_with_header(bin, &headers[i], bin->data + i, 16);
    }
    assert_int_equal(reassembly_count(reassembly_of(bin)), 4);
    for (size_t i = 0; i < 4; i++) {
        headers[i].more_fragments = false;
        headers[i].fragment_offset = (uint16_t)last.start;
        send_with_header(bin, &headers[i], bin->data + i + 16, 8);
        assert_int_equal(bin->n_datagrams, i + 1);
        assert_int_equal(bin->len, 24);
        assert_memory_equal(bin->bytes, bin->data + i, 24);
        assert_int_equal(bin->header.src, headers[i].src);
        assert_int_equal(bin->header.protocol, headers[i].protocol);
    }
    stack_net_free(bin->net);
}

static void the_first_fragments_header_is_the_datagrams(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    struct ipv4_header header = header_of(5, (struct piece){8, 16, true});
    header.ttl = 3;
    send_with_header(bin, &header, bin->data + 8, 8);
    header = header_of(5, (struct piece){0, 8, false});
    header.ttl = 60;
    header.dscp = 10;
    send_with_header(bin, &header, bin->data, 8);
    assert_datagram(bin, 1, 16);
    assert_int_equal(bin->header.ttl, 60);
    assert_int_equal(bin->header.dscp, 10);
    stack_net_free(bin->net);
}

static void a_broadcast_in_fragments_is_still_a_broadcast(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    struct ipv4_header header = header_of(5, (struct piece){0, 8, false});
    header.dst = stack_addr("10.0.0.255");
    send_with_header(bin, &header, bin->data, 8);
    header.more_fragments = false;
    header.fragment_offset = 8;
    send_with_header(bin, &header, bin->data + 8, 5);
    assert_datagram(bin, 1, 13);
    assert_true(bin->is_group);
    stack_net_free(bin->net);
}

/* --- ECN --- */

/* Two fragments with these codepoints; returns that of the datagram, -1 when it was dropped. */
static int join_ecn(struct bin *bin, uint8_t first, uint8_t second)
{
    static uint16_t id = 0;
    size_t before = bin->n_datagrams;
    struct ipv4_header header = header_of(++id, (struct piece){0, 8, false});
    header.ecn = first;
    send_with_header(bin, &header, bin->data, 8);
    header = header_of(id, (struct piece){8, 16, true});
    header.ecn = second;
    send_with_header(bin, &header, bin->data + 8, 8);
    return bin->n_datagrams > before ? bin->header.ecn : -1;
}

static void congestion_that_one_fragment_met_is_the_datagrams(void **state)
{
    (void)state;
    enum { NOT_ECT, ECT_1, ECT_0, CE };
    struct bin *bin = bin_new();
    assert_int_equal(join_ecn(bin, NOT_ECT, NOT_ECT), NOT_ECT);
    assert_int_equal(join_ecn(bin, ECT_0, ECT_0), ECT_0);
    assert_int_equal(join_ecn(bin, ECT_1, CE), CE);
    assert_int_equal(join_ecn(bin, CE, ECT_0), CE);
    assert_int_equal(join_ecn(bin, ECT_0, NOT_ECT), ECT_0);
    assert_int_equal(join_ecn(bin, NOT_ECT, CE), -1); /* RFC 3168 5.3 */
    assert_int_equal(join_ecn(bin, CE, NOT_ECT), -1);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_ECN), 4);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    stack_net_free(bin->net);
}

/* --- what must not --- */

static void fragments_that_cannot_be_right_are_dropped(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_piece(bin, 1, (struct piece){0, 9, false}); /* RFC 791 3.2: units of 8 */
    send_piece(bin, 1, (struct piece){8, 8, true});  /* nothing in it */
    send_piece(bin, 1, (struct piece){8, 8, false}); /* ... */
    struct ipv4_header header = header_of(1, (struct piece){65528, 0, true});
    send_with_header(bin, &header, bin->data, 100); /* beyond 65535: the "ping of death" */
    header.fragment_offset = 65512;
    send_with_header(bin, &header, bin->data, 4); /* with the header, one byte too far */
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_MALFORMED), 5);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    send_with_header(bin, &header, bin->data, 3);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 1);
    stack_net_free(bin->net);
}

static void tiny_tcp_fragments_are_refused(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    struct ipv4_header header = header_of(1, (struct piece){0, 8, false});
    header.protocol = IP_PROTOCOL_TCP;
    send_with_header(bin, &header, bin->data, 8); /* RFC 1858 3.2.1: no flags in it */
    header.fragment_offset = 8;
    send_with_header(bin, &header, bin->data, 64); /* RFC 1858 3.2.2: has the flags */
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_TINY), 2);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    header.fragment_offset = 0;
    send_with_header(bin, &header, bin->data, 16);
    header.fragment_offset = 16;
    header.more_fragments = false;
    send_with_header(bin, &header, bin->data + 16, 4);
    assert_datagram(bin, 1, 20);
    stack_net_free(bin->net);
}

static void an_overlap_ends_the_datagram_and_what_still_comes_of_it(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_piece(bin, 1, (struct piece){0, 16, false});
    send_piece(bin, 1, (struct piece){24, 32, false});
    send_piece(bin, 1, (struct piece){8, 24, false});
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_OVERLAP), 3);
    send_piece(bin, 1, (struct piece){0, 16, false}); /* RFC 5722 4 */
    send_piece(bin, 1, (struct piece){16, 32, true});
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_OVERLAP), 5);
    assert_int_equal(bin->n_datagrams, 0);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), 0);
    stack_net_run(bin->net, 30 * SECOND); /* forgotten: the value may be used again */
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    assert_int_equal(bin->at_host->n_frames, 0); /* and nobody is told */
    send_piece(bin, 1, (struct piece){0, 16, false});
    send_piece(bin, 1, (struct piece){16, 32, true});
    assert_datagram(bin, 1, 32);
    stack_net_free(bin->net);
}

static void a_copy_with_other_bytes_is_an_overlap(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    struct ipv4_header header = header_of(1, (struct piece){0, 16, false});
    send_with_header(bin, &header, bin->data, 16);
    send_with_header(bin, &header, bin->data, 16);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_DUPLICATE), 1);
    send_with_header(bin, &header, bin->data + 1, 16);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_OVERLAP), 2);
    stack_net_free(bin->net);
}

static void fragments_that_disagree_about_the_end_end_the_datagram(void **state)
{
    (void)state;
    static const struct piece PAIRS[][2] = {
        {{16, 24, true}, {24, 32, true}},  {{16, 24, true}, {8, 16, true}},
        {{16, 24, true}, {24, 32, false}}, {{24, 32, false}, {16, 24, true}},
        {{16, 24, true}, {16, 24, false}}, {{16, 24, false}, {16, 24, true}},
    };
    struct bin *bin = bin_new();
    for (uint16_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        send_piece(bin, i, PAIRS[i][0]);
        send_piece(bin, i, PAIRS[i][1]);
        send_piece(bin, i, (struct piece){0, 16, false});
        send_piece(bin, i, (struct piece){0, 8, false});
        assert_int_equal(bin->n_datagrams, 0);
        assert_int_equal(drops(bin, &REASSEMBLY_DROP_CONFLICT), (i + 1) * 4);
    }
    stack_net_free(bin->net);
}

/* A fragment with 40 bytes of "no operation" options. */
static void send_with_options(struct bin *bin, struct ipv4_header header, size_t options,
                              const uint8_t *data, size_t len)
{
    struct packet *packet = packet_new(bin->net->env->packets, IPV4_HEADER_LEN + options + len);
    header.header_len = (uint8_t)(IPV4_HEADER_LEN + options);
    header.total_len = (uint16_t)packet->len;
    memset(packet->data, 1, packet->len);
    struct writer w = writer_of(packet->data, IPV4_HEADER_LEN);
    ipv4_emit(&w, &header);
    ipv4_rewrite_header(packet->data, &header);
    memcpy(packet->data + IPV4_HEADER_LEN + options, data, len);
    struct netif *netif = &bin->host->netifs[0];
    netif->on_ipv4(bin->host->ip, netif, packet, false);
}

static void options_of_the_first_fragment_stay_and_count(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_with_options(bin, header_of(1, (struct piece){0, 8, false}), 40, bin->data, 8);
    send_with_options(bin, header_of(1, (struct piece){8, 24, true}), 4, bin->data + 8, 16);
    assert_int_equal(bin->n_datagrams, 1);
    assert_int_equal(bin->header.header_len, 60);
    assert_int_equal(bin->header.total_len, 60 + 24);
    assert_memory_equal(bin->bytes, bin->data, 24);

    /* what fits behind 20 bytes of header does not behind 60 */
    send_with_options(bin, header_of(2, (struct piece){0, 8, false}), 40, bin->data, 8);
    for (uint32_t start = 8; start < 65512; start += 8192) {
        uint32_t end = start + 8192 < 65512 ? start + 8192 : 65512;
        send_piece(bin, 2, (struct piece){start, end, end == 65512});
    }
    assert_int_equal(bin->n_datagrams, 1);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_MALFORMED), 9);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    stack_net_free(bin->net);
}

/* --- time --- */

static struct ipv4_header frame_header(const struct stack_frame *frame, struct reader *rest)
{
    struct ethernet_header ethernet;
    struct ipv4_header header;
    *rest = reader_of(frame->bytes, frame->len);
    assert_true(ethernet_parse(rest, &ethernet));
    assert_int_equal(ethernet.type, ETHERTYPE_IPV4);
    assert_int_equal(ipv4_parse(rest, &header), IPV4_OK);
    return header;
}

static void a_datagram_that_stays_in_pieces_is_given_up_and_its_sender_told(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_piece(bin, 1, (struct piece){8, 16, false});
    stack_net_run(bin->net, 29 * SECOND);
    send_piece(bin, 1, (struct piece){0, 8, false}); /* does not make it live longer */
    stack_net_run(bin->net, 30 * SECOND - 1);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 1);
    stack_net_run(bin->net, 30 * SECOND);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 0);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_TIMEOUT), 2);
    stack_net_run(bin->net, 31 * SECOND);
    const struct stack_frame *last = &bin->at_host->frames[bin->at_host->n_frames - 1];
    struct reader r;
    struct ipv4_header header = frame_header(last, &r);
    assert_int_equal(header.protocol, IP_PROTOCOL_ICMP);
    assert_int_equal(header.dst, stack_addr("10.0.0.2"));
    struct icmp_header error;
    bool is_right;
    assert_true(icmp_parse(&r, &error, &is_right) && is_right);
    assert_int_equal(error.type, ICMP_TIME_EXCEEDED);
    assert_int_equal(error.code, ICMP_REASSEMBLY_EXCEEDED);
    struct ipv4_header quoted;
    assert_int_equal(ipv4_parse(&r, &quoted), IPV4_OK);
    assert_int_equal(quoted.fragment_offset, 0);
    assert_true(quoted.more_fragments);
    assert_memory_equal(r.p, bin->data, 8);
    stack_net_free(bin->net);
}

static void without_the_first_fragment_nobody_is_told(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    send_piece(bin, 1, (struct piece){8, 16, true});
    stack_net_run(bin->net, 60 * SECOND);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_TIMEOUT), 1);
    assert_int_equal(bin->at_host->n_frames, 0);
    stack_net_free(bin->net);
}

static void each_datagram_has_a_time_of_its_own(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    for (uint16_t id = 0; id < 5; id++) {
        stack_net_run(bin->net, id * SECOND);
        send_piece(bin, id, (struct piece){8, 16, false});
    }
    send_piece(bin, 2, (struct piece){16, 24, true});
    send_piece(bin, 2, (struct piece){0, 8, false}); /* complete */
    for (uint64_t second = 29; second < 40; second++) {
        stack_net_run(bin->net, second * SECOND);
        size_t gone = second < 30 ? 0 : second < 32 ? second - 29 : second < 34 ? second - 30 : 4;
        assert_int_equal(reassembly_count(reassembly_of(bin)), 4 - gone);
    }
    stack_net_free(bin->net);
}

/* --- floods --- */

static void more_datagrams_than_there_is_room_for_push_out_the_oldest(void **state)
{
    (void)state;
    struct bin *bin = bin_new_quiet();
    for (uint32_t id = 0; id <= REASSEMBLY_MAX_DATAGRAMS; id++) {
        send_piece(bin, (uint16_t)id, (struct piece){0, 8, false});
    }
    assert_int_equal(reassembly_count(reassembly_of(bin)), REASSEMBLY_MAX_DATAGRAMS);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_EVICTED), 1);
    send_piece(bin, 1, (struct piece){8, 16, true});
    assert_datagram(bin, 1, 16);
    send_piece(bin, 0, (struct piece){8, 16, true}); /* its first fragment is gone */
    assert_int_equal(bin->n_datagrams, 1);
    send_piece(bin, REASSEMBLY_MAX_DATAGRAMS, (struct piece){8, 16, true});
    assert_datagram(bin, 2, 16);
    bin_free_quiet(bin);
}

static void fragments_never_hold_more_memory_than_the_limit(void **state)
{
    (void)state;
    struct bin *bin = bin_new_quiet();
    enum { EACH = 700, FIT = REASSEMBLY_MAX_BYTES / REASSEMBLY_FRAGMENT_COST };
    for (uint16_t id = 0; id < 5; id++) {
        for (uint32_t i = 0; i < EACH; i++) {
            send_piece(bin, id, (struct piece){i * 16, i * 16 + 8, false}); /* with gaps */
            assert_true(reassembly_bytes(reassembly_of(bin)) <= REASSEMBLY_MAX_BYTES);
        }
    }
    assert_int_equal(FIT / EACH, 2);
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_EVICTED), 3 * EACH);
    assert_int_equal(reassembly_count(reassembly_of(bin)), 2);
    /* the one that grows is kept, even when it is the oldest */
    for (uint32_t i = EACH; i < 1390; i++) {
        send_piece(bin, 3, (struct piece){i * 16, i * 16 + 8, false});
    }
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_EVICTED), 4 * EACH);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), 1390 * REASSEMBLY_FRAGMENT_COST);
    bin_free_quiet(bin);
}

static void a_datagram_in_too_many_fragments_is_refused(void **state)
{
    (void)state;
    struct bin *bin = bin_new_quiet();
    for (uint32_t i = 0; i <= REASSEMBLY_MAX_FRAGMENTS; i++) {
        send_piece(bin, 1, (struct piece){i * 16, i * 16 + 8, false});
    }
    assert_int_equal(drops(bin, &REASSEMBLY_DROP_TOO_MANY), REASSEMBLY_MAX_FRAGMENTS + 1);
    assert_int_equal(reassembly_bytes(reassembly_of(bin)), 0);
    for (uint32_t i = 0; i < 10; i++) {
        send_piece(bin, 1, (struct piece){i * 8, i * 8 + 8, i == 9});
    }
    assert_int_equal(bin->n_datagrams, 0);
    bin_free_quiet(bin);
}

static void fragments_in_progress_go_with_their_node(void **state)
{
    (void)state;
    struct bin *bin = bin_new();
    for (uint16_t id = 0; id < 10; id++) {
        send_piece(bin, id, (struct piece){8, 16, false});
    }
    stack_net_free(bin->net); /* checks that every packet came back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_fragments_make_a_datagram_and_its_event),
        cmocka_unit_test(every_cut_in_every_order_becomes_whole),
        cmocka_unit_test(every_sequence_of_four_fragments_is_judged_as_the_rules_say),
        cmocka_unit_test(any_datagram_in_any_order_with_copies_becomes_whole),
        cmocka_unit_test(datagrams_that_differ_in_one_field_are_not_mixed),
        cmocka_unit_test(the_first_fragments_header_is_the_datagrams),
        cmocka_unit_test(a_broadcast_in_fragments_is_still_a_broadcast),
        cmocka_unit_test(congestion_that_one_fragment_met_is_the_datagrams),
        cmocka_unit_test(fragments_that_cannot_be_right_are_dropped),
        cmocka_unit_test(tiny_tcp_fragments_are_refused),
        cmocka_unit_test(an_overlap_ends_the_datagram_and_what_still_comes_of_it),
        cmocka_unit_test(a_copy_with_other_bytes_is_an_overlap),
        cmocka_unit_test(fragments_that_disagree_about_the_end_end_the_datagram),
        cmocka_unit_test(options_of_the_first_fragment_stay_and_count),
        cmocka_unit_test(a_datagram_that_stays_in_pieces_is_given_up_and_its_sender_told),
        cmocka_unit_test(without_the_first_fragment_nobody_is_told),
        cmocka_unit_test(each_datagram_has_a_time_of_its_own),
        cmocka_unit_test(more_datagrams_than_there_is_room_for_push_out_the_oldest),
        cmocka_unit_test(fragments_never_hold_more_memory_than_the_limit),
        cmocka_unit_test(a_datagram_in_too_many_fragments_is_refused),
        cmocka_unit_test(fragments_in_progress_go_with_their_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
