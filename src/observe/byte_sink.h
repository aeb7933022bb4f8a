/* Where a writer's bytes go: a file, a buffer, a socket. Picked by cli/, handed down. */
#ifndef OBSERVE_BYTE_SINK_H
#define OBSERVE_BYTE_SINK_H

#include "base/status.h"

#include <stddef.h>

struct byte_sink {
    enum status (*write)(struct byte_sink *sink, const void *bytes, size_t len);
};

#endif
