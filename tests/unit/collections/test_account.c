#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collections/account.h"

static void test_one_account_a_user(void **state)
{
	(void)state;
	struct accounts accounts;
	accounts_init(&accounts, 1, 100, 5);
	struct account *first = account_get(&accounts, 1000);
	struct account *again = account_get(&accounts, 1000);
	struct account *other = account_get(&accounts, 1001);
	assert_non_null(first);
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, other);
	assert_int_equal(first->uid, 1000);
	assert_int_equal(first->references, 2);
	account_drop(again);
	assert_ptr_equal(account_get(&accounts, 1000), first);
	account_drop(first);
	account_drop(first);
	account_drop(other);
	accounts_fini(&accounts);
}

static void test_an_account_ends_with_its_last_reference(void **state)
{
	(void)state;
	struct accounts accounts;
	accounts_init(&accounts, 1, 100, 5);
	struct account *account = account_get(&accounts, 7);
	account_hold(account);
	account_drop(account);
	assert_int_equal(accounts.by_uid.count, 1);
	account_drop(account);
	assert_int_equal(accounts.by_uid.count, 0);
	accounts_fini(&accounts);
}

static void test_charges_stop_at_the_limit(void **state)
{
	(void)state;
	struct accounts accounts;
	accounts_init(&accounts, 1, 100, 5);
	struct account *account = account_get(&accounts, 7);
	assert_true(account_charge(account, 60));
	assert_false(account_charge(account, 41));
	assert_false(account_charge(account, SIZE_MAX));
	assert_int_equal(account->used, 60);
	assert_true(account_charge(account, 40));
	assert_false(account_charge(account, 1));
	assert_true(account_charge(account, 0));
	account_release(account, 100);
	assert_int_equal(account->used, 0);
	account_drop(account);
	accounts_fini(&accounts);
}

static void test_a_limit_below_what_is_used_refuses_more(void **state)
{
	(void)state;
	struct accounts accounts;
	accounts_init(&accounts, 1, 100, 5);
	struct account *account = account_get(&accounts, 7);
	assert_true(account_charge(account, 80));
	accounts.memory_limit = 50;
	assert_false(account_charge(account, 1));
	account_release(account, 80);
	assert_true(account_charge(account, 50));
	account_release(account, 50);
	account_drop(account);
	accounts_fini(&accounts);
}

struct fake_scales {
	struct scales scales;
	size_t resident, enough;
	int asked;
};

static size_t fake_weigh(struct scales *scales, size_t enough)
{
	struct fake_scales *fake = (struct fake_scales *)scales;
	fake->asked++;
	fake->enough = enough;
	return fake->resident;
}

enum {
	MIB = 1 << 20,
	LIMIT = 64 * MIB,
	MOST_FOR_ITEMS = LIMIT + LIMIT / 8 + 16 * MIB,
	MOST_FOR_BUFFERS = LIMIT + LIMIT * 3 / 16 + 20 * MIB,
};

static struct account *weighed_account(struct accounts *accounts, struct fake_scales *fake)
{
	*fake = (struct fake_scales){ .scales.weigh = fake_weigh };
	accounts_init(accounts, 1, LIMIT, 5);
	accounts->scales = &fake->scales;
	return account_get(accounts, 7);
}

static void weighed_fini(struct accounts *accounts, struct account *account)
{
	account_release(account, account->used);
	account_drop(account);
	accounts_fini(accounts);
}

static void test_each_mib_is_weighed(void **state)
{
	(void)state;
	struct fake_scales fake;
	struct accounts accounts;
	struct account *account = weighed_account(&accounts, &fake);
	assert_true(account_charge(account, MIB / 2));
	assert_true(account_charge_buffer(account, MIB / 2 - 1));
	assert_int_equal(fake.asked, 0);
	assert_true(account_charge(account, 1));
	assert_int_equal(fake.asked, 1);
	assert_int_equal(fake.enough, MOST_FOR_ITEMS);
	fake.resident = MOST_FOR_ITEMS + 1;
	assert_true(account_charge(account, MIB));
	/* Now it is looked each time whether it has become less. */
	assert_true(account_charge(account, 1));
	fake.resident--;
	assert_true(account_charge(account, 1));
	assert_true(account_charge(account, 1));
	assert_int_equal(fake.asked, 4);
	weighed_fini(&accounts, account);
}

static void test_what_is_scattered_is_refused(void **state)
{
	(void)state;
	struct fake_scales fake;
	struct accounts accounts;
	struct account *account = weighed_account(&accounts, &fake);
	fake.resident = MOST_FOR_ITEMS;
	assert_true(account_charge(account, 4 * MIB));
	assert_true(account_charge(account, MIB));
	fake.resident++;
	assert_false(account_charge(account, MIB));
	assert_true(account_is_scattered(account, MIB));
	assert_false(account_is_scattered(account, LIMIT));
	assert_false(account_charge(account, 1));
	assert_int_equal(account->used, 5 * MIB);
	/* Items can be taken out. */
	assert_true(account_charge_buffer(account, 1));
	account_release(account, 2 * MIB);
	assert_true(account_charge(account, 1));
	weighed_fini(&accounts, account);
}

/* Neither many buffers on top of what is scattered, nor little charged that lies everywhere. */
static void test_buffers_are_refused_in_the_end(void **state)
{
	(void)state;
	struct fake_scales fake;
	struct accounts accounts;
	struct account *account = weighed_account(&accounts, &fake);
	fake.resident = MOST_FOR_BUFFERS;
	assert_true(account_charge_buffer(account, 2 * MIB));
	assert_true(account_affords_buffer(account, 1));
	fake.resident++;
	assert_false(account_charge_buffer(account, 1));
	assert_false(account_affords_buffer(account, 1));
	assert_false(account_charge(account, 1));
	assert_int_equal(account->used, 2 * MIB);
	account_release(account, MIB);
	assert_false(account_charge_buffer(account, 1));
	account_release(account, 1);
	assert_true(account_charge_buffer(account, 1));
	weighed_fini(&accounts, account);
}

/* Who uses little is served, whatever others do. */
static void test_others_are_not_refused(void **state)
{
	(void)state;
	struct fake_scales fake;
	struct accounts accounts;
	struct account *account = weighed_account(&accounts, &fake);
	struct account *other = account_get(&accounts, 8);
	fake.resident = 3 * LIMIT;
	assert_true(account_charge(account, MIB));
	assert_false(account_charge(account, MIB));
	assert_true(account_charge(other, MIB / 2));
	assert_true(account_charge_buffer(other, MIB / 2));
	assert_false(account_charge_buffer(other, 1));
	account_release(other, other->used);
	account_drop(other);
	weighed_fini(&accounts, account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_account_a_user),
		cmocka_unit_test(test_an_account_ends_with_its_last_reference),
		cmocka_unit_test(test_charges_stop_at_the_limit),
		cmocka_unit_test(test_a_limit_below_what_is_used_refuses_more),
		cmocka_unit_test(test_each_mib_is_weighed),
		cmocka_unit_test(test_what_is_scattered_is_refused),
		cmocka_unit_test(test_buffers_are_refused_in_the_end),
		cmocka_unit_test(test_others_are_not_refused),
	};
	return cmocka_run_group_tests_name("base/account", tests, NULL, NULL);
}
