#include "lab_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

struct rig *rig_build(const char *yaml)
{
    struct rig *rig = memory_new(sizeof *rig);
    rig->lab = lab_of(yaml);
    trace_init(&rig->trace);
    rig->env = sim_env_new(rig->lab->seed, rig->lab->epoch_unix_s, NULL);
    return rig;
}

static void build_world(struct rig *rig)
{
    struct text problem = {0};
    rig->world = world_new(rig->lab, rig->env, &rig->trace, &problem);
    assert_string_equal(text_chars(&problem), "");
    assert_non_null(rig->world);
}

struct rig *rig_start(const char *yaml)
{
    struct rig *rig = rig_build(yaml);
    build_world(rig);
    struct text problem = {0};
    assert_true(world_start(rig->world, &problem));
    assert_string_equal(text_chars(&problem), "");
    rig->timetable = timetable_new(rig->world, true);
    return rig;
}

void rig_finish(struct rig *rig, uint64_t limit_ns)
{
    sim_run(rig->env, limit_ns, timetable_is_done(rig->timetable));
    assert_true(*timetable_is_done(rig->timetable));
}

void rig_free(struct rig *rig)
{
    if (rig->timetable) {
        timetable_free(rig->timetable);
    }
    if (rig->world) {
        world_free(rig->world);
    }
    trace_fini(&rig->trace);
    sim_env_free(rig->env);
    lab_free(rig->lab);
    free(rig);
}

const char *rig_results(struct rig *rig)
{
    static const char *const WORDS[] = {
        [VERDICT_PENDING] = "pending", [VERDICT_HELD] = "held", [VERDICT_FAILED] = "failed"};
    static char results[8192];
    struct text text = {0};
    size_t count;
    const struct expect_result *result = timetable_results(rig->timetable, &count);
    for (size_t i = 0; i < count; i++) {
        text_print(&text, "%s: ", WORDS[result[i].verdict]);
        expect_print(&text, rig->lab, result[i].expect);
        const char *happened = result[i].happened ? result[i].happened : "";
        const char *after = strstr(happened, " after ");
        text_print(&text, " (%.*s)\n", (int)(after ? after - happened : 0), happened);
    }
    assert_true(text.len < sizeof results);
    strcpy(results, text_chars(&text));
    text_fini(&text);
    return results;
}

void assert_run(const char *yaml, const char *results)
{
    struct rig *rig = rig_start(yaml);
    rig_finish(rig, 600 * SECOND);
    assert_string_equal(rig_results(rig), results);
    rig_free(rig);
}
