#ifndef QUEUE_STASH_H
#define QUEUE_STASH_H

#include "base/clock.h"
#include "base/list.h"
#include "queue/item_block.h"

#include <relevo/queue.h>

#include <stdbool.h>
#include <stddef.h>

struct queue_part;

/*
 * Items that the broker handed out ahead, so that one get after another need not
 * ask for each. They stay leased until the program comes for them, and go back
 * when the broker recalls them because somebody else waits, or when the program
 * has not come for a while: nobody ever waits for an item that lies here unread.
 */
struct stash {
	struct list link; /* in the session, while there are items */
	relevo_item *items;
	uint32_t next; /* the first unread one */
	uint32_t count;
	bool told;      /* that first one was asked for by a watch, see queue_watch.c */
	bool asked;     /* a call that asks for items ahead is under way */
	uint64_t epoch; /* of the connection they came with */
	nsec_t filled;  /* when they came */
	/* What tells the program's pace: */
	nsec_t last_ask;
	uint32_t asked_for; /* ahead, then */
	uint32_t taken;     /* since then, the item that was asked for included */
};

/* What a get asks for beyond its item, at most. */
enum { STASH_MOST = 512 };

/* Nothing lies here for longer than about this time. What others would see of a larger
 * stash is that items overtake those in it. */
#define STASH_TIME      (2 * NSEC_PER_MSEC)

/* But for one that somebody is told of who waits for other things too: he may have to deal with
 * those first. */
#define STASH_TOLD_TIME NSEC_PER_SEC

void stash_fini(struct stash *stash);

/* How many items the next call may ask for ahead: what the program takes in half of that
 * time, as it took the last ones. None for the first, or while another call asks. */
uint32_t stash_ask(struct stash *stash);

/* Room for what is to come; false when memory ran out. */
bool stash_reserve(struct stash *stash);

/*
 * What such a call was answered: the first item is the caller's, the rest is kept; `first` NULL:
 * a watch asked, and the first is kept too. False when memory ran out, or they are more than
 * were asked for.
 */
bool stash_fill(struct relevo_queue *queue, const struct item_source *source, relevo_item *first);

/* Whether there is one. Those that have lain here so long that the broker may have taken them
 * back are given back first. The session is locked. */
bool stash_has_some(struct relevo_queue *queue);

/* Take the first item. False when there is none. The session is locked. */
bool stash_take(struct relevo_queue *queue, relevo_item *item);

/* Give all of it back, unread. The session is locked. */
void stash_give_back(struct relevo_queue *queue);

/* The broker wants back what came ahead: all but what a watch has asked for. The session is
 * locked. */
void stash_recall(struct relevo_queue *queue);

/* In the background: give back what nobody has come for. True while some queue
 * has a stash that has to be looked after. */
bool stash_look_after(struct queue_part *queues);

/* The connection is gone, and the leases with it. */
void stash_drop(struct stash *stash);

#endif
