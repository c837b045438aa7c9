#ifndef NET_NETWORK_H
#define NET_NETWORK_H

#include "base/clock.h"
#include "base/error.h"
#include "net/network_state.h"

/* Fill in the rest of a network whose first five members are set. NO_MEMORY. */
int network_open(struct network *network, struct error *error);

/* Closes all connections, after one try to send what waits. */
void network_close(struct network *network);

/* When the next round has to start: NSEC_NEVER, or 0 for at once. */
nsec_t network_deadline(const struct network *network);

/* Send what the round has left to be sent, close what it has left to be closed. */
void network_finish_round(struct network *network);

#endif
