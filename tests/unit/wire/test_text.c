#include "wire/text.h"

#include "header.pb-c.h"
#include "tuple.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEDS = 20000, FUZZED_MAX = 64 };

/* A copy that ends where the bytes do, so that a sanitizer sees what is read behind it. */
static bool is_whole(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
		     struct text_place *place)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	bool whole = text_is_whole(type, copy, size, place);
	free(copy);
	return whole;
}

static bool header_is_whole(const void *bytes, size_t size, struct text_place *place)
{
	return is_whole(&relevo__header__descriptor, bytes, size, place);
}

static void test_numbers_and_bytes_may_be_zero(void **state)
{
	(void)state;
	char name[] = "name";
	uint32_t sizes[] = { 0, 1 };
	uint64_t acks[] = { 0 };
	uint8_t packed[128];
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = name;
	put.key.data = (uint8_t *)"a\0b";
	put.key.len = 3;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = sizes;
	header.n_sizes = 2;
	header.acks = acks;
	header.n_acks = 1;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &put;
	assert_true(relevo__header__get_packed_size(&header) <= sizeof packed);
	size_t size = relevo__header__pack(&header, packed);
	assert_true(header_is_whole(packed, size, NULL));
	/* The same bytes with a string that is cut. */
	uint8_t *place = memmem(packed, size, name, 4);
	assert_non_null(place);
	place[3] = 0;
	assert_false(header_is_whole(packed, size, NULL));
}

static size_t pack_field(uint8_t *out, uint32_t field, const uint8_t *bytes, uint8_t size)
{
	uint8_t *next = out;
	uint32_t tag = field << 3 | 2;
	for (; tag >= 0x80; tag >>= 7)
		*next++ = (uint8_t)(tag | 0x80);
	*next++ = (uint8_t)tag;
	*next++ = size;
	memcpy(next, bytes, size);
	return (size_t)(next + size - out);
}

static void check_string(const ProtobufCFieldDescriptor *operation,
			 const ProtobufCFieldDescriptor *field)
{
	uint8_t inner[32], packed[64];
	struct text_place place = { NULL, NULL };
	uint8_t size = (uint8_t)pack_field(inner, field->id, (const uint8_t *)"a\0", 2);
	size_t whole = pack_field(packed, operation->id, inner, size);
	assert_false(header_is_whole(packed, whole, &place));
	assert_string_equal(place.within, operation->name);
	assert_string_equal(place.name, field->name);
	packed[whole - 1] = 'b';
	assert_true(header_is_whole(packed, whole, &place));
}

/* As the protocol has them, also those that are added to it. */
static void test_every_string_of_every_operation(void **state)
{
	(void)state;
	unsigned strings = 0;
	for (unsigned i = 0; i < relevo__header__descriptor.n_fields; i++) {
		const ProtobufCFieldDescriptor *operation = &relevo__header__descriptor.fields[i];
		if (operation->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		const ProtobufCMessageDescriptor *type = operation->descriptor;
		for (unsigned j = 0; j < type->n_fields; j++) {
			if (type->fields[j].type != PROTOBUF_C_TYPE_STRING)
				continue;
			check_string(operation, &type->fields[j]);
			strings++;
		}
	}
	assert_true(strings > 20);
}

static void test_unpacking(void **state)
{
	(void)state;
	static const uint8_t whole[] = { 0x0a, 4, 0x12, 2, 'a', 'b' };
	static const uint8_t cut[] = { 0x0a, 4, 0x12, 2, 'a', 0 };
	Relevo__Tuple *tuple = text_unpack(&relevo__tuple__descriptor, NULL, sizeof whole, whole);
	assert_non_null(tuple);
	assert_string_equal(tuple->elements[0]->name, "ab");
	relevo__tuple__free_unpacked(tuple, NULL);
	assert_null(text_unpack(&relevo__tuple__descriptor, NULL, sizeof cut, cut));
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Bytes that look like fields as often as not, with lengths that lie. */
static size_t make_noise(uint64_t *seed, uint8_t *bytes)
{
	static const uint8_t tags[] = {
		0x08, 0x12, 0x52, 0x1a, 0xa2, 0x01, 0x0d, 0x09, 0xff, 0x00
	};
	size_t start = 0, size = next_random(seed) % FUZZED_MAX;
	/* Each second one begins as a hello does, and its host. */
	if (size >= 4 && next_random(seed) % 2 == 0) {
		bytes[0] = 0x52;
		bytes[1] = (uint8_t)(size - 2);
		bytes[2] = 0x1a;
		bytes[3] = (uint8_t)(next_random(seed) % size);
		start = 4;
	}
	for (size_t i = start; i < size; i++) {
		uint32_t kind = next_random(seed) % 3;
		bytes[i] = kind == 0   ? tags[next_random(seed) % sizeof tags]
			   : kind == 1 ? (uint8_t)(next_random(seed) % 8)
				       : (uint8_t)next_random(seed);
	}
	return size;
}

/* It never reads beyond the bytes, and what it refuses holds a NUL. */
static void test_noise(void **state)
{
	(void)state;
	uint8_t bytes[FUZZED_MAX];
	unsigned refused = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		uint64_t random = seed;
		size_t size = make_noise(&random, bytes);
		struct text_place place = { NULL, NULL };
		if (header_is_whole(bytes, size, &place))
			continue;
		refused++;
		assert_non_null(memchr(bytes, 0, size));
		assert_non_null(place.within);
		assert_non_null(place.name);
	}
	assert_true(refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_and_bytes_may_be_zero),
		cmocka_unit_test(test_every_string_of_every_operation),
		cmocka_unit_test(test_unpacking),
		cmocka_unit_test(test_noise),
	};
	return cmocka_run_group_tests_name("wire/text", tests, NULL, NULL);
}
