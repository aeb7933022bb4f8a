/* Lab files from strangers. Whatever the text is, it becomes problems that can be shown, or a lab
 * whose resolved form loads without a problem and, once nothing is implied any more, stays as it
 * is. */
#include "fuzz.h"

#include "base/check.h"
#include "lab/lab.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SIZE = 8192, MAX_COUNTS = 100 };

/* What the groups of a file come to, at most; a file that is no lab counts nothing. */
static uint64_t count_members(const struct config_file *file)
{
    const struct config_value *nodes = config_get(file->root, "nodes");
    uint64_t sum = 0;
    for (size_t i = 0; nodes && i < nodes->n_items && sum <= MAX_COUNTS; i++) {
        sum += config_get_integer(&nodes->items[i], "count", 0) % (UINT64_C(1) << 32);
    }
    return sum;
}

static struct lab *load(const char *chars, size_t len)
{
    return lab_load(config_load("lab", chars, len));
}

static struct text resolve(const struct lab *lab)
{
    struct text text = {0};
    lab_print_resolved(&text, lab);
    return text;
}

static void check_resolved(const struct lab *lab)
{
    struct text first = resolve(lab);
    struct lab *again = load(first.chars, first.len);
    CHECK(again->file->n_problems == 0);
    CHECK(again->n_nodes == lab->n_nodes && again->n_links == lab->n_links);
    CHECK(again->n_zones == lab->n_zones && again->n_segments == lab->n_segments);
    struct text second = resolve(again);
    struct lab *third = load(second.chars, second.len);
    CHECK(third->file->n_problems == 0);
    struct text last = resolve(third);
    CHECK(strcmp(second.chars, last.chars) == 0);
    lab_free(again);
    lab_free(third);
    text_fini(&first);
    text_fini(&second);
    text_fini(&last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_SIZE) {
        return 0;
    }
    struct config_file *file = config_load("lab", (const char *)data, size);
    if (count_members(file) > MAX_COUNTS) {
        config_free(file);
        return 0;
    }
    struct lab *lab = lab_load(file);
    CHECK((lab->file->n_problems == 0) == (lab->file->problems.len == 0));
    if (lab->file->n_problems == 0) {
        check_resolved(lab);
    }
    lab_free(lab);
    return 0;
}
