#ifndef TRANSPORT_OWN_SOCKETS_H
#define TRANSPORT_OWN_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * nng hands out no descriptors of its TCP sockets. So this looks for those of this process
 * that have the local port and listen, or do not: how many `apply` says true of. 0: also
 * where /proc is not there.
 */
int own_sockets_apply(uint16_t port, bool listening, bool (*apply)(int fd, uint32_t argument),
		      uint32_t argument);

#endif
