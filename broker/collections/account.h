#ifndef COLLECTIONS_ACCOUNT_H
#define COLLECTIONS_ACCOUNT_H

#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What each user (uid) costs the broker. Every byte that lives longer than the
 * handling of one frame is charged to the account of the user who caused it.
 */
struct account {
	struct map_node node; /* in accounts */
	uint32_t uid;         /* the key */
	uint32_t references;  /* held by peers and items; freed with the last */
	uint32_t queues;      /* objects of this user */
	uint32_t descriptors; /* of the broker's */
	size_t used;          /* bytes */
	struct accounts *registry;
};

/* Says how many bytes of this process are resident; if more than `enough`, after what can be
 * given back has been. 0: unknown. */
struct scales {
	size_t (*weigh)(struct scales *scales, size_t enough);
};

struct accounts {
	struct map by_uid;
	size_t memory_limit; /* bytes for each user */
	uint32_t queue_limit;
	struct scales *scales; /* NULL: only what is charged counts */
	size_t unweighed;      /* bytes charged since the scales were asked */
	size_t resident;       /* what they said */
};

void accounts_init(struct accounts *accounts, uint64_t seed, size_t memory_limit,
		   uint32_t queue_limit);

/* Every account must have been dropped. */
void accounts_fini(struct accounts *accounts);

/* The user's account, made when it is new, with one more reference. NULL when
 * memory ran out. */
struct account *account_get(struct accounts *accounts, uint32_t uid);

void account_hold(struct account *account);
void account_drop(struct account *account);

/* Charge, unless that would exceed the limit, or more is resident than all accounts together may
 * cause. An account that uses little is not refused for the latter. */
bool account_charge(struct account *account, size_t bytes);

/* Why account_charge() has refused so many bytes: they are within the limit. */
bool account_is_scattered(const struct account *account, size_t bytes);

/* Whether account_charge_buffer() would succeed, as far as is known. */
bool account_affords_buffer(const struct account *account, size_t bytes);

/* The same for buffers, which may exceed the limit by an eighth, and may be had when so much is
 * resident that items may not: so a user whose memory is used up can still talk, to be told so
 * and to take things out. */
bool account_charge_buffer(struct account *account, size_t bytes);

/* Charge, whatever the limits say: for what is there already. */
void account_charge_anyhow(struct account *account, size_t bytes);

void account_release(struct account *account, size_t bytes);

/* What one object has been charged for its buffers, so that it can be brought in line with
 * what they hold. */
struct bill {
	struct account *account;
	size_t charged;
};

/* As account_charge_buffer(). */
bool bill_add(struct bill *bill, size_t bytes);

/* It holds so much now, which is no more than it was charged. */
void bill_settle(struct bill *bill, size_t held);

#endif
