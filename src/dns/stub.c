/* The stub resolver asks its servers one after the other and reads addresses out of the first
 * useful answer. It keeps no cache: the servers do. */
#include "dns/stub.h"

#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "dns/query_internal.h"

#include <stdlib.h>

enum {
    ROUNDS = 2,         /* resolv.conf's "attempts" */
    MAX_LOOKUPS = 1024, /* pending at once */
    MAX_CHAIN = 16,     /* CNAMEs in one answer */
};
#define TIMEOUT_NS UINT64_C(5000000000) /* resolv.conf's "timeout" */

struct dns_host {
    size_t n_addresses;
    struct ip_addr addresses[DNS_STUB_MAX_ADDRESSES];
};

struct dns_stub {
    struct scope *scope;
    struct dns_querier *querier;
    struct ip_addr servers[DNS_STUB_MAX_SERVERS];
    size_t n_servers;
    struct map hosts; /* struct dns_host by lower-case struct dns_name */
    struct list pending;
    struct list free;
    size_t n_pending;
};

struct dns_lookup {
    struct list link;
    struct dns_stub *stub;
    dns_stub_done done;
    void *owner;
    struct dns_question question;
    struct dns_query *query; /* NULL: the answer is there */
    size_t attempts;
    struct event ready; /* tells the answer that needed no query */
    struct dns_answer answer;
};

struct dns_stub *dns_stub_new(struct sockets *sockets)
{
    struct dns_stub *stub = memory_new(sizeof *stub);
    stub->scope = sockets->scope;
    stub->querier = dns_querier_new(sockets, "stub");
    map_init(&stub->hosts, sizeof(struct dns_name), 0); /* filled by its owner, not by peers */
    list_init(&stub->pending);
    list_init(&stub->free);
    return stub;
}

void dns_stub_free(struct dns_stub *stub)
{
    LIST_FOR_EACH_SAFE (link, &stub->pending) {
        dns_lookup_cancel(container_of(link, struct dns_lookup, link));
    }
    LIST_FOR_EACH_SAFE (link, &stub->free) {
        free(container_of(link, struct dns_lookup, link));
    }
    size_t cursor = 0;
    struct dns_host *host;
    while ((host = map_next(&stub->hosts, &cursor))) {
        free(host);
    }
    map_fini(&stub->hosts);
    dns_querier_free(stub->querier);
    free(stub);
}

void dns_stub_set_servers(struct dns_stub *stub, const struct ip_addr *servers, size_t count)
{
    stub->n_servers = count < DNS_STUB_MAX_SERVERS ? count : DNS_STUB_MAX_SERVERS;
    for (size_t i = 0; i < stub->n_servers; i++) {
        stub->servers[i] = servers[i];
    }
}

size_t dns_stub_get_servers(const struct dns_stub *stub, struct ip_addr *servers)
{
    for (size_t i = 0; i < stub->n_servers; i++) {
        servers[i] = stub->servers[i];
    }
    return stub->n_servers;
}

void dns_stub_add_host(struct dns_stub *stub, const char *text, struct ip_addr addr)
{
    struct dns_name name;
    if (!dns_name_parse_text(text, &name)) {
        return; /* nobody can look it up either */
    }
    struct dns_name key = dns_name_lower(&name);
    struct dns_host *host = map_get(&stub->hosts, &key);
    if (!host) {
        host = memory_new(sizeof *host);
        map_put(&stub->hosts, &key, host);
    }
    if (host->n_addresses < DNS_STUB_MAX_ADDRESSES) {
        host->addresses[host->n_addresses++] = addr;
    }
}

/* --- the life of a lookup --- */

void dns_lookup_cancel(struct dns_lookup *lookup)
{
    struct dns_stub *stub = lookup->stub;
    if (lookup->query) {
        dns_query_cancel(lookup->query);
        lookup->query = NULL;
    }
    env_cancel(stub->scope->env, &lookup->ready);
    list_remove(&lookup->link);
    list_add_first(&lookup->link, &stub->free);
    stub->n_pending--;
}

/* The owner may free the stub in its callback: nothing of it is touched after. */
static void dns_lookup_finish(struct dns_lookup *lookup)
{
    struct dns_answer answer = lookup->answer;
    dns_stub_done done = lookup->done;
    void *owner = lookup->owner;
    dns_lookup_cancel(lookup);
    done(owner, &answer);
}

static void dns_lookup_on_ready(void *owner)
{
    dns_lookup_finish(owner);
}

static struct dns_lookup *dns_stub_take_lookup(struct dns_stub *stub)
{
    struct dns_lookup *lookup;
    if (list_is_empty(&stub->free)) {
        lookup = memory_new(sizeof *lookup);
        lookup->stub = stub;
        scope_event_init(stub->scope, &lookup->ready, dns_lookup_on_ready, lookup);
    } else {
        lookup = container_of(stub->free.next, struct dns_lookup, link);
        list_remove(&lookup->link);
    }
    list_add_last(&lookup->link, &stub->pending);
    stub->n_pending++;
    lookup->attempts = 0;
    lookup->answer = (struct dns_answer){.status = STATUS_OK};
    return lookup;
}

static void dns_lookup_on_reply(void *owner, const struct dns_reply *reply);

/* Asks the server whose turn it is; false when all had theirs. */
static bool dns_lookup_ask(struct dns_lookup *lookup)
{
    struct dns_stub *stub = lookup->stub;
    if (lookup->attempts >= ROUNDS * stub->n_servers) {
        return false;
    }
    struct ip_addr server = stub->servers[lookup->attempts % stub->n_servers];
    lookup->attempts++;
    lookup->query = dns_querier_ask(stub->querier, server, &lookup->question, true, TIMEOUT_NS,
                                    dns_lookup_on_reply, lookup);
    return true;
}

/* --- answers that need no query --- */

static void dns_answer_add(struct dns_answer *answer, struct ip_addr addr)
{
    if (answer->n_addresses < DNS_STUB_MAX_ADDRESSES) {
        answer->addresses[answer->n_addresses++] = addr;
    }
}

/* RFC 6761 6.3: localhost and everything below it is this host, and nobody is asked. */
static bool dns_name_is_localhost(const struct dns_name *name)
{
    static const struct dns_name localhost = {11, "\11localhost"};
    return dns_name_is_within(name, &localhost);
}

/* What the stub knows by itself, an error included. False: it must ask. */
static bool dns_lookup_answer_alone(struct dns_lookup *lookup, const char *text)
{
    struct dns_stub *stub = lookup->stub;
    struct dns_answer *answer = &lookup->answer;
    struct ip_addr addr;
    if (ip_parse(text, &addr)) {
        dns_answer_add(answer, addr);
        return true;
    }
    if (!dns_name_parse_text(text, &lookup->question.name)) {
        answer->status = STATUS_INVALID;
        return true;
    }
    struct dns_name key = dns_name_lower(&lookup->question.name);
    const struct dns_host *host = map_get(&stub->hosts, &key);
    if (host) {
        for (size_t i = 0; i < host->n_addresses; i++) {
            dns_answer_add(answer, host->addresses[i]);
        }
        return true;
    }
    if (dns_name_is_localhost(&key)) {
        dns_answer_add(answer, ip_v4(IPV4_LOOPBACK));
        return true;
    }
    if (stub->n_pending > MAX_LOOKUPS || stub->n_servers == 0) {
        answer->status = stub->n_servers == 0 ? STATUS_UNREACHABLE : STATUS_LIMIT;
        return true;
    }
    return false;
}

struct dns_lookup *dns_stub_lookup(struct dns_stub *stub, const char *name, dns_stub_done done,
                                   void *owner)
{
    struct dns_lookup *lookup = dns_stub_take_lookup(stub);
    lookup->done = done;
    lookup->owner = owner;
    lookup->question = (struct dns_question){.type = DNS_A, .class = DNS_CLASS_IN};
    if (dns_lookup_answer_alone(lookup, name) || !dns_lookup_ask(lookup)) {
        env_defer(stub->scope->env, &lookup->ready);
    }
    return lookup;
}

/* --- answers of servers --- */

/* Adds the addresses of `name`, or finds its CNAME; NULL: neither. */
static const struct dns_record *dns_answer_scan(struct dns_answer *answer,
                                                const struct dns_message *response,
                                                const struct dns_name *name)
{
    size_t count;
    const struct dns_record *records = dns_section_records(response, DNS_ANSWER, &count);
    const struct dns_record *found = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = &records[i];
        bool is_wanted = record->class == DNS_CLASS_IN &&
                         (record->type == DNS_A || record->type == DNS_CNAME) &&
                         dns_name_equal(&record->name, name);
        if (is_wanted) {
            found = record;
            answer->ttl_s = record->ttl_s < answer->ttl_s ? record->ttl_s : answer->ttl_s;
            if (record->type == DNS_A) {
                dns_answer_add(answer, record->rdata.addr);
            }
        }
    }
    return found;
}

/* Follows the aliases of the answer section from the question's name to its addresses. */
static void dns_answer_read(struct dns_answer *answer, const struct dns_message *response,
                            const struct dns_name *name)
{
    answer->ttl_s = UINT32_MAX;
    for (int chain = 0; chain < MAX_CHAIN && answer->n_addresses == 0; chain++) {
        const struct dns_record *found = dns_answer_scan(answer, response, name);
        if (!found || found->type != DNS_CNAME) {
            break;
        }
        name = &found->rdata.name;
    }
    if (answer->n_addresses == 0) {
        answer->status = STATUS_NOT_FOUND;
        answer->ttl_s = 0;
    }
}

/* What the reply comes to; an answer that another server might better is not OK or NOT_FOUND. */
static void dns_lookup_judge(struct dns_lookup *lookup, const struct dns_reply *reply)
{
    struct dns_answer *answer = &lookup->answer;
    *answer = (struct dns_answer){.status = reply->status, .server = reply->server};
    if (reply->status != STATUS_OK) {
        return;
    }
    answer->rcode = reply->response->rcode;
    switch ((enum dns_rcode)answer->rcode) {
    case DNS_NOERROR:
        dns_answer_read(answer, reply->response, &lookup->question.name);
        break;
    case DNS_NXDOMAIN:
        answer->status = STATUS_NOT_FOUND;
        break;
    case DNS_REFUSED:
        answer->status = STATUS_REFUSED;
        break;
    case DNS_FORMERR:
    case DNS_SERVFAIL:
    case DNS_NOTIMP:
    default:
        answer->status = STATUS_IO;
    }
}

static void dns_lookup_on_reply(void *owner, const struct dns_reply *reply)
{
    struct dns_lookup *lookup = owner;
    lookup->query = NULL;
    dns_lookup_judge(lookup, reply);
    enum status status = lookup->answer.status;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND || !dns_lookup_ask(lookup)) {
        dns_lookup_finish(lookup);
    }
}
