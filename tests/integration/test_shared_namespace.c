/* Shared memory between PID namespaces, as containers on one host have them. */
#include "support/queues.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct relevo_shared_options bare = { .locking = RELEVO_SHARED_NO_LOCK };
static const struct relevo_shared_options existing = { .mode = RELEVO_OPEN_EXISTING };

struct inner {
	const char *url;
	relevo_shared *inherited; /* opened outside */
	void (*body)(const struct inner *inner);
};

/* Process 1 of another PID namespace. */
static void be_the_first(void *argument)
{
	const struct inner *inner = argument;
	int status;
	child_check(unshare(CLONE_NEWPID) == 0);
	pid_t first = fork();
	child_check(first >= 0);
	if (first == 0) {
		child_check(getpid() == 1);
		inner->body(inner);
		_exit(EXIT_SUCCESS);
	}
	child_check(waitpid(first, &status, 0) == first && status == 0);
}

/* It takes the right to make namespaces, which root has not in every container. */
static bool has_namespaces(void)
{
	pid_t pid = fork();
	int status = -1;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void run_inside(const struct scene *scene, void (*body)(const struct inner *inner),
		       relevo_shared *inherited)
{
	struct inner inner = { scene->broker.url, inherited, body };
	child_join(child_start(be_the_first, &inner));
}

static bool fails_and_says(int status, int expected, const char *text)
{
	return status == expected && strstr(relevo_error_detail(), text) != NULL;
}

static relevo_session *session_inside(const struct inner *inner)
{
	relevo_session *session = NULL;
	child_check(relevo_session_open(inner->url, NULL, &session) == RELEVO_OK);
	return session;
}

/* ---- who is another's ------------------------------------------------------ */

static void open_what_is_outside(const struct inner *inner)
{
	relevo_session *session = session_inside(inner);
	relevo_shared *shared = NULL;
	child_check(fails_and_says(relevo_shared_open(session, "m", 100, NULL, &shared),
				   RELEVO_NOT_LOCAL, "\"m\": its lock belongs to"));
	child_check(fails_and_says(relevo_shared_open(session, "m", 0, &existing, &shared),
				   RELEVO_NOT_LOCAL, "another PID namespace"));
	child_check(shared == NULL);
	child_check(relevo_shared_open(session, "bare", 100, &bare, &shared) == RELEVO_OK);
	child_check(strcmp(relevo_shared_data(shared), "without a lock") == 0);
	relevo_shared_close(shared);
	relevo_session_close(session);
}

static void memory_with_a_lock_is_refused_to_others(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared, *unlocked, *again;
	if (!has_namespaces())
		skip();
	assert_ok(relevo_shared_open(scene->session, "m", 100, NULL, &shared));
	assert_ok(relevo_shared_open(scene->session, "bare", 100, &bare, &unlocked));
	strcpy(relevo_shared_data(unlocked), "without a lock");
	run_inside(scene, open_what_is_outside, NULL);
	/* Here it is as it was. */
	assert_ok(relevo_shared_open(scene->session, "m", 100, NULL, &again));
	assert_ok(relevo_shared_lock(again, 0, NULL));
	assert_ok(relevo_shared_unlock(again));
	relevo_shared_close(again);
	relevo_shared_close(unlocked);
	relevo_shared_close(shared);
}

static void make_it_inside(const struct inner *inner)
{
	relevo_session *session = session_inside(inner);
	relevo_shared *shared = NULL;
	child_check(relevo_shared_open(session, "inside", 100, NULL, &shared) == RELEVO_OK);
	child_check(relevo_shared_lock(shared, 0, NULL) == RELEVO_OK);
	child_check(relevo_shared_unlock(shared) == RELEVO_OK);
	relevo_shared_close(shared);
	relevo_session_close(session);
}

/* Whoever opens it first, and not the broker, until the name is free. */
static void a_lock_is_for_those_who_made_it(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared = NULL;
	if (!has_namespaces())
		skip();
	run_inside(scene, make_it_inside, NULL);
	assert_fails(relevo_shared_open(scene->session, "inside", 100, NULL, &shared),
		     RELEVO_NOT_LOCAL, "another PID namespace");
	/* Another that is like it. */
	assert_ok(relevo_shared_delete(scene->session, "inside"));
	assert_ok(relevo_shared_open(scene->session, "inside", 100, NULL, &shared));
	relevo_shared_close(shared);
}

/* ---- who was forked into another -------------------------------------------- */

static void use_what_is_inherited(const struct inner *inner)
{
	child_check(strcmp(relevo_shared_data(inner->inherited), "seen") == 0);
	child_check(fails_and_says(relevo_shared_lock(inner->inherited, 0, NULL), RELEVO_NOT_LOCAL,
				   "another PID namespace"));
	child_check(relevo_shared_unlock(inner->inherited) == RELEVO_NOT_OWNER);
	relevo_shared_close(inner->inherited);
}

static void an_inherited_lock_is_refused_there(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared;
	if (!has_namespaces())
		skip();
	assert_ok(relevo_shared_open(scene->session, NULL, 100, NULL, &shared));
	strcpy(relevo_shared_data(shared), "seen");
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	run_inside(scene, use_what_is_inherited, shared);
	assert_ok(relevo_shared_unlock(shared));
	assert_status(relevo_shared_unlock(shared), RELEVO_NOT_OWNER);
	relevo_shared_close(shared);
}

/* ---- where nobody can tell ---------------------------------------------------- */

static void open_without_proc(const struct inner *inner)
{
	relevo_session *session = session_inside(inner);
	relevo_shared *shared = NULL;
	child_check(unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	child_check(fails_and_says(relevo_shared_open(session, "m", 100, NULL, &shared),
				   RELEVO_NOT_LOCAL, "/proc/self/ns/pid"));
	child_check(relevo_shared_open(session, "bare", 100, &bare, &shared) == RELEVO_OK);
	relevo_shared_close(shared);
	relevo_session_close(session);
}

/* In a folder of chroot(2) what is mounted cannot be made this program's own. */
static bool root_is_mounted(void)
{
	struct statx root;
	return statx(AT_FDCWD, "/", 0, 0, &root) == 0 &&
	       (root.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static void a_lock_needs_to_know_the_namespace(void **state)
{
	struct scene *scene = *state;
	if (!has_namespaces() || !root_is_mounted())
		skip();
	run_inside(scene, open_without_proc, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(memory_with_a_lock_is_refused_to_others),
		scene_unit_test(a_lock_is_for_those_who_made_it),
		scene_unit_test(an_inherited_lock_is_refused_there),
		scene_unit_test(a_lock_needs_to_know_the_namespace),
	};
	return cmocka_run_group_tests_name("shared_namespace", tests, NULL, NULL);
}
