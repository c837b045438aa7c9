#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

#include <relevo/status.h>
#include <string.h>

static void test_an_item_is_a_copy(void **state)
{
	(void)state;
	struct store *store = store_memory_open();
	assert_non_null(store);
	char body[] = "body";
	struct item *item = store->operations->item_new(store, body, 4, 0);
	assert_non_null(item);
	memset(body, 'x', 4);
	assert_int_equal(item->size, 4);
	assert_memory_equal(item->body, "body", 4);
	assert_int_equal(item->references, 1);
	assert_int_equal(item->deliveries, 0);
	assert_null(item->account);
	assert_null(item->next);
	assert_false(heap_holds(&item->order));
	store->operations->item_free(store, item);
	store->operations->close(store);
}

static void test_an_item_may_be_empty(void **state)
{
	(void)state;
	struct store *store = store_memory_open();
	struct item *item = store->operations->item_new(store, NULL, 0, 0);
	assert_non_null(item);
	assert_int_equal(item->size, 0);
	store->operations->item_free(store, item);
	store->operations->close(store);
}

static void test_an_item_too_large_for_its_size_field_is_refused(void **state)
{
	(void)state;
	struct store *store = store_memory_open();
	assert_null(store->operations->item_new(store, "", (size_t)UINT32_MAX + 1, 0));
	store->operations->close(store);
}

static void on_done(void *context, int status)
{
	int *outcome = context;
	*outcome = status;
}

static void test_a_commit_is_done_at_once(void **state)
{
	(void)state;
	struct store *store = store_memory_open();
	const struct store_operations *operations = store->operations;
	struct item *item = operations->item_new(store, "x", 1, 0);
	int outcome = -1;
	assert_int_equal(operations->queue_created(store, 1, "q"), RELEVO_OK);
	assert_int_equal(operations->item_added(store, 1, 1, item), RELEVO_OK);
	assert_int_equal(operations->item_changed(store, 1, 1, item), RELEVO_OK);
	assert_int_equal(operations->item_removed(store, 1, 1), RELEVO_OK);
	assert_int_equal(operations->queue_deleted(store, 1), RELEVO_OK);
	operations->commit(store, on_done, &outcome);
	assert_int_equal(outcome, RELEVO_OK);
	operations->item_free(store, item);
	operations->close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_item_is_a_copy),
		cmocka_unit_test(test_an_item_may_be_empty),
		cmocka_unit_test(test_an_item_too_large_for_its_size_field_is_refused),
		cmocka_unit_test(test_a_commit_is_done_at_once),
	};
	return cmocka_run_group_tests_name("store/memory", tests, NULL, NULL);
}
