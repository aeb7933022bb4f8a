#ifndef LAB_WORLD_INTERNAL_H
#define LAB_WORLD_INTERNAL_H

#include "dhcp/client.h"
#include "dhcp/server.h"
#include "dns/server.h"
#include "dns/stub.h"
#include "lab/world.h"
#include "service/web_server.h"
#include "socket/own.h"
#include "stack/link/switch.h"

/* A node of the lab that runs: a stack with its services, a switch, or a tap. What its kind does
 * not have is NULL. */
struct member {
    struct world *world;
    const struct lab_node *plan;

    struct node *node;
    struct sockets *sockets;
    struct dns_stub *stub;
    struct browser *browser;
    struct dhcp_client *dhcp_client;
    struct dhcp_server *dhcp_server;
    struct dns_forwarder *forwarder;
    struct dns_resolver *resolver;
    struct dns_authority *authority;
    struct web_server *web_server;

    struct scope scope; /* of a switch or tap; a stack has its own */
    struct eth_switch *eth_switch;
    struct frame_device *device;
    struct link_end *device_end;

    bool has_address;
    struct ip_prefix leased; /* what DHCP configured; not set: nothing */
    struct world_waiter *waiters;
};

struct world {
    const struct lab *lab;
    struct scope scope;
    struct link **links;
    struct member *members; /* by node index */
};

/* Makes the stack, switch or tap and attaches it to its links. False with a problem. */
bool member_build(struct member *member, struct text *problem);
/* Starts the services of its kind. */
bool member_start(struct member *member, struct text *problem);
/* Stops services and closes sockets; then, when the links are gone, frees the rest. */
void member_stop(struct member *member);
void member_free(struct member *member);

#endif
