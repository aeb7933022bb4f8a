/* UDP (RFC 768, RFC 1122 4.1). The face that socket/ uses. */
#ifndef STACK_TRANSPORT_UDP_H
#define STACK_TRANSPORT_UDP_H

#include "stack/network/ipv4.h"
#include "stack/transport/port_table.h"
#include "wire/udp.h"

struct udp;
struct udp_socket;

enum {
    UDP_RECEIVE_BUFFER = 212992, /* bytes queued per socket, as Linux's default */
    UDP_MAX_SOCKETS = 65536,
};

extern const struct drop_reason UDP_DROP_MALFORMED;    /* udp.malformed */
extern const struct drop_reason UDP_DROP_BAD_CHECKSUM; /* udp.bad-checksum */
extern const struct drop_reason UDP_DROP_NO_SOCKET;    /* udp.no-socket: and an ICMP error */
extern const struct drop_reason UDP_DROP_BUFFER_FULL;  /* udp.buffer-full */

struct udp *udp_new(struct ipv4 *ip, struct port_table *ports);
void udp_free(struct udp *udp);

struct udp_datagram_info {
    struct endpoint from;
    struct endpoint to;
    struct netif *netif;
    uint64_t packet_id;
};

/* `on_event` runs deferred: something can be received, or an error is pending. */
struct udp_socket *udp_open(struct udp *udp, void (*on_event)(void *owner), void *owner);
void udp_close(struct udp_socket *socket);

/* local.addr not set: any. Port 0: an ephemeral one. STATUS_IN_USE. `netif`: only datagrams that
 * come in by it, and sends leave by it (DHCP), or NULL. */
enum status udp_bind(struct udp_socket *socket, struct endpoint local,
                     struct netif *netif) MUST_CHECK;
/* Sets the default peer and filters by it (RFC 1122 4.1.3.5). Binds when not bound. */
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

#endif
