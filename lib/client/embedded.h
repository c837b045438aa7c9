#ifndef CLIENT_EMBEDDED_H
#define CLIENT_EMBEDDED_H

#include "base/error.h"
#include "wire/address.h"

/*
 * The private broker: started when a program asks for no broker in particular
 * and none runs. One for a process and all it forks, found by an abstract socket
 * whose name the kernel makes up. It ends when the last process of them has ended
 * or closed its last session: they hold a pipe open that it watches.
 */

/* One more reference; starts it with the first. `program` may be NULL. Fills in
 * the address. NO_BROKER (it cannot be started; the text says why), SYSTEM. */
int embedded_acquire(const char *program, struct address *address, struct error *error);
void embedded_release(void);

/* The pipe's end and the address, for a process that is started by others means than fork(2):
 * -1 when there is no such broker. The descriptor stays the library's. */
int embedded_life(const char **url);

/* In such a process, before it has any session: hold the broker of its creator. */
void embedded_adopt(const char *url, int life_fd);

/* Around fork(2). */
void embedded_lock(void);
void embedded_unlock(void);

#endif
