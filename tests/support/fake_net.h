/* A network for unit tests: a provider of socket/socket.h in virtual time, without any stack.
 *
 * Hosts have one interface ("eth0"), one IP address and a MAC address, and all reach each other,
 * with one fixed delay. Everything is deterministic and every callback is deferred, as the socket
 * seam promises. What goes wrong on purpose is set by the functions under "faults".
 *
 *     struct fake_net *net = fake_net_new(1, 5 * MS);
 *     struct sockets *pc = fake_host_new(net, "pc", "192.0.2.1");
 *     ...                                      use `pc` as any struct sockets
 *     fake_net_run_for(net, 10 * SECOND);
 *     fake_net_free(net);                      after every socket was closed
 *
 * What differs from the own stack: nothing is lost unless asked for; streams have no segments, no
 * slow start and no retransmission; there is no routing, so that any address of any host answers.
 */
#ifndef SUPPORT_FAKE_NET_H
#define SUPPORT_FAKE_NET_H

#include "socket/socket.h"

struct fake_net;

enum { FAKE_DATAGRAM_MAX = 65507, FAKE_QUEUE_MAX = 64 /* datagrams waiting at one socket */ };
#define FAKE_CONNECT_TIMEOUT_NS UINT64_C(60000000000) /* connecting to a host that is down */
#define FAKE_BACKLOG_RETRY_NS UINT64_C(1000000000)    /* a full backlog is tried again after this */

/* `delay_ns` > 0 is the one-way delay between any two hosts. */
struct fake_net *fake_net_new(uint64_t seed, uint64_t delay_ns);
void fake_net_free(struct fake_net *net); /* CHECKs that every socket was closed */

struct env *fake_net_env(struct fake_net *net);
struct trace *fake_net_trace(struct fake_net *net);
void fake_net_run(struct fake_net *net, uint64_t until_ns); /* as sim_run */
void fake_net_run_for(struct fake_net *net, uint64_t duration_ns);

/* A host with a scope, a name and an address ("192.0.2.1"; NULL: none yet, as before DHCP). `name`
 * is borrowed. It belongs to the net. Hosts are nodes 1, 2, 3 ... in order of creation. */
struct sockets *fake_host_new(struct fake_net *net, const char *name, const char *address);
struct ip_addr fake_host_address(const struct sockets *host);
void fake_host_set_address(struct sockets *host, struct ip_addr address); /* unset: none */
struct mac_addr fake_host_mac(const struct sockets *host); /* 02:00:00:00:00:01 for node 1 */

/* --- faults --- */

/* A host that is down neither sends nor receives. */
void fake_host_set_down(struct sockets *host, bool is_down);

/* Loses the next `count` datagrams that anybody sends. */
void fake_net_drop_next(struct fake_net *net, unsigned count);

/* What a hook sees of a datagram, and may change: everything from `from` on. */
struct fake_datagram {
    const char *sender;       /* the host's name; "" when injected */
    struct mac_addr link_dst; /* all zero: as ARP says */
    struct endpoint from, to;
    uint8_t bytes[FAKE_DATAGRAM_MAX];
    size_t len;
    uint64_t delay_ns;
    bool is_dropped;
};
typedef void (*fake_hook)(void *owner, struct fake_datagram *datagram);

/* `hook` sees each datagram as it is sent (before drop_next counts it). NULL: none. */
void fake_net_set_hook(struct fake_net *net, fake_hook hook, void *owner);

/* Sends a datagram that no socket of ours sent, with any source: a spoofer. The hook does not see
 * it. */
void fake_net_inject(struct fake_net *net, struct endpoint from, struct endpoint to,
                     struct bytes data);

/* How much one call moves, to test partial reads and writes. 0: no limit. `window` is how many
 * bytes may be written and not yet read by the other side (at first 65536). */
struct fake_stream_limits {
    size_t write_max, read_max, window;
};
void fake_net_set_stream_limits(struct fake_net *net, struct fake_stream_limits limits);

/* Datagrams that sockets sent so far, those lost included. */
uint64_t fake_net_datagrams_sent(const struct fake_net *net);

#endif
