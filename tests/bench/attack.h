#ifndef BENCH_ATTACK_H
#define BENCH_ATTACK_H

#include "bench/fixture.h"
#include "bench/raw_client.h"

/*
 * What one client does to the round trips of another. An attack has a session to prepare
 * in, and then does what is measured: what it leaves in the output is sent, until the
 * broker has dealt with it.
 */
struct attack {
	void (*prepare)(struct raw_client *client);
	void (*strike)(struct raw_client *client);
	bool at_once; /* the broker stands still meanwhile, and finds all that was sent */
};

/* The longest that another client's round trip took meanwhile, in milliseconds. */
double attack_worst(const struct fixture *fixture, const struct attack *attack);

#endif
