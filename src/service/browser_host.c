/* Addresses of hosts, kept as long as their time to live says; fetches for the same host wait for
 * one lookup. */
#include "service/browser_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static uint64_t now_ns(const struct browser *browser)
{
    return scope_now(browser->sockets->scope);
}

static void host_free(struct browser_host *host)
{
    if (host->lookup) {
        dns_lookup_cancel(host->lookup);
    }
    list_remove(&host->link);
    host->browser->n_hosts--;
    free(host->name);
    free(host);
}

void browser_hosts_free(struct browser *browser)
{
    LIST_FOR_EACH_SAFE (link, &browser->hosts) {
        host_free(container_of(link, struct browser_host, link));
    }
}

static struct browser_host *host_find(struct browser *browser, const char *name)
{
    LIST_FOR_EACH (link, &browser->hosts) {
        struct browser_host *host = container_of(link, struct browser_host, link);
        if (strcmp(host->name, name) == 0) {
            list_remove(&host->link);
            list_add_last(&host->link, &browser->hosts);
            return host;
        }
    }
    return NULL;
}

/* The one not used for the longest goes, unless somebody waits for it. */
static bool make_room(struct browser *browser)
{
    if (browser->n_hosts < BROWSER_MAX_HOSTS) {
        return true;
    }
    LIST_FOR_EACH (link, &browser->hosts) {
        struct browser_host *host = container_of(link, struct browser_host, link);
        if (!host->lookup) {
            host_free(host);
            return true;
        }
    }
    return false;
}

static struct browser_host *host_get(struct browser *browser, const char *name)
{
    struct browser_host *host = host_find(browser, name);
    if (host || !make_room(browser)) {
        return host;
    }
    host = memory_new(sizeof *host);
    host->browser = browser;
    host->name = memory_copy_text(name);
    list_init(&host->waiting);
    list_init(&host->link);
    list_add_last(&host->link, &browser->hosts);
    browser->n_hosts++;
    return host;
}

static void host_on_answer(void *owner, const struct dns_answer *answer)
{
    struct browser_host *host = owner;
    bool is_found = answer->status == STATUS_OK && answer->n_addresses > 0;
    host->lookup = NULL;
    host->address = is_found ? answer->addresses[0] : (struct ip_addr){0};
    host->expires_ns = now_ns(host->browser) + answer->ttl_s * UINT64_C(1000000000);
    while (!list_is_empty(&host->waiting)) {
        struct fetch *fetch = container_of(host->waiting.next, struct fetch, link);
        browser_host_cancel(fetch);
        fetch->resource.dns_done_ns = now_ns(host->browser);
        if (is_found) {
            fetch_on_address(fetch, host->address);
        } else {
            fetch_on_no_address(fetch,
                                answer->status != STATUS_OK ? answer->status : STATUS_NOT_FOUND);
        }
    }
}

static void host_wait(struct browser_host *host, struct fetch *fetch)
{
    fetch->host = host;
    fetch->resource.dns_started_ns = now_ns(host->browser);
    list_add_last(&fetch->link, &host->waiting);
    if (!host->lookup) {
        host->lookup = dns_stub_lookup(host->browser->stub, host->name, host_on_answer, host);
    }
}

void browser_host_resolve(struct browser *browser, struct fetch *fetch)
{
    struct ip_addr literal;
    if (ip_parse(fetch->url.host, &literal)) {
        fetch_on_address(fetch, literal);
        return;
    }
    struct browser_host *host = host_get(browser, fetch->url.host);
    if (!host) {
        fetch_on_no_address(fetch, STATUS_LIMIT);
    } else if (!host->lookup && ip_is_set(host->address) && now_ns(browser) < host->expires_ns) {
        fetch_on_address(fetch, host->address);
    } else {
        host_wait(host, fetch);
    }
}

void browser_host_cancel(struct fetch *fetch)
{
    if (fetch->host) {
        list_remove(&fetch->link);
        fetch->host = NULL;
    }
}
