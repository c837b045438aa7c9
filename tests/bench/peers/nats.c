/* NATS JetStream with streams in files, which work like a queue. */
#include "bench/die.h"
#include "bench/peers/peer.h"

#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>

/* AHEAD: messages whose confirmation is outstanding. */
enum { AHEAD = 10000, PATIENCE_MSEC = 30000, FETCH = 1000 };

static in_port_t port;

struct client {
	natsConnection *connection;
	jsCtx *stream;
	char queue[64];
};

static void start(struct service *service, const char *folder)
{
	static char port_text[16];
	static const char *words[] = { "/usr/sbin/nats-server",
				       "-a",
				       "127.0.0.1",
				       "-p",
				       port_text,
				       "-js",
				       "-sd",
				       NULL,
				       NULL };
	port = service_free_port();
	snprintf(port_text, sizeof port_text, "%d", port);
	words[7] = folder;
	service_start(service, folder, words);
	service_await_port(service, port);
}

static void check(natsStatus status, const char *what)
{
	if (status != NATS_OK)
		die("NATS: %s: %s", what, natsStatus_GetText(status));
}

/* ---- the client ------------------------------------------------------------- */

static void add_stream(struct client *client)
{
	jsStreamConfig config;
	const char *subjects[] = { client->queue };
	jsStreamConfig_Init(&config);
	config.Name = client->queue;
	config.Subjects = subjects;
	config.SubjectsLen = 1;
	config.Retention = js_WorkQueuePolicy;
	config.Storage = js_FileStorage;
	check(js_AddStream(NULL, client->stream, &config, NULL, NULL), "a stream");
}

static void *open_queue(const char *queue)
{
	struct client *client = calloc(1, sizeof *client);
	jsOptions options;
	char url[64];
	if (client == NULL)
		die("no memory for a client");
	snprintf(url, sizeof url, "nats://127.0.0.1:%d", port);
	snprintf(client->queue, sizeof client->queue, "%s", queue);
	jsOptions_Init(&options);
	options.PublishAsync.MaxPending = AHEAD;
	options.PublishAsync.StallWait = PATIENCE_MSEC;
	check(natsConnection_ConnectTo(&client->connection, url), "connecting");
	check(natsConnection_JetStream(&client->stream, client->connection, &options), "JetStream");
	/* The same again is fine. */
	add_stream(client);
	return client;
}

static void close_queue(void *context)
{
	struct client *client = context;
	jsCtx_Destroy(client->stream);
	natsConnection_Destroy(client->connection);
	free(client);
}

static void remove_queue(void *context)
{
	struct client *client = context;
	check(js_DeleteStream(client->stream, client->queue, NULL, NULL), "deleting a stream");
}

static void put(void *context, size_t size)
{
	struct client *client = context;
	jsPubAck *confirmation = NULL;
	check(js_Publish(&confirmation, client->stream, client->queue, peer_bytes(), (int)size,
			 NULL, NULL),
	      "publishing");
	jsPubAck_Destroy(confirmation);
}

/* What was refused is seen by the count. */
static void put_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	jsPubOptions patience;
	jsPubOptions_Init(&patience);
	patience.MaxWait = PATIENCE_MSEC;
	for (size_t i = 0; i < items; i++)
		check(js_PublishAsync(client->stream, client->queue, peer_bytes(), (int)size, NULL),
		      "publishing");
	check(js_PublishAsyncComplete(client->stream, &patience), "confirmations");
}

static int fetch_some(natsSubscription *subscription, size_t most, size_t size)
{
	natsMsgList list;
	check(natsSubscription_Fetch(&list, subscription, (int)most, PATIENCE_MSEC, NULL),
	      "fetching");
	for (int i = 0; i < list.Count; i++) {
		if ((size_t)natsMsg_GetDataLength(list.Msgs[i]) != size)
			die("an item of %zu bytes came from NATS as one of %d", size,
			    natsMsg_GetDataLength(list.Msgs[i]));
		check(natsMsg_Ack(list.Msgs[i], NULL), "acknowledging");
	}
	int got = list.Count;
	natsMsgList_Destroy(&list);
	return got;
}

static size_t count_items(void *context)
{
	struct client *client = context;
	jsStreamInfo *info;
	check(js_GetStreamInfo(&info, client->stream, client->queue, NULL, NULL), "its state");
	size_t count = info->State.Msgs;
	jsStreamInfo_Destroy(info);
	return count;
}

static void take_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	natsSubscription *subscription;
	jsSubOptions options;
	jsSubOptions_Init(&options);
	options.Config.AckPolicy = js_AckExplicit;
	options.Config.MaxAckPending = AHEAD;
	check(js_PullSubscribe(&subscription, client->stream, client->queue, "taker", NULL,
			       &options, NULL),
	      "subscribing");
	for (size_t left = items; left > 0;)
		left -= (size_t)fetch_some(subscription, left < FETCH ? left : FETCH, size);
	/* They are dealt with in the background. */
	while (count_items(client) > 0)
		continue;
	natsSubscription_Destroy(subscription);
}

const struct peer nats_peer = {
	.name = "NATS JetStream",
	.suffix = "nats",
	.promise = "confirms before fsync, which comes every 2 min",
	.share = 3,
	.start = start,
	.open = open_queue,
	.close = close_queue,
	.remove = remove_queue,
	.put = put,
	.put_many = put_many,
	.take_many = take_many,
	.count = count_items,
};
