#include "dhcp/dhcp_internal.h"

#include "base/check.h"

static const struct trace_field EVENT_FIELDS[] = {
    TRACE_FIELD(struct dhcp_event, type, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_event, client, TRACE_MAC),
    TRACE_FIELD(struct dhcp_event, address, TRACE_IP),
    TRACE_FIELD(struct dhcp_event, server, TRACE_IP),
    TRACE_FIELD(struct dhcp_event, is_broadcast, TRACE_BOOL),
    TRACE_FIELD(struct dhcp_event, why, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_event, xid, TRACE_U32),
    TRACE_FIELD(struct dhcp_event, lease_time_s, TRACE_U32),
};
TRACE_KIND(DHCP_SENT, "dhcp.sent", "sends DHCP {type} (address: {address}): {why}", EVENT_FIELDS);
TRACE_KIND(DHCP_RECEIVED, "dhcp.received", "takes DHCP {type} (address: {address}): {why}",
           EVENT_FIELDS);

static const struct trace_field STATE_FIELDS[] = {
    TRACE_FIELD(struct dhcp_state_event, interface, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_state_event, from, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_state_event, to, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_state_event, why, TRACE_TEXT),
};
TRACE_KIND(DHCP_STATE, "dhcp.state", "{interface}: DHCP {from} to {to}: {why}", STATE_FIELDS);

static const struct trace_field BOUND_FIELDS[] = {
    TRACE_FIELD(struct dhcp_bound_event, address, TRACE_PREFIX),
    TRACE_FIELD(struct dhcp_bound_event, router, TRACE_IP),
    TRACE_FIELD(struct dhcp_bound_event, dns, TRACE_IP),
    TRACE_FIELD(struct dhcp_bound_event, server, TRACE_IP),
    TRACE_FIELD(struct dhcp_bound_event, lease_time_s, TRACE_U32),
};
TRACE_KIND(DHCP_BOUND, "dhcp.bound",
           "has {address} from {server} for {lease_time_s} s (router {router}, DNS {dns})",
           BOUND_FIELDS);
TRACE_KIND(DHCP_EXPIRED, "dhcp.expired", "its lease of {address} from {server} ran out",
           BOUND_FIELDS);

static const struct trace_field SEND_FAILED_FIELDS[] = {
    TRACE_FIELD(struct dhcp_send_failed_event, type, TRACE_TEXT),
    TRACE_FIELD(struct dhcp_send_failed_event, status, TRACE_TEXT),
};
TRACE_KIND(DHCP_SEND_FAILED, "dhcp.send-failed", "cannot send {type}: {status}",
           SEND_FAILED_FIELDS);

const struct drop_reason DHCP_DROP_MALFORMED = {"dhcp.malformed", "it is not a DHCP message"};
const struct drop_reason DHCP_DROP_UNEXPECTED = {
    "dhcp.unexpected", "it does not belong to this exchange: wrong xid, client, server or state"};
const struct drop_reason DHCP_DROP_UNUSABLE = {
    "dhcp.unusable", "it lacks what a lease needs: an address, a mask, a server or a time"};
const struct drop_reason DHCP_DROP_POOL_EMPTY = {"dhcp.pool-empty",
                                                 "the server has no address left to give"};

/* The address a message is about: the one given, else the one asked for, else the one in use. */
static uint32_t subject_of(const struct dhcp_message *message)
{
    if (message->yiaddr != 0) {
        return message->yiaddr;
    }
    return message->requested_address != 0 ? message->requested_address : message->ciaddr;
}

void dhcp_trace(const struct scope *scope, const struct trace_kind *kind,
                const struct dhcp_message *message, uint64_t packet_id, bool is_broadcast,
                const char *why)
{
    if (!trace_is_on(scope->trace)) {
        return;
    }
    const struct packet packet = {.id = packet_id}; /* the trace looks at nothing but its id */
    trace_emit(scope, kind, &packet,
               &(struct dhcp_event){
                   .type = dhcp_type_text(message->type),
                   .client = message->chaddr,
                   .address = dhcp_ip(subject_of(message)),
                   .server = dhcp_ip(message->server_id),
                   .is_broadcast = is_broadcast,
                   .why = why,
                   .xid = message->xid,
                   .lease_time_s = message->lease_time_s,
               });
}

void dhcp_drop(const struct scope *scope, const struct drop_reason *reason,
               const struct datagram_info *info)
{
    const struct packet packet = {.id = info->packet_id};
    trace_drop(scope, reason, &packet, info->interface);
}

void dhcp_send(const struct scope *scope, struct datagram_socket *socket,
               const struct dhcp_message *message, struct endpoint to,
               const struct datagram_route *route, const char *why)
{
    uint8_t bytes[DHCP_MAX_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    dhcp_emit(&w, message);
    CHECK(!w.failed);
    bool is_broadcast = to.addr.v4 == IPV4_BROADCAST;
    dhcp_trace(scope, &DHCP_SENT, message, 0, is_broadcast, why);
    struct bytes data = {bytes, (size_t)(w.p - bytes)};
    enum status status = datagram_send(socket, to, data, route);
    if (status != STATUS_OK && trace_is_on(scope->trace)) {
        trace_emit(
            scope, &DHCP_SEND_FAILED, NULL,
            &(struct dhcp_send_failed_event){dhcp_type_text(message->type), status_text(status)});
    }
}

bool dhcp_receive(const struct scope *scope, struct datagram_socket *socket, enum dhcp_op op,
                  struct dhcp_arrival *arrival)
{
    for (;;) {
        uint8_t bytes[DHCP_MAX_LEN];
        int64_t len = datagram_receive(socket, bytes, sizeof bytes, &arrival->info);
        if (len < 0) {
            return false; /* nothing left; an ICMP error about a message sent changes nothing */
        }
        struct reader r = reader_of(bytes, (size_t)len);
        if (len > (int64_t)sizeof bytes || !dhcp_parse(&r, &arrival->message)) {
            dhcp_drop(scope, &DHCP_DROP_MALFORMED, &arrival->info);
        } else if (arrival->message.op != op) {
            dhcp_drop(scope, &DHCP_DROP_UNEXPECTED, &arrival->info);
        } else {
            return true;
        }
    }
}
