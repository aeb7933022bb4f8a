/* Theory of operation. Every frame teaches which port leads to its source, and then goes to the
 * port that leads to its destination, or to all others. The table of stations (802.1D 7.9, the
 * filtering database) is a hash map; its entries are also in a list in the order in which they were
 * last seen, so that the oldest is found at once. An entry that is too old is treated as unknown
 * (ageing needs no timer) and is the first to make room; a full table of young entries learns
 * nothing new and floods instead, so that nobody can make it forget.
 */
#include "stack/link/switch.h"

#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "wire/ethernet.h"

#include <stdlib.h>

const struct drop_reason SWITCH_DROP_SHORT = {"switch.too-short",
                                              "the frame is shorter than an Ethernet header"};
const struct drop_reason SWITCH_DROP_SAME_PORT = {"switch.same-port",
                                                  "its receiver is on the side that it came from"};
const struct drop_reason SWITCH_DROP_NO_PORT = {"switch.no-port",
                                                "no other port has a link to send it to"};
const struct drop_reason SWITCH_DROP_BAD_SOURCE = {"switch.bad-source",
                                                   "its source is a group, not one station"};
const struct drop_reason SWITCH_DROP_RESERVED = {
    "switch.reserved", "it is for the switches of this link alone and is not passed on"};

static const struct trace_field SWITCH_FIELDS[] = {
    TRACE_FIELD(struct switch_event, mac, TRACE_MAC),
    TRACE_FIELD(struct switch_event, port, TRACE_TEXT),
    TRACE_FIELD(struct switch_event, copies, TRACE_U32),
};
TRACE_KIND(SWITCH_LEARNED, "switch.learned", "{mac} is behind {port}", SWITCH_FIELDS);
TRACE_KIND(SWITCH_FLOODED, "switch.flooded", "floods to {copies} ports what {port} got for {mac}",
           SWITCH_FIELDS);

struct switch_port {
    struct eth_switch *sw;
    const char *name;
    void (*transmit)(void *link_owner, struct packet *frame);
    void *link_owner;
};

struct station {
    struct list link; /* in `by_age` */
    struct mac_addr mac;
    struct switch_port *port;
    uint64_t deadline_ns; /* too old from then on */
};

struct eth_switch {
    struct scope *scope;
    struct switch_port **ports;
    size_t n_ports;
    size_t port_capacity;
    struct map stations;
    struct list by_age; /* the one not seen for longest is first */
};

struct eth_switch *switch_new(struct scope *scope)
{
    struct eth_switch *sw = memory_new(sizeof *sw);
    sw->scope = scope;
    struct prng prng;
    scope_prng_init(scope, &prng, "switch-table");
    map_init(&sw->stations, sizeof(struct mac_addr), prng_u64(&prng));
    list_init(&sw->by_age);
    return sw;
}

static void forget(struct eth_switch *sw, struct station *station)
{
    (void)map_remove(&sw->stations, &station->mac);
    list_remove(&station->link);
    free(station);
}

void switch_free(struct eth_switch *sw)
{
    LIST_FOR_EACH_SAFE (link, &sw->by_age) {
        forget(sw, container_of(link, struct station, link));
    }
    map_fini(&sw->stations);
    for (size_t i = 0; i < sw->n_ports; i++) {
        free(sw->ports[i]);
    }
    free(sw->ports);
    free(sw);
}

struct switch_port *switch_add_port(struct eth_switch *sw, const char *name,
                                    void (*transmit)(void *link_owner, struct packet *frame),
                                    void *link_owner)
{
    if (sw->n_ports == SWITCH_MAX_PORTS) {
        return NULL;
    }
    struct switch_port *port = memory_new(sizeof *port);
    *port = (struct switch_port){
        .sw = sw, .name = name, .transmit = transmit, .link_owner = link_owner};
    sw->ports = memory_grow_array(sw->ports, sw->n_ports, &sw->port_capacity, sizeof(void *));
    sw->ports[sw->n_ports++] = port;
    return port;
}

void switch_port_set_link(struct switch_port *port, void *link_owner)
{
    port->link_owner = link_owner;
}

size_t switch_count_entries(const struct eth_switch *sw)
{
    return sw->stations.count;
}

static struct switch_port *find_port(const struct eth_switch *sw, struct mac_addr mac)
{
    const struct station *station = map_get(&sw->stations, &mac);
    return station && scope_now(sw->scope) < station->deadline_ns ? station->port : NULL;
}

const struct switch_port *switch_lookup(const struct eth_switch *sw, struct mac_addr mac)
{
    return find_port(sw, mac);
}

static void switch_trace(const struct eth_switch *sw, const struct trace_kind *kind,
                         const struct packet *frame, struct mac_addr mac, const char *port,
                         uint32_t copies)
{
    if (trace_is_on(sw->scope->trace)) {
        trace_emit(sw->scope, kind, frame,
                   &(struct switch_event){.mac = mac, .port = port, .copies = copies});
    }
}

/* A new station, in no list yet; NULL when the table is full of young ones. */
static struct station *station_new(struct eth_switch *sw, struct mac_addr mac)
{
    if (sw->stations.count >= SWITCH_MAX_ENTRIES) {
        struct station *oldest = container_of(sw->by_age.next, struct station, link);
        if (scope_now(sw->scope) < oldest->deadline_ns) {
            return NULL;
        }
        forget(sw, oldest);
    }
    struct station *station = memory_new(sizeof *station);
    station->mac = mac;
    list_init(&station->link);
    (void)map_put(&sw->stations, &mac, station);
    return station;
}

/* 802.1D 7.8: the port that a frame came in by leads to its source. */
static void learn(struct eth_switch *sw, struct switch_port *port, struct mac_addr mac,
                  const struct packet *frame)
{
    struct station *station = map_get(&sw->stations, &mac);
    if (!station) {
        station = station_new(sw, mac);
    }
    if (!station) {
        return;
    }
    uint64_t now_ns = scope_now(sw->scope);
    if (station->port != port || station->deadline_ns <= now_ns) {
        switch_trace(sw, &SWITCH_LEARNED, frame, mac, port->name, 0);
    }
    station->port = port;
    station->deadline_ns = now_ns + SWITCH_AGEING_NS;
    list_remove(&station->link);
    list_add_last(&station->link, &sw->by_age);
}

static bool is_flooded_to(const struct switch_port *port, const struct switch_port *in)
{
    return port != in && port->link_owner;
}

/* Sends the frame to every port but `in`; all share its bytes. */
static void flood(struct eth_switch *sw, struct switch_port *in, struct packet *frame,
                  struct mac_addr dst)
{
    uint32_t copies = 0;
    for (size_t i = 0; i < sw->n_ports; i++) {
        copies += is_flooded_to(sw->ports[i], in);
    }
    if (copies == 0) {
        scope_drop(sw->scope, frame, &SWITCH_DROP_NO_PORT, in->name);
        return;
    }
    switch_trace(sw, &SWITCH_FLOODED, frame, dst, in->name, copies);
    for (size_t i = 0; copies > 0; i++) {
        struct switch_port *port = sw->ports[i];
        if (is_flooded_to(port, in)) {
            copies--;
            port->transmit(port->link_owner, copies > 0 ? packet_clone(frame) : frame);
        }
    }
}

/* 802.1D 7.12.6: 01-80-C2-00-00-00 to -0F never cross a bridge. */
static bool is_reserved(struct mac_addr mac)
{
    static const uint8_t RESERVED[] = {0x01, 0x80, 0xc2, 0x00, 0x00};
    return memcmp(mac.byte, RESERVED, sizeof RESERVED) == 0 && mac.byte[5] <= 0x0f;
}

void switch_port_input(void *owner, struct packet *frame)
{
    struct switch_port *in = owner;
    struct eth_switch *sw = in->sw;
    struct reader r = packet_reader(frame);
    struct ethernet_header header;
    if (!ethernet_parse(&r, &header)) {
        scope_drop(sw->scope, frame, &SWITCH_DROP_SHORT, in->name);
        return;
    }
    if (mac_is_group(header.src)) {
        scope_drop(sw->scope, frame, &SWITCH_DROP_BAD_SOURCE, in->name);
        return;
    }
    learn(sw, in, header.src, frame);
    if (is_reserved(header.dst)) {
        scope_drop(sw->scope, frame, &SWITCH_DROP_RESERVED, in->name);
        return;
    }
    struct switch_port *out = mac_is_group(header.dst) ? NULL : find_port(sw, header.dst);
    if (!out) {
        flood(sw, in, frame, header.dst);
    } else if (is_flooded_to(out, in)) {
        out->transmit(out->link_owner, frame);
    } else {
        scope_drop(sw->scope, frame, &SWITCH_DROP_SAME_PORT, in->name);
    }
}
