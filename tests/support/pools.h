#ifndef SUPPORT_POOLS_H
#define SUPPORT_POOLS_H

#include "support/queues.h"

/* A broker, a session and, once opened, a pool. */
struct pool_scene {
	struct test_broker broker;
	relevo_session *session;
	relevo_pool *pool;
};

int pool_setup(void **state);
int pool_teardown(void **state);

#define pool_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, pool_setup, pool_teardown)

/* The same with memory that workers see, zeroed, and two gates: the first is for a task to
 * say that it has begun, the second is one that it waits at. NULL: it failed. */
void *pool_setup_with_memory(void **state, size_t size);
int pool_teardown_with_memory(void **state);
extern struct gate pool_begun, pool_go_on;

/* Open its pool "p" with so many local workers. */
void pool_open(struct pool_scene *scene, int processes);

/*
 * Functions that pool_setup() registers:
 *   square  a uint32_t to its square, as a uint64_t
 *   echo    its argument
 *   refuse  fails with "refused: " and its argument
 */

/* Map "square" over 0 ... count - 1, and look at each result. */
void expect_squares(relevo_pool *pool, size_t count, const struct relevo_map_options *options);

/* Map any function over 0 ... count - 1; the results are the caller's. */
int map_numbers(relevo_pool *pool, const char *function, size_t count,
		const struct relevo_map_options *options, struct relevo_result *results);

#endif
