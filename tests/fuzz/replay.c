/* Runs a fuzz target over the files of corpus folders: replay-NOUN FOLDER... Fails when a folder
 * holds none, so that a corpus cannot get lost unnoticed. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each file is in a block of exactly its size, so that ASan sees a read behind its end. */
static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    uint8_t *bytes = NULL;
    size_t len = 0, got;
    uint8_t chunk[4096];
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        uint8_t *larger = realloc(bytes, len + got);
        if (!larger) {
            abort();
        }
        bytes = larger;
        memcpy(bytes + len, chunk, got);
        len += got;
    }
    int failed = ferror(file);
    fclose(file);
    if (!failed) {
        LLVMFuzzerTestOneInput(bytes ? bytes : (const uint8_t *)"", len);
    }
    free(bytes);
    return failed;
}

static int is_no_hidden_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_no_hidden_file, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no corpus files\n", folder);
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed |= replay_file(path);
        free(entries[i]);
    }
    free(entries);
    printf("%s: %d files replayed\n", folder, count);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++) {
        failed |= replay_folder(argv[i]);
    }
    return failed;
}
