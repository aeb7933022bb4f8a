/* Nodes and links: from the file's words to numbered things.
 *
 * A node with `count: n` is a group: NAME stands for NAME1 ... NAMEn, and a link that names the
 * group makes n links.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"
#include "wire/ethernet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a name in the file maps to nodes. */
struct group {
    uint32_t first; /* node index */
    uint32_t count;
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_node_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= LAB_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_name_char(name[i])) {
            return false;
        }
    }
    return true;
}

static void name_key(const char *name, char key[LAB_NAME_SIZE])
{
    memset(key, 0, LAB_NAME_SIZE);
    memcpy(key, name, strnlen(name, LAB_NAME_SIZE - 1));
}

uint32_t lab_find_node(const struct lab *lab, const char *name)
{
    if (strlen(name) >= LAB_NAME_SIZE) {
        return LAB_NONE;
    }
    char key[LAB_NAME_SIZE];
    name_key(name, key);
    uintptr_t number = (uintptr_t)map_get(&lab->node_by_name, key);
    return number ? (uint32_t)(number - 1) : LAB_NONE;
}

uint32_t lab_add_node(struct lab *lab, const char *name, enum lab_kind kind,
                      const struct config_value *config)
{
    if (!is_node_name(name)) {
        config_problem_at_key(lab->file, config,
                              "'%s' cannot name a node: use up to %d letters, digits and '_'", name,
                              LAB_NAME_SIZE - 1);
        return LAB_NONE;
    }
    if (lab_find_node(lab, name) != LAB_NONE) {
        config_problem_at_key(lab->file, config, "there are two nodes named '%s'", name);
        return LAB_NONE;
    }
    if (lab->n_nodes == LAB_MAX_NODES) {
        config_problem_at_key(lab->file, config, "a lab has at most %d nodes", LAB_MAX_NODES);
        return LAB_NONE;
    }
    lab->nodes =
        memory_grow_array(lab->nodes, lab->n_nodes, &lab->nodes_capacity, sizeof *lab->nodes);
    uint32_t index = (uint32_t)lab->n_nodes++;
    lab->nodes[index] = (struct lab_node){
        .name = memory_copy_text(name),
        .kind = kind,
        .id = index + 1,
        .is_implied = !config,
        .config = config,
        .wan_port = LAB_NONE,
        .resolver_node = LAB_NONE,
    };
    char key[LAB_NAME_SIZE];
    name_key(name, key);
    map_put(&lab->node_by_name, key, (void *)(uintptr_t)(index + 1));
    return index;
}

static void link_key(const char *name, char key[LAB_LINK_NAME_SIZE])
{
    memset(key, 0, LAB_LINK_NAME_SIZE);
    memcpy(key, name, strnlen(name, LAB_LINK_NAME_SIZE - 1));
}

uint32_t lab_find_link(const struct lab *lab, const char *name)
{
    char key[LAB_LINK_NAME_SIZE];
    link_key(name, key);
    uintptr_t number = (uintptr_t)map_get(&lab->link_by_name, key);
    return number ? (uint32_t)(number - 1) : LAB_NONE;
}

static uint32_t add_port(struct lab *lab, uint32_t node, uint32_t link, uint32_t end)
{
    struct lab_node *owner = &lab->nodes[node];
    lab->ports =
        memory_grow_array(lab->ports, lab->n_ports, &lab->ports_capacity, sizeof *lab->ports);
    uint32_t index = (uint32_t)lab->n_ports++;
    lab->ports[index] = (struct lab_port){
        .node = node,
        .link = link,
        .end = end,
        .number = (uint32_t)owner->n_ports,
        .segment = LAB_NONE,
    };
    owner->ports = memory_grow_array(owner->ports, owner->n_ports, &owner->ports_capacity,
                                     sizeof *owner->ports);
    owner->ports[owner->n_ports++] = index;
    return index;
}

static struct link_config link_config_of(const struct config_value *options)
{
    struct link_config config = {
        .rate_bps = config_get_rate(options, "rate", 0),
        .delay_ns = config_get_duration(options, "delay", 1),
        .loss_ppm = config_get_share(options, "loss", 0),
        .queue_bytes = config_get_size(options, "queue_size", 0),
        .overhead_bytes = (uint32_t)config_get_size(options, "overhead", LINK_DEFAULT_OVERHEAD),
    };
    uint64_t queue = config.rate_bps && !config.queue_bytes ? 1000 : 0;
    config.queue_frames = (uint32_t)config_get_integer(options, "queue", queue);
    return config;
}

/* What `name` says, or A-B; a second link between the same two is A-B_2. Owned. */
static char *choose_link_name(struct lab *lab, uint32_t a, uint32_t b,
                              const struct config_value *options)
{
    struct text name = {0};
    const char *written = config_get_text(options, "name", NULL);
    if (written) {
        text_print(&name, "%s", written);
    } else {
        text_print(&name, "%s-%s", lab->nodes[a].name, lab->nodes[b].name);
    }
    size_t len = name.len;
    for (unsigned i = 2; lab_find_link(lab, name.chars) != LAB_NONE; i++) {
        name.len = len;
        text_print(&name, "_%u", i);
    }
    return name.chars;
}

uint32_t lab_add_link(struct lab *lab, uint32_t a, uint32_t b, const struct config_value *options)
{
    lab->links =
        memory_grow_array(lab->links, lab->n_links, &lab->links_capacity, sizeof *lab->links);
    uint32_t index = (uint32_t)lab->n_links++;
    struct lab_link *link = &lab->links[index];
    *link = (struct lab_link){
        .config = link_config_of(options),
        .mtu = (uint32_t)config_get_size(options, "mtu", ETHERNET_DEFAULT_MTU),
        .config_value = options,
    };
    const char *subnet = config_get_text(options, "subnet", NULL);
    if (subnet) {
        (void)ip_prefix_parse(subnet, &link->subnet); /* the schema saw to it */
    }
    link->name = choose_link_name(lab, a, b, options);
    char key[LAB_LINK_NAME_SIZE];
    link_key(link->name, key);
    map_put(&lab->link_by_name, key, (void *)(uintptr_t)(index + 1));
    uint32_t port_a = add_port(lab, a, index, 0);
    uint32_t port_b = add_port(lab, b, index, 1);
    lab->links[index].port[0] = port_a;
    lab->links[index].port[1] = port_b;
    return index;
}

static enum lab_kind kind_of(const struct config_value *node)
{
    const char *kind = config_get_text(node, "kind", LAB_KIND_NAMES[LAB_HOST]);
    for (int k = 0; k < LAB_KINDS; k++) {
        if (strcmp(kind, LAB_KIND_NAMES[k]) == 0) {
            return (enum lab_kind)k;
        }
    }
    return LAB_HOST; /* the schema refused it */
}

static void read_node(struct lab *lab, const struct config_value *value)
{
    enum lab_kind kind = kind_of(value);
    lab_check_node_keys(lab, value, kind);
    const struct config_value *count = config_get(value, "count");
    if (!count) {
        lab_add_node(lab, value->key, kind, value);
        return;
    }
    if (!is_node_name(value->key) || strlen(value->key) > LAB_NAME_SIZE - 8) {
        config_problem_at_key(lab->file, value, "'%s' cannot name a group of nodes", value->key);
        return;
    }
    uint64_t n = config_get_integer(value, "count", 1);
    for (uint64_t i = 1; i <= n && lab->file->n_problems == 0; i++) {
        char name[2 * LAB_NAME_SIZE];
        snprintf(name, sizeof name, "%s%llu", value->key, (unsigned long long)i);
        lab_add_node(lab, name, kind, value);
    }
}

/* A name that the file uses: a node, or a group (its first member and their number). */
static bool find_group(const struct lab *lab, const char *name, struct group *group)
{
    uint32_t node = lab_find_node(lab, name);
    if (node != LAB_NONE) {
        *group = (struct group){node, 1};
        return true;
    }
    const struct config_value *declared = config_get(config_get(lab->file->root, "nodes"), name);
    if (!declared) {
        return false;
    }
    char first[LAB_NAME_SIZE + 1];
    snprintf(first, sizeof first, "%.*s1", LAB_NAME_SIZE - 2, name);
    node = lab_find_node(lab, first);
    *group = (struct group){node, (uint32_t)config_get_integer(declared, "count", 1)};
    return node != LAB_NONE;
}

static void report_unknown_node(struct lab *lab, const struct config_value *at, const char *name)
{
    const char **names = memory_new_array(lab->n_nodes + 1, sizeof *names);
    for (size_t i = 0; i < lab->n_nodes; i++) {
        names[i] = lab->nodes[i].name;
    }
    const char *meant = config_suggest(name, names, lab->n_nodes);
    if (meant) {
        config_problem(lab->file, at, "there is no node '%s'; did you mean '%s'?", name, meant);
    } else {
        config_problem(lab->file, at, "there is no node '%s'; add it under 'nodes'", name);
    }
    free(names);
}

uint32_t lab_resolve_node(struct lab *lab, const struct config_value *value)
{
    struct group group;
    if (!find_group(lab, value->text, &group)) {
        report_unknown_node(lab, value, value->text);
        return LAB_NONE;
    }
    if (group.count > 1) {
        config_problem(lab->file, value, "'%s' is a group; name one of %s ... %s%u", value->text,
                       lab->nodes[group.first].name, value->text, group.count);
        return LAB_NONE;
    }
    return group.first;
}

static void connect_groups(struct lab *lab, struct group a, struct group b,
                           const struct config_value *at, const struct config_value *options)
{
    if (a.count > 1 && b.count > 1 && a.count != b.count) {
        config_problem(lab->file, at, "groups of %u and %u nodes cannot be linked one to one",
                       a.count, b.count);
        return;
    }
    if (a.first == b.first) {
        config_problem(lab->file, at, "a link joins two different nodes");
        return;
    }
    uint32_t n = a.count > b.count ? a.count : b.count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = a.first + (a.count > 1 ? i : 0);
        uint32_t to = b.first + (b.count > 1 ? i : 0);
        if (lab->nodes[from].n_ports >= LAB_MAX_PORTS || lab->nodes[to].n_ports >= LAB_MAX_PORTS) {
            config_problem(lab->file, at, "a node has at most %d links", LAB_MAX_PORTS);
            return;
        }
        lab_add_link(lab, from, to, options);
    }
}

/* "a-b", as a scalar or as the only key of a map with options. */
static void read_link(struct lab *lab, const struct config_value *value)
{
    const char *pair = value->text;
    const struct config_value *options = NULL;
    if (value->kind == CONFIG_MAP && value->n_items == 1) {
        options = &value->items[0];
        pair = options->key;
        if (options->kind == CONFIG_SCALAR && options->text[0] == '\0') {
            options = NULL; /* "- a-b:" without anything */
        } else if (!config_check(lab->file, options, &LAB_LINK_SCHEMA)) {
            return;
        }
    } else if (value->kind != CONFIG_SCALAR) {
        config_problem(lab->file, value, "a link is written 'a-b' or 'a-b: {rate: 10mbit}'");
        return;
    }
    const char *hyphen = strchr(pair, '-');
    if (!hyphen || hyphen == pair || !hyphen[1] || strchr(hyphen + 1, '-')) {
        config_problem(lab->file, value,
                       "'%s' is not a link: write two node names with one '-' between them", pair);
        return;
    }
    char *left = memory_copy_chars(pair, (size_t)(hyphen - pair));
    struct group a, b;
    if (!find_group(lab, left, &a)) {
        report_unknown_node(lab, value, left);
    } else if (!find_group(lab, hyphen + 1, &b)) {
        report_unknown_node(lab, value, hyphen + 1);
    } else {
        connect_groups(lab, a, b, value, options);
    }
    free(left);
}

/* The port of a home router that faces the Internet: `wan` names the neighbour; else the first
 * neighbour that is a router; else the first link. */
static void choose_wan_port(struct lab *lab, struct lab_node *node)
{
    const struct config_value *wan = config_get(node->config, "wan");
    uint32_t wanted = wan ? lab_resolve_node(lab, wan) : LAB_NONE;
    for (size_t i = 0; i < node->n_ports && node->wan_port == LAB_NONE; i++) {
        const struct lab_port *port = &lab->ports[node->ports[i]];
        uint32_t neighbour = lab->ports[lab->links[port->link].port[1 - port->end]].node;
        if (wan ? neighbour == wanted : lab->nodes[neighbour].kind == LAB_ROUTER) {
            node->wan_port = node->ports[i];
        }
    }
    if (wan && wanted != LAB_NONE && node->wan_port == LAB_NONE) {
        config_problem(lab->file, wan, "'%s' has no link to '%s'", node->name, wan->text);
    } else if (node->wan_port == LAB_NONE && node->n_ports > 0) {
        node->wan_port = node->ports[0];
    }
}

/* A home router's LAN sockets are one switch: with more than one link inside, that switch becomes a
 * node of its own, NAME_lan. */
static void split_off_lan_switch(struct lab *lab, uint32_t index)
{
    if (lab->nodes[index].n_ports <= 2) {
        return;
    }
    char name[2 * LAB_NAME_SIZE];
    snprintf(name, sizeof name, "%.*s_lan", LAB_NAME_SIZE - 5, lab->nodes[index].name);
    uint32_t lan = lab_add_node(lab, name, LAB_SWITCH, NULL);
    if (lan == LAB_NONE) {
        return;
    }
    struct lab_node *node = &lab->nodes[index];
    size_t kept = 0;
    for (size_t i = 0; i < node->n_ports; i++) {
        uint32_t port = node->ports[i];
        if (port == node->wan_port) {
            lab->ports[port].number = (uint32_t)kept;
            node->ports[kept++] = port;
            continue;
        }
        struct lab_node *sw = &lab->nodes[lan];
        sw->ports =
            memory_grow_array(sw->ports, sw->n_ports, &sw->ports_capacity, sizeof *sw->ports);
        lab->ports[port].node = lan;
        lab->ports[port].number = (uint32_t)sw->n_ports;
        sw->ports[sw->n_ports++] = port;
    }
    node->n_ports = kept;
    lab_add_link(lab, lan, index, NULL);
}

static void read_home_routers(struct lab *lab)
{
    size_t n_nodes = lab->n_nodes; /* without the switches that are added */
    for (uint32_t i = 0; i < n_nodes && lab->file->n_problems == 0; i++) {
        if (lab->nodes[i].kind != LAB_HOME_NAT) {
            continue;
        }
        if (lab->nodes[i].n_ports < 2) {
            config_problem_at_key(
                lab->file, lab->nodes[i].config,
                "home-nat '%s' needs a link to its provider and one into the home",
                lab->nodes[i].name);
            return;
        }
        choose_wan_port(lab, &lab->nodes[i]);
        split_off_lan_switch(lab, i);
    }
}

static void check_ports(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_nodes; i++) {
        const struct lab_node *node = &lab->nodes[i];
        bool takes_one = node->kind == LAB_HOST || node->kind == LAB_DNS ||
                         node->kind == LAB_WEB_SERVER || node->kind == LAB_TAP;
        if (takes_one && node->n_ports > 1) {
            config_problem_at_key(lab->file, node->config,
                                  "%s '%s' has %zu links and can have one; put a switch or router "
                                  "between",
                                  lab_kind_text(node->kind), node->name, node->n_ports);
        }
    }
}

void lab_read_topology(struct lab *lab)
{
    const struct config_value *nodes = config_get(lab->file->root, "nodes");
    for (size_t i = 0; nodes && i < nodes->n_items; i++) {
        read_node(lab, &nodes->items[i]);
    }
    const struct config_value *links = config_get(lab->file->root, "links");
    for (size_t i = 0; links && i < links->n_items; i++) {
        read_link(lab, &links->items[i]);
    }
    if (lab->file->n_problems == 0) {
        read_home_routers(lab);
        check_ports(lab);
    }
}
