/* What the files of the journal share. */
#ifndef JOURNAL_JOURNAL_PARTS_H
#define JOURNAL_JOURNAL_PARTS_H

#include "base/buffer.h"
#include "core/recorder.h"
#include "journal/journal.h"
#include "journal/kept.h"

/* The record of items that more can be added to: the one that was appended last. */
struct open_items {
	struct kept_queue *queue; /* NULL: there is none */
	store_position at;
	uint64_t next; /* sequence of the next */
	uint32_t count;
	uint32_t uid;
	size_t bytes;
	bool has_put;
	uint8_t client[CLIENT_SIZE];
	uint64_t put;
};

/* Items that have left a queue, which is to be recorded yet. */
struct gone_items {
	struct kept_queue *queue; /* NULL: none */
	uint64_t first, count;
};

/* A checkpoint that is being written, piece by piece. */
struct image {
	bool writing;
	bool ended;     /* it is the store's now */
	uint64_t *keys; /* of the queues there were, and then of the cells */
	size_t count, cells;
	size_t at;         /* the one at hand */
	uint64_t sequence; /* up to there its items have been written */
	uint64_t bytes;
	size_t copied; /* in this piece */
	bool *victims; /* of the extents: the items there are to be copied */
	uint32_t victim_first, victim_count;
};

struct journal {
	struct recorder recorder;
	struct store *store;
	struct kept kept;
	nsec_t opened;    /* when, in the engine's time */
	uint64_t to_wall; /* added to the engine's time */
	struct open_items items;
	struct gone_items gone;
	struct list unsaid; /* kept queues whose `handed_out` is to be recorded */
	uint64_t extent;
	uint64_t appended;   /* bytes since the last checkpoint began */
	uint64_t last_image; /* bytes of it */
	uint64_t clock;      /* that was recorded last */
	uint32_t spent;      /* extents before this one are trimmed */
	bool troubled;       /* the store was, when it was asked last: once a round is enough */
	bool changed;        /* something was appended since the last commit */
	bool forgetful;      /* a record was lost for want of memory: an image is due */
	struct image image;
	store_done *done; /* who asked for the commits */
	void *done_context;
	uint64_t asked;     /* commits that the engine wants, and the store has not heard of */
	bool awaited;       /* somebody waits for them */
	uint64_t committed; /* commits that the store has answered: each has its epoch in the space
			     */
	uint64_t durable;   /* of these, those up to this one are for certain */
	struct buffer read; /* a record that was read back */
};

/* journal_note.c: add a record; what is open is closed, what is pending stays. */
int journal_append(struct journal *journal, enum record_type type, const struct store_part *parts,
		   size_t count, store_position *at);
/* The same for one that cannot be refused. */
void journal_append_small(struct journal *journal, enum record_type type,
			  const struct small_record *record);
/* Append what was put off to be told at once: which items have left; all of that. */
void journal_say_gone(struct journal *journal);
void journal_say_all(struct journal *journal);

extern const struct recorder_operations journal_operations;
/* journal_ended.c: when there is no store any more. */
extern const struct recorder_operations journal_ended_operations;

/* journal_items.c */
int journal_item_added(struct recorder *recorder, const struct item_note *note);
void journal_items_removed(struct recorder *recorder, uint64_t queue, uint64_t first,
			   uint64_t count);
void journal_item_handed_out(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			     const struct item *item);
void journal_item_changed(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			  const struct item *item, nsec_t due);

/* journal_read.c */
int journal_items_read(struct recorder *recorder, const struct recorder_reading *reading,
		       struct error *error);
/* The record of the run is in journal->read; the reader is at the run's first item. */
int journal_read_run(struct journal *journal, const struct kept_run *run,
		     struct items_record *record, struct byte_reader *reader, struct error *error);

/* journal_image.c */
bool image_due(const struct journal *journal);
void image_begin(struct journal *journal);
/* False: it is whole, or was given up. */
bool image_go_on(struct journal *journal);
void image_drop(struct journal *journal);

/* journal_commit.c: for the table of operations. */
void journal_commit(struct recorder *recorder, bool lazy, store_done *done, void *context);

static inline struct journal *journal_of(struct recorder *recorder)
{
	return (struct journal *)((char *)recorder - offsetof(struct journal, recorder));
}

static inline uint64_t journal_wall(const struct journal *journal, nsec_t time)
{
	return time == NSEC_NEVER ? UINT64_MAX : time == 0 ? 0 : time + journal->to_wall;
}

/* What has passed since is due now. */
static inline nsec_t journal_time(const struct journal *journal, uint64_t wall)
{
	if (wall == 0 || wall == UINT64_MAX)
		return wall;
	return wall > journal->to_wall ? wall - journal->to_wall : 1;
}

#endif
