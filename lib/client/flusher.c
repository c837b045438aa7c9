#include "client/flusher.h"

#include "base/thread.h"
#include "client/call.h"
#include "client/failed_put.h"
#include "client/output.h"
#include "client/stash.h"

#include <errno.h>
#include <time.h>

/* What is pending is sent within about this time. */
#define INTERVAL NSEC_PER_MSEC

/* After so many rounds without work the thread sleeps until it is woken, so that
 * a session that does nothing costs nothing. */
enum { IDLE_ROUNDS = 20 };

/* How long it waits at a time for what it reads: flusher_stop() may have to wait
 * as long. */
#define READ_TIME (20 * NSEC_PER_MSEC)

void flusher_init(struct flusher *flusher)
{
	*flusher = (struct flusher){ 0 };
	pthread_cond_init(&flusher->wake, NULL);
}

void flusher_fini(struct flusher *flusher)
{
	pthread_cond_destroy(&flusher->wake);
}

void flusher_forget(struct flusher *flusher)
{
	flusher_init(flusher);
}

static void doze(struct relevo_session *session)
{
	nsec_t until = clock_now() + INTERVAL;
	struct timespec time = clock_timespec(until);
	pthread_cond_clockwait(&session->flusher.wake, &session->lock, CLOCK_MONOTONIC, &time);
}

static void sleep_until_woken(struct relevo_session *session)
{
	session->flusher.asleep = true;
	while (session->flusher.asleep && !session->flusher.stop)
		pthread_cond_wait(&session->flusher.wake, &session->lock);
	session->flusher.asleep = false;
}

/* Wait a little for answers to calls that gave up, unless others read. */
static void read_for_nobody(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	if (connection->reading)
		return;
	connection_read(session, READ, clock_now() + READ_TIME);
	call_pass_reading_on(connection);
}

/* Send what is pending, and take in what the broker has said about it, or asks
 * for. */
static bool work(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	bool busy = stash_look_after(session);
	if (!connection->broken && output_pending(connection)) {
		output_flush_left(session);
		busy = true;
	}
	bool owed = !connection->broken && connection->given_up > 0;
	if (owed)
		read_for_nobody(session);
	else if (busy)
		connection_read_pending(session);
	if (!list_empty(&session->failed_puts) || owed || busy)
		failed_put_report(session);
	return owed || busy;
}

static void *run(void *argument)
{
	struct relevo_session *session = argument;
	pthread_mutex_lock(&session->lock);
	int idle = 0;
	while (!session->flusher.stop) {
		doze(session);
		idle = work(session) ? 0 : idle + 1;
		if (idle >= IDLE_ROUNDS) {
			sleep_until_woken(session);
			idle = 0;
		}
	}
	pthread_mutex_unlock(&session->lock);
	return NULL;
}

static bool start(struct relevo_session *session)
{
	int error = thread_start(&session->flusher.thread, NULL, run, session);
	session->flusher.running = error == 0;
	return error == 0;
}

void flusher_notify(struct relevo_session *session)
{
	struct flusher *flusher = &session->flusher;
	if (!flusher->running) {
		if (flusher->stop || !start(session))
			output_push(session);
	} else if (flusher->asleep) {
		flusher->asleep = false;
		pthread_cond_signal(&flusher->wake);
	}
}

void flusher_stop(struct relevo_session *session)
{
	struct flusher *flusher = &session->flusher;
	pthread_mutex_lock(&session->lock);
	flusher->stop = true;
	bool running = flusher->running;
	flusher->running = false;
	pthread_cond_signal(&flusher->wake);
	pthread_mutex_unlock(&session->lock);
	if (running)
		pthread_join(flusher->thread, NULL);
}
