#ifndef PIPE_LISTENER_H
#define PIPE_LISTENER_H

#include "base/error.h"
#include "transport/address.h"

#include <relevo/listener.h>

/* Read the address of a listener. BAD_ADDRESS. */
int listener_address_parse(const char *url, struct address *address, struct error *error);

#endif
