#ifndef TRANSPORT_KEEPALIVE_H
#define TRANSPORT_KEEPALIVE_H

#include <stdbool.h>
#include <stdint.h>

/* A host that is silent for so long has vanished: switched off, or out of reach. */
#define KEEPALIVE_DEFAULT_SECONDS 30

/*
 * Have the kernel see to it that the other end of a TCP connection is still there: it
 * asks when nothing has come for a while, and gives up when for `seconds` neither that
 * nor what was sent has been acknowledged. It is done to the sockets of this process that
 * have the local port: the one that listens, from which the sockets that it accepts have
 * these settings too, or one that is connected. How many there are; 0: none, or none that could be
 * set.
 */
int keepalive_set(uint16_t port, bool listening, uint32_t seconds);

#endif
