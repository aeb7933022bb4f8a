/* The net itself: hosts, and one wire that holds every message until its time.
 *
 * One event serves the whole wire: it delivers the first message and arms itself for the next, so
 * that a callback may close, send and free whatever it likes. */
#include "support/fake_net.h"

#include "base/check.h"
#include "base/memory.h"
#include "sim/sim.h"
#include "support/fake_net_internal.h"

#include <stdlib.h>

static void fake_net_arm(struct fake_net *net)
{
    if (!list_is_empty(&net->wire)) {
        env_arm(net->env, &net->arrival,
                container_of(net->wire.next, struct fake_message, link)->at_ns);
    }
}

static void fake_message_free(struct fake_message *message)
{
    list_remove(&message->link);
    if (message->connection) {
        fake_connection_put(message->connection);
    }
    free(message);
}

static void fake_net_deliver(struct fake_net *net, const struct fake_message *message)
{
    if (message->kind == FAKE_DATAGRAM) {
        fake_datagram_deliver(net, message);
    } else if (message->kind == FAKE_ICMP_ERROR) {
        fake_datagram_deliver_error(net, message);
    } else {
        fake_stream_deliver(net, message);
    }
}

static void fake_net_on_arrival(void *owner)
{
    struct fake_net *net = owner;
    struct fake_message *message = container_of(net->wire.next, struct fake_message, link);
    list_remove(&message->link);
    fake_net_arm(net);
    fake_net_deliver(net, message);
    fake_message_free(message);
}

struct fake_net *fake_net_new(uint64_t seed, uint64_t delay_ns)
{
    CHECK(delay_ns > 0);
    struct fake_net *net = memory_new(sizeof *net);
    net->env = sim_env_new(seed, ENV_DEFAULT_EPOCH_UNIX_S, NULL);
    trace_init(&net->trace);
    net->delay_ns = delay_ns;
    net->limits.window = 65536;
    list_init(&net->hosts);
    list_init(&net->wire);
    /* the lab's rank: what arrives is handled before the timers of that instant */
    event_init(&net->arrival, event_rank(0, EVENT_ARRIVAL, 1), fake_net_on_arrival, net);
    return net;
}

void fake_net_free(struct fake_net *net)
{
    LIST_FOR_EACH_SAFE (link, &net->wire) {
        fake_message_free(container_of(link, struct fake_message, link));
    }
    LIST_FOR_EACH_SAFE (link, &net->hosts) {
        struct fake_host *host = container_of(link, struct fake_host, link);
        CHECK(list_is_empty(&host->datagrams)); /* somebody forgot to close a socket */
        CHECK(list_is_empty(&host->listeners));
        CHECK(host->streams_open == 0);
        free(host);
    }
    env_cancel(net->env, &net->arrival);
    trace_fini(&net->trace);
    sim_env_free(net->env);
    free(net);
}

struct env *fake_net_env(struct fake_net *net)
{
    return net->env;
}

struct trace *fake_net_trace(struct fake_net *net)
{
    return &net->trace;
}

void fake_net_run(struct fake_net *net, uint64_t until_ns)
{
    sim_run(net->env, until_ns, NULL);
}

/* The clock stands at the last event after a run; a guard event moves it to the end. */
static void fake_net_on_end(void *owner)
{
    (void)owner;
}

void fake_net_run_for(struct fake_net *net, uint64_t duration_ns)
{
    struct event end;
    event_init(&end, UINT64_MAX, fake_net_on_end, NULL);
    uint64_t until_ns = net->env->now_ns + duration_ns;
    env_arm(net->env, &end, until_ns);
    sim_run(net->env, until_ns, NULL);
}

static const struct sockets_ops FAKE_SOCKETS_OPS = {
    .connect = fake_stream_connect,
    .listen = fake_stream_listen,
    .open_datagram = fake_datagram_open,
};

struct sockets *fake_host_new(struct fake_net *net, const char *name, const char *address)
{
    struct fake_host *host = memory_new(sizeof *host);
    host->net = net;
    CHECK(!address || ip_parse(address, &host->address));
    net->n_hosts++;
    host->mac =
        (struct mac_addr){{0x02, 0, 0, 0, (uint8_t)(net->n_hosts >> 8), (uint8_t)net->n_hosts}};
    host->scope =
        (struct scope){.env = net->env, .trace = &net->trace, .node = net->n_hosts, .name = name};
    host->base = (struct sockets){.ops = &FAKE_SOCKETS_OPS, .scope = &host->scope};
    scope_prng_init(&host->scope, &host->port_random, "fake-ports");
    list_init(&host->datagrams);
    list_init(&host->listeners);
    list_add_last(&host->link, &net->hosts);
    return &host->base;
}

struct fake_host *fake_host_of(struct sockets *sockets)
{
    return container_of(sockets, struct fake_host, base);
}

struct ip_addr fake_host_address(const struct sockets *host)
{
    return container_of(host, const struct fake_host, base)->address;
}

void fake_host_set_address(struct sockets *host, struct ip_addr address)
{
    fake_host_of(host)->address = address;
}

struct mac_addr fake_host_mac(const struct sockets *host)
{
    return container_of(host, const struct fake_host, base)->mac;
}

void fake_host_set_down(struct sockets *host, bool is_down)
{
    fake_host_of(host)->is_down = is_down;
}

struct fake_host *fake_net_find_host(const struct fake_net *net, struct ip_addr address)
{
    LIST_FOR_EACH (link, &net->hosts) {
        struct fake_host *host = container_of(link, struct fake_host, link);
        if (ip_is_set(address) && ip_equal(host->address, address)) {
            return host;
        }
    }
    return NULL;
}

uint32_t fake_host_draw_port(struct fake_host *host)
{
    return 49152 + (uint32_t)prng_below(&host->port_random, 65536 - 49152);
}

void fake_net_drop_next(struct fake_net *net, unsigned count)
{
    net->drop_next = count;
}

void fake_net_set_hook(struct fake_net *net, fake_hook hook, void *owner)
{
    net->hook = hook;
    net->hook_owner = owner;
}

void fake_net_set_stream_limits(struct fake_net *net, struct fake_stream_limits limits)
{
    net->limits = limits;
}

uint64_t fake_net_datagrams_sent(const struct fake_net *net)
{
    return net->datagrams_sent;
}

struct fake_message *fake_message_new(enum fake_message_kind kind, const void *bytes, size_t len)
{
    struct fake_message *message = memory_new(sizeof *message + len);
    list_init(&message->link);
    message->kind = kind;
    message->len = len;
    if (len > 0) {
        memcpy(message->bytes, bytes, len);
    }
    return message;
}

void fake_net_send(struct fake_net *net, struct fake_message *message, uint64_t delay_ns)
{
    message->at_ns = net->env->now_ns + delay_ns;
    struct list *before = &net->wire;
    while (before->prev != &net->wire &&
           container_of(before->prev, struct fake_message, link)->at_ns > message->at_ns) {
        before = before->prev;
    }
    list_add_before(&message->link, before);
    fake_net_arm(net);
}
