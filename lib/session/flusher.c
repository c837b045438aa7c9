/* The background thread of a session: when it runs, sleeps and stops. */
#include "session/flusher.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/thread.h"
#include "session/call.h"
#include "session/outbox.h"
#include "session/part.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* What is pending is sent within about this time. */
#define INTERVAL NSEC_PER_MSEC

/* After so many rounds without work the thread sleeps until it is woken, so that
 * a session that does nothing costs nothing. */
enum { IDLE_ROUNDS = 20 };

/* How long it waits at a time for what it reads, where it has something to look after, or
 * cannot be woken for want of a descriptor. */
#define READ_TIME (20 * NSEC_PER_MSEC)

void flusher_init(struct flusher *flusher)
{
	*flusher = (struct flusher){ .event = -1 };
	pthread_cond_init(&flusher->wake, NULL);
}

void flusher_fini(struct flusher *flusher)
{
	pthread_cond_destroy(&flusher->wake);
	if (flusher->event >= 0)
		close(flusher->event);
}

void flusher_forget(struct flusher *flusher)
{
	if (flusher->event >= 0)
		close(flusher->event);
	flusher_init(flusher);
}

/* There is no connection, and something has to reach the broker. */
static bool must_come_back(const struct relevo_session *session)
{
	return !session_is_connected(session) && parts_unconfirmed(session);
}

static void doze(struct relevo_session *session)
{
	nsec_t until = clock_now() + INTERVAL;
	/* Nothing can be done before. */
	if (must_come_back(session) && session->gap.next > until)
		until = session->gap.next;
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

/* Wait for answers to calls that gave up. Nobody else reads. A broker that is stopped may let
 * them wait for ever. */
static void read_for_nobody(struct relevo_session *session)
{
	struct connection *connection = &session->connection;
	struct flusher *flusher = &session->flusher;
	eventfd_t count;
	if (flusher->event < 0)
		flusher->event = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	struct attention attention = { .fds = { flusher->event, -1 } };
	bool patient =
		flusher->event >= 0 && !parts_look_after(session) && !MUTANT(owed_answers_polled);
	flusher->reading = true;
	connection->attention = &attention;
	connection_read(session, READ, patient ? NSEC_NEVER : clock_now() + READ_TIME);
	connection->attention = NULL;
	flusher->reading = false;
	if (attention.due)
		eventfd_read(flusher->event, &count);
	call_pass_reading_on(connection);
}

/* The wait for it is bounded, since whoever closes the session waits for this thread. */
static void come_back(struct relevo_session *session)
{
	struct error error = { 0 };
	nsec_t now = clock_now();
	if (session->gap.next <= now && !session->connection.opening)
		session_connect(session, now + NSEC_PER_SEC, &error);
}

/* Send what is pending, and take in what the broker has said about it, or asks
 * for. */
static bool work(struct relevo_session *session, bool patient)
{
	struct connection *connection = &session->connection;
	bool busy = parts_look_after(session);
	if (must_come_back(session)) {
		come_back(session);
		busy = true;
	}
	if (!connection->broken && outbox_pending(connection)) {
		outbox_flush_left(session);
		busy = true;
	}
	/* If others read, they read these, too. Once the thread is to end, nothing wakes it any
	 * more. */
	bool owed = !connection->broken && connection->given_up > 0 && !connection->reading &&
		    (!session->flusher.stop || MUTANT(end_unseen_by_reader));
	/* What is confirmed soon is read in passing, without keeping others from reading. */
	bool kept = session_is_connected(session) && parts_unconfirmed(session);
	owed = owed || (kept && patient && !connection->reading && !session->flusher.stop);
	if (owed)
		read_for_nobody(session);
	else if (busy || kept)
		connection_read_pending(session);
	session_run_callbacks(session);
	return owed || busy;
}

static void *flusher_run(void *argument)
{
	struct relevo_session *session = argument;
	pthread_mutex_lock(&session->lock);
	int idle = 0;
	while (!session->flusher.stop) {
		doze(session);
		idle = work(session, idle >= IDLE_ROUNDS) ? 0 : idle + 1;
		if (idle >= IDLE_ROUNDS && !parts_unconfirmed(session)) {
			sleep_until_woken(session);
			idle = 0;
		}
	}
	pthread_mutex_unlock(&session->lock);
	return NULL;
}

static bool flusher_start(struct relevo_session *session)
{
	int error = thread_start(&session->flusher.thread, NULL, flusher_run, session);
	session->flusher.running = error == 0;
	return error == 0;
}

static void flusher_wake(struct flusher *flusher)
{
	if (flusher->asleep)
		pthread_cond_signal(&flusher->wake);
	if (flusher->reading && flusher->event >= 0)
		eventfd_write(flusher->event, 1);
	flusher->asleep = flusher->reading = false;
}

void flusher_notify(struct relevo_session *session)
{
	struct flusher *flusher = &session->flusher;
	if (!flusher->running) {
		if (flusher->stop || !flusher_start(session))
			outbox_push(session);
	} else {
		flusher_wake(flusher);
	}
}

void flusher_stop(struct relevo_session *session)
{
	struct flusher *flusher = &session->flusher;
	pthread_mutex_lock(&session->lock);
	flusher->stop = true;
	bool running = flusher->running;
	flusher->running = false;
	flusher_wake(flusher);
	pthread_mutex_unlock(&session->lock);
	if (running)
		pthread_join(flusher->thread, NULL);
}
