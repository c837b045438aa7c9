#ifndef BROKER_DEFAULT_SOCKET_H
#define BROKER_DEFAULT_SOCKET_H

#include "base/error.h"
#include "transport/address.h"

/* The URL of the user's own broker, its folder made if it is missing. DENIED
 * when the folder is not the user's alone; SYSTEM, and as address_default(). */
int default_socket(char url[ADDRESS_MAX], struct error *error);

#endif
