#ifndef STORE_STORE_LOG_H
#define STORE_STORE_LOG_H

#include "store/store.h"
#include "store/store_options.h"

/*
 * The store that is a log in files of one folder:
 *
 *   extent-XXXXXXXX   groups of records, one file for an extent
 *   spare-XXXXXXXX    for extents to come, written before
 *   checkpoint        the last one
 *   *.new             on the way to become one of these
 *
 * Who opens it sees to it that no one else does.
 */

/* BAD_ARGUMENT, NO_MEMORY, NO_DESCRIPTORS. Nothing is read before recover(). */
int store_log_open(const struct store_log_options *options, struct store **store,
		   struct error *error);

/* After recover(), also one that failed. */
const struct store_recovery *store_log_recovery(const struct store *store);

/* For tools: read all that can still be read, over damaged places too, and change nothing. In
 * order, but what was removed later may come back, if that was lost. OK: nothing is damaged;
 * DAMAGED: *found says what. */
int store_log_salvage(const struct store_log_options *options, const struct store_reader *reader,
		      struct store_recovery *found, struct error *error);

/* For tools, too: a store of which only read() and close() may be asked, and which changes nothing.
 * The broker whose log it is may go on with it: then a record may not be there any more. */
int store_log_open_to_read(const struct store_log_options *options, struct store **store,
			   struct error *error);

#endif
