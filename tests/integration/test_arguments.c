/* Every public function, with each pointer missing, what they point to incomplete, and each size
 * zero: what is needed is BAD_ARGUMENT, and nothing harms the program. So is what a program asks
 * for that was built with newer headers. The calls are written by arguments.py, from the headers.
 */
#include "queue.pb-c.h"
#include "support/kinds.h"

#include <relevo/protobuf.h>

#include <signal.h>
#include <sys/wait.h>

/* What the other arguments are. */
struct valid {
	relevo_session *session;
	struct kinds kinds;
	relevo_tuple *tuple;
	relevo_pipe *pipe;
	relevo_listener *listener;
	relevo_process *process;
	relevo_program *program;
	relevo_pool *pool;
	relevo_system_process *system_process;
	relevo_job *job;
	relevo_imap *imap;
	relevo_reply *reply;
	Relevo__QueueStats message;
	relevo_item item;
	struct relevo_bytes bytes;
	const char *name;
	char text[RELEVO_HANDLE_TEXT];
	const char *words[2];
	uint64_t scratch[512]; /* zero: options as they are by default, and room for answers */
};

struct argument_case {
	const char *what;
	int (*call)(struct valid *valid);
	bool refused;     /* it is BAD_ARGUMENT */
	const char *said; /* what the detail then begins with; NULL: whatever it says */
};

/* Of an input. */
static int give_nothing(struct relevo_bytes *argument, void *user)
{
	(void)user;
	*argument = (struct relevo_bytes){ NULL, 5 };
	return RELEVO_OK;
}

static int give_end(struct relevo_bytes *argument, void *user)
{
	(void)argument;
	(void)user;
	return RELEVO_END_OF_STREAM;
}

/* Among them are formats that are names. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#include "arguments.inc"
#pragma GCC diagnostic pop

static int do_nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

/* A value of each type, in the order of their numbers. */
static void fill_tuple(const struct valid *valid)
{
	relevo_tuple *tuple = valid->tuple, *inner;
	int failed = relevo_tuple_add_none(tuple, NULL);
	failed += relevo_tuple_add_bool(tuple, NULL, true);
	failed += relevo_tuple_add_int(tuple, NULL, 1);
	failed += relevo_tuple_add_double(tuple, NULL, 1);
	failed += relevo_tuple_add_text(tuple, NULL, "x");
	failed += relevo_tuple_add_bytes(tuple, NULL, "x", 1);
	failed += relevo_tuple_new(&inner) + relevo_tuple_add_tuple(tuple, NULL, inner);
	failed += kinds_to_tuple(&valid->kinds, tuple);
	failed += relevo_tuple_add_pipe(tuple, NULL, valid->pipe);
	failed += relevo_tuple_add_descriptor(tuple, NULL, STDERR_FILENO);
	child_check(failed == 0);
}

static void make_others(struct valid *valid)
{
	relevo_pipe *ends[2];
	child_check(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, ends) == RELEVO_OK);
	valid->pipe = ends[0];
	child_check(relevo_tuple_new(&valid->tuple) == RELEVO_OK);
	fill_tuple(valid);
	child_check(relevo_queue_to_text(valid->kinds.queue, valid->text, sizeof valid->text) == 0);
	child_check(relevo_queue_put(valid->kinds.queue, "x", 1, 0) == RELEVO_OK);
	child_check(relevo_listener_open(NULL, NULL, &valid->listener) == RELEVO_OK);
	child_check(relevo_process_new(do_nothing, NULL, &valid->process) == RELEVO_OK);
	child_check(relevo_pool_attach(valid->session, "pool", &valid->pool) == RELEVO_OK);
}

static bool is_of(const char *what, const char *subject)
{
	return strncmp(what, subject, strlen(subject)) == 0;
}

/* The text of a handle of the kind that the call is about. */
static void write_text(struct valid *valid, const char *what)
{
	char *text = valid->text;
	int failed = 0;
#define WRITE_TEXT(kind)                                                                           \
	if (is_of(what, "relevo_" #kind "_from_text"))                                             \
		failed = relevo_##kind##_to_text(valid->kinds.kind, text, sizeof valid->text);
	KINDS_EACH(WRITE_TEXT)
#undef WRITE_TEXT
	child_check(failed == 0);
}

/* What takes long to make, only for who needs it. */
static void make_slow_ones(struct valid *valid, const char *what)
{
	const struct relevo_input input = { .next = give_end };
	write_text(valid, what);
	if (is_of(what, "relevo_job_"))
		child_check(relevo_pool_apply_async(valid->pool, "f", &valid->bytes, NULL,
						    &valid->job) == 0);
	if (is_of(what, "relevo_imap_"))
		child_check(relevo_pool_imap(valid->pool, "f", &input, NULL, &valid->imap) == 0);
	if (is_of(what, "relevo_program_"))
		child_check(relevo_program_start(valid->words, NULL, &valid->program) == 0);
	if (is_of(what, "relevo_system_"))
		child_check(relevo_system_open(getpid(), 0, &valid->system_process) == 0);
}

/* How a call ended: not by a signal, nor by what the library has its ends for. */
enum { CALL_REFUSED = 0, CALL_DONE = 77, CALL_WAITS = SIGALRM };

static int outcome_of(const struct argument_case *one, struct valid *valid)
{
	if (one->call(valid) != RELEVO_BAD_ARGUMENT)
		return CALL_DONE;
	if (one->said == NULL || is_of(relevo_error_detail(), one->said))
		return CALL_REFUSED;
	fprintf(stderr, "%s: \"%s\"\n", one->what, relevo_error_detail());
	return CALL_DONE;
}

/* In a worker, which has a reply to be given. */
static int call_there(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	const struct argument_case *one;
	struct valid valid = { .reply = reply, .name = "name" };
	(void)user;
	memcpy(&one, argument->data, sizeof one);
	child_check(relevo_tuple_new(&valid.tuple) == RELEVO_OK);
	int outcome = outcome_of(one, &valid);
	relevo_tuple_free(valid.tuple);
	return relevo_reply_set(reply, &outcome, sizeof outcome);
}

static int call_in_worker(const struct argument_case *one, relevo_session *session)
{
	const struct relevo_pool_options options = {
		.processes = 1,
		.max_attempts = 1,
		.method = RELEVO_START_FORK,
	};
	struct relevo_result result;
	relevo_pool *pool;
	int outcome;
	child_check(relevo_function_register("there", call_there, NULL) == RELEVO_OK);
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_apply(pool, "there", &one, sizeof one, TEST_PATIENCE, &result) ==
		    RELEVO_OK);
	child_check(result.status == RELEVO_OK && result.size == sizeof outcome);
	memcpy(&outcome, result.data, sizeof outcome);
	relevo_results_free(&result, 1);
	relevo_pool_close(pool);
	return outcome;
}

static _Noreturn void make_call(const struct argument_case *one, const char *url)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct valid valid = { .words = { "true" },
			       .bytes = { "x", 1 },
			       .name = "name",
			       .message = RELEVO__QUEUE_STATS__INIT };
	/* It is not for cmocka to go on here with the rest of the test. */
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		signal(fatal[i], SIG_DFL);
	child_check(relevo_session_open(url, NULL, &valid.session) == RELEVO_OK);
	if (is_of(one->what, "relevo_reply_"))
		_exit(call_in_worker(one, valid.session));
	/* They are this process's own: what it does to them is done to no other. */
	child_check(kinds_open(&valid.kinds, valid.session, NULL) == RELEVO_OK);
	make_others(&valid);
	make_slow_ones(&valid, one->what);
	signal(SIGALRM, _exit);
	alarm(1);
	_exit(outcome_of(one, &valid));
}

/* A call that waits, since nothing that it needs is missing, has done no harm. */
static bool is_well(const struct argument_case *one, int state)
{
	if (!WIFEXITED(state))
		return false;
	int outcome = WEXITSTATUS(state);
	return outcome == CALL_REFUSED ||
	       (!one->refused && (outcome == CALL_DONE || outcome == CALL_WAITS));
}

static bool does_harm(const struct argument_case *one, const char *url)
{
	int state = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		make_call(one, url);
	assert_int_equal(waitpid(pid, &state, 0), pid);
	if (is_well(one, state))
		return false;
	fprintf(stderr, "%s: %s %d%s\n", one->what, WIFSIGNALED(state) ? "signal" : "exit status",
		WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state),
		one->refused ? ", and it should be refused" : "");
	return true;
}

/* A pool that nobody serves: what is asked of it waits. */
static void nothing_is_harmed(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options shared = { .name = "pool", .shared = true };
	relevo_pool *pool;
	int harm = 0;
	assert_ok(relevo_pool_open(scene->session, &shared, &pool));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		harm += does_harm(&cases[i], scene->broker.url);
	relevo_pool_close(pool);
	assert_int_equal(harm, 0);
}

/* The first that is missing is named. */
static void what_is_missing_is_named(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	assert_fails(relevo_queue_put(scene->queue, NULL, 5, 0), RELEVO_BAD_ARGUMENT, "\"data\"");
	assert_fails(relevo_queue_put(NULL, "x", 1, 0), RELEVO_BAD_ARGUMENT, "\"queue\"");
	assert_fails(relevo_queue_get(scene->queue, 0, NULL), RELEVO_BAD_ARGUMENT, "\"item\"");
	assert_fails(relevo_queue_get(NULL, 0, NULL), RELEVO_BAD_ARGUMENT, "\"queue\"");
	assert_fails(relevo_queue_list(scene->session, NULL, NULL, NULL), RELEVO_BAD_ARGUMENT,
		     "\"visit\"");
	assert_string_equal(relevo_queue_name(NULL), "");
	/* Nothing is needed where there is nothing. */
	assert_ok(relevo_queue_put(scene->queue, NULL, 0, 0));
	assert_ok(relevo_queue_get(scene->queue, TEST_PATIENCE, &item));
	assert_int_equal(item.size, 0);
	relevo_item_free(&item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(nothing_is_harmed),
		scene_unit_test(what_is_missing_is_named),
	};
	return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
