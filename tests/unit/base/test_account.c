#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/account.h"

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
	size_t resident;
	int asked;
};

static bool fake_exceed(struct scales *scales, size_t bytes)
{
	struct fake_scales *fake = (struct fake_scales *)scales;
	fake->asked++;
	return fake->resident > bytes;
}

static void test_what_is_scattered_is_refused(void **state)
{
	(void)state;
	enum { MIB = 1 << 20, LIMIT = 64 * MIB, MOST = LIMIT + LIMIT / 4 + 16 * MIB };
	struct fake_scales fake = { .scales.exceed = fake_exceed, .resident = MOST };
	struct accounts accounts;
	accounts_init(&accounts, 1, LIMIT, 5);
	struct account *account = account_get(&accounts, 7);
	assert_true(account_charge(account, 8 * MIB));
	assert_false(account_is_scattered(account, 8 * MIB));
	accounts.scales = &fake.scales;
	assert_false(account_is_scattered(account, MIB - 1));
	assert_int_equal(fake.asked, 0);
	assert_false(account_is_scattered(account, 1));
	assert_int_equal(fake.asked, 1);
	fake.resident++;
	assert_false(account_is_scattered(account, MIB - 1));
	assert_true(account_is_scattered(account, 1));
	assert_true(account_is_scattered(account, 1));
	account_release(account, 4 * MIB);
	assert_false(account_is_scattered(account, MIB));
	assert_int_equal(fake.asked, 3);
	account_release(account, 4 * MIB);
	account_drop(account);
	accounts_fini(&accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_account_a_user),
		cmocka_unit_test(test_an_account_ends_with_its_last_reference),
		cmocka_unit_test(test_charges_stop_at_the_limit),
		cmocka_unit_test(test_a_limit_below_what_is_used_refuses_more),
		cmocka_unit_test(test_what_is_scattered_is_refused),
	};
	return cmocka_run_group_tests_name("base/account", tests, NULL, NULL);
}
