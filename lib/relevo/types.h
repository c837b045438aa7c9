/*
 * What all headers share: time-outs, bytes, lifetimes, and the text of a failure.
 */
#ifndef RELEVO_TYPES_H
#define RELEVO_TYPES_H

#include <relevo/export.h>
#include <relevo/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Time-outs are milliseconds. With 0 a call tries once and does not wait for others. A call
 * whose time is over returns TIMED_OUT, with 0 too. Any other negative number is
 * BAD_ARGUMENT.
 */
#define RELEVO_FOREVER      (-1)

/*
 * Structures that a program fills in or makes room for end with `reserved`. That is room for
 * later members, so that a program built before goes on working. It is 0: in a structure that
 * the program initialises, whichever members it names, or sets to zero, and in one that the
 * library fills. If a structure that a program hands over, or one within it, has something else
 * there, the program was built with headers newer than the library, and asks for what that does
 * not have: BAD_ARGUMENT, and the detail names the structure and the library's version.
 *
 * What the library shows and frees itself (to callbacks, say) may have more members in a later
 * version: use it where it is, or copy members.
 */
#define RELEVO_RESERVED     8
/* Of those that stand in arrays, or in another structure. */
#define RELEVO_RESERVED_FEW 4
/* Before a member that takes the place of such a word, and not what is unused before it. */
#define RELEVO_LATER        __attribute__((aligned(8)))

/* Some bytes of the caller's. */
struct relevo_bytes {
	const void *data;
	size_t size;
};

/* How long an object of the broker is there. */
enum relevo_lifetime {
	RELEVO_LIFETIME_KEPT =
		0, /* until it is deleted or, unless it is durable, the broker ends */
	RELEVO_LIFETIME_UNTIL_UNUSED = 1, /* until its last handle is closed */
	RELEVO_LIFETIME_SESSION = 2,      /* until the session that created it ends */
};

/* Whether it may be there, or has to. */
enum relevo_open_mode {
	RELEVO_OPEN_OR_CREATE = 0,
	RELEVO_OPEN_EXISTING = 1, /* NOT_FOUND if it is not there */
	RELEVO_OPEN_NEW = 2,      /* EXISTS if it is */
};

/*
 * Whether a call that waits is to go on waiting; false ends it with INTERRUPTED. Asked
 * before each wait and again whenever a signal handler has run in the thread that waits,
 * with all signals of that thread blocked meanwhile: so a handler that sets a flag which
 * this looks at is never missed. It must not use the session.
 */
typedef bool relevo_go_on(void *user);

/*
 * Have that function be asked by the calls that wait without a session, in all threads: those of
 * pipes but relayed ones, of listeners, relevo_wait(), relevo_process_join(), relevo_system_wait(),
 * and those of programs. Sessions have their own, in their options, which pipes that a broker
 * relays ask too. NULL: signals end no such wait, as it is to begin with. A call that is
 * INTERRUPTED has done nothing, and can be tried again; but relevo_program_run() ends the program.
 * These do not ask: a call with the time-out 0; one that waits for another thread in a call with
 * the same remote end of a pipe, or for another host to answer at all.
 *
 * A call that waits already may ask the function that was set before until it returns: so both
 * have to stay usable, with what `user` points to. Children of fork(2) inherit it. It may use
 * neither relevo nor what is not safe while all signals are blocked. Thread-safe; never blocks.
 *
 * Errors: NO_MEMORY.
 */
RELEVO_API int relevo_set_go_on(relevo_go_on *go_on, void *user);

/*
 * The sentence behind the last failure of a relevo call in this thread, naming
 * what was wrong: "there is no queue \"jobs\"". Valid until the thread's next
 * relevo call; "" when there was none. Never blocks.
 */
RELEVO_API const char *relevo_error_detail(void);

#ifdef __cplusplus
}
#endif

#endif
