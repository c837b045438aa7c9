/* Making shared memory: a sealed memfd with its mutex and first contents. */
#include "route/memory.h"

#include "net/descriptor.h"
#include "transport/memory.h"

#include <inttypes.h>
#include <unistd.h>

static int memory_create_here(const struct shared_options *options, int *fd, struct error *error)
{
	const struct memory_plan plan = {
		.size = options->size,
		.initial = options->initial,
		.initial_size = options->initial_size,
	};
	int status = memory_create(&plan, fd, error);
	if (status != RELEVO_OK)
		return status;
	status = descriptor_check_room(*fd, "shared memory", error);
	if (status != RELEVO_OK)
		close(*fd);
	return status;
}

static int memory_take_over(int fd, struct account *account, size_t charged, void **memory,
			    struct error *error)
{
	struct descriptor *descriptor = descriptor_new(fd, account, charged);
	if (descriptor == NULL) {
		close(fd);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a descriptor");
	}
	*memory = descriptor;
	return RELEVO_OK;
}

static int memory_make(const struct shared_options *options, struct account *account, void **memory,
		       struct error *error)
{
	size_t bytes = MEMORY_HEAD_SIZE + (size_t)options->size;
	if (options->size > MEMORY_SIZE_MAX || !account_charge(account, bytes))
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for %" PRIu64 " bytes of shared memory, and uses "
				 "%zu of the %zu allowed",
				 account->uid, options->size, account->used,
				 account->registry->memory_limit);
	int fd = -1;
	int status = memory_create_here(options, &fd, error);
	if (status == RELEVO_OK)
		status = memory_take_over(fd, account, bytes, memory, error);
	if (status != RELEVO_OK)
		account_release(account, bytes);
	return status;
}

static void memory_release(void *memory)
{
	descriptor_drop(memory);
}

const struct shared_source memory_source = { memory_make, memory_release, descriptors_for_memory };
