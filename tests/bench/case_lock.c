/* The cost of a lock, free or contended, also over tcp and when it is released ahead. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

/* A lock acquired and released, by one process or by several in each other's way. */
enum { PAIRS = 10000, WARM_UP = 200, RIVALS = 4 };

struct locking {
	const char *url;
	struct queue_name name;
	struct relevo_lock_options options;
};

static void acquire_and_release(relevo_lock *lock, int count)
{
	for (int i = 0; i < count; i++) {
		must(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL), "relevo_lock_acquire");
		must(relevo_lock_release(lock), "relevo_lock_release");
	}
}

static void play_holder(struct actor *self, const void *context)
{
	const struct locking *locking = context;
	relevo_session *session = session_to(locking->url);
	relevo_lock *lock;
	must(relevo_lock_open(session, locking->name.text, &locking->options, &lock),
	     "relevo_lock_open");
	acquire_and_release(lock, WARM_UP);
	actor_ready(self);
	acquire_and_release(lock, PAIRS);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	actor_done(self);
	relevo_lock_close(lock);
	must(relevo_session_close(session), "relevo_session_close");
}

/* Microseconds for each pair, all of them together. */
static double locked(const char *url, bool release_ahead, int holders)
{
	const struct locking locking = {
		.url = url,
		.name = queue_name_new("lock"),
		.options = {
			.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
			.release_ahead = release_ahead,
		},
	};
	struct role roles[MOST_ACTORS];
	for (int i = 0; i < holders; i++)
		roles[i] = (struct role){ play_holder, &locking };
	return actors_run(roles, holders) * 1e6 / ((double)PAIRS * holders);
}

double lock_free(const struct fixture *fixture)
{
	return locked(fixture->url, false, 1);
}

double lock_free_ahead(const struct fixture *fixture)
{
	return locked(fixture->url, true, 1);
}

double lock_free_tcp(const struct fixture *fixture)
{
	return locked(fixture->tcp_url, false, 1);
}

double lock_free_tcp_ahead(const struct fixture *fixture)
{
	return locked(fixture->tcp_url, true, 1);
}

double lock_contended(const struct fixture *fixture)
{
	return locked(fixture->url, false, RIVALS);
}

double lock_contended_ahead(const struct fixture *fixture)
{
	return locked(fixture->url, true, RIVALS);
}
