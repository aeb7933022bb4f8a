/* The web server: files of one folder over HTTP (RFC 9110). */
#ifndef SERVICE_WEB_SERVER_H
#define SERVICE_WEB_SERVER_H

#include "socket/socket.h"

struct web_server;

struct web_server_config {
    const char *root;        /* the folder, borrowed; NULL: serves a built-in page with its name */
    const char *server_name; /* for the built-in page and the Server header; borrowed */
    uint16_t port;           /* 0: 80 */
};

/* Files are read through the environment when they are asked for. GET and HEAD for files (with
 * index.html for a folder; a folder without final slash: 301), POST /echo answers with the body it
 * got, so that forms can be tried; 404, 405 with Allow, 400, 414, 431, 501, 505 where they belong.
 */
enum status web_server_new(struct sockets *sockets, const struct web_server_config *config,
                           struct web_server **server) MUST_CHECK;
void web_server_free(struct web_server *server);

#endif
