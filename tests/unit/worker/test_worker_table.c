/* Who died with a task, as the workers of a group tell each other. */
#include "support/test.h"

#include "worker/worker_table.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { DEAD = 1 << 22 }; /* above every id of a process that there is */

static const struct task_mark mark = { .reply_to = "results", .job = 7, .first = 3 };

/* Its worker has begun the task. */
static struct worker_slot *begin(struct worker_table *table, int index, int pid)
{
	struct worker_slot *slot = &table->slots[index];
	atomic_store(&slot->pid, pid);
	worker_slot_begin(slot, &mark);
	return slot;
}

static void bury(struct worker_table *table, struct worker_slot *slot)
{
	worker_table_bury(table, slot, atomic_load(&slot->pid), SIGKILL);
}

/* It counts once, from its death on: before it is buried, while it is, and afterwards. */
static void test_a_death_counts_once(void **state)
{
	(void)state;
	struct worker_table *table = worker_table_new(3);
	assert_non_null(table);
	assert_int_equal(worker_table_count(table, &mark), 0);
	struct worker_slot *slot = begin(table, 1, DEAD);
	assert_int_equal(worker_table_count(table, &mark), 1);
	bury(table, slot);
	assert_int_equal(worker_table_count(table, &mark), 1);
	worker_slot_done(slot);
	atomic_store(&slot->pid, 0);
	assert_int_equal(worker_table_count(table, &mark), 1);
	/* The next one in its place, and another one. */
	slot = begin(table, 1, DEAD + 1);
	assert_int_equal(worker_table_count(table, &mark), 2);
	begin(table, 2, DEAD + 2);
	assert_int_equal(worker_table_count(table, &mark), 3);
	worker_table_free(table);
}

/* Those with other tasks, those that are done with it, and whoever asks do not. */
static void test_others_do_not_count(void **state)
{
	(void)state;
	struct worker_table *table = worker_table_new(3);
	assert_non_null(table);
	begin(table, 0, getpid());
	assert_int_equal(worker_table_count(table, &mark), 0);
	struct worker_slot *slot = begin(table, 1, DEAD);
	worker_slot_done(slot);
	assert_int_equal(worker_table_count(table, &mark), 0);
	struct task_mark other = mark;
	other.first++;
	worker_slot_begin(slot, &other);
	assert_int_equal(worker_table_count(table, &mark), 0);
	bury(table, slot);
	assert_int_equal(worker_table_count(table, &mark), 0);
	worker_slot_done(slot);
	other = (struct task_mark){ .reply_to = "others' results", .job = 7, .first = 3 };
	worker_slot_begin(slot, &other);
	assert_int_equal(worker_table_count(table, &mark), 0);
	/* A piece of a chunk that begins where that did. */
	other = mark;
	other.handed = 1;
	worker_slot_begin(slot, &other);
	assert_int_equal(worker_table_count(table, &mark), 0);
	assert_int_equal(worker_table_count(table, &other), 1);
	worker_table_free(table);
}

/* How it was, and which argument it was about. */
static void test_a_death_is_described(void **state)
{
	(void)state;
	struct worker_table *table = worker_table_new(1);
	struct death death;
	assert_non_null(table);
	struct worker_slot *slot = begin(table, 0, DEAD);
	worker_slot_at(slot, 4);
	bury(table, slot);
	worker_slot_done(slot);
	assert_true(worker_table_find(table, &mark, &death));
	assert_int_equal(death.pid, DEAD);
	assert_int_equal(death.state, SIGKILL);
	assert_int_equal(death.place, 4);
	/* The next one begins at the first. */
	slot = begin(table, 0, DEAD + 1);
	bury(table, slot);
	worker_slot_done(slot);
	assert_true(worker_table_find(table, &mark, &death));
	assert_int_equal(death.pid, DEAD + 1);
	assert_int_equal(death.place, 0);
	worker_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_death_counts_once),
		cmocka_unit_test(test_others_do_not_count),
		cmocka_unit_test(test_a_death_is_described),
	};
	return cmocka_run_group_tests_name("process/worker_table", tests, NULL, NULL);
}
