/* Theory of operation. A mapping is found by its inside endpoint (for what leaves) and by its
 * outside endpoint (for what comes). Each timeout has a list in the order in which its mappings
 * were last kept; all wait equally long, so the first expires first. Keeping a mapping is moving it
 * to the end of its list, and the timer looks at the four heads only.
 */
#include "base/check.h"
#include "base/memory.h"
#include "stack/network/nat_internal.h"
#include "wire/tcp.h"

#include <stdlib.h>

static uint64_t timeout_ns(enum nat_timeout timeout)
{
    switch (timeout) {
    case NAT_TIMEOUT_UDP:
        return NAT_UDP_TIMEOUT_NS;
    case NAT_TIMEOUT_ICMP:
        return NAT_ICMP_TIMEOUT_NS;
    case NAT_TIMEOUT_TCP_TRANSITORY:
        return NAT_TCP_TRANSITORY_NS;
    case NAT_TIMEOUT_TCP_ESTABLISHED:
    case NAT_TIMEOUTS:
        break;
    }
    return NAT_TCP_ESTABLISHED_NS;
}

static void on_timer(void *owner);

void nat_table_init(struct nat_table *table, struct scope *scope,
                    bool (*is_port_taken)(void *owner, uint8_t protocol, uint16_t port),
                    void *owner)
{
    *table = (struct nat_table){.scope = scope, .is_port_taken = is_port_taken, .owner = owner};
    struct prng prng;
    scope_prng_init(scope, &prng, "nat-map");
    map_init(&table->by_inside, sizeof(struct nat_endpoint), prng_u64(&prng));
    map_init(&table->by_outside, sizeof(struct nat_endpoint), prng_u64(&prng));
    for (size_t i = 0; i < NAT_TIMEOUTS; i++) {
        list_init(&table->list[i]);
    }
    list_init(&table->free);
    scope_timer_init(scope, &table->timer, on_timer, table);
}

static void free_list(struct list *list)
{
    LIST_FOR_EACH_SAFE (link, list) {
        free(container_of(link, struct nat_mapping, link));
    }
}

void nat_table_fini(struct nat_table *table)
{
    timer_fini(&table->timer);
    for (size_t i = 0; i < NAT_TIMEOUTS; i++) {
        free_list(&table->list[i]);
    }
    free_list(&table->free);
    map_fini(&table->by_inside);
    map_fini(&table->by_outside);
}

struct nat_mapping *nat_table_find_inside(const struct nat_table *table,
                                          const struct nat_endpoint *inside)
{
    return map_get(&table->by_inside, inside);
}

struct nat_mapping *nat_table_find_outside(const struct nat_table *table,
                                           const struct nat_endpoint *outside)
{
    return map_get(&table->by_outside, outside);
}

/* --- expiry --- */

void nat_table_remove(struct nat_table *table, struct nat_mapping *mapping)
{
    nat_trace(table->scope, &NAT_EXPIRED, NULL, mapping, (struct endpoint){0}, false);
    CHECK(map_remove(&table->by_inside, &mapping->inside) == mapping);
    CHECK(map_remove(&table->by_outside, &mapping->outside) == mapping);
    list_remove(&mapping->link);
    list_add_first(&mapping->link, &table->free);
    table->count--;
}

static struct nat_mapping *first_of(const struct list *list)
{
    return list_is_empty(list) ? NULL : container_of(list->next, struct nat_mapping, link);
}

static void on_timer(void *owner)
{
    struct nat_table *table = owner;
    uint64_t now_ns = scope_now(table->scope);
    uint64_t next_ns = TIMER_OFF;
    for (enum nat_timeout timeout = 0; timeout < NAT_TIMEOUTS; timeout++) {
        struct nat_mapping *mapping;
        while ((mapping = first_of(&table->list[timeout])) &&
               mapping->last_ns + timeout_ns(timeout) <= now_ns) {
            nat_table_remove(table, mapping);
        }
        if (mapping && mapping->last_ns + timeout_ns(timeout) < next_ns) {
            next_ns = mapping->last_ns + timeout_ns(timeout);
        }
    }
    if (next_ns != TIMER_OFF) {
        timer_set(&table->timer, next_ns);
    }
}

static void keep(struct nat_table *table, struct nat_mapping *mapping, enum nat_timeout timeout)
{
    mapping->last_ns = scope_now(table->scope);
    list_remove(&mapping->link);
    list_add_last(&mapping->link, &table->list[timeout]);
    uint64_t expiry_ns = mapping->last_ns + timeout_ns(timeout);
    if (expiry_ns < table->timer.deadline_ns) { /* TIMER_OFF is later than any time */
        timer_set(&table->timer, expiry_ns);
    }
}

/* --- ports --- */

/* Ports that a port may be mapped to: first, first + step, ... last. */
struct port_range {
    uint32_t first, last, step;
};

/* RFC 4787 REQ-3a: below 1024 stays below; REQ-4: even stays even, odd stays odd (RTP and RTCP).
 * ICMP ids are all alike. */
static struct port_range range_of(const struct nat_endpoint *inside)
{
    if (inside->protocol == IP_PROTOCOL_ICMP) {
        return (struct port_range){0, UINT16_MAX, 1};
    }
    uint32_t parity = inside->port & 1;
    if (inside->port < NAT_FIRST_PORT) {
        uint32_t first = parity == 1 ? 1 : 2; /* 0 is no port */
        return (struct port_range){first, NAT_FIRST_PORT - 2 + parity, 2};
    }
    return (struct port_range){NAT_FIRST_PORT + parity, UINT16_MAX - 1 + parity, 2};
}

static bool is_free(const struct nat_table *table, const struct nat_endpoint *outside)
{
    return !map_get(&table->by_outside, outside) &&
           !(table->is_port_taken &&
             table->is_port_taken(table->owner, (uint8_t)outside->protocol, outside->port));
}

/* The port itself when it is free (port preservation, RFC 4787 4.2.1), else the next free one of
 * its range, beginning anew at its end. False: none is free. */
static bool choose_port(const struct nat_table *table, const struct nat_endpoint *inside,
                        struct nat_endpoint *outside)
{
    struct port_range range = range_of(inside);
    uint32_t port = inside->port >= range.first ? inside->port : range.first;
    uint32_t count = (range.last - range.first) / range.step + 1;
    for (uint32_t i = 0; i < count; i++) {
        outside->port = (uint16_t)port;
        if (is_free(table, outside)) {
            return true;
        }
        port = port + range.step > range.last ? range.first : port + range.step;
    }
    return false;
}

static struct nat_mapping *take_free(struct nat_table *table)
{
    struct nat_mapping *mapping = first_of(&table->free);
    if (!mapping) {
        mapping = memory_new(sizeof *mapping);
        list_init(&mapping->link);
    }
    list_remove(&mapping->link);
    return mapping;
}

static enum nat_timeout first_timeout(uint16_t protocol)
{
    return protocol == IP_PROTOCOL_UDP   ? NAT_TIMEOUT_UDP
           : protocol == IP_PROTOCOL_TCP ? NAT_TIMEOUT_TCP_TRANSITORY
                                         : NAT_TIMEOUT_ICMP;
}

struct nat_mapping *nat_table_add(struct nat_table *table, const struct nat_endpoint *inside,
                                  uint32_t outside_addr)
{
    struct nat_endpoint outside = {.addr = outside_addr, .protocol = inside->protocol};
    if (table->count == NAT_MAX_MAPPINGS || !choose_port(table, inside, &outside)) {
        return NULL;
    }
    struct nat_mapping *mapping = take_free(table);
    mapping->inside = *inside;
    mapping->outside = outside;
    mapping->tcp = (struct nat_tcp_state){0};
    CHECK(!map_put(&table->by_inside, &mapping->inside, mapping));
    CHECK(!map_put(&table->by_outside, &mapping->outside, mapping));
    table->count++;
    keep(table, mapping, first_timeout(inside->protocol));
    return mapping;
}

/* --- packets pass --- */

/* RFC 5382 2: a connection is established from the end of its handshake until both sides have sent
 * FIN; a RST ends that too, unless the inside goes on (it may have been forged). All connections of
 * one inside endpoint share this state: just enough to choose a timeout. */
static enum nat_timeout follow_tcp(struct nat_tcp_state *tcp, uint8_t flags, bool is_out)
{
    bool was_closed = tcp->has_fin_in && tcp->has_fin_out;
    if (is_out && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && was_closed) {
        *tcp = (struct nat_tcp_state){0}; /* the port is used again */
    }
    if (flags & TCP_RST) {
        tcp->is_established = false;
        return NAT_TIMEOUT_TCP_TRANSITORY;
    }
    tcp->has_fin_out |= is_out && flags & TCP_FIN;
    tcp->has_fin_in |= !is_out && flags & TCP_FIN;
    tcp->is_answered |= !is_out;
    tcp->is_established |= is_out && tcp->is_answered && (flags & (TCP_SYN | TCP_ACK)) == TCP_ACK;
    bool is_closed = tcp->has_fin_in && tcp->has_fin_out;
    return tcp->is_established && !is_closed ? NAT_TIMEOUT_TCP_ESTABLISHED
                                             : NAT_TIMEOUT_TCP_TRANSITORY;
}

void nat_table_note(struct nat_table *table, struct nat_mapping *mapping,
                    const struct nat_packet *packet, bool is_out)
{
    if (mapping->inside.protocol == IP_PROTOCOL_TCP) {
        keep(table, mapping, follow_tcp(&mapping->tcp, packet->tcp_flags, is_out));
    } else if (is_out) {
        /* RFC 4787 REQ-6: what leaves keeps the mapping; what comes does not, so that no stranger
         * can hold it open */
        keep(table, mapping, first_timeout(mapping->inside.protocol));
    }
}
