#include "conformance/stage.h"

#include "support/host.h"

#include <poll.h>
#include <relevo/process.h>
#include <sys/mman.h>

/* No case may take longer. */
enum { CASE_SECONDS = 30 };

static struct stage the_stage;
static pid_t director;                /* the process that set the stage */
static relevo_session *child_session; /* of a child over tcp */

/* Where children on another host find the broker. */
static const char *remote_url(void)
{
	static char url[64];
	const struct test_host *host = test_host();
	snprintf(url, sizeof url, "tcp://%s:0", host != NULL ? host->here : "127.0.0.1");
	return url;
}

/* A child that was on another host leaves in order, so that the case finds nothing of
 * it left. */
void stage_end(void)
{
	if (child_session != NULL)
		child_check(relevo_session_close(child_session) == RELEVO_OK);
	child_session = NULL;
}

static void set(void **state, bool over_tcp, const char *const *arguments)
{
	alarm(CASE_SECONDS);
	director = getpid();
	child_at_end = stage_end;
	the_stage.over_tcp = over_tcp;
	the_stage.session = NULL;
	test_broker_start(&the_stage.broker, arguments);
	assert_ok(relevo_session_open(the_stage.broker.url, NULL, &the_stage.session));
	*state = &the_stage;
}

int stage_setup(void **state)
{
	if (leaks_setup(state) != 0)
		return -1;
	set(state, false, NULL);
	return 0;
}

int stage_setup_tcp(void **state)
{
	const char *const arguments[] = { "--listen", remote_url(), "--insecure-tcp", NULL };
	/* The other host stays for the next case. */
	if (leaks_setup(state) != 0)
		return -1;
	set(state, true, arguments);
	return 0;
}

static void serve_new_client(void)
{
	relevo_session *session = NULL;
	relevo_queue *queue = NULL;
	relevo_item item = { 0 };
	assert_ok(relevo_session_open(the_stage.broker.url, NULL, &session));
	assert_ok(relevo_queue_open(session, NULL, NULL, &queue));
	assert_ok(relevo_queue_put(queue, "x", 1, RELEVO_FOREVER));
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	relevo_item_free(&item);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

int stage_teardown(void **state)
{
	serve_new_client();
	int status = relevo_session_close(the_stage.session);
	test_broker_stop(&the_stage.broker);
	alarm(0);
	int leaks = leaks_teardown(state);
	return status == RELEVO_OK ? leaks : -1;
}

relevo_session *stage_session(const struct stage *stage)
{
	if (!stage->over_tcp || getpid() == director)
		return stage->session;
	if (child_session == NULL) {
		child_check(test_host() == NULL || test_host_enter());
		child_check(relevo_session_open(stage->broker.more, NULL, &child_session) ==
			    RELEVO_OK);
	}
	return child_session;
}

void stage_leave(struct stage *stage)
{
	if (stage->lent)
		return;
	child_check(relevo_session_close(stage_session(stage)) == RELEVO_OK);
	child_session = NULL;
}

struct stage *stage_enter(const char *url, int host)
{
	the_stage.over_tcp = url != NULL;
	the_stage.lent = url == NULL;
	if (host >= 0) {
		child_check(test_host_enter_at(host));
		close(host);
	}
	if (url != NULL)
		child_check(relevo_session_open(url, NULL, &child_session) == RELEVO_OK);
	else
		child_check(relevo_process_session(&the_stage.session) == RELEVO_OK);
	return &the_stage;
}

void hold_still(int msec)
{
	poll(NULL, 0, msec);
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	return memory;
}

void assert_took(int64_t since, int64_t msec)
{
	/* The clock of the test is cut to milliseconds, twice. */
	assert_between(test_now() - since + 1, msec, msec + 1000);
}
