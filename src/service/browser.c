/* The life of a page load:
 *
 *     browser_load -> the document is fetched (name, connection, request, redirects)
 *                  -> it is parsed; what it refers to is fetched, all at once
 *                  -> when nothing is pending any more: stylesheets applied, rendered, called back
 *
 * The call back is an event of its own, so that its receiver may free the browser in it.
 */
#include "service/browser_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static const struct trace_field URL_FIELDS[] = {
    TRACE_FIELD(struct browser_url_event, url, TRACE_TEXT),
    TRACE_FIELD(struct browser_url_event, scheme, TRACE_TEXT),
    TRACE_FIELD(struct browser_url_event, host, TRACE_TEXT),
    TRACE_FIELD(struct browser_url_event, port, TRACE_U16),
    TRACE_FIELD(struct browser_url_event, path, TRACE_TEXT),
    TRACE_FIELD(struct browser_url_event, query, TRACE_TEXT),
};
TRACE_KIND(BROWSER_URL_TAKEN_APART, "browser.url",
           "{url} is {scheme} to {host} port {port}, path {path}", URL_FIELDS);

static const struct trace_field RESOURCE_FIELDS[] = {
    TRACE_FIELD(struct browser_resource_event, url, TRACE_TEXT),
    TRACE_FIELD(struct browser_resource_event, resource_kind, TRACE_TEXT),
    TRACE_FIELD(struct browser_resource_event, found_in, TRACE_TEXT),
};
TRACE_KIND(BROWSER_RESOURCE_FOUND, "browser.resource", "{resource_kind} {url}, found in {found_in}",
           RESOURCE_FIELDS);

static const struct trace_field PAGE_FIELDS[] = {
    TRACE_FIELD(struct browser_page_event, url, TRACE_TEXT),
    TRACE_FIELD(struct browser_page_event, title, TRACE_TEXT),
    TRACE_FIELD(struct browser_page_event, http_status, TRACE_U16),
    TRACE_FIELD(struct browser_page_event, resources, TRACE_U32),
    TRACE_FIELD(struct browser_page_event, bytes, TRACE_U64),
    TRACE_FIELD(struct browser_page_event, duration_ns, TRACE_DURATION),
};
TRACE_KIND(BROWSER_PAGE_DONE, "browser.page",
           "{url} is complete: {resources} resources, {bytes} bytes in {duration_ns}", PAGE_FIELDS);

struct browser *browser_new(struct sockets *sockets, struct dns_stub *stub,
                            const struct browser_config *config)
{
    struct browser *browser = memory_new(sizeof *browser);
    const char *agent = config ? config->user_agent : NULL;
    struct http_client_config client = {.max_connections = config ? config->max_connections : 0};
    browser->sockets = sockets;
    browser->stub = stub;
    browser->client = http_client_new(sockets, &client);
    browser->user_agent = memory_copy_text(agent ? agent : "Orrery/" ORRERY_VERSION);
    list_init(&browser->loads);
    list_init(&browser->hosts);
    return browser;
}

static void page_load_free(struct page_load *load)
{
    for (size_t i = 0; i < load->n_fetches; i++) {
        fetch_free(load->fetches[i]);
    }
    env_cancel(load->scope->env, &load->finish);
    list_remove(&load->link);
    html_free(load->document);
    url_fini(&load->base);
    free(load->fetches);
    free(load);
}

void browser_free(struct browser *browser)
{
    if (!browser) {
        return;
    }
    LIST_FOR_EACH_SAFE (link, &browser->loads) {
        page_load_free(container_of(link, struct page_load, link));
    }
    browser_hosts_free(browser);
    http_client_free(browser->client);
    free(browser->user_agent);
    free(browser);
}

void browser_close_connections(struct browser *browser)
{
    http_client_close_idle(browser->client);
}

/* The load leaves the browser before the call, which may free the browser. */
static void page_load_finish(void *owner)
{
    struct page_load *load = owner;
    list_remove(&load->link);
    page_load_report(load);
    page_load_free(load);
}

struct fetch *page_load_add(struct page_load *load, enum resource_kind kind, const struct url *url)
{
    if (load->n_fetches == BROWSER_MAX_RESOURCES) {
        return NULL;
    }
    struct fetch *fetch = memory_new(sizeof *fetch);
    struct text text = {0};
    const char *why;
    list_init(&fetch->link);
    fetch->load = load;
    fetch->resource.kind = kind;
    url_print(&text, url);
    fetch->resource.url = text.chars;
    fetch->asked_url = memory_copy_text(text.chars);
    if (!url_parse(text.chars, &fetch->url, &why)) {
        free(fetch->resource.url);
        free(fetch->asked_url);
        free(fetch);
        return NULL;
    }
    load->fetches =
        memory_grow_array(load->fetches, load->n_fetches, &load->capacity, sizeof(struct fetch *));
    load->fetches[load->n_fetches++] = fetch;
    load->n_pending++;
    return fetch;
}

void page_load_on_fetched(struct page_load *load, struct fetch *fetch)
{
    fetch->is_done = true;
    load->n_pending--;
    if (fetch == load->fetches[0] && fetch->resource.status == STATUS_OK) {
        page_load_take_document(load); /* may add to what is pending */
    }
    if (load->n_pending == 0) {
        env_defer(load->scope->env, &load->finish);
    }
}

enum status browser_load(struct browser *browser, const char *address, browser_done done,
                         void *owner)
{
    struct url url;
    const char *why;
    if (!url_parse(address, &url, &why)) {
        return STATUS_INVALID;
    }
    struct page_load *load = memory_new(sizeof *load);
    load->browser = browser;
    load->scope = browser->sockets->scope;
    load->done = done;
    load->owner = owner;
    load->started_ns = scope_now(load->scope);
    scope_event_init(load->scope, &load->finish, page_load_finish, load);
    list_init(&load->link);
    list_add_last(&load->link, &browser->loads);
    struct fetch *document = page_load_add(load, RESOURCE_DOCUMENT, &url);
    url_fini(&url);
    fetch_start(document);
    return STATUS_OK;
}
