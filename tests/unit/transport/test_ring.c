#include "transport/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 97, STEPS = 100000 };

static void test_edges(void **state)
{
	(void)state;
	struct ring ring;
	struct iovec pieces[2];
	char bytes[8];
	assert_true(ring_init(&ring, 4));
	assert_int_equal(ring_used_pieces(&ring, pieces), 0);
	assert_int_equal(ring_free_pieces(&ring, pieces), 1);
	assert_int_equal(pieces[0].iov_len, 4);
	assert_int_equal(ring_read(&ring, bytes, 8), 0);

	assert_int_equal(ring_write(&ring, "abcdef", 6), 4);
	assert_int_equal(ring_room(&ring), 0);
	assert_int_equal(ring_free_pieces(&ring, pieces), 0);
	assert_int_equal(ring_write(&ring, "g", 1), 0);

	assert_int_equal(ring_read(&ring, bytes, 3), 3);
	assert_memory_equal(bytes, "abc", 3);
	assert_int_equal(ring_write(&ring, "ef", 2), 2);
	assert_int_equal(ring_used_pieces(&ring, pieces), 2);
	assert_memory_equal(pieces[0].iov_base, "d", 1);
	assert_memory_equal(pieces[1].iov_base, "ef", 2);
	assert_int_equal(pieces[0].iov_len + pieces[1].iov_len, 3);
	assert_int_equal(ring_free_pieces(&ring, pieces), 1);
	assert_int_equal(pieces[0].iov_len, 1);
	ring_fini(&ring);
	ring_fini(&ring);
}

static size_t next(uint32_t *random, size_t below)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 8) % below;
}

/* Bytes are numbered; what comes out has to be in order, however it is put in
 * and taken out. */
static void test_order(void **state)
{
	(void)state;
	struct ring ring;
	assert_true(ring_init(&ring, CAPACITY));
	uint32_t random = 1;
	size_t put = 0, taken = 0;
	for (int step = 0; step < STEPS; step++) {
		uint8_t bytes[2 * CAPACITY];
		struct iovec pieces[2];
		size_t size = next(&random, sizeof bytes + 1);
		if (next(&random, 2) == 0) {
			for (size_t i = 0; i < size; i++)
				bytes[i] = (uint8_t)(put + i);
			put += ring_write(&ring, bytes, size);
		} else if (next(&random, 2) == 0) {
			size_t got = ring_read(&ring, bytes, size);
			for (size_t i = 0; i < got; i++)
				assert_int_equal(bytes[i], (uint8_t)(taken + i));
			taken += got;
		} else if (ring_used_pieces(&ring, pieces) > 0) {
			assert_int_equal(*(uint8_t *)pieces[0].iov_base, (uint8_t)taken);
			ring_consume(&ring, 1);
			taken++;
		}
		assert_int_equal(ring.size, put - taken);
		int count = ring_free_pieces(&ring, pieces);
		size_t room =
			(count > 0 ? pieces[0].iov_len : 0) + (count > 1 ? pieces[1].iov_len : 0);
		assert_int_equal(room, CAPACITY - (put - taken));
	}
	assert_true(taken > STEPS);
	ring_fini(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_order),
	};
	return cmocka_run_group_tests_name("wire/ring", tests, NULL, NULL);
}
