/* Every call that makes descriptors, with none left, one, two, and so on: it says so, leaves
 * none behind, and works as soon as there are enough. */
#include "support/listeners.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

/* More than any call takes at a time. */
enum { ROOM_MOST = 24 };

enum { LARGE = 200000 };

static uint8_t large[LARGE];

/* What a call is made of: what is there before, in plenty; and the call itself. What it made
 * it takes away again. */
struct trial {
	const char *name;
	void (*prepare)(struct scene *scene);
	int (*run)(struct scene *scene);
};

static struct ends pair;
static relevo_listener *listener;
static relevo_system_process *seen;
static char folder_url[ADDRESS_MAX + 16];

/* ---- descriptors ------------------------------------------------------------------- */

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int count_open(void)
{
	int count = 0;
	for (int fd = 0; fd < 1000; fd++)
		count += is_open(fd);
	return count;
}

static void limit(rlim_t most)
{
	struct rlimit all;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	all.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
}

/* So that just so many more can be opened. */
static void leave_room(int room)
{
	int most = 0;
	for (int left = room; left > 0 || is_open(most); most++)
		left -= !is_open(most);
	limit((rlim_t)most);
}

/* ---- the calls --------------------------------------------------------------------- */

static int open_session(const char *url)
{
	relevo_session *session;
	int status = relevo_session_open(url, NULL, &session);
	return status == RELEVO_OK ? relevo_session_close(session) : status;
}

static int session(struct scene *scene)
{
	return open_session(scene->broker.url);
}

static int session_over_tcp(struct scene *scene)
{
	return open_session(scene->broker.more);
}

static int two_ends(struct scene *scene)
{
	struct ends made;
	(void)scene;
	int status = relevo_pipe_pair(RELEVO_DIRECTION_BOTH, made.ends);
	if (status == RELEVO_OK)
		close_both(&made);
	return status;
}

static int large_message(struct scene *scene)
{
	uint8_t *data = NULL;
	size_t size;
	(void)scene;
	int status = relevo_pipe_send(pair.ends[0], large, sizeof large, 0);
	if (status == RELEVO_OK)
		status = relevo_pipe_recv(pair.ends[1], 0, (void **)&data, &size);
	free(data);
	return status;
}

static int taken(relevo_tuple *tuple)
{
	int fd;
	int status = relevo_tuple_take_descriptor(tuple, 0, &fd);
	if (status == RELEVO_OK)
		close(fd);
	relevo_tuple_free(tuple);
	return status;
}

static int descriptors_in_a_tuple(struct scene *scene)
{
	relevo_tuple *tuple, *got;
	(void)scene;
	assert_ok(relevo_tuple_new(&tuple));
	for (int i = 0; i < 3; i++)
		assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_ok(relevo_pipe_send_tuple(pair.ends[0], tuple, 0));
	int status = taken(tuple);
	int there = relevo_pipe_recv_tuple(pair.ends[1], 0, &got);
	if (there == RELEVO_OK)
		there = taken(got);
	return status == RELEVO_OK ? there : status;
}

static int listening(const char *url)
{
	relevo_listener *made;
	int status = relevo_listener_open(url, NULL, &made);
	if (status == RELEVO_OK)
		relevo_listener_close(made);
	return status;
}

static int listening_anywhere(struct scene *scene)
{
	(void)scene;
	return listening(NULL);
}

static int listening_at_a_path(struct scene *scene)
{
	snprintf(folder_url, sizeof folder_url, "%s.other", scene->broker.url);
	return listening(folder_url);
}

static int listening_at_a_port(struct scene *scene)
{
	(void)scene;
	return listening("tcp://127.0.0.1:0");
}

static void listen_locally(struct scene *scene)
{
	(void)scene;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
}

static void listen_over_tcp(struct scene *scene)
{
	(void)scene;
	listener = listener_at_any_port("");
}

/* Connecting is not what fails: it was done before, or it can be repeated. */
static int connected_and_accepted(struct scene *scene)
{
	relevo_pipe *there, *here;
	(void)scene;
	int status =
		relevo_pipe_connect(relevo_listener_address(listener), NULL, TEST_PATIENCE, &there);
	if (status != RELEVO_OK)
		return status;
	status = relevo_listener_accept(listener, TEST_PATIENCE, &here);
	relevo_pipe_close(there);
	if (status == RELEVO_OK)
		relevo_pipe_close(here);
	return status;
}

static int shared_memory(struct scene *scene)
{
	const struct relevo_shared_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	relevo_shared *shared;
	int status = relevo_shared_open(scene->session, NULL, 100, &options, &shared);
	if (status == RELEVO_OK)
		relevo_shared_close(shared);
	return status;
}

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static int process(enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method };
	relevo_process *made;
	int status = relevo_process_new(nothing, &options, &made);
	if (status == RELEVO_OK)
		status = relevo_process_start(made);
	if (status == RELEVO_OK)
		assert_ok(relevo_process_join(made, TEST_PATIENCE));
	relevo_process_free(made);
	return status;
}

static int process_by_forkserver(struct scene *scene)
{
	(void)scene;
	return process(RELEVO_START_FORKSERVER);
}

static int process_by_fork(struct scene *scene)
{
	(void)scene;
	return process(RELEVO_START_FORK);
}

static int program(struct scene *scene)
{
	const char *const arguments[] = { "true", NULL };
	const struct relevo_program_options options = {
		.input = { .kind = RELEVO_STREAM_NULL },
		.output = { .kind = RELEVO_STREAM_PIPE },
		.errors = { .kind = RELEVO_STREAM_PIPE },
		.directory = "/",
	};
	relevo_program *started;
	(void)scene;
	int status = relevo_program_start(arguments, &options, &started);
	if (status != RELEVO_OK)
		return status;
	assert_ok(relevo_program_wait(started, TEST_PATIENCE, NULL));
	relevo_program_close(started);
	return status;
}

static void see_ourselves(struct scene *scene)
{
	(void)scene;
	assert_ok(relevo_system_open(getpid(), 0, &seen));
}

static int system_open_and_close(struct scene *scene)
{
	relevo_system_process *opened;
	(void)scene;
	int status = relevo_system_open(getpid(), 0, &opened);
	if (status == RELEVO_OK)
		relevo_system_close(opened);
	return status;
}

static int system_open_parent(struct scene *scene)
{
	relevo_system_process *opened;
	(void)scene;
	int status = relevo_system_open_parent(seen, &opened);
	if (status == RELEVO_OK)
		relevo_system_close(opened);
	return status;
}

static int system_inspect(struct scene *scene)
{
	struct relevo_system_info *info = NULL;
	(void)scene;
	int status = relevo_system_inspect(seen, &info);
	if (status == RELEVO_OK)
		assert_int_equal(info->pid, getpid());
	relevo_system_info_free(info);
	return status;
}

static int see_process(const struct relevo_system_info *info, void *found)
{
	if (info->pid == getpid())
		*(bool *)found = true;
	return 0;
}

static int system_list(struct scene *scene)
{
	bool found = false;
	(void)scene;
	int status = relevo_system_list(see_process, &found);
	assert_true(status != RELEVO_OK || found);
	return status;
}

static int pass_file(const struct relevo_system_file *file, void *user)
{
	(void)file;
	(void)user;
	return 0;
}

static int system_files(struct scene *scene)
{
	(void)scene;
	return relevo_system_files(seen, pass_file, NULL);
}

static int system_set_nice(struct scene *scene)
{
	(void)scene;
	return relevo_system_set_nice(seen, getpriority(PRIO_PROCESS, 0));
}

static int pool(struct scene *scene)
{
	const struct relevo_pool_options options = { .processes = 2 };
	relevo_pool *opened;
	int status = relevo_pool_open(scene->session, &options, &opened);
	if (status == RELEVO_OK)
		relevo_pool_close(opened);
	return status;
}

static void make_pair(struct scene *scene)
{
	(void)scene;
	pair = pipe_of(RELEVO_DIRECTION_BOTH);
}

static const struct trial trials[] = {
	{ "a session", NULL, session },
	{ "two ends", NULL, two_ends },
	{ "a large message", make_pair, large_message },
	{ "descriptors in a tuple", make_pair, descriptors_in_a_tuple },
	{ "a listener", NULL, listening_anywhere },
	{ "a listener at a path", NULL, listening_at_a_path },
	{ "connecting and accepting", listen_locally, connected_and_accepted },
	{ "shared memory", NULL, shared_memory },
	{ "a process by fork", NULL, process_by_fork },
	{ "a process by the fork server", NULL, process_by_forkserver },
	{ "a program", NULL, program },
	{ "a process of the system", NULL, system_open_and_close },
	{ "a parent", see_ourselves, system_open_parent },
	{ "a look at a process", see_ourselves, system_inspect },
	{ "all processes", NULL, system_list },
	{ "the files of a process", see_ourselves, system_files },
	{ "all threads of a process", see_ourselves, system_set_nice },
	{ "a pool", NULL, pool },
	{ "a session over tcp", NULL, session_over_tcp },
	{ "a listener at a port", NULL, listening_at_a_port },
	{ "connecting and accepting over tcp", listen_over_tcp, connected_and_accepted },
};

/* ---- the sweep --------------------------------------------------------------------- */

static void clean_up(void)
{
	if (pair.ends[0] != NULL)
		close_both(&pair);
	pair = (struct ends){ { NULL, NULL } };
	relevo_listener_close(listener);
	listener = NULL;
	relevo_system_close(seen);
	seen = NULL;
}

static bool are_no_more(void *argument)
{
	return count_open() <= *(int *)argument;
}

static void sweep(struct scene *scene, const struct trial *trial)
{
	struct rlimit usual;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	if (trial->prepare != NULL)
		trial->prepare(scene);
	assert_ok(trial->run(scene));
	int before = count_open(), status = RELEVO_NO_DESCRIPTORS, room = 0;
	for (; room < ROOM_MOST && status != RELEVO_OK; room++) {
		leave_room(room);
		status = trial->run(scene);
		char detail[400];
		snprintf(detail, sizeof detail, "%s", relevo_error_detail());
		limit(usual.rlim_cur);
		if (status != RELEVO_OK && status != RELEVO_NO_DESCRIPTORS)
			fail_msg("%s, with room for %d: %s: %s", trial->name, room,
				 relevo_error_name(status), detail);
		/* nng closes behind our back. */
		if (!eventually(are_no_more, &before))
			fail_msg("%s, with room for %d: %d are open, not %d", trial->name, room,
				 count_open(), before);
	}
	assert_true(room > 1 || status != RELEVO_OK);
	assert_ok(status);
	assert_ok(trial->run(scene));
	clean_up();
}

static void each_call_says_so_and_leaves_none(void **state)
{
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++)
		sweep(*state, &trials[i]);
}

/* What a process opens once, for good. */
static int group_setup(void **state)
{
	(void)state;
	assert_ok(process_by_forkserver(NULL));
	assert_ok(listening_at_a_port(NULL));
	return 0;
}

static int setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--insecure-tcp",
						 NULL };
	return scene_setup_with(state, arguments);
}

/* ---- waits with a limit below the descriptors in use ------------------------------ */

enum { WAIT = 1000 };

static struct rlimit before;

/* A wait that tries again and again succeeds in the end, and has taken too long. */
static void give_descriptors(int number)
{
	(void)number;
	setrlimit(RLIMIT_NOFILE, &before);
}

/* As programs that lock themselves up set it: poll(2) refuses then, and will again. */
static void expect_to_be_told(struct scene *scene, const char *name,
			      int (*wait)(struct scene *scene))
{
	signal(SIGALRM, give_descriptors);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	int64_t begin = test_now();
	limit(0);
	alarm(WAIT / 1000);
	int status = wait(scene);
	alarm(0);
	limit(before.rlim_cur);
	signal(SIGALRM, SIG_DFL);
	if (status != RELEVO_NO_DESCRIPTORS || test_now() - begin >= WAIT)
		fail_msg("%s: %s after %d ms", name, relevo_error_name(status),
			 (int)(test_now() - begin));
}

static int wait_for_item(struct scene *scene)
{
	relevo_item item;
	return relevo_queue_get(scene->queue, WAIT, &item);
}

static void a_limit_below_what_is_polled(void **state)
{
	struct scene *scene = *state;
	expect_to_be_told(scene, "an item", wait_for_item);
	put_text(scene->queue, "afterwards");
	expect_text(scene->queue, "afterwards");
}

static relevo_program *sleeping;

static int wait_to_receive(struct scene *scene)
{
	void *data;
	size_t size;
	(void)scene;
	return relevo_pipe_recv(pair.ends[1], WAIT, &data, &size);
}

static int wait_until_ready(struct scene *scene)
{
	bool ready;
	(void)scene;
	return relevo_pipe_poll(pair.ends[1], WAIT, &ready);
}

static int wait_to_send(struct scene *scene)
{
	int status = RELEVO_OK;
	(void)scene;
	while (status == RELEVO_OK)
		status = relevo_pipe_send(pair.ends[0], large, 60000, WAIT);
	return status;
}

static int wait_to_accept(struct scene *scene)
{
	relevo_pipe *accepted;
	(void)scene;
	return relevo_listener_accept(listener, WAIT, &accepted);
}

static void start_to_sleep(struct scene *scene)
{
	const char *const arguments[] = { "sleep", "1000", NULL };
	const struct relevo_program_options options = {
		.input = { .kind = RELEVO_STREAM_PIPE },
		.output = { .kind = RELEVO_STREAM_PIPE },
	};
	(void)scene;
	assert_ok(relevo_program_start(arguments, &options, &sleeping));
	assert_ok(relevo_system_open(relevo_program_pid(sleeping), 0, &seen));
}

static int wait_for_program(struct scene *scene)
{
	(void)scene;
	return relevo_program_wait(sleeping, WAIT, NULL);
}

static int wait_for_streams(struct scene *scene)
{
	struct relevo_program_output output;
	(void)scene;
	return relevo_program_communicate(sleeping, NULL, WAIT, &output);
}

static int wait_for_system(struct scene *scene)
{
	(void)scene;
	return relevo_system_wait(seen, WAIT);
}

static const struct trial waits[] = {
	{ "receiving", make_pair, wait_to_receive },
	{ "what can be received", make_pair, wait_until_ready },
	{ "sending", make_pair, wait_to_send },
	{ "accepting", listen_locally, wait_to_accept },
	{ "accepting over tcp", listen_over_tcp, wait_to_accept },
	{ "a program", start_to_sleep, wait_for_program },
	{ "the streams of a program", start_to_sleep, wait_for_streams },
	{ "a process of the system", start_to_sleep, wait_for_system },
};

/* What has ended is seen to have ended all the same. */
static void end_sleeping(void)
{
	int code;
	limit(0);
	assert_ok(relevo_program_kill(sleeping));
	while (relevo_program_is_alive(sleeping))
		continue;
	bool runs = relevo_system_is_alive(seen);
	limit(before.rlim_cur);
	assert_false(runs);
	assert_ok(relevo_program_exit_code(sleeping, &code));
	assert_int_equal(code, -SIGKILL);
	relevo_program_close(sleeping);
	sleeping = NULL;
}

static void waits_without_a_broker(void **state)
{
	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		waits[i].prepare(*state);
		expect_to_be_told(*state, waits[i].name, waits[i].run);
		if (sleeping != NULL)
			end_sleeping();
		clean_up();
	}
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_call_says_so_and_leaves_none, setup,
						scene_teardown),
		scene_unit_test(a_limit_below_what_is_polled),
		scene_unit_test(waits_without_a_broker),
	};
	return cmocka_run_group_tests_name("no_descriptors", tests, group_setup, NULL);
}
