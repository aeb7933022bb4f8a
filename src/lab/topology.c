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

enum {
    GROUP_NAME_MAX = 48,  /* so that NAMEn, and what is made of that, fits LAB_NAME_SIZE */
    MAX_SUGGESTED = 2000, /* names that are looked through for what was meant */
};

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

uint32_t lab_add_implied_node(struct lab *lab, const char *name, enum lab_kind kind)
{
    char free_name[2 * LAB_NAME_SIZE];
    snprintf(free_name, sizeof free_name, "%s", name);
    for (unsigned i = 2; lab_find_node(lab, free_name) != LAB_NONE; i++) {
        snprintf(free_name, sizeof free_name, "%.*s%u", LAB_NAME_SIZE, name, i);
    }
    return lab_add_node(lab, free_name, kind, NULL);
}

/* --- links --- */

bool lab_is_link_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= LAB_LINK_NAME_SIZE - 12 || !is_name_char(name[0])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_name_char(name[i]) && name[i] != '-' && name[i] != '.') {
            return false;
        }
    }
    return true;
}

static void link_key(const char *name, char key[LAB_LINK_NAME_SIZE])
{
    memset(key, 0, LAB_LINK_NAME_SIZE);
    memcpy(key, name, strnlen(name, LAB_LINK_NAME_SIZE - 1));
}

uint32_t lab_find_link(const struct lab *lab, const char *name)
{
    if (strlen(name) >= LAB_LINK_NAME_SIZE) {
        return LAB_NONE;
    }
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

uint32_t lab_peer(const struct lab *lab, uint32_t port)
{
    const struct lab_port *p = &lab->ports[port];
    return lab->ports[lab->links[p->link].port[1 - p->end]].node;
}

static struct link_config link_config_of(const struct config_value *options)
{
    struct link_config config = {
        .delay_ns = 1,
        .queue_bytes = config_get_size(options, "queue_size", 0),
        .overhead_bytes = (uint32_t)config_get_size(options, "overhead", LINK_DEFAULT_OVERHEAD),
    };
    (void)lab_read_conditions(&config, options);
    lab_complete_conditions(&config);
    uint64_t queue = config.rate_bps && !config.queue_bytes ? 1000 : 0;
    config.queue_frames = (uint32_t)config_get_integer(options, "queue", queue);
    return config;
}

/* What `name` says, or A-B. The second link of that name is NAME_2; but two lines of the file must
 * not claim one name. Owned. */
static char *choose_link_name(struct lab *lab, uint32_t a, uint32_t b,
                              const struct config_value *at, const struct config_value *options)
{
    struct text name = {0};
    const char *written = config_get_text(options, "name", NULL);
    if (written) {
        text_print(&name, "%s", written);
    } else {
        text_print(&name, "%s-%s", lab->nodes[a].name, lab->nodes[b].name);
    }
    uint32_t first = lab_find_link(lab, name.chars);
    if (written && first != LAB_NONE && lab->links[first].at != at) {
        config_problem(lab->file, config_get(options, "name"), "there is a link named '%s' already",
                       written);
    }
    size_t len = name.len;
    while (lab_find_link(lab, name.chars) != LAB_NONE) {
        name.len = len;
        text_print(&name, "_%u", ++lab->links[first].n_namesakes + 1);
    }
    return name.chars;
}

static bool link_has_room(struct lab *lab, uint32_t a, uint32_t b, const struct config_value *at)
{
    if (lab->n_links == LAB_MAX_LINKS) {
        config_problem(lab->file, at, "a lab has at most %d links", LAB_MAX_LINKS);
        return false;
    }
    uint32_t full = lab->nodes[a].n_ports >= LAB_MAX_PORTS ? a : b;
    if (lab->nodes[full].n_ports >= LAB_MAX_PORTS) {
        config_problem(lab->file, at, "'%s' has %d links, and a node has no more",
                       lab->nodes[full].name, LAB_MAX_PORTS);
        return false;
    }
    return true;
}

uint32_t lab_add_link(struct lab *lab, uint32_t a, uint32_t b, const struct config_value *at,
                      const struct config_value *options)
{
    if (!link_has_room(lab, a, b, at)) {
        return LAB_NONE;
    }
    struct lab_link link = {
        .config = link_config_of(options),
        .mtu = (uint32_t)config_get_size(options, "mtu", ETHERNET_DEFAULT_MTU),
        .at = at,
        .options = options,
        .name = choose_link_name(lab, a, b, at, options),
    };
    lab_check_conditions(lab, options ? options : at, &link.config);
    const char *subnet = config_get_text(options, "subnet", NULL);
    if (subnet) {
        (void)ip_prefix_parse(subnet, &link.subnet); /* the schema saw to it */
    }
    lab->links =
        memory_grow_array(lab->links, lab->n_links, &lab->links_capacity, sizeof *lab->links);
    uint32_t index = (uint32_t)lab->n_links++;
    lab->links[index] = link;
    char key[LAB_LINK_NAME_SIZE];
    link_key(link.name, key);
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

/* True when every node that `value` stands for is there. */
static bool read_node(struct lab *lab, const struct config_value *value)
{
    enum lab_kind kind = kind_of(value);
    lab_check_node_keys(lab, value, kind);
    if (!config_get(value, "count")) {
        return lab_add_node(lab, value->key, kind, value) != LAB_NONE;
    }
    if (!is_node_name(value->key) || strlen(value->key) > GROUP_NAME_MAX) {
        config_problem_at_key(
            lab->file, value,
            "'%s' cannot name a group of nodes: use up to %d letters, digits and '_'", value->key,
            GROUP_NAME_MAX);
        return false;
    }
    uint64_t n = config_get_integer(value, "count", 1);
    for (uint64_t i = 1; i <= n; i++) {
        char name[2 * LAB_NAME_SIZE];
        snprintf(name, sizeof name, "%s%llu", value->key, (unsigned long long)i);
        if (lab_add_node(lab, name, kind, value) == LAB_NONE) {
            return false;
        }
    }
    return true;
}

static bool read_nodes(struct lab *lab)
{
    const struct config_value *nodes = config_get(lab->file->root, "nodes");
    bool are_there = true;
    for (size_t i = 0; nodes && i < nodes->n_items; i++) {
        are_there &= read_node(lab, &nodes->items[i]);
        if (!are_there && lab->n_nodes == LAB_MAX_NODES) {
            break; /* it was said once */
        }
    }
    return are_there;
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
    char first[LAB_NAME_SIZE + 1]; /* it is a group, and its name is short */
    snprintf(first, sizeof first, "%.*s1", LAB_NAME_SIZE - 2, name);
    node = lab_find_node(lab, first);
    *group = (struct group){node, (uint32_t)config_get_integer(declared, "count", 1)};
    return node != LAB_NONE;
}

static void report_unknown_node(struct lab *lab, const struct config_value *at, const char *name)
{
    const struct config_value *declared = config_get(lab->file->root, "nodes");
    size_t n_declared = declared ? declared->n_items : 0, count = 0;
    const char **names = memory_new_array(MAX_SUGGESTED, sizeof *names);
    for (size_t i = 0; i < n_declared && count < MAX_SUGGESTED; i++) {
        names[count++] = declared->items[i].key;
    }
    for (size_t i = 0; i < lab->n_nodes && count < MAX_SUGGESTED; i++) {
        names[count++] = lab->nodes[i].name;
    }
    bool is_shown = lab->file->n_problems < CONFIG_MAX_PROBLEMS;
    const char *meant = is_shown ? config_suggest(name, names, count) : NULL;
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

static bool group_has(struct group group, uint32_t node)
{
    return node >= group.first && node - group.first < group.count;
}

/* Every address that a link's options give is that of one of its ends. */
static void check_link_addresses(struct lab *lab, struct group a, struct group b,
                                 const struct config_value *options)
{
    const struct config_value *addresses = config_get(options, "addresses");
    for (size_t i = 0; addresses && i < addresses->n_items; i++) {
        const struct config_value *item = &addresses->items[i];
        uint32_t node = lab_find_node(lab, item->key);
        if (node == LAB_NONE || (!group_has(a, node) && !group_has(b, node))) {
            config_problem_at_key(lab->file, item, "no end of this link is a node named '%s'",
                                  item->key);
        } else if (lab->nodes[node].kind == LAB_SWITCH) {
            config_problem_at_key(lab->file, item, "'%s' is a switch and has no address",
                                  item->key);
        }
    }
}

static void connect_groups(struct lab *lab, struct group a, struct group b,
                           const struct config_value *at, const struct config_value *options)
{
    if (a.count > 1 && b.count > 1 && a.count != b.count) {
        config_problem(lab->file, at, "groups of %u and %u nodes cannot be linked one to one",
                       a.count, b.count);
        return;
    }
    if (group_has(a, b.first) || group_has(b, a.first)) {
        config_problem(lab->file, at, "a link joins two different nodes");
        return;
    }
    uint32_t n = a.count > b.count ? a.count : b.count;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = a.first + (a.count > 1 ? i : 0);
        uint32_t to = b.first + (b.count > 1 ? i : 0);
        if (lab_add_link(lab, from, to, at, options) == LAB_NONE) {
            return;
        }
    }
    check_link_addresses(lab, a, b, options);
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

/* Hosts and their like have one link at most. What is wrong with a group is said once. */
static void check_ports(struct lab *lab)
{
    const struct config_value *reported = NULL;
    for (size_t i = 0; i < lab->n_nodes; i++) {
        const struct lab_node *node = &lab->nodes[i];
        bool takes_one = node->kind == LAB_HOST || node->kind == LAB_DNS ||
                         node->kind == LAB_WEB_SERVER || node->kind == LAB_TAP;
        if (!takes_one || node->config == reported) {
            continue;
        }
        if (node->n_ports > 1) {
            reported = node->config;
            config_problem_at_key(lab->file, node->config,
                                  "%s '%s' has %zu links and can have one; put a switch or router "
                                  "between",
                                  lab_kind_text(node->kind), node->name, node->n_ports);
        } else if (node->kind == LAB_TAP && node->n_ports == 0) {
            reported = node->config;
            config_problem_at_key(lab->file, node->config,
                                  "tap '%s' has no link: it would lead nowhere", node->name);
        }
    }
}

void lab_read_topology(struct lab *lab)
{
    if (!read_nodes(lab)) {
        return; /* links to what is not there would only be reported as unknown */
    }
    const struct config_value *links = config_get(lab->file->root, "links");
    for (size_t i = 0; links && i < links->n_items; i++) {
        read_link(lab, &links->items[i]);
        if (lab->n_links == LAB_MAX_LINKS && lab->file->n_problems) {
            return; /* it was said once */
        }
    }
    if (lab->file->n_problems == 0) {
        lab_read_home_routers(lab);
        check_ports(lab);
    }
}
