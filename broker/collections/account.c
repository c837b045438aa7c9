/* Users' charges and their limits, and what of the broker's memory is resident. */
#include "collections/account.h"

#include "base/list.h"
#include "base/mutant.h"

#include <assert.h>
#include <stdlib.h>

void accounts_init(struct accounts *accounts, uint64_t seed, size_t memory_limit,
		   uint32_t queue_limit)
{
	map_init(&accounts->by_uid, seed);
	accounts->memory_limit = memory_limit;
	accounts->queue_limit = queue_limit;
	accounts->scales = NULL;
	accounts->unweighed = 0;
	accounts->resident = 0;
}

void accounts_fini(struct accounts *accounts)
{
	assert(accounts->by_uid.count == 0);
	map_fini(&accounts->by_uid);
}

struct account *account_get(struct accounts *accounts, uint32_t uid)
{
	struct map_node *node = map_find(&accounts->by_uid, &uid, sizeof uid);
	if (node != NULL) {
		struct account *account = container_of(node, struct account, node);
		account_hold(account);
		return account;
	}
	struct account *account = calloc(1, sizeof *account);
	if (account == NULL)
		return NULL;
	*account = (struct account){ .uid = uid, .references = 1, .registry = accounts };
	if (!map_insert(&accounts->by_uid, &account->node, &account->uid, sizeof account->uid)) {
		free(account);
		return NULL;
	}
	return account;
}

void account_hold(struct account *account)
{
	account->references++;
}

void account_drop(struct account *account)
{
	if (--account->references > 0)
		return;
	assert(account->used == 0);
	map_remove(&account->registry->by_uid, &account->node);
	free(account);
}

/* ---- what is resident -------------------------------------------------------- */

/*
 * What is charged may lie scattered, and keeps the pages around it: so what is resident counts,
 * too. A quarter more than the limits is allowed and 32 MiB (see docs/architecture.md). Items are
 * refused before that, so that buffers can still be had to take some out; and both early enough
 * for what happens until it is weighed again, for the program itself, and for those who use
 * little: they are not refused because of others.
 */
static size_t most_resident(const struct accounts *accounts, size_t sixteenths, size_t bytes)
{
	size_t limit = accounts->memory_limit;
	if (limit > SIZE_MAX / 4 / (accounts->by_uid.count + 1))
		return SIZE_MAX;
	return (limit + limit / 16 * sixteenths) * accounts->by_uid.count + bytes;
}

static size_t most_for_items(const struct accounts *accounts)
{
	return most_resident(accounts, 2, 16 << 20);
}

static size_t most_for_buffers(const struct accounts *accounts)
{
	return most_resident(accounts, 3, 20 << 20);
}

/* For each MiB; when it is too much, each time. */
static void account_weigh(struct accounts *accounts, size_t bytes)
{
	const size_t weighed_every = 1 << 20;
	size_t most = most_for_items(accounts);
	accounts->unweighed += bytes;
	if (accounts->scales == NULL ||
	    (accounts->unweighed < weighed_every && accounts->resident <= most))
		return;
	accounts->resident = accounts->scales->weigh(accounts->scales, most);
	accounts->unweighed = 0;
}

static bool exceeds(const struct account *account, size_t most, size_t little)
{
	return account->registry->resident > most && account->used > little;
}

static bool is_too_heavy(const struct account *account)
{
	const struct accounts *accounts = account->registry;
	return exceeds(account, most_for_buffers(accounts), accounts->memory_limit / 64) &&
	       !MUTANT(memory_buffers_scattered);
}

static bool is_heavy(const struct account *account)
{
	const struct accounts *accounts = account->registry;
	return exceeds(account, most_for_items(accounts), accounts->memory_limit / 16) &&
	       !MUTANT(memory_scattered);
}

/* ---- charges ----------------------------------------------------------------- */

static bool affords(const struct account *account, size_t bytes, size_t limit)
{
	return bytes <= limit && account->used <= limit - bytes;
}

static bool charge_within(struct account *account, size_t bytes, size_t limit)
{
	if (!affords(account, bytes, limit) && !MUTANT(memory_without_limit))
		return false;
	account->used += bytes;
	account_weigh(account->registry, bytes);
	return true;
}

static size_t limit_for_buffers(const struct account *account)
{
	size_t limit = account->registry->memory_limit;
	return limit + limit / 8;
}

bool account_charge(struct account *account, size_t bytes)
{
	if (!charge_within(account, bytes, account->registry->memory_limit))
		return false;
	if (!is_heavy(account) && !is_too_heavy(account))
		return true;
	account->used -= bytes;
	return false;
}

bool account_charge_buffer(struct account *account, size_t bytes)
{
	if (!charge_within(account, bytes, limit_for_buffers(account)))
		return false;
	if (!is_too_heavy(account))
		return true;
	account->used -= bytes;
	return false;
}

bool account_is_scattered(const struct account *account, size_t bytes)
{
	return affords(account, bytes, account->registry->memory_limit);
}

bool account_affords_buffer(const struct account *account, size_t bytes)
{
	return affords(account, bytes, limit_for_buffers(account)) && !is_too_heavy(account);
}

bool bill_add(struct bill *bill, size_t bytes)
{
	if (!account_charge_buffer(bill->account, bytes))
		return false;
	bill->charged += bytes;
	return true;
}

void bill_settle(struct bill *bill, size_t held)
{
	assert(held <= bill->charged);
	if (held < bill->charged)
		account_release(bill->account, bill->charged - held);
	bill->charged = held;
}

void account_charge_anyhow(struct account *account, size_t bytes)
{
	account->used += bytes;
}

void account_release(struct account *account, size_t bytes)
{
	assert(account->used >= bytes);
	account->used -= bytes;
}
