/* The browser: from a URL to a page, as text.
 *
 * It takes the URL apart, looks the name up, connects, asks, parses the document, fetches the
 * stylesheets, scripts and images it names over at most `max_connections` persistent connections
 * per origin, and renders the document as text, honouring `display:none` and what else the
 * stylesheet says that text can show. Scripts are fetched and listed, not run.
 */
#ifndef SERVICE_BROWSER_H
#define SERVICE_BROWSER_H

#include "dns/stub.h"
#include "http/url.h"
#include "socket/socket.h"

struct browser;
struct page_load;

struct browser_config {
    uint32_t max_connections; /* per origin; 0: 6, as the ones people use */
    const char *user_agent;   /* NULL: "Orrery/VERSION"; borrowed */
};

struct browser *browser_new(struct sockets *sockets, struct dns_stub *stub,
                            const struct browser_config *config);
void browser_free(struct browser *browser); /* closes its connections; loads end without callback */

/* Closes idle persistent connections, as when the window is shut. */
void browser_close_connections(struct browser *browser);

enum resource_kind {
    RESOURCE_DOCUMENT,
    RESOURCE_STYLESHEET,
    RESOURCE_SCRIPT,
    RESOURCE_IMAGE,
};

/* One line of the waterfall. Times are absolute; 0: did not happen. */
struct resource {
    enum resource_kind kind;
    char *url;
    enum status status; /* of the exchange; OK even when http_status is an error */
    uint16_t http_status;
    char *content_type; /* may be NULL */
    uint64_t body_len;
    struct endpoint local, remote; /* the connection it came over */
    bool reused;                   /* an already open connection served it */
    uint64_t queued_ns, dns_started_ns, dns_done_ns, connect_started_ns, connected_ns, sent_ns,
        first_byte_ns, done_ns;
};

struct page {
    enum status status; /* of the document */
    const char *error;  /* for people, when status is not OK: "no such name: shop.exmple" */
    size_t n_resources; /* the document first, then in the order found */
    const struct resource *resources;
    const char *title; /* may be NULL */
    const char *text;  /* the page rendered as text, 80 columns; "" on error */
    bool complete;     /* every resource arrived with a 2xx */
};

/* `page` is borrowed for the call. Never called before browser_load returns. */
typedef void (*browser_done)(void *owner, const struct page *page);

/* Follows up to 10 redirects. STATUS_INVALID: not an http URL. */
enum status browser_load(struct browser *browser, const char *url, browser_done done,
                         void *owner) MUST_CHECK;

/* Trace of the journey's parts that no protocol below tells. */
struct browser_url_event { /* "browser.url": the URL taken apart */
    const char *url, *scheme, *host, *path, *query;
    uint16_t port;
};
extern const struct trace_kind BROWSER_URL_TAKEN_APART;

struct browser_resource_event { /* "browser.resource": queued for fetching, and from where */
    const char *url, *resource_kind, *found_in;
};
extern const struct trace_kind BROWSER_RESOURCE_FOUND;

struct browser_page_event { /* "browser.page": everything is there */
    const char *url, *title;
    uint16_t http_status;
    uint32_t resources;
    uint64_t bytes, duration_ns;
};
extern const struct trace_kind BROWSER_PAGE_DONE;

#endif
