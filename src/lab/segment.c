/* Segments: what a broadcast reaches. Ports of nodes with a stack, joined by links, switches and
 * taps; found by flooding from each port that no flood has reached, as the broadcast itself would.
 *
 * First of all no switches may form a loop: without a spanning tree, a broadcast would circle there
 * for ever. Link by link, in the order of the file, switches that are joined become one set; a link
 * within a set closes a loop.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

/* --- loops --- */

/* The representative of a node's set; halves the path to it on the way. */
static uint32_t find_set(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void check_loops(struct lab *lab)
{
    uint32_t *parent = memory_new_array(lab->n_nodes, sizeof *parent);
    for (uint32_t node = 0; node < lab->n_nodes; node++) {
        parent[node] = node;
    }
    for (size_t i = 0; i < lab->n_links; i++) {
        const struct lab_link *link = &lab->links[i];
        uint32_t a = lab->ports[link->port[0]].node, b = lab->ports[link->port[1]].node;
        if (lab_kind_has_stack(lab->nodes[a].kind) || lab_kind_has_stack(lab->nodes[b].kind)) {
            continue;
        }
        a = find_set(parent, a);
        b = find_set(parent, b);
        if (a == b) {
            config_problem(lab->file, link->at,
                           "link '%s' closes a loop of switches; frames would circle for ever",
                           link->name);
        }
        parent[b] = a;
    }
    free(parent);
}

/* --- flooding --- */

struct flood {
    struct lab *lab;
    uint32_t segment;
    uint32_t *pending; /* ports that have their link to cross */
    size_t n_pending;
    size_t capacity;
};

static void flood_push(struct flood *flood, uint32_t port)
{
    flood->pending =
        memory_grow_array(flood->pending, flood->n_pending, &flood->capacity, sizeof(uint32_t));
    flood->pending[flood->n_pending++] = port;
}

static struct lab_segment *flood_segment(const struct flood *flood)
{
    return &flood->lab->segments[flood->segment];
}

static void flood_add_port(struct flood *flood, uint32_t port)
{
    struct lab_segment *segment = flood_segment(flood);
    segment->ports = memory_grow_array(segment->ports, segment->n_ports, &segment->ports_capacity,
                                       sizeof *segment->ports);
    segment->ports[segment->n_ports++] = port;
    flood->lab->ports[port].segment = flood->segment;
}

static void flood_add_tap(struct flood *flood, uint32_t port)
{
    struct lab_segment *segment = flood_segment(flood);
    segment->taps = memory_grow_array(segment->taps, segment->n_taps, &segment->taps_capacity,
                                      sizeof *segment->taps);
    segment->taps[segment->n_taps++] = port;
}

/* Arrives at a port: of an end, or of a switch to leave by every other port. */
static void flood_arrive(struct flood *flood, uint32_t port)
{
    const struct lab *lab = flood->lab;
    const struct lab_node *node = &lab->nodes[lab->ports[port].node];
    if (lab_kind_has_stack(node->kind)) {
        flood_add_port(flood, port);
        return;
    }
    if (node->kind == LAB_TAP) {
        flood_add_tap(flood, port);
    }
    for (size_t i = 0; i < node->n_ports; i++) {
        if (node->ports[i] != port) {
            flood_push(flood, node->ports[i]);
        }
    }
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void flood_new_segment(struct flood *flood, uint32_t start)
{
    struct lab *lab = flood->lab;
    lab->segments = memory_grow_array(lab->segments, lab->n_segments, &lab->segments_capacity,
                                      sizeof *lab->segments);
    flood->segment = (uint32_t)lab->n_segments++;
    struct lab_segment *segment = flood_segment(flood);
    *segment = (struct lab_segment){.nat_node = LAB_NONE};
    flood_add_port(flood, start);
    flood_push(flood, start);
    while (flood->n_pending > 0) {
        const struct lab_port *port = &lab->ports[flood->pending[--flood->n_pending]];
        flood_arrive(flood, lab->links[port->link].port[1 - port->end]);
    }
    qsort(segment->ports, segment->n_ports, sizeof(uint32_t), compare_u32);
    if (segment->n_taps > 0) {
        qsort(segment->taps, segment->n_taps, sizeof(uint32_t), compare_u32);
    }
}

void lab_find_segments(struct lab *lab)
{
    check_loops(lab);
    struct flood flood = {.lab = lab};
    for (uint32_t port = 0; port < lab->n_ports && lab->file->n_problems == 0; port++) {
        if (lab->ports[port].segment == LAB_NONE &&
            lab_kind_has_stack(lab->nodes[lab->ports[port].node].kind)) {
            flood_new_segment(&flood, port);
        }
    }
    free(flood.pending);
}
