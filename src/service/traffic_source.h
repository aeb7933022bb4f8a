/* Traffic sources: programs that send so many bytes, to load a network and to measure it.
 *
 * A stream source connects and then writes as fast as the connection takes it (RFC 863's discard
 * service is the other side; so is service/traffic_sink.h). A datagram source sends datagrams of
 * one size at a constant rate, whatever becomes of them.
 */
#ifndef SERVICE_TRAFFIC_SOURCE_H
#define SERVICE_TRAFFIC_SOURCE_H

#include "socket/socket.h"

enum { TRAFFIC_MAX_DATAGRAM = 16384 };
#define TRAFFIC_ENDLESS UINT64_MAX

struct traffic_stream_plan {
    struct endpoint to;
    uint64_t start_ns; /* on the environment's clock */
    uint64_t bytes;    /* then it closes; TRAFFIC_ENDLESS: it never does */
};

struct traffic_datagram_plan {
    struct endpoint to;
    uint64_t start_ns;    /* of the first one */
    uint64_t interval_ns; /* between two; > 0 */
    uint64_t count;       /* or TRAFFIC_ENDLESS */
    uint32_t len;         /* of the data of each; at most TRAFFIC_MAX_DATAGRAM */
};

struct traffic_source_counts {
    uint64_t bytes;     /* taken by the socket */
    uint64_t datagrams; /* of those that count in datagrams */
    uint64_t refused;   /* datagrams that the socket did not take: no route, no room */
};

struct traffic_source;

/* Both borrow `sockets`, which outlives the source. Nothing is sent before the clock moves. */
struct traffic_source *traffic_source_new_stream(struct sockets *sockets,
                                                 const struct traffic_stream_plan *plan);
struct traffic_source *traffic_source_new_datagrams(struct sockets *sockets,
                                                    const struct traffic_datagram_plan *plan);
/* Stops at once; a stream that is not closed yet is aborted. */
void traffic_source_free(struct traffic_source *source);

struct traffic_source_counts traffic_source_count(const struct traffic_source *source);

/* All is written and closed, or it failed. */
bool traffic_source_is_done(const struct traffic_source *source);
/* Why it could not go on; STATUS_OK as long as it can. */
enum status traffic_source_error(const struct traffic_source *source);

#endif
