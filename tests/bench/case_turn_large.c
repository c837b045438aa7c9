/* How long another waits, at the worst, while a client has much moved at a time. */
#include "bench/attack.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "wire/protocol.h"

enum { LARGE = 30 * 1024 * 1024, TIMES = 4 };

static uint8_t contents[LARGE];

/* A new one that nobody has touched; handles are numbered from 1. */
static uint32_t open_large(struct raw_client *client, bool with_contents)
{
	uint32_t size = LARGE;
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_UINT8;
	open.count = LARGE;
	Relevo__Header header = RAW_HEADER(CELL_OPEN, cell_open, &open);
	header.n_sizes = with_contents;
	header.sizes = &size;
	uint64_t call = raw_client_add_with(client, &header, contents);
	const Relevo__Header *answer = raw_client_await(client, call);
	if (answer->op_case != RELEVO__HEADER__OP_CELL_OPENED)
		die("a large cell cannot be opened");
	return answer->cell_opened->cell;
}

/* Set all of it, or nothing, and read all, or nothing. */
static void add_large_update(struct raw_client *client, uint32_t cell, bool set, bool read)
{
	uint32_t first = 0, size = LARGE;
	Relevo__CellOperation operation = RELEVO__CELL_OPERATION__CELL_SET;
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	update.cell = cell;
	update.firsts = &first;
	update.operations = &operation;
	update.n_firsts = update.n_operations = set;
	update.read_count = read ? LARGE : 0;
	Relevo__Header header = RAW_HEADER(CELL_UPDATE, cell_update, &update);
	header.n_sizes = set;
	header.sizes = &size;
	raw_client_add_with(client, &header, contents);
}

static void close_large(struct raw_client *client, uint32_t cell)
{
	Relevo__CellClose close = RELEVO__CELL_CLOSE__INIT;
	close.cell = cell;
	Relevo__Header header = RAW_HEADER(CELL_CLOSE, cell_close, &close);
	raw_client_add(client, &header);
}

static void prepare_nothing(struct raw_client *client)
{
	(void)client;
}

static void touch_first(struct raw_client *client, bool set, bool read)
{
	for (int i = 0; i < TIMES; i++) {
		uint32_t cell = open_large(client, false);
		add_large_update(client, cell, set, read);
		close_large(client, cell);
	}
}

static void strike_reads(struct raw_client *client)
{
	touch_first(client, false, true);
}

static void strike_sets(struct raw_client *client)
{
	touch_first(client, true, false);
}

static void strike_both(struct raw_client *client)
{
	touch_first(client, true, true);
}

static void strike_creations(struct raw_client *client)
{
	for (int i = 0; i < TIMES; i++)
		close_large(client, open_large(client, true));
}

static void strike_items(struct raw_client *client)
{
	uint32_t size = LARGE;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	Relevo__Header opening = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = raw_client_await(client, raw_client_add(client, &opening))->queue_opened->queue;
	Relevo__Header header = RAW_HEADER(QUEUE_PUT, queue_put, &put);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < TIMES; i++)
		(void)raw_client_await(client, raw_client_add_with(client, &header, contents));
}

static const struct attack reading = { prepare_nothing, strike_reads };
static const struct attack setting = { prepare_nothing, strike_sets };
static const struct attack both = { prepare_nothing, strike_both };
static const struct attack creating = { prepare_nothing, strike_creations };
static const struct attack putting = { prepare_nothing, strike_items };

double turn_large_read(const struct fixture *fixture)
{
	return attack_worst(fixture, &reading);
}

double turn_large_set(const struct fixture *fixture)
{
	return attack_worst(fixture, &setting);
}

double turn_large_both(const struct fixture *fixture)
{
	return attack_worst(fixture, &both);
}

double turn_large_create(const struct fixture *fixture)
{
	return attack_worst(fixture, &creating);
}

double turn_large_put(const struct fixture *fixture)
{
	return attack_worst(fixture, &putting);
}
