/* Expectations being tried: a page is loaded, a node pinged, a name looked up, and the outcome held
 * against what the file says. */
#include "lab/timetable_internal.h"

#include "base/memory.h"
#include "lab/report.h"

#include <stdlib.h>
#include <string.h>

/* Whatever is tried without `within:` is given up after this long. */
#define TRIAL_LIMIT_NS UINT64_C(120000000000)

static const struct trace_field EXPECT_FIELDS[] = {
    TRACE_FIELD(struct expect_event, line, TRACE_U32),
    TRACE_FIELD(struct expect_event, what, TRACE_TEXT),
    TRACE_FIELD(struct expect_event, verdict, TRACE_TEXT),
    TRACE_FIELD(struct expect_event, happened, TRACE_TEXT),
};
TRACE_KIND(EXPECT_JUDGED, "expect.judged", "{what}: {verdict} ({happened})", EXPECT_FIELDS);

void expect_print(struct text *text, const struct lab *lab, const struct lab_expect *expect)
{
    static const char *const VERBS[] = {
        [LAB_EXPECT_GET] = "gets", [LAB_EXPECT_PING] = "pings", [LAB_EXPECT_RESOLVE] = "resolves"};
    text_print(text, "%s %s %s", lab->nodes[expect->from].name, VERBS[expect->kind],
               expect->target);
    if (expect->status) {
        text_print(text, " with status %u", expect->status);
    }
    if (expect->body) {
        text_print(text, " showing '%s'", expect->body);
    }
    if (ip_is_set(expect->address)) {
        char addr[IP_TEXT_SIZE];
        text_print(text, " to %s", ip_print(expect->address, addr));
    }
    if (expect->within_ns) {
        text_print(text, " within ");
        config_print_duration(text, expect->within_ns);
    }
    text_print(text, "%s", expect->fails ? " (must fail)" : "");
}

static void trace_verdict(const struct trial *trial)
{
    struct world *world = trial->timetable->world;
    const struct scope *scope = world_scope(world);
    if (!trace_is_on(scope->trace)) {
        return;
    }
    struct text what = {0};
    expect_print(&what, world_lab(world), trial->result.expect);
    trace_emit(scope, &EXPECT_JUDGED, NULL,
               &(struct expect_event){
                   .line = trial->result.expect->line,
                   .what = text_chars(&what),
                   .verdict = trial->result.verdict == VERDICT_HELD ? "held" : "failed",
                   .happened = trial->result.happened,
               });
    text_fini(&what);
}

/* The outcome is known: `worked` as the file means it, and what to tell (taken over). */
static void trial_judge(struct trial *trial, bool worked, struct text *happened)
{
    if (trial->result.verdict != VERDICT_PENDING) {
        text_fini(happened);
        return;
    }
    timer_stop(&trial->deadline);
    trial->result.ended_ns = world_env(trial->timetable->world)->now_ns;
    text_print(happened, " after ");
    report_print_ms(happened, trial->result.ended_ns - trial->result.started_ns);
    bool held = worked != trial->result.expect->fails;
    trial->result.verdict = held ? VERDICT_HELD : VERDICT_FAILED;
    trial->result.happened = happened->chars;
    trace_verdict(trial);
    timetable_one_less(trial->timetable);
}

/* Whose address is waited for: the node's own, then that of a node to ping; LAB_NONE: nobody's. */
static uint32_t who_is_waited_for(const struct trial *trial)
{
    const struct world *world = trial->timetable->world;
    const struct lab *lab = world_lab(world);
    const struct lab_expect *expect = trial->result.expect;
    if (!world_has_address(world, expect->from)) {
        return expect->from;
    }
    uint32_t target = expect->target_node;
    bool comes_by_dhcp = target != LAB_NONE && lab->ports[lab->nodes[target].ports[0]].uses_dhcp;
    return comes_by_dhcp && !world_has_address(world, target) ? target : LAB_NONE;
}

static void on_deadline(void *owner)
{
    struct trial *trial = owner;
    struct text happened = {0};
    uint32_t node = who_is_waited_for(trial);
    if (node == LAB_NONE) {
        text_print(&happened, "nothing had come");
    } else {
        text_print(&happened, "%s had no address yet",
                   world_lab(trial->timetable->world)->nodes[node].name);
    }
    trial_judge(trial, false, &happened);
}

/* --- get --- */

static void on_page(void *owner, const struct page *page)
{
    struct trial *trial = owner;
    const struct lab_expect *expect = trial->result.expect;
    struct text happened = {0};
    if (page->status != STATUS_OK) {
        text_print(&happened, "%s", page->error);
        trial_judge(trial, false, &happened);
        return;
    }
    uint16_t status = page->resources[0].http_status;
    bool status_fits = expect->status ? status == expect->status : status / 100 == 2;
    bool body_fits = !expect->body || strstr(page->text, expect->body);
    text_print(&happened, "status %u%s", status, body_fits ? "" : ", without that text");
    trial_judge(trial, status_fits && body_fits, &happened);
}

static void trial_get(struct trial *trial)
{
    struct world *world = trial->timetable->world;
    const struct lab_expect *expect = trial->result.expect;
    struct browser *browser = world_browser(world, expect->from);
    enum status status = browser_load(browser, expect->target, on_page, trial);
    if (status != STATUS_OK) {
        struct text happened = {0};
        text_print(&happened, "%s", status_text(status));
        trial_judge(trial, false, &happened);
    }
}

/* --- ping --- */

/* What an ICMP error says (RFC 792, RFC 1122 3.2.2.1). */
static const char *error_words(const struct icmp_ping_result *result)
{
    static const char *const UNREACHABLE[] = {
        "network unreachable",
        "host unreachable",
        "protocol unreachable",
        "port unreachable",
        "packet too big",
        "source route failed",
        "destination unknown",
        "host unknown",
        "source isolated",
        "network prohibited",
        "host prohibited",
        "network unreachable for this service",
        "host unreachable for this service",
        "filtered",
    };
    if (result->icmp_type == ICMP_TIME_EXCEEDED) {
        return "time to live exceeded";
    }
    bool is_known = result->icmp_type == ICMP_DESTINATION_UNREACHABLE &&
                    result->icmp_code < sizeof UNREACHABLE / sizeof UNREACHABLE[0];
    return is_known ? UNREACHABLE[result->icmp_code] : "it cannot be delivered";
}

static void on_pong(void *owner, const struct icmp_ping_result *result)
{
    struct trial *trial = owner;
    struct text happened = {0};
    char from[IP_TEXT_SIZE];
    trial->ping = NULL;
    if (result->status == STATUS_OK) {
        text_print(&happened, "reply from %s with ttl %u", ip_print(result->from, from),
                   result->ttl);
    } else if (ip_is_set(result->from)) {
        text_print(&happened, "%s says: %s", ip_print(result->from, from), error_words(result));
    } else {
        text_print(&happened, "no answer");
    }
    trial_judge(trial, result->status == STATUS_OK, &happened);
}

/* The address to ping: written, or that of a node, as the file has it or as DHCP gave it. */
static struct ip_addr ping_address(const struct world *world, const struct lab_expect *expect)
{
    struct ip_addr addr = {.version = IP_NONE};
    if (expect->target_node == LAB_NONE) {
        (void)ip_parse(expect->target, &addr);
        return addr;
    }
    addr = lab_node_address(world_lab(world), expect->target_node);
    const struct node *node = world_node(world, expect->target_node);
    const struct ip_prefix *leased =
        !ip_is_set(addr) && node && node->n_netifs ? netif_ipv4(node->netifs[0]) : NULL;
    return leased ? leased->addr : addr;
}

static void trial_ping(struct trial *trial)
{
    struct world *world = trial->timetable->world;
    const struct lab_expect *expect = trial->result.expect;
    struct ip_addr addr = ping_address(world, expect);
    uint64_t limit = expect->within_ns ? expect->within_ns : UINT64_C(5000000000);
    if (addr.version == IP_V4) {
        struct icmp *icmp = ipv4_icmp(world_node(world, expect->from)->ipv4);
        trial->ping = icmp_ping_start(icmp, addr.v4, 56, 0, limit, on_pong, trial);
    }
    if (!trial->ping) {
        struct text happened = {0};
        text_print(&happened, addr.version == IP_V4 ? "no route" : "it has no address");
        trial_judge(trial, false, &happened);
    }
}

/* --- resolve --- */

static void on_answer(void *owner, const struct dns_answer *answer)
{
    struct trial *trial = owner;
    const struct lab_expect *expect = trial->result.expect;
    struct text happened = {0};
    bool found = false;
    trial->lookup = NULL;
    for (size_t i = 0; i < answer->n_addresses; i++) {
        char addr[IP_TEXT_SIZE];
        text_print(&happened, "%s%s", i ? ", " : "", ip_print(answer->addresses[i], addr));
        found |= !ip_is_set(expect->address) || ip_equal(answer->addresses[i], expect->address);
    }
    if (answer->status != STATUS_OK) {
        text_print(&happened, "%s", status_text(answer->status));
    }
    trial_judge(trial, answer->status == STATUS_OK && found, &happened);
}

static void trial_resolve(struct trial *trial)
{
    struct world *world = trial->timetable->world;
    const struct lab_expect *expect = trial->result.expect;
    trial->lookup =
        dns_stub_lookup(world_stub(world, expect->from), expect->target, on_answer, trial);
}

/* --- when --- */

static void trial_try(struct trial *trial)
{
    switch (trial->result.expect->kind) {
    case LAB_EXPECT_GET:
        trial_get(trial);
        break;
    case LAB_EXPECT_PING:
        trial_ping(trial);
        break;
    case LAB_EXPECT_RESOLVE:
        trial_resolve(trial);
        break;
    }
}

static void trial_start_clock(struct trial *trial)
{
    const struct lab_expect *expect = trial->result.expect;
    uint64_t now = world_env(trial->timetable->world)->now_ns;
    trial->result.started_ns = now;
    timer_set(&trial->deadline, now + (expect->within_ns ? expect->within_ns : TRIAL_LIMIT_NS));
}

/* Tries once everybody has an address; at `at:` itself only the node's own is waited for. */
static void on_ready(void *owner)
{
    struct trial *trial = owner;
    bool has_at = trial->result.expect->has_at;
    if (trial->result.verdict != VERDICT_PENDING) {
        return; /* its time was up before */
    }
    uint32_t node = who_is_waited_for(trial);
    if (node != LAB_NONE && !(has_at && node == trial->result.expect->target_node)) {
        world_when_ready(trial->timetable->world, node, &trial->ready, on_ready, trial);
        return;
    }
    if (!has_at) {
        trial_start_clock(trial);
    }
    trial_try(trial);
}

/* With `at:` the clock runs from there, ready or not; without it from when there are addresses,
 * which must come within the limit too. */
static void on_start(void *owner)
{
    struct trial *trial = owner;
    trial_start_clock(trial);
    if (!trial->result.expect->has_at) {
        timer_set(&trial->deadline, trial->result.started_ns + TRIAL_LIMIT_NS);
    }
    world_when_ready(trial->timetable->world, trial->result.expect->from, &trial->ready, on_ready,
                     trial);
}

void trial_schedule(struct trial *trial)
{
    struct scope *scope = world_scope(trial->timetable->world);
    scope_event_init(scope, &trial->start, on_start, trial);
    scope_timer_init(scope, &trial->deadline, on_deadline, trial);
    env_arm(scope->env, &trial->start, trial->result.expect->at_ns);
}

void trial_cancel(struct trial *trial)
{
    struct world *world = trial->timetable->world;
    env_cancel(world_env(world), &trial->start);
    world_forget_waiter(world, trial->result.expect->from, &trial->ready);
    if (trial->result.expect->target_node != LAB_NONE) {
        world_forget_waiter(world, trial->result.expect->target_node, &trial->ready);
    }
    timer_fini(&trial->deadline);
    if (trial->ping) {
        icmp_ping_cancel(trial->ping);
    }
    if (trial->lookup) {
        dns_lookup_cancel(trial->lookup);
    }
}
