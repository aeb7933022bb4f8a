/* Files for tests: what read_file finds. */
#ifndef UNIT_SERVICE_FAKE_FILES_H
#define UNIT_SERVICE_FAKE_FILES_H

#include "env/env.h"

struct fake_file {
    const char *path;
    const char *content; /* NUL-terminated */
    enum status status;  /* instead of the content, when not OK */
};

/* Makes `env` read from `files`, which end with a NULL path. They are borrowed; one set at a time.
 */
void fake_files_install(struct env *env, const struct fake_file *files);

#endif
