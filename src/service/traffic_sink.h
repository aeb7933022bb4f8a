/* Traffic sinks: programs that read whatever comes, count it and throw it away (RFC 863). */
#ifndef SERVICE_TRAFFIC_SINK_H
#define SERVICE_TRAFFIC_SINK_H

#include "socket/socket.h"

enum { TRAFFIC_SINK_MAX_STREAMS = 65536 };

struct traffic_sink_counts {
    uint64_t bytes;
    uint64_t streams; /* accepted so far */
    uint64_t datagrams;
};

struct traffic_sink;

/* Takes connections, or datagrams, at `local` (addr not set: any of the host's). Borrows `sockets`,
 * which outlives the sink. STATUS_IN_USE and the like. */
enum status traffic_sink_new_stream(struct sockets *sockets, struct endpoint local,
                                    struct traffic_sink **sink) MUST_CHECK;
enum status traffic_sink_new_datagrams(struct sockets *sockets, struct endpoint local,
                                       struct traffic_sink **sink) MUST_CHECK;
void traffic_sink_free(struct traffic_sink *sink);

struct traffic_sink_counts traffic_sink_count(const struct traffic_sink *sink);

#endif
