/* Segments, subnets and addresses.
 *
 * A segment is what a broadcast reaches: ports joined by links, switches and taps. Its subnet is
 * the home's LAN, what a link's `subnet` or a node's `address` says, or the next free block of the
 * pool: a /30 between two routers, a /24 (or what is large enough) otherwise. Within it routers
 * count up from the first address and everybody else from the tenth, so that a reader can tell them
 * apart. Hosts behind a home router ask DHCP. A MAC address is 02 (locally administered), the
 * node's id and the port's number.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum { FIRST_HOST = 10 };

static struct mac_addr port_mac(const struct lab *lab, const struct lab_port *port)
{
    uint32_t id = lab->nodes[port->node].id;
    return (struct mac_addr){{0x02, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id,
                              (uint8_t)(port->number >> 8), (uint8_t)port->number}};
}

/* --- segments --- */

struct flood {
    struct lab *lab;
    struct lab_segment *segment;
    uint32_t *pending; /* ports to visit: each still has its link to cross */
    size_t n_pending;
    size_t capacity;
    bool *node_seen; /* switches and taps */
    bool *link_seen;
};

static void flood_push(struct flood *flood, uint32_t port)
{
    flood->pending =
        memory_grow_array(flood->pending, flood->n_pending, &flood->capacity, sizeof(uint32_t));
    flood->pending[flood->n_pending++] = port;
}

static void segment_add_port(struct lab *lab, struct lab_segment *segment, uint32_t port)
{
    segment->ports = memory_grow_array(segment->ports, segment->n_ports, &segment->ports_capacity,
                                       sizeof *segment->ports);
    segment->ports[segment->n_ports++] = port;
    lab->ports[port].segment = (uint32_t)(segment - lab->segments);
}

/* Arrives at a port: an end, or a switch to go on from. */
static void flood_arrive(struct flood *flood, uint32_t port)
{
    struct lab *lab = flood->lab;
    uint32_t node = lab->ports[port].node;
    if (lab_kind_has_stack(lab->nodes[node].kind)) {
        segment_add_port(lab, flood->segment, port);
        return;
    }
    if (flood->node_seen[node]) {
        config_problem(lab->file, lab->links[lab->ports[port].link].config_value,
                       "link '%s' closes a loop of switches; frames would circle for ever",
                       lab->links[lab->ports[port].link].name);
        return;
    }
    flood->node_seen[node] = true;
    for (size_t i = 0; i < lab->nodes[node].n_ports; i++) {
        if (lab->nodes[node].ports[i] != port) {
            flood_push(flood, lab->nodes[node].ports[i]);
        }
    }
}

static void flood_from(struct flood *flood, uint32_t start)
{
    struct lab *lab = flood->lab;
    segment_add_port(lab, flood->segment, start);
    flood_push(flood, start);
    while (flood->n_pending > 0) {
        const struct lab_port *port = &lab->ports[flood->pending[--flood->n_pending]];
        if (!flood->link_seen[port->link]) {
            flood->link_seen[port->link] = true;
            flood_arrive(flood, lab->links[port->link].port[1 - port->end]);
        }
    }
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void find_segments(struct lab *lab)
{
    struct flood flood = {
        .lab = lab,
        .node_seen = memory_new_array(lab->n_nodes, sizeof(bool)),
        .link_seen = memory_new_array(lab->n_links, sizeof(bool)),
    };
    for (uint32_t port = 0; port < lab->n_ports; port++) {
        lab->ports[port].mac = port_mac(lab, &lab->ports[port]);
        if (lab->ports[port].segment != LAB_NONE ||
            !lab_kind_has_stack(lab->nodes[lab->ports[port].node].kind)) {
            continue;
        }
        lab->segments = memory_grow_array(lab->segments, lab->n_segments, &lab->segments_capacity,
                                          sizeof *lab->segments);
        flood.segment = &lab->segments[lab->n_segments++];
        *flood.segment = (struct lab_segment){.nat_node = LAB_NONE};
        flood_from(&flood, port);
        qsort(flood.segment->ports, flood.segment->n_ports, sizeof(uint32_t), compare_u32);
    }
    free(flood.pending);
    free(flood.node_seen);
    free(flood.link_seen);
}

/* --- what the file says about addresses --- */

static bool port_is_lan(const struct lab *lab, const struct lab_port *port)
{
    const struct lab_node *node = &lab->nodes[port->node];
    return node->kind == LAB_HOME_NAT && &lab->ports[node->wan_port] != port;
}

/* What the link's `addresses` or the node's `address` says; the latter is that of its first port (a
 * home router's: of the public side). NULL: nothing. */
static const struct config_value *written_address(const struct lab *lab, uint32_t port)
{
    const struct lab_node *node = &lab->nodes[lab->ports[port].node];
    const struct lab_link *link = &lab->links[lab->ports[port].link];
    const struct config_value *on_link =
        config_get(config_get(link->config_value, "addresses"), node->name);
    if (on_link) {
        return on_link;
    }
    uint32_t bearer = node->kind == LAB_HOME_NAT ? node->wan_port : node->ports[0];
    return node->config && bearer == port ? config_get(node->config, "address") : NULL;
}

static struct ip_prefix parse_address(const char *text)
{
    struct ip_prefix prefix = {.len = 0};
    if (!ip_prefix_parse(text, &prefix)) {
        (void)ip_parse(text, &prefix.addr);
    }
    return prefix; /* len 0: only the address was written */
}

static struct ip_prefix network_of(struct ip_prefix prefix)
{
    prefix.addr.v4 &= ipv4_mask(prefix.len);
    return prefix;
}

/* Proposes a prefix for a segment; a second, different proposal is a problem. */
static void segment_propose(struct lab *lab, struct lab_segment *segment, struct ip_prefix prefix,
                            const struct config_value *at)
{
    prefix = network_of(prefix);
    if (segment->prefix.len == 0) {
        segment->prefix = prefix;
        return;
    }
    if (!ip_equal(segment->prefix.addr, prefix.addr) || segment->prefix.len != prefix.len) {
        char first[IP_PREFIX_TEXT_SIZE], second[IP_PREFIX_TEXT_SIZE];
        config_problem(lab->file, at, "%s does not fit: this segment's subnet is %s already",
                       ip_prefix_print(prefix, second), ip_prefix_print(segment->prefix, first));
    }
}

static void segment_read_lan(struct lab *lab, struct lab_segment *segment, uint32_t node_index)
{
    struct lab_node *node = &lab->nodes[node_index];
    const char *lan = config_get_text(node->config, "lan", "192.168.1.0/24");
    (void)ip_prefix_parse(lan, &node->lan);
    if (segment->nat_node != LAB_NONE) {
        config_problem_at_key(lab->file, node->config, "'%s' and '%s' share one LAN", node->name,
                              lab->nodes[segment->nat_node].name);
        return;
    }
    segment->nat_node = node_index;
    segment->is_private = true;
    segment_propose(lab, segment, node->lan, config_get(node->config, "lan"));
    if (node->lan.addr.v4 == segment->prefix.addr.v4) {
        node->lan.addr.v4++;
    }
}

static void segment_read_written(struct lab *lab, struct lab_segment *segment)
{
    for (size_t i = 0; i < segment->n_ports; i++) {
        const struct lab_port *port = &lab->ports[segment->ports[i]];
        if (port_is_lan(lab, port)) {
            segment_read_lan(lab, segment, port->node);
        }
    }
    for (size_t i = 0; i < segment->n_ports; i++) {
        const struct lab_port *port = &lab->ports[segment->ports[i]];
        const struct lab_link *link = &lab->links[port->link];
        if (link->subnet.len) {
            segment_propose(lab, segment, link->subnet, config_get(link->config_value, "subnet"));
        }
        const struct config_value *written = written_address(lab, segment->ports[i]);
        if (written && parse_address(written->text).len) {
            segment_propose(lab, segment, parse_address(written->text), written);
        }
    }
}

/* --- subnets from the pool --- */

static bool prefixes_overlap(struct ip_prefix a, struct ip_prefix b)
{
    uint32_t len = a.len < b.len ? a.len : b.len;
    return ((a.addr.v4 ^ b.addr.v4) & ipv4_mask(len)) == 0;
}

/* Any public segment but `self` whose subnet overlaps; NULL when there is none. */
static const struct lab_segment *find_overlap(const struct lab *lab, const struct lab_segment *self,
                                              struct ip_prefix prefix)
{
    for (size_t i = 0; i < lab->n_segments; i++) {
        const struct lab_segment *other = &lab->segments[i];
        if (other != self && !other->is_private && other->prefix.len &&
            prefixes_overlap(other->prefix, prefix)) {
            return other;
        }
    }
    return NULL;
}

static uint32_t segment_wanted_len(const struct lab *lab, const struct lab_segment *segment)
{
    size_t routers = 0;
    for (size_t i = 0; i < segment->n_ports; i++) {
        enum lab_kind kind = lab->nodes[lab->ports[segment->ports[i]].node].kind;
        routers += kind == LAB_ROUTER || kind == LAB_HOME_NAT;
    }
    if (routers == segment->n_ports && segment->n_ports <= 2) {
        return 30;
    }
    uint32_t len = 24;
    while (len > 8 && segment->n_ports + 2 * FIRST_HOST > UINT64_C(1) << (32 - len)) {
        len--;
    }
    return len;
}

/* Gives out aligned blocks of the pool in ascending order, around those that the file uses. */
static void assign_subnets(struct lab *lab)
{
    uint64_t cursor = lab->pool.addr.v4;
    uint64_t end = cursor + (UINT64_C(1) << (32 - lab->pool.len));
    size_t n_written = 0;
    for (size_t i = 0; i < lab->n_segments; i++) {
        n_written += lab->segments[i].prefix.len && !lab->segments[i].is_private;
    }
    for (size_t i = 0; i < lab->n_segments; i++) {
        struct lab_segment *segment = &lab->segments[i];
        if (segment->prefix.len) {
            continue;
        }
        uint32_t len = segment_wanted_len(lab, segment);
        uint64_t size = UINT64_C(1) << (32 - len);
        struct ip_prefix prefix;
        do {
            cursor = (cursor + size - 1) / size * size;
            prefix = (struct ip_prefix){ip_v4((uint32_t)cursor), len};
            cursor += size;
        } while (cursor <= end && n_written > 0 && find_overlap(lab, segment, prefix));
        if (cursor > end) {
            config_problem(lab->file, config_get(lab->file->root, "pool"),
                           "the pool of addresses is too small for this lab; set a larger 'pool'");
            return;
        }
        segment->prefix = prefix;
    }
}

static void check_overlaps(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_segments; i++) {
        const struct lab_segment *segment = &lab->segments[i];
        const struct lab_link *link = &lab->links[lab->ports[segment->ports[0]].link];
        if (segment->is_private || !link->config_value || !link->subnet.len) {
            continue; /* what the pool gave does not overlap */
        }
        const struct lab_segment *other = find_overlap(lab, segment, segment->prefix);
        if (other) {
            char text[IP_PREFIX_TEXT_SIZE];
            config_problem(lab->file, link->config_value,
                           "subnet %s is used by link '%s' too; a route could only lead to one",
                           ip_prefix_print(segment->prefix, text),
                           lab->links[lab->ports[other->ports[0]].link].name);
        }
    }
}

/* --- addresses --- */

struct address_use {
    struct lab *lab;
    struct lab_segment *segment;
    struct map used; /* by address; values: the node's index + 1 */
};

static bool use_is_free(const struct address_use *use, uint32_t addr)
{
    return !map_get(&use->used, &addr);
}

static void use_address(struct address_use *use, uint32_t port, uint32_t addr,
                        const struct config_value *at)
{
    struct lab *lab = use->lab;
    struct ip_addr ip = ip_v4(addr);
    struct ip_prefix prefix = use->segment->prefix;
    char text[IP_TEXT_SIZE], subnet[IP_PREFIX_TEXT_SIZE];
    uint32_t host = addr & ~ipv4_mask(prefix.len);
    if (!ip_prefix_contains(prefix, ip) || host == 0 || host == ~ipv4_mask(prefix.len)) {
        config_problem(lab->file, at, "%s cannot be a host's address in the subnet %s",
                       ip_print(ip, text), ip_prefix_print(prefix, subnet));
        return;
    }
    uintptr_t taken = (uintptr_t)map_get(&use->used, &addr);
    if (taken) {
        config_problem(lab->file, at, "%s is the address of '%s' already", ip_print(ip, text),
                       lab->nodes[taken - 1].name);
        return;
    }
    map_put(&use->used, &addr, (void *)(uintptr_t)(lab->ports[port].node + 1));
    lab->ports[port].address = (struct ip_prefix){ip, prefix.len};
}

static void use_written_addresses(struct address_use *use)
{
    struct lab *lab = use->lab;
    for (size_t i = 0; i < use->segment->n_ports; i++) {
        uint32_t port = use->segment->ports[i];
        const struct config_value *written = written_address(lab, port);
        if (written) {
            use_address(use, port, parse_address(written->text).addr.v4, written);
        } else if (port_is_lan(lab, &lab->ports[port])) {
            const struct lab_node *node = &lab->nodes[lab->ports[port].node];
            use_address(use, port, node->lan.addr.v4, node->config);
        }
    }
}

/* Taps have no stack, but the machine behind them has an address that the file may reserve. */
static void use_tap_addresses(struct address_use *use)
{
    struct lab *lab = use->lab;
    for (size_t i = 0; i < lab->n_nodes; i++) {
        const struct config_value *written =
            lab->nodes[i].kind == LAB_TAP ? config_get(lab->nodes[i].config, "address") : NULL;
        if (written &&
            ip_prefix_contains(use->segment->prefix, parse_address(written->text).addr)) {
            uint32_t addr = parse_address(written->text).addr.v4;
            map_put(&use->used, &addr, (void *)(uintptr_t)(i + 1));
        }
    }
}

static void use_next_address(struct address_use *use, uint32_t port, uint32_t first)
{
    struct ip_prefix prefix = use->segment->prefix;
    uint32_t last = prefix.addr.v4 | ~ipv4_mask(prefix.len);
    uint32_t from = prefix.addr.v4 + first;
    for (uint32_t addr = from < last ? from : prefix.addr.v4 + 1; addr < last; addr++) {
        if (use_is_free(use, addr)) {
            use_address(use, port, addr, NULL);
            return;
        }
    }
    char text[IP_PREFIX_TEXT_SIZE];
    config_problem(use->lab->file, use->lab->links[use->lab->ports[port].link].config_value,
                   "the subnet %s has no address left for '%s'", ip_prefix_print(prefix, text),
                   use->lab->nodes[use->lab->ports[port].node].name);
}

static void assign_in_segment(struct lab *lab, struct lab_segment *segment)
{
    struct address_use use = {.lab = lab, .segment = segment};
    map_init(&use.used, sizeof(uint32_t), 0);
    use_written_addresses(&use);
    use_tap_addresses(&use);
    uint32_t next_host = FIRST_HOST;
    for (size_t i = 0; i < segment->n_ports && lab->file->n_problems == 0; i++) {
        struct lab_port *port = &lab->ports[segment->ports[i]];
        enum lab_kind kind = lab->nodes[port->node].kind;
        if (ip_is_set(port->address.addr)) {
            continue;
        }
        if (kind == LAB_HOST && segment->nat_node != LAB_NONE) {
            port->uses_dhcp = true;
        } else if (kind == LAB_ROUTER || kind == LAB_HOME_NAT) {
            use_next_address(&use, segment->ports[i], 1);
        } else {
            use_next_address(&use, segment->ports[i], next_host);
            next_host = port->address.addr.v4 - segment->prefix.addr.v4 + 1;
        }
    }
    map_fini(&use.used);
}

void lab_assign_addresses(struct lab *lab)
{
    find_segments(lab);
    for (size_t i = 0; i < lab->n_segments && lab->file->n_problems == 0; i++) {
        segment_read_written(lab, &lab->segments[i]);
    }
    if (lab->file->n_problems == 0) {
        assign_subnets(lab);
        check_overlaps(lab);
    }
    for (size_t i = 0; i < lab->n_segments && lab->file->n_problems == 0; i++) {
        assign_in_segment(lab, &lab->segments[i]);
    }
}

struct ip_addr lab_node_address(const struct lab *lab, uint32_t node)
{
    const struct lab_node *n = &lab->nodes[node];
    uint32_t port = n->kind == LAB_HOME_NAT ? n->wan_port : n->n_ports ? n->ports[0] : LAB_NONE;
    return port == LAB_NONE ? (struct ip_addr){.version = IP_NONE} : lab->ports[port].address.addr;
}
