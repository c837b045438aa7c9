#ifndef CONFORMANCE_CREW_H
#define CONFORMANCE_CREW_H

#include "conformance/cast.h"

/*
 * The case with local workers by each start method, and with some on another host.
 */
#define CREW_LOCAL_CASE(name)                                                                      \
	{ #name "_fork", name, crew_setup, stage_teardown, &cast_fork },                           \
		{ #name "_forkserver", name, crew_setup, stage_teardown, &cast_forkserver },       \
	{                                                                                          \
#name "_spawn", name, crew_setup, stage_teardown, &cast_spawn                      \
	}
#define CREW_CASE(name)                                                                            \
	CREW_LOCAL_CASE(name),                                                                     \
	{                                                                                          \
#name "_tcp", name, stage_setup_tcp, stage_teardown, NULL                          \
	}

int crew_setup(void **state);

/* The beginning of main(): the functions below are registered, then those of the test by
 * `more` (may be NULL), and only then may this be a worker's process. */
void crew_enter(int argc, char **argv, void (*more)(void));

/* Memory that the test and its workers see, however they are started; zeroed. For
 * `more`. */
void *crew_memory(size_t size);

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

/* How local workers are started, in the case that plays. */
extern enum relevo_start_method crew_method;

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
