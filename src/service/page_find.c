#include "service/page_find.h"

#include "base/memory.h"
#include "http/message.h"

#include <stdlib.h>

static void url_copy(const struct url *from, struct url *to)
{
    *to = (struct url){
        .scheme = memory_copy_text(from->scheme),
        .host = memory_copy_text(from->host),
        .port = from->port,
        .has_port = from->has_port,
        .path = memory_copy_text(from->path),
        .query = memory_copy_text(from->query),
        .fragment = memory_copy_text(from->fragment),
    };
}

void page_find_base(const struct html_document *document, const struct url *url, struct url *base)
{
    const xmlNode *root = html_root(document);
    const char *why;
    for (const xmlNode *node = root; node; node = html_next(node, root)) {
        const char *href = html_is(node, "base") ? html_attribute(node, "href") : NULL;
        if (href) { /* the first one counts, if it is a URL at all */
            if (url_resolve(url, href, base, &why)) {
                return;
            }
            break;
        }
    }
    url_copy(url, base);
}

/* Whether the blank-separated `list` has `word`. */
static bool has_word(const char *list, const char *word)
{
    while (*list) {
        list += strspn(list, " \t\n\r\f");
        size_t len = strcspn(list, " \t\n\r\f");
        if (http_chars_equal(list, len, word, strlen(word))) {
            return true;
        }
        list += len;
    }
    return false;
}

static bool is_stylesheet(const xmlNode *node)
{
    const char *rel = html_attribute(node, "rel");
    const char *media = html_attribute(node, "media");
    bool is_shown =
        !media || !*media || http_text_equal(media, "all") || http_text_equal(media, "screen");
    return rel && has_word(rel, "stylesheet") && !has_word(rel, "alternate") && is_shown;
}

const char *page_reference_of(const xmlNode *node, enum page_reference *kind)
{
    const char *href = NULL;
    if (html_is(node, "link") && is_stylesheet(node)) {
        *kind = PAGE_STYLESHEET;
        href = html_attribute(node, "href");
    } else if (html_is(node, "script")) {
        *kind = PAGE_SCRIPT;
        href = html_attribute(node, "src");
    } else if (html_is(node, "img")) {
        *kind = PAGE_IMAGE;
        href = html_attribute(node, "src");
    }
    return href && *href ? href : NULL;
}

void page_find_references(const struct html_document *document, page_found found, void *owner)
{
    const xmlNode *root = html_root(document);
    for (const xmlNode *node = root; node; node = html_next(node, root)) {
        enum page_reference kind;
        const char *href = page_reference_of(node, &kind);
        if (href) {
            found(owner, kind, href);
        }
    }
}
