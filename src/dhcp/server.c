/* The DHCP server: what to say to each message (RFC 2131 4.3), and where to send it (4.1).
 *
 * The server is the authority of its subnet: it says NAK where the RFC lets an authority do so. Its
 * memory is the lease table; this file holds no state of clients. A REQUEST comes in four
 * situations that only its fields tell apart (RFC 2131 4.3.2, table 4):
 *
 *                  server id   requested address   ciaddr
 *     SELECTING    set         set                 0         it takes an offer, ours or not
 *     INIT-REBOOT  -           set                 0         it wants its old address back
 *     RENEWING     -           -                   set       unicast to us
 *     REBINDING    -           -                   set       broadcast to all
 *
 * DEVIATES: RFC 2131 4.3.1 lets the server probe an address with an ICMP echo before it offers it
 * (SHOULD): not done.
 * DEVIATES: a relay's subnet (giaddr) must be the server's own: there is one pool (RFC 2131 4.3.1
 * would choose the pool by giaddr).
 */
#include "dhcp/server.h"

#include "base/check.h"
#include "base/memory.h"
#include "dhcp/dhcp_internal.h"
#include "dhcp/lease_table_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_LEASE_TIME_S = 86400 };

struct dhcp_server {
    struct scope *scope;
    struct dhcp_server_config config; /* domain_name points at the copy below */
    char domain_name[DHCP_MAX_TEXT];
    struct datagram_socket *socket;
    struct lease_table leases;
};

static void on_readable(void *owner);

/* A host's address in the server's subnet: neither the network's own nor its broadcast. */
static bool is_host_of(struct ip_prefix subnet, struct ip_addr addr)
{
    if (addr.version != IP_V4 || !ip_prefix_contains(subnet, addr)) {
        return false;
    }
    uint32_t host_bits = addr.v4 & ~ipv4_mask(subnet.len);
    return subnet.len >= 31 || (host_bits != 0 && host_bits != ~ipv4_mask(subnet.len));
}

static bool is_sane(const struct dhcp_server_config *config)
{
    return config->address.addr.version == IP_V4 && config->address.len > 0 &&
           config->address.len <= 32 && config->n_dns <= DHCP_MAX_ADDRESSES &&
           is_host_of(config->address, config->first) &&
           is_host_of(config->address, config->last) && config->first.v4 <= config->last.v4;
}

enum status dhcp_server_new(struct sockets *sockets, const char *interface,
                            const struct dhcp_server_config *config, struct dhcp_server **server)
{
    if (!is_sane(config)) {
        return STATUS_INVALID;
    }
    struct dhcp_server *new = memory_new(sizeof *new);
    struct datagram_options options = {
        .local = {ip_v4(IPV4_ANY), DHCP_SERVER_PORT},
        .interface = interface,
    };
    enum status status = sockets_open_datagram(sockets, &options, on_readable, new, &new->socket);
    if (status != STATUS_OK) {
        free(new);
        return status;
    }
    new->scope = sockets->scope;
    new->config = *config;
    if (config->lease_time_s == 0) {
        new->config.lease_time_s = DEFAULT_LEASE_TIME_S;
    }
    snprintf(new->domain_name, sizeof new->domain_name, "%s",
             config->domain_name ? config->domain_name : "");
    new->config.domain_name = new->domain_name;
    struct prng prng;
    scope_prng_init(new->scope, &prng, "dhcp-server-map");
    lease_table_init(&new->leases, &new->config, prng_u64(&prng));
    *server = new;
    return STATUS_OK;
}

void dhcp_server_free(struct dhcp_server *server)
{
    if (!server) {
        return;
    }
    datagram_close(server->socket);
    lease_table_fini(&server->leases);
    free(server);
}

enum status dhcp_server_reserve(struct dhcp_server *server, struct mac_addr mac,
                                struct ip_addr addr)
{
    if (!is_host_of(server->config.address, addr)) {
        return STATUS_INVALID;
    }
    return lease_table_reserve(&server->leases, mac, addr.v4, scope_now(server->scope));
}

size_t dhcp_server_count_leases(const struct dhcp_server *server)
{
    return lease_table_count_bound(&server->leases, scope_now(server->scope));
}

/* --- replies --- */

/* RFC 2131 table 3: what all replies have, from the client's message. */
static struct dhcp_message new_reply(const struct dhcp_server *server,
                                     const struct dhcp_message *request, enum dhcp_type type)
{
    struct dhcp_message reply = {
        .op = DHCP_BOOTREPLY,
        .xid = request->xid,
        .broadcast = request->broadcast,
        .giaddr = request->giaddr,
        .chaddr = request->chaddr,
        .type = (uint8_t)type,
        .server_id = server->config.address.addr.v4,
        .client_id_len = request->client_id_len, /* RFC 6842 3: given back unaltered */
    };
    memcpy(reply.client_id, request->client_id, sizeof reply.client_id);
    return reply;
}

static void add_configuration(const struct dhcp_server *server, struct dhcp_message *reply)
{
    const struct dhcp_server_config *config = &server->config;
    reply->subnet_mask = ipv4_mask(config->address.len);
    reply->routers[0] = ip_is_set(config->router) ? config->router.v4 : 0;
    for (size_t i = 0; i < config->n_dns; i++) {
        reply->dns[i] = config->dns[i].v4;
    }
    memcpy(reply->domain_name, server->domain_name, sizeof reply->domain_name);
}

static void add_lease_times(const struct dhcp_server *server, struct dhcp_message *reply)
{
    uint32_t time_s = server->config.lease_time_s;
    reply->lease_time_s = time_s;
    if (time_s != DHCP_LEASE_FOREVER) {
        reply->renewal_time_s = time_s / 2; /* RFC 2131 4.4.5: T1 and T2 */
        reply->rebinding_time_s = (uint32_t)((uint64_t)time_s * 7 / 8);
    }
}

/* The rules of RFC 2131 4.1, in their order. `why` of a NAK is its reason; others are told why they
 * go where they go. */
static void deliver(struct dhcp_server *server, struct dhcp_message *reply, const char *why)
{
    struct endpoint to = {ip_v4(IPV4_BROADCAST), DHCP_CLIENT_PORT};
    struct datagram_route route = {.src = server->config.address.addr};
    if (reply->giaddr != 0) {
        to = (struct endpoint){ip_v4(reply->giaddr), DHCP_SERVER_PORT};
        /* RFC 2131 4.3.2: the relay shall broadcast a NAK */
        reply->broadcast |= reply->type == DHCP_NAK;
        why = why ? why : "it came through a relay agent, which brings the answer back";
    } else if (reply->type == DHCP_NAK) {
        why = why ? why : "the client may have a wrong address: only a broadcast reaches it";
    } else if (reply->ciaddr != 0) {
        to.addr = ip_v4(reply->ciaddr);
        why = why ? why : "the client has its address and is reached there";
    } else if (reply->broadcast) {
        why =
            why ? why
                : "the client asked for broadcast: it cannot take unicast before it is configured";
    } else {
        to.addr = ip_v4(reply->yiaddr);
        route.link_dst = &reply->chaddr; /* ARP would find nobody yet */
        why = why ? why : "straight to the client's MAC: ARP finds nobody with this address yet";
    }
    dhcp_send(server->scope, server->socket, reply, to, &route, why);
}

static void send_ack(struct dhcp_server *server, const struct dhcp_message *request,
                     struct lease *lease)
{
    lease_table_set_state(&server->leases, lease, LEASE_BOUND, scope_now(server->scope));
    struct dhcp_message reply = new_reply(server, request, DHCP_ACK);
    reply.ciaddr = request->ciaddr;
    reply.yiaddr = lease->address;
    add_lease_times(server, &reply);
    add_configuration(server, &reply);
    deliver(server, &reply, NULL);
}

static void send_nak(struct dhcp_server *server, const struct dhcp_message *request,
                     const char *why)
{
    struct dhcp_message reply = new_reply(server, request, DHCP_NAK);
    snprintf(reply.message, sizeof reply.message, "%s", why);
    deliver(server, &reply, why);
}

/* --- messages of clients --- */

static void trace_received(const struct dhcp_server *server, const struct dhcp_arrival *arrival,
                           const char *why)
{
    dhcp_trace(server->scope, &DHCP_RECEIVED, &arrival->message, arrival->info.packet_id,
               arrival->info.to.addr.v4 == IPV4_BROADCAST, why);
}

static void drop(const struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    dhcp_drop(server->scope, &DHCP_DROP_UNEXPECTED, &arrival->info);
}

/* RFC 2131 4.3.1 */
static void on_discover(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *request = &arrival->message;
    uint64_t now_ns = scope_now(server->scope);
    struct lease *lease = lease_table_choose(&server->leases, request, now_ns);
    if (!lease) {
        dhcp_drop(server->scope, &DHCP_DROP_POOL_EMPTY, &arrival->info);
        return;
    }
    trace_received(server, arrival,
                   lease->state == LEASE_BOUND ? "a client it knows looks for an address again"
                   : request->requested_address == 0 ? "a client looks for an address"
                   : request->requested_address == lease->address
                       ? "a client looks for an address and hopes for this one"
                       : "a client looks for an address; the one it hopes for is not to be had");
    if (lease->state != LEASE_BOUND) {
        lease_table_set_state(&server->leases, lease, LEASE_OFFERED, now_ns);
    }
    struct dhcp_message reply = new_reply(server, request, DHCP_OFFER);
    reply.yiaddr = lease->address;
    add_lease_times(server, &reply);
    add_configuration(server, &reply);
    deliver(server, &reply, NULL);
}

/* Another server's offer was taken: ours is free again. */
static void on_offer_refused(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    uint64_t now_ns = scope_now(server->scope);
    struct lease *lease = lease_table_find(&server->leases, &arrival->message, now_ns);
    trace_received(server, arrival, "the client took another server's offer");
    if (lease && lease->state == LEASE_OFFERED) {
        lease_table_set_state(&server->leases, lease, LEASE_FREE, now_ns);
    }
}

/* RFC 2131 4.3.2, "DHCPREQUEST generated during SELECTING state" */
static void on_request_selecting(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *request = &arrival->message;
    if (request->requested_address == 0 || request->ciaddr != 0) {
        drop(server, arrival); /* requested address MUST be filled in, ciaddr MUST be zero */
        return;
    }
    if (request->server_id != server->config.address.addr.v4) {
        on_offer_refused(server, arrival);
        return;
    }
    trace_received(server, arrival, "the client takes this server's offer");
    struct lease *lease = lease_table_claim(&server->leases, request, request->requested_address,
                                            scope_now(server->scope));
    if (lease) {
        send_ack(server, request, lease);
    } else {
        send_nak(server, request, "the address was not offered to this client, or is taken");
    }
}

/* RFC 2131 4.3.2, "INIT-REBOOT state": NAK when wrong, silent when unknown. */
static void on_request_init_reboot(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *request = &arrival->message;
    trace_received(server, arrival, "a client that restarted asks for its old address");
    if (!is_host_of(server->config.address, ip_v4(request->requested_address))) {
        send_nak(server, request, "the address does not belong to this network");
        return;
    }
    struct lease *lease = lease_table_find(&server->leases, request, scope_now(server->scope));
    if (!lease) {
        return; /* MUST remain silent: it may be another server's client */
    }
    if (lease->address == request->requested_address) {
        send_ack(server, request, lease);
    } else {
        send_nak(server, request, "the client has another address here");
    }
}

/* RFC 2131 4.3.2, "RENEWING state" and "REBINDING state" */
static void on_request_renewal(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *request = &arrival->message;
    bool is_renewing = arrival->info.to.addr.v4 != IPV4_BROADCAST && request->giaddr == 0;
    uint64_t now_ns = scope_now(server->scope);
    struct lease *lease = lease_table_find(&server->leases, request, now_ns);
    trace_received(server, arrival,
                   is_renewing ? "the client asks its server for more time"
                               : "the client asks any server for more time");
    if (!is_host_of(server->config.address, ip_v4(request->ciaddr))) {
        send_nak(server, request, "the address does not belong to this network");
        return;
    }
    if (lease) {
        if (lease->address == request->ciaddr) {
            send_ack(server, request, lease);
        } else {
            send_nak(server, request, "the client has another address here");
        }
        return;
    }
    if (!is_renewing) {
        return; /* no record: it may be another server's client */
    }
    /* It holds us for its server and we forgot it, as after a crash: trust ciaddr if it is free. */
    lease = lease_table_claim(&server->leases, request, request->ciaddr, now_ns);
    if (lease) {
        send_ack(server, request, lease);
    } else {
        send_nak(server, request, "the address belongs to somebody else");
    }
}

static void on_request(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *request = &arrival->message;
    if (request->server_id != 0) {
        on_request_selecting(server, arrival);
    } else if (request->requested_address != 0 && request->ciaddr == 0) {
        on_request_init_reboot(server, arrival);
    } else if (request->ciaddr != 0 && request->requested_address == 0) {
        on_request_renewal(server, arrival);
    } else {
        drop(server, arrival); /* no case of table 4 */
    }
}

/* The client's running lease, if this message to this server is about it. */
static struct lease *find_subject(struct dhcp_server *server, const struct dhcp_message *message,
                                  uint32_t address)
{
    struct lease *lease = lease_table_find(&server->leases, message, scope_now(server->scope));
    bool is_ours = message->server_id == server->config.address.addr.v4;
    return is_ours && lease && lease->address == address && lease->state != LEASE_FREE ? lease
                                                                                       : NULL;
}

/* RFC 2131 4.3.3 */
static void on_decline(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    struct lease *lease =
        find_subject(server, &arrival->message, arrival->message.requested_address);
    if (!lease) {
        drop(server, arrival);
        return;
    }
    trace_received(server, arrival, "the client found somebody else using the address");
    lease_table_set_state(&server->leases, lease, LEASE_DECLINED, scope_now(server->scope));
}

/* RFC 2131 4.3.4 */
static void on_release(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    struct lease *lease = find_subject(server, &arrival->message, arrival->message.ciaddr);
    if (!lease) {
        drop(server, arrival);
        return;
    }
    trace_received(server, arrival, "the client gives its address back");
    lease_table_set_state(&server->leases, lease, LEASE_FREE, scope_now(server->scope));
}

/* RFC 2131 4.3.5: the configuration, without an address or times. */
static void on_inform(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    if (arrival->message.ciaddr == 0) {
        drop(server, arrival);
        return;
    }
    trace_received(server, arrival, "the client has an address and asks for the rest");
    struct dhcp_message reply = new_reply(server, &arrival->message, DHCP_ACK);
    reply.ciaddr = arrival->message.ciaddr;
    reply.giaddr = 0; /* unicast to ciaddr, whatever way it came */
    add_configuration(server, &reply);
    deliver(server, &reply, NULL);
}

static void on_message(struct dhcp_server *server, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *message = &arrival->message;
    if (message->giaddr != 0 &&
        !ip_prefix_contains(server->config.address, ip_v4(message->giaddr))) {
        drop(server, arrival);
        return;
    }
    switch (message->type) {
    case DHCP_DISCOVER:
        on_discover(server, arrival);
        break;
    case DHCP_REQUEST:
        on_request(server, arrival);
        break;
    case DHCP_DECLINE:
        on_decline(server, arrival);
        break;
    case DHCP_RELEASE:
        on_release(server, arrival);
        break;
    case DHCP_INFORM:
        on_inform(server, arrival);
        break;
    default:
        drop(server, arrival);
        break;
    }
}

static void on_readable(void *owner)
{
    struct dhcp_server *server = owner;
    struct dhcp_arrival arrival;
    while (dhcp_receive(server->scope, server->socket, DHCP_BOOTREQUEST, &arrival)) {
        on_message(server, &arrival);
    }
}
