/* The memory of items: slabs and what is too large or too much for these. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/item.h"
#include "core/item_memory.h"

#include <string.h>

static void test_an_item_is_a_copy(void **state)
{
	(void)state;
	struct item_memory memory = { 0 };
	char body[] = "body";
	struct item *item = item_memory_new(&memory, body, 4, 0);
	assert_non_null(item);
	memset(body, 'x', 4);
	assert_int_equal(item->size, 4);
	assert_memory_equal(item->body, "body", 4);
	assert_int_equal(item->references, 1);
	assert_int_equal(item->deliveries, 0);
	assert_int_equal(item->extended, 0);
	assert_null(item->account);
	assert_null(item->next);
	assert_false(heap_holds(&item->order));
	assert_int_equal(memory.alive, 1);
	item_memory_free(&memory, item);
	assert_int_equal(memory.alive, 0);
	item_memory_fini(&memory);
}

static void test_an_item_may_be_empty(void **state)
{
	(void)state;
	struct item_memory memory = { 0 };
	struct item *item = item_memory_new(&memory, NULL, 0, 0);
	assert_non_null(item);
	assert_int_equal(item->size, 0);
	item_memory_free(&memory, item);
	item_memory_fini(&memory);
}

static void test_an_extension_stands_behind_the_body(void **state)
{
	(void)state;
	struct item_memory memory = { 0 };
	struct item *item = item_memory_new(&memory, "abc", 3, 100);
	assert_non_null(item);
	assert_int_equal(item->extended, 1);
	uint8_t *extension = (uint8_t *)item + item_extension_at(3);
	assert_int_equal((uintptr_t)extension % sizeof(uint64_t), 0);
	memset(extension, 'x', 100);
	assert_memory_equal(item->body, "abc", 3);
	item_memory_free(&memory, item);
	assert_int_equal(memory.alive, 0);
	item_memory_fini(&memory);
}

static void test_an_item_too_large_for_its_size_field_is_refused(void **state)
{
	(void)state;
	struct item_memory memory = { 0 };
	assert_null(item_memory_new(&memory, "", (size_t)UINT32_MAX + 1, 0));
	assert_int_equal(memory.alive, 0);
	item_memory_fini(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_item_is_a_copy),
		cmocka_unit_test(test_an_item_may_be_empty),
		cmocka_unit_test(test_an_extension_stands_behind_the_body),
		cmocka_unit_test(test_an_item_too_large_for_its_size_field_is_refused),
	};
	return cmocka_run_group_tests_name("engine/item_memory", tests, NULL, NULL);
}
