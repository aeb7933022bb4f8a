#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *lab_kind_text(enum lab_kind kind)
{
    return LAB_KIND_NAMES[kind];
}

size_t lab_value_count(const struct config_value *one_or_list)
{
    bool is_empty = one_or_list->kind == CONFIG_SCALAR && one_or_list->text[0] == '\0';
    return one_or_list->kind == CONFIG_LIST ? one_or_list->n_items : !is_empty;
}

const struct config_value *lab_value_at(const struct config_value *one_or_list, size_t index)
{
    return one_or_list->kind == CONFIG_LIST ? &one_or_list->items[index] : one_or_list;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, counting years from March. */
static int64_t days_of_date(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int days_of_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && is_leap);
}

static uint64_t parse_epoch(struct lab *lab, const struct config_value *value)
{
    int year, month, day, hour, minute, second;
    sscanf(value->text, "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second);
    bool is_valid = year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
                    day <= days_of_month(year, month) && hour <= 23 && minute <= 59 && second <= 59;
    if (!is_valid) {
        config_problem(lab->file, value, "'%s' is no time that there was or will be from 1970 on",
                       value->text);
        return 0;
    }
    return (uint64_t)(days_of_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
}

static void read_settings(struct lab *lab)
{
    const struct config_value *root = lab->file->root;
    lab->seed = config_get_integer(root, "seed", 1);
    lab->rto_min_ns = config_get_duration(root, "rto_min", 0);
    lab->tcp_buffer = (uint32_t)config_get_size(root, "tcp_buffer", 0);
    const struct config_value *epoch = config_get(root, "epoch");
    lab->epoch_unix_s = epoch ? parse_epoch(lab, epoch) : ENV_DEFAULT_EPOCH_UNIX_S;
    (void)ip_prefix_parse(config_get_text(root, "pool", "198.18.0.0/15"), &lab->pool);
    lab->pool.addr.v4 &= ipv4_mask(lab->pool.len);
    const char *slash = strrchr(lab->file->name, '/');
    size_t folder_len = slash ? (size_t)(slash - lab->file->name) + 1 : 0;
    lab->folder = memory_copy_chars(lab->file->name, folder_len);
}

struct lab *lab_load(struct config_file *file)
{
    struct lab *lab = memory_new(sizeof *lab);
    lab->file = file;
    map_init(&lab->node_by_name, LAB_NAME_SIZE, 0);
    map_init(&lab->link_by_name, LAB_LINK_NAME_SIZE, 0);
    map_init(&lab->zone_by_origin, sizeof(struct dns_name), 0);
    if (file->n_problems || !config_check(file, file->root, &LAB_SCHEMA)) {
        return lab;
    }
    read_settings(lab);
    void (*const STEPS[])(struct lab * lab) = {
        lab_read_topology,  lab_read_naming,      lab_find_segments,
        lab_assign_subnets, lab_assign_addresses, lab_assign_resolvers,
        lab_build_zones,    lab_compute_routes,   lab_read_timeline,
    };
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && file->n_problems == 0; i++) {
        STEPS[i](lab);
    }
    return lab;
}

static void node_fini(struct lab_node *node)
{
    free(node->name);
    free(node->ports);
    free(node->names);
    free(node->root);
    free(node->routes);
}

void lab_free(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_nodes; i++) {
        node_fini(&lab->nodes[i]);
    }
    for (size_t i = 0; i < lab->n_links; i++) {
        free(lab->links[i].name);
    }
    for (size_t i = 0; i < lab->n_segments; i++) {
        free(lab->segments[i].ports);
        free(lab->segments[i].taps);
    }
    for (size_t i = 0; i < lab->n_zones; i++) {
        free(lab->zones[i].records);
    }
    map_fini(&lab->node_by_name);
    map_fini(&lab->link_by_name);
    map_fini(&lab->zone_by_origin);
    free(lab->folder);
    free(lab->nodes);
    free(lab->links);
    free(lab->ports);
    free(lab->segments);
    free(lab->zones);
    free(lab->root_servers);
    free(lab->faults);
    free(lab->expects);
    config_free(lab->file);
    free(lab);
}
