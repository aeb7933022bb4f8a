#include "stack/two_hosts.h"

#include "base/list.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct two_hosts *net = container_of(sink, struct two_hosts, sink);
    if (net->n_events == TWO_HOSTS_MAX_EVENTS) {
        return;
    }
    struct kept_event *kept = &net->events[net->n_events];
    *kept = (struct kept_event){.at_ns = event->at_ns, .node = event->node, .kind = event->kind};
    if (event->kind == &TCP_RETRANSMITTED) {
        kept->retransmitted = *(const struct tcp_retransmitted *)event->data;
    } else if (event->kind == &TCP_STATE_CHANGED) {
        kept->state = *(const struct tcp_state_changed *)event->data;
    } else if (event->kind == &TCP_CONGESTION_CHANGED) {
        kept->congestion = *(const struct tcp_congestion_changed *)event->data;
    } else {
        return;
    }
    net->n_events++;
}

static struct node *add_host(struct two_hosts *net, int end, const char *name, struct endpoint addr,
                             const struct tcp_config *tcp)
{
    struct node_config config = {.name = name, .id = (uint32_t)end + 1};
    if (tcp) {
        config.tcp = *tcp;
    }
    struct node *node = node_new(net->env, &net->trace, &config);
    struct mac_addr mac = {{0x02, 0, 0, 0, 0, (uint8_t)(end + 1)}};
    struct netif *netif = NULL;
    assert_int_equal(node_add_netif(node, net->link, end, mac, 1500, &netif), STATUS_OK);
    struct ip_prefix prefix = {addr.addr, 24};
    assert_int_equal(node_add_address(node, netif, prefix), STATUS_OK);
    return node;
}

static void ignore_ping(void *owner, const struct icmp_ping_result *result)
{
    (void)owner;
    assert_int_equal(result->status, STATUS_OK);
}

/* Both sides learn each other's MAC, so that it costs no time later. */
static void resolve(struct two_hosts *net)
{
    assert_non_null(icmp_ping_start(ipv4_icmp(net->a->ipv4), host_b(0).addr.v4, 8, 0, 10 * SECOND,
                                    ignore_ping, NULL));
    two_hosts_run(net, 10 * SECOND);
}

struct two_hosts *two_hosts_new(const struct link_config *config, const struct tcp_config *tcp)
{
    static const struct link_config DEFAULT = {.rate_bps = 1000000000, .delay_ns = 10 * MS};
    struct two_hosts *net = memory_new(sizeof *net);
    const struct link_config wanted = config ? *config : DEFAULT;
    struct link_config kind = wanted; /* until ARP is done */
    kind.loss_ppm = kind.reorder_ppm = kind.duplicate_ppm = 0;
    kind.corrupt_ppm = kind.corrupt_silent_ppm = 0;
    kind.jitter_ns = 0;
    net->events = memory_new_array(TWO_HOSTS_MAX_EVENTS, sizeof *net->events);
    net->env = sim_env_new(1, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&net->trace);
    net->sink.on_event = on_event;
    trace_add_sink(&net->trace, &net->sink);
    net->link = link_new("a-b", &kind);
    net->a = add_host(net, 0, "a", host_a(0), tcp);
    net->b = add_host(net, 1, "b", host_b(0), tcp);
    resolve(net);
    link_set_config(net->link, &wanted);
    return net;
}

void two_hosts_free(struct two_hosts *net)
{
    link_free(net->link);
    node_free(net->a);
    node_free(net->b);
    trace_remove_sink(&net->trace, &net->sink);
    trace_fini(&net->trace);
    sim_env_free(net->env);
    free(net->events);
    free(net);
}

void two_hosts_run(struct two_hosts *net, uint64_t for_ns)
{
    uint64_t until_ns = net->env->now_ns + for_ns;
    sim_run(net->env, until_ns, NULL);
    net->env->now_ns = until_ns; /* nothing is due before */
}

struct endpoint host_a(uint32_t port)
{
    return (struct endpoint){ip_v4(0x0a000001), port};
}

struct endpoint host_b(uint32_t port)
{
    return (struct endpoint){ip_v4(0x0a000002), port};
}

uint64_t two_hosts_drops(const struct two_hosts *net, const struct drop_reason *reason)
{
    size_t count = 0;
    struct drop_count *drops = trace_drop_counts(&net->trace, &count);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++) {
        packets += strcmp(drops[i].reason->name, reason->name) == 0 ? drops[i].packets : 0;
    }
    free(drops);
    return packets;
}

size_t two_hosts_count(const struct two_hosts *net, const struct trace_kind *kind, uint32_t node)
{
    size_t count = 0;
    for (size_t i = 0; i < net->n_events; i++) {
        count += net->events[i].kind == kind && net->events[i].node == node;
    }
    return count;
}

const struct kept_event *two_hosts_event(const struct two_hosts *net, const struct trace_kind *kind,
                                         uint32_t node, size_t nth)
{
    for (size_t i = 0; i < net->n_events; i++) {
        const struct kept_event *event = &net->events[i];
        if (event->kind == kind && event->node == node && nth-- == 0) {
            return event;
        }
    }
    return NULL;
}
