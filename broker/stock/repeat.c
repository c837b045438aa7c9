/* What is remembered of the puts of a client that may come again: see repeat.h. */
#include "stock/repeat.h"

#include "base/mutant.h"
#include "core/charge.h"
#include "core/peer.h"

#include <stdlib.h>
#include <string.h>

/* A client has fewer on their way, so of one that settles nothing the oldest are forgotten. */
enum { REPEAT_MOST = 16 * 1024 };

enum { REPEAT_LEAST = 4 };

struct repeat_put {
	uint64_t sequence;
	uint32_t accepted;
};

struct repeat {
	struct client_memory memory;
	struct map_node node; /* in queue->repeats, by the id of the client */
	struct client *client;
	struct queue *queue;
	uint64_t settled;
	struct repeat_put *puts; /* those from `first` on, in order */
	uint32_t first, end, capacity;
};

enum { REPEAT_COST = sizeof(struct repeat) + 2 * CHARGE_OVERHEAD + 4 * sizeof(void *) };

static struct repeat *repeat_find(const struct queue *queue, const uint8_t *id)
{
	struct map_node *node = map_find(&queue->repeats, id, CLIENT_ID_SIZE);
	return node != NULL ? container_of(node, struct repeat, node) : NULL;
}

static size_t room_cost(uint32_t capacity)
{
	return capacity * sizeof(struct repeat_put);
}

static void repeat_free(struct repeat *repeat)
{
	struct client *client = repeat->client;
	map_remove(&repeat->queue->repeats, &repeat->node);
	list_remove(&repeat->memory.link);
	account_release(client->account, REPEAT_COST + room_cost(repeat->capacity));
	free(repeat->puts);
	free(repeat);
	client_let_go(client);
}

static void repeat_forget(struct client_memory *memory)
{
	repeat_free(container_of(memory, struct repeat, memory));
}

/* Paid for already. */
static struct repeat *repeat_new(struct queue *queue, struct client *client)
{
	struct repeat *repeat = calloc(1, sizeof *repeat);
	if (repeat == NULL)
		return NULL;
	if (!map_insert(&queue->repeats, &repeat->node, client->id, CLIENT_ID_SIZE)) {
		free(repeat);
		return NULL;
	}
	repeat->memory.forget = repeat_forget;
	repeat->queue = queue;
	repeat->client = client;
	list_append(&client->memories, &repeat->memory.link);
	return repeat;
}

/* ---- the puts of one ------------------------------------------------------ */

/* The first that is not before that sequence. Most are behind all others. */
static uint32_t place_of(const struct repeat *repeat, uint64_t sequence)
{
	uint32_t low = repeat->first, high = repeat->end;
	if (high > low && repeat->puts[high - 1].sequence < sequence)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (repeat->puts[middle].sequence < sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct repeat_put *put_of(const struct repeat *repeat, uint64_t sequence)
{
	uint32_t place = place_of(repeat, sequence);
	bool found = place < repeat->end && repeat->puts[place].sequence == sequence;
	return found ? &repeat->puts[place] : NULL;
}

static void repeat_settle(struct repeat *repeat, uint64_t settled)
{
	if (settled <= repeat->settled)
		return;
	repeat->settled = settled;
	repeat->first = place_of(repeat, settled);
	if (repeat->first == repeat->end)
		repeat->first = repeat->end = 0;
}

static int resize(struct repeat *repeat, uint32_t capacity, struct error *error)
{
	struct account *account = repeat->client->account;
	int status = charge(account, room_cost(capacity), "puts that may come again", error);
	if (status != RELEVO_OK)
		return status;
	struct repeat_put *puts = realloc(repeat->puts, room_cost(capacity));
	if (puts == NULL) {
		account_release(account, room_cost(capacity));
		return error_set(error, RELEVO_NO_MEMORY, "no memory for puts that may come again");
	}
	account_release(account, room_cost(repeat->capacity));
	repeat->puts = puts;
	repeat->capacity = capacity;
	return RELEVO_OK;
}

/* Make sure that one more can be added. */
static int repeat_reserve(struct repeat *repeat, struct error *error)
{
	uint32_t count = repeat->end - repeat->first;
	if (count == REPEAT_MOST) {
		repeat_settle(repeat, repeat->puts[repeat->first].sequence + 1);
		count--;
	}
	if (repeat->end < repeat->capacity)
		return RELEVO_OK;
	/* Empty, it may have no memory. */
	if (count > 0)
		memmove(repeat->puts, repeat->puts + repeat->first, room_cost(count));
	repeat->first = 0;
	repeat->end = count;
	if (count > repeat->capacity / 2 || repeat->capacity == 0)
		return resize(repeat, count > 0 ? 2 * count : REPEAT_LEAST, error);
	/* It once held more than it needs now. */
	struct error ignored;
	if (repeat->capacity > 64 && count < repeat->capacity / 8)
		(void)resize(repeat, repeat->capacity / 4, &ignored);
	return RELEVO_OK;
}

/* There is room. */
static struct repeat_put *repeat_add(struct repeat *repeat, uint64_t sequence)
{
	uint32_t place = place_of(repeat, sequence);
	memmove(repeat->puts + place + 1, repeat->puts + place, room_cost(repeat->end - place));
	repeat->end++;
	repeat->puts[place] = (struct repeat_put){ .sequence = sequence };
	return &repeat->puts[place];
}

/* ---- puts that come ------------------------------------------------------- */

uint32_t repeat_accepted(const struct queue *queue, const struct engine_peer *peer,
			 uint64_t sequence)
{
	const struct repeat *repeat =
		sequence != 0 && peer->client != NULL ? repeat_find(queue, peer->client_id) : NULL;
	if (repeat == NULL || MUTANT(repeated_put_enters))
		return 0;
	if (sequence < repeat->settled)
		return REPEAT_WHOLE;
	const struct repeat_put *put = put_of(repeat, sequence);
	return put != NULL ? put->accepted : 0;
}

static int repeat_of(struct queue *queue, struct engine_peer *peer, struct repeat **repeat,
		     struct error *error)
{
	struct client *client;
	int status = client_of(peer, &client, error);
	*repeat = client != NULL ? repeat_find(queue, client->id) : NULL;
	if (status != RELEVO_OK || client == NULL || *repeat != NULL)
		return status;
	status = charge(client->account, REPEAT_COST, "a client that puts", error);
	if (status != RELEVO_OK)
		return status;
	*repeat = repeat_new(queue, client);
	if (*repeat != NULL)
		return RELEVO_OK;
	account_release(client->account, REPEAT_COST);
	return error_set(error, RELEVO_NO_MEMORY, "no memory for a client that puts");
}

int repeat_begin(struct queue *queue, struct engine_peer *peer, const struct repeat_number *number,
		 struct repeat **repeat, struct error *error)
{
	*repeat = NULL;
	if (number->sequence == 0)
		return RELEVO_OK;
	int status = repeat_of(queue, peer, repeat, error);
	if (status != RELEVO_OK || *repeat == NULL)
		return status;
	repeat_settle(*repeat, number->settled);
	if (put_of(*repeat, number->sequence) != NULL)
		return RELEVO_OK;
	status = repeat_reserve(*repeat, error);
	if (status == RELEVO_OK)
		repeat_add(*repeat, number->sequence);
	return status;
}

void repeat_accept(struct repeat *repeat, uint64_t sequence, uint32_t accepted)
{
	struct repeat_put *put = repeat != NULL ? put_of(repeat, sequence) : NULL;
	if (put != NULL)
		put->accepted = accepted;
}

void repeat_end(struct repeat *repeat, uint64_t sequence)
{
	struct repeat_put *put = repeat != NULL ? put_of(repeat, sequence) : NULL;
	if (put == NULL || (put->accepted > 0 && !MUTANT(part_forgotten)))
		return;
	uint32_t place = (uint32_t)(put - repeat->puts);
	memmove(put, put + 1, room_cost(repeat->end - place - 1));
	repeat->end--;
}

const uint8_t *repeat_client(const struct repeat *repeat)
{
	return repeat->client->id;
}

uint64_t repeat_settled(const struct repeat *repeat)
{
	return repeat->settled;
}

/* ---- records -------------------------------------------------------------- */

void repeat_visit(const struct queue *queue,
		  void (*visit)(void *context, const struct repeat_mark *mark), void *context)
{
	struct map_node *node = map_next(&queue->repeats, NULL);
	for (; node != NULL; node = map_next(&queue->repeats, node)) {
		const struct repeat *repeat = container_of(node, struct repeat, node);
		for (uint32_t i = repeat->first; i < repeat->end; i++) {
			const struct repeat_mark mark = {
				.client = repeat->client->id,
				.sequence = repeat->puts[i].sequence,
				.settled = repeat->settled,
				.accepted = repeat->puts[i].accepted,
			};
			if (mark.accepted > 0)
				visit(context, &mark);
		}
	}
}

/* Room for what was there before, whatever the user's share is now. */
static struct repeat *repeat_again(struct queue *queue, struct account *account, const uint8_t *id)
{
	struct client *client = client_restored(queue->engine, account, id);
	struct repeat *repeat = client != NULL ? repeat_find(queue, id) : NULL;
	if (client == NULL || repeat != NULL || !account_charge_buffer(account, REPEAT_COST))
		return repeat;
	repeat = repeat_new(queue, client);
	if (repeat == NULL)
		account_release(account, REPEAT_COST);
	return repeat;
}

int repeat_restore(struct queue *queue, struct account *account, const struct repeat_mark *mark)
{
	struct error ignored;
	struct repeat *repeat = repeat_again(queue, account, mark->client);
	if (repeat == NULL)
		return RELEVO_NO_MEMORY;
	repeat_settle(repeat, mark->settled);
	if (mark->sequence < repeat->settled)
		return RELEVO_OK;
	struct repeat_put *put = put_of(repeat, mark->sequence);
	int status = put == NULL ? repeat_reserve(repeat, &ignored) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	if (put == NULL)
		put = repeat_add(repeat, mark->sequence);
	if (mark->accepted > put->accepted)
		put->accepted = mark->accepted;
	return RELEVO_OK;
}

bool repeat_forget_one(struct queue *queue)
{
	struct map_node *node = map_next(&queue->repeats, NULL);
	if (node == NULL)
		return false;
	repeat_free(container_of(node, struct repeat, node));
	return true;
}
