/* The trace events of this folder, and the sentence that says what a response means. */
#include "dns/trace_internal.h"

enum { MAX_SHOWN = 5 /* records of an answer in one sentence */ };

static const struct trace_field DNS_QUERY_FIELDS[] = {
    TRACE_FIELD(struct dns_event, role, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, peer, TRACE_ENDPOINT),
    TRACE_FIELD(struct dns_event, id, TRACE_U16),
    TRACE_FIELD(struct dns_event, name, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, type, TRACE_TEXT),
};

static const struct trace_field DNS_RESPONSE_FIELDS[] = {
    TRACE_FIELD(struct dns_event, role, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, peer, TRACE_ENDPOINT),
    TRACE_FIELD(struct dns_event, id, TRACE_U16),
    TRACE_FIELD(struct dns_event, name, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, type, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, rcode, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, authoritative, TRACE_BOOL),
    TRACE_FIELD(struct dns_event, result, TRACE_TEXT),
    TRACE_FIELD(struct dns_event, from_cache, TRACE_BOOL),
};

TRACE_KIND(DNS_QUERY_SENT, "dns.query-sent", "{role} asks {peer}: {name} {type}?",
           DNS_QUERY_FIELDS);
TRACE_KIND(DNS_QUERY_RECEIVED, "dns.query-received", "{role} is asked by {peer}: {name} {type}?",
           DNS_QUERY_FIELDS);
TRACE_KIND(DNS_RESPONSE_SENT, "dns.response-sent", "{role} answers {peer}: {name} {type}: {result}",
           DNS_RESPONSE_FIELDS);
TRACE_KIND(DNS_RESPONSE_RECEIVED, "dns.response-received",
           "{role} hears from {peer}: {name} {type}: {result}", DNS_RESPONSE_FIELDS);
TRACE_KIND(DNS_TIMED_OUT, "dns.timed-out", "{role} got no answer from {peer}: {name} {type}",
           DNS_QUERY_FIELDS);

const struct drop_reason DNS_DROP_MALFORMED = {"dns.malformed",
                                               "it is not a well-formed DNS message"};
const struct drop_reason DNS_DROP_UNEXPECTED = {"dns.unexpected",
                                                "nobody asked for this answer: wrong id, sender or "
                                                "question"};
const struct drop_reason DNS_DROP_BUSY = {"dns.busy", "too many questions are open already"};
const struct drop_reason DNS_DROP_UNSENT = {"dns.unsent", "the network did not take the message"};

void dns_drop(const struct scope *scope, const struct drop_reason *reason, uint64_t packet_id,
              const char *where)
{
    trace_drop(scope, reason, packet_id != 0 ? &(struct packet){.id = packet_id} : NULL, where);
}

/* --- results --- */

static uint32_t dns_least_ttl(const struct dns_record *records, size_t count)
{
    uint32_t ttl_s = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        ttl_s = records[i].ttl_s < ttl_s ? records[i].ttl_s : ttl_s;
    }
    return ttl_s;
}

/* "alias of web.example, 192.0.2.1 (ttl 300 s)" */
static void dns_answers_print(struct text *text, const struct dns_message *response)
{
    char name[DNS_NAME_TEXT_SIZE];
    size_t count;
    const struct dns_record *answers = dns_section_records(response, DNS_ANSWER, &count);
    for (size_t i = 0; i < count && i < MAX_SHOWN; i++) {
        text_print(text, "%s", i > 0 ? ", " : "");
        if (answers[i].type == DNS_CNAME && response->question.type != DNS_CNAME) {
            text_print(text, "alias of %s", dns_name_print(&answers[i].rdata.name, name));
        } else {
            dns_rdata_print(text, &answers[i]);
        }
    }
    if (count > MAX_SHOWN) {
        text_print(text, " and %zu more", count - MAX_SHOWN);
    }
    text_print(text, " (ttl %u s)", dns_least_ttl(answers, count));
}

static const struct dns_record *dns_find_glue(const struct dns_message *response,
                                              const struct dns_name *host)
{
    size_t count;
    const struct dns_record *extra = dns_section_records(response, DNS_ADDITIONAL, &count);
    for (size_t i = 0; i < count; i++) {
        if ((extra[i].type == DNS_A || extra[i].type == DNS_AAAA) &&
            dns_name_equal(&extra[i].name, host)) {
            return &extra[i];
        }
    }
    return NULL;
}

/* "referral to example: ask ns.nic.example at 198.51.100.53 or ns2.nic.example" */
static void dns_referral_print(struct text *text, const struct dns_message *response,
                               const struct dns_record *ns, size_t count)
{
    char name[DNS_NAME_TEXT_SIZE], address[IP_TEXT_SIZE];
    text_print(text, "referral to %s: ask ", dns_name_print(&ns->name, name));
    for (size_t i = 0; i < count; i++) {
        if (ns[i].type != DNS_NS) {
            continue;
        }
        text_print(text, "%s%s", i > 0 ? " or " : "", dns_name_print(&ns[i].rdata.name, name));
        const struct dns_record *glue = dns_find_glue(response, &ns[i].rdata.name);
        if (glue) {
            text_print(text, " at %s", ip_print(glue->rdata.addr, address));
        }
    }
}

static const char *dns_failure_text(uint8_t rcode)
{
    switch (rcode) {
    case DNS_FORMERR:
        return "the query was not understood";
    case DNS_SERVFAIL:
        return "the server failed to find out";
    case DNS_NXDOMAIN:
        return "no such name";
    case DNS_NOTIMP:
        return "not implemented";
    case DNS_REFUSED:
        return "refused";
    default:
        return dns_rcode_text(rcode);
    }
}

void dns_result_print(struct text *text, const struct dns_message *response)
{
    char type[DNS_TYPE_TEXT_SIZE];
    size_t n_authority;
    const struct dns_record *authority = dns_section_records(response, DNS_AUTHORITY, &n_authority);
    bool has_answer = response->count[DNS_ANSWER] > 0;
    if (response->truncated) {
        text_print(text, "truncated: ");
    }
    if (has_answer) {
        dns_answers_print(text, response);
    }
    if (response->rcode != DNS_NOERROR) {
        text_print(text, "%s%s", has_answer ? ", " : "", dns_failure_text(response->rcode));
    } else if (n_authority > 0 && authority[0].type == DNS_NS && !response->authoritative &&
               !has_answer) {
        dns_referral_print(text, response, authority, n_authority);
    } else if (!has_answer) {
        text_print(text, "the name has no %s record", dns_type_text(response->question.type, type));
    }
}

void dns_trace(const struct scope *scope, const struct trace_kind *kind, const char *role,
               struct endpoint peer, uint64_t packet_id, const struct dns_message *message,
               bool from_cache)
{
    if (!trace_is_on(scope->trace)) {
        return;
    }
    char name[DNS_NAME_TEXT_SIZE] = "", type[DNS_TYPE_TEXT_SIZE];
    struct text result = {0};
    if (message->has_question) {
        dns_name_print(&message->question.name, name);
    }
    if (message->is_response) {
        dns_result_print(&result, message);
    }
    struct dns_event event = {
        .role = role,
        .peer = peer,
        .id = message->id,
        .name = name,
        .type = message->has_question ? dns_type_text(message->question.type, type) : "",
        .rcode = message->is_response ? dns_rcode_text(message->rcode) : NULL,
        .authoritative = message->authoritative,
        .result = message->is_response ? text_chars(&result) : NULL,
        .from_cache = from_cache,
    };
    struct packet packet = {.id = packet_id};
    trace_emit(scope, kind, packet_id != 0 ? &packet : NULL, &event);
    text_fini(&result);
}
