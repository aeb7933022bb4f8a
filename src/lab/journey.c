#include "lab/journey_internal.h"

#include "base/list.h"

#include "base/memory.h"
#include "lab/page_copy.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *title;
    const char *meaning;
} STAGES[JOURNEY_STAGES] = {
    [JOURNEY_ADDRESS] = {"The computer gets its address (DHCP)",
                         "A computer that was just plugged in has no IP address. It asks everybody "
                         "on its link, and a server there leases it one."},
    [JOURNEY_URL] = {"The URL is taken apart",
                     "The scheme says which protocol, the host whom to ask, the path what for."},
    [JOURNEY_NEIGHBOUR] =
        {"The neighbour's hardware address (ARP)",
         "An IP packet travels in Ethernet frames, which need a MAC address: that "
         "of the next hop on this link."},
    [JOURNEY_NAME] = {"The name becomes an address (DNS)",
                      "Packets need an address, not a name. A forwarder passes the question on; a "
                      "resolver asks its way down from the root: who knows the top-level domain, "
                      "who knows the domain, and at last what the address is. Each remembers what "
                      "it heard for a while."},
    [JOURNEY_CONNECT] =
        {"A connection is made (TCP, three-way handshake)",
         "Both sides tell each other the sequence numbers they start from, and what "
         "they can take: SYN, SYN-ACK, ACK."},
    [JOURNEY_TRANSLATE] = {"On the way: hops (IP) and translation (NAT)",
                           "Each router sends the packet on by the longest prefix it knows. A home "
                           "router also puts its public address and a port of its own in the place "
                           "of the private ones, which mean something only at home, and remembers "
                           "which belongs to which."},
    [JOURNEY_EXCHANGE] =
        {"The request and the response (HTTP)",
         "Text over the connection: a method, a target and headers; then a status, "
         "headers and the document."},
    [JOURNEY_RESOURCES] = {"The page's own files",
                           "What the document names (stylesheets, scripts, images) is fetched too, "
                           "over connections that stay open."},
    [JOURNEY_PAGE] = {"The page", "Everything has arrived; the browser shows it."},
    [JOURNEY_CLOSE] =
        {"The connections are closed (FIN, ACK, FIN, ACK, TIME-WAIT)",
         "Each side says that it has nothing more to send, and the other confirms. "
         "Whoever closed first keeps the port for twice the lifetime of a segment, so "
         "that a late one cannot be taken for part of a new connection."},
};

const char *journey_title(enum journey_stage stage)
{
    return STAGES[stage].title;
}

const char *journey_meaning(enum journey_stage stage)
{
    return STAGES[stage].meaning;
}

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    journey_on_event(container_of(sink, struct journey, sink), event);
}

static void on_frame(struct tap *tap, const struct tap_point *point, enum tap_direction direction,
                     uint64_t at_ns, const struct packet *frame)
{
    (void)point;
    struct journey *journey = container_of(tap, struct journey, tap);
    if (journey->n_frames == JOURNEY_MAX_FRAMES) {
        return;
    }
    journey->frames = memory_grow_array(journey->frames, journey->n_frames,
                                        &journey->frames_capacity, sizeof *journey->frames);
    journey->frames[journey->n_frames++] = (struct journey_frame){
        .at_ns = at_ns,
        .packet_id = frame->id,
        .is_sent = direction == TAP_SENT,
        .bytes = memory_copy(frame->data, frame->len),
        .len = frame->len,
    };
}

struct journey *journey_new(struct world *world, uint32_t client)
{
    struct journey *journey = memory_new(sizeof *journey);
    const struct lab *lab = world_lab(world);
    const struct lab_port *port = &lab->ports[lab->nodes[client].ports[0]];
    journey->world = world;
    journey->lab = lab;
    journey->client = client;
    journey->name = lab->nodes[client].name;
    journey->mac = port->mac;
    journey->sink.on_event = on_trace;
    trace_add_sink(world_trace(world), &journey->sink);
    journey->tap.on_frame = on_frame;
    journey->end = link_get_end(world_link(world, port->link), (int)port->end);
    tap_add(&journey->end->point, &journey->tap);
    return journey;
}

static void entry_fini(struct journey_entry *entry)
{
    free(entry->from);
    free(entry->to);
    free(entry->what);
    free(entry->why);
    free(entry->block);
    free(entry->event);
}

void journey_free(struct journey *journey)
{
    trace_remove_sink(world_trace(journey->world), &journey->sink);
    tap_remove(&journey->end->point, &journey->tap);
    for (int stage = 0; stage < JOURNEY_STAGES; stage++) {
        for (size_t i = 0; i < journey->steps[stage].n_entries; i++) {
            entry_fini(&journey->steps[stage].entries[i]);
        }
        free(journey->steps[stage].entries);
    }
    for (size_t i = 0; i < journey->n_frames; i++) {
        free(journey->frames[i].bytes);
    }
    free(journey->frames);
    free(journey->host);
    page_copy_free(journey->page);
    free(journey);
}

void journey_set_page(struct journey *journey, const struct page *page)
{
    page_copy_free(journey->page);
    journey->page = page_copy_new(page);
}

const struct page *journey_page(const struct journey *journey)
{
    return journey->page;
}

const struct journey_step *journey_step(const struct journey *journey, enum journey_stage stage)
{
    return &journey->steps[stage];
}

const struct journey_flow *journey_flows(const struct journey *journey, size_t *count)
{
    *count = journey->n_flows;
    return journey->flows;
}

const struct journey_frame *journey_frames(const struct journey *journey, size_t *count)
{
    *count = journey->n_frames;
    return journey->frames;
}

size_t journey_frame_number(const struct journey *journey, uint64_t packet_id)
{
    for (size_t i = 0; packet_id && i < journey->n_frames; i++) {
        if (journey->frames[i].packet_id == packet_id) {
            return i + 1;
        }
    }
    return 0;
}

bool journey_is_closed(const struct journey *journey)
{
    for (size_t i = 0; i < journey->n_flows; i++) {
        if (!journey->flows[i].closed_ns) {
            return false;
        }
    }
    return true;
}

/* The node whose segment is also one of the speaker's comes first: two homes may use the same
 * private addresses. */
const char *journey_name_of(const struct journey *journey, uint32_t speaker, struct ip_addr addr,
                            char *buffer)
{
    const struct lab *lab = journey->lab;
    const char *elsewhere = NULL;
    for (size_t i = 0; i < lab->n_ports; i++) {
        const struct lab_port *port = &lab->ports[i];
        if (port->segment == LAB_NONE || !ip_equal(port->address.addr, addr)) {
            continue;
        }
        const struct lab_segment *segment = &lab->segments[port->segment];
        if (!segment->is_private) {
            elsewhere = lab->nodes[port->node].name;
        }
        for (size_t k = 0; k < segment->n_ports; k++) {
            if (lab->ports[segment->ports[k]].node == speaker) {
                return lab->nodes[port->node].name;
            }
        }
    }
    return elsewhere ? elsewhere : ip_print(addr, buffer);
}

struct journey_entry *journey_add(struct journey *journey, enum journey_stage stage,
                                  const struct trace_event *event, const char *to, const char *why,
                                  const char *what, ...)
{
    struct journey_step *step = &journey->steps[stage];
    if (step->n_entries == JOURNEY_MAX_ENTRIES) {
        return NULL;
    }
    struct text text = {0}, json = {0};
    va_list args;
    va_start(args, what);
    text_vprint(&text, what, args);
    va_end(args);
    trace_print_json(&json, event);
    step->entries =
        memory_grow_array(step->entries, step->n_entries, &step->capacity, sizeof *step->entries);
    struct journey_entry *entry = &step->entries[step->n_entries++];
    *entry = (struct journey_entry){
        .at_ns = event->at_ns,
        .packet_id = event->packet_id,
        .from = memory_copy_text(event->node_name),
        .to = to ? memory_copy_text(to) : NULL,
        .what = text.chars,
        .why = why ? memory_copy_text(why) : NULL,
        .event = json.chars,
    };
    if (step->n_entries == 1 || event->at_ns < step->begin_ns) {
        step->begin_ns = event->at_ns;
    }
    if (event->at_ns > step->end_ns) {
        step->end_ns = event->at_ns;
    }
    return entry;
}
