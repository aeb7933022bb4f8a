/* Names: who serves which zone, and who asks whom.
 *
 * A lab with names but no dns node gets up to four: a root server, one for the top-level domains,
 * one for the domains below, and a resolver. Whoever is not told by DHCP asks the first resolver
 * that everybody can reach, or else the first on its own segment.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HOMES_IN_HOMES = 16 };

/* The last `labels` labels of a name. */
static struct dns_name name_suffix(const struct dns_name *name, size_t labels)
{
    struct dns_name suffix = *name;
    while (dns_name_label_count(&suffix) > labels) {
        struct dns_name parent;
        (void)dns_name_parent(&suffix, &parent);
        suffix = parent;
    }
    return suffix;
}

/* --- reading the file --- */

static void read_web_names(struct lab *lab, struct lab_node *node)
{
    const struct config_value *names = config_get(node->config, "name");
    node->n_names = names ? lab_value_count(names) : 0;
    node->names = memory_new_array(node->n_names, sizeof *node->names);
    for (size_t i = 0; i < node->n_names; i++) {
        node->names[i] = lab_value_at(names, i)->text;
    }
    const char *root = config_get_text(node->config, "root", NULL);
    if (root) {
        struct text path = {0};
        text_print(&path, "%s%s", root[0] == '/' ? "" : lab->folder, root);
        node->root = path.chars;
    }
}

static void read_dns_node(struct lab *lab, uint32_t index)
{
    struct lab_node *node = &lab->nodes[index];
    const struct config_value *zones = config_get(node->config, "zone");
    const struct config_value *records = config_get(node->config, "records");
    const char *role = config_get_text(node->config, "role", zones ? "authority" : "resolver");
    node->is_resolver = strcmp(role, "resolver") == 0;
    if (node->is_resolver && zones) {
        config_problem_at_key(lab->file, zones,
                              "a resolver has no zones of its own; make another "
                              "dns node for them");
    } else if (!node->is_resolver && (!zones || lab_value_count(zones) == 0)) {
        config_problem_at_key(lab->file, node->config, "an authority needs a 'zone'");
    } else if (records && !zones) {
        config_problem_at_key(lab->file, records, "'records' are in a zone: say which in 'zone'");
    }
    for (size_t i = 0; zones && i < lab_value_count(zones); i++) {
        struct dns_name origin = lab_name_of(lab_value_at(zones, i)->text);
        lab_add_zone(lab, index, &origin);
    }
}

/* Where implied servers are attached: the first router, or else the first switch. */
static uint32_t find_attachment(const struct lab *lab)
{
    static const enum lab_kind WANTED[] = {LAB_ROUTER, LAB_SWITCH};
    for (size_t k = 0; k < sizeof WANTED / sizeof WANTED[0]; k++) {
        for (uint32_t i = 0; i < lab->n_nodes; i++) {
            if (lab->nodes[i].kind == WANTED[k] && !lab->nodes[i].is_implied) {
                return i;
            }
        }
    }
    return LAB_NONE;
}

static uint32_t add_implied_server(struct lab *lab, const char *name, uint32_t attachment)
{
    if (lab->file->n_problems) {
        return LAB_NONE;
    }
    uint32_t node = lab_add_implied_node(lab, name, LAB_DNS);
    if (node != LAB_NONE) {
        (void)lab_add_link(lab, node, attachment, NULL, NULL);
    }
    return node;
}

/* Some server has a name with two labels or more. */
static bool has_domains(const struct lab *lab)
{
    for (size_t i = 0; i < lab->n_nodes; i++) {
        for (size_t k = 0; k < lab->nodes[i].n_names; k++) {
            struct dns_name name = lab_name_of(lab->nodes[i].names[k]);
            if (dns_name_label_count(&name) >= 2) {
                return true;
            }
        }
    }
    return false;
}

/* The zones of so many labels that names of the file's servers belong to. */
static void add_implied_zones(struct lab *lab, uint32_t server, size_t labels, size_t n_nodes)
{
    for (size_t i = 0; i < n_nodes; i++) {
        for (size_t k = 0; k < lab->nodes[i].n_names; k++) {
            struct dns_name name = lab_name_of(lab->nodes[i].names[k]);
            struct dns_name origin = name_suffix(&name, labels);
            if (dns_name_label_count(&origin) == labels) {
                lab_add_zone(lab, server, &origin);
            }
        }
    }
}

static void add_implied_servers(struct lab *lab, const struct config_value *first_name)
{
    uint32_t attachment = find_attachment(lab);
    if (attachment == LAB_NONE) {
        config_problem_at_key(lab->file, first_name,
                              "names need name servers, and there is no router or switch to attach "
                              "them to; add one, or leave out 'name'");
        return;
    }
    size_t n_nodes = lab->n_nodes;
    uint32_t root = add_implied_server(lab, "dns_root", attachment);
    uint32_t tld = add_implied_server(lab, "dns_tld", attachment);
    uint32_t authority =
        has_domains(lab) ? add_implied_server(lab, "dns_authority", attachment) : LAB_NONE;
    uint32_t resolver = add_implied_server(lab, "dns_resolver", attachment);
    if (lab->file->n_problems) {
        return;
    }
    struct dns_name origin = lab_name_of(".");
    lab_add_zone(lab, root, &origin);
    add_implied_zones(lab, tld, 1, n_nodes);
    add_implied_zones(lab, authority, 2, n_nodes);
    lab->nodes[resolver].is_resolver = true;
}

void lab_read_naming(struct lab *lab)
{
    bool has_dns = false;
    const struct config_value *first_name = NULL;
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        if (lab->nodes[i].kind == LAB_DNS) {
            has_dns = true;
            read_dns_node(lab, i);
        } else if (lab->nodes[i].kind == LAB_WEB_SERVER) {
            read_web_names(lab, &lab->nodes[i]);
            if (!first_name && lab->nodes[i].n_names) {
                first_name = config_get(lab->nodes[i].config, "name");
            }
        }
    }
    if (first_name && !has_dns && lab->file->n_problems == 0) {
        add_implied_servers(lab, first_name);
    }
}

/* --- who asks whom --- */

/* The node is on that home's LAN, or in a home inside it, or so on. */
static bool is_inside(const struct lab *lab, const struct lab_node *node, uint32_t home)
{
    for (size_t i = 0; i < node->n_ports; i++) {
        uint32_t segment = lab->ports[node->ports[i]].segment;
        for (int depth = 0; depth < MAX_HOMES_IN_HOMES; depth++) {
            uint32_t nat = lab->segments[segment].nat_node;
            if (nat == LAB_NONE || nat == home) {
                break;
            }
            segment = lab->ports[lab->nodes[nat].wan_port].segment;
        }
        if (lab->segments[segment].nat_node == home) {
            return true;
        }
    }
    return false;
}

/* A home router answers in its LAN, a resolver whoever reaches it. */
static void use_resolver_node(struct lab *lab, struct lab_node *node,
                              const struct config_value *value)
{
    const struct lab_node *server = &lab->nodes[node->resolver_node];
    uint32_t home = LAB_NONE; /* where alone it can be reached */
    if (server->kind == LAB_HOME_NAT) {
        node->resolver = server->lan.addr;
        home = node->resolver_node;
    } else if (server->kind == LAB_DNS && server->is_resolver && server->n_ports) {
        node->resolver = lab_node_address(lab, node->resolver_node);
        home = lab->segments[lab->ports[server->ports[0]].segment].nat_node;
    }
    node->has_resolver = ip_is_set(node->resolver);
    if (!node->has_resolver) {
        config_problem(lab->file, value, "'%s' is no resolver with an address", value->text);
    } else if (home != LAB_NONE && !is_inside(lab, node, home)) {
        config_problem(lab->file, value,
                       "'%s' answers inside the home of '%s' only, and '%s' is outside",
                       value->text, lab->nodes[home].name, node->name);
    }
}

static void read_resolver_key(struct lab *lab, struct lab_node *node,
                              const struct config_value *value)
{
    if (ip_parse(value->text, &node->resolver)) {
        node->has_resolver = true;
        if (!lab_is_unicast(node->resolver)) {
            config_problem(lab->file, value, "'%s' is no address that a name server can have",
                           value->text);
        }
        return;
    }
    node->resolver_node = lab_resolve_node(lab, value);
    if (node->resolver_node != LAB_NONE) {
        use_resolver_node(lab, node, value);
    }
}

/* The first resolver outside homes, and by segment the first on it; LAB_NONE: there is none. */
struct resolvers {
    uint32_t everywhere;
    uint32_t *on_segment;
};

static void find_resolvers(const struct lab *lab, struct resolvers *resolvers)
{
    resolvers->everywhere = LAB_NONE;
    resolvers->on_segment = memory_new_array(lab->n_segments, sizeof(uint32_t));
    for (size_t i = 0; i < lab->n_segments; i++) {
        resolvers->on_segment[i] = LAB_NONE;
    }
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        const struct lab_node *node = &lab->nodes[i];
        if (node->kind != LAB_DNS || !node->is_resolver || !node->n_ports) {
            continue;
        }
        uint32_t segment = lab->ports[node->ports[0]].segment;
        if (resolvers->on_segment[segment] == LAB_NONE) {
            resolvers->on_segment[segment] = i;
        }
        if (resolvers->everywhere == LAB_NONE && !lab->segments[segment].is_private) {
            resolvers->everywhere = i;
        }
    }
}

static void use_default_resolver(struct lab *lab, struct lab_node *node,
                                 const struct resolvers *resolvers)
{
    uint32_t server = resolvers->everywhere;
    for (size_t i = 0; i < node->n_ports && server == LAB_NONE; i++) {
        server = resolvers->on_segment[lab->ports[node->ports[i]].segment];
    }
    if (server != LAB_NONE) {
        node->resolver_node = server;
        node->resolver = lab_node_address(lab, server);
        node->has_resolver = true;
    }
}

void lab_assign_resolvers(struct lab *lab)
{
    struct resolvers resolvers;
    find_resolvers(lab, &resolvers);
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        struct lab_node *node = &lab->nodes[i];
        const struct config_value *value = config_get(node->config, "resolver");
        bool by_dhcp = node->n_ports && lab->ports[node->ports[0]].uses_dhcp;
        bool asks = lab_kind_has_stack(node->kind) && node->kind != LAB_DNS;
        if (value) {
            read_resolver_key(lab, node, value);
        } else if (asks && !by_dhcp && node->n_ports) {
            use_default_resolver(lab, node, &resolvers);
        }
    }
    free(resolvers.on_segment);
}
