#include "lab_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lab *lab_try(const char *yaml)
{
    return lab_load(config_load("lab", yaml, strlen(yaml)));
}

struct lab *lab_of(const char *yaml)
{
    struct lab *lab = lab_try(yaml);
    assert_string_equal(text_chars(&lab->file->problems), "");
    return lab;
}

void assert_problems(const char *yaml, const char *expected)
{
    struct lab *lab = lab_try(yaml);
    assert_string_equal(text_chars(&lab->file->problems), expected);
    lab_free(lab);
}

uint32_t node_of(const struct lab *lab, const char *name)
{
    uint32_t node = lab_find_node(lab, name);
    if (node == LAB_NONE) {
        fail_msg("there is no node '%s'", name);
    }
    return node;
}

const char *address_of(const struct lab *lab, const char *node, uint32_t number)
{
    static char text[IP_PREFIX_TEXT_SIZE];
    const struct lab_node *n = &lab->nodes[node_of(lab, node)];
    assert_true(number < n->n_ports);
    const struct lab_port *port = &lab->ports[n->ports[number]];
    assert_int_equal(port->number, number);
    if (port->uses_dhcp) {
        return "by dhcp";
    }
    return ip_is_set(port->address.addr) ? ip_prefix_print(port->address, text) : "none";
}

const char *routes_of(const struct lab *lab, const char *node)
{
    static char routes[8192];
    const struct lab_node *n = &lab->nodes[node_of(lab, node)];
    size_t len = 0;
    routes[0] = '\0';
    for (size_t i = 0; i < n->n_routes; i++) {
        char prefix[IP_PREFIX_TEXT_SIZE], gateway[IP_TEXT_SIZE];
        len += (size_t)snprintf(routes + len, sizeof routes - len, "%s via %s eth%u\n",
                                ip_prefix_print(n->routes[i].prefix, prefix),
                                ip_print(n->routes[i].gateway, gateway),
                                lab->ports[n->routes[i].port].number);
        assert_true(len < sizeof routes);
    }
    return routes;
}

char *resolved_text(const struct lab *lab)
{
    struct text text = {0};
    lab_print_resolved(&text, lab);
    return text.chars;
}

/* --- comparing --- */

static void assert_same_prefix(struct ip_prefix a, struct ip_prefix b)
{
    assert_true(ip_equal(a.addr, b.addr));
    assert_int_equal(a.len, b.len);
}

static void assert_same_config(const struct link_config *a, const struct link_config *b)
{
    assert_int_equal(a->rate_bps, b->rate_bps);
    assert_int_equal(a->delay_ns, b->delay_ns);
    assert_int_equal(a->loss_ppm, b->loss_ppm);
    assert_int_equal(a->queue_frames, b->queue_frames);
    assert_int_equal(a->queue_bytes, b->queue_bytes);
    assert_int_equal(a->overhead_bytes, b->overhead_bytes);
    assert_int_equal(a->loss_burst_frames, b->loss_burst_frames);
    assert_int_equal(a->jitter_ns, b->jitter_ns);
    assert_int_equal(a->reorder_ppm, b->reorder_ppm);
    assert_int_equal(a->reorder_by_ns, b->reorder_by_ns);
    assert_int_equal(a->duplicate_ppm, b->duplicate_ppm);
    assert_int_equal(a->corrupt_ppm, b->corrupt_ppm);
    assert_int_equal(a->corrupt_silent_ppm, b->corrupt_silent_ppm);
    assert_int_equal(a->corrupt_bits, b->corrupt_bits);
}

static void assert_same_routes(const struct lab_node *a, const struct lab_node *b)
{
    assert_int_equal(a->n_routes, b->n_routes);
    for (size_t i = 0; i < a->n_routes; i++) {
        assert_same_prefix(a->routes[i].prefix, b->routes[i].prefix);
        assert_true(ip_equal(a->routes[i].gateway, b->routes[i].gateway));
        assert_int_equal(a->routes[i].port, b->routes[i].port);
    }
}

static void assert_same_text(const char *a, const char *b)
{
    assert_string_equal(a ? a : "(none)", b ? b : "(none)");
}

static void assert_same_node(const struct lab_node *a, const struct lab_node *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->n_ports, b->n_ports);
    for (size_t i = 0; i < a->n_ports; i++) {
        assert_int_equal(a->ports[i], b->ports[i]);
    }
    assert_int_equal(a->wan_port, b->wan_port);
    assert_same_prefix(a->lan, b->lan);
    assert_true(ip_equal(a->lease_first, b->lease_first));
    assert_true(ip_equal(a->lease_last, b->lease_last));
    assert_int_equal(a->is_resolver, b->is_resolver);
    assert_int_equal(a->has_resolver, b->has_resolver);
    assert_true(ip_equal(a->resolver, b->resolver));
    assert_int_equal(a->resolver_node, b->resolver_node);
    assert_int_equal(a->n_names, b->n_names);
    for (size_t i = 0; i < a->n_names; i++) {
        assert_string_equal(a->names[i], b->names[i]);
    }
    assert_same_text(a->root, b->root);
    assert_same_routes(a, b);
}

static void assert_same_port(const struct lab_port *a, const struct lab_port *b)
{
    assert_int_equal(a->node, b->node);
    assert_int_equal(a->link, b->link);
    assert_int_equal(a->end, b->end);
    assert_int_equal(a->number, b->number);
    assert_true(mac_equal(a->mac, b->mac));
    assert_int_equal(a->segment, b->segment);
    assert_same_prefix(a->address, b->address);
    assert_int_equal(a->uses_dhcp, b->uses_dhcp);
}

static void assert_same_segment(const struct lab_segment *a, const struct lab_segment *b)
{
    assert_same_prefix(a->prefix, b->prefix);
    assert_int_equal(a->is_private, b->is_private);
    assert_int_equal(a->nat_node, b->nat_node);
    assert_int_equal(a->n_ports, b->n_ports);
    assert_memory_equal(a->ports, b->ports, a->n_ports * sizeof *a->ports);
    assert_int_equal(a->n_taps, b->n_taps);
    if (a->n_taps) {
        assert_memory_equal(a->taps, b->taps, a->n_taps * sizeof *a->taps);
    }
}

static void assert_same_zone(const struct lab_zone *a, const struct lab_zone *b)
{
    assert_true(dns_name_equal(&a->origin, &b->origin));
    assert_int_equal(a->node, b->node);
    assert_int_equal(a->n_records, b->n_records);
    for (size_t i = 0; i < a->n_records; i++) {
        struct text of_a = {0}, of_b = {0};
        dns_record_print(&of_a, &a->records[i]);
        dns_record_print(&of_b, &b->records[i]);
        assert_string_equal(text_chars(&of_a), text_chars(&of_b));
        text_fini(&of_a);
        text_fini(&of_b);
    }
}

static void assert_same_fault(const struct lab_fault *a, const struct lab_fault *b)
{
    assert_int_equal(a->at_ns, b->at_ns);
    assert_int_equal(a->duration_ns, b->duration_ns);
    assert_int_equal(a->link, b->link);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->changes, b->changes);
    assert_same_config(&a->change, &b->change);
}

static void assert_same_expect(const struct lab_expect *a, const struct lab_expect *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->from, b->from);
    assert_int_equal(a->target_node, b->target_node);
    if (a->target_node == LAB_NONE) {
        assert_string_equal(a->target, b->target);
    }
    assert_int_equal(a->has_at, b->has_at);
    assert_int_equal(a->at_ns, b->at_ns);
    assert_int_equal(a->within_ns, b->within_ns);
    assert_int_equal(a->fails, b->fails);
    assert_int_equal(a->status, b->status);
    assert_same_text(a->body, b->body);
    assert_true(ip_equal(a->address, b->address));
}

static void assert_same_links(const struct lab *a, const struct lab *b)
{
    assert_int_equal(a->n_links, b->n_links);
    for (size_t i = 0; i < a->n_links; i++) {
        assert_string_equal(a->links[i].name, b->links[i].name);
        assert_int_equal(a->links[i].port[0], b->links[i].port[0]);
        assert_int_equal(a->links[i].port[1], b->links[i].port[1]);
        assert_int_equal(a->links[i].mtu, b->links[i].mtu);
        assert_same_config(&a->links[i].config, &b->links[i].config);
    }
}

void assert_same_lab(const struct lab *a, const struct lab *b)
{
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->epoch_unix_s, b->epoch_unix_s);
    assert_same_prefix(a->pool, b->pool);
    assert_int_equal(a->n_nodes, b->n_nodes);
    assert_int_equal(a->n_ports, b->n_ports);
    assert_int_equal(a->n_segments, b->n_segments);
    assert_int_equal(a->n_zones, b->n_zones);
    assert_int_equal(a->n_root_servers, b->n_root_servers);
    assert_int_equal(a->n_faults, b->n_faults);
    assert_int_equal(a->n_expects, b->n_expects);
    for (size_t i = 0; i < a->n_nodes; i++) {
        assert_same_node(&a->nodes[i], &b->nodes[i]);
    }
    assert_same_links(a, b);
    for (size_t i = 0; i < a->n_ports; i++) {
        assert_same_port(&a->ports[i], &b->ports[i]);
    }
    for (size_t i = 0; i < a->n_segments; i++) {
        assert_same_segment(&a->segments[i], &b->segments[i]);
    }
    for (size_t i = 0; i < a->n_zones; i++) {
        assert_same_zone(&a->zones[i], &b->zones[i]);
    }
    for (size_t i = 0; i < a->n_root_servers; i++) {
        assert_true(ip_equal(a->root_servers[i], b->root_servers[i]));
    }
    for (size_t i = 0; i < a->n_faults; i++) {
        assert_same_fault(&a->faults[i], &b->faults[i]);
    }
    for (size_t i = 0; i < a->n_expects; i++) {
        assert_same_expect(&a->expects[i], &b->expects[i]);
    }
}
