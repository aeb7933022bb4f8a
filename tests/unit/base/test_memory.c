#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void memory_comes_zeroed(void **state)
{
    (void)state;
    char *p = memory_new_array(10, 100);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(p[i], 0);
    }
    free(p);
    free(memory_new(0));
    free(memory_new_array(0, 8));
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    char *copy = memory_copy_chars("abcdef", 3);
    assert_string_equal(copy, "abc");
    free(copy);
    copy = memory_copy_chars(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    copy = memory_copy_text("whole");
    assert_string_equal(copy, "whole");
    free(copy);
}

static void an_array_grows_until_the_index_exists(void **state)
{
    (void)state;
    size_t capacity = 0;
    uint32_t *array = memory_grow_array(NULL, 0, &capacity, sizeof *array);
    assert_int_equal(capacity, 8);
    for (uint32_t i = 0; i < 8; i++) {
        array[i] = i;
    }
    uint32_t *same = memory_grow_array(array, 7, &capacity, sizeof *array);
    assert_ptr_equal(same, array);
    array = memory_grow_array(array, 1000, &capacity, sizeof *array); /* far beyond the double */
    assert_true(capacity > 1000);
    array[1000] = 1;
    assert_int_equal(array[7], 7);
    free(array);
}

static void the_hash_is_xxh3(void **state)
{
    (void)state;
    assert_int_equal(hash_bytes("", 0, 0), 0x2d06800538d394c2u);
    assert_int_not_equal(hash_bytes("", 0, 1), 0x2d06800538d394c2u);
}

static void folding_depends_on_values_and_order(void **state)
{
    (void)state;
    uint64_t ab = hash_fold(hash_fold(0, 1), 2);
    uint64_t ba = hash_fold(hash_fold(0, 2), 1);
    assert_int_not_equal(ab, ba);
    assert_int_not_equal(hash_fold(0, 0), 0);
    /* The pairs of factors for which the product vanishes must still tell values apart. */
    uint64_t vanishing = 0x9e3779b97f4a7c15u;
    assert_int_not_equal(hash_fold(vanishing, 1), hash_fold(vanishing, 2));
}

static void every_status_has_words_of_its_own(void **state)
{
    (void)state;
    for (int i = STATUS_OK; i <= STATUS_UNSUPPORTED; i++) {
        assert_string_not_equal(status_text((enum status)i), "unknown status");
        for (int k = STATUS_OK; k < i; k++) {
            assert_string_not_equal(status_text((enum status)i), status_text((enum status)k));
        }
    }
    assert_string_equal(status_text((enum status)(STATUS_UNSUPPORTED + 1)), "unknown status");
}

static void fail_a_check(int error_fd)
{
    dup2(error_fd, STDERR_FILENO);
    signal(SIGABRT, SIG_DFL);
    check_set_seed(4711);
    CHECK(1 + 1 == 2);
    CHECK(1 + 1 == 3);
    _exit(0);
}

static void a_failed_check_says_where_and_which_seed(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        fail_a_check(fds[1]);
    }
    close(fds[1]);
    char said[500] = {0};
    size_t len = 0;
    ssize_t got;
    while ((got = read(fds[0], said + len, sizeof said - 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "test_memory.c:"));
    assert_non_null(strstr(said, "CHECK(1 + 1 == 3) failed (seed 4711)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed),
        cmocka_unit_test(copies_end_in_nul),
        cmocka_unit_test(an_array_grows_until_the_index_exists),
        cmocka_unit_test(the_hash_is_xxh3),
        cmocka_unit_test(folding_depends_on_values_and_order),
        cmocka_unit_test(every_status_has_words_of_its_own),
        cmocka_unit_test(a_failed_check_says_where_and_which_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
