/* Bytes of the files change, or are missing: no wrong record is ever handed out, and what was
 * confirmed and is damaged is named. */
#include "store/store_crc32c.h"
#include "support/log_test.h"
#include "support/test.h"

#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_THREAD__
enum { FLIPS = 1500, CUTS = 300, READS = 100 };
#else
enum { FLIPS = 9000, CUTS = 1500, READS = 400 };
#endif

/* A log that was closed, to be damaged again and again. */
struct sample {
	struct log_test test;
	struct random random;
};

static void sample_begin(struct sample *sample)
{
	uint64_t seed = log_test_seed();
	struct store_user *user = &sample->test.user;
	log_test_begin(&sample->test, seed);
	sample->random = (struct random){ seed };
	for (int i = 0; i < 30; i++)
		store_user_group(user, 6, false);
	assert_int_equal(store_user_checkpoint(user, 30), RELEVO_OK);
	store_user_trim(user, user->record_count);
	/* Some more, in several extents, of which the last is not full. */
	uint32_t extent = store_extent(user->records[user->record_count - 1].at);
	while (store_extent(user->records[user->record_count - 1].at) < extent + 3)
		store_user_group(user, random_below(&sample->random, 8), false);
	store_user_group(user, 5, false);
	store_user_await(user);
	store_user_close(user);
	fake_disk_again(&sample->test.disk);
}

static void sample_end(struct sample *sample)
{
	log_test_again(&sample->test);
	log_test_end(&sample->test);
}

/* A copy of what the user knows, for one that may be made to forget. */
static void sample_copy(struct sample *from, struct log_test *to, uint64_t seed)
{
	const struct store_user *user = &from->test.user;
	*to = (struct log_test){ .durability = STORE_SYNC };
	fake_disk_copy(&to->disk, &from->test.disk, seed);
	store_user_init(&to->user, seed);
	to->user.records = malloc(user->record_count * sizeof *user->records);
	assert_non_null(to->user.records);
	memcpy(to->user.records, user->records, user->record_count * sizeof *user->records);
	to->user.record_count = to->user.record_capacity = user->record_count;
	to->user.confirmed = to->user.whole = user->confirmed;
	to->user.image_base = user->image_base;
}

static void copy_end(struct log_test *copy)
{
	store_user_close(&copy->user);
	store_user_fini(&copy->user);
	fake_disk_fini(&copy->disk);
}

/* Any file that counts. */
static uint8_t *choose_file(struct sample *sample, struct log_test *copy, char name[64],
			    size_t *size)
{
	for (;;) {
		unsigned n = random_below(&sample->random, 16);
		if (fake_disk_name(&copy->disk, n, name) && strncmp(name, "spare", 5) != 0)
			return fake_disk_bytes(&copy->disk, name, size);
	}
}

/* Either nothing is missing, or it is said where, in that file. */
static void check_verdict(struct log_test *copy, const char *name, size_t at)
{
	struct error error = { 0 };
	bool right = true;
	struct store *store = log_test_open(copy);
	int status = store_user_look(&copy->user, store, &error, &right);
	if (!right)
		fail_msg("%s changed at %zu: %s", name, at, error_text(&error));
	if (status == RELEVO_OK)
		return;
	const struct store_recovery *seen = store_log_recovery(store);
	assert_int_equal(status, RELEVO_DAMAGED);
	assert_string_equal(seen->damaged, name);
	assert_true(seen->damaged_at <= at);
	assert_non_null(strstr(error.text, name));
}

static void test_flips_are_noticed(void **state)
{
	struct sample sample;
	unsigned damaged = 0;
	(void)state;
	sample_begin(&sample);
	for (unsigned i = 0; i < FLIPS * log_test_rounds(); i++) {
		struct log_test copy;
		char name[64];
		size_t size;
		sample_copy(&sample, &copy, i);
		uint8_t *bytes = choose_file(&sample, &copy, name, &size);
		size_t at = random_below(&sample.random, (uint32_t)size);
		/* One bit, or a whole piece. */
		if (i % 4 != 0)
			bytes[at] ^= (uint8_t)(1U << random_below(&sample.random, 8));
		else
			memset(bytes + at, (int)(i & 0xff), size - at < 64 ? size - at : 64);
		check_verdict(&copy, name, i % 4 != 0 ? at : at + 64);
		damaged += store_log_recovery(copy.user.store)->damaged[0] != '\0';
		copy_end(&copy);
	}
	/* Most of these files is in use. */
	assert_true(damaged > FLIPS / 4);
	sample_end(&sample);
}

static void test_missing_ends_are_noticed(void **state)
{
	struct sample sample;
	unsigned damaged = 0;
	(void)state;
	sample_begin(&sample);
	for (unsigned i = 0; i < CUTS * log_test_rounds(); i++) {
		struct log_test copy;
		char name[64];
		size_t size;
		sample_copy(&sample, &copy, i);
		choose_file(&sample, &copy, name, &size);
		size_t at = i % 5 == 0 ? random_below(&sample.random, 200)
				       : random_below(&sample.random, (uint32_t)size);
		fake_disk_shorten(&copy.disk, name, at);
		check_verdict(&copy, name, at);
		damaged += store_log_recovery(copy.user.store)->damaged[0] != '\0';
		copy_end(&copy);
	}
	assert_true(damaged > CUTS / 2);
	sample_end(&sample);
}

/* ---- what is read ------------------------------------------------------- */

static void test_no_wrong_record_is_read(void **state)
{
	struct sample sample;
	struct buffer bytes = { 0 };
	unsigned damaged = 0;
	(void)state;
	sample_begin(&sample);
	for (unsigned i = 0; i < READS; i++) {
		struct log_test copy;
		sample_copy(&sample, &copy, i);
		log_test_again(&copy);
		struct store_user *user = &copy.user;
		uint64_t number =
			user->image_base +
			random_next(&sample.random) % (user->record_count - user->image_base);
		const struct user_record *record = &user->records[number];
		char name[64];
		size_t size;
		snprintf(name, sizeof name, "extent-%08x", store_extent(record->at));
		uint8_t *file = fake_disk_bytes(&copy.disk, name, &size);
		size_t at = (uint32_t)record->at + random_below(&sample.random, record->size + 9);
		file[at] ^= (uint8_t)(1U << random_below(&sample.random, 8));
		struct error error = { 0 };
		uint8_t type;
		int status = user->ask->read(user->store, record->at, &type, &bytes, &error);
		assert_int_equal(status, RELEVO_DAMAGED);
		assert_non_null(strstr(error.text, name));
		damaged++;
		copy_end(&copy);
	}
	buffer_fini(&bytes);
	assert_int_equal(damaged, READS);
	sample_end(&sample);
}

/* ---- what is left ------------------------------------------------------- */

struct left {
	const struct store_user *user;
	uint64_t records, images;
	uint64_t last;
};

static int left_image(void *context, const struct store_record *record, struct error *error)
{
	struct left *left = context;
	(void)record;
	(void)error;
	left->images++;
	return RELEVO_OK;
}

static int left_record(void *context, store_position at, const struct store_record *record,
		       struct error *error)
{
	struct left *left = context;
	uint64_t number = 0;
	uint8_t expected[4096];
	(void)error;
	memcpy(&number, record->bytes, sizeof number);
	assert_true(number < left->user->record_count);
	assert_true(left->records == 0 || number > left->last);
	assert_int_equal(left->user->records[number].at, at);
	store_user_bytes(number, expected, (uint32_t)record->size);
	assert_memory_equal(record->bytes, expected, record->size);
	left->last = number;
	left->records++;
	return RELEVO_OK;
}

static int salvage(struct log_test *copy, struct left *left, struct store_recovery *found)
{
	const struct store_reader reader = { left, left_image, left_record };
	const struct store_log_options options = {
		.folder = -1,
		.path = "log",
		.extent_size = LOG_TEST_EXTENT,
		.disk = &copy->disk.calls,
	};
	struct error error = { 0 };
	*left = (struct left){ .user = &copy->user };
	return store_log_salvage(&options, &reader, found, &error);
}

static void test_what_is_left_can_be_read(void **state)
{
	struct sample sample;
	struct store_recovery found;
	struct log_test copy;
	struct left all, left;
	char name[64];
	size_t size;
	(void)state;
	sample_begin(&sample);
	sample_copy(&sample, &copy, 1);
	assert_int_equal(salvage(&copy, &all, &found), RELEVO_OK);
	assert_int_equal(all.records, copy.user.record_count - copy.user.image_base);
	assert_int_equal(all.images, 30);
	/* One group of the second extent. */
	uint64_t number =
		copy.user.image_base + (copy.user.record_count - copy.user.image_base) / 2;
	store_position at = copy.user.records[number].at;
	snprintf(name, sizeof name, "extent-%08x", store_extent(at));
	fake_disk_bytes(&copy.disk, name, &size)[(uint32_t)at + 12] ^= 1;
	assert_int_equal(salvage(&copy, &left, &found), RELEVO_DAMAGED);
	assert_true(left.records < all.records && left.records + 8 >= all.records);
	assert_int_equal(left.last, all.last);
	assert_string_equal(found.damaged, name);
	assert_true(found.readable > 0);
	/* It changes nothing: that is how it is found again. */
	struct error error = { 0 };
	bool right = true;
	assert_int_equal(store_user_look(&copy.user, log_test_open(&copy), &error, &right),
			 RELEVO_DAMAGED);
	copy_end(&copy);
	sample_end(&sample);
}

/* ---- another format ----------------------------------------------------- */

/* As a later program would write it: the first 16 bytes are the same in every format. */
static void make_newer(struct log_test *copy, const char *name)
{
	size_t size;
	uint8_t *bytes = fake_disk_bytes(&copy->disk, name, &size);
	assert_non_null(bytes);
	bytes[8] = 2;
	uint32_t crc = store_crc32c(0, bytes, 12);
	memcpy(bytes + 12, &crc, sizeof crc);
}

static void check_newer(struct sample *sample, const char *name)
{
	struct log_test copy;
	struct error error = { 0 };
	bool right = true;
	sample_copy(sample, &copy, 1);
	make_newer(&copy, name);
	assert_int_equal(store_user_look(&copy.user, log_test_open(&copy), &error, &right),
			 RELEVO_BAD_VERSION);
	assert_non_null(strstr(error.text, name));
	assert_non_null(strstr(error.text, "format 2, this program knows format 1"));
	copy_end(&copy);
}

static void test_a_newer_format_is_refused(void **state)
{
	struct sample sample;
	char name[64];
	(void)state;
	sample_begin(&sample);
	check_newer(&sample, "checkpoint");
	snprintf(name, sizeof name, "extent-%08x",
		 store_extent(sample.test.user.records[sample.test.user.record_count - 1].at));
	check_newer(&sample, name);
	sample_end(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flips_are_noticed),
		cmocka_unit_test(test_missing_ends_are_noticed),
		cmocka_unit_test(test_no_wrong_record_is_read),
		cmocka_unit_test(test_what_is_left_can_be_read),
		cmocka_unit_test(test_a_newer_format_is_refused),
	};
	return cmocka_run_group_tests_name("store_damage", tests, NULL, NULL);
}
