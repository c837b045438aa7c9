/* Redis with an append-only file that is written through before it answers. */
#include "bench/die.h"
#include "bench/peers/peer.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Batches that are on their way while the oldest is waited for. */
enum { AHEAD = 4, MOST_IN_BATCH_BYTES = 1024 * 1024 };

static char socket_path[FOLDER_PATH + 16];

struct client {
	redisContext *context;
	char queue[64];
	char taken[80];    /* where items are between being taken and acknowledged */
	size_t unanswered; /* acknowledgements */
};

static void start(struct service *service, const char *folder)
{
	static const char *words[] = { "/usr/bin/redis-server",
				       "--port",
				       "0",
				       "--unixsocket",
				       socket_path,
				       "--dir",
				       NULL,
				       "--appendonly",
				       "yes",
				       "--appendfsync",
				       "always",
				       "--save",
				       "",
				       "--auto-aof-rewrite-percentage",
				       "0",
				       NULL };
	snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
	words[6] = folder;
	service_start(service, folder, words);
	service_await_socket(service, socket_path);
}

/* ---- answers ---------------------------------------------------------------- */

static redisReply *next_reply(struct client *client)
{
	void *reply;
	if (redisGetReply(client->context, &reply) != REDIS_OK)
		die("Redis: %s", client->context->errstr);
	redisReply *answer = reply;
	if (answer->type == REDIS_REPLY_ERROR)
		die("Redis: %s", answer->str);
	return answer;
}

static long long next_number(struct client *client)
{
	redisReply *reply = next_reply(client);
	if (reply->type != REDIS_REPLY_INTEGER)
		die("Redis answers something else than a number");
	long long number = reply->integer;
	freeReplyObject(reply);
	return number;
}

static void send_words(struct client *client, int count, const char **words)
{
	if (redisAppendCommandArgv(client->context, count, words, NULL) != REDIS_OK)
		die("Redis: %s", client->context->errstr);
}

static void send_now(struct client *client)
{
	int done = 0;
	while (!done) {
		if (redisBufferWrite(client->context, &done) != REDIS_OK)
			die("Redis: %s", client->context->errstr);
	}
}

/* ---- the client ------------------------------------------------------------- */

static void *open_queue(const char *queue)
{
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL)
		die("no memory for a client");
	client->context = redisConnectUnix(socket_path);
	if (client->context == NULL || client->context->err != 0)
		die("Redis cannot be connected to");
	snprintf(client->queue, sizeof client->queue, "%s", queue);
	snprintf(client->taken, sizeof client->taken, "%s-taken", queue);
	return client;
}

static void close_queue(void *context)
{
	struct client *client = context;
	redisFree(client->context);
	free(client);
}

static void remove_queue(void *context)
{
	struct client *client = context;
	send_words(client, 3, (const char *[]){ "UNLINK", client->queue, client->taken });
	next_number(client);
}

static void push(struct client *client, size_t items, size_t size)
{
	static const char *words[PEER_BATCH + 2];
	static size_t sizes[PEER_BATCH + 2];
	words[0] = "RPUSH";
	words[1] = client->queue;
	sizes[0] = strlen(words[0]);
	sizes[1] = strlen(words[1]);
	for (size_t i = 0; i < items; i++) {
		words[i + 2] = (const char *)peer_bytes();
		sizes[i + 2] = size;
	}
	if (redisAppendCommandArgv(client->context, (int)items + 2, words, sizes) != REDIS_OK)
		die("Redis: %s", client->context->errstr);
	send_now(client);
}

static void put(void *context, size_t size)
{
	push(context, 1, size);
	next_number(context);
}

static void put_many(void *context, size_t items, size_t size)
{
	size_t batch =
		MOST_IN_BATCH_BYTES / size < PEER_BATCH ? MOST_IN_BATCH_BYTES / size : PEER_BATCH;
	size_t ahead = 0;
	for (size_t left = items; left > 0;) {
		size_t count = left < batch ? left : batch;
		push(context, count, size);
		left -= count;
		if (++ahead > AHEAD) {
			next_number(context);
			ahead--;
		}
	}
	for (; ahead > 0; ahead--)
		next_number(context);
}

/* The pattern of a reliable queue: to the list of what is taken, and from there once it is
 * done; as a script, since for one item at a time each turn of its loop waits for the disk. */
static const char take_script[] = "local items = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1) "
				  "if #items > 0 then "
				  "redis.call('RPUSH', KEYS[2], unpack(items)) "
				  "redis.call('LTRIM', KEYS[1], #items, -1) "
				  "end "
				  "return items";

static void await_acknowledged(struct client *client)
{
	for (; client->unanswered > 0; client->unanswered--)
		freeReplyObject(next_reply(client));
}

static void expect_item(const redisReply *reply, size_t size)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != size)
		die("an item of %zu bytes came from Redis as one of %zu", size, reply->len);
}

static size_t take_there(struct client *client, size_t most, size_t size)
{
	char number[24];
	snprintf(number, sizeof number, "%zu", most);
	send_words(
		client, 6,
		(const char *[]){ "EVAL", take_script, "2", client->queue, client->taken, number });
	await_acknowledged(client);
	redisReply *reply = next_reply(client);
	size_t got = reply->elements;
	for (size_t i = 0; i < got; i++)
		expect_item(reply->element[i], size);
	freeReplyObject(reply);
	return got;
}

static size_t wait_for_one(struct client *client, size_t size)
{
	send_words(
		client, 6,
		(const char *[]){ "BLMOVE", client->queue, client->taken, "LEFT", "RIGHT", "30" });
	redisReply *reply = next_reply(client);
	expect_item(reply, size);
	freeReplyObject(reply);
	return 1;
}

/* They are the first of what is taken. Goes with what is sent next. */
static void acknowledge(struct client *client, size_t count)
{
	char first[24];
	snprintf(first, sizeof first, "%zu", count);
	send_words(client, 4, (const char *[]){ "LTRIM", client->taken, first, "-1" });
	client->unanswered++;
}

static void take_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	for (size_t left = items, got; left > 0; left -= got) {
		got = take_there(client, left < PEER_BATCH ? left : PEER_BATCH, size);
		if (got == 0)
			got = wait_for_one(client, size);
		acknowledge(client, got);
	}
	await_acknowledged(client);
}

static size_t count_items(void *context)
{
	struct client *client = context;
	send_words(client, 2, (const char *[]){ "LLEN", client->queue });
	send_words(client, 2, (const char *[]){ "LLEN", client->taken });
	return (size_t)(next_number(client) + next_number(client));
}

const struct peer redis_peer = {
	.name = "Redis",
	.suffix = "redis",
	.promise = "answers after fdatasync (appendfsync always)",
	.share = 1,
	.start = start,
	.open = open_queue,
	.close = close_queue,
	.remove = remove_queue,
	.put = put,
	.put_many = put_many,
	.take_many = take_many,
	.count = count_items,
};
