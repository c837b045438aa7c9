#include "store/store_crc32c.h"
#include "support/random.h"
#include "support/test.h"

#include <string.h>

/* From RFC 3720, B.4, and the check value of the catalogue. */
static void test_known_values(void **state)
{
	uint8_t zeros[32] = { 0 }, ones[32], rising[32], falling[32];
	(void)state;
	memset(ones, 0xff, sizeof ones);
	for (int i = 0; i < 32; i++) {
		rising[i] = (uint8_t)i;
		falling[i] = (uint8_t)(31 - i);
	}
	assert_int_equal(store_crc32c(0, "", 0), 0);
	assert_int_equal(store_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(store_crc32c(0, zeros, 32), 0x8a9136aa);
	assert_int_equal(store_crc32c(0, ones, 32), 0x62a8ab43);
	assert_int_equal(store_crc32c(0, rising, 32), 0x46dd794e);
	assert_int_equal(store_crc32c(0, falling, 32), 0x113fdb5c);
	assert_int_equal(store_crc32c_by_table(0, "123456789", 9), 0xe3069283);
	assert_int_equal(store_crc32c_by_table(0, zeros, 32), 0x8a9136aa);
}

/* Of any length and alignment, also in pieces. */
static void test_both_ways_agree(void **state)
{
	struct random random = { 7 };
	uint8_t bytes[300];
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)random_next(&random);
	for (int i = 0; i < 2000; i++) {
		size_t from = random_below(&random, 20), size = random_below(&random, 280);
		size_t first = random_below(&random, (uint32_t)size + 1);
		uint32_t whole = store_crc32c(0, bytes + from, size);
		assert_int_equal(store_crc32c_by_table(0, bytes + from, size), whole);
		assert_int_equal(store_crc32c(store_crc32c(0, bytes + from, first),
					      bytes + from + first, size - first),
				 whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_both_ways_agree),
	};
	return cmocka_run_group_tests_name("store/crc32c", tests, NULL, NULL);
}
