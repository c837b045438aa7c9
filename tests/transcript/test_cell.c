/* cell.proto, conversation by conversation. */
#include "transcript/scene.h"

#include <string.h>

/* Cells here are made of bytes that count: uint8. */
static uint32_t open_cell(struct wire_client *client, const char *name, uint32_t count)
{
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)name;
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_UINT8;
	open.count = count;
	open.purpose = (char *)"test";
	Relevo__Header header = WIRE_HEADER(CELL_OPEN, cell_open, &open);
	uint64_t call = wire_send(client, &header, NULL);
	return wire_expect(client, call, RELEVO__HEADER__OP_CELL_OPENED)->cell_opened->cell;
}

/* One operation for each byte of `operands`, on elements 0, 1, ... The update tells
 * `read` elements. */
struct update {
	uint32_t cell;
	const char *operands;
	Relevo__CellOperation operations[4];
	uint32_t will_terms;
	uint64_t withdraw;
	uint32_t read;
};

static uint64_t send_update(struct wire_client *client, const struct update *update)
{
	uint32_t firsts[4] = { 0, 1, 2, 3 };
	uint32_t sizes[4] = { 1, 1, 1, 1 };
	Relevo__CellUpdate message = RELEVO__CELL_UPDATE__INIT;
	message.cell = update->cell;
	message.firsts = firsts;
	message.operations = (Relevo__CellOperation *)update->operations;
	message.n_firsts = message.n_operations = strlen(update->operands);
	message.will_terms = update->will_terms;
	message.withdraw = update->withdraw;
	message.read_count = update->read;
	Relevo__Header header = WIRE_HEADER(CELL_UPDATE, cell_update, &message);
	header.n_sizes = message.n_firsts;
	header.sizes = sizes;
	return wire_send(client, &header, update->operands);
}

static const Relevo__CellState *expect_state(struct wire_client *client, uint64_t call,
					     const char *bytes)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_CELL_STATE);
	assert_int_equal(header->n_sizes, bytes[0] != '\0');
	if (header->n_sizes > 0) {
		assert_int_equal(header->sizes[0], strlen(bytes));
		assert_memory_equal(client->frame.bodies, bytes, strlen(bytes));
	}
	return header->cell_state;
}

static uint64_t send_wait(struct wire_client *client, const Relevo__CellWait *wait,
			  const char *operand)
{
	uint32_t size = (uint32_t)strlen(operand);
	Relevo__Header header = WIRE_HEADER(CELL_WAIT, cell_wait, (Relevo__CellWait *)wait);
	header.n_sizes = size > 0;
	header.sizes = &size;
	return wire_send(client, &header, operand);
}

static void set_first(struct wire_client *client, uint32_t cell, const char *byte)
{
	const struct update set = { cell, byte, { RELEVO__CELL_OPERATION__CELL_SET }, 0, 0, 0 };
	expect_state(client, send_update(client, &set), "");
}

/* ---- open --------------------------------------------------------------- */

static void test_open_tells_what_the_cell_is(void **state)
{
	struct scene *scene = *state;
	uint32_t size = 12;
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)"texts";
	open.width = 4;
	open.count = 3;
	Relevo__Header header = WIRE_HEADER(CELL_OPEN, cell_open, &open);
	header.n_sizes = 1;
	header.sizes = &size;
	for (int i = 0; i < 2; i++) {
		uint64_t call = wire_send(&scene->client, &header, "one.two.six.");
		const Relevo__CellOpened *opened =
			wire_expect(&scene->client, call, RELEVO__HEADER__OP_CELL_OPENED)
				->cell_opened;
		assert_string_equal(opened->name, "texts");
		assert_int_equal(opened->created, i == 0);
		assert_int_equal(opened->type, RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_BYTES);
		assert_int_equal(opened->width, 4);
		assert_int_equal(opened->count, 3);
		assert_int_not_equal(opened->identity, 0);
		uint32_t cell = opened->cell;
		const struct update read = { cell, "", { 0 }, 0, 0, 2 };
		expect_state(&scene->client, send_update(&scene->client, &read), "one.two.");
	}
	open.count = 4;
	size = 16;
	uint64_t call = wire_send(&scene->client, &header, "one.two.six.ten.");
	wire_expect_failure(&scene->client, call, RELEVO_OPTION_MISMATCH, "texts");
}

static void expect_refused(struct wire_client *client, Relevo__CellOpen *open, int status,
			   const char *text)
{
	Relevo__Header header = WIRE_HEADER(CELL_OPEN, cell_open, open);
	wire_expect_failure(client, wire_send(client, &header, NULL), status, text);
}

static void test_open_refuses_what_it_does_not_know(void **state)
{
	struct scene *scene = *state;
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)"strange";
	open.mode = 9;
	expect_refused(&scene->client, &open, RELEVO_BAD_ARGUMENT, "mode 9 is not known");
	open.mode = RELEVO__OPEN_MODE__OPEN_OR_CREATE;
	open.lifetime = -1;
	expect_refused(&scene->client, &open, RELEVO_BAD_ARGUMENT, "lifetime -1 is not known");
	open.lifetime = RELEVO__LIFETIME__LIFETIME_KEPT;
	open.type = 12;
	expect_refused(&scene->client, &open, RELEVO_BAD_ARGUMENT, "type 12 is not known");
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_BYTES;
	open.count = 1;
	expect_refused(&scene->client, &open, RELEVO_BAD_ARGUMENT, "without a byte");
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_INT64;
	open.count = UINT32_MAX;
	expect_refused(&scene->client, &open, RELEVO_TOO_LARGE, "34359738360 bytes is larger");
	open.name = (char *)"bad\n";
	open.count = 1;
	expect_refused(&scene->client, &open, RELEVO_BAD_NAME, "control character");
}

static void test_close_and_delete(void **state)
{
	struct scene *scene = *state;
	uint32_t cell = open_cell(&scene->client, "gone", 1);
	uint32_t other = open_cell(&scene->bystander, "gone", 1);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = other;
	wait.operation = RELEVO__CELL_OPERATION__CELL_NOT_EQUAL;
	wait.timeout_ms = UINT32_MAX;
	uint64_t waiting = send_wait(&scene->bystander, &wait, "x");
	wire_expect(&scene->bystander, waiting, RELEVO__HEADER__OP_CELL_STATE);
	wait.operation = RELEVO__CELL_OPERATION__CELL_EQUAL;
	waiting = send_wait(&scene->bystander, &wait, "x");
	Relevo__CellClose close = RELEVO__CELL_CLOSE__INIT;
	close.cell = cell;
	Relevo__Header header = WIRE_HEADER(CELL_CLOSE, cell_close, &close);
	wire_expect_done(&scene->client, wire_send(&scene->client, &header, NULL), 0);
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "no cell with the number");
	Relevo__CellDelete delete = RELEVO__CELL_DELETE__INIT;
	delete.name = (char *)"gone";
	delete.purpose = (char *)"event";
	Relevo__Header deletion = WIRE_HEADER(CELL_DELETE, cell_delete, &delete);
	wire_expect_failure(&scene->client, wire_send(&scene->client, &deletion, NULL),
			    RELEVO_OPTION_MISMATCH, "of the kind test, not event");
	delete.purpose = (char *)"test";
	wire_expect_done(&scene->client, wire_send(&scene->client, &deletion, NULL), 0);
	wire_expect_failure(&scene->bystander, waiting, RELEVO_GONE, "\"gone\" was deleted");
}

/* ---- update and wait ------------------------------------------------------ */

static void test_an_update_checks_changes_and_tells(void **state)
{
	struct scene *scene = *state;
	const struct update update = {
		.cell = open_cell(&scene->client, "x", 3),
		.operands = "a\x02",
		.operations = { RELEVO__CELL_OPERATION__CELL_SET,
				RELEVO__CELL_OPERATION__CELL_ADD },
		.read = 2,
	};
	expect_state(&scene->client, send_update(&scene->client, &update), "a\x02");
	const Relevo__CellState *cell =
		expect_state(&scene->client, send_update(&scene->client, &update), "a\x04");
	assert_true(cell->applied);
	assert_int_equal(cell->version, 2);
	const struct update check = {
		.cell = update.cell,
		.operands = "b\x01",
		.operations = { RELEVO__CELL_OPERATION__CELL_EQUAL,
				RELEVO__CELL_OPERATION__CELL_ADD },
		.read = 2,
	};
	cell = expect_state(&scene->client, send_update(&scene->client, &check), "a\x04");
	assert_false(cell->applied);
	assert_int_equal(cell->version, 2);
}

static void test_terms_have_to_fit_together(void **state)
{
	struct scene *scene = *state;
	uint32_t numbers[2] = { 0, 0 };
	uint32_t sizes[200];
	Relevo__CellOperation operation = 77;
	Relevo__CellUpdate update = RELEVO__CELL_UPDATE__INIT;
	Relevo__Header header = WIRE_HEADER(CELL_UPDATE, cell_update, &update);
	update.cell = open_cell(&scene->client, "x", 2);
	update.firsts = numbers;
	update.n_firsts = 2;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "2 places, 0 operations and 0 operands");
	update.n_firsts = 0;
	update.will_terms = 1;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "an update with");
	update.will_terms = 0;
	update.n_firsts = update.n_operations = header.n_sizes = 1;
	update.operations = &operation;
	header.sizes = sizes;
	sizes[0] = 1;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, "x"),
			    RELEVO_BAD_ARGUMENT, "operation 77");
	operation = RELEVO__CELL_OPERATION__CELL_SET;
	sizes[0] = 3;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, "xxx"),
			    RELEVO_BAD_ARGUMENT, "2 elements, and no 3 from number 0 on");
	sizes[0] = 0;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_BAD_ARGUMENT, "an operand of 0 bytes");
}

static void test_a_wait_is_answered_by_the_change(void **state)
{
	struct scene *scene = *state;
	uint32_t cell = open_cell(&scene->client, "x", 1);
	uint32_t other = open_cell(&scene->bystander, "x", 1);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = cell;
	wait.operation = RELEVO__CELL_OPERATION__CELL_GREATER;
	wait.timeout_ms = UINT32_MAX;
	uint64_t call = send_wait(&scene->client, &wait, "b");
	set_first(&scene->bystander, other, "b");
	wire_expect_silence(&scene->client, 50);
	set_first(&scene->bystander, other, "c");
	set_first(&scene->bystander, other, "a");
	const Relevo__CellState *seen = expect_state(&scene->client, call, "c");
	assert_true(seen->applied);
	assert_int_equal(seen->version, 2);
	wait.timeout_ms = 0;
	wire_expect_failure(&scene->client, send_wait(&scene->client, &wait, "b"), RELEVO_TIMED_OUT,
			    "the test \"x\" was not in time");
	wait.timeout_ms = 30;
	wire_expect_failure(&scene->client, send_wait(&scene->client, &wait, "b"), RELEVO_TIMED_OUT,
			    "x");
	wait.operation = RELEVO__CELL_OPERATION__CELL_CHANGED;
	wait.version = 2;
	expect_state(&scene->client, send_wait(&scene->client, &wait, ""), "");
}

/* ---- wills ------------------------------------------------------------------ */

static uint64_t leave_will(struct wire_client *client, uint32_t cell, const char *byte)
{
	const struct update will = {
		.cell = cell,
		.operands = byte,
		.operations = { RELEVO__CELL_OPERATION__CELL_SET },
		.will_terms = 1,
		.read = 1,
	};
	uint64_t call = send_update(client, &will);
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_CELL_STATE);
	assert_int_not_equal(header->cell_state->will, 0);
	return header->cell_state->will;
}

static void test_a_will_outlives_its_connection(void **state)
{
	struct scene *scene = *state;
	struct wire_client mortal;
	uint32_t cell = open_cell(&scene->client, "x", 1);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = cell;
	wait.operation = RELEVO__CELL_OPERATION__CELL_NOT_EQUAL;
	wait.timeout_ms = UINT32_MAX;
	wire_connect(&mortal, scene->broker.url);
	wire_hello(&mortal);
	uint32_t theirs = open_cell(&mortal, "x", 1);
	set_first(&mortal, theirs, "a");
	leave_will(&mortal, theirs, "z");
	uint64_t call = send_wait(&scene->client, &wait, "a");
	/* It has not said goodbye. */
	wire_close(&mortal);
	expect_state(&scene->client, call, "z");
}

static void test_a_will_goes_with_a_wait(void **state)
{
	struct scene *scene = *state;
	uint32_t cell = open_cell(&scene->client, "x", 1);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = cell;
	wait.operation = RELEVO__CELL_OPERATION__CELL_EQUAL;
	const struct update read = { cell, "", { 0 }, 0, 0, 1 };
	set_first(&scene->client, cell, "a");
	wait.will = leave_will(&scene->client, cell, "z");
	expect_state(&scene->client, send_wait(&scene->client, &wait, "a"), "a");
	wire_expect_failure(&scene->client, send_wait(&scene->client, &wait, "a"),
			    RELEVO_BAD_ARGUMENT, "no will");
	wait.will = leave_will(&scene->client, cell, "z");
	wire_expect_failure(&scene->client, send_wait(&scene->client, &wait, "b"), RELEVO_TIMED_OUT,
			    "x");
	expect_state(&scene->client, send_update(&scene->client, &read), "z");
}

static void test_a_will_can_be_carried_out_or_withdrawn(void **state)
{
	struct scene *scene = *state;
	uint32_t cell = open_cell(&scene->client, "x", 1);
	struct update read = { cell, "", { 0 }, 0, 0, 1 };
	Relevo__CellGiveUp give_up = RELEVO__CELL_GIVE_UP__INIT;
	Relevo__Header header = WIRE_HEADER(CELL_GIVE_UP, cell_give_up, &give_up);
	give_up.will = leave_will(&scene->client, cell, "z");
	wire_send(&scene->client, &header, NULL);
	wire_send(&scene->client, &header, NULL);
	expect_state(&scene->client, send_update(&scene->client, &read), "z");
	give_up.will = read.withdraw = leave_will(&scene->client, cell, "y");
	expect_state(&scene->client, send_update(&scene->client, &read), "z");
	wire_send(&scene->client, &header, NULL);
	wire_expect_failure(&scene->client, send_update(&scene->client, &read), RELEVO_BAD_ARGUMENT,
			    "no will of the number");
	read.withdraw = 0;
	expect_state(&scene->client, send_update(&scene->client, &read), "z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_open_tells_what_the_cell_is),
		scene_test(test_open_refuses_what_it_does_not_know),
		scene_test(test_close_and_delete),
		scene_test(test_an_update_checks_changes_and_tells),
		scene_test(test_terms_have_to_fit_together),
		scene_test(test_a_wait_is_answered_by_the_change),
		scene_test(test_a_will_outlives_its_connection),
		scene_test(test_a_will_goes_with_a_wait),
		scene_test(test_a_will_can_be_carried_out_or_withdrawn),
	};
	return cmocka_run_group_tests_name("cell", tests, NULL, NULL);
}
