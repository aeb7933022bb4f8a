/* --trace: every trace event as a line of text or JSON on standard output. */
#ifndef CLI_TRACE_PRINTER_H
#define CLI_TRACE_PRINTER_H

#include "observe/trace.h"

struct trace_printer;

struct trace_printer *trace_printer_new(struct trace *trace, bool as_json);
void trace_printer_free(struct trace_printer *printer);

#endif
