#include "process/pool.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long workers may finish what they have in hand, and how long they may take
 * to die. */
#define FINISH_TIME (5 * NSEC_PER_SEC)
#define DEATH_TIME  (2 * NSEC_PER_SEC)

/* The keeper's process, which ends here. */
static _Noreturn void be_keeper(relevo_pool *pool, int owner_fd, int ready_fd)
{
	/* A group of its own: what the terminal tells the program (Ctrl-C) is for
	 * the program to act on. */
	setpgid(0, 0);
	struct worker_group_options options = {
		.url = relevo_session_url(pool->session),
		.pool = relevo_pool_name(pool),
		.plan = &pool->plan,
		.owner_fd = owner_fd,
		.ready_fd = ready_fd,
	};
	pool->table->failure = (struct error){ 0 };
	_exit(worker_group_run(&options, pool->table, &pool->table->failure));
}

/* True when it has started the workers, false when it ended before. */
static bool wait_until_ready(int fd)
{
	char byte;
	ssize_t size;
	do
		size = read(fd, &byte, 1);
	while (size < 0 && errno == EINTR);
	return size == 1;
}

static void reap(relevo_pool *pool, int *state)
{
	*state = 0;
	while (waitpid(pool->keeper, state, 0) < 0 && errno == EINTR)
		continue;
	close(pool->keeper_fd);
	pool->keeper_fd = -1;
	for (int i = 0; i < pool->processes; i++)
		atomic_store(&pool->table->slots[i].pid, 0);
}

/* Why a keeper that ended by itself did. */
static int told(const relevo_pool *pool, int status, struct error *error)
{
	const struct error *failure = &pool->table->failure;
	if (failure->status != RELEVO_OK)
		return error_set(error, failure->status, "%s", error_text(failure));
	return error_set(error, status, "the workers of the pool ended");
}

static int fork_keeper(relevo_pool *pool, int owner_fd, const int ready[2], struct error *error)
{
	pid_t pid = fork();
	if (pid == 0) {
		close(ready[0]);
		be_keeper(pool, owner_fd, ready[1]);
	}
	if (pid < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "the pool's workers cannot be started");
	int fd = pidfd_open(pid, 0);
	if (fd < 0) {
		int saved = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error_set_errno(error, RELEVO_SYSTEM, saved,
				       "the pool's workers cannot be watched");
	}
	pool->keeper = pid;
	pool->keeper_fd = fd;
	return RELEVO_OK;
}

static int start_and_wait(relevo_pool *pool, int owner_fd, int ready[2], struct error *error)
{
	int status = fork_keeper(pool, owner_fd, ready, error);
	close(ready[1]);
	if (status == RELEVO_OK && !wait_until_ready(ready[0])) {
		int state;
		reap(pool, &state);
		status = told(pool, RELEVO_SYSTEM, error);
	}
	close(ready[0]);
	return status;
}

int keeper_start(relevo_pool *pool, struct error *error)
{
	int ready[2];
	int owner_fd = pidfd_open(getpid(), 0);
	if (owner_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for a pool");
	int status;
	if (pipe2(ready, O_CLOEXEC) < 0)
		status = error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for a pool");
	else
		status = start_and_wait(pool, owner_fd, ready, error);
	close(owner_fd);
	return status;
}

/* Whether the keeper has ended, waiting for that at most so long. */
static bool ended(const relevo_pool *pool, nsec_t patience)
{
	struct pollfd entry = { .fd = pool->keeper_fd, .events = POLLIN };
	nsec_t deadline = clock_now() + patience;
	int ready;
	do
		ready = poll(&entry, 1, clock_poll_timeout(clock_now(), deadline));
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static int check(relevo_pool *pool, struct error *error)
{
	if (pool->keeper_fd >= 0 && !ended(pool, 0))
		return RELEVO_OK;
	int state = 0;
	if (pool->keeper_fd >= 0)
		reap(pool, &state);
	if (WIFEXITED(state) && WEXITSTATUS(state) != RELEVO_OK)
		return told(pool, WEXITSTATUS(state), error);
	return keeper_start(pool, error);
}

int keeper_check(relevo_pool *pool, struct error *error)
{
	if (pool->processes == 0)
		return RELEVO_OK;
	pthread_mutex_lock(&pool->lock);
	int status = pool->state == POOL_TERMINATED || pool->ended ? RELEVO_OK : check(pool, error);
	pthread_mutex_unlock(&pool->lock);
	return status;
}

void keeper_stop(relevo_pool *pool)
{
	if (pool->keeper_fd < 0)
		return;
	int state;
	pidfd_send_signal(pool->keeper_fd, SIGTERM, NULL, 0);
	if (!ended(pool, FINISH_TIME)) {
		pidfd_send_signal(pool->keeper_fd, SIGTERM, NULL, 0);
		if (!ended(pool, DEATH_TIME))
			pidfd_send_signal(pool->keeper_fd, SIGKILL, NULL, 0);
	}
	reap(pool, &state);
}

/* Two signals, which the keeper counts, stand for "at once". */
void keeper_kill(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	if (pool->keeper_fd >= 0) {
		pidfd_send_signal(pool->keeper_fd, SIGTERM, NULL, 0);
		pidfd_send_signal(pool->keeper_fd, SIGINT, NULL, 0);
	}
	pthread_mutex_unlock(&pool->lock);
}

bool keeper_wait(relevo_pool *pool, nsec_t deadline)
{
	pthread_mutex_lock(&pool->lock);
	/* From here on it is not started again. */
	pool->ended = true;
	int fd = pool->keeper_fd >= 0 ? dup(pool->keeper_fd) : -1;
	bool runs = pool->keeper_fd >= 0;
	pthread_mutex_unlock(&pool->lock);
	if (!runs)
		return true;
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int ready;
	do
		ready = poll(&entry, 1, clock_poll_timeout(clock_now(), deadline));
	while (ready < 0 && errno == EINTR);
	close(fd);
	int state;
	pthread_mutex_lock(&pool->lock);
	if (ready > 0 && pool->keeper_fd >= 0)
		reap(pool, &state);
	pthread_mutex_unlock(&pool->lock);
	return ready > 0;
}
