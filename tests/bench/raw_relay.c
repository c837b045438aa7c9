/* The event loop of the raw relay, and starting it over Unix sockets or tcp. */
#include "bench/raw_relay.h"

#include "bench/actors.h"
#include "bench/die.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the relay -------------------------------------------------------- */

/* One of the two sockets, and what has come from it and not left yet. */
struct side {
	int fd;
	uint32_t events;
	struct side *other;
	size_t begin, end; /* of what is held */
	char held[256 * 1024];
};

static void control(int epoll, int operation, struct side *side)
{
	struct epoll_event event = { .events = side->events, .data.ptr = side };
	if (epoll_ctl(epoll, operation, side->fd, &event) < 0)
		_exit(1);
}

/* While something is held, wait for room and not for more. */
static void watch_both(int epoll, struct side *side)
{
	for (int i = 0; i < 2; i++, side = side->other) {
		uint32_t input = side->begin == side->end ? EPOLLIN : 0;
		uint32_t output = side->other->begin < side->other->end ? EPOLLOUT : 0;
		if (side->events == (input | output))
			continue;
		side->events = input | output;
		control(epoll, EPOLL_CTL_MOD, side);
	}
}

static void send_held(struct side *side)
{
	ssize_t sent = write(side->other->fd, side->held + side->begin, side->end - side->begin);
	if (sent > 0)
		side->begin += (size_t)sent;
	else if (errno != EAGAIN)
		_exit(0);
}

static void receive(struct side *side)
{
	ssize_t got = read(side->fd, side->held, sizeof side->held);
	if (got == 0 || (got < 0 && errno != EAGAIN))
		_exit(0);
	if (got < 0)
		return;
	side->begin = 0;
	side->end = (size_t)got;
	send_held(side);
}

static _Noreturn void relay_bytes(int a, int b)
{
	static struct side sides[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	sides[0].fd = a;
	sides[0].other = &sides[1];
	sides[1].fd = b;
	sides[1].other = &sides[0];
	for (int i = 0; i < 2; i++) {
		sides[i].events = EPOLLIN;
		control(epoll, EPOLL_CTL_ADD, &sides[i]);
	}
	for (;;) {
		struct epoll_event events[2];
		int count = epoll_wait(epoll, events, 2, -1);
		if (count < 0 && errno != EINTR)
			_exit(1);
		for (int i = 0; i < count; i++) {
			struct side *side = events[i].data.ptr;
			if (side->other->begin < side->other->end)
				send_held(side->other);
			if (side->begin == side->end)
				receive(side);
		}
		watch_both(epoll, &sides[0]);
	}
}

/* ---- its sockets ------------------------------------------------------ */

static void pair_unix(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die_errno("socketpair");
}

static void pair_tcp(int pair[2])
{
	struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof name;
	const int on = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&name, size) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&name, &size) < 0 ||
	    connect(pair[0], (struct sockaddr *)&name, size) < 0 ||
	    (pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		die_errno("a pair of tcp sockets");
	for (int i = 0; i < 2; i++) {
		if (setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
			die_errno("TCP_NODELAY");
	}
	close(listener);
}

void raw_relay_start(struct raw_relay *relay, enum raw_relay_over over)
{
	int pairs[2][2];
	pid_t parent = getpid();
	for (int i = 0; i < 2; i++) {
		if (over == RAW_OVER_TCP)
			pair_tcp(pairs[i]);
		else
			pair_unix(pairs[i]);
		fcntl(pairs[i][1], F_SETFL, O_NONBLOCK);
		relay->ends[i] = pairs[i][0];
	}
	relay->pid = fork();
	if (relay->pid < 0)
		die_errno("fork");
	if (relay->pid == 0) {
		end_with_parent(parent);
		close(pairs[0][0]);
		close(pairs[1][0]);
		relay_bytes(pairs[0][1], pairs[1][1]);
	}
	close(pairs[0][1]);
	close(pairs[1][1]);
}

void raw_relay_stop(struct raw_relay *relay)
{
	close(relay->ends[0]);
	close(relay->ends[1]);
	/* It may have ended by itself at the end of a stream. */
	kill(relay->pid, SIGKILL);
	waitpid(relay->pid, NULL, 0);
}
