/* The same as loop_epoll with the loop of libuv: one handle stands for all that is waited for. */
#include "loop_serve.h"

#include <uv.h>

static void readable(uv_poll_t *handle, int status, int events)
{
	struct things *things = handle->data;
	(void)status;
	(void)events;
	things_serve(things);
	/* Nothing is left to be waited for: then the loop ends. */
	if (things->left == 0)
		uv_close((uv_handle_t *)handle, NULL);
}

static void timed(uv_timer_t *timer)
{
	printf("the timer\n");
	uv_close((uv_handle_t *)timer, NULL);
}

int main(void)
{
	struct things things;
	uv_poll_t handle;
	uv_timer_t timer;
	uv_loop_t loop;
	int fd;
	things_open(&things);
	must(relevo_poller_fd(things.poller, &fd));
	uv_loop_init(&loop);
	uv_poll_init(&loop, &handle, fd);
	handle.data = &things;
	uv_poll_start(&handle, UV_READABLE, readable);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, timed, 1, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	things_close(&things);
	return 0;
}
