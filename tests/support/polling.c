#include "support/polling.h"

#include <poll.h>

bool polling_readable(relevo_poller *poller, int msec)
{
	struct pollfd entry = { .events = POLLIN };
	assert_ok(relevo_poller_fd(poller, &entry.fd));
	return poll(&entry, 1, msec) > 0;
}

struct relevo_ready polling_next(relevo_poller *poller, int *turns)
{
	struct relevo_ready ready = { 0 };
	size_t count = 0;
	while (count == 0) {
		if (!polling_readable(poller, TEST_PATIENCE))
			fail_msg("the descriptor of the poller stays silent");
		int status = relevo_poller_wait(poller, 0, &ready, 1, &count);
		if (turns != NULL)
			++*turns;
		if (status != RELEVO_TIMED_OUT)
			assert_ok(status);
	}
	return ready;
}

void polling_expect(relevo_poller *poller, const void *object, int status)
{
	struct relevo_ready ready = polling_next(poller, NULL);
	assert_ptr_equal(ready.object, object);
	assert_status(ready.status, status);
}

int polling_expect_nothing(relevo_poller *poller)
{
	struct relevo_ready ready;
	size_t count;
	int turns = 0;
	int64_t end = test_now() + 1000;
	while (polling_readable(poller, 200)) {
		assert_status(relevo_poller_wait(poller, 0, &ready, 1, &count), RELEVO_TIMED_OUT);
		assert_true(test_now() < end);
		turns++;
	}
	return turns;
}
