/* Datagram sockets over the node's UDP. */
#include "socket/own_internal.h"

#include "base/memory.h"

#include <stdlib.h>

struct own_datagram {
    struct datagram_socket socket; /* first: it is what users hold */
    struct node *node;
    struct udp_socket *udp;
    struct netif *netif; /* the only one it uses, or NULL */
};

static struct own_datagram *own_datagram(const struct datagram_socket *socket)
{
    return container_of(socket, struct own_datagram, socket);
}

static void own_datagram_on_event(void *owner)
{
    struct own_datagram *own = owner;
    if (own->socket.on_event) {
        own->socket.on_event(own->socket.owner);
    }
}

/* The source address that `route` asks for, 0 where the stack shall choose. */
static enum status own_datagram_source(const struct own_datagram *own,
                                       const struct datagram_route *route, uint32_t *src)
{
    *src = 0;
    if (!route) {
        return STATUS_OK;
    }
    if (ip_is_set(route->src)) {
        *src = route->src.v4;
        return route->src.version == IP_V4 ? STATUS_OK : STATUS_INVALID;
    }
    /* The stack sends from 0.0.0.0 by an interface that has no address, and only then: that is
     * where a host has to (RFC 1122 3.2.1.3 (a)). */
    bool has_address = !own->netif || netif_ipv4(own->netif) != NULL;
    return route->is_src_any && has_address ? STATUS_UNSUPPORTED : STATUS_OK;
}

static enum status own_datagram_send(struct datagram_socket *socket, struct endpoint to,
                                     struct bytes data, const struct datagram_route *route)
{
    struct own_datagram *own = own_datagram(socket);
    const struct mac_addr *link_dst = route ? route->link_dst : NULL;
    if (link_dst && !own->netif) {
        return STATUS_INVALID;
    }
    uint32_t src = 0;
    enum status status = own_datagram_source(own, route, &src);
    if (status != STATUS_OK) {
        return status;
    }
    return udp_send(own->udp, ip_is_set(to.addr) ? &to : NULL, src, link_dst, data);
}

static int64_t own_datagram_receive(struct datagram_socket *socket, void *buffer, size_t size,
                                    struct datagram_info *info)
{
    struct udp_datagram_info facts;
    int64_t len = udp_receive(own_datagram(socket)->udp, buffer, size, &facts);
    if (len >= 0 && info) {
        *info = (struct datagram_info){
            .from = facts.from,
            .to = facts.to,
            .interface = facts.netif ? facts.netif->name : NULL,
            .packet_id = facts.packet_id,
        };
    }
    return len;
}

static enum status own_datagram_connect(struct datagram_socket *socket, struct endpoint to)
{
    return udp_connect(own_datagram(socket)->udp, to);
}

static void own_datagram_close(struct datagram_socket *socket)
{
    struct own_datagram *own = own_datagram(socket);
    udp_close(own->udp);
    free(own);
}

static struct endpoint own_datagram_local(const struct datagram_socket *socket)
{
    return udp_local(own_datagram(socket)->udp);
}

static const struct datagram_ops OWN_DATAGRAM_OPS = {
    .send = own_datagram_send,
    .receive = own_datagram_receive,
    .connect = own_datagram_connect,
    .close = own_datagram_close,
    .local = own_datagram_local,
};

static struct netif *node_netif_of_name(const struct node *node, const char *name)
{
    for (size_t i = 0; i < node->n_netifs; i++) {
        if (strcmp(node->netifs[i]->name, name) == 0) {
            return node->netifs[i];
        }
    }
    return NULL;
}

enum status own_datagram_open(struct sockets *sockets, const struct datagram_options *options,
                              struct datagram_socket **socket)
{
    static const struct datagram_options DEFAULTS = {0};
    const struct datagram_options *wanted = options ? options : &DEFAULTS;
    struct node *node = own_node(sockets);
    struct netif *netif = wanted->interface ? node_netif_of_name(node, wanted->interface) : NULL;
    if (wanted->interface && !netif) {
        return STATUS_NOT_FOUND;
    }
    struct own_datagram *own = memory_new(sizeof *own);
    *own = (struct own_datagram){.socket.ops = &OWN_DATAGRAM_OPS, .node = node, .netif = netif};
    own->udp = udp_open(node->udp, own_datagram_on_event, own);
    enum status status = own->udp ? udp_bind(own->udp, wanted->local, netif) : STATUS_LIMIT;
    if (status != STATUS_OK) {
        if (own->udp) {
            udp_close(own->udp);
        }
        free(own);
        return status;
    }
    *socket = &own->socket;
    return STATUS_OK;
}
