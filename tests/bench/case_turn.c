/* How long another waits, at the worst, while a client does its worst to queues. */
#include "base/clock.h"
#include "bench/attack.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "wire/protocol.h"

#include <stdio.h>
#include <unistd.h>

enum {
	MANY = 1000 * 1000,
	QUEUES = 60 * 1000,
	LEASED = 200 * 1000,
	GETTERS = 4000,
	EXPIRY_MSEC = 4000
};

/* Of the attack, in its process. */
static uint32_t the_queue;
static char from[32], to[32]; /* names of queues: those of the last round may be there */

/* ---- what attacks are made of ------------------------------------------- */

static uint32_t open_queue(struct raw_client *client, const char *name, uint64_t ttl)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)name;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	open.ttl_ms = ttl;
	Relevo__Header header = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	const Relevo__Header *answer = raw_client_await(client, raw_client_add(client, &header));
	if (answer->op_case != RELEVO__HEADER__OP_QUEUE_OPENED)
		die("the queue \"%s\" cannot be opened", name);
	return answer->queue_opened->queue;
}

/* The one that attacks are about. */
static void open_the_queue(struct raw_client *client, uint64_t ttl)
{
	snprintf(from, sizeof from, "turn-from-%d", (int)getpid());
	snprintf(to, sizeof to, "turn-to-%d", (int)getpid());
	the_queue = open_queue(client, from, ttl);
}

/* Items without a body. */
static void fill(struct raw_client *client, uint32_t queue, uint32_t count)
{
	static uint32_t sizes[FRAME_MAX_ITEMS];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = queue;
	put.quiet = true;
	const uint64_t filled = count;
	Relevo__Header header = RAW_HEADER(QUEUE_PUT, queue_put, &put);
	header.sizes = sizes;
	for (; count > 0; count -= (uint32_t)header.n_sizes) {
		header.n_sizes = count < FRAME_MAX_ITEMS ? count : FRAME_MAX_ITEMS;
		raw_client_add(client, &header);
	}
	Relevo__QueueStat stat = RELEVO__QUEUE_STAT__INIT;
	stat.queue = queue;
	Relevo__Header question = RAW_HEADER(QUEUE_STAT, queue_stat, &stat);
	if (raw_client_await(client, raw_client_add(client, &question))->queue_stats->ready <
	    filled)
		die("the broker does not take as many items");
}

static uint64_t last_lease; /* that the last take() got */

/* Take so many, in calls of the largest size. */
static void take(struct raw_client *client, uint32_t queue, uint32_t count)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = queue;
	Relevo__Header header = RAW_HEADER(QUEUE_GET, queue_get, &get);
	while (count > 0) {
		get.max_items = count;
		const Relevo__Header *answer =
			raw_client_await(client, raw_client_add(client, &header));
		if (answer->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS)
			die("the queue has not as many items as were put");
		last_lease = answer->queue_items->leases[answer->queue_items->n_leases - 1];
		count -= (uint32_t)answer->queue_items->n_leases;
	}
}

static void wait_for_items(struct raw_client *client, uint32_t queue, int count)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = queue;
	get.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = RAW_HEADER(QUEUE_GET, queue_get, &get);
	for (int i = 0; i < count; i++)
		raw_client_add(client, &header);
	raw_client_flush(client);
}

static void shut_down(struct raw_client *client, uint32_t queue, bool at_once)
{
	Relevo__QueueShutdown shutdown = RELEVO__QUEUE_SHUTDOWN__INIT;
	shutdown.queue = queue;
	shutdown.at_once = at_once;
	Relevo__Header header = RAW_HEADER(QUEUE_SHUTDOWN, queue_shutdown, &shutdown);
	raw_client_add(client, &header);
}

/* ---- attacks ------------------------------------------------------------- */

static void prepare_names(struct raw_client *client)
{
	char name[32];
	for (int i = 0; i < QUEUES; i++) {
		snprintf(name, sizeof name, "turn-%d-%d", (int)getpid(), i);
		(void)open_queue(client, name, 0);
	}
}

static void strike_lists(struct raw_client *client)
{
	Relevo__QueueList list = RELEVO__QUEUE_LIST__INIT;
	list.max_queues = 1;
	Relevo__Header header = RAW_HEADER(QUEUE_LIST, queue_list, &list);
	for (int i = 0; i < 100; i++)
		raw_client_add(client, &header);
}

static void prepare_items(struct raw_client *client)
{
	open_the_queue(client, 0);
	fill(client, the_queue, MANY);
	(void)open_queue(client, to, 0);
}

static void prepare_timed(struct raw_client *client)
{
	open_the_queue(client, 3600 * 1000);
	fill(client, the_queue, MANY);
}

/* They expire while the session waits for what does not come. */
static void prepare_expiring(struct raw_client *client)
{
	open_the_queue(client, EXPIRY_MSEC);
	fill(client, the_queue, MANY);
}

static void strike_expiry(struct raw_client *client)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = open_queue(client, "", 0);
	get.timeout_ms = EXPIRY_MSEC + 1000;
	Relevo__Header header = RAW_HEADER(QUEUE_GET, queue_get, &get);
	(void)raw_client_await(client, raw_client_add(client, &header));
}

static void strike_move(struct raw_client *client)
{
	Relevo__QueueMove move = RELEVO__QUEUE_MOVE__INIT;
	move.from = from;
	move.to = to;
	Relevo__Header header = RAW_HEADER(QUEUE_MOVE, queue_move, &move);
	raw_client_add(client, &header);
}

static void strike_purge(struct raw_client *client)
{
	Relevo__QueuePurge purge = RELEVO__QUEUE_PURGE__INIT;
	purge.queue = the_queue;
	Relevo__Header header = RAW_HEADER(QUEUE_PURGE, queue_purge, &purge);
	raw_client_add(client, &header);
}

static void strike_delete(struct raw_client *client)
{
	Relevo__QueueDelete delete = RELEVO__QUEUE_DELETE__INIT;
	delete.name = from;
	Relevo__Header header = RAW_HEADER(QUEUE_DELETE, queue_delete, &delete);
	raw_client_add(client, &header);
}

static void strike_peeks(struct raw_client *client)
{
	Relevo__QueuePeek peek = RELEVO__QUEUE_PEEK__INIT;
	peek.queue = the_queue;
	peek.max_items = 256;
	Relevo__Header header = RAW_HEADER(QUEUE_PEEK, queue_peek, &peek);
	for (uint64_t i = 0; i < 10; i++) {
		peek.after_sequence = i * MANY / 10;
		raw_client_add(client, &header);
	}
}

static void strike_shutdown(struct raw_client *client)
{
	shut_down(client, the_queue, true);
}

/* One holds many and waits with many calls, another holds one more, which might still come:
 * each acknowledgement might be the last but that. */
static void prepare_drained(struct raw_client *client)
{
	static struct raw_client other;
	open_the_queue(client, 0);
	fill(client, the_queue, LEASED + 1);
	take(client, the_queue, LEASED);
	raw_client_open(&other, client->url);
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = from;
	open.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	Relevo__Header header = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	uint64_t call = raw_client_add(&other, &header);
	uint64_t ours = last_lease;
	take(&other, raw_client_await(&other, call)->queue_opened->queue, 1);
	last_lease = ours;
	wait_for_items(client, the_queue, GETTERS);
	shut_down(client, the_queue, false);
	raw_client_flush(client);
}

static void strike_acknowledgements(struct raw_client *client)
{
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	uint64_t lease = last_lease;
	ack.leases = &lease;
	ack.n_leases = 1;
	Relevo__Header header = RAW_HEADER(QUEUE_ACK, queue_ack, &ack);
	for (int i = 0; i < 10; i++, lease--)
		raw_client_add(client, &header);
}

static const struct attack lists = { prepare_names, strike_lists };
static const struct attack moving = { prepare_items, strike_move };
static const struct attack purging = { prepare_items, strike_purge };
static const struct attack deleting = { prepare_items, strike_delete };
static const struct attack peeking = { prepare_items, strike_peeks };
static const struct attack peeking_timed = { prepare_timed, strike_peeks };
static const struct attack shutting = { prepare_items, strike_shutdown };
static const struct attack drained = { prepare_drained, strike_acknowledgements };
static const struct attack expiring = { prepare_expiring, strike_expiry };

double turn_list(const struct fixture *fixture)
{
	return attack_worst(fixture, &lists);
}

double turn_move(const struct fixture *fixture)
{
	return attack_worst(fixture, &moving);
}

double turn_purge(const struct fixture *fixture)
{
	return attack_worst(fixture, &purging);
}

double turn_delete(const struct fixture *fixture)
{
	return attack_worst(fixture, &deleting);
}

double turn_peek(const struct fixture *fixture)
{
	return attack_worst(fixture, &peeking);
}

double turn_peek_timed(const struct fixture *fixture)
{
	return attack_worst(fixture, &peeking_timed);
}

double turn_shut_down(const struct fixture *fixture)
{
	return attack_worst(fixture, &shutting);
}

double turn_drained(const struct fixture *fixture)
{
	return attack_worst(fixture, &drained);
}

double turn_expire(const struct fixture *fixture)
{
	return attack_worst(fixture, &expiring);
}
