/* Names and lifetimes of shared memory. */
#include "engine/shared.h"

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A source whose memories are counted. */
static int made, alive;
static int next_failure;

struct piece {
	struct account *account;
	size_t size;
	char bytes[16];
};

static int make(const struct shared_options *options, struct account *account, void **memory,
		struct error *error)
{
	if (next_failure != RELEVO_OK)
		return error_set(error, next_failure, "no more memory");
	if (!account_charge(account, (size_t)options->size))
		return error_set(error, RELEVO_QUOTA, "too much memory");
	struct piece *piece = calloc(1, sizeof *piece);
	assert_non_null(piece);
	piece->account = account;
	piece->size = (size_t)options->size;
	assert_true(options->initial_size < sizeof piece->bytes);
	if (options->initial_size > 0)
		memcpy(piece->bytes, options->initial, options->initial_size);
	account_hold(account);
	made++;
	alive++;
	*memory = piece;
	return RELEVO_OK;
}

static void release(void *memory)
{
	struct piece *piece = memory;
	account_release(piece->account, piece->size);
	account_drop(piece->account);
	free(piece);
	alive--;
}

enum { MOST_HANDLES = 20, SHARE = 12 };

static uint32_t share(void)
{
	return SHARE;
}

static const struct shared_source source = { make, release, share };

static int setup(void **state)
{
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 10,
		.peer_leases = 10,
		.peer_handles = MOST_HANDLES,
		.shared = &source,
	};
	made = alive = 0;
	next_failure = RELEVO_OK;
	*state = fixture_open(&config);
	return 0;
}

static int teardown(void **state)
{
	fixture_close(*state);
	return alive;
}

#define shared_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static int try_open(struct engine_peer *peer, const struct shared_request *request,
		    struct shared_opened *opened)
{
	struct error error = { 0 };
	int status = shared_open(peer, request, opened, &error);
	assert_true(status == RELEVO_OK || error.text[0] != '\0');
	return status;
}

static struct shared_opened open_as(struct engine_peer *peer, const char *name,
				    enum queue_lifetime lifetime)
{
	const struct shared_request request = {
		.name = name,
		.options = { .size = 100, .lifetime = lifetime },
	};
	struct shared_opened opened;
	assert_int_equal(try_open(peer, &request, &opened), RELEVO_OK);
	return opened;
}

static bool exists(struct engine_peer *peer, const char *name)
{
	const struct shared_request request = { .name = name, .mode = QUEUE_OPEN_EXISTING };
	struct shared_opened opened;
	struct error error;
	int status = try_open(peer, &request, &opened);
	assert_true(status == RELEVO_OK || status == RELEVO_NOT_FOUND);
	if (status == RELEVO_OK)
		assert_int_equal(shared_close(peer, opened.handle, &error), RELEVO_OK);
	return status == RELEVO_OK;
}

static void test_all_who_open_a_name_get_one_memory(void **state)
{
	struct fixture *f = *state;
	const struct shared_request request = {
		.name = "m",
		.options = { .size = 100, .unlocked = true, .initial = "begin", .initial_size = 5 },
	};
	struct shared_opened first, second;
	assert_int_equal(try_open(f->a, &request, &first), RELEVO_OK);
	assert_int_equal(try_open(f->c, &request, &second), RELEVO_OK);
	assert_int_equal(made, 1);
	assert_true(first.created);
	assert_false(second.created);
	assert_ptr_equal(first.memory, second.memory);
	assert_string_equal(((struct piece *)first.memory)->bytes, "begin");
	assert_string_equal(second.name, "m");
	assert_int_equal(second.identity, first.identity);
	assert_int_equal(second.size, 100);
	assert_true(second.unlocked);
}

static void test_other_options_are_named(void **state)
{
	struct fixture *f = *state;
	open_as(f->a, "m", QUEUE_KEPT);
	struct shared_request request = { .name = "m", .options = { .size = 101 } };
	struct shared_opened opened;
	struct error error;
	assert_int_equal(shared_open(f->c, &request, &opened, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "size 100, not 101");
	request.options = (struct shared_options){ .size = 100, .unlocked = true };
	assert_int_equal(shared_open(f->c, &request, &opened, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "lock");
	request.options = (struct shared_options){ .size = 100, .lifetime = QUEUE_SESSION };
	assert_int_equal(shared_open(f->c, &request, &opened, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "lifetime");
	request.mode = QUEUE_CREATE_NEW;
	assert_int_equal(try_open(f->c, &request, &opened), RELEVO_EXISTS);
	request.mode = QUEUE_OPEN_EXISTING;
	assert_int_equal(try_open(f->c, &request, &opened), RELEVO_OK);
	assert_int_equal(opened.size, 100);
}

static void test_what_cannot_be_created_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct shared_request request = { .name = "m" };
	struct shared_opened opened;
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_BAD_ARGUMENT);
	request.options.size = 3;
	request.options.initial = "four";
	request.options.initial_size = 4;
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_BAD_ARGUMENT);
	request.options = (struct shared_options){ .size = 2 * 1024 * 1024 };
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_QUOTA);
	request.options.size = 100;
	next_failure = RELEVO_LIMIT;
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_LIMIT);
	request.name = "\n";
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_BAD_NAME);
	assert_false(exists(f->a, "m"));
	assert_int_equal(f->first_user->queues, 0);
}

static void test_nameless_memories_differ(void **state)
{
	struct fixture *f = *state;
	char name[32];
	snprintf(name, sizeof name, "%s", open_as(f->a, "", QUEUE_KEPT).name);
	assert_string_not_equal(open_as(f->a, "", QUEUE_KEPT).name, name);
	assert_true(exists(f->c, name));
	const struct shared_request request = { .name = "", .mode = QUEUE_OPEN_EXISTING };
	struct shared_opened opened;
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_BAD_NAME);
}

static void expect_no_more(struct engine_peer *peer)
{
	const struct shared_request request = { .name = "one more", .options.size = 1 };
	struct shared_opened opened;
	struct error error;
	assert_int_equal(shared_open(peer, &request, &opened, &error), RELEVO_LIMIT);
	assert_text(error.text, "12 shared memories");
}

/* Whatever its handles are, it counts as long as it is there. */
static void test_a_session_makes_its_share(void **state)
{
	struct fixture *f = *state;
	struct error error;
	char name[16];
	for (int i = 0; i < SHARE; i++) {
		snprintf(name, sizeof name, "m%d", i);
		uint32_t handle = open_as(f->a, name, i % 2 ? QUEUE_KEPT : QUEUE_SESSION).handle;
		assert_int_equal(shared_close(f->a, handle, &error), RELEVO_OK);
	}
	expect_no_more(f->a);
	assert_true(exists(f->a, "m0"));
	open_as(f->c, "of another", QUEUE_KEPT);
	assert_int_equal(shared_delete(f->engine, "m0", &error), RELEVO_OK);
	open_as(f->a, "of its own", QUEUE_HANDLES);
	expect_no_more(f->a);
	/* What stays is nobody's then. */
	gone(f, &f->a);
	assert_int_equal(alive, SHARE / 2 + 1);
	for (int i = 1; i < SHARE; i++)
		open_as(f->c, "", QUEUE_KEPT);
	expect_no_more(f->c);
}

static void test_kept_memory_stays(void **state)
{
	struct fixture *f = *state;
	open_as(f->a, "m", QUEUE_KEPT);
	gone(f, &f->a);
	assert_true(exists(f->c, "m"));
	assert_int_equal(alive, 1);
}

static void test_the_last_handle_takes_the_memory_with_it(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t first = open_as(f->a, "m", QUEUE_HANDLES).handle;
	uint32_t second = open_as(f->a, "m", QUEUE_HANDLES).handle;
	open_as(f->c, "m", QUEUE_HANDLES);
	assert_int_equal(shared_close(f->a, first, &error), RELEVO_OK);
	assert_int_equal(shared_close(f->a, first, &error), RELEVO_BAD_ARGUMENT);
	assert_int_equal(shared_close(f->a, second, &error), RELEVO_OK);
	assert_int_equal(alive, 1);
	gone(f, &f->c);
	assert_int_equal(alive, 0);
	assert_false(exists(f->a, "m"));
}

static void test_memory_of_a_session_ends_with_it(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t other = 0;
	open_as(f->a, "m", QUEUE_SESSION);
	other = open_as(f->c, "m", QUEUE_SESSION).handle;
	gone(f, &f->a);
	assert_int_equal(alive, 0);
	assert_false(exists(f->c, "m"));
	assert_int_equal(shared_close(f->c, other, &error), RELEVO_OK);
	assert_int_equal(f->first_user->used, 0);
}

static void test_a_deleted_name_is_free_at_once(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct shared_opened first = open_as(f->a, "m", QUEUE_KEPT);
	assert_int_equal(shared_delete(f->engine, "m", &error), RELEVO_OK);
	assert_int_equal(shared_delete(f->engine, "m", &error), RELEVO_NOT_FOUND);
	struct shared_opened second = open_as(f->a, "m", QUEUE_KEPT);
	assert_true(second.created);
	assert_int_not_equal(second.identity, first.identity);
	assert_int_not_equal(second.handle, first.handle);
	assert_int_equal(shared_close(f->a, first.handle, &error), RELEVO_OK);
	assert_true(exists(f->c, "m"));
}

static void test_handles_and_objects_are_limited(void **state)
{
	struct fixture *f = *state;
	const struct shared_request request = { .name = "m", .options = { .size = 100 } };
	struct shared_opened opened;
	for (int i = 0; i < MOST_HANDLES; i++)
		open_as(f->a, "m", QUEUE_KEPT);
	assert_int_equal(try_open(f->a, &request, &opened), RELEVO_LIMIT);
	f->accounts.queue_limit = 1;
	const struct shared_request another = { .name = "n", .options = { .size = 100 } };
	assert_int_equal(try_open(f->b, &another, &opened), RELEVO_QUOTA);
	assert_int_equal(try_open(f->c, &another, &opened), RELEVO_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		shared_test(test_all_who_open_a_name_get_one_memory),
		shared_test(test_other_options_are_named),
		shared_test(test_what_cannot_be_created_leaves_nothing),
		shared_test(test_nameless_memories_differ),
		shared_test(test_a_session_makes_its_share),
		shared_test(test_kept_memory_stays),
		shared_test(test_the_last_handle_takes_the_memory_with_it),
		shared_test(test_memory_of_a_session_ends_with_it),
		shared_test(test_a_deleted_name_is_free_at_once),
		shared_test(test_handles_and_objects_are_limited),
	};
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
