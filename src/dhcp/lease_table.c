/* All leases are in `by_address`, which owns them, and in the list of their state. The times of one
 * state are all equally long, so a list in the order of arrival is in the order of expiry, and what
 * expired is found at its head. Reserved addresses wait for their client outside the free list. */
#include "dhcp/lease_table_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

#define SECOND_NS UINT64_C(1000000000)

void lease_table_init(struct lease_table *table, const struct dhcp_server_config *config,
                      uint64_t map_seed)
{
    *table = (struct lease_table){
        .first = config->first.v4,
        .last = config->last.v4,
        .own = config->address.addr.v4,
        .lease_time_s = config->lease_time_s,
        .next = config->first.v4,
    };
    map_init(&table->by_client, sizeof(struct client_key), map_seed);
    map_init(&table->by_address, sizeof(uint32_t), map_seed);
    map_init(&table->by_reserved, sizeof(struct mac_addr), map_seed);
    for (size_t i = 0; i < LEASE_STATES; i++) {
        list_init(&table->list[i]);
    }
}

void lease_table_fini(struct lease_table *table)
{
    size_t cursor = 0;
    struct lease *lease;
    while ((lease = map_next(&table->by_address, &cursor))) {
        free(lease);
    }
    map_fini(&table->by_client);
    map_fini(&table->by_address);
    map_fini(&table->by_reserved);
}

/* RFC 2131 4.2: the client id if there is one, else hardware type and address; so a client that
 * forms its id from its MAC is the same client with and without it. */
struct client_key client_key_of(const struct dhcp_message *message)
{
    struct client_key key = {0};
    if (message->client_id_len > 0) {
        key.len = message->client_id_len;
        memcpy(key.byte, message->client_id, key.len);
    } else {
        key.len = 1 + sizeof message->chaddr.byte;
        key.byte[0] = 1;
        memcpy(key.byte + 1, message->chaddr.byte, sizeof message->chaddr.byte);
    }
    return key;
}

static void forget_client(struct lease_table *table, struct lease *lease)
{
    if (map_get(&table->by_client, &lease->client) == lease) {
        map_remove(&table->by_client, &lease->client);
    }
    lease->client = (struct client_key){0};
}

static uint64_t expiry_ns(const struct lease_table *table, enum lease_state state, uint64_t now_ns)
{
    switch (state) {
    case LEASE_OFFERED:
        return now_ns + DHCP_SERVER_OFFER_TIME_S * SECOND_NS;
    case LEASE_BOUND:
        return table->lease_time_s == DHCP_LEASE_FOREVER ? UINT64_MAX
                                                         : now_ns + table->lease_time_s * SECOND_NS;
    case LEASE_DECLINED:
        return now_ns + DHCP_SERVER_DECLINE_TIME_S * SECOND_NS;
    case LEASE_FREE:
    case LEASE_STATES:
        break;
    }
    return UINT64_MAX;
}

void lease_table_set_state(struct lease_table *table, struct lease *lease, enum lease_state state,
                           uint64_t now_ns)
{
    list_remove(&lease->link);
    lease->state = state;
    lease->expires_ns = expiry_ns(table, state, now_ns);
    if (state == LEASE_DECLINED) {
        forget_client(table, lease); /* it shall get another one */
    }
    if (state != LEASE_FREE || !lease->is_reserved) {
        list_add_last(&lease->link, &table->list[state]);
    }
}

static void expire(struct lease_table *table, uint64_t now_ns)
{
    for (enum lease_state state = LEASE_OFFERED; state < LEASE_STATES; state++) {
        while (!list_is_empty(&table->list[state])) {
            struct lease *lease = container_of(table->list[state].next, struct lease, link);
            if (lease->expires_ns > now_ns) {
                break;
            }
            lease_table_set_state(table, lease, LEASE_FREE, now_ns);
        }
    }
}

struct lease *lease_table_find(struct lease_table *table, const struct dhcp_message *message,
                               uint64_t now_ns)
{
    expire(table, now_ns);
    struct lease *reserved = map_get(&table->by_reserved, &message->chaddr);
    if (reserved && reserved->state != LEASE_DECLINED) {
        return reserved;
    }
    struct client_key key = client_key_of(message);
    return map_get(&table->by_client, &key);
}

struct lease *lease_table_at(struct lease_table *table, uint32_t address, uint64_t now_ns)
{
    expire(table, now_ns);
    return map_get(&table->by_address, &address);
}

/* A free lease that nobody had. NULL: the table is full. */
static struct lease *add_lease(struct lease_table *table, uint32_t address, bool is_reserved)
{
    if (table->by_address.count >= DHCP_SERVER_MAX_LEASES) {
        return NULL;
    }
    struct lease *lease = memory_new(sizeof *lease);
    lease->address = address;
    lease->is_reserved = is_reserved;
    list_init(&lease->link);
    map_put(&table->by_address, &address, lease);
    lease_table_set_state(table, lease, LEASE_FREE, 0);
    return lease;
}

static void give_to(struct lease_table *table, struct lease *lease,
                    const struct dhcp_message *message)
{
    forget_client(table, lease);
    lease->client = client_key_of(message);
    if (!lease->is_reserved) {
        CHECK(!map_put(&table->by_client, &lease->client, lease));
    }
}

struct lease *lease_table_claim(struct lease_table *table, const struct dhcp_message *message,
                                uint32_t address, uint64_t now_ns)
{
    struct lease *own = lease_table_find(table, message, now_ns);
    if (own) { /* a client has one lease at a time */
        return own->address == address ? own : NULL;
    }
    struct lease *lease = map_get(&table->by_address, &address);
    if (!lease && address >= table->first && address <= table->last && address != table->own) {
        lease = add_lease(table, address, false);
    }
    if (!lease || lease->is_reserved || lease->state != LEASE_FREE) {
        return NULL;
    }
    give_to(table, lease, message);
    return lease;
}

/* The next address of the pool that nobody ever had. */
static struct lease *next_of_pool(struct lease_table *table)
{
    for (; table->next <= table->last; table->next++) {
        uint32_t address = (uint32_t)table->next;
        if (address != table->own && !map_get(&table->by_address, &address)) {
            return add_lease(table, address, false);
        }
    }
    return NULL;
}

struct lease *lease_table_choose(struct lease_table *table, const struct dhcp_message *message,
                                 uint64_t now_ns)
{
    struct lease *lease = lease_table_find(table, message, now_ns);
    if (lease) {
        return lease;
    }
    if (message->requested_address != 0) {
        lease = lease_table_claim(table, message, message->requested_address, now_ns);
    }
    if (lease) {
        return lease;
    }
    lease = next_of_pool(table);
    if (!lease && !list_is_empty(&table->list[LEASE_FREE])) {
        lease = container_of(table->list[LEASE_FREE].next, struct lease, link);
    }
    if (lease) {
        give_to(table, lease, message);
    }
    return lease;
}

enum status lease_table_reserve(struct lease_table *table, struct mac_addr mac, uint32_t address,
                                uint64_t now_ns)
{
    struct lease *lease = lease_table_at(table, address, now_ns);
    if (address == table->own || map_get(&table->by_reserved, &mac) ||
        (lease && (lease->is_reserved || lease->state != LEASE_FREE))) {
        return STATUS_IN_USE;
    }
    if (lease) {
        forget_client(table, lease);
        lease->is_reserved = true;
        lease_table_set_state(table, lease, LEASE_FREE, now_ns);
    } else {
        lease = add_lease(table, address, true);
    }
    if (!lease) {
        return STATUS_LIMIT;
    }
    map_put(&table->by_reserved, &mac, lease);
    return STATUS_OK;
}

size_t lease_table_count_bound(const struct lease_table *table, uint64_t now_ns)
{
    size_t count = 0;
    LIST_FOR_EACH (link, &table->list[LEASE_BOUND]) {
        count += container_of(link, struct lease, link)->expires_ns > now_ns;
    }
    return count;
}
