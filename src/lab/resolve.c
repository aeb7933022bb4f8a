/* The lab as it is after every default and address was filled in: YAML that loads to the same lab.
 */
#include "lab/lab_internal.h"

#include "base/utf8.h"

#include <string.h>

/* What YAML does not take as it is within double quotes: line breaks, controls (YAML 1.2.2 5.1). */
static bool needs_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           c == 0xfffe || c == 0xffff;
}

/* Text that may hold anything, in double quotes. */
static void print_quoted(struct text *text, const char *chars)
{
    text_print(text, "\"");
    for (size_t left = strlen(chars), len; left > 0; chars += len, left -= len) {
        uint32_t c;
        len = utf8_decode(chars, left, &c);
        if (c == UTF8_INVALID || needs_escape(c)) {
            text_print(text, "\\u%04x", c == UTF8_INVALID ? 0xfffd : c);
        } else {
            text_print(text, "%s%.*s", c == '"' || c == '\\' ? "\\" : "", (int)len, chars);
        }
    }
    text_print(text, "\"");
}

static void print_list(struct text *text, const char *key, const struct config_value *value)
{
    if (!value) {
        return;
    }
    text_print(text, ", %s: [", key);
    for (size_t i = 0; i < lab_value_count(value); i++) {
        text_print(text, "%s", i ? ", " : "");
        print_quoted(text, lab_value_at(value, i)->text);
    }
    text_print(text, "]");
}

static void print_zones(struct text *text, const struct lab *lab, uint32_t node)
{
    bool is_first = true;
    for (size_t i = 0; i < lab->n_zones; i++) {
        if (lab->zones[i].node == node) {
            char origin[DNS_NAME_TEXT_SIZE];
            text_print(text, "%s", is_first ? ", zone: [" : ", ");
            print_quoted(text, dns_name_print(&lab->zones[i].origin, origin));
            is_first = false;
        }
    }
    text_print(text, "%s", is_first ? "" : "]");
}

static void print_home_keys(struct text *text, const struct lab *lab, const struct lab_node *node)
{
    char prefix[IP_PREFIX_TEXT_SIZE];
    const struct lab_port *wan = &lab->ports[node->wan_port];
    uint32_t neighbour = lab->ports[lab->links[wan->link].port[1 - wan->end]].node;
    text_print(text, ", lan: %s, wan: %s", ip_prefix_print(node->lan, prefix),
               lab->nodes[neighbour].name);
}

static void print_kind_keys(struct text *text, const struct lab *lab, uint32_t index)
{
    const struct lab_node *node = &lab->nodes[index];
    if (node->kind == LAB_HOME_NAT) {
        print_home_keys(text, lab, node);
    } else if (node->kind == LAB_DNS) {
        text_print(text, ", role: %s", node->is_resolver ? "resolver" : "authority");
        print_zones(text, lab, index);
        print_list(text, "records", config_get(node->config, "records"));
    } else if (node->kind == LAB_WEB_SERVER) {
        print_list(text, "name", config_get(node->config, "name"));
        if (node->root) {
            text_print(text, ", root: ");
            print_quoted(text, config_get_text(node->config, "root", ""));
        }
    } else if (node->kind == LAB_TAP) {
        text_print(text, ", device: ");
        print_quoted(text, config_get_text(node->config, "device", node->name));
    }
}

static void print_node(struct text *text, const struct lab *lab, uint32_t index)
{
    const struct lab_node *node = &lab->nodes[index];
    char resolver[IP_TEXT_SIZE];
    text_print(text, "  %s: {kind: %s", node->name, lab_kind_text(node->kind));
    print_kind_keys(text, lab, index);
    if (node->has_resolver) {
        text_print(text, ", resolver: %s",
                   node->resolver_node != LAB_NONE ? lab->nodes[node->resolver_node].name
                                                   : ip_print(node->resolver, resolver));
    }
    text_print(text, "}%s\n", node->is_implied ? "  # added: the file does not name it" : "");
}

static void print_link_options(struct text *text, const struct lab_link *link)
{
    const struct link_config *config = &link->config;
    text_print(text, "name: \"%s\"", link->name);
    lab_print_conditions(text, config);
    text_print(text, ", queue: %u", config->queue_frames);
    if (config->queue_bytes) {
        text_print(text, ", queue_size: ");
        config_print_size(text, config->queue_bytes);
    }
    text_print(text, ", overhead: %u, mtu: %u", config->overhead_bytes, link->mtu);
}

static const struct lab_segment *link_segment(const struct lab *lab, const struct lab_link *link)
{
    for (int end = 0; end < 2; end++) {
        uint32_t segment = lab->ports[link->port[end]].segment;
        if (segment != LAB_NONE) {
            return &lab->segments[segment];
        }
    }
    return NULL;
}

static void print_link_addresses(struct text *text, const struct lab *lab,
                                 const struct lab_link *link)
{
    const struct lab_segment *segment = link_segment(lab, link);
    char chars[IP_PREFIX_TEXT_SIZE];
    if (segment) {
        text_print(text, ", subnet: %s", ip_prefix_print(segment->prefix, chars));
    }
    bool is_first = true;
    for (int end = 0; end < 2; end++) {
        const struct lab_port *port = &lab->ports[link->port[end]];
        if (ip_is_set(port->address.addr)) {
            text_print(text, "%s%s: %s", is_first ? ", addresses: {" : ", ",
                       lab->nodes[port->node].name, ip_print(port->address.addr, chars));
            is_first = false;
        }
    }
    text_print(text, "%s", is_first ? "" : "}");
}

static void print_link(struct text *text, const struct lab *lab, const struct lab_link *link)
{
    const struct lab_port *a = &lab->ports[link->port[0]], *b = &lab->ports[link->port[1]];
    text_print(text, "  - %s-%s: {", lab->nodes[a->node].name, lab->nodes[b->node].name);
    print_link_options(text, link);
    print_link_addresses(text, lab, link);
    text_print(text, "}");
    for (int end = 0; end < 2; end++) {
        const struct lab_port *port = &lab->ports[link->port[end]];
        char mac[MAC_TEXT_SIZE];
        if (port->segment != LAB_NONE) {
            text_print(text, "%s %s eth%u %s%s", end && a->segment != LAB_NONE ? "," : "  #",
                       lab->nodes[port->node].name, port->number, mac_print(port->mac, mac),
                       port->uses_dhcp ? " by DHCP" : "");
        }
    }
    text_print(text, "\n");
}

static void print_fault(struct text *text, const struct lab *lab, const struct lab_fault *fault)
{
    text_print(text, "  - {at: ");
    config_print_duration(text, fault->at_ns);
    text_print(text, ", link: \"%s\"", lab->links[fault->link].name);
    lab_print_changes(text, &fault->change, fault->changes);
    if (fault->duration_ns || fault->kind == LAB_FAULT_DOWN) {
        text_print(text, fault->kind == LAB_FAULT_DOWN ? ", down: " : ", for: ");
        config_print_duration(text, fault->duration_ns);
    }
    text_print(text, "}\n");
}

static void print_expect(struct text *text, const struct lab *lab, const struct lab_expect *expect)
{
    static const char *const VERBS[] = {
        [LAB_EXPECT_GET] = "get", [LAB_EXPECT_PING] = "ping", [LAB_EXPECT_RESOLVE] = "resolve"};
    char addr[IP_TEXT_SIZE];
    text_print(text, "  - {from: %s, %s: ", lab->nodes[expect->from].name, VERBS[expect->kind]);
    print_quoted(text, expect->target_node != LAB_NONE ? lab->nodes[expect->target_node].name
                                                       : expect->target);
    if (expect->has_at) {
        text_print(text, ", at: ");
        config_print_duration(text, expect->at_ns);
    }
    if (expect->within_ns) {
        text_print(text, ", within: ");
        config_print_duration(text, expect->within_ns);
    }
    if (expect->status) {
        text_print(text, ", status: %u", expect->status);
    }
    if (expect->body) {
        text_print(text, ", body: ");
        print_quoted(text, expect->body);
    }
    if (ip_is_set(expect->address)) {
        text_print(text, ", address: %s", ip_print(expect->address, addr));
    }
    text_print(text, "%s}\n", expect->fails ? ", fails: true" : "");
}

void lab_print_resolved(struct text *text, const struct lab *lab)
{
    char pool[IP_PREFIX_TEXT_SIZE];
    text_print(text, "seed: %llu\n", (unsigned long long)lab->seed);
    const char *epoch = config_get_text(lab->file->root, "epoch", "2025-01-01T00:00:00Z");
    text_print(text, "epoch: %s\n", epoch);
    text_print(text, "rto_min: ");
    config_print_duration(text, lab->rto_min_ns ? lab->rto_min_ns : UINT64_C(1000000000));
    if (lab->tcp_buffer) {
        text_print(text, "\ntcp_buffer: ");
        config_print_size(text, lab->tcp_buffer);
    }
    text_print(text, "\npool: %s\nnodes:%s\n", ip_prefix_print(lab->pool, pool),
               lab->n_nodes ? "" : " {}");
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        print_node(text, lab, i);
    }
    text_print(text, "links:%s\n", lab->n_links ? "" : " []");
    for (size_t i = 0; i < lab->n_links; i++) {
        print_link(text, lab, &lab->links[i]);
    }
    text_print(text, "%s", lab->n_faults ? "faults:\n" : "");
    for (size_t i = 0; i < lab->n_faults; i++) {
        print_fault(text, lab, &lab->faults[i]);
    }
    text_print(text, "%s", lab->n_expects ? "expect:\n" : "");
    for (size_t i = 0; i < lab->n_expects; i++) {
        print_expect(text, lab, &lab->expects[i]);
    }
}
