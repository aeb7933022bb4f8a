#include "cli/trace_printer.h"

#include "base/list.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace_printer {
    struct trace_sink sink;
    struct trace *trace;
    bool as_json;
    struct text line;
};

static void on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct trace_printer *printer = container_of(sink, struct trace_printer, sink);
    struct text *line = &printer->line;
    text_clear(line);
    if (printer->as_json) {
        trace_print_json(line, event);
    } else {
        text_print(line, "%" PRIu64 ".%09" PRIu64 "  %-12s %-22s ", event->at_ns / 1000000000,
                   event->at_ns % 1000000000, event->node_name, event->kind->name);
        trace_print_summary(line, event);
        if (event->packet_id) {
            text_print(line, "  (packet %" PRIu64 ")", event->packet_id);
        }
    }
    text_print(line, "\n");
    fwrite(text_chars(line), 1, line->len, stdout);
}

struct trace_printer *trace_printer_new(struct trace *trace, bool as_json)
{
    struct trace_printer *printer = memory_new(sizeof *printer);
    printer->sink.on_event = on_event;
    printer->trace = trace;
    printer->as_json = as_json;
    trace_add_sink(trace, &printer->sink);
    return printer;
}

void trace_printer_free(struct trace_printer *printer)
{
    trace_remove_sink(printer->trace, &printer->sink);
    text_fini(&printer->line);
    free(printer);
}
