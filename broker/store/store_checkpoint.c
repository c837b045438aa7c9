/* Checkpoints, as the loop sees them: begun, added to, ended, finished. */
#include "store/store_state.h"

#include "base/mutant.h"

#include <relevo/status.h>

void store_log_checkpoint_cancel(struct store_log *log)
{
	struct store_image *image = log->image;
	if (image == NULL)
		return;
	store_done *done = image->done;
	void *context = image->context;
	log->image = NULL;
	store_image_drop(image);
	if (done != NULL)
		done(context, RELEVO_CANCELLED);
}

int store_log_checkpoint_begin(struct store *store, store_position *begins)
{
	struct store_log *log = store_log_of(store);
	const struct store_group *forming = log->forming;
	const struct store_file_head head = {
		.kind = STORE_FILE_CHECKPOINT,
		.salt = store_file_salt(),
		.begins = forming != NULL ? forming->at + forming->size : log->place,
		.group = forming != NULL ? forming->at : log->place,
		.number = log->number + 1,
	};
	store_log_checkpoint_cancel(log);
	log->image = store_image_new(&log->folder, &log->helper, &head, log->event);
	if (log->image == NULL)
		return RELEVO_NO_MEMORY;
	*begins = head.begins;
	return RELEVO_OK;
}

int store_log_checkpoint_add(struct store *store, uint8_t type, const struct store_part *parts,
			     size_t count)
{
	struct store_log *log = store_log_of(store);
	if (log->image == NULL || log->image->ended)
		return RELEVO_BAD_STATE;
	return store_image_add(log->image, type, parts, count);
}

int store_log_checkpoint_end(struct store *store, store_done *done, void *context)
{
	struct store_log *log = store_log_of(store);
	struct store_image *image = log->image;
	if (image == NULL || image->ended)
		return RELEVO_BAD_STATE;
	image->ended = true;
	image->done = done;
	image->context = context;
	image->target = log->number;
	store_writer_want(&log->writer, image->target);
	store_log_wake(log);
	return RELEVO_OK;
}

size_t store_log_checkpoint_backlog(const struct store *store)
{
	const struct store_log *log = store_log_of_const(store);
	return log->image != NULL ? store_image_backlog(log->image) : 0;
}

int store_log_checkpoint_failure(const struct store *store, struct error *error)
{
	const struct store_log *log = store_log_of_const(store);
	if (log->image_failure.status != RELEVO_OK && error != NULL)
		*error = log->image_failure;
	return log->image_failure.status;
}

static void checkpoint_collect(struct store_log *log)
{
	struct store_image *image = log->finishing;
	struct error error;
	if (image == NULL || !store_image_over(image, &error))
		return;
	log->finishing = NULL;
	log->image_failure = error;
	if (error.status == RELEVO_OK) {
		log->begins = image->head.begins;
		store_log_recycle(log);
	}
	store_done *done = image->done;
	void *context = image->context;
	store_image_free(image);
	if (done != NULL)
		done(context, error.status);
}

void store_log_checkpoint_progress(struct store_log *log)
{
	checkpoint_collect(log);
	struct store_image *image = log->image;
	if (image == NULL || !image->ended || log->finishing != NULL)
		return;
	uint64_t durable = store_writer_progress(&log->writer).durable;
	if (durable < image->target && !MUTANT(checkpoint_counts_early))
		return;
	log->image = NULL;
	log->finishing = image;
	store_image_finish(image, durable);
}
