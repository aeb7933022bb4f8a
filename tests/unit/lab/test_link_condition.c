/* What links do to frames, in lab files: as options of links and as faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES "nodes: {a: {kind: router}, b: {kind: router}, c: {kind: router}}\n"

static void every_condition_reaches_the_link_and_the_fault(void **state)
{
    (void)state;
    static const char CONDITIONS[] =
        "rate: 10mbit, delay: 20ms, loss: 1%, loss_burst: 4, jitter: 3ms, reorder: 2%, "
        "reorder_by: 7ms, duplicate: 3%, corrupt: 0.5%, corrupt_silent: 0.25%, corrupt_bits: 6";
    char yaml[1000];
    snprintf(yaml, sizeof yaml,
             NODES
             "links:\n  - a-b: {%s}\n  - b-c\nfaults:\n  - {at: 1s, link: b-c, %s, for: 2s}\n",
             CONDITIONS, CONDITIONS);
    struct lab *lab = lab_of(yaml);
    const struct link_config *const configs[] = {&lab->links[0].config, &lab->faults[0].change};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(configs[i]->rate_bps, 10000000);
        assert_int_equal(configs[i]->delay_ns, 20000000);
        assert_int_equal(configs[i]->loss_ppm, 10000);
        assert_int_equal(configs[i]->loss_burst_frames, 4);
        assert_int_equal(configs[i]->jitter_ns, 3000000);
        assert_int_equal(configs[i]->reorder_ppm, 20000);
        assert_int_equal(configs[i]->reorder_by_ns, 7000000);
        assert_int_equal(configs[i]->duplicate_ppm, 30000);
        assert_int_equal(configs[i]->corrupt_ppm, 5000);
        assert_int_equal(configs[i]->corrupt_silent_ppm, 2500);
        assert_int_equal(configs[i]->corrupt_bits, 6);
    }
    assert_int_equal(lab->faults[0].duration_ns, 2000000000);
    char *resolved = resolved_text(lab);
    char *first = strstr(resolved, CONDITIONS);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, CONDITIONS));
    struct lab *again = lab_of(resolved);
    assert_same_lab(lab, again);
    free(resolved);
    lab_free(again);
    lab_free(lab);
}

static void what_is_not_set_is_not_printed(void **state)
{
    (void)state;
    struct lab *lab =
        lab_of(NODES "links: [a-b, b-c]\n"
                     "faults: [{at: 1s, link: a-b, duplicate: 0%, rate: unlimited}]\n");
    char *resolved = resolved_text(lab);
    assert_non_null(strstr(resolved, "rate: unlimited, delay: 1ns, loss: 0%, queue: 0, overhead"));
    assert_null(strstr(resolved, "jitter"));
    assert_non_null(strstr(resolved, "link: \"a-b\", rate: unlimited, duplicate: 0%}"));
    free(resolved);
    lab_free(lab);
}

static void without_jitter_frames_are_reordered_by_the_delay(void **state)
{
    (void)state;
    struct lab *lab = lab_of(NODES "links:\n"
                                   "  - a-b: {delay: 5ms, reorder: 1%}\n"
                                   "  - b-c: {delay: 5ms, jitter: 1ms, reorder: 1%}\n");
    assert_int_equal(lab->links[0].config.reorder_by_ns, 5000000);
    assert_int_equal(lab->links[1].config.reorder_by_ns, 0);
    lab_free(lab);
}

static void conditions_have_limits_and_must_fit_together(void **state)
{
    (void)state;
    assert_problems(NODES "links:\n"
                          "  - a-b: {loss_burst: 1000001, corrupt_bits: 65, jitter: 2d}\n",
                    "lab:3:23: 'loss_burst' must be at most 1000000, not '1000001'\n"
                    "lab:3:46: 'corrupt_bits' must be at most 64, not '65'\n"
                    "lab:3:58: 'jitter' must be at most 1d, not '2d'\n");
    assert_problems(NODES "links:\n"
                          "  - a-b: {delay: 1ms, jitter: 1001us}\n"
                          "  - b-c: {reorder: 1%}\n",
                    "lab:3:10: the jitter is more than the delay of 1ms: frames would arrive "
                    "before they are sent\n"
                    "lab:4:10: to reorder frames the link needs a 'delay', a 'jitter' or "
                    "'reorder_by'\n");
    assert_problems(NODES "links: [b-c]\nfaults:\n  - {at: 1s, link: b-c, jitter: 1ms}\n",
                    "lab:4:5: the jitter is more than the delay of 1ns: frames would arrive before "
                    "they are sent\n");
    assert_problems(NODES "links: [a-b]\nfaults:\n  - {at: 1s, link: a-b, down: 1s, jitter: 0}\n",
                    "lab:4:5: a fault is either 'down' or a change of the link: 'loss', 'delay', "
                    "'rate', 'jitter' ...\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_condition_reaches_the_link_and_the_fault),
        cmocka_unit_test(what_is_not_set_is_not_printed),
        cmocka_unit_test(without_jitter_frames_are_reordered_by_the_delay),
        cmocka_unit_test(conditions_have_limits_and_must_fit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
