/* Addresses: which port has which.
 *
 * What the file writes comes first; then, within a segment's subnet, routers count up from the
 * first address and everybody else from the tenth, so that a reader can tell them apart. Hosts
 * behind a home router ask DHCP, whose pool is what nobody has: of a /24, addresses from the
 * hundredth on. A MAC address is 02 (locally administered), the node's id and the port's number.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
    LEASE_FIRST = 100,     /* in a LAN of at least 256 addresses */
    LEASE_KEPT_AT_END = 6, /* there: the last ones before the broadcast address */
};

static struct mac_addr port_mac(const struct lab *lab, const struct lab_port *port)
{
    uint32_t id = lab->nodes[port->node].id;
    return (struct mac_addr){{0x02, (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id,
                              (uint8_t)(port->number >> 8), (uint8_t)port->number}};
}

bool lab_port_is_lan(const struct lab *lab, uint32_t port)
{
    const struct lab_node *node = &lab->nodes[lab->ports[port].node];
    return node->kind == LAB_HOME_NAT && node->wan_port != port;
}

const struct config_value *lab_written_address(const struct lab *lab, uint32_t port)
{
    const struct lab_node *node = &lab->nodes[lab->ports[port].node];
    const struct lab_link *link = &lab->links[lab->ports[port].link];
    const struct config_value *on_link =
        config_get(config_get(link->options, "addresses"), node->name);
    if (on_link) {
        return on_link;
    }
    uint32_t bearer = node->kind == LAB_HOME_NAT ? node->wan_port : node->ports[0];
    return node->config && bearer == port ? config_get(node->config, "address") : NULL;
}

struct ip_prefix lab_parse_address(const char *text)
{
    struct ip_prefix prefix = {.len = 0};
    if (!ip_prefix_parse(text, &prefix)) {
        (void)ip_parse(text, &prefix.addr);
    }
    return prefix; /* len 0: only the address was written */
}

/* One segment, while its addresses are given out. */
struct address_use {
    struct lab *lab;
    struct lab_segment *segment;
    struct map used;     /* by address; values: the node's index + 1 */
    uint32_t *addresses; /* the same, to be sorted */
    size_t n_addresses;
    uint32_t next_router; /* offsets from which free addresses are looked for */
    uint32_t next_host;
    size_t n_asking; /* hosts that use DHCP */
};

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
    use->addresses[use->n_addresses++] = addr;
    lab->ports[port].address = (struct ip_prefix){ip, prefix.len};
}

static void use_written_address(struct address_use *use, uint32_t port)
{
    struct lab *lab = use->lab;
    const struct config_value *written = lab_written_address(lab, port);
    if (lab_port_is_lan(lab, port)) {
        const struct lab_node *node = &lab->nodes[lab->ports[port].node];
        const struct config_value *lan = config_get(node->config, "lan");
        use_address(use, port, node->lan.addr.v4, written ? written : lan ? lan : node->config);
    } else if (written) {
        use_address(use, port, lab_parse_address(written->text).addr.v4, written);
    }
}

/* The next free address at or after *next, going on from the subnet's first behind its last. */
static void use_next_address(struct address_use *use, uint32_t port, uint32_t *next)
{
    struct lab *lab = use->lab;
    struct ip_prefix prefix = use->segment->prefix;
    uint32_t last = ~ipv4_mask(prefix.len) - 1; /* host parts from 1 to it are addresses */
    for (uint32_t tried = 0; tried < last; tried++) {
        uint32_t host = *next <= last ? *next : 1;
        uint32_t addr = prefix.addr.v4 + host;
        *next = host + 1;
        if (!map_get(&use->used, &addr)) {
            use_address(use, port, addr, NULL);
            return;
        }
    }
    char text[IP_PREFIX_TEXT_SIZE];
    config_problem(lab->file, lab->links[lab->ports[port].link].at,
                   "the subnet %s has no address left for '%s'", ip_prefix_print(prefix, text),
                   lab->nodes[lab->ports[port].node].name);
}

static void use_free_address(struct address_use *use, uint32_t port)
{
    enum lab_kind kind = use->lab->nodes[use->lab->ports[port].node].kind;
    if (kind == LAB_HOST && use->segment->nat_node != LAB_NONE) {
        use->lab->ports[port].uses_dhcp = true;
        use->n_asking++;
    } else if (kind == LAB_ROUTER || kind == LAB_HOME_NAT) {
        use_next_address(use, port, &use->next_router);
    } else {
        use_next_address(use, port, &use->next_host);
    }
}

/* --- a home's DHCP pool --- */

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Host parts that a pool may have: all of a small network. */
static void lease_limits(uint32_t prefix_len, uint32_t *first, uint32_t *last)
{
    uint32_t broadcast = ~ipv4_mask(prefix_len);
    bool is_large = broadcast >= 255;
    *first = is_large ? LEASE_FIRST : 1;
    *last = broadcast - 1 - (is_large ? LEASE_KEPT_AT_END - 1 : 0);
}

/* The longest run of addresses that nobody has, the first of equals; its length, 0: there is none.
 */
static uint32_t find_free_run(struct address_use *use, uint32_t *run_first)
{
    struct ip_prefix prefix = use->segment->prefix;
    uint32_t first, last, longest = 0;
    lease_limits(prefix.len, &first, &last);
    first += prefix.addr.v4;
    last += prefix.addr.v4;
    qsort(use->addresses, use->n_addresses, sizeof *use->addresses, compare_u32);
    for (size_t i = 0; i <= use->n_addresses && first <= last; i++) {
        uint32_t end = i < use->n_addresses ? use->addresses[i] : last + 1;
        end = end > last + 1 ? last + 1 : end;
        if (end > first && end - first > longest) {
            longest = end - first;
            *run_first = first;
        }
        first = end >= first ? end + 1 : first;
    }
    return longest;
}

static void choose_leases(struct address_use *use)
{
    struct lab_node *home = &use->lab->nodes[use->segment->nat_node];
    uint32_t first = 0;
    uint32_t count = find_free_run(use, &first);
    if (count > 0) {
        home->lease_first = ip_v4(first);
        home->lease_last = ip_v4(first + count - 1);
    }
    if (use->n_asking > count) {
        char text[IP_PREFIX_TEXT_SIZE];
        config_problem_at_key(use->lab->file, home->config,
                              "%zu hosts ask '%s' for an address, and %s has %u to give; set a "
                              "larger 'lan'",
                              use->n_asking, home->name,
                              ip_prefix_print(use->segment->prefix, text), count);
    }
}

/* --- */

static void assign_in_segment(struct lab *lab, struct lab_segment *segment)
{
    struct address_use use = {
        .lab = lab,
        .segment = segment,
        .addresses = memory_new_array(segment->n_ports + segment->n_taps, sizeof *use.addresses),
        .next_router = 1,
        .next_host = LAB_FIRST_HOST,
    };
    map_init(&use.used, sizeof(uint32_t), 0);
    for (size_t i = 0; i < segment->n_ports; i++) {
        use_written_address(&use, segment->ports[i]);
    }
    for (size_t i = 0; i < segment->n_taps; i++) {
        use_written_address(&use, segment->taps[i]);
    }
    for (size_t i = 0; i < segment->n_ports && lab->file->n_problems == 0; i++) {
        if (!ip_is_set(lab->ports[segment->ports[i]].address.addr)) {
            use_free_address(&use, segment->ports[i]);
        }
    }
    if (segment->nat_node != LAB_NONE && lab->file->n_problems == 0) {
        choose_leases(&use);
    }
    map_fini(&use.used);
    free(use.addresses);
}

void lab_assign_addresses(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_ports; i++) {
        lab->ports[i].mac = port_mac(lab, &lab->ports[i]);
    }
    for (size_t i = 0; i < lab->n_segments; i++) {
        assign_in_segment(lab, &lab->segments[i]);
    }
}

struct ip_addr lab_node_address(const struct lab *lab, uint32_t node)
{
    const struct lab_node *n = &lab->nodes[node];
    uint32_t port = n->kind == LAB_HOME_NAT ? n->wan_port : n->n_ports ? n->ports[0] : LAB_NONE;
    return port == LAB_NONE ? (struct ip_addr){.version = IP_NONE} : lab->ports[port].address.addr;
}
