#include "net/descriptor.h"

#include <stdlib.h>
#include <unistd.h>

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
	account_drop(descriptor->account);
	free(descriptor);
}
