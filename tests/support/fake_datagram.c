/* Datagram sockets of the fake net: binding, broadcast, connected peers and ICMP errors.
 *
 * A datagram goes to the sockets of its host that match best: connected to the sender before bound
 * to the address before bound to the interface before any. A broadcast goes to all that match. */
#include "base/check.h"
#include "base/memory.h"
#include "support/fake_net_internal.h"

#include <stdlib.h>

static const struct drop_reason FAKE_NO_SOCKET = {"fake.no-socket", "nobody listens on that port"};
static const struct drop_reason FAKE_QUEUE_FULL = {"fake.queue-full", "its socket's queue is full"};
static const char FAKE_INTERFACE[] = "eth0";

struct fake_socket {
    struct datagram_socket base;
    struct list link;
    struct fake_host *host;
    struct endpoint local;
    struct endpoint remote; /* not set: not connected */
    const char *interface;
    enum status error;
    uint64_t last_broadcast;
    struct list queue; /* struct fake_message */
    size_t queued;
};

static struct fake_socket *fake_socket_of(struct datagram_socket *socket)
{
    return container_of(socket, struct fake_socket, base);
}

/* --- opening --- */

static bool fake_datagram_is_taken(const struct fake_host *host, struct endpoint local,
                                   const char *interface)
{
    LIST_FOR_EACH (link, &host->datagrams) {
        const struct fake_socket *other = container_of(link, struct fake_socket, link);
        bool overlaps = !ip_is_set(local.addr) || !ip_is_set(other->local.addr) ||
                        ip_equal(local.addr, other->local.addr);
        if (overlaps && other->local.port == local.port && !interface == !other->interface) {
            return true;
        }
    }
    return false;
}

static enum status fake_datagram_bind(struct fake_host *host, struct endpoint *local,
                                      const char *interface)
{
    if (local->addr.version == IP_V4 && local->addr.v4 == IPV4_ANY) {
        local->addr = (struct ip_addr){0};
    }
    if (ip_is_set(local->addr) && !ip_equal(local->addr, host->address) &&
        !ipv4_is_loopback(local->addr.v4)) {
        return STATUS_NOT_FOUND;
    }
    if (local->port != 0) {
        return fake_datagram_is_taken(host, *local, interface) ? STATUS_IN_USE : STATUS_OK;
    }
    do {
        local->port = fake_host_draw_port(host);
    } while (fake_datagram_is_taken(host, *local, interface));
    return STATUS_OK;
}

static enum status fake_datagram_send(struct datagram_socket *base, struct endpoint to,
                                      struct bytes data, const struct datagram_route *route);
static int64_t fake_datagram_receive(struct datagram_socket *base, void *buffer, size_t size,
                                     struct datagram_info *info);
static enum status fake_datagram_connect(struct datagram_socket *base, struct endpoint to);
static void fake_datagram_close(struct datagram_socket *base);
static struct endpoint fake_datagram_local(const struct datagram_socket *base);

static const struct datagram_ops FAKE_DATAGRAM_OPS = {
    .send = fake_datagram_send,
    .receive = fake_datagram_receive,
    .connect = fake_datagram_connect,
    .close = fake_datagram_close,
    .local = fake_datagram_local,
};

enum status fake_datagram_open(struct sockets *sockets, const struct datagram_options *options,
                               struct datagram_socket **out)
{
    static const struct datagram_options any = {0};
    struct fake_host *host = fake_host_of(sockets);
    options = options ? options : &any;
    if (options->interface && strcmp(options->interface, FAKE_INTERFACE) != 0) {
        return STATUS_NOT_FOUND;
    }
    struct endpoint local = options->local;
    enum status status = fake_datagram_bind(host, &local, options->interface);
    if (status != STATUS_OK) {
        return status;
    }
    struct fake_socket *socket = memory_new(sizeof *socket);
    socket->base.ops = &FAKE_DATAGRAM_OPS;
    socket->host = host;
    socket->local = local;
    socket->last_broadcast = host->net->broadcasts;
    socket->interface = options->interface ? FAKE_INTERFACE : NULL;
    list_init(&socket->queue);
    list_add_last(&socket->link, &host->datagrams);
    *out = &socket->base;
    return STATUS_OK;
}

static void fake_datagram_close(struct datagram_socket *base)
{
    struct fake_socket *socket = fake_socket_of(base);
    LIST_FOR_EACH_SAFE (link, &socket->queue) {
        free(container_of(link, struct fake_message, link));
    }
    list_remove(&socket->link);
    free(socket);
}

static enum status fake_datagram_connect(struct datagram_socket *base, struct endpoint to)
{
    struct fake_socket *socket = fake_socket_of(base);
    socket->remote = to;
    if (!ip_is_set(socket->local.addr)) {
        socket->local.addr = socket->host->address;
    }
    return STATUS_OK;
}

static struct endpoint fake_datagram_local(const struct datagram_socket *base)
{
    return container_of(base, const struct fake_socket, base)->local;
}

/* --- sending --- */

/* False when the host has no address to send from. */
static bool fake_datagram_choose_source(const struct fake_socket *socket, struct ip_addr to,
                                        const struct datagram_route *route, struct ip_addr *source)
{
    if (route && route->is_src_any) {
        *source = ip_v4(IPV4_ANY);
    } else if (route && ip_is_set(route->src)) {
        *source = route->src;
    } else if (ipv4_is_loopback(to.v4)) {
        *source = to;
    } else {
        *source = ip_is_set(socket->local.addr) ? socket->local.addr : socket->host->address;
    }
    return ip_is_set(*source);
}

/* Asks the hook and the knobs. False: lost on the way. */
static bool fake_net_pass(struct fake_net *net, struct fake_datagram *datagram)
{
    net->datagrams_sent++;
    if (net->hook) {
        net->hook(net->hook_owner, datagram);
    }
    if (datagram->is_dropped) {
        return false;
    }
    if (net->drop_next > 0) {
        net->drop_next--;
        return false;
    }
    return true;
}

static void fake_net_launch(struct fake_net *net, const struct fake_datagram *datagram)
{
    struct fake_message *message = fake_message_new(FAKE_DATAGRAM, datagram->bytes, datagram->len);
    message->from = datagram->from;
    message->to = datagram->to;
    message->link_dst = datagram->link_dst;
    fake_net_send(net, message, datagram->delay_ns);
}

static enum status fake_datagram_send(struct datagram_socket *base, struct endpoint to,
                                      struct bytes data, const struct datagram_route *route)
{
    struct fake_socket *socket = fake_socket_of(base);
    struct fake_net *net = socket->host->net;
    if (!ip_is_set(to.addr)) {
        to = socket->remote;
    }
    if (!ip_is_set(to.addr) || (route && route->link_dst && !socket->interface)) {
        return STATUS_INVALID;
    }
    if (data.len > FAKE_DATAGRAM_MAX) {
        return STATUS_LIMIT;
    }
    struct fake_datagram *datagram = &net->scratch;
    datagram->sender = socket->host->scope.name;
    datagram->link_dst = route && route->link_dst ? *route->link_dst : (struct mac_addr){{0}};
    datagram->to = to;
    datagram->from.port = socket->local.port;
    if (!fake_datagram_choose_source(socket, to.addr, route, &datagram->from.addr)) {
        return STATUS_UNREACHABLE;
    }
    datagram->len = data.len;
    if (data.len > 0) {
        memcpy(datagram->bytes, data.p, data.len);
    }
    datagram->delay_ns = net->delay_ns;
    datagram->is_dropped = socket->host->is_down;
    if (fake_net_pass(net, datagram)) {
        if (ipv4_is_loopback(to.addr.v4)) {
            datagram->link_dst = socket->host->mac;
        }
        fake_net_launch(net, datagram);
    }
    return STATUS_OK;
}

void fake_net_inject(struct fake_net *net, struct endpoint from, struct endpoint to,
                     struct bytes data)
{
    struct fake_message *message = fake_message_new(FAKE_DATAGRAM, data.p, data.len);
    message->from = from;
    message->to = to;
    fake_net_send(net, message, net->delay_ns);
}

/* --- receiving --- */

/* How well a socket fits a datagram; 0: not at all. */
static unsigned fake_socket_score(const struct fake_socket *socket,
                                  const struct fake_message *message)
{
    if (socket->local.port != message->to.port) {
        return 0;
    }
    bool is_connected = ip_is_set(socket->remote.addr);
    bool is_bound = ip_is_set(socket->local.addr);
    if ((is_connected && !endpoint_equal(socket->remote, message->from)) ||
        (is_bound && !ip_equal(socket->local.addr, message->to.addr))) {
        return 0;
    }
    return 1u + (is_connected ? 4 : 0) + (is_bound ? 2 : 0) + (socket->interface ? 1 : 0);
}

static void fake_socket_input(struct fake_socket *socket, const struct fake_message *message)
{
    if (socket->queued == FAKE_QUEUE_MAX) {
        trace_drop(&socket->host->scope, &FAKE_QUEUE_FULL, NULL, FAKE_INTERFACE);
        return;
    }
    struct fake_message *copy = fake_message_new(FAKE_DATAGRAM, message->bytes, message->len);
    copy->from = message->from;
    copy->to = message->to;
    list_add_last(&copy->link, &socket->queue);
    socket->queued++;
    if (socket->base.on_event) {
        socket->base.on_event(socket->base.owner); /* it may close the socket */
    }
}

/* Callbacks may open and close sockets, so it looks anew after each. */
static void fake_host_broadcast_input(struct fake_host *host, const struct fake_message *message)
{
    uint64_t serial = ++host->net->broadcasts;
    struct list *link = host->datagrams.next;
    while (link != &host->datagrams) {
        struct fake_socket *socket = container_of(link, struct fake_socket, link);
        link = link->next;
        if (socket->last_broadcast < serial && fake_socket_score(socket, message) > 0) {
            socket->last_broadcast = serial;
            fake_socket_input(socket, message);
            link = host->datagrams.next;
        }
    }
}

/* Tells the sender that nobody takes what it sent (ICMP destination unreachable). */
static void fake_net_refuse(struct fake_net *net, const struct fake_message *message,
                            enum status error)
{
    struct fake_message *icmp = fake_message_new(FAKE_ICMP_ERROR, NULL, 0);
    icmp->from = message->from;
    icmp->to = message->to;
    icmp->error = error;
    fake_net_send(net, icmp, net->delay_ns);
}

static void fake_host_input(struct fake_host *host, const struct fake_message *message)
{
    struct fake_socket *best = NULL;
    unsigned best_score = 0;
    LIST_FOR_EACH (link, &host->datagrams) {
        struct fake_socket *socket = container_of(link, struct fake_socket, link);
        unsigned score = fake_socket_score(socket, message);
        if (score > best_score) {
            best = socket;
            best_score = score;
        }
    }
    if (best) {
        fake_socket_input(best, message);
    } else {
        trace_drop(&host->scope, &FAKE_NO_SOCKET, NULL, FAKE_INTERFACE);
        fake_net_refuse(host->net, message, STATUS_REFUSED);
    }
}

/* The host that a unicast datagram reaches: by its MAC address where that was given. */
static struct fake_host *fake_net_find_receiver(struct fake_net *net,
                                                const struct fake_message *message)
{
    static const struct mac_addr unset;
    if (mac_equal(message->link_dst, unset)) {
        return fake_net_find_host(net, message->to.addr);
    }
    LIST_FOR_EACH (link, &net->hosts) {
        struct fake_host *host = container_of(link, struct fake_host, link);
        bool is_its_own =
            ip_equal(host->address, message->to.addr) || ipv4_is_loopback(message->to.addr.v4);
        if (mac_equal(host->mac, message->link_dst) && is_its_own) {
            return host;
        }
    }
    return NULL;
}

void fake_datagram_deliver(struct fake_net *net, const struct fake_message *message)
{
    if (message->to.addr.version == IP_V4 && message->to.addr.v4 == IPV4_BROADCAST) {
        struct fake_host *sender = fake_net_find_host(net, message->from.addr);
        LIST_FOR_EACH_SAFE (link, &net->hosts) {
            struct fake_host *host = container_of(link, struct fake_host, link);
            if (host != sender && !host->is_down) {
                fake_host_broadcast_input(host, message);
            }
        }
        return;
    }
    struct fake_host *host = fake_net_find_receiver(net, message);
    if (!host) {
        fake_net_refuse(net, message, STATUS_UNREACHABLE);
    } else if (!host->is_down) {
        fake_host_input(host, message);
    }
}

void fake_datagram_deliver_error(struct fake_net *net, const struct fake_message *message)
{
    struct fake_host *host = fake_net_find_host(net, message->from.addr);
    if (!host || host->is_down) {
        return;
    }
    LIST_FOR_EACH (link, &host->datagrams) {
        struct fake_socket *socket = container_of(link, struct fake_socket, link);
        /* only a connected socket can know whom it is about (RFC 1122 4.1.3.3) */
        if (socket->local.port == message->from.port &&
            endpoint_equal(socket->remote, message->to)) {
            socket->error = message->error;
            if (socket->base.on_event) {
                socket->base.on_event(socket->base.owner);
            }
            return;
        }
    }
}

static int64_t fake_datagram_receive(struct datagram_socket *base, void *buffer, size_t size,
                                     struct datagram_info *info)
{
    struct fake_socket *socket = fake_socket_of(base);
    if (socket->error != STATUS_OK) {
        enum status error = socket->error;
        socket->error = STATUS_OK;
        return -(int64_t)error;
    }
    if (list_is_empty(&socket->queue)) {
        return -(int64_t)STATUS_AGAIN;
    }
    struct fake_message *message = container_of(socket->queue.next, struct fake_message, link);
    list_remove(&message->link);
    socket->queued--;
    size_t len = message->len;
    if (len > 0 && size > 0) {
        memcpy(buffer, message->bytes, len < size ? len : size);
    }
    if (info) {
        *info = (struct datagram_info){
            .from = message->from, .to = message->to, .interface = FAKE_INTERFACE};
    }
    free(message);
    return (int64_t)len;
}
