/* The store that is a log in files: opened, asked, closed. */
#include "store/store_log.h"

#include "os/descriptor.h"
#include "store/store_state.h"

#include <errno.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int log_trouble(const struct store *store, struct error *error)
{
	/* Only the lock is changed. */
	struct store_log *log = (struct store_log *)store_log_of_const(store);
	int status = store_writer_trouble(&log->writer, error);
	/* While there is room in the last extent, it is for what makes more. */
	return status != RELEVO_OK ? status : store_spares_trouble(&log->spares, error);
}

static int log_descriptor(const struct store *store)
{
	return store_log_of_const(store)->event;
}

static void log_dispatch(struct store *store)
{
	struct store_log *log = store_log_of(store);
	uint64_t count;
	/* Before it is looked at: what changes afterwards wakes us again. */
	ssize_t size = read(log->event, &count, sizeof count);
	(void)size;
	store_log_progress(log);
	store_log_checkpoint_progress(log);
}

static void log_free(struct store_log *log)
{
	while (!list_empty(&log->pending)) {
		struct store_group *group =
			container_of(list_first(&log->pending), struct store_group, pending);
		list_remove(&group->pending);
		store_group_free(group);
	}
	store_group_free(log->forming);
	store_group_pool_fini(&log->pool);
	store_extents_fini(&log->extents);
	store_writer_fini(&log->writer);
	store_spares_fini(&log->spares);
	store_helper_fini(&log->helper);
	close(log->event);
	free(log);
}

static void log_close(struct store *store)
{
	struct store_log *log = store_log_of(store);
	store_writer_stop(&log->writer);
	store_log_progress(log);
	store_log_checkpoint_progress(log);
	store_log_checkpoint_cancel(log);
	store_helper_stop(&log->helper);
	store_log_checkpoint_progress(log);
	/* What a last checkpoint allows to go. */
	store_helper_stop(&log->helper);
	store_log_forget_file(log, 0);
	log_free(log);
}

static const struct store_operations operations = {
	.recover = store_log_recover,
	.append = store_log_append,
	.extend = store_log_extend,
	.forming = store_log_forming,
	.commit = store_log_commit,
	.trouble = log_trouble,
	.backlog = store_log_backlog,
	.descriptor = log_descriptor,
	.dispatch = log_dispatch,
	.read = store_log_read,
	.ahead = store_log_ahead,
	.trim = store_log_trim,
	.next_extent = store_log_next_extent,
	.checkpoint_begin = store_log_checkpoint_begin,
	.checkpoint_add = store_log_checkpoint_add,
	.checkpoint_end = store_log_checkpoint_end,
	.checkpoint_backlog = store_log_checkpoint_backlog,
	.checkpoint_failure = store_log_checkpoint_failure,
	.close = log_close,
};

static int log_check(const struct store_log_options *options, struct error *error)
{
	if (options->extent_size != 0 && (options->extent_size < STORE_EXTENT_SIZE_LEAST ||
					  options->extent_size > STORE_EXTENT_SIZE_MOST))
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "an extent of the log has %u bytes: %u to %u are possible",
				 options->extent_size, STORE_EXTENT_SIZE_LEAST,
				 STORE_EXTENT_SIZE_MOST);
	return RELEVO_OK;
}

static void log_init(struct store_log *log, const struct store_log_options *options)
{
	log->base.operations = &operations;
	log->durability = options->durability;
	store_folder_set(&log->folder, options);
	list_init(&log->pending);
	log->untold = &log->pending;
	store_helper_init(&log->helper);
	store_spares_init(&log->spares, &log->folder, &log->helper, log->event);
	store_writer_init(&log->writer, &log->folder, &log->spares, log->event);
	if (options->retry_msec != 0)
		log->writer.retry = log->spares.retry = options->retry_msec * NSEC_PER_MSEC;
	log->writer.relaxed = log->durability != STORE_SYNC;
}

int store_log_open(const struct store_log_options *options, struct store **store,
		   struct error *error)
{
	int status = log_check(options, error);
	if (status != RELEVO_OK)
		return status;
	struct store_log *log = calloc(1, sizeof *log);
	if (log == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a log");
	log->event = descriptor_raise(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	if (log->event < 0) {
		status = error_set_errno(error, RELEVO_SYSTEM, errno, "eventfd");
		free(log);
		return status;
	}
	log_init(log, options);
	*store = &log->base;
	return RELEVO_OK;
}

const struct store_recovery *store_log_recovery(const struct store *store)
{
	return &store_log_of_const(store)->report;
}
