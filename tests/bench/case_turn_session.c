/* How long another waits, at the worst, while a client does its worst by cells and sessions. */
#include "base/clock.h"
#include "bench/attack.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "wire/protocol.h"

enum { ARMY = 40, WAITS = 4000, WILLS = 4000, UPDATES = 1000, LOOKS = 4000 };
enum { LEASES = 950000, HANDLES = 65000 };
enum { ELEMENTS = ARMY * WAITS, ARRAY_UPDATES = 20 }; /* more than may be waited for */

/* Sessions besides the attack's own, which goes on when they end. */
static struct raw_client army[ARMY], leader;

/* ---- what attacks are made of ------------------------------------------- */

/* Handles are numbered from 1. */
static void open_cell(struct raw_client *client)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)"turn-cell";
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_INT64;
	open.count = 1;
	Relevo__Header header = RAW_HEADER(CELL_OPEN, cell_open, &open);
	const Relevo__Header *answer = raw_client_await(client, raw_client_add(client, &header));
	if (answer->op_case != RELEVO__HEADER__OP_CELL_OPENED || answer->cell_opened->cell != 1)
		die("the cell cannot be opened");
}

static void add_number(struct raw_client *client, Relevo__Header *header, int64_t number)
{
	uint32_t size = sizeof number;
	header->n_sizes = 1;
	header->sizes = &size;
	raw_client_add_with(client, header, &number);
}

static void await_number(struct raw_client *client, int64_t number)
{
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = 1;
	wait.operation = RELEVO__CELL_OPERATION__CELL_EQUAL;
	wait.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = RAW_HEADER(CELL_WAIT, cell_wait, &wait);
	add_number(client, &header, number);
}

/* One more, now or when the session ends. */
static void count_up(struct raw_client *client, bool as_will)
{
	uint32_t first = 0;
	Relevo__CellOperation operation = RELEVO__CELL_OPERATION__CELL_ADD;
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	update.cell = 1;
	update.firsts = &first;
	update.operations = &operation;
	update.n_firsts = update.n_operations = 1;
	update.will_terms = as_will;
	Relevo__Header header = RAW_HEADER(CELL_UPDATE, cell_update, &update);
	add_number(client, &header, 1);
}

/* All wait for the cell to be that. */
static void raise_army(struct raw_client *client, int64_t number)
{
	open_cell(client);
	for (int i = 0; i < ARMY; i++) {
		raw_client_open(&army[i], client->url);
		open_cell(&army[i]);
		for (int j = 0; j < WAITS; j++)
			await_number(&army[i], number);
		raw_client_flush(&army[i]);
	}
}

/* ---- an array ------------------------------------------------------------- */

static void open_array(struct raw_client *client)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)"turn-array";
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_INT64;
	open.count = ELEMENTS;
	Relevo__Header header = RAW_HEADER(CELL_OPEN, cell_open, &open);
	const Relevo__Header *answer = raw_client_await(client, raw_client_add(client, &header));
	if (answer->op_case != RELEVO__HEADER__OP_CELL_OPENED || answer->cell_opened->cell != 1)
		die("the array cannot be opened");
}

/* Each of its elements is waited for by somebody, to be what it never is. */
static void prepare_array(struct raw_client *client)
{
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = 1;
	wait.operation = RELEVO__CELL_OPERATION__CELL_EQUAL;
	wait.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = RAW_HEADER(CELL_WAIT, cell_wait, &wait);
	open_array(client);
	for (int i = 0; i < ARMY; i++) {
		raw_client_open(&army[i], client->url);
		open_array(&army[i]);
		for (int j = 0; j < WAITS; j++, wait.first++)
			add_number(&army[i], &header, -1);
		raw_client_flush(&army[i]);
	}
}

static void strike_array(struct raw_client *client)
{
	static int64_t ones[ELEMENTS];
	uint32_t first = 0, size = sizeof ones;
	Relevo__CellOperation operation = RELEVO__CELL_OPERATION__CELL_SET;
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	update.cell = 1;
	update.firsts = &first;
	update.operations = &operation;
	update.n_firsts = update.n_operations = 1;
	Relevo__Header header = RAW_HEADER(CELL_UPDATE, cell_update, &update);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < ARRAY_UPDATES; i++)
		raw_client_add_with(client, &header, ones);
}

static void open_queue(struct raw_client *client)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"turn-queue";
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	Relevo__Header header = RAW_HEADER(QUEUE_OPEN, queue_open, &open);
	raw_client_add(client, &header);
}

/* All that is put is leased. */
static void hold_many(struct raw_client *client)
{
	static uint32_t sizes[FRAME_MAX_ITEMS];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	put.queue = get.queue = 1;
	open_queue(client);
	for (uint32_t left = LEASES; left > 0; left -= get.max_items) {
		get.max_items = left < FRAME_MAX_ITEMS ? left : FRAME_MAX_ITEMS;
		Relevo__Header putting = RAW_HEADER(QUEUE_PUT, queue_put, &put);
		Relevo__Header getting = RAW_HEADER(QUEUE_GET, queue_get, &get);
		putting.n_sizes = get.max_items;
		putting.sizes = sizes;
		raw_client_add(client, &putting);
		raw_client_add(client, &getting);
	}
	raw_client_flush(client);
}

/* ---- attacks ------------------------------------------------------------- */

/* No update serves any of them. */
static void prepare_in_vain(struct raw_client *client)
{
	raise_army(client, -1);
}

/* One serves all. */
static void prepare_to_serve(struct raw_client *client)
{
	raise_army(client, UPDATES / 2);
}

static void prepare_wills(struct raw_client *client)
{
	raise_army(client, WILLS / 2);
	raw_client_open(&leader, client->url);
	open_cell(&leader);
	for (int i = 0; i < WILLS; i++)
		count_up(&leader, true);
	raw_client_flush(&leader);
}

static void prepare_leases(struct raw_client *client)
{
	raw_client_open(&leader, client->url);
	hold_many(&leader);
}

static void prepare_handles(struct raw_client *client)
{
	raw_client_open(&leader, client->url);
	for (int i = 0; i < HANDLES; i++)
		open_queue(&leader);
	raw_client_flush(&leader);
}

static void strike_updates(struct raw_client *client)
{
	for (int i = 0; i < UPDATES; i++)
		count_up(client, false);
}

static void strike_end_of_leader(struct raw_client *client)
{
	(void)client;
	raw_client_close(&leader);
}

static void strike_end_of_army(struct raw_client *client)
{
	(void)client;
	for (int i = 0; i < ARMY; i++)
		raw_client_close(&army[i]);
}

static void strike_looks(struct raw_client *client)
{
	Relevo__SessionList list = RELEVO__SESSION_LIST__INIT;
	Relevo__Header header = RAW_HEADER(SESSION_LIST, session_list, &list);
	for (int i = 0; i < LOOKS; i++)
		raw_client_add(client, &header);
}

/* ---- figures --------------------------------------------------------------- */

double turn_updates(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_in_vain, strike_updates });
}

double turn_array(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_array, strike_array });
}

double turn_served(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_to_serve, strike_updates });
}

double turn_wills(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_wills, strike_end_of_leader });
}

double turn_waits_end(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_in_vain, strike_end_of_army });
}

double turn_looks(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_in_vain, strike_looks });
}

double turn_look_at_leases(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_leases, strike_looks });
}

double turn_leases_end(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_leases, strike_end_of_leader });
}

double turn_handles_end(const struct fixture *fixture)
{
	return attack_worst(fixture, &(struct attack){ prepare_handles, strike_end_of_leader });
}
