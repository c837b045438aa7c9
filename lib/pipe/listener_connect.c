/* Connecting to a listener, local or over TCP. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "os/go_on.h"
#include "pipe/listener.h"
#include "pipe/listener_tcp.h"
#include "pipe/pipe.h"
#include "session/session.h"
#include "transport/peer.h"
#include "transport/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int listener_address_parse(const char *url, struct address *address, struct error *error)
{
	int status = address_parse(url, address, error);
	if (status != RELEVO_OK)
		return status;
	if (address->kind != ADDRESS_FD && address->kind != ADDRESS_DATA)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ADDRESS,
			 "%s: listeners have ipc://, abstract:// or tcp:// addresses", url);
}

int listener_key(const struct relevo_listener_options *options, struct key_source *key,
		 struct error *error)
{
	*key = (struct key_source){ 0 };
	if (options != NULL)
		*key = (struct key_source){ options->key_file, options->key };
	return key_source_check(key, error);
}

static int connect_failure(int why, const char *address, struct error *error)
{
	switch (why) {
	case EINTR:
		return go_on_tell(RELEVO_INTERRUPTED, error);
	case EAGAIN:
		return error_set(error, RELEVO_TIMED_OUT, "too many wait to be accepted at %s",
				 address);
	case ECONNREFUSED:
	case ENOENT:
	case ENOTDIR:
		return error_set(error, RELEVO_NOT_FOUND, "nobody listens at %s", address);
	case EACCES:
	case EPERM:
		return error_set_errno(error, RELEVO_DENIED, why, "cannot connect to %s", address);
	case EPROTOTYPE:
		return error_set(error, RELEVO_BAD_ADDRESS, "what listens at %s makes no pipes",
				 address);
	default:
		return error_set_errno(error, RELEVO_SYSTEM, why, "cannot connect to %s", address);
	}
}

/* Only for connecting was it not to block. */
static int use_socket(int fd, const char *address, struct error *error)
{
	int status = peer_check(fd, address, error);
	if (status == RELEVO_OK && fcntl(fd, F_SETFL, 0) != 0)
		status = error_set_errno(error, RELEVO_SYSTEM, errno, "cannot connect to %s",
					 address);
	return status;
}

static int listener_connect_connect_to(const struct address *address, nsec_t deadline, int *out,
				       struct error *error)
{
	int fd =
		descriptor_raise(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot make a socket");
	int why = unix_socket_connect(fd, address, go_on_of_process(), deadline);
	int status = why == 0 ? use_socket(fd, address->url, error)
			      : connect_failure(why, address->url, error);
	if (status == RELEVO_OK)
		*out = fd;
	else
		close(fd);
	return status;
}

static int connect_local(const struct address *address, nsec_t deadline, relevo_pipe **pipe,
			 struct error *error)
{
	int fd = -1;
	int status = listener_connect_connect_to(address, deadline, &fd, error);
	return status == RELEVO_OK ? pipe_adopt(fd, RELEVO_DIRECTION_BOTH, pipe, error) : status;
}

static int connect_over_tcp(const struct address *address, const struct key_source *key,
			    nsec_t deadline, relevo_pipe **pipe, struct error *error)
{
	struct pipe_remote *remote = NULL;
	int status = listener_tcp_connect(address, key, deadline, &remote, error);
	return status == RELEVO_OK ? pipe_adopt_remote(remote, pipe, error) : status;
}

int relevo_pipe_connect(const char *url, const struct relevo_listener_options *options,
			int64_t timeout, relevo_pipe **pipe)
{
	if (!given(pipe) || !known(relevo_listener_options, options))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct key_source key;
	struct address address;
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = listener_key(options, &key, error);
	if (status == RELEVO_OK && url == NULL)
		status = error_set(error, RELEVO_BAD_ARGUMENT, "connecting needs an address");
	if (status == RELEVO_OK)
		status = listener_address_parse(url, &address, error);
	if (status != RELEVO_OK)
		return status;
	if (address.kind == ADDRESS_TCP)
		return connect_over_tcp(&address, &key, deadline, pipe, error);
	return connect_local(&address, deadline, pipe, error);
}
