#ifndef NET_LISTENERS_H
#define NET_LISTENERS_H

#include "net/network.h"

/*
 * Where the broker can be reached: any number of listening sockets, whose
 * connections enter one network.
 */
struct listeners;

/* `any_reach`: it may listen where other hosts can connect. NO_MEMORY. */
int listeners_open(struct network *network, bool any_reach, struct listeners **listeners,
		   struct error *error);

/* Removes the socket files. NULL is allowed. */
void listeners_close(struct listeners *listeners);

/* Listen there too; logged. As listener_open(), and DENIED for a tcp address
 * that other hosts can reach. */
int listeners_add(struct listeners *listeners, const char *url, struct error *error);

/* The URLs that clients can use, NULL behind the last one. */
const char *listeners_url(const struct listeners *listeners, size_t index);

#endif
