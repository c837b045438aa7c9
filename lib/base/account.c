#include "base/account.h"

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

static bool affords(const struct account *account, size_t bytes, size_t limit)
{
	return bytes <= limit && account->used <= limit - bytes;
}

static bool charge_within(struct account *account, size_t bytes, size_t limit)
{
	if (!affords(account, bytes, limit) && !MUTANT(memory_without_limit))
		return false;
	account->used += bytes;
	return true;
}

static size_t limit_for_buffers(const struct account *account)
{
	size_t limit = account->registry->memory_limit;
	return limit + limit / 8;
}

bool account_charge(struct account *account, size_t bytes)
{
	return charge_within(account, bytes, account->registry->memory_limit);
}

bool account_charge_buffer(struct account *account, size_t bytes)
{
	return charge_within(account, bytes, limit_for_buffers(account));
}

/* Half of what is allowed beyond a quarter more (see docs/architecture.md) is left for what
 * happens until it is looked again, and for what is never refused. */
static size_t most_resident(const struct accounts *accounts)
{
	const size_t margin = 16 << 20;
	size_t limit = accounts->memory_limit;
	if (limit > SIZE_MAX / 4 / (accounts->by_uid.count + 1))
		return SIZE_MAX;
	return (limit + limit / 4) * accounts->by_uid.count + margin;
}

bool account_is_scattered(struct account *account, size_t bytes)
{
	const size_t weighed_every = 1 << 20;
	struct accounts *accounts = account->registry;
	if (accounts->scales == NULL || MUTANT(memory_scattered))
		return false;
	accounts->unweighed += bytes;
	if (accounts->unweighed < weighed_every || account->used <= accounts->memory_limit / 16)
		return false;
	if (accounts->scales->exceed(accounts->scales, most_resident(accounts)))
		return true;
	accounts->unweighed = 0;
	return false;
}

bool account_affords_buffer(const struct account *account, size_t bytes)
{
	return affords(account, bytes, limit_for_buffers(account));
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

void account_release(struct account *account, size_t bytes)
{
	assert(account->used >= bytes);
	account->used -= bytes;
}
