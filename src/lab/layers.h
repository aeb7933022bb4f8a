/* One frame opened into its layers, for people: header in header, each byte's meaning. */
#ifndef LAB_LAYERS_H
#define LAB_LAYERS_H

#include "lab/journey.h"

/* `what`: arp, dhcp, dns, syn, request, response or fin (the client's first such frame), or the
 * number of a frame. As text or as one JSON object. False when there is none; nothing is printed
 * then. */
bool layers_print(struct text *text, const struct journey *journey, const char *what, bool as_json);

#endif
