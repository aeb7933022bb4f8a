/* What the tests of client and server share: a link with a scripted peer, and an eye on the trace.
 */
#ifndef DHCP_SUPPORT_H
#define DHCP_SUPPORT_H

#include "dhcp/server.h"
#include "support/fake_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define DELAY (1 * MS)

enum { SEEN_MAX = 64 };

/* One datagram on its way, as the hook saw it. */
struct seen {
    uint64_t at_ns;
    char sender[16];
    struct mac_addr link_dst;
    struct endpoint from, to;
    struct dhcp_message message;
};

struct test_link {
    struct fake_net *net;
    struct seen seen[SEEN_MAX];
    size_t n_seen;
    struct trace_sink sink;
    size_t n_states, n_bound, n_expired;
    const char *last_why; /* of the last dhcp.sent or dhcp.received; texts of the program only */
};

void test_link_init(struct test_link *link);
void test_link_fini(struct test_link *link);
uint64_t test_link_drops(struct test_link *link, const struct drop_reason *reason);

/* The n-th datagram from now back: 0 is the last. */
const struct seen *test_link_last(const struct test_link *link, size_t n);

/* A scripted machine: sends any message from any host. */
void test_send(struct datagram_socket *socket, const struct dhcp_message *message, uint32_t to,
               uint16_t port, bool is_src_any);

uint32_t v4(const char *text);

#endif
