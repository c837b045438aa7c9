#ifndef NET_DESCRIPTOR_H
#define NET_DESCRIPTOR_H

#include "base/error.h"
#include "collections/account.h"

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

/*
 * Who may have how many of the descriptors of this process. One user has three quarters of
 * them at most, whose connections they be; of what is made for objects, shared memory and
 * pipes, nothing in the upper half; of shared memory that one session has made, an eighth; and on
 * their way to one connection a sixteenth; strangers a quarter. So whoever
 * comes finds some, if only to be told that he has had his share.
 */

/* So many more are this user's; or NO_DESCRIPTORS. */
int descriptors_take(struct account *account, uint32_t count);
void descriptors_give_back(struct account *account, uint32_t count);

/* NO_DESCRIPTORS: it is in the upper half. New ones get the lowest free number, so it tells how
 * many there are. `what` it is for. */
int descriptor_check_room(int fd, const char *what, struct error *error);

/* Those that one connection may have on their way. */
uint32_t descriptors_on_their_way(void);

/* Those that the shared memory which one session has made may take. */
uint32_t descriptors_for_memory(void);

/* Those that strangers may take, all together. */
uint32_t descriptors_for_strangers(void);

/* Takes the open descriptor over, with one reference, when it succeeds. `charged`
 * bytes have been charged to the account for it. NULL: memory ran out. */
struct descriptor *descriptor_new(int fd, struct account *account, size_t charged);

void descriptor_hold(struct descriptor *descriptor);

/* Closed with the last reference. NULL is allowed. */
void descriptor_drop(struct descriptor *descriptor);

#endif
