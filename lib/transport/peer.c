/* Who is at the other end of a Unix socket, and whether that is somebody to speak with. */
#include "transport/peer.h"

#include "base/mutant.h"
#include "os/own_ids.h"

#include <sys/socket.h>
#include <unistd.h>

bool peer_process(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	*uid = peer.uid;
	*pid = peer.pid;
	return true;
}

bool peer_uid(int fd, uid_t *uid)
{
	pid_t pid;
	return peer_process(fd, uid, &pid);
}

bool peer_is_trusted(uid_t uid)
{
	return user_is_own(uid) || (uid == 0 && user_is_known(uid)) || MUTANT(anybody_is_trusted);
}

int peer_check(int fd, const char *url, struct error *error)
{
	uid_t uid;
	if (!peer_uid(fd, &uid))
		return error_set(error, RELEVO_DENIED, "nobody vouches for who listens at %s", url);
	return peer_check_uid(uid, url, error);
}

int peer_check_uid(uid_t uid, const char *url, struct error *error)
{
	if (peer_is_trusted(uid))
		return RELEVO_OK;
	char who[USER_TEXT_ROOM];
	return error_set(error, RELEVO_DENIED,
			 "%s listens at %s; uid %u trusts nobody but root and itself",
			 user_text(uid, who), url, (unsigned)geteuid());
}
