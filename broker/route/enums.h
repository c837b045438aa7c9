#ifndef ROUTE_ENUMS_H
#define ROUTE_ENUMS_H

#include "base/error.h"
#include "header.pb-c.h"

#include <stdbool.h>

/*
 * proto3 hands any number up as an enum. So before a handler sees an operation, each of its enums
 * is looked at here: handlers cast them to the engine's, whose numbers are the same.
 */

/* Whether there are any in that operation: most have none, and are not looked at. */
bool enums_in(unsigned operation);

/* BAD_ARGUMENT: the header's operation has one with a number that has no name. */
int enums_check(const Relevo__Header *header, struct error *error);

#endif
