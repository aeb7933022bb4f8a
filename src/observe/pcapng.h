/* Captures in pcapng (draft-ietf-opsawg-pcapng), one per link end, to a byte sink.
 *
 * Times are nanoseconds (if_tsresol 9) since 1970. Each packet carries its direction (epb_flags)
 * and, as comments, the trace events that its node emitted about it ("ipv4.forwarded: ...").
 *
 * For a received packet these come after it, so it is held back until its node has handled it:
 * until the next one is received here, another is sent here later, or pcapng_flush(). What the node
 * sends here meanwhile waits behind it, so that the file is in the order of time. For a sent packet
 * the comments come before it. Their number and length have limits; what is beyond is left out.
 */
#ifndef OBSERVE_PCAPNG_H
#define OBSERVE_PCAPNG_H

#include "base/status.h"
#include "observe/byte_sink.h"
#include "observe/tap.h"
#include "observe/trace.h"

struct pcapng;

/* Starts a capture of one link end and writes its section header and interface block. It adds
 * itself to the point and the trace; `sink`, `point` and `trace` are borrowed until pcapng_free().
 * `epoch_unix_s` is the wall-clock second of virtual time 0. */
struct pcapng *pcapng_new(struct byte_sink *sink, struct tap_point *point, struct trace *trace,
                          uint64_t epoch_unix_s);

/* Writes what is held back. Returns the first error of the sink since pcapng_new(). */
enum status pcapng_flush(struct pcapng *capture) MUST_CHECK;

/* Detaches from point and trace and frees; call pcapng_flush() first. */
void pcapng_free(struct pcapng *capture);

#endif
