/* How long another waits, at the worst, while each of many sessions has one heavy call made at
 * the same moment. */
#include "bench/attack.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "wire/protocol.h"

#include <stdio.h>
#include <unistd.h>

enum {
	CROWD = 50,
	HEIRS = 20,
	ITEMS = 1000 * 1000, /* in the queue that all look at */
	ITEMS_EACH = 20000,  /* in a queue of each session's own */
	LEASES_EACH = 4096,  /* as many as a frame may name */
	HANDLES = 60 * 1000,
	QUEUE = 1 /* handles are numbered from 1 */
};

/* Sessions besides the attack's own, which goes on when they end. */
static struct raw_client crowd[CROWD];

/* ---- what attacks are made of ------------------------------------------- */

/* "" is the session's own. */
static void open_queue(struct raw_client *client, const char *name)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)name;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	Relevo__Header header = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	raw_client_add(client, &header);
}

static void add_put(struct raw_client *client, uint32_t count)
{
	static uint32_t sizes[FRAME_MAX_ITEMS];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = QUEUE;
	put.quiet = true;
	Relevo__Header header = RAW_HEADER(QUEUE_PUT, queue_put, &put);
	header.sizes = sizes;
	header.n_sizes = count;
	raw_client_add(client, &header);
}

/* Items without a body. */
static void fill(struct raw_client *client, uint32_t count)
{
	for (; count > FRAME_MAX_ITEMS; count -= FRAME_MAX_ITEMS)
		add_put(client, FRAME_MAX_ITEMS);
	add_put(client, count);
	raw_client_flush(client);
}

static void raise_crowd(const char *url, const char *queue)
{
	for (int i = 0; i < CROWD; i++) {
		raw_client_open(&crowd[i], url);
		open_queue(&crowd[i], queue);
	}
}

/* All say what they have to say, and wait for nothing. */
static void speak_up(int count)
{
	for (int i = 0; i < count; i++)
		raw_client_send(&crowd[i]);
}

/* ---- attacks ------------------------------------------------------------- */

static void prepare_to_put(struct raw_client *client)
{
	raise_crowd(client->url, "");
	for (int i = 0; i < CROWD; i++)
		raw_client_flush(&crowd[i]);
}

static void strike_puts(struct raw_client *client)
{
	(void)client;
	for (int i = 0; i < CROWD; i++)
		add_put(&crowd[i], FRAME_MAX_ITEMS);
	speak_up(CROWD);
}

static void prepare_items(struct raw_client *client)
{
	raise_crowd(client->url, "");
	for (int i = 0; i < CROWD; i++)
		fill(&crowd[i], ITEMS_EACH);
}

static void strike_purges(struct raw_client *client)
{
	(void)client;
	Relevo__QueuePurge purge = RELEVO__QUEUE_PURGE__INIT;
	purge.queue = QUEUE;
	Relevo__Header header = RAW_HEADER(QUEUE_PURGE, queue_purge, &purge);
	for (int i = 0; i < CROWD; i++)
		raw_client_add(&crowd[i], &header);
	speak_up(CROWD);
}

static void strike_gets(struct raw_client *client)
{
	(void)client;
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = QUEUE;
	get.max_items = FRAME_MAX_ITEMS;
	Relevo__Header header = RAW_HEADER(QUEUE_GET, queue_get, &get);
	for (int i = 0; i < CROWD; i++)
		raw_client_add(&crowd[i], &header);
	speak_up(CROWD);
}

/* Each puts the acknowledgement of all it has in its output. */
static void prepare_leases(struct raw_client *client)
{
	raise_crowd(client->url, "");
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = QUEUE;
	get.max_items = LEASES_EACH;
	Relevo__Header getting = RAW_HEADER(QUEUE_GET, queue_get, &get);
	for (int i = 0; i < CROWD; i++) {
		fill(&crowd[i], LEASES_EACH);
		const Relevo__Header *answer =
			raw_client_await(&crowd[i], raw_client_add(&crowd[i], &getting));
		if (answer->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS ||
		    answer->queue_items->n_leases != LEASES_EACH)
			die("the queue has not as many items as were put");
		Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
		ack.leases = answer->queue_items->leases;
		ack.n_leases = LEASES_EACH;
		Relevo__Header header = RAW_HEADER(QUEUE_ACK, queue_ack, &ack);
		raw_client_add(&crowd[i], &header);
	}
}

static void strike_acknowledgements(struct raw_client *client)
{
	(void)client;
	speak_up(CROWD);
}

static void prepare_to_look(struct raw_client *client)
{
	char name[32];
	snprintf(name, sizeof name, "turn-crowd-%d", (int)getpid());
	open_queue(client, name);
	fill(client, ITEMS);
	raise_crowd(client->url, name);
	for (int i = 0; i < CROWD; i++)
		raw_client_flush(&crowd[i]);
}

static void strike_peeks(struct raw_client *client)
{
	(void)client;
	Relevo__QueuePeek peek = RELEVO__QUEUE_PEEK__INIT;
	peek.queue = QUEUE;
	peek.max_items = 256;
	Relevo__Header header = RAW_HEADER(QUEUE_PEEK, queue_peek, &peek);
	for (int i = 0; i < CROWD; i++) {
		peek.after_sequence = (uint64_t)i * ITEMS / CROWD;
		raw_client_add(&crowd[i], &header);
	}
	speak_up(CROWD);
}

static void prepare_names(struct raw_client *client)
{
	for (int i = 0; i < HANDLES; i++)
		open_queue(client, "");
	raw_client_flush(client);
	raise_crowd(client->url, "");
	for (int i = 0; i < CROWD; i++)
		raw_client_flush(&crowd[i]);
}

static void strike_lists(struct raw_client *client)
{
	(void)client;
	Relevo__QueueList list = RELEVO__QUEUE_LIST__INIT;
	Relevo__Header header = RAW_HEADER(QUEUE_LIST, queue_list, &list);
	for (int i = 0; i < CROWD; i++)
		raw_client_add(&crowd[i], &header);
	speak_up(CROWD);
}

/* Connections that have yet to say hello. */
static void prepare_heirs(struct raw_client *client)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_INT64;
	open.count = 1;
	open.name = (char *)"";
	Relevo__Header header = RAW_HEADER(CELL_OPEN, cell_open, &open);
	for (int i = 0; i < HANDLES; i++) {
		open_queue(client, "");
		raw_client_add(client, &header);
	}
	raw_client_flush(client);
	for (int i = 0; i < HEIRS; i++)
		raw_client_connect(&crowd[i], client->url);
}

static void strike_hellos(struct raw_client *client)
{
	for (int i = 0; i < HEIRS; i++)
		raw_client_greet(&crowd[i], client->session);
	speak_up(HEIRS);
}

/* ---- figures --------------------------------------------------------------- */

double turn_crowd_puts(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_to_put, strike_puts, true });
}

double turn_crowd_gets(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_items, strike_gets, true });
}

double turn_crowd_acknowledges(const struct fixture *fixture)
{
	return attack_worst(fixture,
			    &(struct attack){ prepare_leases, strike_acknowledgements, true });
}

double turn_crowd_purges(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_items, strike_purges, true });
}

double turn_crowd_peeks(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_to_look, strike_peeks, true });
}

double turn_crowd_lists(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_names, strike_lists, true });
}

double turn_crowd_inherits(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_heirs, strike_hellos, true });
}
