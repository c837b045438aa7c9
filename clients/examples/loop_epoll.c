/* One loop of epoll(7) and no thread: a queue, a job and a lock, and what else the program waits
 * for, here a timer. */
#include "loop_serve.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
	struct things things;
	things_open(&things);
	const struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	int loop = epoll_create1(EPOLL_CLOEXEC), fd;
	must(relevo_poller_fd(things.poller, &fd));
	epoll_ctl(loop, EPOLL_CTL_ADD, fd,
		  &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
	epoll_ctl(loop, EPOLL_CTL_ADD, timer,
		  &(struct epoll_event){ .events = EPOLLIN, .data.fd = timer });
	timerfd_settime(timer, 0, &soon, NULL);
	for (int left = 1; left > 0 || things.left > 0;) {
		struct epoll_event event;
		uint64_t times;
		if (epoll_wait(loop, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == fd)
			things_serve(&things);
		else if (read(timer, &times, sizeof times) == sizeof times && left-- > 0)
			printf("the timer\n");
	}
	close(timer);
	close(loop);
	things_close(&things);
	return 0;
}
