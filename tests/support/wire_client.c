/* Sending frames to a broker and checking those that it answers, without the library. */
#include "support/wire_client.h"

#include "support/test.h"
#include "transport/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct frame_limits limits = {
	.max_frame = FRAME_MAX_FOR(ITEM_MAX_DEFAULT),
	.max_item = ITEM_MAX_DEFAULT,
};

static int connect_tcp(const struct address *address)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)address->number),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(inet_pton(AF_INET, address->place, &name.sin_addr), 1);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
	return fd;
}

static int connect_unix(const struct address *address)
{
	struct sockaddr_un name;
	socklen_t size = address_to_unix(address, &name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&name, size), 0);
	return fd;
}

void wire_connect(struct wire_client *client, const char *url)
{
	struct address address;
	*client = (struct wire_client){ 0 };
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_OK);
	assert_true(arena_init(&client->arena, ARENA_LIMIT_FOR_HEADERS));
	client->fd = address.kind == ADDRESS_TCP ? connect_tcp(&address) : connect_unix(&address);
}

void wire_close(struct wire_client *client)
{
	close(client->fd);
	client->fd = -1;
	buffer_fini(&client->input);
	arena_fini(&client->arena);
}

/* ---- bytes ------------------------------------------------------------- */

void wire_send_bytes(struct wire_client *client, const void *bytes, size_t size)
{
	size_t done = 0;
	while (done < size) {
		struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
		assert_int_equal(poll(&poll_fd, 1, WIRE_MSEC), 1);
		ssize_t sent = send(client->fd, (const char *)bytes + done, size - done,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(sent > 0 || errno == EAGAIN);
		done += sent > 0 ? (size_t)sent : 0;
	}
}

void wire_send_prefix(struct wire_client *client, uint32_t length, uint32_t header)
{
	const uint32_t numbers[2] = { htonl(length), htonl(header) };
	wire_send_bytes(client, numbers, sizeof numbers);
}

/* Bytes received, 0 at the end. A reset counts as an end. */
static size_t receive_some(struct wire_client *client)
{
	enum { PART = 64 * 1024 };
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
	uint8_t *room = buffer_reserve(&client->input, PART);
	assert_non_null(room);
	assert_int_equal(poll(&poll_fd, 1, WIRE_MSEC), 1);
	ssize_t got = recv(client->fd, room, PART, 0);
	assert_true(got >= 0 || errno == ECONNRESET);
	buffer_commit(&client->input, got > 0 ? (size_t)got : 0);
	return got > 0 ? (size_t)got : 0;
}

static void consume_last(struct wire_client *client)
{
	buffer_consume(&client->input, client->consume);
	client->consume = 0;
	arena_reset(&client->arena);
}

void wire_expect_end(struct wire_client *client)
{
	consume_last(client);
	assert_int_equal(buffer_size(&client->input), 0);
	assert_int_equal(receive_some(client), 0);
}

void wire_expect_silence(struct wire_client *client, int msec)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = POLLIN };
	consume_last(client);
	assert_int_equal(buffer_size(&client->input), 0);
	assert_int_equal(poll(&poll_fd, 1, msec), 0);
}

/* ---- frames ------------------------------------------------------------ */

struct buffer wire_encode(const Relevo__Header *header, const void *bodies)
{
	struct buffer bytes = { 0 };
	size_t size = frame_bodies_size(header);
	assert_true(frame_append_head(&bytes, header, size));
	assert_true(buffer_append(&bytes, bodies, size));
	return bytes;
}

uint64_t wire_send(struct wire_client *client, Relevo__Header *header, const void *bodies)
{
	header->call = ++client->last_call;
	struct buffer bytes = wire_encode(header, bodies);
	wire_send_bytes(client, buffer_data(&bytes), buffer_size(&bytes));
	buffer_fini(&bytes);
	return header->call;
}

const struct frame *wire_receive(struct wire_client *client)
{
	struct error error = { 0 };
	consume_last(client);
	for (;;) {
		int status = frame_read(buffer_data(&client->input), buffer_size(&client->input),
					&limits, &client->arena, &client->frame, &error);
		if (status == RELEVO_OK)
			break;
		assert_int_equal(status, TRY_AGAIN);
		assert_true(receive_some(client) > 0);
	}
	client->consume = client->frame.size;
	return &client->frame;
}

const Relevo__Header *wire_expect(struct wire_client *client, uint64_t call,
				  Relevo__Header__OpCase operation)
{
	const Relevo__Header *header = wire_receive(client)->header;
	if (header->op_case == RELEVO__HEADER__OP_FAILURE &&
	    operation != RELEVO__HEADER__OP_FAILURE)
		print_message("failed: %s\n", header->failure->text);
	assert_int_equal(header->op_case, operation);
	assert_int_equal(header->call, call);
	return header;
}

void wire_expect_done(struct wire_client *client, uint64_t call, uint32_t count)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_DONE);
	assert_int_equal(header->done->count, count);
}

const Relevo__Header *wire_expect_failure(struct wire_client *client, uint64_t call, int status,
					  const char *text)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_FAILURE);
	const Relevo__Failure *failure = header->failure;
	if ((int)failure->status != status || strstr(failure->text, text) == NULL)
		print_message("%s: %s\n", relevo_error_name((int)failure->status), failure->text);
	assert_int_equal(failure->status, status);
	assert_non_null(strstr(failure->text, text));
	return header;
}

uint64_t wire_expect_item(struct wire_client *client, uint64_t call, const char *text)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(header->n_sizes, 1);
	assert_int_equal(header->queue_items->n_leases, 1);
	assert_int_equal(header->sizes[0], strlen(text));
	assert_memory_equal(client->frame.bodies, text, strlen(text));
	return header->queue_items->leases[0];
}

/* ---- calls ------------------------------------------------------------- */

void wire_hello(struct wire_client *client)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	hello.pid = (uint64_t)getpid();
	hello.name = (char *)"test";
	hello.host = (char *)"here";
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	uint64_t call = wire_send(client, &header, NULL);
	const Relevo__Header *answer = wire_expect(client, call, RELEVO__HEADER__OP_WELCOME);
	assert_int_equal(answer->welcome->version, PROTOCOL_VERSION);
}

uint32_t wire_open(struct wire_client *client, const char *name)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)name;
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	uint64_t call = wire_send(client, &header, NULL);
	const Relevo__Header *answer = wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_OPENED);
	assert_int_not_equal(answer->queue_opened->queue, 0);
	return answer->queue_opened->queue;
}

uint64_t wire_send_put(struct wire_client *client, const Relevo__QueuePut *put, const char *text)
{
	uint32_t size = (uint32_t)strlen(text);
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, (Relevo__QueuePut *)put);
	header.n_sizes = 1;
	header.sizes = &size;
	return wire_send(client, &header, text);
}

void wire_put(struct wire_client *client, uint32_t queue, const char *text)
{
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = queue;
	wire_expect_done(client, wire_send_put(client, &put, text), 1);
}

uint64_t wire_send_get(struct wire_client *client, uint32_t queue, uint32_t max_items,
		       uint32_t timeout_ms)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	get.queue = queue;
	get.max_items = max_items;
	get.timeout_ms = timeout_ms;
	Relevo__Header header = WIRE_HEADER(QUEUE_GET, queue_get, &get);
	return wire_send(client, &header, NULL);
}

uint64_t wire_send_ack(struct wire_client *client, uint64_t lease)
{
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	ack.n_leases = 1;
	ack.leases = &lease;
	Relevo__Header header = WIRE_HEADER(QUEUE_ACK, queue_ack, &ack);
	return wire_send(client, &header, NULL);
}

uint64_t wire_send_nack(struct wire_client *client, uint64_t lease, uint64_t delay_ms)
{
	Relevo__QueueNack nack = RELEVO__QUEUE_NACK__INIT;
	nack.n_leases = 1;
	nack.leases = &lease;
	nack.delay_ms = delay_ms;
	Relevo__Header header = WIRE_HEADER(QUEUE_NACK, queue_nack, &nack);
	return wire_send(client, &header, NULL);
}

uint64_t wire_send_flush(struct wire_client *client)
{
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = WIRE_HEADER(FLUSH, flush, &flush);
	return wire_send(client, &header, NULL);
}

uint64_t wire_send_goodbye(struct wire_client *client)
{
	Relevo__Goodbye goodbye = RELEVO__GOODBYE__INIT;
	Relevo__Header header = WIRE_HEADER(GOODBYE, goodbye, &goodbye);
	return wire_send(client, &header, NULL);
}

void wire_round_trip(struct wire_client *client, uint32_t queue)
{
	wire_put(client, queue, "there and back");
	uint64_t call = wire_send_get(client, queue, 1, 0);
	uint64_t lease = wire_expect_item(client, call, "there and back");
	wire_expect_done(client, wire_send_ack(client, lease), 1);
}

int wire_receive_descriptor(struct wire_client *client)
{
	char byte;
	int fd = -1;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fd)];
	} control;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	assert_int_equal(buffer_size(&client->input), client->consume);
	assert_int_equal(recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC), 1);
	assert_true(buffer_append(&client->input, &byte, 1));
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head != NULL)
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}
