/* Files: whole, regular, of limited size.
 *
 * Opening does not block on a pipe and does not make a terminal ours; what turns out not to be a
 * regular file is refused. The size that the file system tells is only a guess (files of /proc say
 * 0, others grow): reading goes on until the end or the limit.
 */
#include "host/host_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 4096 };

enum status host_path_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_PERMISSION;
    case EISDIR:
    case ENXIO:
        return STATUS_INVALID;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
        return STATUS_LIMIT;
    default:
        return STATUS_IO;
    }
}

static enum status open_regular(const char *path, int *fd, size_t *size)
{
    struct stat about;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) {
        return host_path_status(errno);
    }
    if (fstat(*fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        close(*fd);
        return STATUS_INVALID;
    }
    *size = (size_t)about.st_size;
    return STATUS_OK;
}

/* Reads to the end of the file, but no more than one byte beyond `limit`. */
static enum status read_to_end(int fd, size_t limit, size_t expected, struct file_content *content)
{
    size_t capacity = (expected > limit ? limit : expected) + FIRST_CAPACITY;
    content->chars = memory_resize(NULL, capacity);
    content->len = 0;
    while (content->len <= limit) {
        if (content->len + 1 == capacity) {
            capacity *= 2;
            content->chars = memory_resize(content->chars, capacity);
        }
        ssize_t n = read(fd, content->chars + content->len, capacity - 1 - content->len);
        if (n == 0) {
            return STATUS_OK;
        }
        if (n < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        content->len += n > 0 ? (size_t)n : 0;
    }
    return STATUS_LIMIT;
}

enum status host_read_file(struct env *env, const char *path, size_t limit,
                           struct file_content *content)
{
    (void)env;
    *content = (struct file_content){0};
    int fd;
    size_t size = 0;
    enum status status = open_regular(path, &fd, &size);
    if (status != STATUS_OK) {
        return status;
    }
    status = size > limit ? STATUS_LIMIT : read_to_end(fd, limit, size, content);
    close(fd);
    if (status != STATUS_OK) {
        free(content->chars);
        *content = (struct file_content){0};
        return status;
    }
    content->chars[content->len] = '\0';
    return STATUS_OK;
}

const struct env_ops *host_files(void)
{
    static const struct env_ops ops = {.read_file = host_read_file};
    return &ops;
}
