/* The DHCP client of one interface (RFC 2131 4.4).
 *
 * It sets the broadcast flag: this stack takes no unicast before it has an address (RFC 2131 4.1).
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
    uint32_t lease_time_s, renewal_time_s, rebinding_time_s;
    char domain_name[DHCP_MAX_TEXT];
};

/* The owner configures the interface: `lease` is the new one; NULL: the old one ended. */
typedef void (*dhcp_client_changed)(void *owner, const struct dhcp_lease *lease);

/* `interface` is borrowed. Starts at once in INIT. `host_name` may be NULL. */
enum status dhcp_client_new(struct sockets *sockets, const char *interface, struct mac_addr mac,
                            const char *host_name, dhcp_client_changed changed, void *owner,
                            struct dhcp_client **client) MUST_CHECK;
void dhcp_client_free(struct dhcp_client *client);

/* RFC 2131 4.4.6; the lease ends at once. */
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

struct dhcp_bound_event {
    struct ip_prefix address;
    struct ip_addr router, dns, server;
    uint32_t lease_time_s;
};
extern const struct trace_kind DHCP_BOUND;   /* "dhcp.bound": the client has a lease */
extern const struct trace_kind DHCP_EXPIRED; /* "dhcp.expired" */

extern const struct drop_reason DHCP_DROP_MALFORMED; /* dhcp.malformed */
extern const struct drop_reason
    DHCP_DROP_UNEXPECTED; /* dhcp.unexpected: wrong xid, state, server */
extern const struct drop_reason DHCP_DROP_POOL_EMPTY; /* dhcp.pool-empty */

#endif
