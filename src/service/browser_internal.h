/* Between the files of the browser: browser.c makes and ends page loads, browser_fetch.c brings
 * one resource, browser_host.c knows the addresses of hosts, browser_page.c turns what came into a
 * page. */
#ifndef SERVICE_BROWSER_INTERNAL_H
#define SERVICE_BROWSER_INTERNAL_H

#include "base/list.h"
#include "http/client.h"
#include "service/browser.h"
#include "service/html.h"

enum {
    BROWSER_MAX_HOSTS = 64,
    BROWSER_MAX_RESOURCES = 256, /* of one page, the document included */
    BROWSER_MAX_REDIRECTS = 10,
};

struct fetch;

/* A host's address, or the lookup that is to bring it. */
struct browser_host {
    struct list link;
    struct browser *browser;
    char *name;
    struct dns_lookup *lookup; /* while it is under way */
    struct list waiting;       /* struct fetch */
    struct ip_addr address;
    uint64_t expires_ns;
};

struct browser {
    struct sockets *sockets;
    struct dns_stub *stub;
    struct http_client *client;
    char *user_agent;
    struct list loads;
    struct list hosts; /* the one used last comes last */
    size_t n_hosts;
};

/* One resource on its way. `resource` becomes a line of the waterfall. */
struct fetch {
    struct list link; /* in its host's waiting list */
    struct page_load *load;
    struct resource resource;
    struct url url;
    char *asked_url;           /* as the document has it; redirects change `url` */
    struct browser_host *host; /* while it waits for the address */
    struct http_call *call;    /* while it is under way */
    struct text body;
    char *error; /* for people; NULL when all is well */
    unsigned redirects;
    bool is_done;
};

struct page_load {
    struct list link;
    struct browser *browser; /* freed perhaps when it has been reported */
    struct scope *scope;
    browser_done done;
    void *owner;
    struct event finish;
    uint64_t started_ns;
    struct fetch **fetches; /* the document first */
    size_t n_fetches, capacity, n_pending;
    struct html_document *document;
    struct url base;
};

/* --- browser.c --- */

struct fetch *page_load_add(struct page_load *load, enum resource_kind kind,
                            const struct url *url); /* NULL: there are too many */
void page_load_on_fetched(struct page_load *load, struct fetch *fetch);

/* --- browser_fetch.c --- */

void fetch_start(struct fetch *fetch);
void fetch_free(struct fetch *fetch); /* cancels what is under way */
void fetch_on_address(struct fetch *fetch, struct ip_addr address);
void fetch_on_no_address(struct fetch *fetch, enum status status);
bool fetch_is_good(const struct fetch *fetch); /* arrived, with a 2xx */

/* --- browser_host.c --- */

/* Calls fetch_on_address() or fetch_on_no_address(), at once or later. */
void browser_host_resolve(struct browser *browser, struct fetch *fetch);
void browser_host_cancel(struct fetch *fetch);
void browser_hosts_free(struct browser *browser);

/* --- browser_page.c --- */

/* The document has come: parses it and queues what it refers to. */
void page_load_take_document(struct page_load *load);

/* Everything has come, or failed. Renders, and calls back. */
void page_load_report(struct page_load *load);

#endif
