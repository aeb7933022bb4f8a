/* Subnets: which addresses a segment has.
 *
 * What `lan`, a link's `subnet` or an address with a prefix length says; else a home's LAN is
 * 192.168.1.0/24, and any other segment gets the next free block of the pool: a /30 between two
 * routers, a /24 (or what is large enough) otherwise. Blocks of the pool are aligned, in ascending
 * order and around all that the file uses, LANs included, so that a home can reach every one of
 * them.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static const char DEFAULT_LAN[] = "192.168.1.0/24";

/* Addresses from `first` up to and without `end`. */
struct range {
    uint64_t first, end;
};

static struct range range_of(struct ip_prefix prefix)
{
    uint64_t first = prefix.addr.v4 & ipv4_mask(prefix.len);
    return (struct range){first, first + (UINT64_C(1) << (32 - prefix.len))};
}

static bool prefixes_overlap(struct ip_prefix a, struct ip_prefix b)
{
    struct range x = range_of(a), y = range_of(b);
    return x.first < y.end && y.first < x.end;
}

/* --- what the file says --- */

/* The same subnet said twice is one; two different ones are a problem. */
static void segment_propose(struct lab *lab, struct lab_segment *segment, struct ip_prefix prefix,
                            const struct config_value *at)
{
    prefix.addr.v4 &= ipv4_mask(prefix.len);
    if (segment->prefix.len == 0) {
        segment->prefix = prefix;
        segment->prefix_at = at;
    } else if (!ip_equal(segment->prefix.addr, prefix.addr) || segment->prefix.len != prefix.len) {
        char first[IP_PREFIX_TEXT_SIZE], second[IP_PREFIX_TEXT_SIZE];
        config_problem(lab->file, at, "%s does not fit: this segment's subnet is %s already",
                       ip_prefix_print(prefix, second), ip_prefix_print(segment->prefix, first));
    }
}

static void segment_read_port(struct lab *lab, struct lab_segment *segment, uint32_t index)
{
    const struct lab_port *port = &lab->ports[index];
    const struct lab_link *link = &lab->links[port->link];
    bool was_read = port->end == 1 && lab->ports[link->port[0]].segment == port->segment;
    if (link->subnet.len && !was_read) {
        segment_propose(lab, segment, link->subnet, config_get(link->options, "subnet"));
    }
    const struct config_value *written = lab_written_address(lab, index);
    if (written && lab_parse_address(written->text).len) {
        segment_propose(lab, segment, lab_parse_address(written->text), written);
    }
}

static void segment_read_ports(struct lab *lab, struct lab_segment *segment)
{
    for (size_t i = 0; i < segment->n_ports; i++) {
        segment_read_port(lab, segment, segment->ports[i]);
    }
    for (size_t i = 0; i < segment->n_taps; i++) {
        segment_read_port(lab, segment, segment->taps[i]);
    }
}

/* The port by which a home router is on the segment as on its LAN; LAB_NONE: it is no LAN. */
static uint32_t find_lan_port(struct lab *lab, const struct lab_segment *segment)
{
    uint32_t found = LAB_NONE;
    for (size_t i = 0; i < segment->n_ports; i++) {
        uint32_t port = segment->ports[i];
        if (!lab_port_is_lan(lab, port)) {
            continue;
        }
        const struct lab_node *node = &lab->nodes[lab->ports[port].node];
        if (found != LAB_NONE) {
            config_problem_at_key(lab->file, node->config, "'%s' and '%s' share one LAN",
                                  node->name, lab->nodes[lab->ports[found].node].name);
            return LAB_NONE;
        }
        found = port;
    }
    return found;
}

/* The router's own address in its LAN: what the link or `lan` says, else the LAN's first. */
static void choose_lan_address(struct lab *lab, const struct lab_segment *segment, uint32_t port)
{
    struct lab_node *node = &lab->nodes[segment->nat_node];
    const char *lan = config_get_text(node->config, "lan", NULL);
    const struct config_value *on_link = lab_written_address(lab, port);
    node->lan = lan ? lab_parse_address(lan) : segment->prefix;
    bool is_written = (node->lan.addr.v4 & ~ipv4_mask(node->lan.len)) != 0;
    if (on_link) {
        struct ip_addr written = lab_parse_address(on_link->text).addr;
        if (is_written && !ip_equal(node->lan.addr, written)) {
            char text[IP_TEXT_SIZE];
            config_problem(lab->file, on_link, "'%s' has the address %s in its LAN already",
                           node->name, ip_print(node->lan.addr, text));
        }
        node->lan.addr = written;
    } else if (!is_written) {
        node->lan.addr.v4++;
    }
}

static void segment_read_lan(struct lab *lab, struct lab_segment *segment, uint32_t port)
{
    segment->nat_node = lab->ports[port].node;
    segment->is_private = true;
    const struct lab_node *node = &lab->nodes[segment->nat_node];
    const struct config_value *lan = config_get(node->config, "lan");
    if (lan) {
        segment_propose(lab, segment, lab_parse_address(lan->text), lan);
    }
    segment_read_ports(lab, segment);
    if (segment->prefix.len == 0) {
        segment_propose(lab, segment, lab_parse_address(DEFAULT_LAN), node->config);
    }
    choose_lan_address(lab, segment, port);
    if (!lab_is_private(segment->prefix)) {
        char text[IP_PREFIX_TEXT_SIZE];
        config_problem(lab->file, segment->prefix_at,
                       "%s is the LAN of '%s' and must be private, like 192.168.1.0/24 or "
                       "10.0.0.0/8",
                       ip_prefix_print(segment->prefix, text), node->name);
    }
}

static void segment_read_written(struct lab *lab, struct lab_segment *segment)
{
    uint32_t lan_port = find_lan_port(lab, segment);
    if (lan_port != LAB_NONE) {
        segment_read_lan(lab, segment, lan_port);
    } else {
        segment_read_ports(lab, segment);
    }
}

/* --- from the pool --- */

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->end > y->end) - (x->end < y->end);
}

/* What the file uses: sorted ranges that do not overlap. Owned. */
static struct range *find_used_ranges(const struct lab *lab, size_t *count)
{
    struct range *ranges = memory_new_array(lab->n_segments, sizeof *ranges);
    size_t n_written = 0;
    for (size_t i = 0; i < lab->n_segments; i++) {
        if (lab->segments[i].prefix.len) {
            ranges[n_written++] = range_of(lab->segments[i].prefix);
        }
    }
    qsort(ranges, n_written, sizeof *ranges, compare_ranges);
    *count = 0;
    for (size_t i = 0; i < n_written; i++) {
        if (*count > 0 && ranges[i].first < ranges[*count - 1].end) {
            struct range *last = &ranges[*count - 1];
            last->end = ranges[i].end > last->end ? ranges[i].end : last->end;
        } else {
            ranges[(*count)++] = ranges[i];
        }
    }
    return ranges;
}

static uint32_t segment_wanted_len(const struct lab *lab, const struct lab_segment *segment)
{
    size_t routers = 0;
    for (size_t i = 0; i < segment->n_ports; i++) {
        enum lab_kind kind = lab->nodes[lab->ports[segment->ports[i]].node].kind;
        routers += kind == LAB_ROUTER || kind == LAB_HOME_NAT;
    }
    if (routers == segment->n_ports && routers <= 2 && segment->n_taps == 0) {
        return 30;
    }
    uint64_t wanted = segment->n_ports + segment->n_taps + 2 * LAB_FIRST_HOST;
    uint32_t len = 24;
    while (len > 8 && wanted > UINT64_C(1) << (32 - len)) {
        len--;
    }
    return len;
}

static void assign_subnets(struct lab *lab)
{
    uint64_t cursor = range_of(lab->pool).first;
    uint64_t end = range_of(lab->pool).end;
    size_t n_used, next_used = 0;
    struct range *used = find_used_ranges(lab, &n_used);
    for (size_t i = 0; i < lab->n_segments; i++) {
        struct lab_segment *segment = &lab->segments[i];
        if (segment->prefix.len) {
            continue;
        }
        uint32_t len = segment_wanted_len(lab, segment);
        uint64_t size = UINT64_C(1) << (32 - len);
        cursor = (cursor + size - 1) / size * size;
        for (; next_used < n_used && used[next_used].first < cursor + size; next_used++) {
            if (used[next_used].end > cursor) {
                cursor = (used[next_used].end + size - 1) / size * size;
            }
        }
        if (cursor + size > end) {
            const struct config_value *pool = config_get(lab->file->root, "pool");
            config_problem(lab->file, pool,
                           "the pool of addresses is too small for this lab; set a larger 'pool'");
            break;
        }
        segment->prefix = (struct ip_prefix){ip_v4((uint32_t)cursor), len};
        cursor += size;
    }
    free(used);
}

/* --- what cannot work --- */

/* An index into lab->segments, to be sorted by subnet. */
struct subnet {
    struct range range;
    uint32_t segment;
};

static int compare_subnets(const void *a, const void *b)
{
    const struct subnet *x = a, *y = b;
    int order = compare_ranges(&x->range, &y->range);
    return order ? order : (x->segment > y->segment) - (x->segment < y->segment);
}

static void report_overlap(struct lab *lab, uint32_t a, uint32_t b)
{
    bool a_is_later = lab->segments[a].prefix_at && a > b;
    const struct lab_segment *here = &lab->segments[a_is_later ? a : b];
    const struct lab_segment *other = &lab->segments[a_is_later ? b : a];
    char text[IP_PREFIX_TEXT_SIZE], other_text[IP_PREFIX_TEXT_SIZE];
    config_problem(lab->file, here->prefix_at,
                   "subnet %s overlaps %s of link '%s'; a route could only lead to one",
                   ip_prefix_print(here->prefix, text), ip_prefix_print(other->prefix, other_text),
                   lab->links[lab->ports[other->ports[0]].link].name);
}

/* Subnets outside homes are in everybody's routes: no two may overlap. */
static void check_overlaps(struct lab *lab)
{
    struct subnet *subnets = memory_new_array(lab->n_segments, sizeof *subnets);
    size_t count = 0, widest = 0;
    for (uint32_t i = 0; i < lab->n_segments; i++) {
        if (!lab->segments[i].is_private) {
            subnets[count++] = (struct subnet){range_of(lab->segments[i].prefix), i};
        }
    }
    qsort(subnets, count, sizeof *subnets, compare_subnets);
    for (size_t i = 1; i < count; i++) {
        if (subnets[i].range.first < subnets[widest].range.end) {
            report_overlap(lab, subnets[widest].segment, subnets[i].segment);
        }
        if (subnets[i].range.end > subnets[widest].range.end) {
            widest = i;
        }
    }
    free(subnets);
}

/* A home router tells its sides apart by their addresses. */
static void check_home(struct lab *lab, uint32_t node)
{
    const struct lab_node *home = &lab->nodes[node];
    uint32_t wan = lab->ports[home->wan_port].segment;
    const struct config_value *lan = config_get(home->config, "lan");
    char text[IP_PREFIX_TEXT_SIZE];
    struct ip_prefix network = home->lan;
    network.addr.v4 &= ipv4_mask(network.len);
    if (lab->segments[wan].nat_node == node) {
        config_problem_at_key(lab->file, home->config, "both sides of '%s' are one network",
                              home->name);
    } else if (prefixes_overlap(home->lan, lab->segments[wan].prefix)) {
        config_problem_at_key(lab->file, lan ? lan : home->config,
                              "the LAN of '%s', %s, overlaps its other side; set another 'lan'",
                              home->name, ip_prefix_print(network, text));
    }
}

/* A NAT translates private addresses only, and a LAN's default router is the home's. */
static void check_lan(struct lab *lab, const struct lab_segment *segment)
{
    for (size_t i = 0; i < segment->n_ports; i++) {
        const struct lab_node *node = &lab->nodes[lab->ports[segment->ports[i]].node];
        if (node->kind == LAB_ROUTER) {
            config_problem_at_key(lab->file, node->config,
                                  "router '%s' is in the LAN of '%s', where a home has hosts, "
                                  "servers, switches and further home-nats only",
                                  node->name, lab->nodes[segment->nat_node].name);
        }
    }
}

void lab_assign_subnets(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_segments; i++) {
        segment_read_written(lab, &lab->segments[i]);
    }
    if (lab->file->n_problems == 0) {
        assign_subnets(lab);
    }
    if (lab->file->n_problems > 0) {
        return;
    }
    check_overlaps(lab);
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        if (lab->nodes[i].kind == LAB_HOME_NAT) {
            check_home(lab, i);
        }
    }
    for (size_t i = 0; i < lab->n_segments; i++) {
        if (lab->segments[i].nat_node != LAB_NONE) {
            check_lan(lab, &lab->segments[i]);
        }
    }
}
