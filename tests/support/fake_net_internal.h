/* What the files of the fake net share: hosts, and messages on the one wire. */
#ifndef SUPPORT_FAKE_NET_INTERNAL_H
#define SUPPORT_FAKE_NET_INTERNAL_H

#include "base/list.h"
#include "support/fake_net.h"

struct fake_connection;

enum fake_message_kind {
    FAKE_DATAGRAM,
    FAKE_ICMP_ERROR, /* to the socket that sent the datagram `from` -> `to` */
    FAKE_SYN,
    FAKE_SYN_ACK,
    FAKE_DATA,
    FAKE_FIN,
    FAKE_RST,
    FAKE_CONNECT_FAILED,
    FAKE_WINDOW, /* the peer has read `count` bytes */
};

/* Something on its way. `connection` holds a reference. */
struct fake_message {
    struct list link;
    uint64_t at_ns;
    enum fake_message_kind kind;
    enum status error;
    struct mac_addr link_dst;
    struct endpoint from, to;
    struct fake_connection *connection;
    unsigned end; /* which end of the connection it is for */
    size_t count;
    size_t len;
    uint8_t bytes[];
};

struct fake_host {
    struct sockets base;
    struct scope scope;
    struct list link;
    struct fake_net *net;
    struct ip_addr address;
    struct mac_addr mac;
    bool is_down;
    struct prng port_random;
    struct list datagrams; /* struct fake_socket */
    struct list listeners; /* struct fake_listener */
    unsigned streams_open;
};

struct fake_net {
    struct env *env;
    struct trace trace;
    uint64_t delay_ns;
    struct list hosts;
    uint32_t n_hosts;
    struct list wire; /* struct fake_message, by time */
    struct event arrival;
    unsigned drop_next;
    fake_hook hook;
    void *hook_owner;
    struct fake_datagram scratch; /* the datagram that the hook sees */
    struct fake_stream_limits limits;
    uint64_t datagrams_sent;
    uint64_t broadcasts; /* delivered: numbers them */
};

struct fake_host *fake_host_of(struct sockets *sockets);
struct fake_host *fake_net_find_host(const struct fake_net *net, struct ip_addr address);
uint32_t fake_host_draw_port(struct fake_host *host); /* an ephemeral one, perhaps in use */

struct fake_message *fake_message_new(enum fake_message_kind kind, const void *bytes, size_t len);
/* Puts the message on the wire, to arrive `delay_ns` from now. */
void fake_net_send(struct fake_net *net, struct fake_message *message, uint64_t delay_ns);

enum status fake_datagram_open(struct sockets *sockets, const struct datagram_options *options,
                               struct datagram_socket **socket);
void fake_datagram_deliver(struct fake_net *net, const struct fake_message *message);
void fake_datagram_deliver_error(struct fake_net *net, const struct fake_message *message);

enum status fake_stream_connect(struct sockets *sockets, struct endpoint local,
                                struct endpoint remote, struct stream **stream);
enum status fake_stream_listen(struct sockets *sockets, struct endpoint local, uint32_t backlog,
                               struct listener **listener);
void fake_stream_deliver(struct fake_net *net, const struct fake_message *message);
void fake_connection_put(struct fake_connection *connection);

#endif
