/* TAP devices against the kernel, in a network namespace of our own. Skipped where the process may
 * not make one or has no /dev/net/tun. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOCAL_ETHERTYPE = 0x88b5 }; /* IEEE 802: for experiments */

static bool enter_namespace(void)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return unshare(CLONE_NEWNET) == 0;
}

/* What came in by a device. */
struct inbox {
    struct env *env;
    struct frame_device *device;
    uint16_t wanted_ethertype;
    size_t count;
    size_t last_len;
    uint64_t at_ns;
    bool close_at_once;
    bool defers;
    struct event event;
    size_t n_settled;
    bool stop;
};

static void on_frame(void *owner, struct packet *packet)
{
    struct inbox *inbox = owner;
    struct reader r = packet_reader(packet);
    reader_skip(&r, 12);
    if (read_u16(&r) == inbox->wanted_ethertype) {
        inbox->count++;
        inbox->last_len = packet->len;
        inbox->at_ns = inbox->env->now_ns;
        inbox->stop = true;
        if (inbox->defers) {
            env_defer(inbox->env, &inbox->event);
        }
        if (inbox->close_at_once) {
            inbox->env->ops->close_frame_device(inbox->device);
        }
    }
    packet_put(packet);
}

static enum status open_device(struct inbox *inbox, const char *name)
{
    return inbox->env->ops->open_frame_device(inbox->env, name, on_frame, inbox, &inbox->device);
}

static int set_up(void **state)
{
    static struct inbox inbox;
    inbox = (struct inbox){.wanted_ethertype = ETHERTYPE_ARP};
    *state = &inbox;
    return host_env_new(1, &inbox.env) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct inbox *inbox = *state;
    host_env_free(inbox->env);
    return 0;
}

static void must(int result)
{
    assert_true(result >= 0);
}

static struct ifreq request_for(const char *name)
{
    struct ifreq request = {0};
    strcpy(request.ifr_name, name);
    return request;
}

static void set_address(const char *name, const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = request_for(name);
    struct sockaddr_in in = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    memcpy(&request.ifr_addr, &in, sizeof in);
    must(ioctl(fd, SIOCSIFADDR, &request));
    close(fd);
}

static bool is_up(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = request_for(name);
    must(ioctl(fd, SIOCGIFFLAGS, &request));
    close(fd);
    return request.ifr_flags & IFF_UP;
}

/* Makes the kernel ask for the hardware address of a neighbour. */
static void send_datagram(const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    must((int)sendto(fd, "x", 1, 0, (const struct sockaddr *)&to, sizeof to));
    close(fd);
}

static void a_frame_of_the_kernel_arrives(void **state)
{
    struct inbox *inbox = *state;
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    assert_true(is_up("tap0"));
    set_address("tap0", "192.0.2.1");
    send_datagram("192.0.2.2");
    host_run(inbox->env, UINT64_C(10000000000), &inbox->stop);
    assert_int_equal(inbox->count, 1);
    assert_int_equal(inbox->last_len, 42); /* an ARP request, not padded */
    assert_true(inbox->at_ns > 0);
    inbox->env->ops->close_frame_device(inbox->device);
}

static int open_observer(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW, htons(LOCAL_ETHERTYPE));
    struct sockaddr_ll place = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(LOCAL_ETHERTYPE),
                                .sll_ifindex = (int)if_nametoindex(name)};
    must(fd);
    must(bind(fd, (const struct sockaddr *)&place, sizeof place));
    return fd;
}

static void send_frame(struct inbox *inbox, size_t len)
{
    struct packet *packet = packet_new(inbox->env->packets, len);
    struct writer w = writer_of(packet->data, len);
    write_copy(&w, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01", 12);
    write_u16(&w, LOCAL_ETHERTYPE);
    while (writer_left(&w) > 0) {
        write_u8(&w, (uint8_t)(writer_left(&w) * 7));
    }
    inbox->env->ops->send_frame(inbox->device, packet);
}

static void a_frame_of_ours_reaches_the_kernel(void **state)
{
    struct inbox *inbox = *state;
    uint8_t frame[2000];
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    int observer = open_observer("tap0");
    for (size_t len = 60; len <= 1514; len += 1514 - 60) {
        send_frame(inbox, len);
        struct pollfd wait = {.fd = observer, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 10000), 1);
        assert_int_equal(recv(observer, frame, sizeof frame, 0), len);
        assert_int_equal(frame[len - 1], 7);
    }
    assert_int_equal(host_env_frames_lost(inbox->env), 0);
    close(observer);
}

static void a_frame_for_an_interface_that_is_down_is_lost_and_counted(void **state)
{
    struct inbox *inbox = *state;
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request = request_for("tap0");
    must(ioctl(fd, SIOCSIFFLAGS, &request));
    close(fd);
    send_frame(inbox, 60);
    assert_int_equal(host_env_frames_lost(inbox->env), 1);
}

static void an_existing_device_is_used_and_left(void **state)
{
    struct inbox *inbox = *state;
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = request_for("lab0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    must(ioctl(fd, TUNSETIFF, &request));
    must(ioctl(fd, TUNSETPERSIST, 1));
    assert_int_equal(open_device(inbox, "lab0"), STATUS_IN_USE);
    close(fd);
    assert_int_equal(open_device(inbox, "lab0"), STATUS_OK);
    inbox->env->ops->close_frame_device(inbox->device);
    assert_int_not_equal(if_nametoindex("lab0"), 0);
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    assert_int_not_equal(if_nametoindex("tap0"), 0);
    inbox->env->ops->close_frame_device(inbox->device);
    assert_int_equal(if_nametoindex("tap0"), 0); /* ours went with us */
}

static void names_that_cannot_be_are_refused(void **state)
{
    struct inbox *inbox = *state;
    static const char *const names[] = {"", "a/b", "tap%d", "a b", "a-name-of-16-chr", "lo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(open_device(inbox, names[i]), STATUS_INVALID);
    }
}

static void a_device_may_be_closed_by_its_own_frame(void **state)
{
    struct inbox *inbox = *state;
    inbox->close_at_once = true;
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    set_address("tap0", "192.0.2.1");
    send_datagram("192.0.2.2"); /* both requests wait to be read when the run begins */
    send_datagram("192.0.2.3");
    host_run(inbox->env, 5000000, NULL);
    assert_int_equal(inbox->count, 1);
    assert_int_equal(host_env_frames_lost(inbox->env), 0);
    assert_int_equal(if_nametoindex("tap0"), 0);
}

static void deferred_on_frame(void *owner)
{
    struct inbox *inbox = owner;
    inbox->n_settled += inbox->count == inbox->n_settled + 1;
}

static void what_a_frame_defers_happens_before_the_next_frame(void **state)
{
    struct inbox *inbox = *state;
    event_init(&inbox->event, event_rank(1, EVENT_TIMER, 1), deferred_on_frame, inbox);
    inbox->defers = true;
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    set_address("tap0", "192.0.2.1");
    send_datagram("192.0.2.2");
    send_datagram("192.0.2.3");
    host_run(inbox->env, 5000000, NULL);
    assert_int_equal(inbox->count, 2);
    assert_int_equal(inbox->n_settled, 2);
}

static void a_device_that_is_deleted_falls_silent(void **state)
{
    struct inbox *inbox = *state;
    assert_int_equal(open_device(inbox, "tap0"), STATUS_OK);
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } deletion = {.header = {.nlmsg_len = sizeof deletion,
                             .nlmsg_type = RTM_DELLINK,
                             .nlmsg_flags = NLM_F_REQUEST},
                  .link = {.ifi_index = (int)if_nametoindex("tap0")}};
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    must((int)send(fd, &deletion, sizeof deletion, 0));
    close(fd);
    assert_int_equal(if_nametoindex("tap0"), 0);
    host_run(inbox->env, 2000000, NULL);
    assert_int_equal(host_env_frames_lost(inbox->env), 1);
}

int main(void)
{
#define TAP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TAP_TEST(a_frame_of_the_kernel_arrives),
        TAP_TEST(a_frame_of_ours_reaches_the_kernel),
        TAP_TEST(a_frame_for_an_interface_that_is_down_is_lost_and_counted),
        TAP_TEST(an_existing_device_is_used_and_left),
        TAP_TEST(names_that_cannot_be_are_refused),
        TAP_TEST(a_device_may_be_closed_by_its_own_frame),
        TAP_TEST(what_a_frame_defers_happens_before_the_next_frame),
        TAP_TEST(a_device_that_is_deleted_falls_silent),
    };
    if (!enter_namespace()) {
        puts("1..0 # skipped: no /dev/net/tun"); /* cmocka's own skip is a failure to meson */
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
