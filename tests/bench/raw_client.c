/* Sending prepared frames to a broker, and waiting for their answers. */
#include "bench/raw_client.h"

#include "bench/die.h"
#include "transport/address.h"
#include "transport/unix_socket.h"
#include "wire/protocol.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART = 256 * 1024 };

static const struct frame_limits limits = {
	.max_frame = FRAME_MAX_FOR(ITEM_MAX_DEFAULT),
	.max_item = ITEM_MAX_DEFAULT,
};

void raw_client_greet(struct raw_client *client, uint64_t inherits)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	hello.pid = (uint64_t)getpid();
	hello.name = (char *)"bench";
	hello.host = (char *)"here";
	hello.inherits = inherits;
	Relevo__Header header = RAW_HEADER(HELLO, hello, &hello);
	raw_client_add(client, &header);
}

void raw_client_connect(struct raw_client *client, const char *url)
{
	struct address address;
	struct sockaddr_un name;
	*client = (struct raw_client){ .url = url };
	if (address_parse(url, &address, NULL) != RELEVO_OK ||
	    !arena_init(&client->arena, ARENA_LIMIT_FOR_HEADERS))
		die("a raw client cannot use %s", url);
	socklen_t size = address_to_unix(&address, &name);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&name, size) < 0)
		die_errno(url);
}

void raw_client_open(struct raw_client *client, const char *url)
{
	raw_client_connect(client, url);
	raw_client_greet(client, 0);
	const Relevo__Header *answer = raw_client_await(client, client->last_call);
	if (answer->op_case != RELEVO__HEADER__OP_WELCOME)
		die("the broker does not greet a raw client");
	client->session = answer->welcome->session;
}

void raw_client_close(struct raw_client *client)
{
	close(client->fd);
	buffer_fini(&client->output);
	buffer_fini(&client->input);
	arena_fini(&client->arena);
}

uint64_t raw_client_add_with(struct raw_client *client, Relevo__Header *header, const void *bodies)
{
	size_t size = frame_bodies_size(header);
	header->call = ++client->last_call;
	if (!frame_append_head(&client->output, header, size) ||
	    !buffer_append(&client->output, bodies, size))
		die("a frame cannot be made");
	return header->call;
}

uint64_t raw_client_add(struct raw_client *client, Relevo__Header *header)
{
	return raw_client_add_with(client, header, NULL);
}

static void send_some(struct raw_client *client)
{
	ssize_t sent = send(client->fd, buffer_data(&client->output), buffer_size(&client->output),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN)
		die_errno("send");
	buffer_consume(&client->output, sent > 0 ? (size_t)sent : 0);
}

static void receive_some(struct raw_client *client)
{
	uint8_t *room = buffer_reserve(&client->input, PART);
	if (room == NULL)
		die("no memory for answers");
	ssize_t got = recv(client->fd, room, PART, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN))
		die("the broker has hung up on a raw client");
	buffer_commit(&client->input, got > 0 ? (size_t)got : 0);
}

/* Both ways: a broker whose answers are not read does not read either. */
static void exchange(struct raw_client *client)
{
	bool more = buffer_size(&client->output) > 0;
	struct pollfd entry = { client->fd, (short)(POLLIN | (more ? POLLOUT : 0)), 0 };
	if (poll(&entry, 1, -1) < 0)
		die_errno("poll");
	if (entry.revents & POLLOUT)
		send_some(client);
	if (entry.revents & POLLIN)
		receive_some(client);
}

const Relevo__Header *raw_client_await(struct raw_client *client, uint64_t call)
{
	static struct frame frame;
	struct error error;
	size_t size = 0;
	do {
		buffer_consume(&client->input, size);
		arena_reset(&client->arena);
		int status;
		while ((status =
				frame_read(buffer_data(&client->input), buffer_size(&client->input),
					   &limits, &client->arena, &frame, &error)) == TRY_AGAIN)
			exchange(client);
		if (status != RELEVO_OK)
			die("a bad frame of the broker: %s", error_text(&error));
		size = frame.size;
	} while (frame.header->call != call);
	buffer_consume(&client->input, size);
	return frame.header;
}

void raw_client_send(struct raw_client *client)
{
	while (buffer_size(&client->output) > 0)
		exchange(client);
}

void raw_client_flush(struct raw_client *client)
{
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = RAW_HEADER(FLUSH, flush, &flush);
	(void)raw_client_await(client, raw_client_add(client, &header));
}
