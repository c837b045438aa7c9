/* TCP keepalive: noticing that the other host has vanished. */
#include "transport/keepalive.h"

#include "base/mutant.h"
#include "transport/own_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static bool keepalive_set_here(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Half of the time of silence, then three questions. What was sent and is not
 * acknowledged keeps the kernel from asking, and has a limit of its own. */
static bool keepalive_set_all(int fd, uint32_t seconds)
{
	int pause = seconds >= 6 ? (int)seconds / 6 : 1;
	int idle = (int)seconds > 3 * pause ? (int)seconds - 3 * pause : 1;
	return keepalive_set_here(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle) &&
	       keepalive_set_here(fd, IPPROTO_TCP, TCP_KEEPINTVL, pause) &&
	       keepalive_set_here(fd, IPPROTO_TCP, TCP_KEEPCNT, 3) &&
	       keepalive_set_here(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)seconds * 1000) &&
	       keepalive_set_here(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

int keepalive_set(uint16_t port, bool listening, uint32_t seconds)
{
	return MUTANT(silence_unnoticed)
		       ? 0
		       : own_sockets_apply(port, listening, keepalive_set_all, seconds);
}
