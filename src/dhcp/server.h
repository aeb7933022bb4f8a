/* The DHCP server of one interface (RFC 2131 4.3). */
#ifndef DHCP_SERVER_H
#define DHCP_SERVER_H

#include "dhcp/client.h"

struct dhcp_server;

struct dhcp_server_config {
    struct ip_prefix address;   /* the server's own, and the subnet's mask */
    struct ip_addr first, last; /* the pool, inclusive; inside the subnet */
    struct ip_addr router;
    struct ip_addr dns[DHCP_MAX_ADDRESSES];
    size_t n_dns;
    uint32_t lease_time_s;   /* 0: 86400 */
    const char *domain_name; /* copied; may be NULL */
};

enum {
    DHCP_SERVER_MAX_LEASES = 65536,  /* reservations and remembered clients included */
    DHCP_SERVER_OFFER_TIME_S = 60,   /* how long an offered address waits for its REQUEST */
    DHCP_SERVER_DECLINE_TIME_S = 600 /* how long a declined address is not given to anybody */
};

/* `interface` is borrowed; the config is copied. The interface has its address already or gets it
 * before the first message. STATUS_INVALID: the config makes no sense (a pool that is empty or
 * leaves the subnet); otherwise as the socket's opening. */
enum status dhcp_server_new(struct sockets *sockets, const char *interface,
                            const struct dhcp_server_config *config,
                            struct dhcp_server **server) MUST_CHECK;
void dhcp_server_free(struct dhcp_server *server);

/* This client always gets this address (inside or outside the pool). STATUS_INVALID: not a host
 * address of the subnet; STATUS_IN_USE: the address is leased, reserved or the server's own, or the
 * client has a reservation. */
enum status dhcp_server_reserve(struct dhcp_server *server, struct mac_addr mac,
                                struct ip_addr addr) MUST_CHECK;

/* Leases that run now. */
size_t dhcp_server_count_leases(const struct dhcp_server *server);

#endif
