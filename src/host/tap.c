/* TAP devices: a network interface of this machine whose wire is a file descriptor.
 *
 * Every read gives one frame that the machine sends, every write one that it receives, without the
 * packet information header (IFF_NO_PI) and without offloads: what comes in is what would be on
 * the wire, checksums included.
 *
 * A frame that the machine does not take (the interface is down, its buffers are full) is lost, as
 * on a wire, and counted. When the interface is deleted under us, the descriptor reports an error
 * for ever; the device then falls silent.
 */
#include "host/host_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many frames are read before other devices and events have their turn. */
enum { FRAMES_PER_TURN = 64 };

struct frame_device {
    struct host_source source;
    struct host *host;
    struct list link; /* in devices or closed_devices */
    void (*on_frame)(void *owner, struct packet *packet);
    void *owner;
    bool is_closed;
};

/* --- frames --- */

/* The machine's next frame, or NULL. */
static struct packet *tap_read(struct frame_device *device)
{
    struct host *host = device->host;
    ssize_t len;
    do {
        len = read(device->source.fd, host->frame, sizeof host->frame);
    } while (len < 0 && errno == EINTR);
    if (len >= 0) {
        return packet_new_copy(host->env.packets, host->frame, (size_t)len);
    }
    if (errno != EAGAIN) { /* the interface is gone */
        host->frames_lost++;
        host_unwatch(host, &device->source);
    }
    return NULL;
}

static void tap_on_ready(struct host_source *source)
{
    struct frame_device *device = container_of(source, struct frame_device, source);
    struct host *host = device->host;
    for (int i = 0; i < FRAMES_PER_TURN && !device->is_closed && !host_is_stopped(host); i++) {
        struct packet *packet = tap_read(device);
        if (!packet) {
            return;
        }
        device->on_frame(device->owner, packet);
        host_settle(host);
    }
}

void tap_send(struct frame_device *device, struct packet *packet)
{
    ssize_t len;
    do {
        len = write(device->source.fd, packet->data, packet->len);
    } while (len < 0 && errno == EINTR);
    if (len < 0) {
        device->host->frames_lost++;
    }
    packet_put(packet);
}

/* --- opening and closing --- */

static enum status tun_open_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
        return STATUS_PERMISSION;
    default:
        return STATUS_IO;
    }
}

static enum status tun_attach_status(int error)
{
    switch (error) {
    case EPERM:
        return STATUS_PERMISSION;
    case EBUSY:
        return STATUS_IN_USE;
    case EINVAL:
        return STATUS_INVALID;
    default:
        return STATUS_IO;
    }
}

static bool is_interface_name(const char *name)
{
    size_t len = strnlen(name, IFNAMSIZ);
    return len > 0 && len < IFNAMSIZ && !strpbrk(name, "/%: \t\n");
}

/* Sets the interface up if it is not. Without the right to do so it stays down until its
 * administrator sets it up. */
static void set_interface_up(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    struct ifreq request = {0};
    strcpy(request.ifr_name, name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP)) {
        request.ifr_flags |= IFF_UP;
        (void)ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
}

/* Attaches to the interface, which is created when it does not exist. */
static enum status tun_open(const char *name, int *fd)
{
    if (!is_interface_name(name)) {
        return STATUS_INVALID;
    }
    *fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0) {
        return tun_open_status(errno);
    }
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strcpy(request.ifr_name, name);
    if (ioctl(*fd, TUNSETIFF, &request) < 0) {
        enum status status = tun_attach_status(errno);
        close(*fd);
        return status;
    }
    set_interface_up(name);
    return STATUS_OK;
}

enum status tap_open(struct env *env, const char *name,
                     void (*on_frame)(void *owner, struct packet *packet), void *owner,
                     struct frame_device **device)
{
    struct host *host = container_of(env, struct host, env);
    int fd;
    enum status status = tun_open(name, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    struct frame_device *opened = memory_new(sizeof *opened);
    opened->source = (struct host_source){fd, tap_on_ready};
    opened->host = host;
    opened->on_frame = on_frame;
    opened->owner = owner;
    status = host_watch(host, &opened->source);
    if (status != STATUS_OK) {
        close(fd);
        free(opened);
        return status;
    }
    list_add_last(&opened->link, &host->devices);
    *device = opened;
    return STATUS_OK;
}

void tap_close(struct frame_device *device)
{
    CHECK(!device->is_closed);
    device->is_closed = true;
    close(device->source.fd); /* which also ends the watch */
    list_remove(&device->link);
    list_add_last(&device->link, &device->host->closed_devices);
}

void tap_close_all(struct host *host)
{
    while (!list_is_empty(&host->devices)) {
        tap_close(container_of(host->devices.next, struct frame_device, link));
    }
}

/* The loop may hold a device that was closed a moment ago: it frees them at the end of a turn. */
void tap_free_closed(struct host *host)
{
    LIST_FOR_EACH_SAFE (link, &host->closed_devices) {
        list_remove(link);
        free(container_of(link, struct frame_device, link));
    }
}
