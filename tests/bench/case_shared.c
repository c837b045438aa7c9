/* The lock of shared memory, that nobody else wants: acquire and release. */
#include "base/clock.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

#include <pthread.h>

enum { ROUNDS = 1000 * 1000 };

static double nanoseconds_each(nsec_t start)
{
	return (double)(clock_now() - start) / ROUNDS;
}

double shared_lock(const struct fixture *fixture)
{
	relevo_session *session = session_to(fixture->url);
	relevo_shared *shared = NULL;
	must(relevo_shared_open(session, NULL, 8, NULL, &shared), "relevo_shared_open");
	nsec_t start = clock_now();
	for (int i = 0; i < ROUNDS; i++) {
		must(relevo_shared_lock(shared, RELEVO_FOREVER, NULL), "relevo_shared_lock");
		must(relevo_shared_unlock(shared), "relevo_shared_unlock");
	}
	double cost = nanoseconds_each(start);
	relevo_shared_close(shared);
	must(relevo_session_close(session), "relevo_session_close");
	return cost;
}

double bare_mutex(const struct fixture *fixture)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	(void)fixture;
	nsec_t start = clock_now();
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	return nanoseconds_each(start);
}
