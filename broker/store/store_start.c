/* recover(): the log is read back, and goes on from there. */
#include "store/store_state.h"

#include "store/store_recovery.h"

#include <relevo/status.h>
#include <stdio.h>

/* Spares of another size are of no use; nor are more than may be kept. */
struct start_listing {
	struct store_log *log;
	struct store_recover *recover;
};

static bool start_spare_is_good(const struct store_log *log, const char *name)
{
	struct store_window window = { .size = 0 };
	struct error unused;
	bool good = store_window_open(&window, &log->folder, name, 0, &unused) == RELEVO_OK &&
		    window.size == log->folder.extent_size;
	store_window_fini(&window);
	return good;
}

static void start_see_spare(void *context, const char *name)
{
	struct start_listing *listing = context;
	struct store_log *log = listing->log;
	struct error unused;
	uint32_t number;
	if (!store_spare_named(name, &number))
		return;
	if (!start_spare_is_good(log, name) || !store_spares_found(&log->spares, number))
		store_folder_unlink(&log->folder, name, &unused);
}

static int start_spares(struct store_log *log, struct store_recover *recover)
{
	struct start_listing listing = { log, recover };
	if (log->folder.disk->list(log->folder.disk, log->folder.fd, start_see_spare, &listing) < 0)
		return store_folder_failed(&log->folder, "list", ".", recover->error);
	return RELEVO_OK;
}

/* Where the next group goes. Behind the last one, if nothing there could be taken for a group
 * that follows. */
static struct store_writer_start start_place(const struct store_recover *recover)
{
	struct store_writer_start start = {
		.durable = recover->expected - 1,
		.place = recover->stopped != 0 ? recover->stopped : recover->group,
	};
	if (recover->stopped != 0 && !recover->stale) {
		start.resumed = true;
		start.salt = recover->salt;
	} else if (recover->stopped != 0) {
		uint64_t extent = (uint64_t)store_extent(recover->stopped) + 1;
		start.place = extent << STORE_EXTENT_SHIFT | STORE_FILE_HEAD;
	}
	return start;
}

static int start_threads(struct store_log *log, const struct store_writer_start *start,
			 struct error *error)
{
	int failure = store_helper_start(&log->helper);
	if (failure == 0)
		failure = store_writer_start(&log->writer, start);
	if (failure != 0)
		return error_set_process(error, failure, "no thread to write with");
	store_spares_want(&log->spares);
	return RELEVO_OK;
}

static int start_from(struct store_log *log, struct store_recover *recover, struct error *error)
{
	const struct store_writer_start start = start_place(recover);
	log->place = start.place;
	log->number = start.durable;
	log->begins = recover->begins;
	log->extents = recover->files;
	recover->files = (struct store_extents){ .states = NULL };
	return start_threads(log, &start, error);
}

int store_log_recover(struct store *store, const struct store_reader *reader, struct error *error)
{
	struct store_log *log = store_log_of(store);
	struct error unused;
	if (log->recovered)
		return error_set(error, RELEVO_BAD_STATE, "the log was read already");
	struct store_recover recover = {
		.folder = &log->folder,
		.reader = reader,
		.report = &log->report,
		.error = error != NULL ? error : &unused,
	};
	log->recovered = true;
	int status = store_recover_read(&recover);
	if (status == RELEVO_OK)
		status = store_recover_settle(&recover);
	if (status == RELEVO_OK)
		status = start_spares(log, &recover);
	if (status == RELEVO_OK)
		status = start_from(log, &recover, recover.error);
	store_recover_fini(&recover);
	return status;
}
