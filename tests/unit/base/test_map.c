#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

#include "base/list.h"
#include "support/random.h"

#include <stdio.h>
#include <string.h>

struct entry {
	struct map_node node;
	char key[16];
	bool in;
	bool seen;
};

enum { ENTRIES = 300 };

static void test_what_is_in_is_found(void **state)
{
	(void)state;
	static struct entry entries[ENTRIES];
	struct random random = { 3 };
	struct map map;
	size_t count = 0;
	map_init(&map, random_next(&random));
	for (int i = 0; i < ENTRIES; i++)
		snprintf(entries[i].key, sizeof entries[i].key, "key %d", i);
	for (int step = 0; step < 20000; step++) {
		struct entry *entry = &entries[random_below(&random, ENTRIES)];
		struct map_node *found = map_find(&map, entry->key, strlen(entry->key));
		assert_ptr_equal(found, entry->in ? &entry->node : NULL);
		if (entry->in)
			map_remove(&map, &entry->node);
		else
			assert_true(map_insert(&map, &entry->node, entry->key, strlen(entry->key)));
		entry->in = !entry->in;
		count += entry->in ? 1 : (size_t)-1;
		assert_int_equal(map.count, count);
	}
	map_fini(&map);
}

static void test_an_empty_map_finds_nothing(void **state)
{
	(void)state;
	struct map map;
	map_init(&map, 1);
	assert_null(map_find(&map, "x", 1));
	assert_null(map_next(&map, NULL));
	map_fini(&map);
}

static void test_keys_are_bytes(void **state)
{
	(void)state;
	struct map map;
	struct map_node with_zero, prefix, empty;
	map_init(&map, 1);
	assert_true(map_insert(&map, &with_zero, "a\0b", 3));
	assert_null(map_find(&map, "a", 1));
	assert_null(map_find(&map, "a\0c", 3));
	assert_true(map_insert(&map, &prefix, "a", 1));
	assert_true(map_insert(&map, &empty, "", 0));
	assert_ptr_equal(map_find(&map, "a\0b", 3), &with_zero);
	assert_ptr_equal(map_find(&map, "a", 1), &prefix);
	assert_ptr_equal(map_find(&map, "", 0), &empty);
	map_fini(&map);
}

static void test_a_walk_sees_each_once(void **state)
{
	(void)state;
	static struct entry entries[ENTRIES];
	struct map map;
	map_init(&map, 9);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(entries[i].key, sizeof entries[i].key, "%d", i);
		assert_true(
			map_insert(&map, &entries[i].node, entries[i].key, strlen(entries[i].key)));
	}
	int seen = 0;
	/* Removing on the way, as is allowed once the next is known. */
	for (struct map_node *node = map_next(&map, NULL), *next; node != NULL; node = next) {
		next = map_next(&map, node);
		struct entry *entry = container_of(node, struct entry, node);
		assert_false(entry->seen);
		entry->seen = true;
		seen++;
		map_remove(&map, node);
	}
	assert_int_equal(seen, ENTRIES);
	assert_int_equal(map.count, 0);
	map_fini(&map);
}

static void test_the_seed_decides_where_keys_stand(void **state)
{
	(void)state;
	struct map first, second;
	struct map_node one, two;
	map_init(&first, 1);
	map_init(&second, 2);
	assert_true(map_insert(&first, &one, "name", 4));
	assert_true(map_insert(&second, &two, "name", 4));
	assert_true(one.hash != two.hash);
	map_fini(&first);
	map_fini(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_in_is_found),
		cmocka_unit_test(test_an_empty_map_finds_nothing),
		cmocka_unit_test(test_keys_are_bytes),
		cmocka_unit_test(test_a_walk_sees_each_once),
		cmocka_unit_test(test_the_seed_decides_where_keys_stand),
	};
	return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
