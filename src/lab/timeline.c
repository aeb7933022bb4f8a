/* What happens when, and what must hold: `faults:` and `expect:`. */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static uint32_t resolve_link(struct lab *lab, const struct config_value *value)
{
    uint32_t link = lab_find_link(lab, value->text);
    if (link != LAB_NONE) {
        return link;
    }
    const char **names = memory_new_array(lab->n_links + 1, sizeof *names);
    for (size_t i = 0; i < lab->n_links; i++) {
        names[i] = lab->links[i].name;
    }
    const char *meant = config_suggest(value->text, names, lab->n_links);
    config_problem(lab->file, value, "there is no link '%s'%s%s%s", value->text,
                   meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    free(names);
    return LAB_NONE;
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
        .from = lab_resolve_node(lab, config_get(value, "from")),
        .target = target->text,
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
    if (expect.from != LAB_NONE && !lab_kind_has_stack(lab->nodes[expect.from].kind)) {
        config_problem(lab->file, config_get(value, "from"), "'%s' is a %s and cannot try anything",
                       lab->nodes[expect.from].name, lab_kind_text(lab->nodes[expect.from].kind));
    }
    struct ip_addr addr;
    if (kind == LAB_EXPECT_PING && !ip_parse(expect.target, &addr)) {
        lab_resolve_node(lab, target); /* reports when there is none */
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
