#ifndef PIPE_LISTENER_H
#define PIPE_LISTENER_H

#include "base/error.h"
#include "session/key_source.h"
#include "transport/address.h"

#include <relevo/listener.h>

/* Read the address of a listener. BAD_ADDRESS. */
int listener_address_parse(const char *url, struct address *address, struct error *error);

/* The key that the options name; they may be NULL. BAD_ARGUMENT. */
int listener_key(const struct relevo_listener_options *options, struct key_source *key,
		 struct error *error);

#endif
