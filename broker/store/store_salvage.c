/* Reading what can be read of a log that is damaged. */
#include "store/store_log.h"

#include "store/store_recovery.h"
#include "store/store_state.h"

#include <relevo/status.h>

int store_log_salvage(const struct store_log_options *options, const struct store_reader *reader,
		      struct store_recovery *found, struct error *error)
{
	struct store_folder folder;
	struct store_recovery unused = { 0 };
	struct error second = { 0 };
	store_folder_set(&folder, options);
	*found = (struct store_recovery){ 0 };
	struct store_recover look = { .folder = &folder, .report = found, .error = error };
	int verdict = store_recover_read(&look);
	store_recover_fini(&look);
	if (verdict != RELEVO_OK && verdict != RELEVO_DAMAGED)
		return verdict;
	struct store_recover salvage = {
		.folder = &folder,
		.reader = reader,
		.salvage = true,
		.report = &unused,
		.error = &second,
	};
	int status = store_recover_read(&salvage);
	store_recover_fini(&salvage);
	if (status != RELEVO_OK)
		*error = second;
	return status != RELEVO_OK ? status : verdict;
}

int store_log_open_to_read(const struct store_log_options *options, struct store **store,
			   struct error *error)
{
	int status = store_log_open(options, store, error);
	/* Whatever has a position stands in the files. */
	if (status == RELEVO_OK)
		store_log_of(*store)->place = UINT64_MAX;
	return status;
}
