/* A program that has got more rights by being started (set-user-id) does not run what a stranger
 * tells it to, and starts processes of its own all the same. */
#include "support/queues.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The number that nobody's processes have, whose the copy of this program is. */
enum { NOBODY = 65534, SOCKET_FD = 3, NOT_BEGUN = 127, WORKS = 42 };

static const char *const roles[] = { "--relevo-process", "--relevo-forkserver" };

static int work(relevo_tuple *arguments)
{
	(void)arguments;
	return geteuid() == NOBODY && getuid() == 0 ? WORKS : 1;
}

/* In the copy. */
static void start_by_each_method(void)
{
	child_check(getauxval(AT_SECURE) != 0);
	for (int method = RELEVO_START_FORKSERVER; method <= RELEVO_START_SPAWN; method++) {
		const struct relevo_process_options options = {
			.method = (enum relevo_start_method)method,
		};
		relevo_process *process;
		int code;
		child_check(relevo_process_new(work, &options, &process) == RELEVO_OK);
		child_check(relevo_process_start(process) == RELEVO_OK);
		child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
		child_check(relevo_process_exit_code(process, &code) == RELEVO_OK);
		child_check(code == WORKS);
		relevo_process_free(process);
	}
}

/* ---- the copy --------------------------------------------------------------------- */

struct copy {
	char path[128];
	const char *word;
	int socket;
};

static void copy_bytes(int from, int to)
{
	char bytes[65536];
	ssize_t size;
	while ((size = read(from, bytes, sizeof bytes)) > 0)
		assert_int_equal(write(to, bytes, (size_t)size), size);
	assert_int_equal(size, 0);
}

static void make_copy(struct copy *copy, const char *folder)
{
	snprintf(copy->path, sizeof copy->path, "%s/copy", folder);
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(copy->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(from >= 0 && to >= 0);
	copy_bytes(from, to);
	assert_int_equal(fchown(to, NOBODY, 0), 0);
	assert_int_equal(fchmod(to, S_ISUID | 0755), 0);
	close(from);
	close(to);
}

static void be_copy(void *argument)
{
	const struct copy *copy = argument;
	if (copy->socket >= 0)
		child_check(dup2(copy->socket, SOCKET_FD) == SOCKET_FD);
	execl(copy->path, copy->path, copy->word, NULL);
	child_check(!"executed");
}

/* ---- the tests ---------------------------------------------------------------------- */

/* The socket is this program's, whose user is another one. The copy ends at once: whoever obeys
 * waits for what comes through the socket, and that stays open here. */
static void a_stranger_is_not_obeyed(void **state)
{
	const struct scene *scene = *state;
	struct copy copy;
	int ends[2];
	if (getuid() != 0)
		skip();
	make_copy(&copy, scene->broker.folder);
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		copy.word = roles[i];
		copy.socket = ends[1];
		pid_t pid = child_start(be_copy, &copy);
		close(ends[1]);
		assert_int_equal(child_wait(pid), NOT_BEGUN);
		close(ends[0]);
	}
	unlink(copy.path);
}

static void its_own_processes_start(void **state)
{
	const struct scene *scene = *state;
	struct copy copy = { .word = "start", .socket = -1 };
	if (getuid() != 0)
		skip();
#ifdef __SANITIZE_ADDRESS__
	/* Its search for leaks needs ptrace(2), which no set-user-id program allows. */
	skip();
#endif
	make_copy(&copy, scene->broker.folder);
	/* Where the library is in a folder that is closed to that user, it does not begin. */
	int status = child_wait(child_start(be_copy, &copy));
	unlink(copy.path);
	if (status == NOT_BEGUN)
		skip();
	assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	if (argc == 2 && strcmp(argv[1], "start") == 0) {
		start_by_each_method();
		return EXIT_SUCCESS;
	}
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_stranger_is_not_obeyed),
		scene_unit_test(its_own_processes_start),
	};
	return cmocka_run_group_tests_name("process_secure", tests, NULL, NULL);
}
