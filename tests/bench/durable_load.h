#ifndef BENCH_DURABLE_LOAD_H
#define BENCH_DURABLE_LOAD_H

#include "bench/peers/peer.h"

/* What servers of durable queues are given to do: relevo and its peers alike. Each checks that all
 * items are there afterwards. */

/* Microseconds for an item, put and confirmed before the next is. */
double load_confirmed(const struct peer *peer, size_t items, size_t size);

/* Items a second of one client, which puts one behind the other and waits for the confirmation of
 * the last. */
double load_pipelined(const struct peer *peer, size_t items, size_t size);

/* Items a second from one client to another, which acknowledges them. */
double load_through(const struct peer *peer, size_t items, size_t size);

/* Put items and go; and, later, die unless all of them are there still. */
void load_leave(const struct peer *peer);
void load_find(const struct peer *peer);

/* relevo as a server like its peers; `start` is not for it: it is told its address. */
extern const struct peer relevo_peer;
void relevo_peer_at(const char *url);

#endif
