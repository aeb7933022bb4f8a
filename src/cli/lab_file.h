/* Reading lab files from the disk. */
#ifndef CLI_LAB_FILE_H
#define CLI_LAB_FILE_H

#include "lab/lab.h"

/* The lab, or NULL after the problems were printed to standard error. Free with lab_free(). */
struct lab *lab_file_load(const char *path);

/* The path of the lab that is used when none is named: installed with the program, or beside the
 * build folder. NULL after a complaint. Owned. */
char *lab_file_default(void);

#endif
