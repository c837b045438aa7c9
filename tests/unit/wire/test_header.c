#include "wire/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What comes of some bytes, packed again. False: not a form for header_unpack(). */
static bool unpack(struct arena *arena, const uint8_t *bytes, size_t size, uint8_t *again)
{
	struct header_operation operation;
	arena_reset(arena);
	const Relevo__Header *header = header_unpack(bytes, size, arena, &operation);
	if (header == NULL)
		return false;
	assert_int_equal(operation.field->id, header->op_case);
	assert_true(operation.bytes.next + operation.bytes.left == bytes + size);
	relevo__header__pack(header, again);
	return true;
}

/* Whatever is read is what protobuf-c reads. False: it was left to that. */
static bool unpacks_alike(const uint8_t *bytes, size_t size)
{
	uint8_t again[2048], expected[2048];
	struct arena arena;
	assert_true(arena_init(&arena, ARENA_LIMIT_FOR_HEADERS));
	bool unpacked = unpack(&arena, bytes, size, again);
	Relevo__Header *header = relevo__header__unpack(NULL, size, bytes);
	if (unpacked) {
		assert_non_null(header);
		size_t packed = relevo__header__pack(header, expected);
		assert_memory_equal(again, expected, packed);
	}
	if (header != NULL)
		relevo__header__free_unpacked(header, NULL);
	arena_fini(&arena);
	return unpacked;
}

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
	/* And what we pack, we unpack. */
	bool unpacked = unpacks_alike(packed, size);
	assert_int_equal(unpacked, header->op_case != RELEVO__HEADER__OP__NOT_SET);
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

/* A put of two items, with two acknowledgements. */
static size_t pack_put(uint8_t *packed)
{
	uint32_t sizes[] = { 64, 70000 };
	uint64_t acks[] = { 1, UINT64_MAX };
	char name[] = "work";
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = name;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = 1000;
	header.sizes = sizes;
	header.n_sizes = 2;
	header.acks = acks;
	header.n_acks = 2;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &put;
	header_pack(&header, packed);
	return header_packed_size(&header);
}

/* Valid, and read by protobuf-c only. */
static void assert_left(const uint8_t *bytes, size_t size)
{
	assert_false(unpacks_alike(bytes, size));
	Relevo__Header *header = relevo__header__unpack(NULL, size, bytes);
	assert_non_null(header);
	relevo__header__free_unpacked(header, NULL);
}

static void test_other_forms_are_left(void **state)
{
	(void)state;
	static const uint8_t twice[] = { 0x62, 0, 0x62, 0 }, behind[] = { 0x62, 0, 8, 7 },
			     unknown[] = { 0xfa, 0x3f, 0 }, number[] = { 8, 7 },
			     loose[] = { 0x15, 1, 0, 0, 0, 0x62, 0 };
	assert_left(twice, sizeof twice);
	assert_left(behind, sizeof behind);
	assert_left(unknown, sizeof unknown);
	assert_left(number, sizeof number);
	assert_left(loose, sizeof loose);
}

/* Every byte of a header changed to every other; and every beginning of it. */
static void test_damaged(void **state)
{
	(void)state;
	uint8_t packed[256];
	size_t size = pack_put(packed), unpacked = 0;
	assert_true(unpacks_alike(packed, size));
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = packed[i];
		for (unsigned other = 0; other < 256; other++) {
			packed[i] = (uint8_t)other;
			unpacked += unpacks_alike(packed, size);
		}
		packed[i] = byte;
		assert_false(unpacks_alike(packed, i));
	}
	/* Most bytes are those of numbers. */
	assert_true(unpacked > 256 * size / 4);
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
		cmocka_unit_test(test_other_forms_are_left),
		cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests_name("wire/header", tests, NULL, NULL);
}
