#include "cli/lab_file.h"

#include "base/memory.h"
#include "cli/cli.h"
#include "host/host.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char DEFAULT_LAB[] = ORRERY_DEFAULT_LAB;

struct lab *lab_file_load(const char *path)
{
    struct file_content content;
    enum status status = host_files()->read_file(NULL, path, CONFIG_MAX_BYTES, &content);
    if (status != STATUS_OK) {
        cli_complain("%s: %s", path,
                     status == STATUS_NOT_FOUND ? "there is no such file"
                     : status == STATUS_INVALID ? "not a regular file"
                     : status == STATUS_LIMIT   ? "the file is too large for a lab"
                                                : status_text(status));
        return NULL;
    }
    struct lab *lab = lab_load(config_load(path, content.chars, content.len));
    free(content.chars);
    if (lab->file->n_problems) {
        fputs(text_chars(&lab->file->problems), stderr);
        lab_free(lab);
        return NULL;
    }
    return lab;
}

/* DIR/scenarios/LAB for the program's folder and those above it (a build folder stands
 * beside scenarios/). */
static char *find_beside_program(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0) {
        return NULL;
    }
    path[len] = '\0';
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(path, '/');
        if (!slash) {
            break;
        }
        *slash = '\0';
        struct text candidate = {0};
        text_print(&candidate, "%s/scenarios/%s", path, DEFAULT_LAB);
        if (access(candidate.chars, R_OK) == 0) {
            return candidate.chars;
        }
        text_fini(&candidate);
    }
    return NULL;
}

char *lab_file_default(void)
{
    struct text installed = {0};
    text_print(&installed, "%s/%s", ORRERY_DATADIR, DEFAULT_LAB);
    if (access(installed.chars, R_OK) == 0) {
        return installed.chars;
    }
    char *beside = find_beside_program();
    if (!beside) {
        cli_complain("no lab is installed (looked for %s); name one with --lab FILE",
                     installed.chars);
    }
    text_fini(&installed);
    return beside;
}
