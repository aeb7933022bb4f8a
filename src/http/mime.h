/* Which content type a file has, by the end of its name. */
#ifndef HTTP_MIME_H
#define HTTP_MIME_H

/* "text/html; charset=utf-8" for "a/index.HTML"; "application/octet-stream" when unknown. */
const char *http_mime_of_path(const char *path);

#endif
