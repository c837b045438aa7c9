#ifndef NET_DESCRIPTOR_H
#define NET_DESCRIPTOR_H

#include "base/account.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A descriptor that is passed to clients: open as long as somebody refers to it,
 * be it the object that it belongs to or an answer that has not left yet. What
 * stands behind it costs its user until then.
 */
struct descriptor {
	int fd;
	uint32_t references;
	struct account *account;
	size_t charged;
};

/* Takes the open descriptor over, with one reference, when it succeeds. `charged`
 * bytes have been charged to the account for it. NULL: memory ran out. */
struct descriptor *descriptor_new(int fd, struct account *account, size_t charged);

void descriptor_hold(struct descriptor *descriptor);

/* Closed with the last reference. NULL is allowed. */
void descriptor_drop(struct descriptor *descriptor);

#endif
