#include "wire/frame.h"

#include "wire/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 100000 };

static const struct frame_limits limits = {
	.max_frame = FRAME_MAX_FOR(1024 * 1024),
	.max_item = 1024,
};

/* One frame being made by hand, and what frame_read() says about it. */
struct fixture {
	struct buffer bytes;
	struct arena arena;
	struct frame frame;
	struct error error;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof *self);
	if (self == NULL || !arena_init(&self->arena, ARENA_LIMIT_FOR_HEADERS))
		return -1;
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;
	buffer_fini(&self->bytes);
	arena_fini(&self->arena);
	free(self);
	return 0;
}

static void put_u32(uint8_t *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void add_prefix(struct fixture *self, uint32_t length, uint32_t header)
{
	uint8_t prefix[FRAME_PREFIX_SIZE];
	put_u32(prefix, length);
	put_u32(prefix + 4, header);
	assert_true(buffer_append(&self->bytes, prefix, sizeof prefix));
}

/* A frame with that header, in bytes, and no bodies. */
static void add_raw(struct fixture *self, const void *header, size_t size)
{
	add_prefix(self, (uint32_t)size + 4, (uint32_t)size);
	assert_true(buffer_append(&self->bytes, header, size));
}

static void add_put(struct fixture *self, size_t count, uint32_t *sizes)
{
	static char name[] = "work";
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = name;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = 7;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &put;
	header.n_sizes = count;
	header.sizes = sizes;
	assert_true(frame_append_head(&self->bytes, &header, frame_bodies_size(&header)));
}

static void add_bodies(struct fixture *self, size_t size)
{
	uint8_t *room = buffer_reserve(&self->bytes, size);
	assert_non_null(room);
	memset(room, 'b', size);
	buffer_commit(&self->bytes, size);
}

/* From a copy that ends where the input does, so that a sanitizer sees what is
 * read behind it. */
static int read_first(struct fixture *self, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, buffer_data(&self->bytes), size);
	arena_reset(&self->arena);
	self->error = (struct error){ 0 };
	int status = frame_read(copy, size, &limits, &self->arena, &self->frame, &self->error);
	free(copy);
	return status;
}

static int read_all(struct fixture *self)
{
	return read_first(self, buffer_size(&self->bytes));
}

static void assert_text(const struct fixture *self, const char *part)
{
	if (strstr(self->error.text, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, self->error.text);
}

static void test_round_trip(void **state)
{
	struct fixture *self = *state;
	uint32_t sizes[] = { 3, 0, 5 };
	add_put(self, 3, sizes);
	size_t head = buffer_size(&self->bytes);
	add_bodies(self, 8);
	size_t whole = buffer_size(&self->bytes);
	assert_true(buffer_append(&self->bytes, "behind", 6));

	arena_reset(&self->arena);
	const uint8_t *bytes = buffer_data(&self->bytes);
	assert_int_equal(frame_read(bytes, buffer_size(&self->bytes), &limits, &self->arena,
				    &self->frame, &self->error),
			 RELEVO_OK);
	assert_int_equal(self->frame.size, whole);
	assert_ptr_equal(self->frame.bodies, bytes + head);
	assert_int_equal(self->frame.bodies_size, 8);
	assert_int_equal(self->frame.header->call, 7);
	assert_int_equal(self->frame.header->n_sizes, 3);
	assert_int_equal(self->frame.header->sizes[2], 5);
	assert_string_equal(self->frame.header->queue_put->name, "work");
}

static void test_truncated(void **state)
{
	struct fixture *self = *state;
	uint32_t sizes[] = { 3, 0, 5 };
	add_put(self, 3, sizes);
	add_bodies(self, 8);
	size_t whole = buffer_size(&self->bytes);
	for (size_t size = 0; size < whole; size++) {
		assert_int_equal(read_first(self, size), TRY_AGAIN);
		assert_int_equal(self->frame.size, size < 4 ? FRAME_PREFIX_SIZE : whole);
	}
	assert_int_equal(read_first(self, whole), RELEVO_OK);
}

static void test_lengths(void **state)
{
	struct fixture *self = *state;
	const uint32_t most = limits.max_frame - 4;
	static const uint32_t none = 0;
	const struct {
		uint32_t length, header;
		int status;
	} cases[] = {
		{ 0, none, RELEVO_BAD_FRAME },
		{ 3, none, RELEVO_BAD_FRAME },
		{ 4, none, RELEVO_UNKNOWN_OPERATION },
		{ 4, 1, RELEVO_BAD_FRAME },
		{ 100, 96, TRY_AGAIN },
		{ 100, 97, RELEVO_BAD_FRAME },
		{ 100, UINT32_MAX, RELEVO_BAD_FRAME },
		{ 100, UINT32_MAX - 3, RELEVO_BAD_FRAME },
		{ most, FRAME_MAX_HEADER, TRY_AGAIN },
		{ most, FRAME_MAX_HEADER + 1, RELEVO_BAD_FRAME },
		{ most + 1, none, RELEVO_BAD_FRAME },
		{ UINT32_MAX, none, RELEVO_BAD_FRAME },
		{ UINT32_MAX - 3, none, RELEVO_BAD_FRAME },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buffer_consume(&self->bytes, buffer_size(&self->bytes));
		add_prefix(self, cases[i].length, cases[i].header);
		int status = read_all(self);
		if (status != cases[i].status)
			fail_msg("%u, %u: %d", cases[i].length, cases[i].header, status);
		if (status == RELEVO_BAD_FRAME)
			assert_text(self, "announces");
	}
}

/* The length alone is enough to refuse a frame. */
static void test_length_alone(void **state)
{
	struct fixture *self = *state;
	add_prefix(self, UINT32_MAX, 0);
	assert_int_equal(read_first(self, 4), RELEVO_BAD_FRAME);
	assert_text(self, "4294967295");
}

static void test_sizes_do_not_match(void **state)
{
	struct fixture *self = *state;
	uint32_t sizes[] = { 3, 5 };
	for (size_t bodies = 0; bodies < 20; bodies++) {
		if (bodies == 8)
			continue;
		buffer_consume(&self->bytes, buffer_size(&self->bytes));
		add_put(self, 2, sizes);
		add_bodies(self, bodies);
		uint8_t *start = buffer_data(&self->bytes);
		put_u32(start, (uint32_t)buffer_size(&self->bytes) - 4);
		assert_int_equal(read_all(self), RELEVO_BAD_FRAME);
		assert_text(self, "header says 8");
	}
}

/* Sizes that add up to the right number modulo 2^32. */
static void test_sum_overflow(void **state)
{
	struct fixture *self = *state;
	uint32_t sizes[] = { UINT32_MAX, 1, 8 };
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &put;
	header.n_sizes = 3;
	header.sizes = sizes;
	assert_int_equal(frame_bodies_size(&header), UINT64_C(0x100000008));
	assert_true(frame_append_head(&self->bytes, &header, 8));
	add_bodies(self, 8);
	assert_int_equal(read_all(self), RELEVO_BAD_FRAME);
	assert_text(self, "4294967304");
}

static void test_too_many_items(void **state)
{
	struct fixture *self = *state;
	static uint32_t sizes[FRAME_MAX_ITEMS + 1];
	add_put(self, FRAME_MAX_ITEMS, sizes);
	assert_int_equal(read_all(self), RELEVO_OK);
	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	add_put(self, FRAME_MAX_ITEMS + 1, sizes);
	assert_int_equal(read_all(self), RELEVO_BAD_FRAME);
	assert_text(self, "16385");
}

/* Each operation that names leases, with so many. */
static void add_leases(struct fixture *self, unsigned operation, size_t count)
{
	static uint64_t leases[FRAME_MAX_LEASES + 1];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	Relevo__QueueNack nack = RELEVO__QUEUE_NACK__INIT;
	Relevo__QueueReject reject = RELEVO__QUEUE_REJECT__INIT;
	Relevo__QueueExtend extend = RELEVO__QUEUE_EXTEND__INIT;
	put.acks = ack.leases = nack.leases = reject.leases = extend.leases = leases;
	put.n_acks = ack.n_leases = nack.n_leases = reject.n_leases = extend.n_leases = count;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = 7;
	header.op_case = (Relevo__Header__OpCase)operation;
	if (operation == RELEVO__HEADER__OP_QUEUE_PUT)
		header.queue_put = &put;
	else if (operation == RELEVO__HEADER__OP_QUEUE_ACK)
		header.queue_ack = &ack;
	else if (operation == RELEVO__HEADER__OP_QUEUE_NACK)
		header.queue_nack = &nack;
	else if (operation == RELEVO__HEADER__OP_QUEUE_REJECT)
		header.queue_reject = &reject;
	else
		header.queue_extend = &extend;
	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	assert_true(frame_append_head(&self->bytes, &header, 0));
}

static void test_too_many_leases(void **state)
{
	struct fixture *self = *state;
	static const unsigned operations[] = {
		RELEVO__HEADER__OP_QUEUE_PUT,    RELEVO__HEADER__OP_QUEUE_ACK,
		RELEVO__HEADER__OP_QUEUE_NACK,   RELEVO__HEADER__OP_QUEUE_REJECT,
		RELEVO__HEADER__OP_QUEUE_EXTEND,
	};
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		add_leases(self, operations[i], FRAME_MAX_LEASES);
		assert_int_equal(read_all(self), RELEVO_OK);
		add_leases(self, operations[i], FRAME_MAX_LEASES + 1);
		assert_int_equal(read_all(self), RELEVO_TOO_LARGE);
		assert_text(self, "names 4097 leases, more than 4096");
		assert_int_equal(self->frame.header->call, 7);
		assert_int_equal(self->frame.size, buffer_size(&self->bytes));
	}
}

static void test_too_many_leases_in_the_header(void **state)
{
	struct fixture *self = *state;
	static uint64_t leases[FRAME_MAX_LEASES + 1];
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_FLUSH;
	header.flush = &flush;
	header.acks = leases;
	header.n_acks = FRAME_MAX_LEASES;
	assert_true(frame_append_head(&self->bytes, &header, 0));
	assert_int_equal(read_all(self), RELEVO_OK);
	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	header.n_acks++;
	assert_true(frame_append_head(&self->bytes, &header, 0));
	assert_int_equal(read_all(self), RELEVO_BAD_FRAME);
	assert_text(self, "acknowledges 4097 leases, more than 4096");
}

static void test_too_large_item(void **state)
{
	struct fixture *self = *state;
	uint32_t sizes[] = { 1024, 1025 };
	add_put(self, 2, sizes);
	add_bodies(self, 1024 + 1025);
	assert_int_equal(read_all(self), RELEVO_TOO_LARGE);
	assert_text(self, "item 1 has 1025 bytes");
	assert_int_equal(self->frame.header->call, 7);
	assert_int_equal(self->frame.size, buffer_size(&self->bytes));
}

static void test_unknown_operation(void **state)
{
	struct fixture *self = *state;
	/* call = 9, field 5 = 1 (not of the oneof), field 999 = "". */
	static const uint8_t header[] = { 0x08, 9, 0x28, 1, 0xba, 0x3e, 0 };
	add_raw(self, header, sizeof header);
	assert_int_equal(read_all(self), RELEVO_UNKNOWN_OPERATION);
	assert_text(self, "operation 999");
	assert_int_equal(self->frame.header->call, 9);
	assert_int_equal(self->frame.header->op_case, RELEVO__HEADER__OP__NOT_SET);
	assert_int_equal(self->frame.size, buffer_size(&self->bytes));

	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	add_raw(self, header, 4);
	assert_int_equal(read_all(self), RELEVO_UNKNOWN_OPERATION);
	assert_text(self, "names no operation");
}

/* A string that C would end before its end, wherever it stands in the operation. */
static void test_a_string_with_a_nul(void **state)
{
	struct fixture *self = *state;
	add_put(self, 0, NULL);
	uint8_t *name = memmem(buffer_data(&self->bytes), buffer_size(&self->bytes), "work", 4);
	assert_non_null(name);
	for (int i = 0; i < 4; i++) {
		uint8_t kept = name[i];
		name[i] = 0;
		assert_int_equal(read_all(self), RELEVO_BAD_NAME);
		assert_text(self, "name of queue_put holds a NUL byte");
		assert_int_equal(self->frame.header->call, 7);
		assert_int_equal(self->frame.size, buffer_size(&self->bytes));
		name[i] = kept;
	}
	assert_int_equal(read_all(self), RELEVO_OK);
}

static void test_bad_protobuf(void **state)
{
	struct fixture *self = *state;
	static const struct {
		uint8_t bytes[8];
		size_t size;
	} cases[] = {
		{ { 0x08 }, 1 },                               /* number is missing */
		{ { 0x08, 0x80 }, 2 },                         /* number has no end */
		{ { 0x52, 5, 0 }, 3 },                         /* hello is cut off */
		{ { 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f }, 6 }, /* sizes: 4 GiB */
		{ { 0x12, 1, 0x80 }, 3 },                      /* a size has no end */
		{ { 0x0b }, 1 },                               /* group */
		{ { 0x00, 0 }, 2 },                            /* field 0 */
		{ { 0x52, 2, 0x1a, 0x7f }, 4 },                /* hello: host cut off */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		buffer_consume(&self->bytes, buffer_size(&self->bytes));
		add_raw(self, cases[i].bytes, cases[i].size);
		if (read_all(self) != RELEVO_BAD_FRAME)
			fail_msg("case %zu is taken", i);
		assert_text(self, "not valid protobuf");
	}
}

/* A quarter of a megabyte of fields of two bytes, which protobuf-c would turn
 * into some twenty. */
static void test_amplification(void **state)
{
	struct fixture *self = *state;
	static uint8_t header[FRAME_MAX_HEADER];
	for (size_t i = 0; i < sizeof header; i += 2)
		header[i] = 0x28; /* field 5, not known */
	add_raw(self, header, sizeof header);
	assert_int_equal(read_all(self), RELEVO_BAD_FRAME);
	assert_text(self, "too complex");
	assert_true(self->arena.total <= ARENA_LIMIT_FOR_HEADERS);
	assert_false(self->arena.out_of_memory);

	/* The same arena then serves the next frame. */
	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	add_put(self, 0, NULL);
	assert_int_equal(read_all(self), RELEVO_OK);
}

/* The largest header that we write ourselves is not refused. */
static void test_largest_own_header(void **state)
{
	struct fixture *self = *state;
	static uint32_t sizes[FRAME_MAX_ITEMS];
	static uint64_t leases[FRAME_MAX_ITEMS];
	for (size_t i = 0; i < FRAME_MAX_ITEMS; i++)
		leases[i] = UINT64_MAX - i;
	Relevo__QueueItems items = RELEVO__QUEUE_ITEMS__INIT;
	items.n_leases = items.n_deliveries = FRAME_MAX_ITEMS;
	items.leases = leases;
	items.deliveries = sizes;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ITEMS;
	header.queue_items = &items;
	header.n_sizes = FRAME_MAX_ITEMS;
	header.sizes = sizes;
	assert_true(frame_append_head(&self->bytes, &header, 0));
	assert_int_equal(read_all(self), RELEVO_OK);
	assert_int_equal(self->frame.header->queue_items->leases[16383], leases[16383]);
}

static void test_too_large_head(void **state)
{
	struct fixture *self = *state;
	static uint64_t leases[FRAME_MAX_HEADER / sizeof(uint64_t) + 1];
	for (size_t i = 0; i < sizeof leases / sizeof leases[0]; i++)
		leases[i] = UINT64_MAX;
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	ack.n_leases = sizeof leases / sizeof leases[0];
	ack.leases = leases;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ACK;
	header.queue_ack = &ack;
	assert_false(frame_append_head(&self->bytes, &header, 0));
	ack.n_leases = 1;
	assert_false(frame_append_head(&self->bytes, &header, UINT32_MAX));
	assert_int_equal(buffer_size(&self->bytes), 0);
}

static uint32_t next(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

/* Half of them damaged frames that were good, half noise behind a good prefix. */
static void make_noise(struct fixture *self, uint32_t seed)
{
	uint32_t random = seed;
	buffer_consume(&self->bytes, buffer_size(&self->bytes));
	if (seed % 2 == 0) {
		uint32_t sizes[] = { 3, 0, 5, next(&random) % 8 };
		add_put(self, 4, sizes);
		add_bodies(self, 8 + sizes[3]);
	} else {
		uint32_t size = next(&random) % 200;
		add_prefix(self, size + 4, size);
		add_bodies(self, size);
	}
	uint8_t *bytes = buffer_data(&self->bytes);
	size_t size = buffer_size(&self->bytes);
	size_t from = seed % 4 == 0 ? 0 : FRAME_PREFIX_SIZE;
	size_t damages = seed % 2 == 0 ? 1 + next(&random) % 4 : size;
	for (size_t i = 0; i < damages && from < size; i++)
		bytes[from + next(&random) % (size - from)] = (uint8_t)next(&random);
}

static void test_noise(void **state)
{
	struct fixture *self = *state;
	/* TRY_AGAIN is the one before OK. */
	size_t room[RELEVO_SHUT_DOWN + 2] = { 0 };
	size_t *seen = room + 1;
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		make_noise(self, seed);
		int status = read_all(self);
		assert_in_range(status + 1, 0, RELEVO_SHUT_DOWN + 1);
		seen[status]++;
		bool failed = status != RELEVO_OK && status != TRY_AGAIN;
		assert_int_equal(failed, self->error.text[0] != '\0');
		if (status == RELEVO_OK)
			assert_int_equal(frame_bodies_size(self->frame.header),
					 self->frame.bodies_size);
	}
	assert_true(seen[RELEVO_OK] > 0 && seen[RELEVO_BAD_FRAME] > 0);
	assert_true(seen[TRY_AGAIN] > 0 && seen[RELEVO_UNKNOWN_OPERATION] > 0);
	assert_int_equal(seen[RELEVO_OK] + seen[RELEVO_BAD_FRAME] + seen[TRY_AGAIN] +
				 seen[RELEVO_UNKNOWN_OPERATION] + seen[RELEVO_TOO_LARGE] +
				 seen[RELEVO_BAD_NAME],
			 SEEDS);
}

#define frame_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		frame_test(test_round_trip),
		frame_test(test_truncated),
		frame_test(test_lengths),
		frame_test(test_length_alone),
		frame_test(test_sizes_do_not_match),
		frame_test(test_sum_overflow),
		frame_test(test_too_many_items),
		frame_test(test_too_many_leases),
		frame_test(test_too_many_leases_in_the_header),
		frame_test(test_too_large_item),
		frame_test(test_unknown_operation),
		frame_test(test_a_string_with_a_nul),
		frame_test(test_bad_protobuf),
		frame_test(test_amplification),
		frame_test(test_largest_own_header),
		frame_test(test_too_large_head),
		frame_test(test_noise),
	};
	return cmocka_run_group_tests_name("wire/frame", tests, NULL, NULL);
}
