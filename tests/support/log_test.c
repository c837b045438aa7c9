/* A log on a fake disk, and somebody who uses it. */
#include "support/log_test.h"

#include "base/list.h"
#include "support/test.h"

#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct store *log_test_open(struct log_test *test)
{
	const struct store_log_options options = {
		.folder = -1,
		.path = "log",
		.durability = test->durability,
		.extent_size = LOG_TEST_EXTENT,
		.retry_msec = 1,
		.disk = &test->disk.calls,
	};
	struct store *store = NULL;
	struct error error = { 0 };
	if (store_log_open(&options, &store, &error) != RELEVO_OK)
		fail_msg("open: %s", error_text(&error));
	return store;
}

void log_test_again(struct log_test *test)
{
	struct error error = { 0 };
	int status = store_user_recover(&test->user, log_test_open(test), &error);
	if (status != RELEVO_OK)
		fail_msg("recover: %s", error_text(&error));
}

static bool script_goes_on(struct log_test *test)
{
	return !fake_disk_is_off(&test->disk);
}

static bool script_is_cut_off(struct store_user *user)
{
	return !script_goes_on(container_of(user, struct log_test, user));
}

void log_test_begin(struct log_test *test, uint64_t seed)
{
	*test = (struct log_test){ .durability = STORE_SYNC };
	fake_disk_init(&test->disk, seed);
	store_user_init(&test->user, seed + 1);
	test->user.is_cut_off = script_is_cut_off;
	log_test_again(test);
}

void log_test_end(struct log_test *test)
{
	store_user_close(&test->user);
	store_user_fini(&test->user);
	fake_disk_fini(&test->disk);
}

/* ---- the script --------------------------------------------------------- */

/* Without power no checkpoint is ever over. */
static bool script_image_is_over(struct store_user *user)
{
	return store_user_image_is_over(user) ||
	       (script_is_cut_off(user) && store_user_has_trouble(user));
}

static void script_groups(struct log_test *test, unsigned count)
{
	struct store_user *user = &test->user;
	for (unsigned i = 0; i < count && script_goes_on(test); i++) {
		unsigned records = random_below(&user->random, 8);
		bool lazy = random_percent(&user->random, 30);
		if (random_percent(&user->random, 4))
			store_user_append(user,
					  1 + random_below(&user->random, 2 * LOG_TEST_EXTENT));
		store_user_group(user, records, lazy);
		if (random_percent(&user->random, 50)) {
			if (lazy)
				store_user_group(user, 1, false);
			store_user_await(user);
		}
		store_user_read_any(user);
	}
}

static void script_checkpoint(struct log_test *test)
{
	struct store_user *user = &test->user;
	store_user_begin(user);
	/* Early: they are needed until it is durable. */
	store_user_trim(user, user->record_count);
	script_groups(test, 4);
	store_user_group(user, 1, true);
	store_user_end(user, 1 + random_below(&user->random, 20));
	script_groups(test, 2);
	if (script_goes_on(test))
		store_user_await_that(user, script_image_is_over);
}

void log_test_script(struct log_test *test)
{
	for (int i = 0; i < 5 && script_goes_on(test); i++) {
		script_groups(test, 10);
		script_checkpoint(test);
	}
	script_groups(test, 6);
}

/* ---- chance ------------------------------------------------------------- */

uint64_t log_test_seed(void)
{
	const char *text = getenv("RELEVO_SEED");
	uint64_t seed = 0;
	if (text != NULL)
		seed = strtoull(text, NULL, 0);
	else if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		perror("getrandom");
	printf("RELEVO_SEED=%#lx\n", (unsigned long)seed);
	fflush(stdout);
	return seed;
}

unsigned log_test_rounds(void)
{
	const char *text = getenv("RELEVO_STORE_ROUNDS");
	return text != NULL ? (unsigned)strtoul(text, NULL, 0) : 1;
}
