#include "sim/sim.h"

#include "base/memory.h"

#include <stdlib.h>

struct sim {
    struct env env;
    struct env_ops ops;
};

static enum status sim_read_file(struct env *env, const char *path, size_t limit,
                                 struct file_content *content)
{
    (void)env, (void)path, (void)limit, (void)content;
    return STATUS_NOT_FOUND;
}

static enum status sim_open_frame_device(struct env *env, const char *name,
                                         void (*on_frame)(void *owner, struct packet *packet),
                                         void *owner, struct frame_device **device)
{
    (void)env, (void)name, (void)on_frame, (void)owner, (void)device;
    return STATUS_UNSUPPORTED; /* real frames come at real times */
}

struct env *sim_env_new(uint64_t seed, uint64_t epoch_unix_s, const struct env_ops *files)
{
    struct sim *sim = memory_new(sizeof *sim);
    sim->ops = (struct env_ops){
        .read_file = files ? files->read_file : sim_read_file,
        .open_frame_device = sim_open_frame_device,
    };
    env_init(&sim->env, &sim->ops, seed, epoch_unix_s);
    return &sim->env;
}

void sim_env_free(struct env *env)
{
    env_fini(env);
    free(env);
}

void sim_run(struct env *env, uint64_t until_ns, const bool *stop)
{
    while (!(stop && *stop) && env_step(env, until_ns)) {
    }
}

void sim_advance(struct env *env, uint64_t until_ns)
{
    sim_run(env, until_ns, NULL);
    if (until_ns > env->now_ns) {
        env->now_ns = until_ns;
    }
}
