/* --pcap DIR: a pcapng file for every link end, named NODE-INTERFACE.pcapng. */
#ifndef CLI_CAPTURES_H
#define CLI_CAPTURES_H

#include "lab/world.h"

struct captures;

/* Makes the folder if need be. NULL after a complaint. Before the world starts. */
struct captures *captures_new(struct world *world, const char *folder);

/* Writes the rest and frees; before the world goes. False after a complaint about what could not
 * be written. */
bool captures_close(struct captures *captures);

#endif
