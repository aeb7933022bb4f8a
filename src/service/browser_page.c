/* From what was fetched to a page: parsing, finding references, applying stylesheets, rendering. */
#include "service/browser_internal.h"

#include "base/memory.h"
#include "http/message.h"
#include "service/css.h"
#include "service/page_find.h"
#include "service/page_text.h"
#include "service/text_flow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

static const char *kind_text(enum resource_kind kind)
{
    static const char *const NAMES[] = {"document", "stylesheet", "script", "image"};
    return NAMES[kind];
}

/* --- content types --- */

/* Whether `type` is `wanted`, parameters aside ("text/html; charset=..."). */
static bool type_is(const char *type, const char *wanted)
{
    return type && http_chars_equal(type, strcspn(type, "; \t"), wanted, strlen(wanted));
}

static bool is_html(const struct resource *document)
{
    const char *type = document->content_type;
    return !type || type_is(type, "text/html") || type_is(type, "application/xhtml+xml");
}

/* RFC 9110 8.3.1: the charset parameter, owned, or NULL. */
static char *charset_of(const char *type)
{
    const char *at = type ? strchr(type, ';') : NULL;
    while (at) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "charset=", 8) == 0) {
            at += 8 + (at[8] == '"');
            return memory_copy_chars(at, strcspn(at, "\"; \t"));
        }
        at = strchr(at, ';');
    }
    return NULL;
}

static struct bytes body_of(const struct fetch *fetch)
{
    return (struct bytes){(const uint8_t *)fetch->body.chars, fetch->body.len};
}

/* --- what the document refers to --- */

static struct fetch *find_fetch(const struct page_load *load, const struct url *url)
{
    struct text text = {0};
    struct fetch *found = NULL;
    url_print(&text, url);
    for (size_t i = 1; i < load->n_fetches && !found; i++) {
        /* redirects change where it came from, not what was asked for */
        bool is_same = strcmp(load->fetches[i]->asked_url, text_chars(&text)) == 0;
        found = is_same ? load->fetches[i] : NULL;
    }
    text_fini(&text);
    return found;
}

static bool resolve_without_fragment(const struct page_load *load, const char *href,
                                     struct url *url)
{
    const char *why;
    if (!url_resolve(&load->base, href, url, &why)) {
        return false;
    }
    url->fragment[0] = '\0';
    return true;
}

static void on_found(void *owner, enum page_reference kind, const char *href)
{
    static const enum resource_kind KINDS[] = {
        [PAGE_STYLESHEET] = RESOURCE_STYLESHEET,
        [PAGE_SCRIPT] = RESOURCE_SCRIPT,
        [PAGE_IMAGE] = RESOURCE_IMAGE,
    };
    struct page_load *load = owner;
    struct scope *scope = load->scope;
    struct url url;
    if (!resolve_without_fragment(load, href, &url)) {
        return; /* data: and the like are no requests */
    }
    struct fetch *fetch = find_fetch(load, &url) ? NULL : page_load_add(load, KINDS[kind], &url);
    url_fini(&url);
    if (!fetch) {
        return;
    }
    if (trace_is_on(scope->trace)) {
        trace_emit(scope, &BROWSER_RESOURCE_FOUND, NULL,
                   &(struct browser_resource_event){
                       .url = fetch->resource.url,
                       .resource_kind = kind_text(fetch->resource.kind),
                       .found_in = load->fetches[0]->resource.url,
                   });
    }
}

void page_load_take_document(struct page_load *load)
{
    const struct fetch *document = load->fetches[0];
    if (!is_html(&document->resource)) {
        return;
    }
    char *charset = charset_of(document->resource.content_type);
    load->document = html_parse(body_of(document), charset);
    free(charset);
    page_find_base(load->document, &document->url, &load->base);
    page_find_references(load->document, on_found, load);
    size_t n_found = load->n_fetches; /* those that fail at once change nothing about the rest */
    for (size_t i = 1; i < n_found; i++) {
        fetch_start(load->fetches[i]);
    }
}

/* --- stylesheets --- */

static void add_fetched_style(const struct page_load *load, const char *href, struct css *css)
{
    struct url url;
    if (!resolve_without_fragment(load, href, &url)) {
        return;
    }
    const struct fetch *fetch = find_fetch(load, &url);
    url_fini(&url);
    if (fetch && fetch_is_good(fetch) && type_is(fetch->resource.content_type, "text/css")) {
        css_add(css, text_chars(&fetch->body), fetch->body.len);
    }
}

/* <style> and <link rel=stylesheet>, in the order of the document. */
static void collect_styles(const struct page_load *load, struct css *css)
{
    const xmlNode *root = html_root(load->document);
    for (const xmlNode *node = root; node; node = html_next(node, root)) {
        enum page_reference kind;
        const char *href = page_reference_of(node, &kind);
        if (href && kind == PAGE_STYLESHEET) {
            add_fetched_style(load, href, css);
        }
        const xmlNode *text = html_is(node, "style") ? node->children : NULL;
        if (text && text->content) {
            css_add(css, (const char *)text->content, strlen((const char *)text->content));
        }
    }
}

/* --- rendering --- */

static void describe_image(void *owner, const char *src, struct text *text)
{
    const struct page_load *load = owner;
    struct url url;
    if (strncmp(src, "data:", 5) == 0) {
        text_print(text, "in the page");
        return;
    }
    const struct fetch *fetch = NULL;
    if (resolve_without_fragment(load, src, &url)) {
        fetch = find_fetch(load, &url);
        url_fini(&url);
    }
    if (!fetch || !fetch_is_good(fetch)) {
        text_print(text, "missing");
        return;
    }
    const char *type = fetch->resource.content_type ? fetch->resource.content_type : "no type";
    text_print(text, "%.*s, %" PRIu64 " bytes", (int)strcspn(type, ";"), type,
               fetch->resource.body_len);
}

static void render_document(struct page_load *load, struct text *text)
{
    struct css css = {0};
    collect_styles(load, &css);
    struct page_text_config config = {
        .css = &css, .base = &load->base, .describe_image = describe_image, .owner = load};
    page_text_render(load->document, &config, text);
    css_fini(&css);
}

/* A document that is no HTML: text as it is, anything else by its name. */
static void render_other(const struct fetch *document, struct text *text)
{
    const char *type = document->resource.content_type;
    if (strncmp(type, "text/", 5) == 0 || type_is(type, "application/json")) {
        struct text_flow flow;
        text_flow_init(&flow, text, PAGE_COLUMNS);
        text_flow_add_pre(&flow, text_chars(&document->body), document->body.len);
        text_flow_fini(&flow);
    } else {
        text_print(text, "[%s, %" PRIu64 " bytes]\n", type, document->resource.body_len);
    }
}

/* --- the report --- */

static void trace_page(const struct page_load *load, const struct page *page)
{
    const struct scope *scope = load->scope;
    uint64_t bytes = 0;
    for (size_t i = 0; i < page->n_resources; i++) {
        bytes += page->resources[i].body_len;
    }
    if (trace_is_on(scope->trace)) {
        trace_emit(scope, &BROWSER_PAGE_DONE, NULL,
                   &(struct browser_page_event){
                       .url = page->resources[0].url,
                       .title = page->title,
                       .http_status = page->resources[0].http_status,
                       .resources = (uint32_t)page->n_resources,
                       .bytes = bytes,
                       .duration_ns = scope_now(scope) - load->started_ns,
                   });
    }
}

static bool is_complete(const struct page_load *load)
{
    for (size_t i = 0; i < load->n_fetches; i++) {
        if (!fetch_is_good(load->fetches[i])) {
            return false;
        }
    }
    return true;
}

void page_load_report(struct page_load *load)
{
    const struct fetch *document = load->fetches[0];
    struct resource *resources = memory_new_array(load->n_fetches, sizeof *resources);
    struct text title = {0};
    struct text text = {0};
    for (size_t i = 0; i < load->n_fetches; i++) {
        resources[i] = load->fetches[i]->resource;
    }
    if (load->document) {
        html_print_title(load->document, &title);
        render_document(load, &text);
    } else if (document->resource.status == STATUS_OK) {
        render_other(document, &text);
    }
    struct page page = {
        .status = document->resource.status,
        .error = document->error,
        .n_resources = load->n_fetches,
        .resources = resources,
        .title = title.len > 0 ? title.chars : NULL,
        .text = text_chars(&text),
        .complete = is_complete(load),
    };
    trace_page(load, &page);
    load->done(load->owner, &page);
    free(resources);
    text_fini(&title);
    text_fini(&text);
}
