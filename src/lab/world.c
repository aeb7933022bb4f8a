#include "lab/world_internal.h"

#include "base/check.h"
#include "base/memory.h"
#include "observe/run_hash.h"

#include <stdio.h>
#include <stdlib.h>

const struct lab *world_lab(const struct world *world)
{
    return world->lab;
}

struct env *world_env(const struct world *world)
{
    return world->scope.env;
}

struct trace *world_trace(const struct world *world)
{
    return world->scope.trace;
}

struct scope *world_scope(struct world *world)
{
    return &world->scope;
}

struct link *world_link(const struct world *world, uint32_t link)
{
    return world->links[link];
}

struct node *world_node(const struct world *world, uint32_t node)
{
    return world->members[node].node;
}

struct sockets *world_sockets(const struct world *world, uint32_t node)
{
    return world->members[node].sockets;
}

struct dns_stub *world_stub(const struct world *world, uint32_t node)
{
    return world->members[node].stub;
}

struct browser *world_browser(struct world *world, uint32_t node)
{
    struct member *member = &world->members[node];
    CHECK(member->sockets);
    if (!member->browser) {
        member->browser = browser_new(member->sockets, member->stub, NULL);
    }
    return member->browser;
}

bool world_has_address(const struct world *world, uint32_t node)
{
    return world->members[node].has_address;
}

void world_when_ready(struct world *world, uint32_t node, struct world_waiter *waiter,
                      void (*ready)(void *owner), void *owner)
{
    struct member *member = &world->members[node];
    scope_event_init(&world->scope, &waiter->event, ready, owner);
    if (member->has_address) {
        env_defer(world->scope.env, &waiter->event);
        return;
    }
    struct world_waiter **last = &member->waiters;
    while (*last) {
        last = &(*last)->next;
    }
    waiter->next = NULL;
    *last = waiter;
}

void world_forget_waiter(struct world *world, uint32_t node, struct world_waiter *waiter)
{
    struct world_waiter **link = &world->members[node].waiters;
    while (*link && *link != waiter) {
        link = &(*link)->next;
    }
    if (*link) {
        *link = waiter->next;
    }
    env_cancel(world->scope.env, &waiter->event);
}

uint64_t world_hash(const struct world *world)
{
    uint64_t hash = hash_fold(0, world->scope.env->seed);
    for (size_t i = 0; i < world->lab->n_links; i++) {
        hash = run_hash_combine(hash, link_get_hash(world->links[i], 0));
        hash = run_hash_combine(hash, link_get_hash(world->links[i], 1));
    }
    return hash;
}

struct world_counts world_count(const struct world *world)
{
    struct world_counts counts = {0};
    for (size_t i = 0; i < world->lab->n_links; i++) {
        for (int direction = 0; direction < 2; direction++) {
            const struct link_counts *link = link_get_counts(world->links[i], direction);
            counts.frames += link->sent_frames;
            counts.bytes += link->sent_bytes;
            counts.dropped += link->dropped_frames;
        }
    }
    return counts;
}

static void make_links(struct world *world)
{
    const struct lab *lab = world->lab;
    world->links = memory_new_array(lab->n_links, sizeof *world->links);
    for (size_t i = 0; i < lab->n_links; i++) {
        world->links[i] = link_new(lab->links[i].name, &lab->links[i].config);
    }
}

static bool make_members(struct world *world, struct text *problem)
{
    const struct lab *lab = world->lab;
    world->members = memory_new_array(lab->n_nodes, sizeof *world->members);
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        world->members[i].world = world;
        world->members[i].plan = &lab->nodes[i];
        if (!member_build(&world->members[i], problem)) {
            return false;
        }
    }
    return true;
}

struct world *world_new(const struct lab *lab, struct env *env, struct trace *trace,
                        struct text *problem)
{
    struct world *world = memory_new(sizeof *world);
    world->lab = lab;
    world->scope = (struct scope){.env = env, .trace = trace, .node = 0, .name = "lab"};
    make_links(world);
    if (!make_members(world, problem)) {
        world_free(world);
        return NULL;
    }
    return world;
}

bool world_start(struct world *world, struct text *problem)
{
    for (size_t i = 0; i < world->lab->n_nodes; i++) {
        if (!member_start(&world->members[i], problem)) {
            return false;
        }
    }
    return true;
}

void world_free(struct world *world)
{
    for (size_t i = 0; world->members && i < world->lab->n_nodes; i++) {
        member_stop(&world->members[i]);
    }
    for (size_t i = 0; i < world->lab->n_links; i++) {
        link_free(world->links[i]);
    }
    for (size_t i = 0; world->members && i < world->lab->n_nodes; i++) {
        member_free(&world->members[i]);
    }
    free(world->members);
    free(world->links);
    free(world);
}
