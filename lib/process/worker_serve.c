#include "client/error.h"
#include "process/pool_name.h"
#include "process/worker_group.h"

#include <errno.h>
#include <relevo/worker.h>

/* More is a mistake of units or a fork bomb. */
enum { MOST_WORKERS = 4096 };

int relevo_worker_serve(const char *url, const char *pool,
			const struct relevo_worker_options *options)
{
	static const struct relevo_worker_options defaults;
	struct error *error = client_error();
	if (options == NULL)
		options = &defaults;
	if (options->processes < 0 || options->processes > MOST_WORKERS)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d worker processes; 0 to %d can be",
				 options->processes, MOST_WORKERS);
	if ((int)options->order < RELEVO_FIFO || options->order > RELEVO_SHORTEST)
		return error_set(error, RELEVO_BAD_ARGUMENT, "there is no order %d",
				 (int)options->order);
	char queue[NAME_MAX_BYTES + 1];
	int status = pool_queue_name(POOL_TASKS, pool, queue, error);
	if (status != RELEVO_OK)
		return status;
	struct worker_table *table = worker_table_new(worker_group_size(options->processes));
	if (table == NULL)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no memory for the workers");
	struct worker_group_options group = {
		.url = url,
		.pool = pool,
		.shared = options->shared,
		.order = options->order,
		.owner_fd = -1,
		.ready_fd = -1,
	};
	struct error failure = { 0 };
	status = worker_group_run(&group, table, &failure);
	worker_table_free(table);
	*client_error() = failure;
	return status;
}
