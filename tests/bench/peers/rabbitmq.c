/* RabbitMQ with a durable queue, persistent messages and publisher confirms. */
#include "bench/die.h"
#include "bench/peers/peer.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* AHEAD: messages behind the first whose confirmation is outstanding. */
enum {
	CHANNEL = 1,
	PERSISTENT = 2,
	AHEAD = 5000,
	RING = AHEAD + 2,
	PREFETCH = 2000,
	ACK_EVERY = 500
};
enum { FRAME_MAX = 131072, PATIENCE_SEC = 30 };

static in_port_t port;

struct client {
	amqp_connection_state_t connection;
	amqp_bytes_t queue;
	char name[64];
	uint64_t published;
	uint64_t confirmed;      /* up to there all are */
	bool out_of_order[RING]; /* and these, by their number */
};

/* ---- the server ------------------------------------------------------------- */

/* What it is given in its environment: all of it for itself, so that it and one that runs on
 * this machine do not meet. */
enum { VARIABLES = 16 };

struct environment {
	char words[VARIABLES][FOLDER_PATH + 64];
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void set(struct environment *environment,
						      const char *format, ...)
{
	va_list arguments;
	if (environment->count == VARIABLES)
		die("more variables for RabbitMQ than there is room for");
	char *word = environment->words[environment->count++];
	va_start(arguments, format);
	vsnprintf(word, sizeof environment->words[0], format, arguments);
	va_end(arguments);
}

static void set_all(struct environment *environment, const char *folder)
{
	environment->count = 0;
	set(environment, "RABBITMQ_NODENAME=bench-%d@localhost", (int)getpid());
	set(environment, "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1");
	set(environment, "RABBITMQ_NODE_PORT=%d", port);
	set(environment, "RABBITMQ_DIST_PORT=%d", service_free_port());
	set(environment, "ERL_EPMD_ADDRESS=127.0.0.1");
	set(environment, "ERL_EPMD_PORT=%d", service_free_port());
	set(environment, "RABBITMQ_CONF_ENV_FILE=/dev/null");
	set(environment, "RABBITMQ_LOGS=-");
	set(environment, "HOME=%s", folder);
	set(environment, "RABBITMQ_MNESIA_BASE=%s/data", folder);
	set(environment, "RABBITMQ_LOG_BASE=%s/log", folder);
	set(environment, "RABBITMQ_CONFIG_FILE=%s/rabbitmq", folder);
	set(environment, "RABBITMQ_ADVANCED_CONFIG_FILE=%s/advanced", folder);
	set(environment, "RABBITMQ_CONFIG_FILES=%s/conf.d", folder);
	set(environment, "RABBITMQ_ENABLED_PLUGINS_FILE=%s/plugins", folder);
	set(environment, "RABBITMQ_PID_FILE=%s/pid", folder);
}

static void start(struct service *service, const char *folder)
{
	static struct environment environment;
	static const char *words[VARIABLES + 3] = { "/usr/bin/env" };
	port = service_free_port();
	set_all(&environment, folder);
	for (size_t i = 0; i < environment.count; i++)
		words[i + 1] = environment.words[i];
	/* Not the one on the path, which is for the account of the package. */
	words[environment.count + 1] = "/usr/lib/rabbitmq/bin/rabbitmq-server";
	service_start(service, folder, words);
	service_await_port(service, port);
}

/* ---- the client ------------------------------------------------------------- */

static void check(amqp_rpc_reply_t reply, const char *what)
{
	if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
		die("RabbitMQ: %s: %s", what, amqp_error_string2(reply.library_error));
	if (reply.reply_type != AMQP_RESPONSE_NORMAL)
		die("RabbitMQ refuses %s", what);
}

static void check_status(int status, const char *what)
{
	if (status != AMQP_STATUS_OK)
		die("RabbitMQ: %s: %s", what, amqp_error_string2(status));
}

static size_t declare(struct client *client, bool passive)
{
	const amqp_queue_declare_ok_t *declared =
		amqp_queue_declare(client->connection, CHANNEL, client->queue, passive, true, false,
				   false, amqp_empty_table);
	check(amqp_get_rpc_reply(client->connection), "a queue");
	return declared->message_count;
}

static void *open_queue(const char *queue)
{
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL)
		die("no memory for a client");
	client->connection = amqp_new_connection();
	amqp_socket_t *socket = amqp_tcp_socket_new(client->connection);
	if (socket == NULL)
		die("no memory for a client");
	check_status(amqp_socket_open(socket, "127.0.0.1", port), "connecting");
	check(amqp_login(client->connection, "/", 0, FRAME_MAX, 0, AMQP_SASL_METHOD_PLAIN, "guest",
			 "guest"),
	      "the login");
	amqp_channel_open(client->connection, CHANNEL);
	check(amqp_get_rpc_reply(client->connection), "a channel");
	amqp_confirm_select(client->connection, CHANNEL);
	check(amqp_get_rpc_reply(client->connection), "confirms");
	snprintf(client->name, sizeof client->name, "%s", queue);
	client->queue = amqp_cstring_bytes(client->name);
	declare(client, false);
	return client;
}

static void close_queue(void *context)
{
	struct client *client = context;
	amqp_connection_close(client->connection, AMQP_REPLY_SUCCESS);
	amqp_destroy_connection(client->connection);
	free(client);
}

static void remove_queue(void *context)
{
	struct client *client = context;
	amqp_queue_delete(client->connection, CHANNEL, client->queue, false, false);
	check(amqp_get_rpc_reply(client->connection), "deleting a queue");
}

/* ---- putting ---------------------------------------------------------------- */

static void publish(struct client *client, size_t size)
{
	const amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
		.delivery_mode = PERSISTENT,
	};
	const amqp_bytes_t body = { size, (void *)peer_bytes() };
	check_status(amqp_basic_publish(client->connection, CHANNEL, amqp_empty_bytes,
					client->queue, false, false, &properties, body),
		     "publishing");
	client->published++;
}

/* Confirmations come in any order, some for all up to a number. */
static void note_confirmed(struct client *client, const amqp_basic_ack_t *ack)
{
	uint64_t to = ack->multiple ? ack->delivery_tag : client->confirmed;
	if (!ack->multiple)
		client->out_of_order[ack->delivery_tag % RING] = true;
	while (client->confirmed < to || client->out_of_order[(client->confirmed + 1) % RING])
		client->out_of_order[++client->confirmed % RING] = false;
}

static void await_confirmation(struct client *client)
{
	struct timeval patience = { .tv_sec = PATIENCE_SEC };
	amqp_frame_t frame;
	check_status(amqp_simple_wait_frame_noblock(client->connection, &frame, &patience),
		     "waiting for a confirmation");
	if (frame.frame_type != AMQP_FRAME_METHOD ||
	    frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
		die("RabbitMQ does not confirm a message");
	note_confirmed(client, frame.payload.method.decoded);
	amqp_maybe_release_buffers(client->connection);
}

static void put_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	for (size_t i = 0; i < items; i++) {
		publish(client, size);
		while (client->published - client->confirmed > AHEAD)
			await_confirmation(client);
	}
	while (client->confirmed < client->published)
		await_confirmation(client);
}

static void put(void *context, size_t size)
{
	put_many(context, 1, size);
}

/* ---- taking ----------------------------------------------------------------- */

static uint64_t next_item(struct client *client, size_t size)
{
	struct timeval patience = { .tv_sec = PATIENCE_SEC };
	amqp_envelope_t envelope;
	amqp_maybe_release_buffers(client->connection);
	check(amqp_consume_message(client->connection, &envelope, &patience, 0), "a message");
	if (envelope.message.body.len != size)
		die("an item of %zu bytes came from RabbitMQ as one of %zu", size,
		    envelope.message.body.len);
	uint64_t tag = envelope.delivery_tag;
	amqp_destroy_envelope(&envelope);
	return tag;
}

static void take_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	amqp_basic_qos(client->connection, CHANNEL, 0, PREFETCH, false);
	check(amqp_get_rpc_reply(client->connection), "a prefetch");
	amqp_basic_consume(client->connection, CHANNEL, client->queue, amqp_empty_bytes, false,
			   false, false, amqp_empty_table);
	check(amqp_get_rpc_reply(client->connection), "a consumer");
	for (size_t i = 1; i <= items; i++) {
		uint64_t tag = next_item(client, size);
		if (i % ACK_EVERY == 0 || i == items)
			check_status(amqp_basic_ack(client->connection, CHANNEL, tag, true),
				     "acknowledging");
	}
	/* It does not confirm them; what answers this has dealt with them. */
	declare(client, true);
}

static size_t count_items(void *context)
{
	return declare(context, true);
}

const struct peer rabbitmq_peer = {
	.name = "RabbitMQ",
	.suffix = "rabbitmq",
	.promise = "confirms after fsync; acks are not confirmed",
	.share = 10,
	.start = start,
	.open = open_queue,
	.close = close_queue,
	.remove = remove_queue,
	.put = put,
	.put_many = put_many,
	.take_many = take_many,
	.count = count_items,
};
