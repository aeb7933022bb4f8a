/* What client and server share: tracing of messages, sending and receiving them. */
#ifndef DHCP_INTERNAL_H
#define DHCP_INTERNAL_H

#include "dhcp/client.h"

/* A message that came, and where it came from. */
struct dhcp_arrival {
    struct dhcp_message message;
    struct datagram_info info;
};

/* Emits `kind`, DHCP_SENT or DHCP_RECEIVED. `packet_id` 0: unknown. */
void dhcp_trace(const struct scope *scope, const struct trace_kind *kind,
                const struct dhcp_message *message, uint64_t packet_id, bool is_broadcast,
                const char *why);

/* Counts and traces the drop of what came with `info`. */
void dhcp_drop(const struct scope *scope, const struct drop_reason *reason,
               const struct datagram_info *info);

/* Sends the message to `to` and traces it, or its failure. `route` may be NULL. */
void dhcp_send(const struct scope *scope, struct datagram_socket *socket,
               const struct dhcp_message *message, struct endpoint to,
               const struct datagram_route *route, const char *why);

/* The next well-formed message with this op that waits in the socket; others are dropped. False
 * when none is left. */
bool dhcp_receive(const struct scope *scope, struct datagram_socket *socket, enum dhcp_op op,
                  struct dhcp_arrival *arrival);

static inline struct ip_addr dhcp_ip(uint32_t address) /* 0 is "none" in a message */
{
    return address == 0 ? (struct ip_addr){.version = IP_NONE} : ip_v4(address);
}

#endif
