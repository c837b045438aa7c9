#include "transport/keepalive.h"

#include "base/mutant.h"
#include "transport/own_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static bool set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Half of the time of silence, then three questions. What was sent and is not
 * acknowledged keeps the kernel from asking, and has a limit of its own. */
static bool set_all(int fd, uint32_t seconds)
{
	int pause = seconds >= 6 ? (int)seconds / 6 : 1;
	int idle = (int)seconds > 3 * pause ? (int)seconds - 3 * pause : 1;
	return set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle) &&
	       set(fd, IPPROTO_TCP, TCP_KEEPINTVL, pause) && set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3) &&
	       set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)seconds * 1000) &&
	       set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int keepalive_set(uint16_t port, bool listening, uint32_t seconds)
{
	return MUTANT(silence_unnoticed) ? 0 : own_sockets_apply(port, listening, set_all, seconds);
}
