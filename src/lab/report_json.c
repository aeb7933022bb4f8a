/* The same facts as the report, for programs: one JSON object. Keys never change their meaning. */
#include "lab/report.h"

#include "base/check.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

static json_t *text_or_null(const char *text)
{
    json_t *value = text ? json_string(text) : json_null();
    return value ? value : json_string_nocheck("(not UTF-8)");
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static void set(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);
    CHECK(failed == 0);
}

static json_t *endpoint_json(struct endpoint endpoint)
{
    char text[ENDPOINT_TEXT_SIZE];
    return ip_is_set(endpoint.addr) ? json_string(endpoint_print(endpoint, text)) : json_null();
}

static json_t *entry_json(const struct journey *journey, const struct journey_entry *entry)
{
    json_t *object = json_object();
    size_t frame = journey_frame_number(journey, entry->packet_id);
    set(object, "at_ns", number(entry->at_ns));
    set(object, "from", text_or_null(entry->from));
    set(object, "to", text_or_null(entry->to));
    set(object, "what", text_or_null(entry->what));
    set(object, "why", text_or_null(entry->why));
    set(object, "frame", frame ? number(frame) : json_null());
    set(object, "event", json_loads(entry->event, JSON_ALLOW_NUL, NULL));
    return object;
}

static json_t *steps_json(const struct journey *journey)
{
    static const char *const NAMES[JOURNEY_STAGES] = {
        [JOURNEY_ADDRESS] = "address",     [JOURNEY_URL] = "url",
        [JOURNEY_NEIGHBOUR] = "neighbour", [JOURNEY_NAME] = "name",
        [JOURNEY_CONNECT] = "connect",     [JOURNEY_TRANSLATE] = "translate",
        [JOURNEY_EXCHANGE] = "exchange",   [JOURNEY_RESOURCES] = "resources",
        [JOURNEY_PAGE] = "page",           [JOURNEY_CLOSE] = "close",
    };
    json_t *array = json_array();
    for (int stage = 0; stage < JOURNEY_STAGES; stage++) {
        const struct journey_step *step = journey_step(journey, (enum journey_stage)stage);
        json_t *object = json_object(), *entries = json_array();
        set(object, "name", json_string(NAMES[stage]));
        set(object, "title", json_string(journey_title((enum journey_stage)stage)));
        set(object, "begin_ns", number(step->begin_ns));
        set(object, "duration_ns", number(step->end_ns - step->begin_ns));
        for (size_t i = 0; i < step->n_entries; i++) {
            json_array_append_new(entries, entry_json(journey, &step->entries[i]));
        }
        set(object, "entries", entries);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *flows_json(const struct journey *journey)
{
    size_t n_flows;
    const struct journey_flow *flows = journey_flows(journey, &n_flows);
    json_t *array = json_array();
    for (size_t i = 0; i < n_flows; i++) {
        json_t *object = json_object();
        set(object, "local", endpoint_json(flows[i].local));
        set(object, "remote", endpoint_json(flows[i].remote));
        set(object, "outside", endpoint_json(flows[i].outside));
        set(object, "hops", number(flows[i].hops));
        set(object, "opened_ns", number(flows[i].opened_ns));
        set(object, "closed_ns", number(flows[i].closed_ns));
        set(object, "segments_sent", number(flows[i].segments_sent));
        set(object, "segments_received", number(flows[i].segments_received));
        set(object, "bytes_sent", number(flows[i].bytes_sent));
        set(object, "bytes_received", number(flows[i].bytes_received));
        set(object, "retransmitted", number(flows[i].retransmitted));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *resource_json(const struct resource *resource)
{
    static const char *const KINDS[] = {[RESOURCE_DOCUMENT] = "document",
                                        [RESOURCE_STYLESHEET] = "stylesheet",
                                        [RESOURCE_SCRIPT] = "script",
                                        [RESOURCE_IMAGE] = "image"};
    json_t *object = json_object();
    set(object, "kind", json_string(KINDS[resource->kind]));
    set(object, "url", text_or_null(resource->url));
    set(object, "outcome", json_string(status_text(resource->status)));
    set(object, "status", number(resource->http_status));
    set(object, "content_type", text_or_null(resource->content_type));
    set(object, "bytes", number(resource->body_len));
    set(object, "local", endpoint_json(resource->local));
    set(object, "remote", endpoint_json(resource->remote));
    set(object, "reused", json_boolean(resource->reused));
    set(object, "queued_ns", number(resource->queued_ns));
    set(object, "dns_started_ns", number(resource->dns_started_ns));
    set(object, "dns_done_ns", number(resource->dns_done_ns));
    set(object, "connect_started_ns", number(resource->connect_started_ns));
    set(object, "connected_ns", number(resource->connected_ns));
    set(object, "sent_ns", number(resource->sent_ns));
    set(object, "first_byte_ns", number(resource->first_byte_ns));
    set(object, "done_ns", number(resource->done_ns));
    return object;
}

static json_t *page_json(const struct page *page)
{
    if (!page) {
        return json_null();
    }
    json_t *object = json_object(), *resources = json_array();
    set(object, "outcome", json_string(status_text(page->status)));
    set(object, "error", text_or_null(page->error));
    set(object, "title", text_or_null(page->title));
    set(object, "text", text_or_null(page->text));
    set(object, "complete", json_boolean(page->complete));
    for (size_t i = 0; i < page->n_resources; i++) {
        json_array_append_new(resources, resource_json(&page->resources[i]));
    }
    set(object, "resources", resources);
    return object;
}

static json_t *drops_json(const struct trace *trace)
{
    size_t n_drops;
    struct drop_count *drops = trace_drop_counts(trace, &n_drops);
    json_t *object = json_object();
    for (size_t i = 0; i < n_drops; i++) {
        set(object, drops[i].reason->name, number(drops[i].packets));
    }
    free(drops);
    return object;
}

static json_t *summary_json(const struct world *world)
{
    struct world_counts counts = world_count(world);
    struct text libraries = {0}, hash = {0};
    json_t *object = json_object();
    report_print_libraries(&libraries);
    text_print(&hash, "%016" PRIx64, world_hash(world));
    set(object, "packet_hops", number(counts.frames));
    set(object, "bytes", number(counts.bytes));
    set(object, "drops", drops_json(world_trace(world)));
    set(object, "virtual_time_ns", number(world_env(world)->now_ns));
    set(object, "events", number(world_env(world)->events_fired));
    set(object, "run_hash", json_string(hash.chars));
    set(object, "libraries", json_string(libraries.chars));
    text_fini(&libraries);
    text_fini(&hash);
    return object;
}

static json_t *expectations_json(const struct world *world, const struct timetable *timetable)
{
    static const char *const WORDS[] = {
        [VERDICT_PENDING] = "not judged", [VERDICT_HELD] = "held", [VERDICT_FAILED] = "failed"};
    size_t count;
    const struct expect_result *results = timetable_results(timetable, &count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        struct text expected = {0};
        expect_print(&expected, world_lab(world), results[i].expect);
        set(object, "line", number(results[i].expect->line));
        set(object, "expected", text_or_null(expected.chars));
        set(object, "happened", text_or_null(results[i].happened));
        set(object, "verdict", json_string(WORDS[results[i].verdict]));
        set(object, "started_ns", number(results[i].started_ns));
        set(object, "ended_ns", number(results[i].ended_ns));
        json_array_append_new(array, object);
        text_fini(&expected);
    }
    return array;
}

void report_print_json(struct text *text, const struct world *world, const struct journey *journey,
                       const struct timetable *timetable, const struct report_title *title)
{
    json_object_seed(1); /* else jansson draws one from the system; order is by insertion anyway */
    json_t *object = json_object();
    set(object, "orrery", json_string(ORRERY_VERSION));
    set(object, "lab", text_or_null(title->lab));
    set(object, "seed", number(world_lab(world)->seed));
    if (journey) {
        set(object, "url", text_or_null(title->url));
        set(object, "from", text_or_null(title->from));
        set(object, "steps", steps_json(journey));
        set(object, "page", page_json(journey_page(journey)));
        set(object, "connections", flows_json(journey));
    }
    if (timetable) {
        set(object, "expectations", expectations_json(world, timetable));
    }
    set(object, "summary", summary_json(world));
    char *dump = json_dumps(object, JSON_INDENT(2));
    CHECK(dump);
    text_print(text, "%s\n", dump);
    free(dump);
    json_decref(object);
}
