/* Which local ports are in use, per protocol; shared by UDP, TCP and, on a router, its NAT. */
#ifndef STACK_TRANSPORT_PORT_TABLE_H
#define STACK_TRANSPORT_PORT_TABLE_H

#include "base/prng.h"
#include "observe/scope.h"

enum {
    PORT_EPHEMERAL_FIRST = 49152, /* RFC 6335 6: the dynamic ports */
    PORT_EPHEMERAL_LAST = 65535,
};

struct port_table;

struct port_table *port_table_new(struct scope *scope);
void port_table_free(struct port_table *table);

/* Counts uses: several connections may share a port. */
void port_table_take(struct port_table *table, uint8_t protocol, uint16_t port);
void port_table_release(struct port_table *table, uint8_t protocol, uint16_t port);
bool port_table_is_taken(const struct port_table *table, uint8_t protocol, uint16_t port);

/* An unused ephemeral port, chosen at random (RFC 6056 algorithm 1); 0 when all are taken. */
uint16_t port_table_choose(struct port_table *table, uint8_t protocol);

#endif
