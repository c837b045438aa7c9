/* A process ends as a program does: what it has buffered and registered is done, and what it has
 * inherited is not done twice. */
#include "support/queues.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

static const enum relevo_start_method methods[] = { RELEVO_START_FORK, RELEVO_START_FORKSERVER,
						    RELEVO_START_SPAWN };
enum { METHODS = 3 };

/* Every line that anybody writes, one write each. */
static void note_in(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	child_check(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	close(fd);
}

static void expect_notes(const char *path, const char *text)
{
	char bytes[512] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, bytes, sizeof bytes - 1) >= 0);
	assert_string_equal(bytes, text);
	close(fd);
	unlink(path);
}

/* ---- the child -------------------------------------------------------------- */

enum how { RETURN, EXIT, EXIT_AT_ONCE };

static char notes[128];

static void note_end(void)
{
	note_in(notes, "child's end\n");
}

static void note_end_before(void)
{
	note_in(notes, "child's second\n");
}

/* Arguments: where to note, and how to end. */
static int leave_things(relevo_tuple *arguments)
{
	const char *path;
	size_t size;
	int64_t how;
	child_check(relevo_tuple_text(arguments, 0, &path, &size) == RELEVO_OK);
	child_check(relevo_tuple_int(arguments, 1, &how) == RELEVO_OK);
	strcpy(notes, path);
	atexit(note_end);
	atexit(note_end_before);
	FILE *file = fopen(notes, "ae");
	child_check(file != NULL && fputs("child's text\n", file) >= 0);
	if (how == EXIT)
		exit(3);
	if (how == EXIT_AT_ONCE)
		_exit(4);
	return 2;
}

/* ---- its parent ---------------------------------------------------------------- */

struct parent {
	const char *notes;
	enum relevo_start_method method;
	enum how how;
	int code;
};

static void note_parents_end(void)
{
	note_in(notes, "parent's end\n");
}

/* It has things of its own to do at its end. */
static void play_parent(void *argument)
{
	const struct parent *parent = argument;
	relevo_tuple *arguments;
	relevo_process *process;
	int code;
	strcpy(notes, parent->notes);
	atexit(note_parents_end);
	FILE *file = fopen(notes, "ae");
	child_check(file != NULL && fputs("parent's text\n", file) >= 0);
	child_check(relevo_tuple_new(&arguments) == RELEVO_OK);
	child_check(relevo_tuple_add_text(arguments, NULL, notes) == RELEVO_OK);
	child_check(relevo_tuple_add_int(arguments, NULL, parent->how) == RELEVO_OK);
	const struct relevo_process_options options = { .method = parent->method,
							.arguments = arguments };
	child_check(relevo_process_new(leave_things, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_process_exit_code(process, &code) == RELEVO_OK);
	child_check(code == parent->code);
	relevo_process_free(process);
	relevo_tuple_free(arguments);
	exit(EXIT_SUCCESS);
}

static void expect_by_each_method(const struct scene *scene, enum how how, int code,
				  const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/notes", scene->broker.folder);
	for (int i = 0; i < METHODS; i++) {
		struct parent parent = { path, methods[i], how, code };
		child_join(child_start(play_parent, &parent));
		expect_notes(path, text);
	}
}

/* ---- the tests -------------------------------------------------------------------- */

static void a_function_that_returns(void **state)
{
	expect_by_each_method(*state, RETURN, 2,
			      "child's second\nchild's end\nchild's text\n"
			      "parent's end\nparent's text\n");
}

static void a_function_that_calls_exit(void **state)
{
	expect_by_each_method(*state, EXIT, 3,
			      "child's second\nchild's end\nchild's text\n"
			      "parent's end\nparent's text\n");
}

/* As any program that does so. */
static void a_function_that_ends_at_once(void **state)
{
	expect_by_each_method(*state, EXIT_AT_ONCE, 4, "parent's end\nparent's text\n");
}

static int leave_text(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)reply;
	(void)user;
	strcpy(notes, argument->data);
	FILE *file = fopen(notes, "ae");
	return file != NULL && fputs("worker's text\n", file) >= 0 && atexit(note_end) == 0
		       ? RELEVO_OK
		       : RELEVO_SYSTEM;
}

static void play_pool(void *argument)
{
	const char *url = ((const struct scene *)argument)->broker.url;
	const struct relevo_pool_options options = { .processes = 1 };
	relevo_pool *pool;
	relevo_session *session;
	struct relevo_result result;
	snprintf(notes, sizeof notes, "%s/notes", ((const struct scene *)argument)->broker.folder);
	const struct relevo_bytes word = { notes, strlen(notes) + 1 };
	atexit(note_parents_end);
	FILE *file = fopen(notes, "ae");
	child_check(file != NULL && fputs("parent's text\n", file) >= 0);
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_map(pool, "leave", &word, 1, NULL, &result) == RELEVO_OK);
	relevo_results_free(&result, 1);
	child_check(relevo_pool_shutdown(pool) == RELEVO_OK);
	child_check(relevo_pool_join(pool, TEST_PATIENCE) == RELEVO_OK);
	relevo_pool_close(pool);
	relevo_session_close(session);
	exit(EXIT_SUCCESS);
}

static void a_worker(void **state)
{
	const struct scene *scene = *state;
	char path[128];
	snprintf(path, sizeof path, "%s/notes", scene->broker.folder);
	child_join(child_start(play_pool, *state));
	expect_notes(path, "child's end\nworker's text\nparent's end\nparent's text\n");
}

/* ---- streams that cannot be written ------------------------------------------------ */

/* The standard output of this process: a pipe, and what stands in the stream before it is
 * written. */
struct stream {
	int ends[2];
	struct gate locked, done;
};

static void be_written_to_pipe(struct stream *stream)
{
	child_check(pipe2(stream->ends, O_CLOEXEC | O_NONBLOCK) == 0);
	child_check(dup2(stream->ends[1], STDOUT_FILENO) == STDOUT_FILENO);
	child_check(setvbuf(stdout, NULL, _IOFBF, BUFSIZ) == 0);
	child_check(fputs("parent's text\n", stdout) >= 0);
}

static void fill_pipe(const struct stream *stream)
{
	static const char zeros[4096];
	for (size_t size = sizeof zeros; size > 0; size = size > 1 ? 1 : 0) {
		while (write(stream->ends[1], zeros, size) > 0)
			continue;
	}
	child_check(fcntl(stream->ends[1], F_SETFL, 0) == 0);
}

/* What has been written so far, but for zeros. */
static void expect_written(const struct stream *stream, const char *text)
{
	char bytes[4096], found[64] = "";
	size_t count = 0;
	ssize_t size;
	while ((size = read(stream->ends[0], bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < size; i++) {
			if (bytes[i] != 0 && count + 1 < sizeof found)
				found[count++] = bytes[i];
		}
	}
	child_check(strcmp(found, text) == 0);
}

static int say_nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static int say_something(relevo_tuple *arguments)
{
	(void)arguments;
	return fputs("child's text\n", stdout) >= 0 ? 0 : 1;
}

static void run_process(relevo_target *target, enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method };
	relevo_process *process;
	int code;
	child_check(relevo_process_new(target, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_process_exit_code(process, &code) == RELEVO_OK && code == 0);
	relevo_process_free(process);
}

static int say_as_worker(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)reply;
	(void)user;
	return argument->size == 0 || fputs("worker's text\n", stdout) >= 0 ? RELEVO_OK
									    : RELEVO_SYSTEM;
}

/* `say`: anything, or nothing. */
static void run_pool(const char *url, const char *say)
{
	const struct relevo_pool_options options = { .processes = 1 };
	const struct relevo_bytes word = { say, strlen(say) };
	struct relevo_result result;
	relevo_session *session;
	relevo_pool *pool;
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_map(pool, "say", &word, 1, NULL, &result) == RELEVO_OK);
	relevo_results_free(&result, 1);
	child_check(relevo_pool_shutdown(pool) == RELEVO_OK);
	child_check(relevo_pool_join(pool, TEST_PATIENCE) == RELEVO_OK);
	relevo_pool_close(pool);
	relevo_session_close(session);
}

static void play_full_pipe(void *argument)
{
	struct stream stream;
	be_written_to_pipe(&stream);
	fill_pipe(&stream);
	for (int i = 0; i < METHODS; i++)
		run_process(say_nothing, methods[i]);
	run_pool(((const struct scene *)argument)->broker.url, "");
	expect_written(&stream, "");
	child_check(fflush(stdout) == 0);
	expect_written(&stream, "parent's text\n");
	_exit(EXIT_SUCCESS);
}

static void nobody_reads_the_output(void **state)
{
	child_join(child_start(play_full_pipe, *state));
}

static void *lock_streams(void *argument)
{
	struct stream *stream = argument;
	flockfile(stdout);
	flockfile(stderr);
	gate_open(&stream->locked);
	gate_pass(&stream->done);
	funlockfile(stderr);
	funlockfile(stdout);
	return NULL;
}

static void play_locked_streams(void *argument)
{
	struct stream stream;
	pthread_t thread;
	be_written_to_pipe(&stream);
	gate_make(&stream.locked);
	gate_make(&stream.done);
	child_check(pthread_create(&thread, NULL, lock_streams, &stream) == 0);
	gate_pass(&stream.locked);
	for (int i = 0; i < METHODS; i++) {
		run_process(say_something, methods[i]);
		expect_written(&stream, "child's text\n");
	}
	run_pool(((const struct scene *)argument)->broker.url, "something");
	expect_written(&stream, "worker's text\n");
	gate_open(&stream.done);
	pthread_join(thread, NULL);
	child_check(fflush(stdout) == 0);
	expect_written(&stream, "parent's text\n");
	_exit(EXIT_SUCCESS);
}

static void a_thread_has_the_output(void **state)
{
	child_join(child_start(play_locked_streams, *state));
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	assert_ok(relevo_function_register("leave", leave_text, NULL));
	assert_ok(relevo_function_register("say", say_as_worker, NULL));
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_function_that_returns),
		scene_unit_test(a_function_that_calls_exit),
		scene_unit_test(a_function_that_ends_at_once),
		scene_unit_test(a_worker),
		scene_unit_test(nobody_reads_the_output),
		scene_unit_test(a_thread_has_the_output),
	};
	return cmocka_run_group_tests_name("process_exit", tests, NULL, NULL);
}
