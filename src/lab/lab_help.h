/* What a lab file may say, as text: `orrery help lab`. */
#ifndef LAB_LAB_HELP_H
#define LAB_LAB_HELP_H

#include "base/text.h"

void lab_print_help(struct text *text);

#endif
