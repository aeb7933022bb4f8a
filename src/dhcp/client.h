/* dhcp/: how a host gets its address from a server of its link (RFC 2131).
 *
 * client.h is one interface's client, server.h one interface's server; the codec of their messages
 * is wire/dhcp.h. Both live on the socket seam and change no interface themselves: the client
 * decides and tells its owner, the server hands out.
 *
 * This header: the DHCP client (RFC 2131 4.4). It sets the broadcast flag while it has no address:
 * this stack takes no unicast before it is configured (RFC 2131 4.1).
 */
#ifndef DHCP_CLIENT_H
#define DHCP_CLIENT_H

#include "socket/socket.h"
#include "wire/dhcp.h"

struct dhcp_client;

struct dhcp_lease {
    struct ip_prefix address; /* ours, with the mask's length */
    struct ip_addr router;    /* not set: none */
    struct ip_addr dns[DHCP_MAX_ADDRESSES];
    size_t n_dns;
    struct ip_addr server;
    uint32_t lease_time_s, renewal_time_s, rebinding_time_s; /* T1 and T2: renewal, rebinding */
    char domain_name[DHCP_MAX_TEXT];
};
#define DHCP_LEASE_FOREVER UINT32_MAX /* RFC 2131 3.3 */

/* The owner configures the interface: `lease` (valid during the call) is the one to use from now
 * on, replacing any other; NULL: the last one ended. A renewal that changes nothing but times is
 * not announced. Runs deferred, never inside a call of the client; the owner may free the client in
 * it. */
typedef void (*dhcp_client_changed)(void *owner, const struct dhcp_lease *lease);

/* `interface` and `host_name` (may be NULL) are borrowed; `host_name` is cut to DHCP_MAX_TEXT.
 * Starts in INIT and sends its first DISCOVER as soon as the running event is done. STATUS_IN_USE,
 * STATUS_LIMIT, STATUS_UNSUPPORTED: as the socket's opening. */
enum status dhcp_client_new(struct sockets *sockets, const char *interface, struct mac_addr mac,
                            const char *host_name, dhcp_client_changed changed, void *owner,
                            struct dhcp_client **client) MUST_CHECK;

/* Forgets the lease without telling anybody: what a crash does. */
void dhcp_client_free(struct dhcp_client *client);

/* RFC 2131 4.4.6: gives the address back. The lease ends at once (`changed` tells so, deferred) and
 * the client stays in INIT, silent. Without a lease it only falls silent. */
void dhcp_client_release(struct dhcp_client *client);

const char *dhcp_client_state(const struct dhcp_client *client); /* "SELECTING": RFC names */

/* Trace of both sides: every message sent and received, with why it went the way it did. */
struct dhcp_event {
    const char *type;       /* "DISCOVER" */
    struct mac_addr client; /* chaddr */
    struct ip_addr address; /* yiaddr, or the one asked for; may be unset */
    struct ip_addr server;  /* server id; may be unset */
    bool is_broadcast;
    const char *why; /* "it has no address yet and knows no server" */
    uint32_t xid;
    uint32_t lease_time_s;
};
extern const struct trace_kind DHCP_SENT;     /* "dhcp.sent" */
extern const struct trace_kind DHCP_RECEIVED; /* "dhcp.received" */

struct dhcp_state_event {
    const char *interface;
    const char *from, *to; /* RFC names */
    const char *why;
};
extern const struct trace_kind DHCP_STATE; /* "dhcp.state": of a client */

struct dhcp_bound_event {
    struct ip_prefix address;
    struct ip_addr router, dns, server;
    uint32_t lease_time_s;
};
extern const struct trace_kind DHCP_BOUND;   /* "dhcp.bound": the client has a lease */
extern const struct trace_kind DHCP_EXPIRED; /* "dhcp.expired" */

struct dhcp_send_failed_event {
    const char *type;   /* "REQUEST" */
    const char *status; /* "unreachable" */
};
extern const struct trace_kind DHCP_SEND_FAILED; /* "dhcp.send-failed": the retry timer goes on */

extern const struct drop_reason DHCP_DROP_MALFORMED; /* dhcp.malformed */
extern const struct drop_reason
    DHCP_DROP_UNEXPECTED;                           /* dhcp.unexpected: wrong xid, state, server */
extern const struct drop_reason DHCP_DROP_UNUSABLE; /* dhcp.unusable: lacks what a lease needs */
extern const struct drop_reason DHCP_DROP_POOL_EMPTY; /* dhcp.pool-empty */

#endif
