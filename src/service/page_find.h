/* What a document asks for beside itself. */
#ifndef SERVICE_PAGE_FIND_H
#define SERVICE_PAGE_FIND_H

#include "http/url.h"
#include "service/html.h"

/* What relative references are relative to: <base href>, else `url`. Release with url_fini. */
void page_find_base(const struct html_document *document, const struct url *url, struct url *base);

enum page_reference {
    PAGE_STYLESHEET, /* <link rel=stylesheet href> for all media or the screen */
    PAGE_SCRIPT,     /* <script src> */
    PAGE_IMAGE,      /* <img src> */
};

/* `href` as written; borrowed. Called in document order. */
typedef void (*page_found)(void *owner, enum page_reference kind, const char *href);
void page_find_references(const struct html_document *document, page_found found, void *owner);

/* What `node` refers to, when it is one of those; else NULL. */
const char *page_reference_of(const xmlNode *node, enum page_reference *kind);

#endif
