/* The sockets of this process that somebody else made. */
#include "transport/own_sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
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

int own_sockets_apply(uint16_t port, bool listening, bool (*apply)(int fd, uint32_t argument),
		      uint32_t argument)
{
	int count = 0;
	const struct dirent *entry;
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name); /* 0 for "." is looked at twice */
		if (local_port(fd) == port && listens(fd) == listening && apply(fd, argument))
			count++;
	}
	closedir(folder);
	return count;
}
