#include "service/web_page.h"

#include "http/message.h"

void html_print_escaped(struct text *page, const char *chars)
{
    for (; *chars; chars++) {
        switch (*chars) {
        case '&':
            text_print(page, "&amp;");
            break;
        case '<':
            text_print(page, "&lt;");
            break;
        case '>':
            text_print(page, "&gt;");
            break;
        case '"':
            text_print(page, "&quot;");
            break;
        case '\'':
            text_print(page, "&#39;");
            break;
        default:
            text_add(page, chars, 1);
        }
    }
}

void web_page_print_welcome(struct text *page, const char *server_name)
{
    text_print(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<title>");
    html_print_escaped(page, server_name);
    text_print(page, "</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
                     "<h1>");
    html_print_escaped(page, server_name);
    text_print(page, "</h1>\n<p>This web server works. Give it a folder with <code>root:</code> "
                     "and it serves the files in it.</p>\n<p>POST to <a href=\"/echo\">/echo</a> "
                     "and it answers with what you sent.</p>\n</body>\n</html>\n");
}

void web_page_print_style(struct text *page)
{
    text_print(page, "body { font-family: sans-serif; max-width: 40em; margin: 4em auto; }\n"
                     "h1 { font-weight: normal; }\n");
}

void web_page_print_error(struct text *page, uint16_t status, const char *target,
                          const char *server_name)
{
    const char *phrase = http_status_phrase(status);
    text_print(page,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<title>%u %s</title>\n</head>\n<body>\n<h1>%u %s</h1>\n<p>",
               status, phrase, status, phrase);
    html_print_escaped(page, target);
    text_print(page, "</p>\n<hr>\n<p>");
    html_print_escaped(page, server_name);
    text_print(page, "</p>\n</body>\n</html>\n");
}
