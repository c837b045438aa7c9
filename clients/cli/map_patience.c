/* Whether somebody serves the pool of "pool map", and for how long nobody has. */
#include "cli/map_patience.h"

#include "cli/connect.h"
#include "cli/failure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* In the attendant's thread. */
static void map_patience_note(struct map_patience *patience, bool served, int status)
{
	pthread_mutex_lock(&patience->lock);
	patience->served = served;
	patience->since = connect_now();
	patience->status = status;
	if (status != RELEVO_OK)
		snprintf(patience->why, sizeof patience->why, "%s", relevo_error_detail());
	pthread_mutex_unlock(&patience->lock);
	eventfd_write(patience->event, 1);
}

static void map_patience_attend(void *user)
{
	struct map_patience *patience = user;
	int status = RELEVO_OK;
	for (bool served = false; status == RELEVO_OK; served = !served) {
		status = served ? relevo_pool_wait_served(patience->session, patience->pool,
							  RELEVO_FOREVER)
				: relevo_pool_wait_unserved(patience->session, patience->pool,
							    RELEVO_FOREVER);
		if (status != RELEVO_INTERRUPTED)
			map_patience_note(patience, served, status);
	}
}

int map_patience_open(struct map_patience *patience)
{
	pthread_mutex_init(&patience->lock, NULL);
	patience->event = -1;
	patience->served = true; /* until something else is known */
	patience->since = patience->idle_until = connect_now();
	if (patience->wait == RELEVO_FOREVER)
		return EXIT_DONE;
	patience->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (patience->event < 0)
		return failure_system("no descriptor to watch the pool");
	errno = attendant_start(&patience->attendant, map_patience_attend, patience);
	return errno == 0 ? EXIT_DONE : failure_system("no thread to watch the pool");
}

void map_patience_close(struct map_patience *patience)
{
	attendant_stop(&patience->attendant);
	if (patience->event >= 0)
		close(patience->event);
	pthread_mutex_destroy(&patience->lock);
}

void map_patience_renew(struct map_patience *patience)
{
	patience->idle_until = connect_now();
}

int64_t map_patience_end(struct map_patience *patience)
{
	if (patience->wait == RELEVO_FOREVER)
		return INT64_MAX;
	pthread_mutex_lock(&patience->lock);
	bool served = patience->served;
	int64_t since = patience->since;
	pthread_mutex_unlock(&patience->lock);
	if (since < patience->idle_until)
		since = patience->idle_until;
	return !served && patience->wait < INT64_MAX - since ? since + patience->wait : INT64_MAX;
}

int map_patience_look(struct map_patience *patience)
{
	eventfd_t count;
	if (patience->event < 0)
		return EXIT_DONE;
	eventfd_read(patience->event, &count);
	pthread_mutex_lock(&patience->lock);
	int status = patience->status;
	pthread_mutex_unlock(&patience->lock);
	/* The thread has ended. */
	if (status != RELEVO_OK)
		return failure_say(status, "%s", patience->why);
	if (connect_now() < map_patience_end(patience))
		return EXIT_DONE;
	return failure_say(RELEVO_TIMED_OUT, "nobody has served the pool \"%s\" for %" PRId64 " ms",
			   patience->pool, patience->wait);
}
