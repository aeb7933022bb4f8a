#include "lab/report.h"

#include "wire/dns.h"

#include <inttypes.h>
#include <libxml/xmlversion.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WATERFALL_WIDTH = 40, LABEL_WIDTH = 24 };

void report_print_ms(struct text *text, uint64_t ns)
{
    uint64_t us = (ns + 500) / 1000;
    text_print(text, "%" PRIu64 ".%03u ms", us / 1000, (unsigned)(us % 1000));
}

void report_print_libraries(struct text *text)
{
    text_print(text, "libxml2 %s, xxHash %d.%d.%d", LIBXML_DOTTED_VERSION, XXH_VERSION_MAJOR,
               XXH_VERSION_MINOR, XXH_VERSION_RELEASE);
}

/* Wraps `words` at `width` columns, each line behind `indent` spaces. */
static void print_wrapped(struct text *text, const char *words, int indent, int width)
{
    int column = 0;
    while (*words) {
        int len = (int)strcspn(words, " ");
        if (column == 0 || column + 1 + len > width) {
            text_print(text, "%s%*s", column ? "\n" : "", indent, "");
            column = indent;
        } else {
            text_print(text, " ");
            column++;
        }
        text_add(text, words, (size_t)len);
        column += len;
        words += len;
        words += strspn(words, " ");
    }
    text_print(text, "\n");
}

static void print_block(struct text *text, const char *block)
{
    while (*block) {
        int len = (int)strcspn(block, "\r\n");
        if (len > 0) {
            text_print(text, "                 | %.*s\n", len, block);
        }
        block += len;
        block += strspn(block, "\r\n");
    }
}

static void print_entry(struct text *text, const struct journey *journey,
                        const struct journey_entry *entry)
{
    struct text when = {0};
    report_print_ms(&when, entry->at_ns);
    text_print(text, "  %14s  %s", when.chars, entry->from);
    text_fini(&when);
    if (entry->to) {
        text_print(text, " -> %s", entry->to);
    }
    text_print(text, ": %s", entry->what);
    size_t frame = journey_frame_number(journey, entry->packet_id);
    if (frame) {
        text_print(text, "  [frame %zu]", frame);
    }
    text_print(text, "\n");
    if (entry->why) {
        print_wrapped(text, entry->why, 18, 98);
    }
    if (entry->block) {
        print_block(text, entry->block);
    }
}

static void print_step(struct text *text, const struct journey *journey, enum journey_stage stage,
                       int number)
{
    const struct journey_step *step = journey_step(journey, stage);
    text_print(text, "\n%2d. %s\n    at ", number, journey_title(stage));
    report_print_ms(text, step->begin_ns);
    text_print(text, ", takes ");
    report_print_ms(text, step->end_ns - step->begin_ns);
    text_print(text, "\n");
    print_wrapped(text, journey_meaning(stage), 4, 98);
    for (size_t i = 0; i < step->n_entries; i++) {
        print_entry(text, journey, &step->entries[i]);
    }
}

static void print_page(struct text *text, const struct page *page)
{
    text_print(text, "\n    +%.*s\n", 82,
               "--------------------------------------------------------------------------------"
               "--");
    const char *line = page->text;
    while (*line) {
        int len = (int)strcspn(line, "\n");
        text_print(text, "    |%s%.*s\n", len ? " " : "", len, line);
        line += len;
        line += *line == '\n';
    }
    text_print(text, "    +%.*s\n", 82,
               "--------------------------------------------------------------------------------"
               "--");
}

/* --- the waterfall --- */

struct waterfall {
    uint64_t begin_ns;
    uint64_t span_ns;
};

static unsigned waterfall_column(const struct waterfall *w, uint64_t at_ns)
{
    uint64_t offset = at_ns > w->begin_ns ? at_ns - w->begin_ns : 0;
    uint64_t column = offset * WATERFALL_WIDTH / w->span_ns;
    return (unsigned)(column < WATERFALL_WIDTH ? column : WATERFALL_WIDTH - 1);
}

/* '.' queued, 'd' looking the name up, 'c' connecting, '-' waiting for the first byte, '=' reading
 */
static void print_bar(struct text *text, const struct waterfall *w, const struct resource *r)
{
    char bar[WATERFALL_WIDTH + 1];
    const struct {
        uint64_t from_ns, to_ns;
        char mark;
    } PARTS[] = {
        {r->queued_ns, r->done_ns, '.'},
        {r->dns_started_ns, r->dns_done_ns, 'd'},
        {r->connect_started_ns, r->connected_ns, 'c'},
        {r->sent_ns, r->first_byte_ns, '-'},
        {r->first_byte_ns, r->done_ns, '='},
    };
    memset(bar, ' ', WATERFALL_WIDTH);
    bar[WATERFALL_WIDTH] = '\0';
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        if (!PARTS[i].from_ns || !PARTS[i].to_ns || (PARTS[i].mark == 'c' && r->reused)) {
            continue;
        }
        unsigned from = waterfall_column(w, PARTS[i].from_ns);
        unsigned to = waterfall_column(w, PARTS[i].to_ns);
        memset(bar + from, PARTS[i].mark, to - from + 1);
    }
    text_print(text, "|%s|", bar);
}

static struct waterfall waterfall_of(const struct page *page)
{
    struct waterfall w = {.begin_ns = UINT64_MAX};
    uint64_t end_ns = 0;
    for (size_t i = 0; i < page->n_resources; i++) {
        const struct resource *r = &page->resources[i];
        w.begin_ns = r->queued_ns < w.begin_ns ? r->queued_ns : w.begin_ns;
        end_ns = r->done_ns > end_ns ? r->done_ns : end_ns;
    }
    w.span_ns = end_ns > w.begin_ns ? end_ns - w.begin_ns : 1;
    return w;
}

/* What stands behind scheme and host. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path ? path : url;
}

static void print_waterfall(struct text *text, const struct page *page)
{
    struct waterfall w = waterfall_of(page);
    text_print(text, "    waterfall over ");
    report_print_ms(text, w.span_ns);
    text_print(text, ": d name, c connect, - wait, = read\n");
    for (size_t i = 0; i < page->n_resources; i++) {
        const struct resource *r = &page->resources[i];
        text_print(text, "      %-*.*s %3u %7" PRIu64 " B ", LABEL_WIDTH, LABEL_WIDTH,
                   path_of(r->url), r->http_status, r->body_len);
        print_bar(text, &w, r);
        text_print(text, " %s\n", r->reused ? "open connection" : "new connection");
    }
}

static void print_flows(struct text *text, const struct journey *journey)
{
    size_t n_flows;
    const struct journey_flow *flows = journey_flows(journey, &n_flows);
    text_print(text, "    connections (four-tuples)\n");
    for (size_t i = 0; i < n_flows; i++) {
        const struct journey_flow *flow = &flows[i];
        char local[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE], outside[ENDPOINT_TEXT_SIZE];
        text_print(text, "      %s -> %s", endpoint_print(flow->local, local),
                   endpoint_print(flow->remote, remote));
        if (ip_is_set(flow->outside.addr)) {
            text_print(text, ", outside %s", endpoint_print(flow->outside, outside));
        }
        text_print(text, ", over %u routers", flow->hops);
        text_print(text,
                   "\n        %" PRIu64 " segments out with %" PRIu64 " bytes, %" PRIu64
                   " in with %" PRIu64 " bytes, %" PRIu64 " retransmitted\n",
                   flow->segments_sent, flow->bytes_sent, flow->segments_received,
                   flow->bytes_received, flow->retransmitted);
    }
}

void report_print_journey(struct text *text, const struct world *world,
                          const struct journey *journey, const struct report_title *title)
{
    const struct page *page = journey_page(journey);
    text_print(text, "%s typed into the browser of %s (%s, seed %" PRIu64 ")\n", title->url,
               title->from, title->lab, world_lab(world)->seed);
    text_print(text,
               "Times count from when the lab was switched on. [frame n] is the frame's number "
               "at %s's interface.\n",
               title->from);
    int number = 1;
    for (int stage = 0; stage < JOURNEY_STAGES; stage++) {
        if (journey_step(journey, (enum journey_stage)stage)->n_entries) {
            print_step(text, journey, (enum journey_stage)stage, number++);
        }
        if (stage == JOURNEY_PAGE && page && page->status == STATUS_OK) {
            print_page(text, page);
        }
    }
    text_print(text, "\nSummary\n");
    if (page && page->status == STATUS_OK) {
        print_waterfall(text, page);
    }
    print_flows(text, journey);
    report_print_summary(text, world);
}

void report_print_summary(struct text *text, const struct world *world)
{
    struct world_counts counts = world_count(world);
    text_print(text,
               "    on all links together: %" PRIu64 " packet-hops (frames, each counted on every "
               "link it crosses), %" PRIu64 " bytes\n",
               counts.frames, counts.bytes);
    size_t n_drops;
    struct drop_count *drops = trace_drop_counts(world_trace(world), &n_drops);
    text_print(text, "    drops:%s\n", n_drops ? "" : " none");
    for (size_t i = 0; i < n_drops; i++) {
        text_print(text, "      %6" PRIu64 "  %s: %s\n", drops[i].packets, drops[i].reason->name,
                   drops[i].reason->text);
    }
    free(drops);
    text_print(text, "    time passed: ");
    report_print_ms(text, world_env(world)->now_ns);
    text_print(text, ", %" PRIu64 " events\n    run hash %016" PRIx64 " (",
               world_env(world)->events_fired, world_hash(world));
    report_print_libraries(text);
    text_print(text, ")\n");
}

void report_print_expectations(struct text *text, const struct world *world,
                               const struct timetable *timetable)
{
    static const char *const WORDS[] = {
        [VERDICT_PENDING] = "not judged", [VERDICT_HELD] = "held", [VERDICT_FAILED] = "FAILED"};
    size_t count;
    const struct lab *lab = world_lab(world);
    const struct expect_result *results = timetable_results(timetable, &count);
    for (size_t i = 0; i < count; i++) {
        text_print(text, "%-10s %s:%" PRIu32 ": expected: ", WORDS[results[i].verdict],
                   lab->file->name, results[i].expect->line);
        expect_print(text, lab, results[i].expect);
        text_print(text, "; happened: %s (seed %" PRIu64 ")\n",
                   results[i].happened ? results[i].happened : "the run ended before", lab->seed);
    }
}
