#include "integration/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

enum { MOST_WORDS = 32 };

int client_setup(void **state)
{
	if (scene_setup(state) != 0)
		return -1;
	struct scene *scene = *state;
	return setenv("RELEVO_URL", scene->broker.url, 1);
}

int client_teardown(void **state)
{
	unsetenv("RELEVO_URL");
	return scene_teardown(state);
}

static void become_client(const char *const *words)
{
	char *argv[MOST_WORDS + 2] = { (char *)"relevo" };
	for (int i = 0; words[i] != NULL; i++) {
		child_check(i < MOST_WORDS);
		argv[i + 1] = (char *)words[i];
	}
	execv(RELEVO_EXE, argv);
	child_check(!"no client");
}

/* `descriptors` are its first three; -1 leaves one as it is. */
static pid_t start(const int descriptors[3], const char *const *words)
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	for (int i = 0; i < 3; i++) {
		if (descriptors[i] >= 0)
			child_check(dup2(descriptors[i], i) == i);
	}
	become_client(words);
	return -1;
}

pid_t client_start(int input, int output, const char *const *words)
{
	return start((const int[3]){ input, output, -1 }, words);
}

/* ---- a whole run -------------------------------------------------------- */

/* What comes out of a pipe. */
struct drain {
	int fd;
	char *text;
	size_t size, room;
};

static void drain_more(struct drain *drain)
{
	if (drain->size + 1 >= drain->room) {
		drain->room = drain->room > 0 ? 2 * drain->room : 4096;
		drain->text = realloc(drain->text, drain->room);
		assert_non_null(drain->text);
	}
	ssize_t got = read(drain->fd, drain->text + drain->size, drain->room - drain->size - 1);
	if (got > 0)
		drain->size += (size_t)got;
	drain->text[drain->size] = '\0';
	if (got <= 0 && errno != EINTR) {
		close(drain->fd);
		drain->fd = -1;
	}
}

/* Write what it takes; at the end, and when it wants no more, close it. */
static void feed_more(int *fd, const char **input, size_t *size)
{
	ssize_t done = *size > 0 ? write(*fd, *input, *size) : 0;
	if (done > 0) {
		*input += done;
		*size -= (size_t)done;
	}
	if (*size == 0 || (done < 0 && errno == EPIPE)) {
		close(*fd);
		*fd = -1;
	}
}

/* Feed it and listen to it, until it has closed its ends. */
static void converse(int input_fd, const char *input, size_t size, struct drain drains[2])
{
	assert_int_equal(fcntl(input_fd, F_SETFL, O_NONBLOCK), 0);
	while (input_fd >= 0 || drains[0].fd >= 0 || drains[1].fd >= 0) {
		struct pollfd entries[3] = {
			{ .fd = input_fd, .events = POLLOUT },
			{ .fd = drains[0].fd, .events = POLLIN },
			{ .fd = drains[1].fd, .events = POLLIN },
		};
		assert_true(poll(entries, 3, TEST_PATIENCE) > 0);
		if (entries[0].revents != 0)
			feed_more(&input_fd, &input, &size);
		for (int i = 0; i < 2; i++) {
			if (entries[i + 1].revents != 0)
				drain_more(&drains[i]);
		}
	}
}

struct outcome client_run(const char *input, size_t size, const char *const *words)
{
	int in[2], out[2], error[2];
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(error, O_CLOEXEC), 0);
	signal(SIGPIPE, SIG_IGN);
	pid_t pid = start((const int[3]){ in[0], out[1], error[1] }, words);
	close(in[0]);
	close(out[1]);
	close(error[1]);
	struct drain drains[2] = { { .fd = out[0] }, { .fd = error[0] } };
	converse(in[1], input, size, drains);
	return (struct outcome){
		.status = child_wait(pid),
		.out = drains[0].text,
		.error = drains[1].text,
		.size = drains[0].size,
	};
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->error);
	*outcome = (struct outcome){ 0 };
}

/* ---- expectations ------------------------------------------------------- */

void expect_output(struct outcome outcome, const char *output)
{
	assert_string_equal(outcome.error, "");
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.out, output);
	assert_int_equal(outcome.size, strlen(output));
	outcome_free(&outcome);
}

void expect_failure(struct outcome outcome, int status, const char *complaint)
{
	char start[512];
	snprintf(start, sizeof start, "relevo: %s", complaint);
	if (strncmp(outcome.error, start, strlen(start)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", outcome.error, start);
	assert_int_equal(outcome.status, status);
	outcome_free(&outcome);
}

json_t *expect_json(struct outcome outcome)
{
	json_error_t error;
	assert_string_equal(outcome.error, "");
	assert_int_equal(outcome.status, 0);
	json_t *value = json_loads(outcome.out, JSON_ALLOW_NUL, &error);
	if (value == NULL)
		fail_msg("\"%s\": %s", outcome.out, error.text);
	assert_ptr_equal(strchr(outcome.out, '\n'), outcome.out + outcome.size - 1);
	outcome_free(&outcome);
	return value;
}
