#include "wire/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What protobuf-c makes of a header is what it has to be. */
static void assert_packs_alike(const Relevo__Header *header)
{
	uint8_t expected[1024], packed[1024];
	size_t size = relevo__header__get_packed_size(header);
	assert_true(size <= sizeof expected);
	assert_int_equal(header_packed_size(header), size);
	relevo__header__pack(header, expected);
	memset(packed, 0xAA, sizeof packed);
	header_pack(header, packed);
	assert_memory_equal(packed, expected, size);
	for (size_t i = size; i < sizeof packed; i++)
		assert_int_equal(packed[i], 0xAA);
}

static void test_nothing_set(void **state)
{
	(void)state;
	const Relevo__Header header = RELEVO__HEADER__INIT;
	assert_int_equal(header_packed_size(&header), 0);
	assert_packs_alike(&header);
}

static void test_numbers_of_all_lengths(void **state)
{
	(void)state;
	Relevo__Header header = RELEVO__HEADER__INIT;
	for (int bit = 0; bit < 64; bit++) {
		header.call = UINT64_C(1) << bit;
		assert_packs_alike(&header);
		header.call |= header.call - 1;
		assert_packs_alike(&header);
	}
}

static void test_sizes(void **state)
{
	(void)state;
	uint32_t sizes[] = { 0, 1, 127, 128, 16383, 16384, 1 << 21, 1 << 28, UINT32_MAX, 64 };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = sizes;
	for (header.n_sizes = 0; header.n_sizes <= sizeof sizes / sizeof sizes[0]; header.n_sizes++)
		assert_packs_alike(&header);
}

static void test_acks(void **state)
{
	(void)state;
	uint64_t acks[] = { 0, 1, 1 << 24, UINT64_C(1) << 35, UINT64_MAX };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.acks = acks;
	for (header.n_acks = 0; header.n_acks <= sizeof acks / sizeof acks[0]; header.n_acks++)
		assert_packs_alike(&header);
}

/* As the oneof in header.proto has them, also those that are added to it. */
static void test_every_operation_empty(void **state)
{
	(void)state;
	Relevo__Header header = RELEVO__HEADER__INIT;
	unsigned operations = 0;
	header.call = 7;
	for (unsigned i = 0; i < relevo__header__descriptor.n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &relevo__header__descriptor.fields[i];
		union {
			ProtobufCMessage base;
			char room[512];
		} message;
		if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
			continue;
		/* operation() in header.c counts on it. */
		assert_int_equal(field->type, PROTOBUF_C_TYPE_MESSAGE);
		assert_int_equal(field->offset, offsetof(Relevo__Header, hello));
		const ProtobufCMessageDescriptor *descriptor = field->descriptor;
		assert_true(descriptor->sizeof_message <= sizeof message);
		protobuf_c_message_init(descriptor, &message);
		header.op_case = (Relevo__Header__OpCase)field->id;
		header.hello = (Relevo__Hello *)&message;
		assert_packs_alike(&header);
		operations++;
	}
	assert_true(operations > 0);
}

static void test_all_at_once(void **state)
{
	(void)state;
	uint32_t sizes[] = { 64, 70000 };
	uint64_t acks[] = { 1, 300, UINT64_MAX };
	char name[] = "a queue with a name of more than 127 bytes ......................."
		      "..........................................................................";
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = name;
	put.timeout_ms = UINT32_MAX;
	put.acks = acks;
	put.n_acks = 3;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = 1000;
	header.sizes = sizes;
	header.n_sizes = 2;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &put;
	assert_packs_alike(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_set),
		cmocka_unit_test(test_numbers_of_all_lengths),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_acks),
		cmocka_unit_test(test_every_operation_empty),
		cmocka_unit_test(test_all_at_once),
	};
	return cmocka_run_group_tests_name("wire/header", tests, NULL, NULL);
}
