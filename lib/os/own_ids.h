#ifndef OS_OWN_IDS_H
#define OS_OWN_IDS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether the user that the kernel names (of a process, a file, a socket) is the one whom this
 * process runs as. In a user namespace, all users of the host who have no number there are
 * shown as one, the overflow uid (65534, if nobody set another). So that number tells who it is
 * only where nobody is without one: in the first namespace of the host, and in those that map
 * all numbers.
 *
 * Safe in any thread. May read /proc, and believes the least of what it cannot read.
 */

/* Whether the number says who it is. */
bool user_is_known(uid_t uid);

/* It does, and it is the effective user of this process. */
bool user_is_own(uid_t uid);

/* The same of the effective group. */
bool group_is_own(gid_t gid);

/* As text, such as "uid 1000"; of one who is not known, that. Room for USER_TEXT_ROOM. */
enum { USER_TEXT_ROOM = 80 };
const char *user_text(uid_t uid, char text[USER_TEXT_ROOM]);

#endif
