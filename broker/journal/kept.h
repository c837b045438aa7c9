/* What is kept, as a whole: made, changed and read. */
#ifndef JOURNAL_KEPT_H
#define JOURNAL_KEPT_H

#include "journal/kept_items.h"
#include "journal/kept_parts.h"

void kept_init(struct kept *kept, uint64_t seed);
void kept_fini(struct kept *kept);

/* ---- queues ------------------------------------------------------------ */

/* NULL: there is none. */
struct kept_queue *kept_queue_find(const struct kept *kept, uint64_t key);

/* One that is there already stays as it is. NULL when memory ran out. */
struct kept_queue *kept_queue_new(struct kept *kept, const struct queue_record *record);

/* With all its items. */
void kept_queue_end(struct kept *kept, struct kept_queue *queue);

/* ---- the others: false when memory ran out ---------------------------------------- */

/* So many items of the put are in the queue. What is settled is forgotten. */
bool kept_put_set(struct kept_queue *queue, const struct put_record *record);
void kept_client_forget(struct kept_queue *queue, struct kept_client *client);

struct kept_cell *kept_cell_find(const struct kept *kept, uint64_t identity);
/* With a RECORD_CELL of that size, to be filled in, whose contents begin there. NULL: no memory. */
struct kept_cell *kept_cell_new(struct kept *kept, uint64_t identity, size_t size, size_t contents);
/* Outside of the cell nothing is changed. */
void kept_cell_set(struct kept_cell *cell, uint64_t version, size_t offset, const uint8_t *bytes,
		   size_t size);
void kept_cell_end(struct kept *kept, struct kept_cell *cell);

/* ---- reading ------------------------------------------------------------------------ */

/* Take in a record of the log, or of an image. DAMAGED: it says nothing that can be
 * understood; NO_MEMORY. */
int kept_read(struct kept *kept, store_position at, const struct store_record *record,
	      struct error *error);
int kept_read_image(struct kept *kept, const struct store_record *record, struct error *error);

#endif
