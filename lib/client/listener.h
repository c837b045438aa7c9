#ifndef CLIENT_LISTENER_H
#define CLIENT_LISTENER_H

#include "base/error.h"
#include "wire/address.h"

#include <relevo/listener.h>
#include <stdbool.h>

/* Read the address of a listener. BAD_ADDRESS. */
int listener_address_parse(const char *url, struct address *address, struct error *error);

/* Whether the program at the other end of this socket is one of this user's. */
bool listener_peer_is_ours(int fd);

#endif
