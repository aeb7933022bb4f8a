/* What happens when, and what must hold: `faults:` and `expect:`. */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SUGGESTED = 2000 }; /* links that are looked through for what was meant */

/* The link that "b-a" means where there is "a-b", or what is spelt like it; NULL. */
static const char *suggest_link(const struct lab *lab, const char *name)
{
    const char *hyphen = strchr(name, '-');
    if (hyphen && strlen(name) < LAB_LINK_NAME_SIZE) {
        char turned[2 * LAB_LINK_NAME_SIZE];
        snprintf(turned, sizeof turned, "%s-%.*s", hyphen + 1, (int)(hyphen - name), name);
        uint32_t link = lab_find_link(lab, turned);
        if (link != LAB_NONE) {
            return lab->links[link].name;
        }
    }
    size_t count = lab->n_links < MAX_SUGGESTED ? lab->n_links : MAX_SUGGESTED;
    const char **names = memory_new_array(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        names[i] = lab->links[i].name;
    }
    const char *meant = config_suggest(name, names, count);
    free(names);
    return meant;
}

static uint32_t resolve_link(struct lab *lab, const struct config_value *value)
{
    uint32_t link = lab_find_link(lab, value->text);
    if (link == LAB_NONE) {
        bool is_shown = lab->file->n_problems < CONFIG_MAX_PROBLEMS;
        const char *meant = is_shown ? suggest_link(lab, value->text) : NULL;
        config_problem(lab->file, value, "there is no link '%s'%s%s%s", value->text,
                       meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    }
    return link;
}

static void read_fault(struct lab *lab, const struct config_value *value)
{
    struct lab_fault fault = {
        .at_ns = config_get_duration(value, "at", 0),
        .duration_ns = config_get_duration(value, "for", 0),
        .link = resolve_link(lab, config_get(value, "link")),
        .kind = LAB_FAULT_CHANGE,
    };
    fault.changes = lab_read_conditions(&fault.change, value);
    if (fault.link != LAB_NONE) {
        struct link_config config = lab->links[fault.link].config;
        lab_change_conditions(&config, &fault.change, fault.changes);
        lab_check_conditions(lab, value, &config);
    }
    if (config_get(value, "down")) {
        fault.kind = LAB_FAULT_DOWN;
        fault.duration_ns = config_get_duration(value, "down", 0);
    }
    if ((fault.kind == LAB_FAULT_DOWN) == (fault.changes != 0)) {
        config_problem(lab->file, value,
                       "a fault is either 'down' or a change of the link: 'loss', 'delay', 'rate', "
                       "'jitter' ...");
    } else if (fault.kind == LAB_FAULT_DOWN && config_get(value, "for")) {
        config_problem_at_key(lab->file, config_get(value, "for"),
                              "'down' says how long already; leave out 'for'");
    }
    lab->faults =
        memory_grow_array(lab->faults, lab->n_faults, &lab->faults_capacity, sizeof *lab->faults);
    lab->faults[lab->n_faults++] = fault;
}

static const struct config_value *one_target(struct lab *lab, const struct config_value *value,
                                             enum lab_expect_kind *kind)
{
    static const struct {
        const char *key;
        enum lab_expect_kind kind;
    } TARGETS[] = {
        {"get", LAB_EXPECT_GET}, {"ping", LAB_EXPECT_PING}, {"resolve", LAB_EXPECT_RESOLVE}};
    const struct config_value *target = NULL;
    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        const struct config_value *found = config_get(value, TARGETS[i].key);
        if (found && target) {
            config_problem_at_key(lab->file, found, "an expectation has one of get, ping, resolve");
            return NULL;
        }
        if (found) {
            target = found;
            *kind = TARGETS[i].kind;
        }
    }
    if (!target) {
        config_problem(lab->file, value, "an expectation needs one of get, ping, resolve");
    }
    return target;
}

static void check_expect_keys(struct lab *lab, const struct config_value *value,
                              enum lab_expect_kind kind)
{
    static const struct {
        const char *key;
        enum lab_expect_kind kind;
        const char *goes_with;
    } OPTIONS[] = {{"status", LAB_EXPECT_GET, "get"},
                   {"body", LAB_EXPECT_GET, "get"},
                   {"address", LAB_EXPECT_RESOLVE, "resolve"}};
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        const struct config_value *option = config_get(value, OPTIONS[i].key);
        if (option && kind != OPTIONS[i].kind) {
            config_problem_at_key(lab->file, option, "'%s' goes with '%s'", OPTIONS[i].key,
                                  OPTIONS[i].goes_with);
        }
    }
}

/* Who tries has a stack and a link. */
static uint32_t read_from(struct lab *lab, const struct config_value *value)
{
    uint32_t from = lab_resolve_node(lab, value);
    if (from == LAB_NONE) {
        return LAB_NONE;
    }
    const struct lab_node *node = &lab->nodes[from];
    if (!lab_kind_has_stack(node->kind)) {
        config_problem(lab->file, value, "'%s' is a %s and cannot try anything", node->name,
                       lab_kind_text(node->kind));
    } else if (node->n_ports == 0) {
        config_problem(lab->file, value, "'%s' has no link and cannot reach anything", node->name);
    }
    return from;
}

/* The node to ping, which has or gets an address; LAB_NONE: the target is one itself. */
static uint32_t read_ping_target(struct lab *lab, const struct config_value *target)
{
    struct ip_addr addr;
    if (ip_parse(target->text, &addr)) {
        if (addr.version != IP_V4) {
            config_problem(lab->file, target, "'%s' is no IPv4 address", target->text);
        }
        return LAB_NONE;
    }
    uint32_t index = lab_resolve_node(lab, target);
    if (index == LAB_NONE) {
        return LAB_NONE;
    }
    const struct lab_node *node = &lab->nodes[index];
    if (node->n_ports == 0) {
        config_problem(lab->file, target, "'%s' has no link and so no address", node->name);
    } else if (!lab->ports[node->ports[0]].uses_dhcp && !ip_is_set(lab_node_address(lab, index))) {
        config_problem(lab->file, target, "'%s' is a %s without an address", node->name,
                       lab_kind_text(node->kind));
    }
    return index;
}

static void read_expect(struct lab *lab, const struct config_value *value)
{
    enum lab_expect_kind kind = LAB_EXPECT_GET;
    const struct config_value *target = one_target(lab, value, &kind);
    if (!target) {
        return;
    }
    check_expect_keys(lab, value, kind);
    struct lab_expect expect = {
        .kind = kind,
        .from = read_from(lab, config_get(value, "from")),
        .target = target->text,
        .target_node = kind == LAB_EXPECT_PING ? read_ping_target(lab, target) : LAB_NONE,
        .has_at = config_get(value, "at"),
        .at_ns = config_get_duration(value, "at", 0),
        .within_ns = config_get_duration(value, "within", 0),
        .fails = config_get_bool(value, "fails", false),
        .status = (uint32_t)config_get_integer(value, "status", 0),
        .body = config_get_text(value, "body", NULL),
        .line = value->line,
    };
    const char *address = config_get_text(value, "address", NULL);
    if (address) {
        (void)ip_parse(address, &expect.address);
    }
    lab->expects = memory_grow_array(lab->expects, lab->n_expects, &lab->expects_capacity,
                                     sizeof *lab->expects);
    lab->expects[lab->n_expects++] = expect;
}

void lab_read_timeline(struct lab *lab)
{
    const struct config_value *faults = config_get(lab->file->root, "faults");
    for (size_t i = 0; faults && i < faults->n_items; i++) {
        read_fault(lab, &faults->items[i]);
    }
    const struct config_value *expects = config_get(lab->file->root, "expect");
    for (size_t i = 0; expects && i < expects->n_items; i++) {
        read_expect(lab, &expects->items[i]);
    }
}
