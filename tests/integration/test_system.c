/* The processes of the system: what they are, and what can be done with them. */
#include "support/programs.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static relevo_system_process *open_process(int pid)
{
	relevo_system_process *process = NULL;
	assert_ok(relevo_system_open(pid, 0, &process));
	assert_int_equal(relevo_system_pid(process), pid);
	return process;
}

static struct relevo_system_info *inspect(const relevo_system_process *process)
{
	struct relevo_system_info *info;
	assert_ok(relevo_system_inspect(process, &info));
	assert_int_equal(info->pid, relevo_system_pid(process));
	return info;
}

static void test_this_process(void **state)
{
	(void)state;
	char executable[PATH_MAX + 1];
	ssize_t size = readlink("/proc/self/exe", executable, PATH_MAX);
	assert_true(size > 0);
	executable[size] = '\0';
	relevo_system_process *process = open_process(getpid());
	struct relevo_system_info *info = inspect(process);
	assert_int_equal(info->parent, getppid());
	assert_string_equal(info->executable, executable);
	/* Longer than what the kernel keeps of a name. */
	assert_string_equal(info->name, "test_integration_system");
	assert_int_equal(info->argument_count, 1);
	assert_non_null(strstr(info->arguments[0], "test_integration_system"));
	assert_null(info->arguments[1]);
	assert_int_equal(info->user_id, geteuid());
	assert_int_equal(info->nice, getpriority(PRIO_PROCESS, 0));
	assert_true(info->state == 'R' || info->state == 'S');
	/* This one, the library's that looks, and maybe one of a sanitizer. */
	assert_in_range(info->threads, 2, 3);
	assert_true(info->memory > 100000);
	assert_true(info->address_space > info->memory);
	relevo_system_info_free(info);
	relevo_system_info_free(NULL);
	relevo_system_close(process);
}

static void test_when_it_was_started(void **state)
{
	(void)state;
	int64_t before = (int64_t)time(NULL) * 1000;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	relevo_system_process *process = open_process(relevo_program_pid(program));
	struct relevo_system_info *info = inspect(process);
	/* Clocks of different coarseness. */
	assert_true(info->started >= before - 100);
	assert_true(info->started <= (int64_t)time(NULL) * 1000 + 1100);
	uint64_t stamp = info->stamp;
	relevo_system_info_free(info);
	relevo_system_process *again = NULL;
	assert_ok(relevo_system_open(relevo_program_pid(program), stamp, &again));
	relevo_system_close(again);
	assert_fails(relevo_system_open(relevo_program_pid(program), stamp + 1, &again),
		     RELEVO_NOT_FOUND, "another one");
	relevo_system_close(process);
	end_program(program);
	expect_no_children();
}

static void test_time_that_it_uses(void **state)
{
	(void)state;
	relevo_system_process *process = open_process(getpid());
	struct relevo_system_info *info = inspect(process);
	uint64_t before = info->user_time + info->system_time;
	relevo_system_info_free(info);
	clock_t goal = clock() + CLOCKS_PER_SEC / 20;
	while (clock() < goal)
		continue;
	info = inspect(process);
	/* The kernel counts in hundredths of a second. */
	assert_true(info->user_time + info->system_time >= before + 30);
	relevo_system_info_free(info);
	relevo_system_close(process);
}

struct expectation {
	relevo_system_process *process;
	char state;
};

static bool is_in_state(void *argument)
{
	const struct expectation *expected = argument;
	struct relevo_system_info *info = inspect(expected->process);
	char state = info->state;
	relevo_system_info_free(info);
	return state == expected->state;
}

/* Started so far that it waits for its input: before that it need not have its name yet. */
static relevo_system_process *open_asleep(const relevo_program *program)
{
	struct expectation asleep = { open_process(relevo_program_pid(program)), 'S' };
	assert_true(eventually(is_in_state, &asleep));
	return asleep.process;
}

struct listed {
	pid_t pid; /* looked for */
	size_t count;
	size_t found;
	bool is_cat; /* as it was started */
};

static int see_listed(const struct relevo_system_info *info, void *user)
{
	struct listed *listed = user;
	listed->count++;
	if (info->pid != listed->pid)
		return 0;
	listed->found++;
	listed->is_cat = strcmp(info->name, "cat") == 0 && info->parent == getpid() &&
			 info->argument_count == 3 && strcmp(info->arguments[2], "a b") == 0 &&
			 info->threads == 1;
	return 0;
}

static int stop_at_once(const struct relevo_system_info *info, void *user)
{
	(void)info;
	++*(int *)user;
	return 4711;
}

static struct listed list_for(pid_t pid)
{
	struct listed listed = { .pid = pid };
	assert_ok(relevo_system_list(see_listed, &listed));
	return listed;
}

static void test_list(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat", "-", "a b"), NULL);
	pid_t pid = relevo_program_pid(program);
	int seen = 0;
	relevo_system_close(open_asleep(program));
	assert_true(list_for(getpid()).count >= 2);
	assert_int_equal(list_for(getpid()).found, 1);
	struct listed cat = list_for(pid);
	assert_int_equal(cat.found, 1);
	assert_true(cat.is_cat);
	assert_int_equal(relevo_system_list(stop_at_once, &seen), 4711);
	assert_int_equal(seen, 1);
	relevo_program_kill(program);
	exit_code_of(program);
	relevo_program_close(program);
	assert_int_equal(list_for(pid).found, 0);
}

static void test_suspend_and_resume(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	relevo_system_process *process = open_process(relevo_program_pid(program));
	struct expectation suspended = { process, 'T' }, asleep = { process, 'S' };
	char line[10];
	assert_true(eventually(is_in_state, &asleep));
	assert_ok(relevo_system_suspend(process));
	assert_true(eventually(is_in_state, &suspended));
	assert_true(relevo_system_is_alive(process));
	assert_int_equal(write(relevo_program_input_fd(program), "x\n", 2), 2);
	assert_true(is_in_state(&suspended));
	assert_ok(relevo_system_resume(process));
	read_line(program, line, sizeof line);
	assert_string_equal(line, "x");
	assert_true(eventually(is_in_state, &asleep));
	/* The handle of the program does the same. */
	assert_ok(relevo_program_suspend(program));
	assert_true(eventually(is_in_state, &suspended));
	assert_ok(relevo_program_resume(program));
	assert_true(eventually(is_in_state, &asleep));
	relevo_system_close(process);
	end_program(program);
	expect_no_children();
}

static void test_end_and_wait(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("sleep", "1000"), NULL);
	relevo_system_process *process = open_process(relevo_program_pid(program));
	assert_fails(relevo_system_wait(process, 10), RELEVO_TIMED_OUT, "has not ended");
	assert_status(relevo_system_wait(process, -2), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_system_signal(process, 1000), RELEVO_BAD_ARGUMENT);
	assert_ok(relevo_system_terminate(process));
	assert_ok(relevo_system_wait(process, TEST_PATIENCE));
	assert_int_equal(exit_code_of(program), -SIGTERM);
	relevo_system_close(process);
	relevo_program_close(program);
}

struct files_seen {
	int last, high;
	bool seen;
};

static int see_file(const struct relevo_system_file *file, void *user)
{
	struct files_seen *files = user;
	assert_true(file->descriptor > files->last);
	files->last = file->descriptor;
	files->seen = files->seen ||
		      (file->descriptor == files->high && strcmp(file->path, "/dev/null") == 0);
	return 0;
}

static void test_files(void **state)
{
	(void)state;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high = fcntl(null, F_DUPFD_CLOEXEC, 200);
	relevo_system_process *process = open_process(getpid());
	struct files_seen files = { .last = -1, .high = high };
	assert_ok(relevo_system_files(process, see_file, &files));
	assert_true(files.seen);
	relevo_system_close(process);
	close(null);
	close(high);
}

static void test_nice(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	relevo_system_process *process = open_process(relevo_program_pid(program));
	int now = getpriority(PRIO_PROCESS, 0);
	int nicer = now < 19 ? now + 1 : 19;
	assert_ok(relevo_system_set_nice(process, nicer));
	struct relevo_system_info *info = inspect(process);
	assert_int_equal(info->nice, nicer);
	relevo_system_info_free(info);
	assert_status(relevo_system_set_nice(process, 20), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_system_set_nice(process, -21), RELEVO_BAD_ARGUMENT);
	relevo_system_close(process);
	end_program(program);
	expect_no_children();
}

static void test_parent(void **state)
{
	(void)state;
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	relevo_system_process *process = open_process(relevo_program_pid(program));
	relevo_system_process *parent = NULL;
	assert_ok(relevo_system_open_parent(process, &parent));
	assert_int_equal(relevo_system_pid(parent), getpid());
	relevo_system_close(parent);
	relevo_system_close(process);
	end_program(program);
	/* The first of all has none. */
	process = open_process(1);
	assert_fails(relevo_system_open_parent(process, &parent), RELEVO_NOT_FOUND, "no parent");
	relevo_system_close(process);
	expect_no_children();
}

static void test_processors(void **state)
{
	(void)state;
	cpu_set_t before, one;
	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	assert_int_equal(relevo_system_cpu_count(), CPU_COUNT(&before));
	int first = 0;
	while (!CPU_ISSET(first, &before))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(relevo_system_cpu_count(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void *look_many_times(void *unused)
{
	for (int i = 0; i < 20; i++) {
		relevo_system_process *process = NULL;
		struct relevo_system_info *info;
		child_check(relevo_system_open(getppid(), 0, &process) == RELEVO_OK);
		child_check(relevo_system_inspect(process, &info) == RELEVO_OK);
		child_check(info->pid == getppid());
		relevo_system_info_free(info);
		relevo_system_close(process);
	}
	return unused;
}

/* Bytes of all kinds, in whichever locale. */
static void test_names_are_exact(void **state)
{
	(void)state;
	static const char *const names[] = {
		"two words", "a) R 1 (b", "caf\xc3\xa9",
		"a\nb",      "\xff\x01",  "a-name-of-more-than-fifteen"
	};
	char folder[] = "/tmp/relevo-test-XXXXXX";
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[128];
		const char *const copy[] = { "cp", "/bin/sleep", path, NULL };
		const char *const words[] = { path, "1000", NULL };
		relevo_program *program;
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		assert_ok(relevo_program_run(copy, NULL, NULL));
		assert_ok(relevo_program_start(words, NULL, &program));
		relevo_system_process *process = open_process(relevo_program_pid(program));
		struct relevo_system_info *info = inspect(process);
		/* One that is just being executed still has the names of before. */
		int64_t until = test_now() + TEST_PATIENCE;
		while (strcmp(info->name, names[i]) != 0 && test_now() < until) {
			relevo_system_info_free(info);
			info = inspect(process);
		}
		assert_string_equal(info->name, names[i]);
		assert_string_equal(info->executable, path);
		relevo_system_info_free(info);
		relevo_system_close(process);
		assert_ok(relevo_program_kill(program));
		assert_ok(relevo_program_wait(program, TEST_PATIENCE, NULL));
		relevo_program_close(program);
		unlink(path);
	}
	rmdir(folder);
}

static void test_several_threads(void **state)
{
	(void)state;
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_many_times, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* The library's thread is there from now on, with no descriptor. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_this_process),
		leaks_unit_test(test_when_it_was_started),
		leaks_unit_test(test_time_that_it_uses),
		leaks_unit_test(test_list),
		leaks_unit_test(test_suspend_and_resume),
		leaks_unit_test(test_end_and_wait),
		leaks_unit_test(test_files),
		leaks_unit_test(test_nice),
		leaks_unit_test(test_parent),
		leaks_unit_test(test_processors),
		leaks_unit_test(test_names_are_exact),
		leaks_unit_test(test_several_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
