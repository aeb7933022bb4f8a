/* What each kind of node is made of. */
#include "lab/world_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdio.h>

static bool fail(struct text *problem, const struct member *member, const char *what,
                 enum status status)
{
    text_print(problem, "%s '%s': %s: %s", lab_kind_text(member->plan->kind), member->plan->name,
               what, status_text(status));
    return false;
}

static const struct lab_port *member_port(const struct member *member, size_t index)
{
    return &member->world->lab->ports[member->plan->ports[index]];
}

static struct link *member_link(const struct member *member, size_t index)
{
    return member->world->links[member_port(member, index)->link];
}

/* --- building --- */

static void member_init_scope(struct member *member)
{
    member->scope = (struct scope){
        .env = member->world->scope.env,
        .trace = member->world->scope.trace,
        .node = member->plan->id,
        .name = member->plan->name,
    };
}

static bool build_stack(struct member *member, struct text *problem)
{
    const struct lab *lab = member->world->lab;
    const struct lab_node *plan = member->plan;
    struct node_config config = {
        .name = plan->name,
        .id = plan->id,
        .forwarding = plan->kind == LAB_ROUTER || plan->kind == LAB_HOME_NAT,
        .tcp = {.rto_min_ns = lab->rto_min_ns,
                .send_buffer = lab->tcp_buffer,
                .receive_buffer = lab->tcp_buffer},
    };
    member->node = node_new(member->world->scope.env, member->world->scope.trace, &config);
    for (size_t i = 0; i < plan->n_ports; i++) {
        const struct lab_port *port = member_port(member, i);
        struct netif *netif;
        enum status status = node_add_netif(member->node, member_link(member, i), (int)port->end,
                                            port->mac, lab->links[port->link].mtu, &netif);
        if (status == STATUS_OK && ip_is_set(port->address.addr)) {
            status = node_add_address(member->node, netif, port->address);
            member->has_address = true;
        }
        if (status != STATUS_OK) {
            return fail(problem, member, "its interface could not be made", status);
        }
    }
    for (size_t i = 0; i < plan->n_routes; i++) {
        const struct lab_route *route = &plan->routes[i];
        struct netif *netif = member->node->netifs[lab->ports[route->port].number];
        enum status status = node_add_route(member->node, route->prefix, route->gateway, netif);
        if (status != STATUS_OK) {
            return fail(problem, member, "a route could not be added", status);
        }
    }
    member->sockets = own_sockets_new(member->node);
    member->stub = dns_stub_new(member->sockets);
    if (plan->has_resolver) {
        dns_stub_set_servers(member->stub, &plan->resolver, 1);
    }
    return true;
}

static void transmit_to_link(void *link_end, struct packet *frame)
{
    link_send(link_end, frame);
}

static void build_switch(struct member *member)
{
    member_init_scope(member);
    member->eth_switch = switch_new(&member->scope);
    for (size_t i = 0; i < member->plan->n_ports; i++) {
        const struct lab_port *port = member_port(member, i);
        const struct lab_link *link = &member->world->lab->links[port->link];
        struct switch_port *switch_port =
            switch_add_port(member->eth_switch, link->name, transmit_to_link, NULL);
        struct link_end *end =
            link_attach(member_link(member, i), (int)port->end, &member->scope, port->number,
                        link->name, switch_port_input, switch_port);
        switch_port_set_link(switch_port, end);
    }
}

static void tap_deliver_to_device(void *owner, struct packet *frame)
{
    struct member *member = owner;
    member->world->scope.env->ops->send_frame(member->device, frame);
}

static void tap_deliver_to_link(void *owner, struct packet *frame)
{
    struct member *member = owner;
    link_send(member->device_end, frame);
}

static bool build_tap(struct member *member, struct text *problem)
{
    struct env *env = member->world->scope.env;
    const char *name = config_get_text(member->plan->config, "device", member->plan->name);
    member_init_scope(member);
    if (member->plan->n_ports == 0) {
        return fail(problem, member, "it has no link", STATUS_INVALID);
    }
    enum status status =
        env->ops->open_frame_device(env, name, tap_deliver_to_link, member, &member->device);
    if (status == STATUS_UNSUPPORTED) {
        text_print(problem,
                   "tap '%s' joins the machine's own network, which runs in real time; "
                   "add --realtime",
                   member->plan->name);
        return false;
    }
    if (status == STATUS_PERMISSION) {
        return fail(problem, member, "opening a TAP device needs root or CAP_NET_ADMIN", status);
    }
    if (status == STATUS_NOT_FOUND) {
        return fail(problem, member, "this machine has no /dev/net/tun", status);
    }
    if (status != STATUS_OK) {
        return fail(problem, member, "the TAP device could not be opened", status);
    }
    const struct lab_port *port = member_port(member, 0);
    member->device_end = link_attach(member_link(member, 0), (int)port->end, &member->scope,
                                     port->number, name, tap_deliver_to_device, member);
    return true;
}

bool member_build(struct member *member, struct text *problem)
{
    switch (member->plan->kind) {
    case LAB_SWITCH:
        build_switch(member);
        return true;
    case LAB_TAP:
        return build_tap(member, problem);
    case LAB_HOST:
    case LAB_ROUTER:
    case LAB_HOME_NAT:
    case LAB_DNS:
    case LAB_WEB_SERVER:
        return build_stack(member, problem);
    case LAB_KINDS:
        break;
    }
    CHECK(member->plan->kind < LAB_KINDS);
    return false;
}

/* --- a host that gets its address by DHCP --- */

static void release_waiters(struct member *member)
{
    while (member->waiters) {
        struct world_waiter *waiter = member->waiters;
        member->waiters = waiter->next;
        env_defer(member->world->scope.env, &waiter->event);
    }
}

static void deconfigure_lease(struct member *member, struct netif *netif)
{
    if (ip_is_set(member->leased.addr)) {
        route_remove_netif(ipv4_routes(member->node->ipv4), netif);
        ipv4_remove_address(member->node->ipv4, netif, member->leased.addr);
        member->leased = (struct ip_prefix){.len = 0};
        member->has_address = false;
    }
}

static void on_lease_changed(void *owner, const struct dhcp_lease *lease)
{
    struct member *member = owner;
    struct netif *netif = member->node->netifs[0];
    deconfigure_lease(member, netif);
    if (!lease || node_add_address(member->node, netif, lease->address) != STATUS_OK) {
        return;
    }
    member->leased = lease->address;
    member->has_address = true;
    if (ip_is_set(lease->router)) {
        struct ip_prefix everywhere = {ip_v4(0), 0};
        if (node_add_route(member->node, everywhere, lease->router, netif) != STATUS_OK) {
            deconfigure_lease(member, netif); /* a server may tell anything */
            return;
        }
    }
    if (!member->plan->has_resolver) {
        dns_stub_set_servers(member->stub, lease->dns, lease->n_dns);
    }
    release_waiters(member);
}

static bool start_dhcp_client(struct member *member, struct text *problem)
{
    const struct netif *netif = member->node->netifs[0];
    enum status status =
        dhcp_client_new(member->sockets, netif->name, netif->mac, member->plan->name,
                        on_lease_changed, member, &member->dhcp_client);
    return status == STATUS_OK || fail(problem, member, "its DHCP client could not start", status);
}

/* --- a home router --- */

static bool start_home_router(struct member *member, struct text *problem)
{
    const struct lab *lab = member->world->lab;
    const struct lab_node *plan = member->plan;
    uint32_t wan = lab->ports[plan->wan_port].number;
    const struct netif *lan = member->node->netifs[1 - wan];
    node_start_nat(member->node, member->node->netifs[wan]);
    struct dhcp_server_config config = {
        .address = plan->lan,
        .first = plan->lease_first,
        .last = plan->lease_last,
        .router = plan->lan.addr,
        .dns = {plan->lan.addr},
        .n_dns = 1,
    };
    enum status status = STATUS_OK;
    if (ip_is_set(plan->lease_first)) {
        status = dhcp_server_new(member->sockets, lan->name, &config, &member->dhcp_server);
    }
    if (status != STATUS_OK) {
        return fail(problem, member, "its DHCP server could not start", status);
    }
    status = dns_forwarder_new(member->sockets, &member->forwarder);
    if (status != STATUS_OK) {
        return fail(problem, member, "its DNS forwarder could not start", status);
    }
    if (plan->has_resolver) {
        dns_forwarder_set_upstreams(member->forwarder, &plan->resolver, 1);
    }
    return true;
}

/* --- name servers and web servers --- */

static enum status start_authority(struct member *member)
{
    const struct lab *lab = member->world->lab;
    enum status status = dns_authority_new(member->sockets, &member->authority);
    for (size_t i = 0; i < lab->n_zones && status == STATUS_OK; i++) {
        const struct lab_zone *plan = &lab->zones[i];
        if (&lab->nodes[plan->node] != member->plan) {
            continue;
        }
        struct dns_zone *zone = dns_zone_new(&plan->origin);
        for (size_t k = 0; k < plan->n_records && status == STATUS_OK; k++) {
            status = dns_zone_add(zone, &plan->records[k]);
        }
        if (status == STATUS_OK) {
            status = dns_authority_add_zone(member->authority, zone);
        } else {
            dns_zone_free(zone);
        }
    }
    return status;
}

static bool start_dns(struct member *member, struct text *problem)
{
    const struct lab *lab = member->world->lab;
    enum status status = member->plan->is_resolver
                             ? dns_resolver_new(member->sockets, lab->root_servers,
                                                lab->n_root_servers, &member->resolver)
                             : start_authority(member);
    return status == STATUS_OK || fail(problem, member, "its zones could not be served", status);
}

static bool start_web_server(struct member *member, struct text *problem)
{
    struct web_server_config config = {
        .root = member->plan->root,
        .server_name = member->plan->name,
    };
    enum status status = web_server_new(member->sockets, &config, &member->web_server);
    return status == STATUS_OK || fail(problem, member, "it could not listen", status);
}

bool member_start(struct member *member, struct text *problem)
{
    if (member->plan->n_ports == 0) {
        return true; /* linked to nothing: it keeps to itself */
    }
    switch (member->plan->kind) {
    case LAB_HOST:
        return !member_port(member, 0)->uses_dhcp || start_dhcp_client(member, problem);
    case LAB_HOME_NAT:
        return start_home_router(member, problem);
    case LAB_DNS:
        return start_dns(member, problem);
    case LAB_WEB_SERVER:
        return start_web_server(member, problem);
    case LAB_SWITCH:
    case LAB_ROUTER:
    case LAB_TAP:
    case LAB_KINDS:
        break;
    }
    return true;
}

/* --- the end --- */

#define FREE_IF_MADE(release, thing)                                                               \
    do {                                                                                           \
        if (thing) {                                                                               \
            release(thing);                                                                        \
            (thing) = NULL;                                                                        \
        }                                                                                          \
    } while (0)

void member_stop(struct member *member)
{
    while (member->waiters) {
        struct world_waiter *waiter = member->waiters;
        member->waiters = waiter->next;
        env_cancel(member->world->scope.env, &waiter->event);
    }
    FREE_IF_MADE(browser_free, member->browser);
    FREE_IF_MADE(web_server_free, member->web_server);
    FREE_IF_MADE(dns_authority_free, member->authority);
    FREE_IF_MADE(dns_resolver_free, member->resolver);
    FREE_IF_MADE(dns_forwarder_free, member->forwarder);
    FREE_IF_MADE(dhcp_server_free, member->dhcp_server);
    FREE_IF_MADE(dhcp_client_free, member->dhcp_client);
    FREE_IF_MADE(dns_stub_free, member->stub);
    FREE_IF_MADE(own_sockets_free, member->sockets);
    if (member->device) {
        member->world->scope.env->ops->close_frame_device(member->device);
        member->device = NULL;
    }
}

void member_free(struct member *member)
{
    FREE_IF_MADE(node_free, member->node);
    FREE_IF_MADE(switch_free, member->eth_switch);
}
