#include "lab/page_copy.h"

#include "base/memory.h"

#include <stdlib.h>

static char *copy_or_null(const char *text)
{
    return text ? memory_copy_text(text) : NULL;
}

struct page *page_copy_new(const struct page *page)
{
    struct page *copy = memory_copy(page, sizeof *page);
    struct resource *resources = memory_new_array(page->n_resources, sizeof *resources);
    for (size_t i = 0; i < page->n_resources; i++) {
        resources[i] = page->resources[i];
        resources[i].url = copy_or_null(page->resources[i].url);
        resources[i].content_type = copy_or_null(page->resources[i].content_type);
    }
    copy->resources = resources;
    copy->error = copy_or_null(page->error);
    copy->title = copy_or_null(page->title);
    copy->text = copy_or_null(page->text ? page->text : "");
    return copy;
}

void page_copy_free(struct page *copy)
{
    if (!copy) {
        return;
    }
    for (size_t i = 0; i < copy->n_resources; i++) {
        free(copy->resources[i].url);
        free(copy->resources[i].content_type);
    }
    free((void *)copy->resources);
    free((void *)copy->error);
    free((void *)copy->title);
    free((void *)copy->text);
    free(copy);
}
