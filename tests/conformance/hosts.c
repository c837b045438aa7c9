#include "conformance/hosts.h"

#include <sys/mman.h>

enum { MOST_SECONDS = 30 };

static struct hosts the_hosts;

static int setup(void **state, bool remote)
{
	const char *arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	alarm(MOST_SECONDS);
	the_hosts = (struct hosts){ .remote = remote };
	test_broker_start(&the_hosts.broker, arguments);
	assert_ok(relevo_open(the_hosts.broker.url, NULL, &the_hosts.session));
	*state = &the_hosts;
	return 0;
}

int hosts_setup_local(void **state)
{
	return setup(state, false);
}

int hosts_setup_remote(void **state)
{
	return setup(state, true);
}

static void serve_stranger(const struct test_broker *broker)
{
	relevo_session *session;
	relevo_event *event;
	assert_ok(relevo_open(broker->url, NULL, &session));
	assert_ok(relevo_event_open(session, NULL, NULL, &event));
	assert_ok(relevo_event_set(event));
	assert_ok(relevo_event_wait(event, 0));
	relevo_event_close(event);
	assert_ok(relevo_close(session));
}

int hosts_teardown(void **state)
{
	struct hosts *hosts = *state;
	assert_ok(relevo_close(hosts->session));
	serve_stranger(&hosts->broker);
	test_broker_stop(&hosts->broker);
	alarm(0);
	return 0;
}

relevo_session *hosts_session_of_child(const struct hosts *hosts)
{
	relevo_session *session = hosts->session;
	if (hosts->remote)
		child_check(relevo_open(hosts->broker.more, NULL, &session) == RELEVO_OK);
	return session;
}

/* The child's handle for a relevo_KIND, opened by name if it comes from far away. */
#define DEFINE_HANDLE(kind)                                                                        \
	relevo_##kind *hosts_##kind(const struct hosts *hosts, relevo_##kind *inherited)           \
	{                                                                                          \
		const struct relevo_##kind##_options options = { .mode = RELEVO_OPEN_EXISTING };   \
		relevo_##kind *handle = inherited;                                                 \
		if (hosts->remote)                                                                 \
			child_check(relevo_##kind##_open(hosts_session_of_child(hosts),            \
							 relevo_##kind##_name(inherited),          \
							 &options, &handle) == RELEVO_OK);         \
		return handle;                                                                     \
	}

DEFINE_HANDLE(event)
DEFINE_HANDLE(barrier)
DEFINE_HANDLE(value)
DEFINE_HANDLE(array)

void assert_took(int64_t since, int64_t msec)
{
	/* The clock of the test is cut to milliseconds, twice. */
	assert_between(test_now() - since + 1, msec, msec + 1000);
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	return memory;
}
