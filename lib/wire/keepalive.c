#include "wire/keepalive.h"

#include "base/mutant.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The port, or 0: it is no socket of TCP. */
static uint16_t local_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} name;
	int protocol = 0;
	socklen_t size = sizeof name, protocol_size = sizeof protocol;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &protocol_size) < 0 ||
	    protocol != IPPROTO_TCP || getsockname(fd, &name.any, &size) < 0)
		return 0;
	return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

static bool listens(int fd)
{
	int value = 0;
	socklen_t size = sizeof value;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

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
	int count = 0;
	const struct dirent *entry;
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL && !MUTANT(silence_unnoticed)) {
		int fd = atoi(entry->d_name); /* 0 for "." is looked at twice */
		if (local_port(fd) == port && listens(fd) == listening && set_all(fd, seconds))
			count++;
	}
	closedir(folder);
	return count;
}
