/* What a user may have of the broker's memory holds, whatever its clients do. */
#include "base/clock.h"
#include "transcript/scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MIB = 1024 * 1024,
	LIMIT_MIB = 32, /* see `arguments` */
	/* Resident, at the most: a quarter more than was allowed, and the broker itself. */
	MOST_KIB = (LIMIT_MIB + LIMIT_MIB / 4 + 32) * 1024,
	MANY = 200,
};

/* It works no longer at what a siege leaves to do. */
#define IDLE_AFTER (60 * NSEC_PER_SEC)

/* A sanitizer keeps freed memory for itself: only what is said and done counts there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURED = false };
#else
enum { MEASURED = true };
#endif

struct siege {
	struct test_broker broker;
	struct wire_client clients[MANY];
	int count;
	char *bytes; /* MIB of them */
};

static int setup(void **state)
{
	static const char *const arguments[] = { "--max-memory", "32M", "--listen",
						 "tcp://127.0.0.1:0", NULL };
	struct siege *siege = calloc(1, sizeof *siege);
	assert_non_null(siege);
	siege->bytes = calloc(1, MIB);
	assert_non_null(siege->bytes);
	test_broker_start(&siege->broker, arguments);
	*state = siege;
	return 0;
}

static void leave(struct siege *siege)
{
	while (siege->count > 0)
		wire_close(&siege->clients[--siege->count]);
}

/* It has done all that it was asked: it sleeps. How long that takes is counted in its own
 * time: on a busy machine it may have to wait for the processor. */
static void wait_until_idle(const struct siege *siege)
{
	uint64_t before, after = test_broker_cpu(&siege->broker);
	const uint64_t most = after + IDLE_AFTER;
	do {
		assert_true(after < most);
		before = after;
		poll(NULL, 0, 50);
		after = test_broker_cpu(&siege->broker);
	} while (after != before || !test_broker_sleeps(&siege->broker));
}

/* What it holds makes room first. */
static void expect_service(const struct siege *siege)
{
	struct wire_client client;
	wire_connect(&client, siege->broker.url);
	wire_hello(&client);
	Relevo__QueueDelete message = RELEVO__QUEUE_DELETE__INIT;
	Relevo__Header header = WIRE_HEADER(QUEUE_DELETE, queue_delete, &message);
	message.name = (char *)"full";
	wire_send(&client, &header, NULL);
	wire_receive(&client);
	wire_round_trip(&client, wire_open(&client, "after"));
	wire_close(&client);
}

/* When the siege is over, the broker serves as before. */
static int teardown(void **state)
{
	struct siege *siege = *state;
	wait_until_idle(siege);
	long most = test_broker_status(&siege->broker, "VmHWM");
	print_message("at most %ld KiB, %d are allowed\n", most, MOST_KIB);
	leave(siege);
	wait_until_idle(siege);
	expect_service(siege);
	test_broker_stop(&siege->broker);
	free(siege->bytes);
	free(siege);
	return MEASURED && most > MOST_KIB;
}

/* ---- clients that do not care whether the broker refuses ------------------- */

/* False: it takes no more, or has closed. */
static bool pour(const struct wire_client *client, const void *bytes, size_t size)
{
	size_t done = 0;
	while (done < size) {
		struct pollfd poll_fd = { .fd = client->fd, .events = POLLOUT };
		if (poll(&poll_fd, 1, 100) != 1)
			return false;
		ssize_t sent = send(client->fd, (const char *)bytes + done, size - done,
				    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno != EAGAIN)
			return false;
		done += sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

static bool request(struct wire_client *client, Relevo__Header *header, const void *bodies)
{
	header->call = ++client->last_call;
	struct buffer bytes = wire_encode(header, bodies);
	bool sent = pour(client, buffer_data(&bytes), buffer_size(&bytes));
	buffer_fini(&bytes);
	return sent;
}

static bool greet(struct wire_client *client)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	hello.version = PROTOCOL_VERSION;
	Relevo__Header header = WIRE_HEADER(HELLO, hello, &hello);
	return request(client, &header, NULL);
}

/* Handle 1 of that client, if it gets it. */
static void open_queue(struct wire_client *client, const char *name)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	open.name = (char *)name;
	request(client, &header, NULL);
}

static struct wire_client *come(struct siege *siege, const char *url)
{
	struct wire_client *client = &siege->clients[siege->count++];
	wire_connect(client, url);
	return client;
}

/* ---- sieges ----------------------------------------------------------------- */

static void read_cell(struct wire_client *client)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	Relevo__Header header = WIRE_HEADER(CELL_OPEN, cell_open, &open);
	open.name = (char *)"big";
	open.width = 10 * MIB;
	open.count = 1;
	request(client, &header, NULL);
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	Relevo__Header second = WIRE_HEADER(CELL_UPDATE, cell_update, &update);
	update.cell = 1;
	update.read_count = 1;
	request(client, &second, NULL);
}

static void read_cells(struct siege *siege, const char *url)
{
	while (siege->count < MANY) {
		struct wire_client *client = come(siege, url);
		greet(client);
		read_cell(client);
	}
}

static void test_answers_that_nobody_reads(void **state)
{
	struct siege *siege = *state;
	read_cells(siege, siege->broker.url);
}

static void test_answers_that_nobody_reads_tcp(void **state)
{
	struct siege *siege = *state;
	read_cells(siege, siege->broker.more);
}

/* Those who wait for a change of a cell are all answered at once. */
static void wait_for_cell(struct wire_client *client, int times)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	Relevo__Header header = WIRE_HEADER(CELL_OPEN, cell_open, &open);
	open.name = (char *)"awaited";
	open.width = MIB;
	open.count = 1;
	request(client, &header, NULL);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	Relevo__Header second = WIRE_HEADER(CELL_WAIT, cell_wait, &wait);
	wait.cell = 1;
	wait.operation = RELEVO__CELL_OPERATION__CELL_CHANGED;
	wait.timeout_ms = MSEC_FOREVER;
	for (int i = 0; i < times && request(client, &second, NULL); i++)
		;
}

static void test_many_answers_at_once(void **state)
{
	struct siege *siege = *state;
	uint32_t size = MIB, first = 0;
	for (int i = 0; i < MANY; i++) {
		struct wire_client *client = come(siege, siege->broker.url);
		greet(client);
		wait_for_cell(client, 50);
	}
	wait_until_idle(siege);
	Relevo__CellOperation set = RELEVO__CELL_OPERATION__CELL_SET;
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	Relevo__Header header = WIRE_HEADER(CELL_UPDATE, cell_update, &update);
	update.cell = 1;
	update.n_firsts = update.n_operations = 1;
	update.firsts = &first;
	update.operations = &set;
	header.n_sizes = 1;
	header.sizes = &size;
	request(&siege->clients[0], &header, siege->bytes);
}

static void send_halves(struct siege *siege, const char *url)
{
	while (siege->count < MANY) {
		struct wire_client *client = come(siege, url);
		greet(client);
		const uint32_t prefix[2] = { htonl(30 * MIB), htonl(100) };
		bool more = pour(client, prefix, sizeof prefix);
		for (int part = 0; part < 3 && more; part++)
			more = pour(client, siege->bytes, MIB);
	}
}

static void test_frames_that_never_end(void **state)
{
	struct siege *siege = *state;
	send_halves(siege, siege->broker.url);
}

static void test_frames_that_never_end_tcp(void **state)
{
	struct siege *siege = *state;
	send_halves(siege, siege->broker.more);
}

static bool put(struct wire_client *client, const char *bytes, uint32_t size)
{
	Relevo__QueuePut message = RELEVO__QUEUE_PUT__INIT;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &message);
	message.name = (char *)"full";
	message.quiet = true;
	header.n_sizes = 1;
	header.sizes = &size;
	return request(client, &header, bytes);
}

/* Items of all sizes, and answers that are made of copies of them. */
static void test_items_and_copies_of_them(void **state)
{
	struct siege *siege = *state;
	struct wire_client *first = come(siege, siege->broker.url);
	greet(first);
	wire_receive(first);
	wire_open(first, "full");
	for (uint32_t i = 0; i < 20000 && put(first, siege->bytes, 1 + i * 37 % 4000); i++)
		;
	while (siege->count < MANY) {
		struct wire_client *client = come(siege, siege->broker.url);
		Relevo__QueuePeek peek = RELEVO__QUEUE_PEEK__INIT;
		Relevo__Header second = WIRE_HEADER(QUEUE_PEEK, queue_peek, &peek);
		greet(client);
		open_queue(client, "full");
		peek.queue = 1;
		peek.max_items = 1000;
		for (int i = 0; i < 20 && request(client, &second, NULL); i++)
			;
	}
}

/* False: the broker refuses. */
static bool put_batch(struct wire_client *client, const char *bytes, uint32_t size)
{
	enum { MOST = 1000 };
	uint32_t sizes[MOST];
	Relevo__QueuePut message = RELEVO__QUEUE_PUT__INIT;
	Relevo__Header header = WIRE_HEADER(QUEUE_PUT, queue_put, &message);
	message.name = (char *)"full";
	header.sizes = sizes;
	while (header.n_sizes < MOST && (header.n_sizes + 1) * size <= MIB)
		sizes[header.n_sizes++] = size;
	wire_send(client, &header, bytes);
	return wire_receive(client)->header->op_case != RELEVO__HEADER__OP_FAILURE;
}

/* Take what is there out, but for every 16th, which stays leased. */
static bool thin_out(struct wire_client *client, uint32_t queue)
{
	wire_send_get(client, queue, 1000, 0);
	const Relevo__Header *answer = wire_receive(client)->header;
	if (answer->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS)
		return false;
	uint64_t leases[1000];
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	Relevo__Header header = WIRE_HEADER(QUEUE_ACK, queue_ack, &ack);
	ack.leases = leases;
	for (size_t i = 0; i < answer->queue_items->n_leases; i++)
		if (i % 16 != 0)
			leases[ack.n_leases++] = answer->queue_items->leases[i];
	if (ack.n_leases > 0) {
		wire_send(client, &header, NULL);
		wire_receive(client);
	}
	return true;
}

/* What stays of items of each size keeps the pages of all of them. */
static void leave_gaps(struct siege *siege)
{
	static const uint32_t sizes[] = { 40, 100, 300, 1000, 5000, 20000 };
	struct wire_client *client = come(siege, siege->broker.url);
	wire_hello(client);
	uint32_t queue = wire_open(client, "full");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		while (put_batch(client, siege->bytes, sizes[i]))
			;
		while (thin_out(client, queue))
			;
	}
}

static void test_items_that_leave_gaps(void **state)
{
	leave_gaps(*state);
}

/* Little is charged then, and much may be on top of it. */
static void test_gaps_and_frames_that_never_end(void **state)
{
	struct siege *siege = *state;
	leave_gaps(siege);
	send_halves(siege, siege->broker.url);
}

static void test_gaps_and_answers_that_nobody_reads(void **state)
{
	struct siege *siege = *state;
	leave_gaps(siege);
	read_cells(siege, siege->broker.url);
}

static void come_and_stay(struct siege *siege, const char *url)
{
	while (siege->count < MANY) {
		struct wire_client *client = come(siege, url);
		greet(client);
		open_queue(client, "empty");
		for (int n = 0; n < 4000; n++) {
			Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
			Relevo__Header header = WIRE_HEADER(QUEUE_GET, queue_get, &get);
			get.queue = 1;
			get.timeout_ms = MSEC_FOREVER;
			if (!request(client, &header, NULL))
				break;
		}
	}
}

static void test_calls_that_wait(void **state)
{
	struct siege *siege = *state;
	come_and_stay(siege, siege->broker.url);
}

static void test_gaps_and_calls_that_wait(void **state)
{
	struct siege *siege = *state;
	leave_gaps(siege);
	come_and_stay(siege, siege->broker.url);
}

int main(void)
{
#define siege_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		siege_test(test_answers_that_nobody_reads),
		siege_test(test_answers_that_nobody_reads_tcp),
		siege_test(test_many_answers_at_once),
		siege_test(test_frames_that_never_end),
		siege_test(test_frames_that_never_end_tcp),
		siege_test(test_items_and_copies_of_them),
		siege_test(test_items_that_leave_gaps),
		siege_test(test_calls_that_wait),
		siege_test(test_gaps_and_frames_that_never_end),
		siege_test(test_gaps_and_answers_that_nobody_reads),
		siege_test(test_gaps_and_calls_that_wait),
	};
	return cmocka_run_group_tests_name("transcript/memory", tests, NULL, NULL);
}
