/* A document rendered as text, as a person would want to read it in a terminal: headings
 * underlined, paragraphs wrapped, lists with bullets and numbers, links numbered with their targets
 * at the end, tables in columns, images by their description. See css.h for what stylesheets can
 * change.
 */
#ifndef SERVICE_PAGE_TEXT_H
#define SERVICE_PAGE_TEXT_H

#include "http/url.h"
#include "service/css.h"
#include "service/html.h"

enum { PAGE_COLUMNS = 80, PAGE_MAX_NODES = 200000 };

struct page_text_config {
    const struct css *css;  /* borrowed */
    const struct url *base; /* what links are relative to; borrowed */
    /* Says what became of the image `src`: "image/png, 68 bytes" or "missing". */
    void (*describe_image)(void *owner, const char *src, struct text *text);
    void *owner;
};

/* Appends the text, UTF-8 in lines of at most PAGE_COLUMNS (but <pre> and wide tables). */
void page_text_render(const struct html_document *document, const struct page_text_config *config,
                      struct text *out);

#endif
