/* The thread that makes groups durable: when it writes, syncs, sleeps and tries again. */
#include "store/store_writer.h"

#include <errno.h>
#include <relevo/status.h>
#include <string.h>
#include <unistd.h>

/* Lazy groups are synced within that time, and that the last is durable is noted after it. */
#define LATEST (1 * NSEC_PER_SEC)

/* So much is kept in memory for lazy groups before they are synced. */
enum { UNSYNCED_MOST = 16 << 20 };

/* So much that somebody waits for is synced before more is written: that forms meanwhile. If the
 * last came first, clients would fill their windows, and wait while all of it is synced. */
enum { SYNCED_ALONE = 1 << 20 };

#define RETRY_FIRST (100 * NSEC_PER_MSEC)
#define RETRY_LAST  (2 * NSEC_PER_SEC)

void store_writer_init(struct store_writer *writer, const struct store_folder *folder,
		       struct store_spares *spares, int event)
{
	pthread_condattr_t monotonic;
	*writer = (struct store_writer){
		.folder = folder,
		.spares = spares,
		.event = event,
		.fd = -1,
		.retry = RETRY_FIRST,
		.mark_due = NSEC_NEVER,
	};
	writer->waiting_end = &writer->waiting;
	writer->end = &writer->first;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void store_writer_fini(struct store_writer *writer)
{
	pthread_cond_destroy(&writer->changed);
	pthread_mutex_destroy(&writer->lock);
}

static void writer_tell(const struct store_writer *writer)
{
	const uint64_t one = 1;
	/* It cannot fail but for being told too often already. */
	ssize_t written = write(writer->event, &one, sizeof one);
	(void)written;
}

/* ---- the loop's side ---------------------------------------------------- */

void store_writer_add(struct store_writer *writer, struct store_group *group)
{
	group->next = NULL;
	pthread_mutex_lock(&writer->lock);
	*writer->waiting_end = group;
	writer->waiting_end = &group->next;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
}

void store_writer_want(struct store_writer *writer, uint64_t number)
{
	pthread_mutex_lock(&writer->lock);
	if (number > writer->wanted)
		writer->wanted = number;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
}

struct store_progress store_writer_progress(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	const struct store_progress progress = {
		.written = writer->written,
		.durable = writer->durable,
		.trouble = writer->trouble.status != RELEVO_OK,
		.rewrites = writer->rewrites,
	};
	pthread_mutex_unlock(&writer->lock);
	return progress;
}

int store_writer_trouble(struct store_writer *writer, struct error *error)
{
	pthread_mutex_lock(&writer->lock);
	int status = writer->trouble.status;
	if (status != RELEVO_OK && error != NULL)
		*error = writer->trouble;
	pthread_mutex_unlock(&writer->lock);
	return status;
}

/* ---- the thread --------------------------------------------------------- */

void store_writer_publish(struct store_writer *writer)
{
	/* Those before are the loop's from now on. */
	writer->first = writer->unwritten;
	if (writer->first == NULL)
		writer->end = &writer->first;
	writer->synced = writer->last;
	writer->synced_end = writer->written_end;
	writer->unsynced = 0;
	writer->urgent = false;
	writer->mark_due = clock_now() + LATEST;
	pthread_mutex_lock(&writer->lock);
	writer->written = writer->durable = writer->synced;
	pthread_mutex_unlock(&writer->lock);
	writer_tell(writer);
}

/* Under the lock. */
static void writer_take(struct store_writer *writer)
{
	if (writer->waiting == NULL)
		return;
	if (writer->unwritten == NULL)
		writer->unwritten = writer->waiting;
	*writer->end = writer->waiting;
	writer->end = writer->waiting_end;
	writer->waiting = NULL;
	writer->waiting_end = &writer->waiting;
}

/* Under the lock: whether what is written has to be synced now. */
static bool writer_sync_is_due(const struct store_writer *writer, nsec_t now)
{
	return writer->last > writer->synced &&
	       (writer->urgent || writer->stopping || writer->wanted > writer->synced ||
		writer->unsynced > UNSYNCED_MOST || now >= writer->sync_due);
}

/* Under the lock: whether it has to be synced even if there is more to write. */
static bool writer_sync_is_first(const struct store_writer *writer)
{
	size_t most = writer->urgent ? SYNCED_ALONE : UNSYNCED_MOST;
	return writer->unsynced >= most && writer->last > writer->synced && !writer->suspect;
}

static void writer_sleep(struct store_writer *writer, nsec_t deadline)
{
	if (deadline == NSEC_NEVER) {
		pthread_cond_wait(&writer->changed, &writer->lock);
	} else {
		const struct timespec until = clock_timespec(deadline);
		pthread_cond_timedwait(&writer->changed, &writer->lock, &until);
	}
}

enum writer_task { WRITER_WRITE, WRITER_SYNC, WRITER_MARK, WRITER_STOP };

static enum writer_task writer_wait(struct store_writer *writer)
{
	enum writer_task task;
	pthread_mutex_lock(&writer->lock);
	for (;;) {
		nsec_t now = clock_now();
		writer_take(writer);
		if (writer_sync_is_first(writer))
			task = WRITER_SYNC;
		else if (writer->unwritten != NULL || writer->suspect)
			task = WRITER_WRITE;
		else if (writer_sync_is_due(writer, now))
			task = WRITER_SYNC;
		else if (writer->stopping)
			task = WRITER_STOP;
		else if (now >= writer->mark_due && writer->last == writer->synced)
			task = WRITER_MARK;
		else {
			writer_sleep(writer, writer->last > writer->synced ? writer->sync_due
									   : writer->mark_due);
			continue;
		}
		break;
	}
	pthread_mutex_unlock(&writer->lock);
	return task;
}

/* What is written, in order, may be enough to be told of. */
static void writer_publish_written(struct store_writer *writer)
{
	if (!writer->relaxed)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->written = writer->last;
	pthread_mutex_unlock(&writer->lock);
	writer_tell(writer);
}

static int writer_write_all(struct store_writer *writer, struct error *error)
{
	int status = RELEVO_OK;
	bool first = writer->last == writer->synced;
	if (writer->suspect)
		status = store_writer_rewrite(writer, error);
	while (status == RELEVO_OK && writer->unwritten != NULL)
		status = store_writer_write(writer, error);
	if (status == RELEVO_OK && first)
		writer->sync_due = clock_now() + LATEST;
	if (status == RELEVO_OK)
		writer_publish_written(writer);
	return status;
}

static int writer_work(struct store_writer *writer, enum writer_task task, struct error *error)
{
	struct error unused;
	switch (task) {
	case WRITER_WRITE:
		return writer_write_all(writer, error);
	case WRITER_SYNC:
		return store_writer_sync(writer, error);
	default:
		/* If it fails, the next group will tell. */
		store_writer_mark(writer, &unused);
		writer->mark_due = NSEC_NEVER;
		return RELEVO_OK;
	}
}

static void writer_set_trouble(struct store_writer *writer, const struct error *error)
{
	pthread_mutex_lock(&writer->lock);
	bool same = writer->trouble.status == error->status;
	writer->trouble = *error;
	pthread_mutex_unlock(&writer->lock);
	if (!same || error->status != RELEVO_OK)
		writer_tell(writer);
}

/* Wait before it is tried again. False: it is not, since the log is being closed. */
static bool writer_pause(struct store_writer *writer, nsec_t *pause)
{
	nsec_t until = clock_now() + *pause;
	*pause = *pause * 2 < RETRY_LAST ? *pause * 2 : RETRY_LAST;
	pthread_mutex_lock(&writer->lock);
	bool again = !writer->stopping;
	while (!writer->stopping && clock_now() < until)
		writer_sleep(writer, until);
	pthread_mutex_unlock(&writer->lock);
	return again;
}

static void *writer_serve(void *argument)
{
	struct store_writer *writer = argument;
	const struct error none = { 0 };
	nsec_t pause = writer->retry;
	bool in_trouble = false;
	enum writer_task task;
	while ((task = writer_wait(writer)) != WRITER_STOP) {
		struct error error = { 0 };
		if (writer_work(writer, task, &error) != RELEVO_OK) {
			in_trouble = true;
			writer_set_trouble(writer, &error);
			if (!writer_pause(writer, &pause))
				break;
		} else if (in_trouble && task != WRITER_MARK && !writer->suspect) {
			in_trouble = false;
			pause = writer->retry;
			writer_set_trouble(writer, &none);
		}
	}
	return NULL;
}

int store_writer_start(struct store_writer *writer, const struct store_writer_start *from)
{
	writer->last = writer->synced = writer->written = writer->durable = from->durable;
	writer->extent = 0;
	writer->salt = from->salt;
	writer->resumed = from->resumed ? store_extent(from->place) : 0;
	writer->synced_end = writer->written_end = (uint32_t)from->place;
	int failure = store_thread_start(&writer->thread, writer_serve, writer);
	writer->runs = failure == 0;
	return failure;
}

/* That everything was durable in the end. */
static void writer_mark_end(struct store_writer *writer)
{
	struct error unused;
	if (writer->first != NULL || writer->suspect ||
	    store_writer_mark(writer, &unused) != RELEVO_OK)
		return;
	writer->folder->disk->sync(writer->folder->disk, writer->fd);
}

void store_writer_stop(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->lock);
	if (!writer->runs)
		return;
	pthread_join(writer->thread, NULL);
	writer->runs = false;
	writer_mark_end(writer);
	store_writer_close(writer);
}
