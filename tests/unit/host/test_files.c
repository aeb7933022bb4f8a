/* Files in and out: contents, limits, and every way to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/file_sink.h"
#include "host/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test. */
struct folder {
    char path[64];
    char file[96];
};

static int set_up(void **state)
{
    static struct folder folder;
    strcpy(folder.path, "/tmp/orrery-test-XXXXXX");
    if (!mkdtemp(folder.path)) {
        return -1;
    }
    snprintf(folder.file, sizeof folder.file, "%s/file", folder.path);
    *state = &folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    unlink(folder->file);
    return rmdir(folder->path);
}

static void put_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static enum status read_file(const char *path, size_t limit, struct file_content *content)
{
    return host_files()->read_file(NULL, path, limit, content);
}

static void expect_status(const char *path, size_t limit, enum status status)
{
    struct file_content content;
    assert_int_equal(read_file(path, limit, &content), status);
    assert_null(content.chars);
}

static void a_file_is_read_whole_with_its_zeros(void **state)
{
    struct folder *folder = *state;
    struct file_content content;
    put_file(folder->file, "a\0b", 3);
    assert_int_equal(read_file(folder->file, 100, &content), STATUS_OK);
    assert_int_equal(content.len, 3);
    assert_memory_equal(content.chars, "a\0b\0", 4);
    free(content.chars);
    put_file(folder->file, "", 0);
    assert_int_equal(read_file(folder->file, 0, &content), STATUS_OK);
    assert_int_equal(content.len, 0);
    assert_string_equal(content.chars, "");
    free(content.chars);
}

static void a_file_of_a_megabyte_is_read_whole(void **state)
{
    struct folder *folder = *state;
    size_t len = 1 << 20;
    char *bytes = malloc(len);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(i * 7);
    }
    put_file(folder->file, bytes, len);
    struct file_content content;
    assert_int_equal(read_file(folder->file, len, &content), STATUS_OK);
    assert_int_equal(content.len, len);
    assert_memory_equal(content.chars, bytes, len);
    free(content.chars);
    free(bytes);
}

static void the_limit_is_the_greatest_allowed_size(void **state)
{
    struct folder *folder = *state;
    struct file_content content;
    put_file(folder->file, "12345", 5);
    expect_status(folder->file, 4, STATUS_LIMIT);
    assert_int_equal(read_file(folder->file, 5, &content), STATUS_OK);
    free(content.chars);
}

static void a_file_that_hides_its_size_is_read_and_limited_too(void **state)
{
    (void)state;
    struct file_content content;
    assert_int_equal(read_file("/proc/self/status", 1 << 20, &content), STATUS_OK);
    assert_true(content.len > 100);
    free(content.chars);
    expect_status("/proc/self/status", 100, STATUS_LIMIT);
}

static void what_is_no_regular_file_is_refused(void **state)
{
    struct folder *folder = *state;
    expect_status(folder->path, 100, STATUS_INVALID);
    expect_status("/dev/zero", 100, STATUS_INVALID);
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    expect_status(folder->file, 100, STATUS_INVALID); /* and does not wait for a writer */
}

static void what_is_not_there_is_not_found(void **state)
{
    struct folder *folder = *state;
    char below[128];
    expect_status(folder->file, 100, STATUS_NOT_FOUND);
    expect_status("", 100, STATUS_NOT_FOUND);
    put_file(folder->file, "x", 1);
    snprintf(below, sizeof below, "%s/x", folder->file);
    expect_status(below, 100, STATUS_NOT_FOUND);
}

static void what_may_not_be_read_says_so(void **state)
{
    struct folder *folder = *state;
    put_file(folder->file, "x", 1);
    assert_int_equal(chmod(folder->file, 0), 0);
    if (geteuid() != 0) { /* root reads everything */
        expect_status(folder->file, 100, STATUS_PERMISSION);
    }
}

static void expect_file(const char *path, const char *bytes, size_t len)
{
    struct file_content content;
    assert_int_equal(read_file(path, 1 << 24, &content), STATUS_OK);
    assert_int_equal(content.len, len);
    assert_memory_equal(content.chars, bytes, len);
    free(content.chars);
}

static enum status sink_write(struct file_sink *sink, const void *bytes, size_t len)
{
    struct byte_sink *to = file_sink_bytes(sink);
    return to->write(to, bytes, len);
}

static void a_sink_writes_all_in_order_whatever_the_sizes(void **state)
{
    struct folder *folder = *state;
    static const size_t sizes[] = {1, 0, 65535, 3, 65536, 1, 70000, 200000, 65537, 10};
    struct file_sink *sink;
    char *all = malloc(1 << 20);
    size_t len = 0;
    for (size_t i = 0; i < 1 << 20; i++) {
        all[i] = (char)(i * 31 / 7);
    }
    assert_int_equal(file_sink_new(folder->file, &sink), STATUS_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(sink_write(sink, all + len, sizes[i]), STATUS_OK);
        len += sizes[i];
    }
    assert_int_equal(file_sink_close(sink), STATUS_OK);
    expect_file(folder->file, all, len);
    free(all);
}

static void a_flush_shows_what_was_written(void **state)
{
    struct folder *folder = *state;
    struct file_sink *sink;
    assert_int_equal(file_sink_new(folder->file, &sink), STATUS_OK);
    assert_int_equal(sink_write(sink, "hello", 5), STATUS_OK);
    expect_file(folder->file, "", 0);
    assert_int_equal(file_sink_flush(sink), STATUS_OK);
    expect_file(folder->file, "hello", 5);
    assert_int_equal(file_sink_close(sink), STATUS_OK);
}

static void a_new_file_replaces_the_old_one_and_others_may_read_it(void **state)
{
    struct folder *folder = *state;
    struct file_sink *sink;
    struct stat about;
    mode_t mask = umask(022);
    assert_int_equal(file_sink_new(folder->file, &sink), STATUS_OK);
    umask(mask);
    assert_int_equal(sink_write(sink, "old and long", 12), STATUS_OK);
    assert_int_equal(file_sink_close(sink), STATUS_OK);
    assert_int_equal(stat(folder->file, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    assert_int_equal(file_sink_new(folder->file, &sink), STATUS_OK);
    assert_int_equal(sink_write(sink, "new", 3), STATUS_OK);
    assert_int_equal(file_sink_close(sink), STATUS_OK);
    expect_file(folder->file, "new", 3);
}

static void a_sink_that_cannot_be_made_says_why(void **state)
{
    struct folder *folder = *state;
    struct file_sink *sink;
    char path[128];
    snprintf(path, sizeof path, "%s/none/file", folder->path);
    assert_int_equal(file_sink_new(path, &sink), STATUS_NOT_FOUND);
    assert_int_equal(file_sink_new(folder->path, &sink), STATUS_INVALID);
}

static void a_full_disk_is_reported_once_and_remembered(void **state)
{
    (void)state;
    static const char bytes[100000];
    struct file_sink *sink;
    assert_int_equal(file_sink_new("/dev/full", &sink), STATUS_OK);
    assert_int_equal(sink_write(sink, bytes, 10), STATUS_OK); /* only buffered */
    assert_int_equal(sink_write(sink, bytes, sizeof bytes), STATUS_LIMIT);
    assert_int_equal(sink_write(sink, bytes, sizeof bytes), STATUS_CLOSED);
    assert_int_equal(file_sink_flush(sink), STATUS_CLOSED);
    assert_int_equal(file_sink_close(sink), STATUS_LIMIT);
}

static void a_disk_that_is_full_at_the_end_is_noticed(void **state)
{
    (void)state;
    struct file_sink *sink;
    assert_int_equal(file_sink_new("/dev/full", &sink), STATUS_OK);
    assert_int_equal(sink_write(sink, "x", 1), STATUS_OK);
    assert_int_equal(file_sink_close(sink), STATUS_LIMIT);
}

/* A program that we start must not inherit captures. */
static void descriptors_close_when_a_program_is_started(void **state)
{
    struct folder *folder = *state;
    struct file_sink *sink;
    struct env *env;
    int first = dup(0);
    close(first);
    assert_int_equal(host_env_new(1, &env), STATUS_OK);
    assert_int_equal(file_sink_new(folder->file, &sink), STATUS_OK);
    int last = dup(0);
    close(last);
    assert_int_equal(last - first, 4);
    for (int fd = first; fd < last; fd++) {
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(file_sink_close(sink), STATUS_OK);
    host_env_free(env);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_file_is_read_whole_with_its_zeros),
        FILE_TEST(a_file_of_a_megabyte_is_read_whole),
        FILE_TEST(the_limit_is_the_greatest_allowed_size),
        FILE_TEST(a_file_that_hides_its_size_is_read_and_limited_too),
        FILE_TEST(what_is_no_regular_file_is_refused),
        FILE_TEST(what_is_not_there_is_not_found),
        FILE_TEST(what_may_not_be_read_says_so),
        FILE_TEST(a_sink_writes_all_in_order_whatever_the_sizes),
        FILE_TEST(a_flush_shows_what_was_written),
        FILE_TEST(a_new_file_replaces_the_old_one_and_others_may_read_it),
        FILE_TEST(a_sink_that_cannot_be_made_says_why),
        FILE_TEST(a_full_disk_is_reported_once_and_remembered),
        FILE_TEST(a_disk_that_is_full_at_the_end_is_noticed),
        FILE_TEST(descriptors_close_when_a_program_is_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
