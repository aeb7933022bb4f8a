/* The pages that the web server makes itself. Each is appended to `page`. */
#ifndef SERVICE_WEB_PAGE_H
#define SERVICE_WEB_PAGE_H

#include "base/text.h"

#include <stdint.h>

/* What a server without files shows: its name. It asks for "/style.css". */
void web_page_print_welcome(struct text *page, const char *server_name);
void web_page_print_style(struct text *page);

/* `target` is shown as it was asked for. */
void web_page_print_error(struct text *page, uint16_t status, const char *target,
                          const char *server_name);

/* `chars` so that HTML shows them and nothing else. */
void html_print_escaped(struct text *page, const char *chars);

#endif
