/* relevo as a server of durable queues, driven like its peers. */
#include "bench/die.h"
#include "bench/durable_load.h"
#include "bench/queue_name.h"

#include <stdio.h>
#include <stdlib.h>

static char address[128];

struct client {
	relevo_session *session;
	relevo_queue *queue;
	char name[64];
};

void relevo_peer_at(const char *url)
{
	snprintf(address, sizeof address, "%s", url);
}

static void *open_queue(const char *name)
{
	const struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_KEPT,
						      .durable = true };
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL)
		die("no memory for a client");
	snprintf(client->name, sizeof client->name, "%s", name);
	client->session = session_to(address);
	must(relevo_queue_open(client->session, name, &options, &client->queue),
	     "relevo_queue_open");
	return client;
}

static void close_queue(void *context)
{
	struct client *client = context;
	relevo_queue_close(client->queue);
	must(relevo_session_close(client->session), "relevo_session_close");
	free(client);
}

static void remove_queue(void *context)
{
	struct client *client = context;
	must(relevo_queue_delete(client->session, client->name), "relevo_queue_delete");
}

static void flush(struct client *client)
{
	must(relevo_session_flush(client->session, RELEVO_FOREVER), "relevo_session_flush");
}

static void put(void *context, size_t size)
{
	struct client *client = context;
	must(relevo_queue_put(client->queue, peer_bytes(), size, RELEVO_FOREVER),
	     "relevo_queue_put");
	flush(client);
}

static void put_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	struct relevo_bytes batch[PEER_BATCH];
	for (size_t i = 0; i < PEER_BATCH; i++)
		batch[i] = (struct relevo_bytes){ peer_bytes(), size };
	for (size_t left = items; left > 0;) {
		size_t count = left < PEER_BATCH ? left : PEER_BATCH;
		must(relevo_queue_put_many(client->queue, batch, count, RELEVO_FOREVER, NULL),
		     "relevo_queue_put_many");
		left -= count;
	}
	flush(client);
}

static void take_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	relevo_item batch[PEER_BATCH];
	size_t got;
	for (size_t left = items; left > 0; left -= got) {
		must(relevo_queue_lease(client->queue, RELEVO_FOREVER, batch,
					left < PEER_BATCH ? left : PEER_BATCH, &got),
		     "relevo_queue_lease");
		must(relevo_queue_ack(client->queue, batch, got), "relevo_queue_ack");
		for (size_t i = 0; i < got; i++) {
			if (batch[i].size != size)
				die("an item of %zu bytes came as one of %zu", size, batch[i].size);
			relevo_item_free(&batch[i]);
		}
	}
	flush(client);
}

static size_t count_items(void *context)
{
	struct client *client = context;
	struct relevo_queue_state counts;
	must(relevo_queue_inspect(client->queue, &counts), "relevo_queue_inspect");
	return counts.ready + counts.leased;
}

const struct peer relevo_peer = {
	.name = "relevo",
	.suffix = "relevo",
	.promise = "answers after fdatasync",
	.share = 1,
	.open = open_queue,
	.close = close_queue,
	.remove = remove_queue,
	.put = put,
	.put_many = put_many,
	.take_many = take_many,
	.count = count_items,
};
