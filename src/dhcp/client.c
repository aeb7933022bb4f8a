/* The DHCP client: RFC 2131 figure 5, with its state names.
 *
 *     INIT -DISCOVER-> SELECTING -OFFER/REQUEST-> REQUESTING -ACK-> BOUND
 *     BOUND -T1/REQUEST to the server-> RENEWING -T2/REQUEST to all-> REBINDING -expiry-> INIT
 *
 * An ACK in RENEWING or REBINDING leads back to BOUND; a NAK anywhere leads back to INIT. One timer
 * drives it all; its meaning is the state's: when to ask again, or when the next state begins. What
 * comes in is taken only if it answers the last question: this xid, this chaddr, a state that waits
 * for this type, and, where the RFC names one, this server.
 *
 * The client configures nothing. It announces the lease to its owner by a deferred event, so that
 * the owner may do what it likes, freeing the client included.
 *
 * DEVIATES: RFC 2131 4.4.1 has a client wait 1 to 10 s before its first DISCOVER, so that a street
 * whose power returns does not ask at once; like most clients today, this one does not, except
 * after a NAK, where the wait keeps two confused machines from a storm.
 * DEVIATES: RFC 2131 4.4.1 asks for an ARP probe of the address before its use (and a DECLINE if
 * somebody answers): not done yet.
 */
#include "dhcp/client.h"

#include "base/check.h"
#include "base/memory.h"
#include "dhcp/dhcp_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum state {
    STATE_INIT,
    STATE_SELECTING,
    STATE_REQUESTING,
    STATE_BOUND,
    STATE_RENEWING,
    STATE_REBINDING,
};

static const char *const STATE_TEXT[] = {
    "INIT", "SELECTING", "REQUESTING", "BOUND", "RENEWING", "REBINDING",
};

/* Which states may follow. */
#define TO(state) (1U << (state))
static const unsigned LEGAL[] = {
    [STATE_INIT] = TO(STATE_SELECTING),
    [STATE_SELECTING] = TO(STATE_REQUESTING) | TO(STATE_INIT),
    [STATE_REQUESTING] = TO(STATE_BOUND) | TO(STATE_INIT),
    [STATE_BOUND] = TO(STATE_RENEWING) | TO(STATE_INIT),
    [STATE_RENEWING] = TO(STATE_BOUND) | TO(STATE_REBINDING) | TO(STATE_INIT),
    [STATE_REBINDING] = TO(STATE_BOUND) | TO(STATE_INIT),
};

enum {
    MAX_REQUESTS = 4,      /* RFC 2131 3.1.5: four times, 60 s in all */
    MAX_BACKOFF_SHIFT = 4, /* 4 s << 4 = 64 s */
    T_FUZZ_DIVISOR = 64,   /* T1 and T2 come early by up to this part of themselves */
};
#define SECOND_NS UINT64_C(1000000000)
#define FIRST_BACKOFF_NS (4 * SECOND_NS)
#define MIN_RENEWAL_RETRY_NS (60 * SECOND_NS)

struct dhcp_client {
    struct scope *scope;
    const char *interface;
    struct mac_addr mac;
    char host_name[DHCP_MAX_TEXT];
    dhcp_client_changed changed;
    void *owner;
    struct datagram_socket *socket;
    struct timer timer;
    struct event announce;
    struct prng prng;

    enum state state;
    uint32_t xid;
    uint32_t attempts;     /* messages sent in this state */
    uint64_t began_ns;     /* of this acquisition or renewal: what `secs` counts from */
    uint64_t requested_ns; /* when the REQUEST went out: the lease counts from here */
    uint16_t secs;
    struct dhcp_message offer; /* the one taken; while REQUESTING */

    bool has_lease;
    struct dhcp_lease lease;
    uint64_t t1_ns, t2_ns, expiry_ns; /* TIMER_OFF: never */
};

static void on_timer(void *owner);
static void on_announce(void *owner);
static void on_readable(void *owner);

enum status dhcp_client_new(struct sockets *sockets, const char *interface, struct mac_addr mac,
                            const char *host_name, dhcp_client_changed changed, void *owner,
                            struct dhcp_client **client)
{
    struct dhcp_client *new = memory_new(sizeof *new);
    struct datagram_options options = {
        .local = {ip_v4(IPV4_ANY), DHCP_CLIENT_PORT},
        .interface = interface,
    };
    enum status status = sockets_open_datagram(sockets, &options, on_readable, new, &new->socket);
    if (status != STATUS_OK) {
        free(new);
        return status;
    }
    new->scope = sockets->scope;
    new->interface = interface;
    new->mac = mac;
    snprintf(new->host_name, sizeof new->host_name, "%s", host_name ? host_name : "");
    new->changed = changed;
    new->owner = owner;
    char purpose[64]; /* a node with two interfaces has two clients */
    snprintf(purpose, sizeof purpose, "dhcp-client %s", interface);
    scope_prng_init(new->scope, &new->prng, purpose);
    scope_timer_init(new->scope, &new->timer, on_timer, new);
    scope_event_init(new->scope, &new->announce, on_announce, new);
    timer_set(&new->timer, scope_now(new->scope));
    *client = new;
    return STATUS_OK;
}

void dhcp_client_free(struct dhcp_client *client)
{
    if (!client) {
        return;
    }
    timer_fini(&client->timer);
    env_cancel(client->scope->env, &client->announce);
    datagram_close(client->socket);
    free(client);
}

const char *dhcp_client_state(const struct dhcp_client *client)
{
    return STATE_TEXT[client->state];
}

static void set_state(struct dhcp_client *client, enum state to, const char *why)
{
    CHECK(LEGAL[client->state] & TO(to));
    if (trace_is_on(client->scope->trace)) {
        trace_emit(client->scope, &DHCP_STATE, NULL,
                   &(struct dhcp_state_event){client->interface, STATE_TEXT[client->state],
                                              STATE_TEXT[to], why});
    }
    client->state = to;
    client->attempts = 0;
    timer_stop(&client->timer);
}

static void on_announce(void *owner)
{
    struct dhcp_client *client = owner;
    client->changed(client->owner, client->has_lease ? &client->lease : NULL);
}

static void end_lease(struct dhcp_client *client)
{
    if (client->has_lease) {
        client->has_lease = false;
        env_defer(client->scope->env, &client->announce);
    }
}

/* --- what it sends --- */

static struct dhcp_message new_message(const struct dhcp_client *client, enum dhcp_type type)
{
    struct dhcp_message message = {
        .op = DHCP_BOOTREQUEST,
        .xid = client->xid,
        .secs = client->secs,
        .chaddr = client->mac,
        .type = (uint8_t)type,
        .client_id_len = 1 + sizeof client->mac.byte,
        .client_id = {1}, /* RFC 2132 9.14: hardware type, then the address */
    };
    memcpy(message.client_id + 1, client->mac.byte, sizeof client->mac.byte);
    return message;
}

/* What DISCOVER and REQUEST carry beyond that. */
static void add_wishes(const struct dhcp_client *client, struct dhcp_message *message)
{
    static const uint8_t WISHES[] = {
        DHCP_OPTION_SUBNET_MASK,  DHCP_OPTION_ROUTER,         DHCP_OPTION_DNS,
        DHCP_OPTION_DOMAIN_NAME,  DHCP_OPTION_LEASE_TIME,     DHCP_OPTION_SERVER_ID,
        DHCP_OPTION_RENEWAL_TIME, DHCP_OPTION_REBINDING_TIME,
    };
    memcpy(message->parameter_list, WISHES, sizeof WISHES);
    message->parameter_list_len = sizeof WISHES;
    memcpy(message->host_name, client->host_name, sizeof message->host_name);
}

static void send_broadcast(struct dhcp_client *client, const struct dhcp_message *message,
                           const char *why)
{
    struct endpoint all = {ip_v4(IPV4_BROADCAST), DHCP_SERVER_PORT};
    /* RFC 2131 4.1: the source is 0.0.0.0 until the client has an address */
    struct datagram_route route = {.is_src_any = message->ciaddr == 0,
                                   .src = dhcp_ip(message->ciaddr)};
    dhcp_send(client->scope, client->socket, message, all, &route, why);
}

static void send_to_server(struct dhcp_client *client, const struct dhcp_message *message,
                           const char *why)
{
    struct endpoint server = {client->lease.server, DHCP_SERVER_PORT};
    struct datagram_route route = {.src = ip_v4(message->ciaddr)};
    dhcp_send(client->scope, client->socket, message, server, &route, why);
}

static void count_secs(struct dhcp_client *client)
{
    uint64_t secs = (scope_now(client->scope) - client->began_ns) / SECOND_NS;
    client->secs = secs < UINT16_MAX ? (uint16_t)secs : UINT16_MAX;
}

/* RFC 2131 4.1: 4, 8, 16, 32, 64, 64 ... s, each randomised by up to 1 s either way. */
static void set_backoff(struct dhcp_client *client)
{
    uint32_t shift = client->attempts < MAX_BACKOFF_SHIFT ? client->attempts : MAX_BACKOFF_SHIFT;
    uint64_t wait_ns = (FIRST_BACKOFF_NS << shift) - SECOND_NS;
    wait_ns += prng_below(&client->prng, 2 * SECOND_NS + 1);
    client->attempts++;
    timer_set(&client->timer, scope_now(client->scope) + wait_ns);
}

static void send_discover(struct dhcp_client *client)
{
    count_secs(client);
    struct dhcp_message message = new_message(client, DHCP_DISCOVER);
    message.broadcast = true;
    add_wishes(client, &message);
    send_broadcast(client, &message,
                   client->attempts == 0 ? "it has no address yet and knows no server"
                                         : "no server answered; it asks again, ever more rarely");
    set_backoff(client);
}

static void send_request(struct dhcp_client *client)
{
    /* RFC 2131 4.4.1: with the xid of the OFFER and the secs of the DISCOVER */
    struct dhcp_message message = new_message(client, DHCP_REQUEST);
    message.broadcast = true;
    message.requested_address = client->offer.yiaddr;
    message.server_id = client->offer.server_id;
    add_wishes(client, &message);
    send_broadcast(client, &message,
                   client->attempts == 0
                       ? "broadcast so that all servers learn whose offer was taken"
                       : "the server did not answer; it asks again");
    set_backoff(client);
}

/* RENEWING and REBINDING: a new question each time, so that the answer tells which REQUEST the
 * lease counts from. RFC 2131 4.3.2: ciaddr is filled in, server id and requested address are not.
 */
static void send_renewal(struct dhcp_client *client, uint64_t until_ns)
{
    client->xid = prng_u32(&client->prng);
    client->requested_ns = scope_now(client->scope);
    count_secs(client);
    struct dhcp_message message = new_message(client, DHCP_REQUEST);
    message.ciaddr = client->lease.address.addr.v4;
    add_wishes(client, &message);
    if (client->state == STATE_RENEWING) {
        send_to_server(client, &message, "T1 has come: it asks its server for more time");
    } else {
        send_broadcast(client, &message,
                       "T2 has come and its server is silent: any server may prolong the lease");
    }
    client->attempts++;
    /* RFC 2131 4.4.5: again after half of the time left, but not within a minute */
    uint64_t wait_ns = (until_ns - scope_now(client->scope)) / 2;
    wait_ns = wait_ns < MIN_RENEWAL_RETRY_NS ? MIN_RENEWAL_RETRY_NS : wait_ns;
    uint64_t retry_ns = scope_now(client->scope) + wait_ns;
    timer_set(&client->timer, retry_ns < until_ns ? retry_ns : until_ns);
}

void dhcp_client_release(struct dhcp_client *client)
{
    if (client->has_lease) {
        client->xid = prng_u32(&client->prng);
        client->secs = 0;
        struct dhcp_message message = new_message(client, DHCP_RELEASE);
        message.ciaddr = client->lease.address.addr.v4;
        message.server_id = client->lease.server.v4;
        send_to_server(client, &message, "it needs the address no more; nobody confirms this");
        end_lease(client);
    }
    if (client->state != STATE_INIT) {
        set_state(client, STATE_INIT, "the owner gave the address back");
    }
    timer_stop(&client->timer);
}

/* --- the timer --- */

static void start_selecting(struct dhcp_client *client)
{
    set_state(client, STATE_SELECTING, "it looks for servers");
    client->xid = prng_u32(&client->prng);
    client->began_ns = scope_now(client->scope);
    send_discover(client);
}

static void start_over(struct dhcp_client *client, const char *why, uint64_t wait_ns)
{
    set_state(client, STATE_INIT, why);
    end_lease(client);
    timer_set(&client->timer, scope_now(client->scope) + wait_ns);
}

static void start_renewing(struct dhcp_client *client)
{
    set_state(client, STATE_RENEWING, "T1 has come");
    client->began_ns = scope_now(client->scope);
    send_renewal(client, client->t2_ns);
}

static void trace_lease(const struct dhcp_client *client, const struct trace_kind *kind)
{
    const struct dhcp_lease *lease = &client->lease;
    const struct ip_addr none = {.version = IP_NONE};
    if (trace_is_on(client->scope->trace)) {
        trace_emit(client->scope, kind, NULL,
                   &(struct dhcp_bound_event){
                       .address = lease->address,
                       .router = lease->router,
                       .dns = lease->n_dns > 0 ? lease->dns[0] : none,
                       .server = lease->server,
                       .lease_time_s = lease->lease_time_s,
                   });
    }
}

static void on_rebinding_timer(struct dhcp_client *client)
{
    if (scope_now(client->scope) < client->expiry_ns) {
        send_renewal(client, client->expiry_ns);
        return;
    }
    /* RFC 2131 4.4.5: the client must stop all use of the address at once */
    trace_lease(client, &DHCP_EXPIRED);
    start_over(client, "the lease ran out", 0);
}

static void on_timer(void *owner)
{
    struct dhcp_client *client = owner;
    switch (client->state) {
    case STATE_INIT:
        start_selecting(client);
        break;
    case STATE_SELECTING:
        send_discover(client);
        break;
    case STATE_REQUESTING:
        if (client->attempts < MAX_REQUESTS) {
            send_request(client);
        } else {
            start_over(client, "the server that made the offer answers no more", 0);
        }
        break;
    case STATE_BOUND:
        start_renewing(client);
        break;
    case STATE_RENEWING:
        if (scope_now(client->scope) >= client->t2_ns) {
            set_state(client, STATE_REBINDING, "T2 has come without an answer");
            send_renewal(client, client->expiry_ns);
        } else {
            send_renewal(client, client->t2_ns);
        }
        break;
    case STATE_REBINDING:
        on_rebinding_timer(client);
        break;
    }
}

/* --- what comes in --- */

static bool is_mask(uint32_t mask)
{
    return mask != 0 && (~mask & (~mask + 1)) == 0; /* ones, then zeros */
}

/* RFC 2131 table 3: what OFFER and ACK must hold for a lease. */
static bool is_usable(const struct dhcp_message *message)
{
    return message->yiaddr != 0 && message->yiaddr != IPV4_BROADCAST &&
           !ipv4_is_multicast(message->yiaddr) && !ipv4_is_loopback(message->yiaddr) &&
           is_mask(message->subnet_mask) && message->server_id != 0 && message->lease_time_s != 0;
}

static uint32_t mask_len(uint32_t mask)
{
    return (uint32_t)__builtin_popcount(mask);
}

static void read_lease(const struct dhcp_message *message, struct dhcp_lease *lease)
{
    memset(lease, 0, sizeof *lease); /* leases are compared as bytes */
    lease->address = (struct ip_prefix){ip_v4(message->yiaddr), mask_len(message->subnet_mask)};
    lease->router = dhcp_ip(message->routers[0]);
    while (lease->n_dns < DHCP_MAX_ADDRESSES && message->dns[lease->n_dns] != 0) {
        lease->dns[lease->n_dns] = ip_v4(message->dns[lease->n_dns]);
        lease->n_dns++;
    }
    lease->server = ip_v4(message->server_id);
    lease->lease_time_s = message->lease_time_s;
    memcpy(lease->domain_name, message->domain_name, sizeof lease->domain_name);
    /* RFC 2131 4.4.5: defaults for T1 and T2; nonsense counts as absent */
    lease->renewal_time_s = message->renewal_time_s;
    lease->rebinding_time_s = message->rebinding_time_s;
    if (lease->renewal_time_s == 0 || lease->rebinding_time_s <= lease->renewal_time_s ||
        lease->rebinding_time_s >= lease->lease_time_s) {
        lease->renewal_time_s = lease->lease_time_s / 2;
        lease->rebinding_time_s = (uint32_t)((uint64_t)lease->lease_time_s * 7 / 8);
    }
}

/* RFC 2131 4.4.5: T1 and T2 with some random fuzz, so that hosts which got their leases together do
 * not come back together. */
static uint64_t fuzzed_ns(struct dhcp_client *client, uint32_t time_s)
{
    uint64_t time_ns = time_s * SECOND_NS;
    return time_ns - prng_below(&client->prng, time_ns / T_FUZZ_DIVISOR + 1);
}

static void set_lease_times(struct dhcp_client *client)
{
    const struct dhcp_lease *lease = &client->lease;
    if (lease->lease_time_s == DHCP_LEASE_FOREVER) {
        client->t1_ns = client->t2_ns = client->expiry_ns = TIMER_OFF;
        return;
    }
    client->t1_ns = client->requested_ns + fuzzed_ns(client, lease->renewal_time_s);
    client->t2_ns = client->requested_ns + fuzzed_ns(client, lease->rebinding_time_s);
    client->expiry_ns = client->requested_ns + lease->lease_time_s * SECOND_NS;
    if (client->t2_ns < client->t1_ns) {
        client->t2_ns = client->t1_ns;
    }
}

static bool is_same_configuration(const struct dhcp_lease *a, const struct dhcp_lease *b)
{
    struct dhcp_lease copy;
    memcpy(&copy, a, sizeof copy); /* padding included */
    copy.lease_time_s = b->lease_time_s;
    copy.renewal_time_s = b->renewal_time_s;
    copy.rebinding_time_s = b->rebinding_time_s;
    return memcmp(&copy, b, sizeof copy) == 0;
}

static void on_ack(struct dhcp_client *client, const struct dhcp_arrival *arrival)
{
    bool was_bound = client->has_lease;
    struct dhcp_lease old;
    memcpy(&old, &client->lease, sizeof old);
    set_state(client, STATE_BOUND, was_bound ? "the lease was prolonged" : "the address is leased");
    read_lease(&arrival->message, &client->lease);
    client->has_lease = true;
    set_lease_times(client);
    if (client->t1_ns != TIMER_OFF) {
        timer_set(&client->timer, client->t1_ns);
    }
    trace_lease(client, &DHCP_BOUND);
    if (!was_bound || !is_same_configuration(&old, &client->lease)) {
        env_defer(client->scope->env, &client->announce);
    }
}

static void on_nak(struct dhcp_client *client)
{
    uint64_t wait_ns = SECOND_NS + prng_below(&client->prng, 9 * SECOND_NS + 1);
    start_over(client, "the server refused; after 1 to 10 s it begins anew", wait_ns);
}

static void on_offer(struct dhcp_client *client, const struct dhcp_arrival *arrival)
{
    set_state(client, STATE_REQUESTING, "it takes the first offer");
    client->offer = arrival->message;
    /* counted from the first REQUEST: a lease believed too short does no harm */
    client->requested_ns = scope_now(client->scope);
    send_request(client);
}

/* Is this type awaited in this state, and from this server? */
static bool is_expected(const struct dhcp_client *client, const struct dhcp_message *message)
{
    if (message->xid != client->xid || !mac_equal(message->chaddr, client->mac)) {
        return false;
    }
    bool is_verdict = message->type == DHCP_ACK || message->type == DHCP_NAK;
    switch (client->state) {
    case STATE_SELECTING:
        return message->type == DHCP_OFFER;
    case STATE_REQUESTING:
        return is_verdict && message->server_id == client->offer.server_id;
    case STATE_RENEWING:
        return is_verdict && message->server_id == client->lease.server.v4;
    case STATE_REBINDING:
        return is_verdict && message->server_id != 0; /* any server */
    case STATE_INIT:
    case STATE_BOUND:
        return false;
    }
    return false;
}

static const char *why_taken(const struct dhcp_message *message)
{
    switch (message->type) {
    case DHCP_OFFER:
        return "it is the first offer that answers its DISCOVER";
    case DHCP_ACK:
        return "the server confirms the lease";
    default:
        return message->message[0] ? message->message : "the server refuses the address";
    }
}

static void on_message(struct dhcp_client *client, const struct dhcp_arrival *arrival)
{
    const struct dhcp_message *message = &arrival->message;
    if (!is_expected(client, message)) {
        dhcp_drop(client->scope, &DHCP_DROP_UNEXPECTED, &arrival->info);
        return;
    }
    if (message->type != DHCP_NAK && !is_usable(message)) {
        dhcp_drop(client->scope, &DHCP_DROP_UNUSABLE, &arrival->info);
        return;
    }
    dhcp_trace(client->scope, &DHCP_RECEIVED, message, arrival->info.packet_id,
               arrival->info.to.addr.v4 == IPV4_BROADCAST, why_taken(message));
    if (message->type == DHCP_OFFER) {
        on_offer(client, arrival);
    } else if (message->type == DHCP_ACK) {
        on_ack(client, arrival);
    } else {
        on_nak(client);
    }
}

static void on_readable(void *owner)
{
    struct dhcp_client *client = owner;
    struct dhcp_arrival arrival;
    while (dhcp_receive(client->scope, client->socket, DHCP_BOOTREPLY, &arrival)) {
        on_message(client, &arrival);
    }
}
