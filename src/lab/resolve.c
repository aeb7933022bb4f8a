/* The lab as it is after every default and address was filled in: YAML that loads to the same lab.
 */
#include "lab/lab_internal.h"

#include <string.h>

static void print_list(struct text *text, const char *key, const struct config_value *value)
{
    if (!value) {
        return;
    }
    text_print(text, ", %s: [", key);
    for (size_t i = 0; i < lab_value_count(value); i++) {
        text_print(text, "%s\"%s\"", i ? ", " : "", lab_value_at(value, i)->text);
    }
    text_print(text, "]");
}

static void print_zones(struct text *text, const struct lab *lab, uint32_t node)
{
    bool is_first = true;
    for (size_t i = 0; i < lab->n_zones; i++) {
        if (lab->zones[i].node == node) {
            char origin[DNS_NAME_TEXT_SIZE];
            text_print(text, "%s\"%s\"", is_first ? ", zone: [" : ", ",
                       dns_name_print(&lab->zones[i].origin, origin));
            is_first = false;
        }
    }
    text_print(text, "%s", is_first ? "" : "]");
}

static void print_kind_keys(struct text *text, const struct lab *lab, uint32_t index)
{
    const struct lab_node *node = &lab->nodes[index];
    char prefix[IP_PREFIX_TEXT_SIZE];
    if (node->kind == LAB_HOME_NAT) {
        uint32_t wan = lab->ports[node->wan_port].link;
        uint32_t end = 1 - lab->ports[node->wan_port].end;
        text_print(text, ", lan: %s, wan: %s", ip_prefix_print(node->lan, prefix),
                   lab->nodes[lab->ports[lab->links[wan].port[end]].node].name);
    } else if (node->kind == LAB_DNS) {
        text_print(text, ", role: %s", node->is_resolver ? "resolver" : "authority");
        print_zones(text, lab, index);
        print_list(text, "records", config_get(node->config, "records"));
    } else if (node->kind == LAB_WEB_SERVER) {
        print_list(text, "name", config_get(node->config, "name"));
        if (node->root) {
            text_print(text, ", root: \"%s\"", config_get_text(node->config, "root", ""));
        }
    } else if (node->kind == LAB_TAP) {
        text_print(text, ", device: %s", config_get_text(node->config, "device", node->name));
        const char *address = config_get_text(node->config, "address", NULL);
        text_print(text, "%s%s", address ? ", address: " : "", address ? address : "");
    }
}

static void print_node(struct text *text, const struct lab *lab, uint32_t index)
{
    const struct lab_node *node = &lab->nodes[index];
    char resolver[IP_TEXT_SIZE];
    text_print(text, "  %s: {kind: %s", node->name, lab_kind_text(node->kind));
    print_kind_keys(text, lab, index);
    if (node->has_resolver) {
        text_print(text, ", resolver: %s", ip_print(node->resolver, resolver));
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

static void print_link_addresses(struct text *text, const struct lab *lab,
                                 const struct lab_link *link)
{
    struct text addresses = {0};
    struct ip_prefix subnet = {.len = 0};
    for (int end = 0; end < 2; end++) {
        const struct lab_port *port = &lab->ports[link->port[end]];
        char addr[IP_TEXT_SIZE];
        if (port->segment != LAB_NONE) {
            subnet = lab->segments[port->segment].prefix;
        }
        if (port->segment != LAB_NONE && ip_is_set(port->address.addr)) {
            text_print(&addresses, "%s%s: %s", addresses.len ? ", " : "",
                       lab->nodes[port->node].name, ip_print(port->address.addr, addr));
        }
    }
    if (subnet.len) {
        char prefix[IP_PREFIX_TEXT_SIZE];
        text_print(text, ", subnet: %s", ip_prefix_print(subnet, prefix));
    }
    if (addresses.len) {
        text_print(text, ", addresses: {%s}", addresses.chars);
    }
    text_fini(&addresses);
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
    trace_print_json_text(text, expect->target);
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
        trace_print_json_text(text, expect->body);
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
