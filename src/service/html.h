/* HTML documents as trees, by libxml2's HTML parser: never from a file, never over the network,
 * without a word on stderr. The parser repairs what is broken, as browsers do.
 *
 * Nodes are libxml2's; they belong to the document.
 */
#ifndef SERVICE_HTML_H
#define SERVICE_HTML_H

#include "base/bytes.h"
#include "base/text.h"

#include <libxml/tree.h>
#include <stdbool.h>

struct html_document;

/* `charset`: as the Content-Type says, NULL when it does not. Taken as given are UTF-8, US-ASCII
 * and ISO-8859-1; with any other, or none, bytes that are UTF-8 are UTF-8 and others ISO-8859-1.
 * DEVIATES: HTML 13.2.3 also looks into <meta> and knows some forty older charsets; these would
 * come from tables of the system, which differ. An empty document has no root. */
struct html_document *html_parse(struct bytes bytes, const char *charset);
void html_free(struct html_document *document);
const xmlNode *html_root(const struct html_document *document); /* or NULL */

/* The next node in document order below `root`, or NULL. Start with node == root. */
const xmlNode *html_next(const xmlNode *node, const xmlNode *root);

/* "" for what is no element; lower case. */
const char *html_name(const xmlNode *node);
bool html_is(const xmlNode *node, const char *name);

/* NULL when it is not there; "" when it has no value. Borrowed from the document. */
const char *html_attribute(const xmlNode *node, const char *name);

/* The text below `node`, white space collapsed, is appended. */
void html_print_text(const xmlNode *node, struct text *text);

/* The title of the document, appended; nothing when it has none. */
void html_print_title(const struct html_document *document, struct text *text);

#endif
