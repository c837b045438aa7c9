/* Somebody who keeps records in a store: what is read back, compared to what was put there. */
#include "support/store_user.h"

#include "support/test.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

/* What is wrong, so that a test can say so, or go on. */
static int user_wrong(struct error *error, const char *what)
{
	return error_set(error, RELEVO_BAD_STATE, "%s", what);
}

static int user_on_image_record(void *context, const struct store_record *record,
				struct error *error)
{
	struct store_user *user = context;
	uint64_t base;
	if (record->size != 200 || record->type != (uint8_t)user->image_records)
		return user_wrong(error, "a record of the checkpoint is another");
	memcpy(&base, record->bytes, sizeof base);
	if (user->image_records > 0 && base != user->recovered_base)
		return user_wrong(error, "a record of another checkpoint");
	user->image_records++;
	user->recovered_base = base;
	memcpy(&user->recovered_needs, record->bytes + 8, sizeof user->recovered_needs);
	return RELEVO_OK;
}

static bool user_knows(const struct store_user *user, uint64_t number,
		       const struct store_record *record)
{
	uint8_t *expected = malloc(record->size + 1);
	assert_non_null(expected);
	store_user_bytes(number, expected, (uint32_t)record->size);
	bool same = number < user->record_count && record->size == user->records[number].size &&
		    record->type == store_user_type(number) &&
		    memcmp(expected, record->bytes, record->size) == 0;
	free(expected);
	return same;
}

static int user_on_record(void *context, store_position at, const struct store_record *record,
			  struct error *error)
{
	struct store_user *user = context;
	if (!user->recovered_any)
		user->recovered = user->recovered_base;
	user->recovered_any = true;
	uint64_t number = user->recovered;
	if (!user_knows(user, number, record))
		return user_wrong(error, "a record is not the one that follows");
	if (user->records[number].at != at)
		return user_wrong(error, "a record is at another place");
	user->recovered++;
	return RELEVO_OK;
}

/* A group with no records may have vanished, too. */
static bool user_is_whole(const struct store_user *user, uint64_t end)
{
	if (end == user->recovered_base || end == user->whole)
		return true;
	for (uint64_t i = user->group_count; i-- > 0 && user->groups[i]->end >= end;) {
		if (user->groups[i]->end == end)
			return true;
	}
	return false;
}

static void user_forget_behind(struct store_user *user, uint64_t end)
{
	user->record_count = end;
	for (uint64_t i = 0; i < user->group_count; i++)
		free(user->groups[i]);
	user->group_count = user->told = 0;
	user->confirmed = user->whole = end;
	user->image_base = user->recovered_base;
}

static int user_judge(struct store_user *user, struct error *error)
{
	uint64_t end = user->recovered_any ? user->recovered : user->recovered_base;
	if (user->recovered_base < user->image_base)
		return user_wrong(error, "the last checkpoint is not there");
	if (end < user->confirmed)
		return error_set(error, RELEVO_BAD_STATE,
				 "%lu records are there, and %lu were confirmed",
				 (unsigned long)end, (unsigned long)user->confirmed);
	if (end < user->recovered_needs)
		return user_wrong(error, "what the checkpoint stands on is not there");
	if (!user_is_whole(user, end))
		return user_wrong(error, "the last group is not whole");
	user_forget_behind(user, end);
	return RELEVO_OK;
}

int store_user_look(struct store_user *user, struct store *store, struct error *error, bool *right)
{
	const struct store_reader reader = {
		.context = user,
		.image = user_on_image_record,
		.record = user_on_record,
	};
	struct error wrong = { 0 };
	user->store = store;
	user->ask = store->operations;
	user->recovered = user->recovered_base = user->image_records = 0;
	user->recovered_needs = 0;
	user->recovered_any = false;
	int status = user->ask->recover(store, &reader, error);
	*right = status != RELEVO_BAD_STATE;
	if (status == RELEVO_OK && user_judge(user, &wrong) != RELEVO_OK) {
		*right = false;
		*error = wrong;
	}
	return status;
}

int store_user_recover(struct store_user *user, struct store *store, struct error *error)
{
	bool right = true;
	int status = store_user_look(user, store, error, &right);
	if (!right)
		fail_msg("%s", error_text(error));
	return status;
}
