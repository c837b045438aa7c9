#include "net/output.h"

#include "support/test.h"

#include "support/leaks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An owner that counts who holds it. */
struct owner {
	int held;
	bool refuses;
	uint8_t bytes[2 * OUTPUT_REFER_FROM];
};

static bool hold(void *context, void *owner)
{
	struct owner *self = owner;
	(void)context;
	if (self->refuses)
		return false;
	self->held++;
	return true;
}

static void release(void *context, void *owner)
{
	(void)context;
	((struct owner *)owner)->held--;
}

static const struct output_owners owners = { NULL, hold, release };

/* A listener and both ends of a connection to it. */
struct line {
	struct listener *listener;
	struct channel *near;
	struct channel *far;
};

static void line_open(struct line *line)
{
	char url[64];
	struct address address;
	snprintf(url, sizeof url, "abstract://relevo-test-output-%d", (int)getpid());
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_OK);
	assert_int_equal(listener_open(&address, &line->listener, NULL), RELEVO_OK);
	assert_int_equal(channel_connect(&address, NSEC_NEVER, &line->far, NULL), RELEVO_OK);
	assert_int_equal(listener_accept(line->listener, &line->near), RELEVO_OK);
}

static void line_close(struct line *line)
{
	channel_close(line->near);
	channel_close(line->far);
	listener_close(line->listener);
}

/* What has arrived at the far end, appended to `bytes`. */
static void drain(struct line *line, struct buffer *bytes)
{
	enum { PART = 64 * 1024 };
	size_t got = 0;
	uint8_t *room = buffer_reserve(bytes, PART);
	assert_non_null(room);
	while (channel_receive(line->far, room, PART, &got) == RELEVO_OK) {
		buffer_commit(bytes, got);
		room = buffer_reserve(bytes, PART);
		assert_non_null(room);
	}
}

static Relevo__QueueItems items = {
	.base = PROTOBUF_C_MESSAGE_INIT(&relevo__queue_items__descriptor),
};

/* Append a frame with these bodies, and what it looks like to `expected`. */
static void append(struct output *output, const struct output_body *bodies, size_t count,
		   struct buffer *expected)
{
	uint32_t sizes[8];
	Relevo__Header header = RELEVO__HEADER__INIT;
	assert_true(count <= 8);
	for (size_t i = 0; i < count; i++)
		sizes[i] = (uint32_t)bodies[i].size;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ITEMS;
	header.queue_items = &items;
	header.n_sizes = count;
	header.sizes = sizes;
	assert_int_equal(output_append(output, &header, bodies), RELEVO_OK);
	assert_true(frame_append_head(expected, &header, frame_bodies_size(&header)));
	for (size_t i = 0; i < count; i++)
		assert_true(buffer_append(expected, bodies[i].bytes, bodies[i].size));
}

static void expect_equal(const struct buffer *got, const struct buffer *expected)
{
	assert_int_equal(buffer_size(got), buffer_size(expected));
	assert_memory_equal(buffer_data(got), buffer_data(expected), buffer_size(got));
}

/* Who pays for what waits. */
static struct accounts payers;
static struct account *payer;

static int setup(void **state)
{
	accounts_init(&payers, 1, 1 << 20, 10);
	payer = account_get(&payers, 1);
	return leaks_setup(state) != 0 || payer == NULL;
}

static int teardown(void **state)
{
	size_t used = payer->used;
	account_drop(payer);
	accounts_fini(&payers);
	return leaks_teardown(state) != 0 || used != 0;
}

static struct output output_with(struct buffer *spare)
{
	return (struct output){ .owners = &owners, .spare = spare, .bill.account = payer };
}

static struct owner *owner_new(uint8_t fill)
{
	struct owner *owner = calloc(1, sizeof *owner);
	assert_non_null(owner);
	memset(owner->bytes, fill, sizeof owner->bytes);
	return owner;
}

static void test_small_bodies_are_copied_and_big_ones_held(void **state)
{
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct buffer expected = { 0 }, got = { 0 };
	struct owner *small = owner_new('s'), *big = owner_new('b'), *stubborn = owner_new('r');
	struct line line;
	(void)state;
	stubborn->refuses = true;
	line_open(&line);
	const struct output_body bodies[] = {
		{ small->bytes, OUTPUT_REFER_FROM - 1, small },
		{ big->bytes, OUTPUT_REFER_FROM, big },
		{ stubborn->bytes, OUTPUT_REFER_FROM, stubborn },
		{ big->bytes, sizeof big->bytes, NULL },
		{ small->bytes, 0, small },
		{ big->bytes, sizeof big->bytes, big },
	};
	append(&output, bodies, 6, &expected);
	assert_int_equal(small->held, 0);
	assert_int_equal(big->held, 2);
	assert_int_equal(output.size, buffer_size(&expected));
	assert_int_equal(output_send(&output, line.near), RELEVO_OK);
	assert_int_equal(output.size, 0);
	assert_int_equal(big->held, 0);
	drain(&line, &got);
	expect_equal(&got, &expected);
	line_close(&line);
	output_fini(&output);
	buffer_fini(&spare);
	buffer_fini(&expected);
	buffer_fini(&got);
	free(small);
	free(big);
	free(stubborn);
}

static void test_a_full_socket_takes_the_rest_later(void **state)
{
	enum { FRAMES = 2000 };
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct buffer expected = { 0 }, got = { 0 };
	struct owner *big = owner_new('b');
	struct line line;
	int turns = 0, status;
	(void)state;
	line_open(&line);
	for (int i = 0; i < FRAMES; i++) {
		const struct output_body bodies[] = {
			{ "small", 5, NULL },
			{ big->bytes, OUTPUT_REFER_FROM + (size_t)i, big },
		};
		append(&output, bodies, 2, &expected);
	}
	assert_int_equal(big->held, FRAMES);
	while ((status = output_send(&output, line.near)) == TRY_AGAIN || output.size > 0) {
		drain(&line, &got);
		turns++;
	}
	assert_int_equal(status, RELEVO_OK);
	assert_true(turns > 1);
	assert_int_equal(big->held, 0);
	drain(&line, &got);
	expect_equal(&got, &expected);
	line_close(&line);
	output_fini(&output);
	buffer_fini(&spare);
	buffer_fini(&expected);
	buffer_fini(&got);
	free(big);
}

static void test_what_is_not_sent_is_released(void **state)
{
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct buffer expected = { 0 };
	struct owner *big = owner_new('b');
	struct line line;
	(void)state;
	line_open(&line);
	const struct output_body body = { big->bytes, sizeof big->bytes, big };
	append(&output, &body, 1, &expected);
	output_discard(&output);
	assert_int_equal(output.size, 0);
	assert_int_equal(big->held, 0);
	/* It can be used again. */
	append(&output, &body, 1, &expected);
	channel_close(line.far);
	line.far = NULL;
	assert_int_equal(output_send(&output, line.near), RELEVO_DISCONNECTED);
	assert_int_equal(big->held, 1);
	output_fini(&output);
	buffer_fini(&spare);
	assert_int_equal(big->held, 0);
	line_close(&line);
	buffer_fini(&expected);
	free(big);
}

static struct descriptor *descriptor_of(struct account *account)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(account_charge(account, 1000));
	struct descriptor *descriptor = descriptor_new(fd, account, 1000);
	assert_non_null(descriptor);
	return descriptor;
}

/* Between other frames, at the place of its own, after its object is gone. */
static void test_a_descriptor_goes_with_its_frame(void **state)
{
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct buffer expected = { 0 }, got = { 0 };
	struct accounts accounts;
	struct line line;
	(void)state;
	line_open(&line);
	accounts_init(&accounts, 1, 10000, 10);
	struct account *account = account_get(&accounts, 1);
	struct descriptor *descriptor = descriptor_of(account);
	const struct output_body body = { "small", 5, NULL };
	Relevo__Done done = RELEVO__DONE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_DONE;
	header.done = &done;
	append(&output, &body, 1, &expected);
	size_t place = buffer_size(&expected);
	assert_int_equal(output_append_with(&output, &header, descriptor), RELEVO_OK);
	assert_true(frame_append_head(&expected, &header, 0));
	append(&output, &body, 1, &expected);
	assert_int_equal(output.size, buffer_size(&expected));
	descriptor_drop(descriptor);
	assert_int_equal(account->used, 1000);
	assert_int_equal(output_send(&output, line.near), RELEVO_OK);
	assert_int_equal(account->used, 0);
	drain(&line, &got);
	expect_equal(&got, &expected);
	int fd = channel_take_descriptor(line.far, place);
	assert_true(fd >= 0);
	close(fd);
	line_close(&line);
	output_fini(&output);
	buffer_fini(&spare);
	buffer_fini(&expected);
	buffer_fini(&got);
	account_drop(account);
	accounts_fini(&accounts);
}

static void test_a_descriptor_that_is_not_sent_is_dropped(void **state)
{
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct accounts accounts;
	(void)state;
	accounts_init(&accounts, 1, 10000, 10);
	struct account *account = account_get(&accounts, 1);
	struct descriptor *descriptor = descriptor_of(account);
	Relevo__Done done = RELEVO__DONE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_DONE;
	header.done = &done;
	assert_int_equal(output_append_with(&output, &header, descriptor), RELEVO_OK);
	assert_int_equal(output_append_with(&output, &header, descriptor), RELEVO_OK);
	assert_int_equal(descriptor->references, 3);
	output_fini(&output);
	buffer_fini(&spare);
	assert_int_equal(descriptor->references, 1);
	descriptor_drop(descriptor);
	assert_int_equal(account->used, 0);
	account_drop(account);
	accounts_fini(&accounts);
}

/* The share is asked before there is any memory, and what is refused leaves no trace. */
static void test_a_frame_beyond_the_share_is_not_begun(void **state)
{
	struct buffer spare = { 0 };
	struct output output = output_with(&spare);
	struct buffer expected = { 0 };
	uint32_t size = 2 << 20;
	uint8_t *bytes = calloc(1, size);
	const struct output_body small = { "small", 5, NULL };
	struct output_body large = { bytes, size, NULL };
	Relevo__Header header = RELEVO__HEADER__INIT;
	(void)state;
	assert_non_null(bytes);
	append(&output, &small, 1, &expected);
	size_t before = payer->used;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ITEMS;
	header.queue_items = &items;
	header.n_sizes = 1;
	header.sizes = &size;
	assert_false(output_affords(&output, size));
	assert_int_equal(output_append(&output, &header, &large), RELEVO_QUOTA);
	assert_int_equal(payer->used, before);
	assert_int_equal(output.size, buffer_size(&expected));
	large.size = size = 500 * 1000;
	assert_true(output_affords(&output, size));
	assert_int_equal(output_append(&output, &header, &large), RELEVO_OK);
	assert_true(payer->used >= size);
	output_fini(&output);
	buffer_fini(&spare);
	buffer_fini(&expected);
	free(bytes);
}

/* It comes in pieces, stays until there is an answer, and is what that is copied into. */
static void test_a_large_answer_has_its_memory_beforehand(void **state)
{
	(void)state;
	enum { LARGE = 12 * 1024 * 1024 };
	struct accounts rich;
	struct buffer spare = { 0 };
	accounts_init(&rich, 1, 64 << 20, 10);
	struct output output = {
		.owners = &owners,
		.spare = &spare,
		.bill.account = account_get(&rich, 1),
	};
	struct output_body large = { .bytes = calloc(1, LARGE), .size = LARGE };
	uint32_t size = LARGE;
	Relevo__CellState told = RELEVO__CELL_STATE__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_STATE;
	header.cell_state = &told;
	header.n_sizes = 1;
	header.sizes = &size;
	int pieces = 1;
	assert_non_null(large.bytes);
	assert_true(output_warm(&output, 64 * 1024));
	assert_null(output.copied.bytes);
	for (; !output_warm(&output, LARGE); pieces++)
		output_shrink(&output);
	assert_in_range(pieces, 4, 12);
	assert_true(output_warm(&output, LARGE));
	const uint8_t *bytes = output.copied.bytes;
	assert_int_equal(output_append(&output, &header, &large), RELEVO_OK);
	assert_ptr_equal(output.copied.bytes, bytes);
	assert_false(output_warm(&output, LARGE));
	output_discard(&output);
	output_shrink(&output);
	assert_null(output.copied.bytes);
	/* Who cannot have it is told by the answer. */
	assert_true(output_warm(&output, SIZE_MAX / 8));
	output_fini(&output);
	buffer_fini(&spare);
	account_drop(output.bill.account);
	accounts_fini(&rich);
	free((void *)large.bytes);
}

#define output_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		output_test(test_small_bodies_are_copied_and_big_ones_held),
		output_test(test_a_full_socket_takes_the_rest_later),
		output_test(test_what_is_not_sent_is_released),
		output_test(test_a_descriptor_goes_with_its_frame),
		output_test(test_a_descriptor_that_is_not_sent_is_dropped),
		output_test(test_a_frame_beyond_the_share_is_not_begun),
		output_test(test_a_large_answer_has_its_memory_beforehand),
	};
	return cmocka_run_group_tests_name("net/output", tests, NULL, NULL);
}
