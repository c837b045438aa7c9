/* Extents that nobody needs any more. */
#include "store/store_state.h"

#include "base/mutant.h"

#include <relevo/status.h>
#include <stdlib.h>

struct trim_job {
	struct store_job job;
	struct store_spares *spares;
	uint32_t extent;
};

static void trim_run(struct store_job *job)
{
	struct trim_job *trim = container_of(job, struct trim_job, job);
	store_spares_recycle(trim->spares, trim->extent);
	free(trim);
}

uint32_t store_log_next_extent(const struct store *store, uint32_t from)
{
	return store_extents_next(&store_log_of_const(store)->extents, from);
}

void store_log_recycle(struct store_log *log)
{
	uint32_t below =
		MUTANT(trimmed_too_early) ? store_extent(log->place) : store_extent(log->begins);
	uint32_t extent;
	while ((extent = store_extents_trimmed(&log->extents, below)) != 0) {
		struct trim_job *trim = malloc(sizeof *trim);
		/* The next checkpoint is early enough. */
		if (trim == NULL)
			return;
		*trim = (struct trim_job){
			.job.run = trim_run,
			.spares = &log->spares,
			.extent = extent,
		};
		store_log_forget_file(log, extent);
		store_extents_remove(&log->extents, extent);
		store_helper_add(&log->helper, &trim->job);
	}
}

void store_log_trim(struct store *store, uint32_t extent)
{
	struct store_log *log = store_log_of(store);
	store_extents_trim(&log->extents, extent);
	store_log_recycle(log);
}
