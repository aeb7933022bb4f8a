/* UDP (RFC 768, RFC 1122 4.1). The face that socket/ uses.
 *
 * Several sockets may share a port when their local addresses or interfaces differ, so that a
 * datagram fits one of them; one for a group (broadcast, multicast) goes to all that it fits.
 */
#ifndef STACK_TRANSPORT_UDP_H
#define STACK_TRANSPORT_UDP_H

#include "stack/network/ipv4.h"
#include "stack/transport/port_table.h"
#include "wire/udp.h"

struct udp;
struct udp_socket;

enum {
    UDP_RECEIVE_BUFFER = 212992, /* bytes queued per socket, as Linux's default */
    UDP_DATAGRAM_COST = 512,     /* what a queued datagram counts beyond its data */
    UDP_MAX_SOCKETS = 65536,
    UDP_MAX_DATA = 65535 - IPV4_HEADER_LEN - UDP_HEADER_LEN,
};

extern const struct drop_reason UDP_DROP_MALFORMED;    /* udp.malformed */
extern const struct drop_reason UDP_DROP_BAD_CHECKSUM; /* udp.bad-checksum */
extern const struct drop_reason UDP_DROP_NO_SOCKET;    /* udp.no-socket: and an ICMP error */
extern const struct drop_reason UDP_DROP_BUFFER_FULL;  /* udp.buffer-full */

struct udp *udp_new(struct ipv4 *ip, struct port_table *ports);
void udp_free(struct udp *udp); /* every socket is closed */

struct udp_datagram_info {
    struct endpoint from;
    struct endpoint to;
    struct netif *netif; /* where it came in; NULL: from this node itself */
    uint64_t packet_id;
};

/* `on_event` runs deferred: something can be received, or an error is pending. NULL when there are
 * UDP_MAX_SOCKETS already. */
struct udp_socket *udp_open(struct udp *udp, void (*on_event)(void *owner), void *owner);
void udp_close(struct udp_socket *socket);

/* local.addr not set: any. Port 0: an ephemeral one. STATUS_IN_USE; STATUS_INVALID: bound already;
 * STATUS_NOT_FOUND: neither an address of this node nor a group's.
 * `netif`: only datagrams that come in by it, and sends leave by it (DHCP), or NULL. */
enum status udp_bind(struct udp_socket *socket, struct endpoint local,
                     struct netif *netif) MUST_CHECK;
/* Sets the default peer and filters by it (RFC 1122 4.1.3.5). Binds when not bound, and takes the
 * source address that the route gives when it has none. STATUS_UNREACHABLE: no route. */
enum status udp_connect(struct udp_socket *socket, struct endpoint remote) MUST_CHECK;

/* `to` may be NULL when connected. `src` and `link_dst`: see struct ipv4_send; may be 0 and NULL.
 * STATUS_LIMIT: too long; STATUS_UNREACHABLE. */
enum status udp_send(struct udp_socket *socket, const struct endpoint *to, uint32_t src,
                     const struct mac_addr *link_dst, struct bytes data) MUST_CHECK;

/* Copies the next datagram (cut to size) and returns its full length; -STATUS_AGAIN when there is
 * none; a pending ICMP error of a connected socket first (-STATUS_REFUSED, -STATUS_UNREACHABLE). */
int64_t udp_receive(struct udp_socket *socket, void *buffer, size_t size,
                    struct udp_datagram_info *info);

struct endpoint udp_local(const struct udp_socket *socket);

/* --- trace; `packet` is the datagram --- */

struct udp_datagram_event {
    struct endpoint src, dst;
    uint32_t len; /* bytes of data */
};
extern const struct trace_kind UDP_SENT;     /* "udp.sent" */
extern const struct trace_kind UDP_RECEIVED; /* "udp.received": queued for a socket */

#endif
