/* Setting up a broker, a session and a queue, and the steps that most tests of queues take. */
#include "support/queues.h"

#include <fcntl.h>
#include <signal.h>

static struct scene the_scene;

int scene_setup_with(void **state, const char *const *arguments)
{
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, arguments);
	the_scene.session = session_open(the_scene.broker.url);
	the_scene.queue = queue_open(the_scene.session, "q");
	*state = &the_scene;
	return 0;
}

int scene_setup(void **state)
{
	return scene_setup_with(state, NULL);
}

int scene_teardown(void **state)
{
	relevo_queue_close(the_scene.queue);
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	int leaks = leaks_teardown(state);
	return status == RELEVO_OK ? leaks : -1;
}

void broker_kill(struct test_broker *broker)
{
	assert_int_equal(kill(broker->pid, SIGKILL), 0);
	assert_int_equal(test_wait(broker->pid), 128 + SIGKILL);
}

void broker_again(struct test_broker *broker)
{
	int ready[2];
	char number[16], line[ADDRESS_MAX];
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(fcntl(ready[0], F_SETFD, FD_CLOEXEC), 0);
	snprintf(number, sizeof number, "%d", ready[1]);
	const char *arguments[16] = { "--listen", broker->url,   "--ready-fd",
				      number,     "--log-level", "error" };
	size_t count = 6;
	if (broker->data[0] != '\0') {
		arguments[count++] = "--data";
		arguments[count++] = broker->data;
	}
	/* What a broker with a data folder listens at by itself is no option. */
	if (broker->more[0] != '\0' && strncmp(broker->more, "data:", 5) != 0) {
		arguments[count++] = "--listen";
		arguments[count++] = broker->more;
		arguments[count++] = "--insecure-tcp";
	}
	broker->pid = test_broker_spawn(arguments, STDERR_FILENO, -1);
	close(ready[1]);
	size_t lines = 0;
	ssize_t got;
	/* It closes its end when it can be reached. */
	while ((got = read(ready[0], line, sizeof line)) > 0)
		lines++;
	assert_true(lines > 0);
	close(ready[0]);
}

relevo_session *session_open(const char *url)
{
	relevo_session *session = NULL;
	assert_ok(relevo_session_open(url, NULL, &session));
	return session;
}

relevo_queue *queue_open(relevo_session *session, const char *name)
{
	return queue_open_bounded(session, name, 0);
}

relevo_queue *queue_open_existing(relevo_session *session, const char *name)
{
	relevo_queue *queue = NULL;
	struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	assert_ok(relevo_queue_open(session, name, &options, &queue));
	return queue;
}

relevo_queue *queue_open_bounded(relevo_session *session, const char *name, int64_t capacity)
{
	relevo_queue *queue = NULL;
	struct relevo_queue_options options = { .capacity = capacity };
	assert_ok(relevo_queue_open(session, name, &options, &queue));
	return queue;
}

void put_text(relevo_queue *queue, const char *text)
{
	assert_ok(relevo_queue_put(queue, text, strlen(text), RELEVO_FOREVER));
}

void expect_text(relevo_queue *queue, const char *text)
{
	relevo_item item;
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	assert_string_equal(item.data, text);
	assert_int_equal(item.size, strlen(text));
	relevo_item_free(&item);
}

void expect_empty(relevo_queue *queue)
{
	relevo_item item;
	assert_status(relevo_queue_get(queue, 0, &item), RELEVO_TIMED_OUT);
}

struct relevo_queue_state counts_of(relevo_queue *queue)
{
	struct relevo_queue_state counts;
	assert_ok(relevo_queue_inspect(queue, &counts));
	return counts;
}

struct expected {
	relevo_queue *queue;
	uint64_t count;
};

static bool enough_getters(void *argument)
{
	const struct expected *expected = argument;
	return counts_of(expected->queue).getters == expected->count;
}

static bool enough_putters(void *argument)
{
	const struct expected *expected = argument;
	return counts_of(expected->queue).putters == expected->count;
}

static bool as_many_leased(void *argument)
{
	const struct expected *expected = argument;
	return counts_of(expected->queue).leased == expected->count;
}

void wait_for_leased(relevo_queue *queue, uint64_t count)
{
	assert_true(eventually(as_many_leased, &(struct expected){ queue, count }));
}

void wait_for_getters(relevo_queue *queue, uint64_t count)
{
	assert_true(eventually(enough_getters, &(struct expected){ queue, count }));
}

void wait_for_putters(relevo_queue *queue, uint64_t count)
{
	assert_true(eventually(enough_putters, &(struct expected){ queue, count }));
}

static uint8_t pattern_byte(size_t place, uint32_t seed)
{
	return (uint8_t)((place * 2654435761u + seed) >> 8);
}

void pattern_fill(uint8_t *bytes, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern_byte(i, seed);
}

bool pattern_holds(const uint8_t *bytes, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != pattern_byte(i, seed))
			return false;
	}
	return true;
}
