/* Tuples: values, their bytes, and bytes that are none. */
#include "tuple/tuple.h"

#include "support/test.h"

#include "tuple.pb-c.h"

#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static relevo_tuple *new_tuple(void)
{
	relevo_tuple *tuple = NULL;
	assert_int_equal(relevo_tuple_new(&tuple), RELEVO_OK);
	return tuple;
}

/* One of each kind that bytes can hold. */
static relevo_tuple *full_tuple(void)
{
	relevo_tuple *tuple = new_tuple(), *inner = new_tuple();
	assert_int_equal(relevo_tuple_add_int(inner, "one", -1), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_none(tuple, NULL), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_bool(tuple, "yes", true), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_int(tuple, NULL, INT64_MIN), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_double(tuple, NULL, -0.0), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_text_of(tuple, "t", "n\0\303\266", 4), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_bytes(tuple, NULL, "\xff\0", 2), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_tuple(tuple, "in", inner), RELEVO_OK);
	return tuple;
}

static void assert_full(const relevo_tuple *tuple)
{
	const relevo_tuple *inner;
	const char *text;
	const void *bytes;
	int64_t number;
	double real;
	size_t size, index;
	bool yes;
	assert_int_equal(relevo_tuple_count(tuple), 7);
	assert_int_equal(relevo_tuple_kind(tuple, 0), RELEVO_TUPLE_NONE);
	assert_null(relevo_tuple_name(tuple, 0));
	assert_int_equal(relevo_tuple_bool(tuple, 1, &yes), RELEVO_OK);
	assert_true(yes);
	assert_int_equal(relevo_tuple_int(tuple, 2, &number), RELEVO_OK);
	assert_true(number == INT64_MIN);
	assert_int_equal(relevo_tuple_double(tuple, 3, &real), RELEVO_OK);
	assert_true(real == 0 && signbit(real));
	assert_int_equal(relevo_tuple_find(tuple, "t", &index), RELEVO_OK);
	assert_int_equal(index, 4);
	assert_int_equal(relevo_tuple_text(tuple, 4, &text, &size), RELEVO_OK);
	assert_int_equal(size, 4);
	assert_memory_equal(text, "n\0\303\266", 5);
	assert_int_equal(relevo_tuple_bytes(tuple, 5, &bytes, &size), RELEVO_OK);
	assert_int_equal(size, 2);
	assert_memory_equal(bytes, "\xff\0", 3);
	assert_string_equal(relevo_tuple_name(tuple, 6), "in");
	assert_int_equal(relevo_tuple_tuple(tuple, 6, &inner), RELEVO_OK);
	assert_int_equal(relevo_tuple_int(inner, 0, &number), RELEVO_OK);
	assert_int_equal(number, -1);
}

static void test_values_come_through(void **state)
{
	(void)state;
	relevo_tuple *tuple = full_tuple(), *again = NULL;
	void *data;
	size_t size;
	assert_full(tuple);
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	assert_int_equal(relevo_tuple_unpack(data, size, &again), RELEVO_OK);
	assert_full(again);
	free(data);
	relevo_tuple_free(again);
	relevo_tuple_free(tuple);
}

static void test_numbers_keep_their_limits(void **state)
{
	(void)state;
	const int64_t numbers[] = { 0, 1, -1, INT32_MAX, INT64_MAX, INT64_MIN };
	const double reals[] = { 0, 2.25, DBL_MIN, DBL_MAX, -DBL_TRUE_MIN, INFINITY };
	relevo_tuple *tuple = new_tuple(), *again = NULL;
	void *data;
	size_t size;
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(relevo_tuple_add_int(tuple, NULL, numbers[i]), RELEVO_OK);
		assert_int_equal(relevo_tuple_add_double(tuple, NULL, reals[i]), RELEVO_OK);
	}
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	assert_int_equal(relevo_tuple_unpack(data, size, &again), RELEVO_OK);
	for (size_t i = 0; i < 6; i++) {
		int64_t number;
		double real;
		assert_int_equal(relevo_tuple_int(again, 2 * i, &number), RELEVO_OK);
		assert_int_equal(relevo_tuple_double(again, 2 * i + 1, &real), RELEVO_OK);
		assert_true(number == numbers[i] && real == reals[i]);
	}
	free(data);
	relevo_tuple_free(again);
	relevo_tuple_free(tuple);
}

static void test_an_empty_one(void **state)
{
	(void)state;
	relevo_tuple *tuple = new_tuple(), *again = NULL;
	void *data = NULL;
	size_t size = 1;
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	assert_int_equal(size, 0);
	assert_int_equal(relevo_tuple_unpack(data, size, &again), RELEVO_OK);
	assert_int_equal(relevo_tuple_count(again), 0);
	free(data);
	relevo_tuple_free(again);
	relevo_tuple_free(tuple);
	relevo_tuple_free(NULL);
}

static void test_what_is_asked_for_wrongly(void **state)
{
	(void)state;
	relevo_tuple *tuple = full_tuple();
	int64_t number = 7;
	size_t index;
	int fd;
	assert_int_equal(relevo_tuple_int(tuple, 4, &number), RELEVO_BAD_ARGUMENT);
	assert_non_null(strstr(relevo_error_detail(), "value 4 is a text, not a int"));
	assert_int_equal(relevo_tuple_int(tuple, 7, &number), RELEVO_BAD_ARGUMENT);
	assert_non_null(strstr(relevo_error_detail(), "value 7"));
	assert_int_equal(number, 7);
	assert_int_equal(relevo_tuple_find(tuple, "no", &index), RELEVO_NOT_FOUND);
	assert_int_equal(relevo_tuple_kind(tuple, 7), RELEVO_TUPLE_NONE);
	assert_null(relevo_tuple_name(tuple, 7));
	assert_int_equal(relevo_tuple_take_descriptor(tuple, 0, &fd), RELEVO_BAD_ARGUMENT);
	relevo_tuple_free(tuple);
}

static void test_what_cannot_be_put_in(void **state)
{
	(void)state;
	relevo_tuple *tuple = new_tuple();
	assert_int_equal(relevo_tuple_add_text(tuple, NULL, "\xff"), RELEVO_CANNOT_ENCODE);
	assert_int_equal(relevo_tuple_add_text_of(tuple, NULL, "\303\266", 1),
			 RELEVO_CANNOT_ENCODE);
	assert_int_equal(relevo_tuple_add_none(tuple, ""), RELEVO_BAD_NAME);
	assert_int_equal(relevo_tuple_add_tuple(tuple, NULL, tuple), RELEVO_BAD_ARGUMENT);
	assert_int_equal(relevo_tuple_add_descriptor(tuple, NULL, -1), RELEVO_BAD_ARGUMENT);
	assert_int_equal(relevo_tuple_count(tuple), 0);
	for (int i = 0; i < RELEVO_TUPLE_MAX; i++)
		assert_int_equal(relevo_tuple_add_none(tuple, NULL), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_none(tuple, NULL), RELEVO_LIMIT);
	void *data;
	size_t size;
	relevo_tuple *again;
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	assert_int_equal(relevo_tuple_unpack(data, size, &again), RELEVO_OK);
	assert_int_equal(relevo_tuple_count(again), RELEVO_TUPLE_MAX);
	free(data);
	relevo_tuple_free(again);
	relevo_tuple_free(tuple);
}

/* Who has it frees it: so one does, and it is nowhere in itself. */
static void test_a_tuple_has_one_owner(void **state)
{
	(void)state;
	relevo_tuple *outer = new_tuple(), *middle = new_tuple(), *inner = new_tuple();
	relevo_tuple *other = new_tuple();
	assert_int_equal(relevo_tuple_add_tuple(outer, NULL, middle), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_tuple(middle, NULL, inner), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_tuple(middle, NULL, outer), RELEVO_BAD_ARGUMENT);
	assert_int_equal(relevo_tuple_add_tuple(inner, NULL, outer), RELEVO_BAD_ARGUMENT);
	assert_non_null(strstr(relevo_error_detail(), "cannot hold itself"));
	assert_int_equal(relevo_tuple_add_tuple(outer, NULL, middle), RELEVO_BAD_ARGUMENT);
	assert_int_equal(relevo_tuple_add_tuple(other, NULL, inner), RELEVO_BAD_ARGUMENT);
	assert_non_null(strstr(relevo_error_detail(), "is a value already"));
	assert_int_equal(relevo_tuple_count(outer), 1);
	assert_int_equal(relevo_tuple_count(inner), 0);
	/* What was refused is still the caller's. */
	assert_int_equal(relevo_tuple_add_tuple(inner, "", other), RELEVO_BAD_NAME);
	assert_int_equal(relevo_tuple_add_tuple(inner, NULL, other), RELEVO_OK);
	relevo_tuple_free(outer);
}

/* `depth` tuples, each in the next. */
static relevo_tuple *nest(int depth)
{
	relevo_tuple *tuple = new_tuple();
	for (int i = 1; i < depth; i++) {
		relevo_tuple *outer = new_tuple();
		assert_int_equal(relevo_tuple_add_tuple(outer, NULL, tuple), RELEVO_OK);
		tuple = outer;
	}
	return tuple;
}

static void test_depth_is_bounded(void **state)
{
	(void)state;
	relevo_tuple *tuple = nest(RELEVO_TUPLE_DEPTH), *again = NULL;
	void *data;
	size_t size;
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	assert_int_equal(relevo_tuple_unpack(data, size, &again), RELEVO_OK);
	relevo_tuple_free(again);
	free(data);
	relevo_tuple_free(tuple);
	tuple = nest(RELEVO_TUPLE_DEPTH + 1);
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_CANNOT_ENCODE);
	relevo_tuple_free(tuple);
}

/* Whoever sends more than that gets no further than others. */
static void test_depth_is_bounded_for_readers(void **state)
{
	(void)state;
	uint8_t bytes[4096] = { 0 };
	size_t size = 0;
	for (int i = 0; i < 100; i++) {
		uint8_t wrapped[4096];
		Relevo__TupleElement element = RELEVO__TUPLE_ELEMENT__INIT;
		Relevo__TupleElement *elements[] = { &element };
		Relevo__Tuple message = RELEVO__TUPLE__INIT;
		element.kind = RELEVO__TUPLE_KIND__TUPLE_TUPLE;
		element.data = (ProtobufCBinaryData){ size, bytes };
		message.n_elements = 1;
		message.elements = elements;
		size = relevo__tuple__pack(&message, wrapped);
		memcpy(bytes, wrapped, size);
	}
	relevo_tuple *tuple;
	assert_int_equal(relevo_tuple_unpack(bytes, size, &tuple), RELEVO_BAD_FRAME);
}

/* A part of a tuple is another tuple or none, and never trouble. */
static void test_every_truncation(void **state)
{
	(void)state;
	relevo_tuple *tuple = full_tuple();
	void *data;
	size_t size, refused = 0;
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	for (size_t part = 0; part < size; part++) {
		/* In memory of its own, for the sanitizer. */
		void *copy = malloc(part + 1);
		relevo_tuple *got = NULL;
		memcpy(copy, data, part);
		int status = relevo_tuple_unpack(copy, part, &got);
		if (status == RELEVO_OK)
			assert_true(relevo_tuple_count(got) < 7);
		else
			assert_int_equal(status, RELEVO_BAD_FRAME);
		refused += status != RELEVO_OK;
		relevo_tuple_free(got);
		free(copy);
	}
	assert_int_equal(refused, size - 7);
	free(data);
	relevo_tuple_free(tuple);
}

/* Each byte changed in every bit. */
static void test_every_flipped_bit(void **state)
{
	(void)state;
	relevo_tuple *tuple = full_tuple();
	void *data;
	size_t size;
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_OK);
	for (size_t bit = 0; bit < size * 8; bit++) {
		relevo_tuple *got = NULL;
		uint8_t *byte = (uint8_t *)data + bit / 8;
		*byte ^= (uint8_t)(1 << bit % 8);
		int status = relevo_tuple_unpack(data, size, &got);
		if (status != RELEVO_OK)
			assert_int_equal(status, RELEVO_BAD_FRAME);
		relevo_tuple_free(got);
		*byte ^= (uint8_t)(1 << bit % 8);
	}
	free(data);
	relevo_tuple_free(tuple);
}

static int unpack_element(const Relevo__TupleElement *element)
{
	uint8_t bytes[256];
	Relevo__TupleElement *elements[] = { (Relevo__TupleElement *)element };
	Relevo__Tuple message = RELEVO__TUPLE__INIT;
	relevo_tuple *tuple = NULL;
	message.n_elements = 1;
	message.elements = elements;
	size_t size = relevo__tuple__pack(&message, bytes);
	int status = relevo_tuple_unpack(bytes, size, &tuple);
	relevo_tuple_free(tuple);
	return status;
}

static void test_hostile_elements(void **state)
{
	(void)state;
	Relevo__TupleElement element = RELEVO__TUPLE_ELEMENT__INIT;
	assert_int_equal(unpack_element(&element), RELEVO_OK);
	element.kind = (Relevo__TupleKind)77;
	assert_int_equal(unpack_element(&element), RELEVO_BAD_FRAME);
	element.kind = (Relevo__TupleKind)-1;
	assert_int_equal(unpack_element(&element), RELEVO_BAD_FRAME);
	element.kind = RELEVO__TUPLE_KIND__TUPLE_INT;
	element.name = (char *)"new\nline";
	assert_int_equal(unpack_element(&element), RELEVO_BAD_FRAME);
	element.name = (char *)"";
	element.kind = RELEVO__TUPLE_KIND__TUPLE_TEXT;
	element.data = (ProtobufCBinaryData){ 2, (uint8_t *)"\xc0\x80" };
	assert_int_equal(unpack_element(&element), RELEVO_BAD_FRAME);
	element.kind = RELEVO__TUPLE_KIND__TUPLE_DESCRIPTOR;
	assert_int_equal(unpack_element(&element), RELEVO_BAD_FRAME);
	/* A handle may say anything until it is opened. */
	element.kind = RELEVO__TUPLE_KIND__TUPLE_QUEUE;
	assert_int_equal(unpack_element(&element), RELEVO_OK);
}

/* Two bytes announce an element; a few hundred kilobytes of them are refused. */
static void test_too_many_elements(void **state)
{
	(void)state;
	size_t size = 1024 * 1024;
	uint8_t *bytes = malloc(size);
	relevo_tuple *tuple = NULL;
	for (size_t i = 0; i < size; i += 2) {
		bytes[i] = 1 << 3 | 2;
		bytes[i + 1] = 0;
	}
	assert_int_equal(relevo_tuple_unpack(bytes, size, &tuple), RELEVO_BAD_FRAME);
	assert_int_equal(relevo_tuple_unpack(bytes, 1000, &tuple), RELEVO_OK);
	assert_int_equal(relevo_tuple_count(tuple), 500);
	relevo_tuple_free(tuple);
	free(bytes);
}

/* ---- descriptors -------------------------------------------------------- */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_descriptors_stand_beside(void **state)
{
	(void)state;
	relevo_tuple *tuple = new_tuple(), *inner = new_tuple(), *got = NULL;
	struct buffer bytes = { 0 };
	struct error error = { 0 };
	int fds[4], copies[2], taken, ends[2];
	size_t count;
	void *data;
	size_t size;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(relevo_tuple_add_descriptor(inner, NULL, ends[0]), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_tuple(tuple, NULL, inner), RELEVO_OK);
	assert_int_equal(relevo_tuple_add_descriptor(tuple, "out", ends[1]), RELEVO_OK);
	assert_int_equal(relevo_tuple_pack(tuple, &data, &size), RELEVO_CANNOT_ENCODE);
	assert_non_null(strstr(relevo_error_detail(), "value 0 is a descriptor"));
	assert_int_equal(tuple_encode(tuple, &bytes, fds, 1, &count, &error), RELEVO_CANNOT_ENCODE);
	buffer_truncate(&bytes, 0);
	assert_int_equal(tuple_encode(tuple, &bytes, fds, 4, &count, &error), RELEVO_OK);
	assert_int_equal(count, 2);
	assert_int_equal(fds[0], ends[0]);
	assert_int_equal(fds[1], ends[1]);
	copies[0] = dup(fds[0]);
	copies[1] = dup(fds[1]);
	/* Too few and too many: they stay ours. */
	data = buffer_data(&bytes);
	size = buffer_size(&bytes);
	assert_int_equal(tuple_decode(data, size, copies, 1, &got, &error), RELEVO_BAD_FRAME);
	const int three[] = { copies[0], copies[1], copies[1] };
	assert_int_equal(tuple_decode(data, size, three, 3, &got, &error), RELEVO_BAD_FRAME);
	assert_true(is_open(copies[0]) && is_open(copies[1]));
	assert_int_equal(tuple_decode(data, size, copies, 2, &got, &error), RELEVO_OK);
	/* One is taken, once; the other goes with the tuple. */
	assert_int_equal(relevo_tuple_take_descriptor(got, 1, &taken), RELEVO_OK);
	assert_int_equal(taken, copies[1]);
	assert_int_equal(relevo_tuple_take_descriptor(got, 1, &taken), RELEVO_BAD_STATE);
	buffer_truncate(&bytes, 0);
	assert_int_equal(tuple_encode(got, &bytes, fds, 4, &count, &error), RELEVO_CANNOT_ENCODE);
	relevo_tuple_free(got);
	assert_false(is_open(copies[0]));
	assert_true(is_open(copies[1]));
	/* The sender's own are his, and copied. */
	assert_int_equal(relevo_tuple_take_descriptor(tuple, 1, &taken), RELEVO_OK);
	assert_true(taken != ends[1] && is_open(taken));
	close(taken);
	relevo_tuple_free(tuple);
	assert_true(is_open(ends[0]) && is_open(ends[1]));
	buffer_fini(&bytes);
	close(copies[1]);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_come_through),
		cmocka_unit_test(test_numbers_keep_their_limits),
		cmocka_unit_test(test_an_empty_one),
		cmocka_unit_test(test_what_is_asked_for_wrongly),
		cmocka_unit_test(test_what_cannot_be_put_in),
		cmocka_unit_test(test_a_tuple_has_one_owner),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_depth_is_bounded_for_readers),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_hostile_elements),
		cmocka_unit_test(test_too_many_elements),
		cmocka_unit_test(test_descriptors_stand_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
