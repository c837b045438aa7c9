#ifndef PIPE_LISTENER_H
#define PIPE_LISTENER_H

#include "base/error.h"
#include "session/key_source.h"
#include "session/watch.h"
#include "transport/address.h"

#include <relevo/listener.h>

/* Wait for a program that connects beside other things: see session/watch.h. NULL: memory ran
 * out. */
struct watch *listener_watch(relevo_listener *listener);

/* Read the address of a listener. BAD_ADDRESS. */
int listener_address_parse(const char *url, struct address *address, struct error *error);

/* The key that the options name; they may be NULL. BAD_ARGUMENT. */
int listener_key(const struct relevo_listener_options *options, struct key_source *key,
		 struct error *error);

#endif
