#include "cli/captures.h"

#include "base/memory.h"
#include "cli/cli.h"
#include "host/file_sink.h"
#include "observe/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct capture_file {
    char *path;
    struct file_sink *sink;
    struct pcapng *capture;
};

struct captures {
    struct capture_file *files;
    size_t n_files;
};

static bool capture_start(struct captures *captures, struct world *world, struct link_end *end,
                          const char *folder)
{
    struct capture_file *file = &captures->files[captures->n_files];
    struct text path = {0};
    text_print(&path, "%s/%s-%s.pcapng", folder, end->point.node_name, end->point.interface);
    file->path = path.chars;
    enum status status = file_sink_new(file->path, &file->sink);
    if (status != STATUS_OK) {
        cli_complain("%s cannot be written: %s", file->path, status_text(status));
        free(file->path);
        return false;
    }
    file->capture = pcapng_new(file_sink_bytes(file->sink), &end->point, world_trace(world),
                               world_env(world)->epoch_unix_s);
    captures->n_files++;
    return true;
}

struct captures *captures_new(struct world *world, const char *folder)
{
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        cli_complain("the folder %s cannot be made: %s", folder, strerror(errno));
        return NULL;
    }
    const struct lab *lab = world_lab(world);
    struct captures *captures = memory_new(sizeof *captures);
    captures->files = memory_new_array(lab->n_links * 2, sizeof *captures->files);
    for (uint32_t i = 0; i < lab->n_links; i++) {
        for (int end = 0; end < 2; end++) {
            if (!capture_start(captures, world, link_get_end(world_link(world, i), end), folder)) {
                captures_close(captures);
                return NULL;
            }
        }
    }
    return captures;
}

bool captures_close(struct captures *captures)
{
    bool is_whole = true;
    for (size_t i = 0; i < captures->n_files; i++) {
        struct capture_file *file = &captures->files[i];
        enum status status = pcapng_flush(file->capture);
        pcapng_free(file->capture);
        enum status closed = file_sink_close(file->sink);
        status = closed != STATUS_OK ? closed : status;
        if (status != STATUS_OK) {
            cli_complain("%s is incomplete: %s", file->path, status_text(status));
            is_whole = false;
        }
        free(file->path);
    }
    free(captures->files);
    free(captures);
    return is_whole;
}
