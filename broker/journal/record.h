/* The records of the journal: what they say, and how that stands in bytes. */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include "base/bounds.h"
#include "base/error.h"
#include "journal/bytes.h"
#include "store/store.h"

/*
 * All of them tell how something is, not how it changed: an image of the state that was taken
 * while it changed comes right when the records that were made meanwhile are read over it.
 * Numbers are never given to another meaning; a new kind gets a new one. Times are of the
 * wall clock, in nanoseconds since 1970.
 */
enum record_type {
	RECORD_QUEUE = 1,        /* a queue exists, with these options */
	RECORD_QUEUE_GONE = 2,   /* it does not any more, nor do its items */
	RECORD_ITEMS = 3,        /* items are in a queue, one behind the other */
	RECORD_ITEMS_GONE = 4,   /* items are not there any more */
	RECORD_ITEM = 5,         /* what became of an item: deliveries, when it is due */
	RECORD_HANDED_OUT = 6,   /* the items of a queue up to this one have been handed out */
	RECORD_SHUTDOWN = 7,     /* a queue has been shut down */
	RECORD_CELL = 8,         /* a cell exists, with these options and contents */
	RECORD_CELL_SET = 9,     /* some of its elements */
	RECORD_CELL_GONE = 10,   /* it does not exist any more */
	RECORD_GRANTS = 11,      /* no fencing token beyond that number was given out */
	RECORD_PUT = 12,         /* how far a client has come with what it puts into a queue */
	RECORD_RUN = 13,         /* of an image: items that stand in a record of the log */
	RECORD_QUEUE_STATE = 14, /* of an image, or a copy: the numbers of a queue */
	RECORD_CLOCK = 15,       /* what time it was */
	RECORD_KEYS = 16,        /* likewise: the last keys of queues and of cells */
};

enum { CLIENT_SIZE = CLIENT_ID_SIZE };

/* Whether those bytes name a client: NULL if not. */
const uint8_t *record_owner(const uint8_t owner[CLIENT_SIZE]);
/* NULL: nobody. */
void record_own(uint8_t owner[CLIENT_SIZE], const uint8_t *client);

/* ---- queues ------------------------------------------------------------ */

/* As struct queue_options has it; what an enum stands for is its number. */
struct queue_record {
	uint64_t key;
	uint32_t uid;               /* who pays for it */
	uint8_t owner[CLIENT_SIZE]; /* the client with which it ends; zero: none */
	uint8_t lifetime, order, full, kind, exclusive, bounded;
	uint64_t capacity, capacity_bytes;
	uint64_t lease, ttl; /* nanoseconds */
	uint32_t max_deliveries;
	const char *name;
	const char *dead_letter; /* "": none */
};

/* In bytes: the buffer has room for QUEUE_RECORD_MAX, and names are NAME_MAX_BYTES at most. */
enum { QUEUE_RECORD_MAX = 1024 };
size_t queue_record_write(const struct queue_record *record, uint8_t *buffer);

/* The names stay in `bytes`. False: it is none. */
bool queue_record_read(struct queue_record *record, const uint8_t *bytes, size_t size);

/* ---- items ------------------------------------------------------------- */

enum items_flags {
	ITEMS_RANKED = 1,   /* `rank` is there */
	ITEMS_DELAYED = 2,  /* `due` */
	ITEMS_EXTENDED = 4, /* `expires` to `overdue` */
	ITEMS_PUT = 8,      /* `client` and `put` */
	ITEMS_COPIED =
		16, /* they were in the log before, and stand here from now on; `deliveries` */
};

/* What the items of one record have in common. */
struct items_record {
	uint8_t flags; /* of items_flags */
	uint64_t queue;
	uint64_t first; /* sequence of the first; the others follow without a gap */
	uint32_t uid;   /* who pays */
	uint32_t rank;
	uint64_t due;
	uint64_t expires; /* 0: never */
	uint64_t hold;    /* nanoseconds; 0: as the queue says */
	const uint8_t *key, *properties, *overdue;
	uint32_t key_size, properties_size, overdue_size;
	const uint8_t *client; /* CLIENT_SIZE bytes */
	uint64_t put;          /* number of the first put that they are of */
	uint32_t put_before;   /* items of that put that are in the queue already */
	uint64_t settled;      /* puts before that one never come again */
	uint16_t deliveries;   /* of a copy */
	uint8_t kept;          /* likewise, of kept_flags: see kept.h */
};

/* What stands before the items, but for what is of any length. */
enum { ITEMS_HEAD_MAX = 128 };

/* The head without key, properties and overdue, which follow in this order. */
size_t items_record_write(const struct items_record *record, uint8_t *buffer);

/* The parts stay in `bytes`; `reader` is at the first entry then. False: it is none. */
bool items_record_read(struct items_record *record, const uint8_t *bytes, size_t size,
		       struct byte_reader *reader);

/* Before each body stands its size, and whether it is the first of the next put. */
enum { ITEM_ENTRY_SIZE = 4 };
#define ITEM_ENTRY_NEXT_PUT (UINT32_C(1) << 31)

struct item_entry {
	const uint8_t *body;
	uint32_t size;
	bool next_put;
};

/* False: there is none, or, with reader->failed, it is cut off. */
bool item_entry_next(struct byte_reader *reader, struct item_entry *entry);

/* ---- cells ------------------------------------------------------------- */

/* As struct cell_options has it. */
struct cell_record {
	uint64_t identity;
	uint64_t version;
	uint32_t uid;
	uint8_t owner[CLIENT_SIZE]; /* as that of a queue */
	uint8_t lifetime, type;
	uint32_t width, count;
	const char *name;
	const char *purpose;
	const uint8_t *contents; /* width * count bytes */
};

enum { CELL_RECORD_VERSION_AT = 8, CELL_HEAD_MAX = 1024 };

/* All but the contents, which follow. */
size_t cell_record_write(const struct cell_record *record, uint8_t *buffer);
bool cell_record_read(struct cell_record *record, const uint8_t *bytes, size_t size);

/* Some bytes of a cell, and its version with them; the bytes follow. */
struct cell_set_record {
	uint64_t identity;
	uint64_t version;
	uint64_t offset;
	const uint8_t *bytes;
	size_t size;
};

enum { CELL_SET_HEAD = 24 };
size_t cell_set_record_write(const struct cell_set_record *record, uint8_t *buffer);
bool cell_set_record_read(struct cell_set_record *record, const uint8_t *bytes, size_t size);

/* ---- the others ---------------------------------------------------------- */

/* Any of these numbers, as its type needs. */
struct small_record {
	uint64_t queue;      /* all but RECORD_GRANTS and RECORD_CLOCK; of a cell its identity */
	uint64_t sequence;   /* ITEMS_GONE, ITEM, HANDED_OUT, RUN; GRANTS and CLOCK: the number */
	uint64_t count;      /* ITEMS_GONE, RUN; SHUTDOWN: how */
	uint64_t due;        /* ITEM, RUN */
	uint64_t at;         /* RUN: the record */
	uint32_t index;      /* RUN: of the first in the record */
	uint32_t bytes;      /* RUN: of the bodies */
	uint32_t uid;        /* RUN */
	uint16_t deliveries; /* ITEM, RUN */
	uint8_t flags;       /* ITEM, RUN: of kept_flags, see kept.h */
};

enum { SMALL_RECORD_SIZE = 8 + 8 + 8 + 8 + 8 + 4 + 4 + 4 + 2 + 1 };

/* As many bytes as the type needs. */
size_t small_record_write(enum record_type type, const struct small_record *record,
			  uint8_t *buffer);
bool small_record_read(enum record_type type, struct small_record *record, const uint8_t *bytes,
		       size_t size);

/* RECORD_PUT, of an image or a copy. */
struct put_record {
	uint64_t queue;
	uint8_t client[CLIENT_SIZE];
	uint64_t put;
	uint64_t settled;  /* puts before that one never come again */
	uint32_t accepted; /* of its items */
	uint64_t seen;     /* when the client was there last */
};

enum { PUT_RECORD_SIZE = 8 + CLIENT_SIZE + 8 + 8 + 4 + 8 };
size_t put_record_write(const struct put_record *record, uint8_t *buffer);
bool put_record_read(struct put_record *record, const uint8_t *bytes, size_t size);

#endif
