/* A page that outlives the browser's callback. */
#ifndef LAB_PAGE_COPY_H
#define LAB_PAGE_COPY_H

#include "service/browser.h"

/* Owned by the caller; free with page_copy_free. */
struct page *page_copy_new(const struct page *page);
void page_copy_free(struct page *copy); /* NULL is allowed */

#endif
