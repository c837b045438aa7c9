#ifndef NET_LISTENERS_H
#define NET_LISTENERS_H

#include "net/network_state.h"

/*
 * Where the broker can be reached: any number of listening sockets, whose
 * connections enter one network.
 */
struct listeners;

/*
 * Who may connect over tcp:
 *   OWN_PROCESSES  those of the broker's own user and of root, on this host: it listens at
 *                  loopback addresses only
 *   ANYBODY        whoever can reach it; the layer above may ask him for a key
 */
enum tcp_trust { TCP_OWN_PROCESSES, TCP_ANYBODY };

/* NO_MEMORY. */
int listeners_open(struct network *network, enum tcp_trust trust, struct listeners **listeners,
		   struct error *error);

/* Removes the socket files. NULL is allowed. */
void listeners_close(struct listeners *listeners);

/* Listen there too; logged. As listener_open(), and DENIED for a tcp address
 * that other hosts can reach. */
int listeners_add(struct listeners *listeners, const char *url, struct error *error);

/* The same of a socket that listens already, which is closed at the end, also after a failure. */
int listeners_add_open(struct listeners *listeners, int fd, const char *url, struct error *error);

/* The URLs that clients can use, NULL behind the last one. */
const char *listeners_url(const struct listeners *listeners, size_t index);

#endif
