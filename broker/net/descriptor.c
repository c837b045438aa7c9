/* Counting the descriptors that are passed to clients, closing each with its last reference. */
#include "net/descriptor.h"

#include "base/mutant.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* It can be changed from outside at any time. */
static rlim_t allowed(void)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && !MUTANT(descriptors_without_share)
		       ? limit.rlim_cur
		       : RLIM_INFINITY;
}

int descriptors_take(struct account *account, uint32_t count)
{
	rlim_t most = allowed() / 4 * 3;
	if (account->descriptors + count > most)
		return RELEVO_NO_DESCRIPTORS;
	account->descriptors += count;
	return RELEVO_OK;
}

void descriptors_give_back(struct account *account, uint32_t count)
{
	account->descriptors -= count;
}

int descriptor_check_room(int fd, const char *what, struct error *error)
{
	if ((rlim_t)fd < allowed() / 2)
		return RELEVO_OK;
	return error_set(error, RELEVO_NO_DESCRIPTORS,
			 "the broker has too few descriptors left for %s", what);
}

static uint32_t share_of(unsigned parts)
{
	enum { FEWEST = 16 };
	rlim_t share = allowed() / parts;
	if (share > UINT32_MAX)
		share = UINT32_MAX;
	return share < FEWEST ? FEWEST : (uint32_t)share;
}

uint32_t descriptors_on_their_way(void)
{
	return share_of(16);
}

uint32_t descriptors_for_memory(void)
{
	return share_of(8);
}

uint32_t descriptors_for_strangers(void)
{
	return MUTANT(strangers_take_all) ? UINT32_MAX : share_of(4);
}

struct descriptor *descriptor_new(int fd, struct account *account, size_t charged)
{
	struct descriptor *descriptor = malloc(sizeof *descriptor);
	if (descriptor == NULL)
		return NULL;
	*descriptor = (struct descriptor){
		.fd = fd,
		.references = 1,
		.account = account,
		.charged = charged,
	};
	account_hold(account);
	account->descriptors++;
	return descriptor;
}

void descriptor_hold(struct descriptor *descriptor)
{
	descriptor->references++;
}

void descriptor_drop(struct descriptor *descriptor)
{
	if (descriptor == NULL || --descriptor->references > 0)
		return;
	close(descriptor->fd);
	account_release(descriptor->account, descriptor->charged);
	descriptors_give_back(descriptor->account, 1);
	account_drop(descriptor->account);
	free(descriptor);
}
