#ifndef CONFORMANCE_CREW_H
#define CONFORMANCE_CREW_H

#include "conformance/stage.h"

/*
 * A pool with workers: its own children, or, played over tcp://, children of a program on
 * another host.
 *
 * Functions that are registered:
 *   square    a uint32_t to its square
 *   nap       an int64_t: waits so many ms, and answers with it
 *   refuse    fails with "refused: " and its argument
 */
struct crew {
	relevo_pool *pool;
	pid_t server; /* on the other host; 0: none */
	int workers;
};

/* Open the pool with these options and so many workers, wherever they are. */
void crew_open_with(const struct stage *stage, struct crew *crew,
		    const struct relevo_pool_options *options);
void crew_open(const struct stage *stage, struct crew *crew, int workers);

/* End it, whatever state it is in. */
void crew_free(struct crew *crew);

/* The numbers from 0 on, as arguments. */
enum { MOST_NUMBERS = 10000 };
const struct relevo_bytes *numbers(void);

/* The number that a result has. */
uint32_t number_of(const struct relevo_result *result);

/* Results are the squares of 0 ... count - 1, in order. They are freed. */
void expect_squares(struct relevo_result *results, size_t count);
void check_squares(const struct relevo_result *results, size_t count);

/* The pool works: it squares ten numbers. */
void expect_works(relevo_pool *pool);

/* How many different workers did these. */
size_t count_workers(const struct relevo_result *results, size_t count);

#endif
