/* URLs (RFC 3986; the parts that http and https use, RFC 9110 4.2). */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { URL_MAX = 8192 };

/* Owned strings, never NULL after a parse; release with url_fini. */
struct url {
    char *scheme;   /* "http", lower case */
    char *host;     /* lower case, without brackets */
    uint16_t port;  /* the scheme's default when not written */
    bool has_port;  /* it was written */
    char *path;     /* begins with '/', percent-encoding kept, dot segments removed */
    char *query;    /* without '?'; "" when absent */
    char *fragment; /* without '#'; "" when absent */
};

/* An absolute URL; "site.test" without a scheme is taken as http, as browsers do. False, with a
 * short English reason, when it is not one. */
bool url_parse(const char *text, struct url *url, const char **why);

/* Resolves a reference found in a document at `base` (RFC 3986 section 5). */
bool url_resolve(const struct url *base, const char *reference, struct url *url, const char **why);
void url_fini(struct url *url);
void url_print(struct text *text, const struct url *url);           /* the whole */
void url_print_target(struct text *text, const struct url *url);    /* path and query */
void url_print_authority(struct text *text, const struct url *url); /* as Host bears it */
bool url_same_origin(const struct url *a, const struct url *b);     /* scheme, host, port */

#endif
