/* The DHCP server of one interface (RFC 2131 4.3). */
#ifndef DHCP_SERVER_H
#define DHCP_SERVER_H

#include "dhcp/client.h"

struct dhcp_server;

struct dhcp_server_config {
    struct ip_prefix address;   /* the server's own, and the subnet's mask */
    struct ip_addr first, last; /* the pool, inclusive */
    struct ip_addr router;
    struct ip_addr dns[DHCP_MAX_ADDRESSES];
    size_t n_dns;
    uint32_t lease_time_s;   /* 0: 86400 */
    const char *domain_name; /* copied; may be NULL */
};

enum { DHCP_SERVER_MAX_LEASES = 65536 };

/* `interface` is borrowed; the config is copied. */
enum status dhcp_server_new(struct sockets *sockets, const char *interface,
                            const struct dhcp_server_config *config,
                            struct dhcp_server **server) MUST_CHECK;
void dhcp_server_free(struct dhcp_server *server);

/* This client always gets this address (inside or outside the pool). */
enum status dhcp_server_reserve(struct dhcp_server *server, struct mac_addr mac,
                                struct ip_addr addr) MUST_CHECK;
size_t dhcp_server_count_leases(const struct dhcp_server *server);

#endif
