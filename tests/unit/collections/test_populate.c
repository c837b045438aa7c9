#include "collections/populate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 4 * 1024 * 1024, PAGES_MOST = SIZE / 4096 };

static char *map_untouched(void)
{
	char *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(bytes != MAP_FAILED);
	/* No more than is asked for comes with a page. */
	madvise(bytes, SIZE, MADV_NOHUGEPAGE);
	return bytes;
}

static size_t count_resident(char *bytes)
{
	static unsigned char state[PAGES_MOST];
	size_t pages = SIZE / (size_t)sysconf(_SC_PAGESIZE), count = 0;
	assert_int_equal(mincore(bytes, SIZE, state), 0);
	for (size_t i = 0; i < pages; i++)
		count += state[i] & 1;
	return count;
}

static bool kernel_can(void)
{
	char *bytes = map_untouched();
	bool can = madvise(bytes, SIZE, MADV_POPULATE_WRITE) == 0 || errno != EINVAL;
	munmap(bytes, SIZE);
	return can;
}

static void test_all_pages_are_made(void **state)
{
	(void)state;
	if (!kernel_can())
		skip();
	char *bytes = map_untouched();
	size_t pages = SIZE / (size_t)sysconf(_SC_PAGESIZE);
	assert_int_equal(count_resident(bytes), 0);
	/* The first and the last one in part. */
	populate(bytes + 100, SIZE - 200);
	assert_int_equal(count_resident(bytes), pages);
	munmap(bytes, SIZE);
}

static void test_little_is_left_alone(void **state)
{
	(void)state;
	char *bytes = map_untouched();
	populate(bytes, 64 * 1024);
	populate(NULL, 0);
	assert_int_equal(count_resident(bytes), 0);
	munmap(bytes, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_pages_are_made),
		cmocka_unit_test(test_little_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
