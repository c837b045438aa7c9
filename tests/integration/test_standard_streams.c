/* Programs that have closed their standard streams: nothing of relevo's takes their place. */
#include "support/queues.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

enum { LARGE = 200000, COMPLAINTS = 50 };

/* What a check of this file prints on: its process has no standard error. */
#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(COMPLAINTS, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,     \
				relevo_error_detail());                                            \
			_exit(EXIT_FAILURE);                                                       \
		}                                                                                  \
	} while (0)

static bool streams_are_closed(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			return false;
	}
	return true;
}

static void close_streams(void)
{
	check(dup2(STDERR_FILENO, COMPLAINTS) == COMPLAINTS);
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
}

/* ---- what a program does ----------------------------------------------------- */

static void use_queue(relevo_session *session)
{
	relevo_queue *queue;
	relevo_item item;
	check(relevo_queue_open(session, "streams", NULL, &queue) == RELEVO_OK);
	check(relevo_queue_put(queue, "x", 1, TEST_PATIENCE) == RELEVO_OK);
	check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	check(streams_are_closed());
}

static void exchange(relevo_pipe *from, relevo_pipe *to)
{
	static char message[LARGE];
	void *data;
	size_t size;
	check(relevo_pipe_send(from, message, sizeof message, TEST_PATIENCE) == RELEVO_OK);
	check(relevo_pipe_recv(to, TEST_PATIENCE, &data, &size) == RELEVO_OK);
	check(size == sizeof message);
	free(data);
	relevo_pipe_close(from);
	relevo_pipe_close(to);
	check(streams_are_closed());
}

static void use_pipes(void)
{
	relevo_pipe *ends[2];
	relevo_listener *listener;
	check(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, ends) == RELEVO_OK);
	exchange(ends[0], ends[1]);
	check(relevo_listener_open(NULL, NULL, &listener) == RELEVO_OK);
	check(relevo_pipe_connect(relevo_listener_address(listener), NULL, TEST_PATIENCE,
				  &ends[0]) == RELEVO_OK);
	check(relevo_listener_accept(listener, TEST_PATIENCE, &ends[1]) == RELEVO_OK);
	exchange(ends[0], ends[1]);
	relevo_listener_close(listener);
}

static void use_shared_memory(relevo_session *session)
{
	relevo_shared *shared;
	check(relevo_shared_open(session, NULL, 4096, NULL, &shared) == RELEVO_OK);
	check(streams_are_closed());
	relevo_shared_close(shared);
}

static void run_program(void)
{
	const char *const words[] = { "/bin/sh", "-c", "echo seen", NULL };
	struct relevo_program_output output;
	const struct relevo_run_options options = { .program.output.kind = RELEVO_STREAM_PIPE };
	check(relevo_program_run(words, &options, &output) == RELEVO_OK);
	check(output.exit_code == 0 && strcmp(output.output, "seen\n") == 0);
	relevo_program_output_free(&output);
	check(streams_are_closed());
}

static int look_at_streams(relevo_tuple *arguments)
{
	relevo_session *session;
	(void)arguments;
	if (!streams_are_closed() || relevo_process_session(&session) != RELEVO_OK)
		return 1;
	return streams_are_closed() ? 0 : 2;
}

static void start_processes(const relevo_session *session)
{
	for (int method = RELEVO_START_FORKSERVER; method <= RELEVO_START_SPAWN; method++) {
		const struct relevo_process_options options = {
			.method = (enum relevo_start_method)method,
			.session = session,
		};
		relevo_process *process;
		int code;
		check(relevo_process_new(look_at_streams, &options, &process) == RELEVO_OK);
		check(relevo_process_start(process) == RELEVO_OK);
		check(streams_are_closed());
		check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
		check(relevo_process_exit_code(process, &code) == RELEVO_OK);
		check(code == 0);
		relevo_process_free(process);
	}
}

static int look_as_worker(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)user;
	return relevo_reply_set(reply, streams_are_closed() ? "closed" : "open",
				streams_are_closed() ? 6 : 4);
}

static void map_over_pool(relevo_session *session)
{
	const struct relevo_pool_options options = { .processes = 2 };
	const struct relevo_bytes argument = { "", 0 };
	struct relevo_result result;
	relevo_pool *pool;
	check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	check(relevo_pool_map(pool, "look", &argument, 1, NULL, &result) == RELEVO_OK);
	check(strcmp(result.data, "closed") == 0);
	relevo_results_free(&result, 1);
	relevo_pool_close(pool);
	check(streams_are_closed());
}

static void play_program(void *argument)
{
	const char *url = argument;
	relevo_session *session;
	const struct relevo_session_options options = { .broker = RELEVOD_EXE };
	close_streams();
	check(relevo_session_open(url, &options, &session) == RELEVO_OK);
	use_queue(session);
	use_pipes();
	use_shared_memory(session);
	run_program();
	start_processes(session);
	map_over_pool(session);
	check(relevo_session_close(session) == RELEVO_OK);
	_exit(EXIT_SUCCESS);
}

/* ---- the tests ------------------------------------------------------------------ */

static void nothing_takes_their_place(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_program, scene->broker.url));
}

static void play_with_private_broker(void *argument)
{
	/* Nobody's. */
	setenv("XDG_RUNTIME_DIR", argument, 1);
	unsetenv("RELEVO_URL");
	play_program(NULL);
}

static void a_private_broker_does_not_either(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_with_private_broker, scene->broker.folder));
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	assert_ok(relevo_function_register("look", look_as_worker, NULL));
	const struct CMUnitTest tests[] = {
		scene_unit_test(nothing_takes_their_place),
		scene_unit_test(a_private_broker_does_not_either),
	};
	return cmocka_run_group_tests_name("standard_streams", tests, NULL, NULL);
}
