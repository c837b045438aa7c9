/* What a forked child has inherited is its own, whatever becomes of its parent's. */
#include "support/kinds.h"

#include <signal.h>
#include <sys/wait.h>

/* What the test and its children share. */
struct family {
	struct kinds kinds;
	struct kind_names names;
	struct gate go, told;
};

static void family_make(struct family *family, const struct scene *scene)
{
	assert_ok(kinds_open(&family->kinds, session_open(scene->broker.url), NULL));
	kinds_fill(&family->kinds);
	kinds_note(&family->kinds, scene->session, &family->names);
	gate_make(&family->go);
	gate_make(&family->told);
}

/* Not the gates: they are between the test and its children. */
static void family_part(struct family *family)
{
	kinds_close(&family->kinds);
	assert_ok(relevo_session_close(family->kinds.session));
}

static void family_end(struct family *family)
{
	gate_close(&family->go);
	gate_close(&family->told);
	assert_true(eventually(kinds_are_gone, &family->names));
}

static void use_and_close(void *argument)
{
	struct family *family = argument;
	gate_pass(&family->go);
	kinds_use(&family->kinds);
	kinds_close(&family->kinds);
	child_check(relevo_session_close(family->kinds.session) == RELEVO_OK);
	gate_open(&family->told);
}

/* The parent closes all at once, before the child has done anything. */
static void parent_closes(void **state)
{
	struct scene *scene = *state;
	struct family family;
	family_make(&family, scene);
	pid_t child = child_start(use_and_close, &family);
	family_part(&family);
	gate_open(&family.go);
	child_join(child);
	family_end(&family);
}

static void fork_and_end(void *argument)
{
	struct family *family = argument;
	child_start(use_and_close, family);
	_exit(0);
}

/* The parent is gone at once: it is a child of this process, with a child of its own. */
static void parent_ends(void **state)
{
	struct scene *scene = *state;
	struct family family;
	family_make(&family, scene);
	child_join(child_start(fork_and_end, &family));
	family_part(&family);
	gate_open(&family.go);
	gate_pass(&family.told);
	family_end(&family);
}

struct search {
	int64_t pid;
	int count, found;
};

static int look(const struct relevo_session_info *info, void *user)
{
	struct search *search = user;
	search->count++;
	search->found += info->pid == search->pid;
	return 0;
}

static void wait_to_be_killed(void *argument)
{
	struct family *family = argument;
	gate_open(&family->told);
	pause();
}

/* A child that never says a word holds what it has inherited until it ends, and no longer. */
static void a_silent_child_holds_until_it_ends(void **state)
{
	struct scene *scene = *state;
	struct family family;
	family_make(&family, scene);
	pid_t child = child_start(wait_to_be_killed, &family);
	gate_pass(&family.told);
	family_part(&family);
	assert_true(kinds_are_there(&family.names));
	/* It is in no list before it has spoken. */
	struct search search = { .pid = getpid() };
	assert_ok(relevo_session_list(scene->session, look, &search));
	assert_int_equal(search.count, 1);
	child_kill(child);
	family_end(&family);
}

static void close_unused(void *argument)
{
	struct family *family = argument;
	gate_pass(&family->go);
	kinds_close(&family->kinds);
	gate_open(&family->told);
	gate_pass(&family->go);
}

/* What the child closes without having used it ends, too, though the child lives. */
static void closing_lets_go(void **state)
{
	struct scene *scene = *state;
	struct family family;
	family_make(&family, scene);
	pid_t child = child_start(close_unused, &family);
	family_part(&family);
	gate_open(&family.go);
	gate_pass(&family.told);
	assert_true(eventually(kinds_are_gone, &family.names));
	gate_open(&family.go);
	child_join(child);
	family_end(&family);
}

static void speak(void *argument)
{
	struct family *family = argument;
	child_check(relevo_event_set(family->kinds.event) == RELEVO_OK);
	gate_open(&family->told);
	gate_pass(&family->go);
}

/* It is listed from its first word on, as itself. */
static void a_child_that_speaks_is_listed(void **state)
{
	struct scene *scene = *state;
	struct family family;
	struct search search = { 0 };
	family_make(&family, scene);
	pid_t child = child_start(speak, &family);
	gate_pass(&family.told);
	search.pid = child;
	assert_ok(relevo_session_list(scene->session, look, &search));
	assert_int_equal(search.found, 1);
	assert_int_equal(search.count, 3);
	gate_open(&family.go);
	child_join(child);
	family_part(&family);
	family_end(&family);
}

/* A broker that stands still keeps no fork waiting for long. */
static void a_stopped_broker_delays_a_fork_little(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(kill(scene->broker.pid, SIGSTOP), 0);
	int64_t before = test_now();
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	int64_t took = test_now() - before;
	assert_int_equal(kill(scene->broker.pid, SIGCONT), 0);
	child_join(child);
	assert_between(took, 0, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(parent_closes),
		scene_unit_test(parent_ends),
		scene_unit_test(a_silent_child_holds_until_it_ends),
		scene_unit_test(closing_lets_go),
		scene_unit_test(a_child_that_speaks_is_listed),
		scene_unit_test(a_stopped_broker_delays_a_fork_little),
	};
	return cmocka_run_group_tests_name("inherit", tests, NULL, NULL);
}
