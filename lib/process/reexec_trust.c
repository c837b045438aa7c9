/* Whether a program that is run anew trusts its socket: see reexec_trust.h. */
#include "process/reexec_trust.h"

#include "base/mutant.h"
#include "os/own_ids.h"

#include <sys/socket.h>
#include <unistd.h>

/* As a socketpair(2) has it: who had both ends made, with what effective ids. */
static bool reexec_made_with_our_ids(int socket)
{
	struct ucred maker;
	socklen_t size = sizeof maker;
	return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &maker, &size) == 0 &&
	       user_is_own(maker.uid) && group_is_own(maker.gid);
}

bool reexec_trusts(int socket, bool secure)
{
	if (!secure || MUTANT(strangers_start_processes))
		return true;
	bool by_ids = geteuid() != getuid() || getegid() != getgid();
	return by_ids && reexec_made_with_our_ids(socket);
}
