#include "host/file_sink.h"

#include "base/list.h"
#include "base/memory.h"
#include "host/host_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 << 10 };

struct file_sink {
    struct byte_sink bytes;
    int fd;
    enum status error; /* the first; nothing is written behind it */
    size_t used;
    uint8_t buffer[BUFFER_SIZE];
};

/* Writes all of it to the file, or keeps the error. */
static enum status write_out(struct file_sink *sink, const uint8_t *bytes, size_t len)
{
    while (len > 0 && sink->error == STATUS_OK) {
        ssize_t n = write(sink->fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            sink->error = host_path_status(errno);
        } else if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return sink->error;
}

enum status file_sink_flush(struct file_sink *sink)
{
    if (sink->error != STATUS_OK) {
        return STATUS_CLOSED;
    }
    size_t used = sink->used;
    sink->used = 0;
    return write_out(sink, sink->buffer, used);
}

static enum status sink_write(struct byte_sink *bytes_sink, const void *bytes, size_t len)
{
    struct file_sink *sink = container_of(bytes_sink, struct file_sink, bytes);
    if (sink->error != STATUS_OK) {
        return STATUS_CLOSED;
    }
    if (len > BUFFER_SIZE - sink->used) {
        enum status status = file_sink_flush(sink);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (len > BUFFER_SIZE) {
        return write_out(sink, bytes, len);
    }
    if (len > 0) {
        memcpy(sink->buffer + sink->used, bytes, len);
        sink->used += len;
    }
    return STATUS_OK;
}

enum status file_sink_new(const char *path, struct file_sink **sink)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0) {
        return host_path_status(errno);
    }
    *sink = memory_new(sizeof **sink);
    (*sink)->bytes.write = sink_write;
    (*sink)->fd = fd;
    return STATUS_OK;
}

struct byte_sink *file_sink_bytes(struct file_sink *sink)
{
    return &sink->bytes;
}

enum status file_sink_close(struct file_sink *sink)
{
    (void)!file_sink_flush(sink); /* an error is kept in the sink */
    enum status error = sink->error;
    if (close(sink->fd) < 0 && error == STATUS_OK) {
        error = host_path_status(errno);
    }
    free(sink);
    return error;
}
