#ifndef CLIENT_ERROR_H
#define CLIENT_ERROR_H

#include "base/error.h"

/*
 * The record behind relevo_error_detail(), one for each thread. Sets it to OK and
 * returns it: a public call asks for it once, at its start, and hands it down.
 * Never NULL. Its text is of a failure that has been, until there is another one.
 */
struct error *client_error(void);

#endif
