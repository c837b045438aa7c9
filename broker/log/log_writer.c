/* The thread that writes the log's lines, and the buffer in which they wait for it. */
#include "log/log_writer.h"

#include "base/mutant.h"
#include "os/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 64 * 1024, LINE_MOST = 1024, STACK = 128 * 1024 };

static struct {
	pthread_mutex_t mutex; /* guards all but `taken`, which is the thread's */
	pthread_cond_t changed;
	pthread_t thread;
	const struct log_writer_hooks *hooks;
	bool runs, stopping, ended;
	char waiting[ROOM]; /* whole lines */
	size_t size;
	uint64_t lost;
	char taken[ROOM];
} writer = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* ---- writing, in the thread --------------------------------------------- */

/* Whoever shares the descriptor may have made it non-blocking. */
static bool log_writer_wait_for_room(void)
{
	struct pollfd error = { .fd = STDERR_FILENO, .events = POLLOUT };
	int count;
	do
		count = poll(&error, 1, -1);
	while (count < 0 && errno == EINTR);
	return count > 0;
}

/* False: it is lost, or cut short. */
static bool write_line(const char *line, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, line, size);
		if (written > 0) {
			line += written;
			size -= (size_t)written;
		} else if (written == 0 || (errno != EINTR && errno != EAGAIN) ||
			   (errno == EAGAIN && !log_writer_wait_for_room())) {
			return false;
		}
	}
	return true;
}

static uint64_t take_lost(void)
{
	pthread_mutex_lock(&writer.mutex);
	uint64_t lost = writer.lost;
	writer.lost = 0;
	pthread_mutex_unlock(&writer.mutex);
	return lost;
}

static void count_lost(uint64_t count)
{
	pthread_mutex_lock(&writer.mutex);
	writer.lost += count;
	pthread_mutex_unlock(&writer.mutex);
}

/* What was lost is told where it would have stood: before what comes next. */
static void tell_lost(void)
{
	char line[LINE_MOST];
	uint64_t lost = take_lost();
	if (lost == 0)
		return;
	size_t size = writer.hooks->format_lost(line, sizeof line, lost);
	if (!write_line(line, size))
		count_lost(lost);
}

static void write_lines(const char *lines, size_t size)
{
	while (size > 0) {
		const char *end = memchr(lines, '\n', size);
		size_t part = end != NULL ? (size_t)(end - lines) + 1 : size;
		if (!write_line(lines, part))
			count_lost(1);
		lines += part;
		size -= part;
	}
}

/* ---- the thread ----------------------------------------------------------- */

static void log_writer_wait_for_change(void)
{
	nsec_t due = writer.hooks->due();
	if (due == NSEC_NEVER) {
		pthread_cond_wait(&writer.changed, &writer.mutex);
		return;
	}
	const struct timespec until = clock_timespec(due);
	pthread_cond_clockwait(&writer.changed, &writer.mutex, CLOCK_MONOTONIC, &until);
}

/* How many bytes it has got; 0: it shall end. */
static size_t take_lines(void)
{
	pthread_mutex_lock(&writer.mutex);
	while (writer.size == 0 && !writer.stopping) {
		log_writer_wait_for_change();
		writer.hooks->tell(false);
	}
	if (writer.stopping && writer.size == 0)
		writer.hooks->tell(true);
	size_t size = writer.size;
	memcpy(writer.taken, writer.waiting, size);
	writer.size = 0;
	pthread_mutex_unlock(&writer.mutex);
	return size;
}

static void *log_writer_run(void *unused)
{
	size_t size;
	(void)unused;
	while ((size = take_lines()) > 0) {
		tell_lost();
		write_lines(writer.taken, size);
	}
	tell_lost();
	pthread_mutex_lock(&writer.mutex);
	writer.ended = true;
	pthread_cond_broadcast(&writer.changed);
	pthread_mutex_unlock(&writer.mutex);
	return NULL;
}

/* ---- for everybody -------------------------------------------------------- */

/* It needs little, and little may be allowed. */
static int log_writer_start_thread(void)
{
	pthread_attr_t attributes;
	int failure = pthread_attr_init(&attributes);
	if (failure != 0)
		return failure;
	pthread_attr_setstacksize(&attributes, STACK);
	failure = thread_start(&writer.thread, &attributes, log_writer_run, NULL);
	pthread_attr_destroy(&attributes);
	return failure;
}

int log_writer_start(const struct log_writer_hooks *hooks)
{
	writer.hooks = hooks;
	writer.stopping = writer.ended = false;
	int failure = log_writer_start_thread();
	writer.runs = failure == 0;
	return failure;
}

static bool log_writer_has_ended(nsec_t deadline)
{
	const struct timespec until = clock_timespec(deadline);
	int late = 0;
	while (!writer.ended && late == 0)
		late = pthread_cond_clockwait(&writer.changed, &writer.mutex, CLOCK_MONOTONIC,
					      &until);
	return writer.ended;
}

void log_writer_stop(uint32_t msec)
{
	pthread_mutex_lock(&writer.mutex);
	bool ended = true;
	if (writer.runs) {
		writer.stopping = true;
		pthread_cond_broadcast(&writer.changed);
		ended = log_writer_has_ended(clock_deadline(clock_now(), msec));
	}
	pthread_mutex_unlock(&writer.mutex);
	if (writer.runs && ended) {
		pthread_join(writer.thread, NULL);
		writer.runs = false;
	}
}

void log_writer_lock(void)
{
	pthread_mutex_lock(&writer.mutex);
}

void log_writer_unlock(void)
{
	pthread_mutex_unlock(&writer.mutex);
}

bool log_writer_runs(void)
{
	return writer.runs && !MUTANT(log_blocks);
}

void log_writer_add(const char *line, size_t size)
{
	if (size > ROOM - writer.size) {
		writer.lost++;
		return;
	}
	memcpy(writer.waiting + writer.size, line, size);
	writer.size += size;
	pthread_cond_signal(&writer.changed);
}
