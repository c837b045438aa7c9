/* What the records of a journal add up to: queues, where their items stand in the log, cells. */
#ifndef JOURNAL_KEPT_PARTS_H
#define JOURNAL_KEPT_PARTS_H

#include "base/list.h"
#include "base/map.h"
#include "collections/sorted.h"
#include "journal/record.h"
#include "journal/space.h"

/*
 * It is kept up to date while records are written, and made anew when they are read: so a
 * checkpoint is written from it without asking the engine, and tools need no engine. Of an
 * item it has only where it stands; those that were put one behind the other are one run.
 */

enum kept_flags {
	KEPT_SPECIAL = 1,  /* items with more than a body: a rank, a time to live, a key ... */
	KEPT_TOLD = 2,     /* `deliveries` and `due` have been told, of this one item */
	KEPT_IMMORTAL = 4, /* it does not expire any more, whatever its record says */
};

/* Not known: some of the items in the record are gone. */
#define KEPT_BYTES_UNKNOWN UINT32_MAX

struct kept_run {
	uint64_t first; /* sequence */
	store_position at;
	uint64_t due;
	uint32_t count;
	uint32_t index; /* of the first in the record */
	uint32_t bytes; /* of the bodies */
	uint32_t uid;
	uint16_t deliveries;
	uint8_t flags;
};

/* How far a client has come: of its puts that may come again, how many items are in the queue. */
struct kept_put {
	uint64_t number;
	uint32_t accepted;
};

struct kept_client {
	struct map_node node; /* in queue->clients */
	uint8_t client[CLIENT_SIZE];
	uint64_t settled;      /* puts before that one never come again */
	uint64_t seen;         /* when it put last, on the wall clock */
	struct kept_put *puts; /* those from `first` on, in order */
	uint32_t first, end, capacity;
};

/* A queue. */
struct kept_queue {
	struct map_node node;       /* in kept->queues */
	struct queue_record record; /* its names are behind it */
	uint64_t last_sequence;
	uint64_t handed_out; /* items up to this one have been, if nothing else was told of them */
	uint64_t items;
	uint8_t shutdown;
	struct sorted runs;    /* disjoint */
	struct kept_run *last; /* hint: the run that was added last, or NULL */
	struct list unsaid;    /* for the journal: `handed_out` is to be recorded yet */
	struct map clients;    /* by id */
};

struct kept_cell {
	struct map_node node; /* in kept->cells */
	uint64_t identity;
	uint8_t *record; /* RECORD_CELL */
	size_t size;
	size_t contents; /* where in it they begin */
};

struct kept {
	struct map queues; /* by key */
	struct map cells;  /* by identity */
	struct space space;
	uint64_t last_key;      /* of all queues that ever were */
	uint64_t last_cell;     /* likewise, identities */
	uint64_t grants;        /* see RECORD_GRANTS */
	uint64_t clock;         /* the latest time that was told */
	struct kept_run *spare; /* for a run that is to be split */
};

#endif
