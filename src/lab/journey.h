/* The journey from URL to page, as steps: a listener of the trace that picks out what concerns one
 * client, in words.
 *
 * It knows the client node and listens from before the world starts. Each step (getting an address,
 * taking the URL apart, ARP, DNS, TCP, NAT, HTTP, the page's resources, the page, the close) is a
 * list of entries: who told whom what, when, and what it means, with the trace event behind it.
 */
#ifndef LAB_JOURNEY_H
#define LAB_JOURNEY_H

#include "lab/world.h"

enum journey_stage {
    JOURNEY_ADDRESS,
    JOURNEY_URL,
    JOURNEY_NEIGHBOUR,
    JOURNEY_NAME,
    JOURNEY_CONNECT,
    JOURNEY_TRANSLATE,
    JOURNEY_EXCHANGE,
    JOURNEY_RESOURCES,
    JOURNEY_PAGE,
    JOURNEY_CLOSE,
    JOURNEY_STAGES,
};

/* Strings are owned; `to`, `why` and `event` may be NULL. */
struct journey_entry {
    uint64_t at_ns;
    uint64_t packet_id; /* 0: none */
    char *from;
    char *to;
    char *what;
    char *why;   /* what it means */
    char *block; /* several lines to show as they are, such as headers; NULL: none */
    char *event; /* the trace event as JSON */
};

struct journey_step {
    struct journey_entry *entries;
    size_t n_entries, capacity;
    uint64_t begin_ns, end_ns;
};

/* One TCP connection of the client. */
struct journey_flow {
    struct endpoint local, remote;
    struct endpoint outside; /* what the NAT made of `local`; not set: nothing */
    uint64_t opened_ns, closed_ns;
    uint64_t segments_sent, segments_received, bytes_sent, bytes_received;
    uint64_t retransmitted;
    uint32_t hops;                       /* routers that the first SYN passed */
    uint64_t syn_packet, syn_ack_packet; /* ids */
    bool is_established, is_closing;
};

/* A frame at the client's first interface, as in its capture: frame 1 is the first. */
struct journey_frame {
    uint64_t at_ns;
    uint64_t packet_id;
    bool is_sent;
    uint8_t *bytes; /* owned */
    size_t len;
};

enum { JOURNEY_MAX_FRAMES = 65536, JOURNEY_MAX_FLOWS = 256, JOURNEY_MAX_ENTRIES = 512 };

struct journey;

/* Starts listening to the world's trace and the client's first interface. The world is built and
 * not started. `client` has a stack and a link. */
struct journey *journey_new(struct world *world, uint32_t client);
void journey_free(struct journey *journey); /* before the world */

/* The page that came, copied. */
void journey_set_page(struct journey *journey, const struct page *page);

/* True once every connection that the client opened has been closed by both sides: its last word
 * was said (TIME-WAIT may last on). */
bool journey_is_closed(const struct journey *journey);

const struct journey_step *journey_step(const struct journey *journey, enum journey_stage stage);
const char *journey_title(enum journey_stage stage);   /* "The name becomes an address (DNS)" */
const char *journey_meaning(enum journey_stage stage); /* one or two sentences */

/* For reports; the arrays are borrowed and in the order of time. */
const struct journey_flow *journey_flows(const struct journey *journey, size_t *count);
const struct journey_frame *journey_frames(const struct journey *journey, size_t *count);
const struct page *journey_page(const struct journey *journey); /* NULL: none came */

/* The number of the frame at the client's interface that carried a packet; 0: none. */
size_t journey_frame_number(const struct journey *journey, uint64_t packet_id);

#endif
