#include "conformance/role.h"

#include "support/host.h"

#include <signal.h>

struct role_way role_by_fork = { RELEVO_START_FORK, false };
struct role_way role_by_forkserver = { RELEVO_START_FORKSERVER, false };
struct role_way role_by_spawn = { RELEVO_START_SPAWN, false };
struct role_way role_by_tcp = { RELEVO_START_FORK, true };
struct role_way role_by_tcp_spawn = { RELEVO_START_SPAWN, true };

static const struct role_way *way; /* of the case that plays */
static struct stage *stage;

int role_setup(void **state)
{
	way = *state;
	int status = way->over_tcp ? stage_setup_tcp(state) : stage_setup(state);
	stage = *state;
	return status;
}

/* Those that a case which failed has left. */
static void end_children(void)
{
	relevo_process *children[64];
	size_t count = relevo_process_children(children, 64);
	for (size_t i = 0; i < count && i < 64; i++) {
		relevo_process_kill(children[i]);
		relevo_process_join(children[i], TEST_PATIENCE);
		relevo_process_free(children[i]);
	}
}

int role_teardown(void **state)
{
	end_children();
	props_end();
	return stage_teardown(state);
}

/* ---- in the child ------------------------------------------------------ */

/* What a child is told, before its props. */
enum { TOLD_BODY, TOLD_PROPS, TOLD_PLAY, TOLD_URL, TOLD_HOST, PROPS };

static int act(relevo_tuple *arguments);

/* Functions and constants are as far from each other in every process of the program. */
static int64_t distance_of(intptr_t place)
{
	return place - (intptr_t)act;
}

static intptr_t place_at(const relevo_tuple *arguments, size_t index)
{
	int64_t distance = 0;
	child_check(relevo_tuple_int(arguments, index, &distance) == RELEVO_OK);
	return (intptr_t)act + (intptr_t)distance;
}

/* The play that was inherited, or NULL. */
static void *inherited(const relevo_tuple *arguments)
{
	int64_t address = 0;
	child_check(relevo_tuple_int(arguments, TOLD_PLAY, &address) == RELEVO_OK);
	return (void *)(intptr_t)address;
}

/* The stage as this process has it: forked, it is there already. */
static struct stage *enter(relevo_tuple *arguments)
{
	const char *url = NULL;
	int host = -1;
	if (relevo_process_method(relevo_process_current()) == RELEVO_START_FORK)
		return stage;
	if (relevo_tuple_kind(arguments, TOLD_URL) != RELEVO_TUPLE_NONE)
		child_check(relevo_tuple_text(arguments, TOLD_URL, &url, NULL) == RELEVO_OK);
	if (relevo_tuple_kind(arguments, TOLD_HOST) != RELEVO_TUPLE_NONE)
		child_check(relevo_tuple_take_descriptor(arguments, TOLD_HOST, &host) == RELEVO_OK);
	return stage_enter(url, host);
}

static int act(relevo_tuple *arguments)
{
	void (*body)(void *play) = (void (*)(void *))place_at(arguments, TOLD_BODY);
	void *play = inherited(arguments);
	if (play == NULL)
		play = props_unpack(arguments, PROPS,
				    (const struct props *)place_at(arguments, TOLD_PROPS),
				    enter(arguments));
	body(play);
	stage_end();
	return EXIT_SUCCESS;
}

/* ---- in the case ------------------------------------------------------- */

static void tell(relevo_tuple *tuple, void (*body)(void *play), const struct props *props,
		 void *play)
{
	bool inherits = way->method == RELEVO_START_FORK && !way->over_tcp;
	assert_ok(relevo_tuple_add_int(tuple, NULL, distance_of((intptr_t)body)));
	assert_ok(relevo_tuple_add_int(tuple, NULL, distance_of((intptr_t)props)));
	assert_ok(relevo_tuple_add_int(tuple, NULL, inherits ? (int64_t)(intptr_t)play : 0));
	if (way->over_tcp)
		assert_ok(relevo_tuple_add_text(tuple, NULL, stage->broker.more));
	else
		assert_ok(relevo_tuple_add_none(tuple, NULL));
	if (way->over_tcp && test_host() != NULL)
		assert_ok(relevo_tuple_add_descriptor(tuple, NULL, test_host_descriptor()));
	else
		assert_ok(relevo_tuple_add_none(tuple, NULL));
	if (!inherits)
		props_pack(tuple, props, play);
}

relevo_process *role_start(void (*body)(void *play), const struct props *props, void *play)
{
	relevo_tuple *tuple = NULL;
	relevo_process *process = NULL;
	assert_ok(relevo_tuple_new(&tuple));
	tell(tuple, body, props, play);
	const struct relevo_process_options options = {
		.method = way->method,
		.arguments = tuple,
		.session = stage->session,
	};
	assert_ok(relevo_process_new(act, &options, &process));
	relevo_tuple_free(tuple);
	assert_ok(relevo_process_start(process));
	return process;
}

void role_join(relevo_process *process)
{
	assert_int_equal(cast_end(process), EXIT_SUCCESS);
}

void role_kill(relevo_process *process)
{
	assert_ok(relevo_process_kill(process));
	assert_int_equal(cast_end(process), -SIGKILL);
}
