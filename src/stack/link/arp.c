/* Theory of operation. An entry is in one of two lists: `asking` (requests are on their way and
 * packets wait) or `known`. Both are in order of deadline, because every entry of a list gets the
 * same time and goes to its end: when to ask again, or when it is too old to be used. So one timer,
 * set to the first deadline of `asking`, serves all entries. Ageing needs no timer: an entry past
 * its deadline is asked for again when somebody needs it, and is the first to make room.
 */
#include "stack/link/arp.h"

#include "base/list.h"
#include "base/memory.h"
#include "stack/link/addr_map.h"
#include "wire/arp.h"

#include <stdlib.h>

const struct drop_reason ARP_DROP_MALFORMED = {
    "arp.malformed", "it is no ARP request or reply for IPv4 over Ethernet"};
const struct drop_reason ARP_DROP_BAD_SENDER = {"arp.bad-sender",
                                                "its sender cannot be a station of this link"};
const struct drop_reason ARP_DROP_QUEUE_FULL = {
    "arp.queue-full", "too many packets already wait for this neighbour's MAC address"};
const struct drop_reason ARP_DROP_TABLE_FULL = {"arp.table-full",
                                                "too many neighbours are being looked for"};
const struct drop_reason ARP_DROP_UNRESOLVED = {"arp.unresolved",
                                                "no neighbour answers for this address"};

static const struct trace_field ARP_FIELDS[] = {
    TRACE_FIELD(struct arp_event, interface, TRACE_TEXT),
    TRACE_FIELD(struct arp_event, asked, TRACE_IP),
    TRACE_FIELD(struct arp_event, asker, TRACE_IP),
    TRACE_FIELD(struct arp_event, mac, TRACE_MAC),
};
TRACE_KIND(ARP_REQUESTED, "arp.requested", "who has {asked}? tell {asker} ({interface})",
           ARP_FIELDS);
TRACE_KIND(ARP_ANSWERED, "arp.answered", "tells {asker} that {asked} is at {mac} ({interface})",
           ARP_FIELDS);
TRACE_KIND(ARP_RESOLVED, "arp.resolved", "{asked} is at {mac} ({interface})", ARP_FIELDS);
TRACE_KIND(ARP_LEARNED, "arp.learned", "{asked} is at {mac}, says its own message ({interface})",
           ARP_FIELDS);
TRACE_KIND(ARP_FAILED, "arp.failed", "nobody answered for {asked} ({interface})", ARP_FIELDS);
TRACE_KIND(ARP_CONFLICT, "arp.conflict", "{mac} uses our address {asked} ({interface})",
           ARP_FIELDS);

struct arp_entry {
    struct list link; /* in `asking` or `known` */
    uint32_t addr;
    struct mac_addr mac;
    bool is_known; /* in `known` */
    uint8_t tries; /* requests so far; above 0 exactly while in `asking` */
    uint8_t n_waiting;
    uint64_t deadline_ns; /* asking: when to ask again; known: when it is too old */
    struct packet *first_waiting, *last_waiting;
};

struct arp {
    struct netif *netif;
    struct addr_map entries;
    struct list asking;
    struct list known;
    struct timer timer;
};

static void arp_on_timer(void *owner);

struct arp *arp_new(struct netif *netif)
{
    struct arp *arp = memory_new(sizeof *arp);
    arp->netif = netif;
    struct prng prng;
    scope_prng_init(netif->scope, &prng, "arp-table");
    addr_map_init(&arp->entries, prng_u64(&prng));
    list_init(&arp->asking);
    list_init(&arp->known);
    scope_timer_init(netif->scope, &arp->timer, arp_on_timer, arp);
    return arp;
}

/* Takes the entry out of the table; its waiting packets become the caller's. */
static struct packet *entry_free(struct arp *arp, struct arp_entry *entry)
{
    struct packet *waiting = entry->first_waiting;
    addr_map_remove(&arp->entries, entry->addr);
    list_remove(&entry->link);
    free(entry);
    return waiting;
}

static void free_all(struct arp *arp, struct list *list)
{
    LIST_FOR_EACH_SAFE (link, list) {
        struct packet *packet = entry_free(arp, container_of(link, struct arp_entry, link));
        while (packet) {
            struct packet *next = packet->next;
            packet_put(packet);
            packet = next;
        }
    }
}

void arp_free(struct arp *arp)
{
    timer_fini(&arp->timer);
    free_all(arp, &arp->asking);
    free_all(arp, &arp->known);
    addr_map_fini(&arp->entries);
    free(arp);
}

static void arp_trace(struct arp *arp, const struct trace_kind *kind, const struct packet *packet,
                      uint32_t asked, uint32_t asker, struct mac_addr mac)
{
    const struct scope *scope = arp->netif->scope;
    if (trace_is_on(scope->trace)) {
        trace_emit(scope, kind, packet,
                   &(struct arp_event){
                       .interface = arp->netif->name,
                       .asked = ip_v4(asked),
                       .asker = ip_v4(asker),
                       .mac = mac,
                   });
    }
}

/* The first entry of a list, or NULL. */
static struct arp_entry *first_of(const struct list *list)
{
    return list_is_empty(list) ? NULL : container_of(list->next, struct arp_entry, link);
}

static bool entry_is_usable(const struct arp *arp, const struct arp_entry *entry)
{
    return entry->is_known && scope_now(arp->netif->scope) < entry->deadline_ns;
}

/* --- sending --- */

/* The MAC of a group of hosts, which needs no question. */
static bool find_group_mac(const struct netif *netif, uint32_t addr, struct mac_addr *mac)
{
    if (ipv4_is_multicast(addr)) {
        /* RFC 1112 6.4: the low 23 bits in 01:00:5e:00:00:00 */
        *mac = (struct mac_addr){
            {0x01, 0x00, 0x5e, (uint8_t)(addr >> 16 & 0x7f), (uint8_t)(addr >> 8), (uint8_t)addr}};
        return true;
    }
    *mac = MAC_BROADCAST;
    return netif_is_broadcast(netif, addr);
}

/* For the first of those that are asked for. When it is answered meanwhile, the timer just finds
 * nothing to do. */
static void set_timer(struct arp *arp)
{
    const struct arp_entry *first = first_of(&arp->asking);
    if (first) {
        timer_set(&arp->timer, first->deadline_ns);
    }
}

static void send_message(struct arp *arp, const struct arp_message *message, struct mac_addr dst,
                         const struct trace_kind *kind)
{
    struct packet *packet = packet_new(arp->netif->scope->env->packets, ARP_LEN);
    struct writer w = writer_of(packet->data, packet->len);
    arp_emit(&w, message);
    if (message->operation == ARP_REQUEST) {
        arp_trace(arp, kind, packet, message->target_ip, message->sender_ip, (struct mac_addr){0});
    } else {
        arp_trace(arp, kind, packet, message->sender_ip, message->target_ip, message->sender_mac);
    }
    netif_send(arp->netif, packet, dst, ETHERTYPE_ARP);
}

/* Sends a request for the entry, for the first time or again. The caller sets the timer. */
static void entry_ask(struct arp *arp, struct arp_entry *entry)
{
    entry->is_known = false;
    entry->tries++;
    /* RFC 1122 2.3.2.1: at most one request per second and destination */
    entry->deadline_ns = scope_now(arp->netif->scope) + ARP_RETRY_NS;
    list_remove(&entry->link);
    list_add_last(&entry->link, &arp->asking);
    struct arp_message request = {
        .operation = ARP_REQUEST,
        .sender_mac = arp->netif->mac,
        .sender_ip = netif_source_for(arp->netif, entry->addr),
        .target_ip = entry->addr,
    };
    send_message(arp, &request, MAC_BROADCAST, &ARP_REQUESTED);
}

/* A new entry, in no list yet; NULL when the table is full. A question of our own takes the place
 * of the oldest neighbour; what others tell us only takes the place of one that is too old, so that
 * nobody can push our neighbours out. */
static struct arp_entry *entry_new(struct arp *arp, uint32_t addr, bool is_our_question)
{
    if (arp->entries.count >= ARP_MAX_ENTRIES) {
        struct arp_entry *oldest = first_of(&arp->known);
        if (!oldest || (!is_our_question && entry_is_usable(arp, oldest))) {
            return NULL;
        }
        (void)entry_free(arp, oldest); /* nothing waits for a known one */
    }
    struct arp_entry *entry = memory_new(sizeof *entry);
    entry->addr = addr;
    list_init(&entry->link);
    addr_map_put(&arp->entries, addr, entry);
    return entry;
}

static void entry_add_waiting(struct arp *arp, struct arp_entry *entry, struct packet *packet)
{
    if (entry->n_waiting == ARP_MAX_WAITING) {
        /* RFC 1122 2.3.2.2: keep at least the latest packet. The oldest goes. */
        struct packet *oldest = entry->first_waiting;
        entry->first_waiting = oldest->next;
        entry->n_waiting--;
        oldest->next = NULL;
        arp->netif->counts.drops++;
        scope_drop(arp->netif->scope, oldest, &ARP_DROP_QUEUE_FULL, arp->netif->name);
    }
    packet->next = NULL;
    if (entry->n_waiting == 0) {
        entry->first_waiting = packet;
    } else {
        entry->last_waiting->next = packet;
    }
    entry->last_waiting = packet;
    entry->n_waiting++;
}

/* Keeps the packet until the neighbour is known. `entry` may be NULL. */
static void arp_wait(struct arp *arp, struct arp_entry *entry, struct packet *packet, uint32_t addr)
{
    if (!entry) {
        entry = entry_new(arp, addr, true);
    }
    if (!entry) {
        arp->netif->counts.drops++;
        scope_drop(arp->netif->scope, packet, &ARP_DROP_TABLE_FULL, arp->netif->name);
        return;
    }
    entry_add_waiting(arp, entry, packet);
    if (entry->tries == 0) { /* it is new, or known and too old */
        entry_ask(arp, entry);
        set_timer(arp);
    }
}

void arp_send(struct arp *arp, struct packet *packet, uint32_t next_hop)
{
    struct arp_entry *entry = addr_map_get(&arp->entries, next_hop);
    struct mac_addr mac;
    if (entry && entry_is_usable(arp, entry)) {
        netif_send(arp->netif, packet, entry->mac, ETHERTYPE_IPV4);
    } else if (find_group_mac(arp->netif, next_hop, &mac)) {
        netif_send(arp->netif, packet, mac, ETHERTYPE_IPV4);
    } else {
        arp_wait(arp, entry, packet, next_hop);
    }
}

bool arp_lookup(const struct arp *arp, uint32_t addr, struct mac_addr *mac)
{
    const struct arp_entry *entry = addr_map_get(&arp->entries, addr);
    if (!entry || !entry_is_usable(arp, entry)) {
        return false;
    }
    *mac = entry->mac;
    return true;
}

/* --- the timer --- */

static void give_up(struct arp *arp, struct arp_entry *entry)
{
    struct netif *netif = arp->netif;
    uint32_t addr = entry->addr;
    struct packet *packet = entry_free(arp, entry);
    arp_trace(arp, &ARP_FAILED, packet, addr, netif_source_for(netif, addr), (struct mac_addr){0});
    while (packet) {
        struct packet *next = packet->next;
        packet->next = NULL;
        if (netif->on_unresolved) {
            netif->on_unresolved(netif->network, netif, packet);
        } else {
            netif->counts.drops++;
            scope_drop(netif->scope, packet, &ARP_DROP_UNRESOLVED, netif->name);
        }
        packet = next;
    }
}

static void arp_on_timer(void *owner)
{
    struct arp *arp = owner;
    uint64_t now_ns = scope_now(arp->netif->scope);
    struct arp_entry *entry;
    while ((entry = first_of(&arp->asking)) && entry->deadline_ns <= now_ns) {
        if (entry->tries < ARP_MAX_TRIES) {
            entry_ask(arp, entry);
        } else {
            give_up(arp, entry);
        }
    }
    set_timer(arp);
}

/* --- input --- */

static void entry_send_waiting(struct arp *arp, struct arp_entry *entry)
{
    struct packet *packet = entry->first_waiting;
    entry->first_waiting = NULL;
    entry->last_waiting = NULL;
    entry->n_waiting = 0;
    while (packet) {
        struct packet *next = packet->next;
        packet->next = NULL;
        netif_send(arp->netif, packet, entry->mac, ETHERTYPE_IPV4);
        packet = next;
    }
}

/* The message says where `entry` is. */
static void entry_set_mac(struct arp *arp, struct arp_entry *entry, struct mac_addr mac,
                          const struct packet *message)
{
    bool was_asked = entry->tries > 0;
    if (was_asked || !mac_equal(entry->mac, mac)) {
        arp_trace(arp, was_asked ? &ARP_RESOLVED : &ARP_LEARNED, message, entry->addr,
                  netif_source_for(arp->netif, entry->addr), mac);
    }
    entry->mac = mac;
    entry->is_known = true;
    entry->tries = 0;
    entry->deadline_ns = scope_now(arp->netif->scope) + ARP_LIFETIME_NS;
    list_remove(&entry->link);
    list_add_last(&entry->link, &arp->known);
    entry_send_waiting(arp, entry);
}

/* A MAC or an address that no single station of this link can have. */
static bool is_bad_sender(const struct netif *netif, const struct arp_message *message)
{
    return mac_is_group(message->sender_mac) ||
           mac_equal(message->sender_mac, (struct mac_addr){0}) ||
           ipv4_is_multicast(message->sender_ip) || ipv4_is_loopback(message->sender_ip) ||
           netif_is_broadcast(netif, message->sender_ip);
}

/* RFC 826, "Packet Reception": updates what is known of the sender, and adds it when it asked for
 * us, since an answer to what it is about to send will need it. */
static void merge_sender(struct arp *arp, const struct arp_message *message, bool is_for_us,
                         const struct packet *packet)
{
    if (message->sender_ip == IPV4_ANY) {
        return; /* RFC 5227 1.1: a probe tells nothing of its sender */
    }
    if (netif_has_ipv4(arp->netif, message->sender_ip)) {
        if (!mac_equal(message->sender_mac, arp->netif->mac)) { /* RFC 5227 2.4 */
            arp_trace(arp, &ARP_CONFLICT, packet, message->sender_ip, message->sender_ip,
                      message->sender_mac);
        }
        return;
    }
    struct arp_entry *entry = addr_map_get(&arp->entries, message->sender_ip);
    if (!entry && is_for_us) {
        entry = entry_new(arp, message->sender_ip, false);
    }
    if (entry) {
        entry_set_mac(arp, entry, message->sender_mac, packet);
    }
}

static void send_reply(struct arp *arp, const struct arp_message *request)
{
    struct arp_message reply = {
        .operation = ARP_REPLY,
        .sender_mac = arp->netif->mac,
        .sender_ip = request->target_ip,
        .target_mac = request->sender_mac,
        .target_ip = request->sender_ip,
    };
    send_message(arp, &reply, request->sender_mac, &ARP_ANSWERED);
}

void arp_input(struct arp *arp, struct packet *packet)
{
    struct netif *netif = arp->netif;
    struct reader r = packet_reader(packet);
    struct arp_message message;
    if (!arp_parse(&r, &message) ||
        (message.operation != ARP_REQUEST && message.operation != ARP_REPLY)) {
        netif->counts.drops++;
        scope_drop(netif->scope, packet, &ARP_DROP_MALFORMED, netif->name);
        return;
    }
    if (is_bad_sender(netif, &message)) {
        netif->counts.drops++;
        scope_drop(netif->scope, packet, &ARP_DROP_BAD_SENDER, netif->name);
        return;
    }
    bool is_for_us = netif_has_ipv4(netif, message.target_ip);
    merge_sender(arp, &message, is_for_us, packet);
    if (is_for_us && message.operation == ARP_REQUEST) {
        send_reply(arp, &message);
    }
    packet_put(packet);
}
