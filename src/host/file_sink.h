/* A byte sink that is a file: captures, reports.
 *
 * Writing is buffered. When the file cannot take more (the disk is full), the write that notices
 * returns the error, later ones write nothing and return STATUS_CLOSED, and file_sink_close()
 * returns the error again: whoever looks at either learns of it once. The path may be a pipe that
 * another program reads (Wireshark); the program then ignores SIGPIPE, or ends with its reader.
 */
#ifndef HOST_FILE_SINK_H
#define HOST_FILE_SINK_H

#include "observe/byte_sink.h"

struct file_sink;

/* Creates the file (mode 0644, its folder must exist) or empties it. STATUS_NOT_FOUND: no such
 * folder; STATUS_PERMISSION, STATUS_INVALID (a folder), STATUS_LIMIT (no space), STATUS_IO. */
enum status file_sink_new(const char *path, struct file_sink **sink) MUST_CHECK;

/* What writers are given; valid until the sink is closed. */
struct byte_sink *file_sink_bytes(struct file_sink *sink);

/* Hands what is buffered to the system, e.g. so that a reader can follow. */
enum status file_sink_flush(struct file_sink *sink) MUST_CHECK;

/* Writes the rest, closes and frees. Returns the first error there was. */
enum status file_sink_close(struct file_sink *sink) MUST_CHECK;

#endif
