/* A responder: the server's half of a DNS exchange, shared by authority, resolver and forwarder.
 *
 * It listens on UDP port 53, reads queries, throws away what is none, answers by itself what no
 * role could answer (FORMERR, NOTIMP, BADVERS), and sends responses to where the query came from
 * and from where it went to.
 */
#ifndef DNS_RESPONDER_INTERNAL_H
#define DNS_RESPONDER_INTERNAL_H

#include "dns/server.h"

/* One query of a client: all that its answer needs. A plain value: copy it to answer later. */
struct dns_request {
    struct endpoint client;
    struct ip_addr local; /* the address it was sent to */
    uint64_t packet_id;
    uint16_t id;
    bool recursion_desired;
    bool has_edns;
    uint16_t udp_size; /* the largest response the client takes */
    struct dns_question question;
};

typedef void (*dns_responder_on_query)(void *owner, const struct dns_request *request);

struct dns_responder;

/* `role` is borrowed. `on_query` gets questions of class IN and of a data type or ANY. */
enum status dns_responder_new(struct sockets *sockets, const char *role,
                              dns_responder_on_query on_query, void *owner,
                              struct dns_responder **responder) MUST_CHECK;
void dns_responder_free(struct dns_responder *responder);

/* An empty response to `request`, with its question; borrowed until the next call, room for
 * DNS_MAX_RECORDS. The caller fills it in and sends it before anything else. */
struct dns_message *dns_responder_start(struct dns_responder *responder,
                                        const struct dns_request *request);
void dns_responder_send(struct dns_responder *responder, const struct dns_request *request,
                        bool from_cache);

/* A response without records. */
void dns_responder_send_rcode(struct dns_responder *responder, const struct dns_request *request,
                              enum dns_rcode rcode);

#endif
