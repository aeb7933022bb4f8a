/* One resource: its host's address, the call, redirects, and what to say when it fails. */
#include "service/browser_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static void fetch_ask(struct fetch *fetch);

static struct scope *fetch_scope(const struct fetch *fetch)
{
    return fetch->load->scope;
}

bool fetch_is_good(const struct fetch *fetch)
{
    return fetch->resource.status == STATUS_OK && fetch->resource.http_status / 100 == 2;
}

void fetch_free(struct fetch *fetch)
{
    browser_host_cancel(fetch);
    if (fetch->call) {
        http_call_cancel(fetch->call);
    }
    url_fini(&fetch->url);
    text_fini(&fetch->body);
    free(fetch->error);
    free(fetch->asked_url);
    free(fetch->resource.url);
    free(fetch->resource.content_type);
    free(fetch);
}

/* `error` is taken over. */
static void fetch_fail(struct fetch *fetch, enum status status, char *error)
{
    fetch->resource.status = status;
    fetch->resource.done_ns = scope_now(fetch_scope(fetch));
    free(fetch->error);
    fetch->error = error;
    page_load_on_fetched(fetch->load, fetch);
}

static char *print_error(const char *what, const char *about)
{
    struct text text = {0};
    text_print(&text, "%s: %s", what, about);
    return text.chars;
}

void fetch_on_no_address(struct fetch *fetch, enum status status)
{
    const char *host = fetch->url.host;
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        fetch_fail(fetch, status, print_error("no such name", host));
    } else if (status == STATUS_TIMED_OUT) {
        fetch_fail(fetch, status, print_error("no name server answered for", host));
    } else {
        struct text what = {0};
        text_print(&what, "the name could not be looked up (%s)", status_text(status));
        fetch_fail(fetch, status, print_error(text_chars(&what), host));
        text_fini(&what);
    }
}

/* --- the answer --- */

static bool is_redirect(uint16_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 9110 10.2.2, 15.4. True: it goes on elsewhere, or has failed on the way. */
static bool fetch_redirect(struct fetch *fetch, const struct http_message *response)
{
    const char *location = http_message_get(response, "Location");
    const char *why;
    struct url url;
    if (!is_redirect(response->status) || !location) {
        return false;
    }
    if (++fetch->redirects > BROWSER_MAX_REDIRECTS) {
        fetch_fail(fetch, STATUS_LIMIT, print_error("too many redirects, the last to", location));
        return true;
    }
    if (!url_resolve(&fetch->url, location, &url, &why)) {
        fetch_fail(fetch, STATUS_INVALID, print_error("redirected to what is no URL", location));
        return true;
    }
    if (!url.fragment[0]) { /* RFC 9110 10.2.2: the fragment is kept */
        free(url.fragment);
        url.fragment = memory_copy_text(fetch->url.fragment);
    }
    struct text text = {0};
    url_fini(&fetch->url);
    fetch->url = url;
    url_print(&text, &url);
    free(fetch->resource.url);
    fetch->resource.url = text.chars;
    fetch_ask(fetch);
    return true;
}

static void take_measures(struct fetch *fetch, const struct http_result *result)
{
    struct resource *resource = &fetch->resource;
    resource->local = result->local;
    resource->remote = result->remote;
    resource->reused = result->reused;
    resource->connect_started_ns = result->times.connect_started_ns;
    resource->connected_ns = result->times.connected_ns;
    resource->sent_ns = result->times.sent_ns;
    resource->first_byte_ns = result->times.first_byte_ns;
    resource->done_ns = result->times.done_ns;
}

static void take_response(struct fetch *fetch, const struct http_result *result)
{
    struct resource *resource = &fetch->resource;
    const char *type = http_message_get(result->response, "Content-Type");
    resource->status = STATUS_OK;
    resource->http_status = result->response->status;
    resource->content_type = type ? memory_copy_text(type) : NULL;
    resource->body_len = result->body.len;
    text_add(&fetch->body, (const char *)result->body.p, result->body.len);
    page_load_on_fetched(fetch->load, fetch);
}

static void fetch_on_done(void *owner, const struct http_result *result)
{
    struct fetch *fetch = owner;
    fetch->call = NULL;
    take_measures(fetch, result);
    if (result->status != STATUS_OK) {
        struct text origin = {0};
        url_print_authority(&origin, &fetch->url);
        fetch_fail(fetch, result->status, print_error(result->error, text_chars(&origin)));
        text_fini(&origin);
    } else if (!fetch_redirect(fetch, result->response)) {
        take_response(fetch, result);
    }
}

/* --- the question --- */

static const char *accepted(enum resource_kind kind)
{
    switch (kind) {
    case RESOURCE_DOCUMENT:
        return "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";
    case RESOURCE_STYLESHEET:
        return "text/css,*/*;q=0.1";
    case RESOURCE_IMAGE:
        return "image/*,*/*;q=0.8";
    case RESOURCE_SCRIPT:
        break;
    }
    return "*/*";
}

void fetch_on_address(struct fetch *fetch, struct ip_addr address)
{
    struct browser *browser = fetch->load->browser;
    struct text target = {0};
    struct text authority = {0};
    url_print_target(&target, &fetch->url);
    url_print_authority(&authority, &fetch->url);
    fetch->call =
        http_call_new(browser->client, (struct endpoint){.addr = address, .port = fetch->url.port});
    struct http_message *request = http_call_request(fetch->call);
    http_message_set_request(request, "GET", text_chars(&target), text_chars(&authority));
    http_message_add(request, "User-Agent", browser->user_agent);
    http_message_add(request, "Accept", accepted(fetch->resource.kind));
    http_call_start(fetch->call, fetch_on_done, fetch);
    text_fini(&target);
    text_fini(&authority);
}

static void trace_url(const struct fetch *fetch)
{
    const struct url *url = &fetch->url;
    if (trace_is_on(fetch_scope(fetch)->trace)) {
        trace_emit(fetch_scope(fetch), &BROWSER_URL_TAKEN_APART, NULL,
                   &(struct browser_url_event){
                       .url = fetch->resource.url,
                       .scheme = url->scheme,
                       .host = url->host,
                       .path = url->path,
                       .query = url->query,
                       .port = url->port,
                   });
    }
}

static void fetch_ask(struct fetch *fetch)
{
    if (fetch->resource.kind == RESOURCE_DOCUMENT) {
        trace_url(fetch);
    }
    fetch->resource.dns_started_ns = fetch->resource.dns_done_ns = 0;
    if (strcmp(fetch->url.scheme, "http") != 0) {
        fetch_fail(fetch, STATUS_UNSUPPORTED,
                   print_error("https cannot be fetched yet", fetch->resource.url));
        return;
    }
    browser_host_resolve(fetch->load->browser, fetch);
}

void fetch_start(struct fetch *fetch)
{
    fetch->resource.queued_ns = scope_now(fetch_scope(fetch));
    fetch_ask(fetch);
}
