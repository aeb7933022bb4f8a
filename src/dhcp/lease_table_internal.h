/* The server's memory: which client has, was offered, or once had which address.
 *
 * A client is known by its client id, else by its MAC (RFC 2131 4.2). A binding that ends is
 * remembered, so that a client that returns gets its old address (RFC 2131 4.3.1), until the
 * address is needed for somebody else. Nothing has a timer: what expired is noticed when somebody
 * asks.
 */
#ifndef DHCP_LEASE_TABLE_INTERNAL_H
#define DHCP_LEASE_TABLE_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "dhcp/server.h"

struct client_key {
    uint8_t len;
    uint8_t byte[DHCP_MAX_BLOB]; /* zero behind len */
};

enum lease_state {
    LEASE_FREE,    /* remembers its last client; ready for that one, or for another */
    LEASE_OFFERED, /* waits for its REQUEST */
    LEASE_BOUND,
    LEASE_DECLINED, /* somebody else seems to use the address */
    LEASE_STATES,
};

struct lease {
    struct list link; /* in the table's list of its state */
    enum lease_state state;
    uint32_t address;
    struct client_key client; /* len 0: nobody yet */
    uint64_t expires_ns;      /* not of free ones; UINT64_MAX: never */
    bool is_reserved;
};

struct lease_table {
    uint32_t first, last; /* the pool */
    uint32_t own;         /* the server's address, never given away */
    uint32_t lease_time_s;
    uint64_t next; /* the first address of the pool that was never given; past `last`: none */
    struct map by_client;           /* struct client_key -> struct lease */
    struct map by_address;          /* uint32_t -> struct lease (owned) */
    struct map by_reserved;         /* struct mac_addr -> struct lease */
    struct list list[LEASE_STATES]; /* in the order of expiry; free ones: longest free first */
};

void lease_table_init(struct lease_table *table, const struct dhcp_server_config *config,
                      uint64_t map_seed);
void lease_table_fini(struct lease_table *table);

struct client_key client_key_of(const struct dhcp_message *message);

/* The client's own lease, in whatever state (reserved for it, running, or remembered), or NULL. */
struct lease *lease_table_find(struct lease_table *table, const struct dhcp_message *message,
                               uint64_t now_ns);

/* The lease of this address, or NULL when nobody ever had it. */
struct lease *lease_table_at(struct lease_table *table, uint32_t address, uint64_t now_ns);

/* An address for the client in the order of RFC 2131 4.3.1: its own, the one it asks for, the next
 * of the pool, the one longest free. NULL: none is left. */
struct lease *lease_table_choose(struct lease_table *table, const struct dhcp_message *message,
                                 uint64_t now_ns);

/* The address for this client if it is free and in the pool (or its own), else NULL. */
struct lease *lease_table_claim(struct lease_table *table, const struct dhcp_message *message,
                                uint32_t address, uint64_t now_ns);

/* Moves the lease to another state and starts that state's time. */
void lease_table_set_state(struct lease_table *table, struct lease *lease, enum lease_state state,
                           uint64_t now_ns);

enum status lease_table_reserve(struct lease_table *table, struct mac_addr mac, uint32_t address,
                                uint64_t now_ns) MUST_CHECK;
size_t lease_table_count_bound(const struct lease_table *table, uint64_t now_ns);

#endif
