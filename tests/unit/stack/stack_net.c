#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/memory.h"
#include "sim/sim.h"
#include "stack/stack_net.h"

#include <stdlib.h>

static void on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct stack_net *net = container_of(sink, struct stack_net, sink);
    assert_true(net->n_events < STACK_NET_MAX_EVENTS);
    struct text text = {0};
    trace_print_summary(&text, event);
    net->events[net->n_events++] = (struct stack_event){
        .at_ns = event->at_ns,
        .node = event->node_name,
        .kind = event->kind,
        .packet_id = event->packet_id,
        .summary = memory_copy_text(text_chars(&text)),
    };
    text_fini(&text);
}

struct stack_net *stack_net_new(void)
{
    struct stack_net *net = memory_new(sizeof *net);
    net->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&net->trace);
    net->sink.on_event = on_event;
    trace_add_sink(&net->trace, &net->sink);
    return net;
}

static void record_free(struct stack_record *record)
{
    for (size_t i = 0; i < record->n_frames; i++) {
        free(record->frames[i].bytes);
    }
    free(record);
}

void stack_net_free(struct stack_net *net)
{
    for (size_t i = 0; i < net->n_links; i++) {
        link_free(net->links[i]);
    }
    for (size_t i = 0; i < net->n_nodes; i++) {
        struct stack_node *node = net->nodes[i];
        ipv4_free(node->ip);
        for (size_t j = 0; j < node->n_netifs; j++) {
            netif_fini(&node->netifs[j]);
        }
        free(node);
    }
    for (size_t i = 0; i < net->n_records; i++) {
        record_free(net->records[i]);
    }
    for (size_t i = 0; i < net->n_events; i++) {
        free(net->events[i].summary);
    }
    trace_remove_sink(&net->trace, &net->sink);
    trace_fini(&net->trace);
    sim_env_free(net->env);
    free(net);
}

struct stack_node *stack_net_add_node(struct stack_net *net, const char *name, bool forwarding)
{
    assert_true(net->n_nodes < STACK_NET_MAX_NODES);
    struct stack_node *node = memory_new(sizeof *node);
    net->nodes[net->n_nodes++] = node;
    node->net = net;
    node->scope = (struct scope){
        .env = net->env, .trace = &net->trace, .node = (uint32_t)net->n_nodes, .name = name};
    node->ip = ipv4_new(&node->scope, forwarding);
    return node;
}

struct link *stack_net_add_link(struct stack_net *net, const char *name,
                                const struct link_config *config)
{
    assert_true(net->n_links < STACK_NET_MAX_LINKS);
    struct link *link = link_new(name, config);
    net->links[net->n_links++] = link;
    return link;
}

static void transmit(void *owner, struct packet *frame)
{
    link_send(owner, frame);
}

struct mac_addr stack_mac(uint32_t node, uint32_t netif)
{
    return (struct mac_addr){{0x02, 0, 0, 0, (uint8_t)node, (uint8_t)netif}};
}

struct netif *stack_node_attach(struct stack_node *node, struct link *link, int end,
                                const char *prefix)
{
    assert_true(node->n_netifs < 4);
    uint32_t index = (uint32_t)node->n_netifs++;
    struct netif *netif = &node->netifs[index];
    char name[] = {'e', 't', 'h', (char)('0' + index), '\0'};
    netif_init(netif, &node->scope, index, name, stack_mac(node->scope.node, index), 1500, transmit,
               NULL);
    netif->link_owner =
        link_attach(link, end, &node->scope, index, netif->name, netif_input, netif);
    ipv4_add_netif(node->ip, netif);
    if (prefix) {
        struct ip_prefix parsed;
        assert_true(ip_prefix_parse(prefix, &parsed));
        assert_int_equal(ipv4_add_address(node->ip, netif, parsed), STATUS_OK);
    }
    return netif;
}

void stack_node_route(struct stack_node *node, const char *prefix, const char *gateway,
                      struct netif *netif)
{
    struct route route = {.netif = netif};
    assert_true(ip_prefix_parse(prefix, &route.prefix));
    if (gateway) {
        assert_true(ip_parse(gateway, &route.gateway));
    }
    assert_int_equal(route_add(ipv4_routes(node->ip), &route), STATUS_OK);
}

static void on_frame(struct tap *tap, const struct tap_point *point, enum tap_direction direction,
                     uint64_t at_ns, const struct packet *frame)
{
    (void)point;
    struct stack_record *record = container_of(tap, struct stack_record, tap);
    assert_true(record->n_frames < STACK_NET_MAX_FRAMES);
    record->frames[record->n_frames++] = (struct stack_frame){
        .at_ns = at_ns,
        .direction = direction,
        .packet_id = frame->id,
        .has_payload_mark = frame->digest_from != UINT32_MAX,
        .len = frame->len,
        .bytes = memory_copy(frame->data, frame->len),
    };
}

struct stack_record *stack_net_record(struct stack_net *net, struct link_end *end)
{
    assert_true(net->n_records < STACK_NET_MAX_LINKS);
    struct stack_record *record = memory_new(sizeof *record);
    net->records[net->n_records++] = record;
    record->tap.on_frame = on_frame;
    tap_add(&end->point, &record->tap);
    return record;
}

void stack_net_run(struct stack_net *net, uint64_t until_ns)
{
    sim_advance(net->env, until_ns);
}

static uint64_t count_drops(const struct trace *trace, const struct drop_reason *reason)
{
    size_t count;
    struct drop_count *drops = trace_drop_counts(trace, &count);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++) {
        if (!reason || drops[i].reason == reason) {
            packets += drops[i].packets;
        }
    }
    free(drops);
    return packets;
}

uint64_t stack_net_drops(const struct stack_net *net, const struct drop_reason *reason)
{
    return count_drops(&net->trace, reason);
}

uint64_t stack_net_all_drops(const struct stack_net *net)
{
    return stack_net_drops(net, NULL);
}

size_t stack_net_count(const struct stack_net *net, const struct trace_kind *kind)
{
    size_t count = 0;
    for (size_t i = 0; i < net->n_events; i++) {
        count += net->events[i].kind == kind;
    }
    return count;
}

const struct stack_event *stack_net_event(const struct stack_net *net,
                                          const struct trace_kind *kind, size_t nth)
{
    for (size_t i = 0; i < net->n_events; i++) {
        if (net->events[i].kind == kind && nth-- == 0) {
            return &net->events[i];
        }
    }
    fail_msg("there is no such %s", kind->name);
    return NULL;
}

static void on_ping_done(void *owner, const struct icmp_ping_result *result)
{
    struct stack_ping *ping = owner;
    ping->n_results++;
    ping->done_ns = scope_now(ping->scope);
    ping->result = *result;
}

void stack_ping_start(struct stack_ping *ping, struct stack_node *node, const char *dst,
                      uint16_t len, uint8_t ttl, uint64_t timeout_ns)
{
    *ping = (struct stack_ping){.scope = &node->scope};
    ping->ping = icmp_ping_start(ipv4_icmp(node->ip), stack_addr(dst), len, ttl, timeout_ns,
                                 on_ping_done, ping);
}

uint32_t stack_addr(const char *text)
{
    struct ip_addr addr;
    assert_true(ip_parse(text, &addr));
    return addr.v4;
}

struct packet *stack_packet(struct env *env, const struct ipv4_header *header, const void *body,
                            size_t len)
{
    struct packet *packet = packet_new_copy(env->packets, body, len);
    struct ipv4_header full = *header;
    full.total_len = (uint16_t)(IPV4_HEADER_LEN + len);
    struct writer w = packet_push(packet, IPV4_HEADER_LEN);
    ipv4_emit(&w, &full);
    return packet;
}

static void bench_transmit(void *owner, struct packet *frame)
{
    struct stack_bench *bench = owner;
    assert_true(bench->n_sent < 128);
    bench->sent[bench->n_sent++] = frame;
}

static void bench_on_ipv4(void *network, struct netif *netif, struct packet *packet, bool is_group)
{
    struct stack_bench *bench = network;
    assert_ptr_equal(netif, &bench->netif);
    assert_true(bench->n_handed < 128);
    bench->is_group[bench->n_handed] = is_group;
    bench->handed[bench->n_handed++] = packet;
}

static void bench_on_unresolved(void *network, struct netif *netif, struct packet *packet)
{
    bench_on_ipv4(network, netif, packet, false);
}

struct stack_bench *stack_bench_new(const char *prefix)
{
    struct stack_bench *bench = memory_new(sizeof *bench);
    bench->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&bench->trace);
    bench->scope =
        (struct scope){.env = bench->env, .trace = &bench->trace, .node = 1, .name = "bench"};
    netif_init(&bench->netif, &bench->scope, 0, "eth0", stack_mac(1, 0), 1500, bench_transmit,
               bench);
    bench->netif.on_ipv4 = bench_on_ipv4;
    bench->netif.on_unresolved = bench_on_unresolved;
    bench->netif.network = bench;
    if (prefix) {
        struct ip_prefix parsed;
        assert_true(ip_prefix_parse(prefix, &parsed));
        assert_true(netif_add_address(&bench->netif, parsed));
    }
    return bench;
}

void stack_bench_forget(struct stack_bench *bench)
{
    while (bench->n_sent > 0) {
        packet_put(bench->sent[--bench->n_sent]);
    }
    while (bench->n_handed > 0) {
        packet_put(bench->handed[--bench->n_handed]);
    }
}

void stack_bench_free(struct stack_bench *bench)
{
    stack_bench_forget(bench);
    netif_fini(&bench->netif);
    trace_fini(&bench->trace);
    sim_env_free(bench->env);
    free(bench);
}

uint64_t stack_bench_drops(const struct stack_bench *bench, const struct drop_reason *reason)
{
    return count_drops(&bench->trace, reason);
}

void stack_bench_receive(struct stack_bench *bench, struct mac_addr dst, struct mac_addr src,
                         uint16_t ethertype, const void *body, size_t len)
{
    struct packet *frame = packet_new_copy(bench->env->packets, body, len);
    struct writer w = packet_push(frame, ETHERNET_HEADER_LEN);
    ethernet_emit(&w, &(struct ethernet_header){.dst = dst, .src = src, .type = ethertype});
    netif_input(&bench->netif, frame);
}
