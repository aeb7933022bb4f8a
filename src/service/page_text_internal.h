/* Between page_text.c (elements) and page_table.c (tables in columns). */
#ifndef SERVICE_PAGE_TEXT_INTERNAL_H
#define SERVICE_PAGE_TEXT_INTERNAL_H

#include "service/page_text.h"
#include "service/text_flow.h"

enum { PAGE_MAX_DEPTH = 256, PAGE_MAX_LINKS = 1000, PAGE_MAX_TABLE_DEPTH = 2 };

/* What elements hand down to what they contain. */
struct page_context {
    struct text_flow *flow;
    enum css_keyword transform;   /* CSS_NONE, _UPPERCASE ... */
    enum css_keyword white_space; /* CSS_NORMAL or CSS_PRE */
    enum css_keyword list_style;
    unsigned depth;       /* of elements */
    unsigned list_depth;  /* of lists */
    unsigned table_depth; /* of tables */
    unsigned *number;     /* of the ordered list's next item; NULL in an unordered one */
};

struct page_renderer {
    const struct page_text_config *config;
    char **links; /* absolute URLs, in the order of their numbers */
    size_t n_links, links_capacity;
    size_t nodes_left;
};

struct css_style page_style_of(const struct page_renderer *renderer, const xmlNode *node);
void page_render_children(struct page_renderer *renderer, const xmlNode *node,
                          struct page_context context);
void page_render_table(struct page_renderer *renderer, const xmlNode *table,
                       struct page_context context);

#endif
