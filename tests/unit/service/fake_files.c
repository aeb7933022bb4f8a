#include "service/fake_files.h"

#include "base/memory.h"

static const struct fake_file *current;

static enum status read_file(struct env *env, const char *path, size_t limit,
                             struct file_content *content)
{
    (void)env;
    for (const struct fake_file *file = current; file->path; file++) {
        if (strcmp(file->path, path) != 0) {
            continue;
        }
        if (file->status != STATUS_OK) {
            return file->status;
        }
        size_t len = strlen(file->content);
        if (len > limit) {
            return STATUS_LIMIT;
        }
        *content = (struct file_content){memory_copy_chars(file->content, len), len};
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

void fake_files_install(struct env *env, const struct fake_file *files)
{
    static const struct env_ops OPS = {.read_file = read_file};
    current = files;
    env->ops = &OPS;
}
