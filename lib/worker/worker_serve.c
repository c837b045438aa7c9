/* Serves a pool of others: a process of its own keeps the workers, and this one waits for it. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "os/readable.h"
#include "process/fork_aside.h"
#include "process/process.h"
#include "worker/pool_name.h"
#include "worker/worker_group.h"

#include <relevo/worker.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* More is a mistake of units or a fork bomb. */
enum { MOST_WORKERS = 4096 };

/* ---- the keeper's process ----------------------------------------------------- */

/* Signals are the server's to count, and come through what it shares; this one is left alone by
 * those that mean everybody. */
static _Noreturn void worker_serve_keep(struct worker_group_options *options,
					struct worker_table *table, const sigset_t *signals)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	stop_signal_release(signals);
	struct error failure = { 0 };
	failure.status = worker_group_run(options, table, &failure);
	table->failure = failure;
	_exit(EXIT_SUCCESS);
}

/* ---- the server's --------------------------------------------------------------- */

/* It is no child of this process, so nothing but its end is known of it; what it found out stands
 * in the memory it shares, unless it has not come to that. */
static int worker_serve_wait(int keeper, const struct worker_table *table, struct error *error)
{
	if (readable_until(keeper, NSEC_NEVER)) {
		*error = table->failure;
		return error->status;
	}
	int why = errno;
	pidfd_send_signal(keeper, SIGKILL, NULL, 0);
	return error_set_errno(error, RELEVO_SYSTEM, why,
			       "the process that keeps the workers cannot be waited for");
}

/* Whatever this process waits for elsewhere, it does not see it. */
static pid_t worker_serve_fork(int *pidfd)
{
	if (!MUTANT(server_keeps_a_child))
		return fork_aside(pidfd);
	pid_t pid = fork();
	*pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	return pid;
}

static int worker_serve_start_keeper(struct worker_group_options *options,
				     struct worker_table *table, struct error *error)
{
	sigset_t signals;
	int keeper;
	error_set(&table->failure, RELEVO_SYSTEM, "the process that keeps the workers was killed");
	stop_signal_hold(&signals);
	pid_t pid = worker_serve_fork(&keeper);
	if (pid == 0)
		worker_serve_keep(options, table, &signals);
	int why = errno;
	stop_signal_release(&signals);
	if (pid < 0)
		return error_set_process(error, why, "no process to keep the workers");
	int status = worker_serve_wait(keeper, table, error);
	close(keeper);
	return status;
}

static int worker_serve_serve(struct worker_group_options *options, struct worker_table *table,
			      struct error *error)
{
	struct stop_signal wake;
	sigset_t before;
	int status = stop_signal_install(&wake, error);
	if (status != RELEVO_OK)
		return status;
	options->wake = &wake;
	options->owner_fd = descriptor_raise(pidfd_open(getpid(), 0));
	if (options->owner_fd < 0) {
		status = error_set_errno(error, RELEVO_SYSTEM, errno,
					 "no descriptor for this process");
	} else {
		stop_signal_admit(&before);
		status = worker_serve_start_keeper(options, table, error);
		stop_signal_release(&before);
		close(options->owner_fd);
	}
	stop_signal_remove(&wake);
	return status;
}

static int worker_serve_check(const char *pool, const struct relevo_worker_options *options,
			      struct error *error)
{
	char queue[NAME_MAX_BYTES + 1];
	if (options->processes < 0 || options->processes > MOST_WORKERS)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d worker processes; 0 to %d can be",
				 options->processes, MOST_WORKERS);
	if ((int)options->order < RELEVO_ORDER_FIFO || options->order > RELEVO_ORDER_SHORTEST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "there is no order %d",
				 (int)options->order);
	const struct key_source key = { options->key_file, options->key };
	int status = key_source_check(&key, error);
	return status == RELEVO_OK ? pool_queue_name(POOL_TASKS, pool, queue, error) : status;
}

int relevo_worker_serve(const char *url, const char *pool,
			const struct relevo_worker_options *options)
{
	if (!given(pool) || !known(relevo_worker_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_worker_options defaults;
	if (options == NULL)
		options = &defaults;
	int status = worker_serve_check(pool, options, thread_error());
	if (status != RELEVO_OK)
		return status;
	struct worker_table *table = worker_table_new(worker_group_size(options->processes));
	if (table == NULL)
		return error_set_errno(thread_error(), RELEVO_SYSTEM, errno,
				       "no memory for the workers");
	struct worker_group_options group = {
		.url = url,
		.key = { options->key_file, options->key },
		.pool = pool,
		.shared = options->shared,
		.leave_children = options->leave_children,
		.patient = !options->give_up,
		.order = options->order,
		.durable = options->durable,
		.ready_fd = -1,
	};
	struct error failure = { 0 };
	status = worker_serve_serve(&group, table, &failure);
	worker_table_free(table);
	*thread_error() = failure;
	return status;
}
