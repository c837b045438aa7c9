/* The examples about programs and the system's processes print what they promise. */
#include "integration/examples/examples.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>

static void test_fork(void **state)
{
	(void)state;
	int clone, original, me, mine;
	struct relevo_program_output output = run_well(COMMAND(EXAMPLE("os_fork")), NULL);
	assert_int_equal(sscanf(output.output,
				"I am the clone, %d, and the original is %d\n"
				"I am the original, %d, and the clone is %d\n",
				&clone, &original, &me, &mine),
			 4);
	assert_int_equal(me, original);
	assert_int_equal(mine, clone);
	assert_int_not_equal(clone, original);
	relevo_program_output_free(&output);
}

static void test_exec(void **state)
{
	(void)state;
	int before, parent, after, same;
	struct relevo_program_output output = run_well(COMMAND(EXAMPLE("os_exec")), NULL);
	assert_int_equal(sscanf(output.output,
				"%d runs os_exec, its parent is %d\n"
				"now %d runs sh, its parent is %d\n",
				&before, &parent, &after, &same),
			 4);
	assert_int_equal(after, before);
	assert_int_equal(parent, getpid());
	assert_int_equal(same, getpid());
	relevo_program_output_free(&output);
}

static void test_run(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("program_run")),
		      "it went well, and it said: hola\n"
		      "REMOTE: the program \"sh\" ended with exit code 3\n"
		      "until then it said: half of it\n"
		      "and complained: no more paper\n");
}

static void test_start(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("program_start")),
		      "started, and it runs\n"
		      "meanwhile: 1 + 2 + ... + 100 = 5050\n"
		      "it ended with 0, and wrote:\n3\n20\n100\n");
}

static void test_communicate(void **state)
{
	(void)state;
	expect_output(COMMAND(EXAMPLE("program_communicate")),
		      "answer 1\nanswer 2\nanswer 3\nit ended with 1: no answer\n");
}

/* How many of the lines are about a child of ours of that name. */
static int count_children(const char *text, const char *name)
{
	int count = 0;
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		int pid, parent, nice, memory;
		char user[100], run, found[200];
		assert_int_equal(sscanf(line, "%d %d %99s %c %d %d %199[^\n]", &pid, &parent, user,
					&run, &nice, &memory, found),
				 7);
		assert_non_null(strstr(found, name));
		assert_non_null(strchr("RSDTtZIX", run));
		count += parent == getpid() && strcmp(found, name) == 0 && memory > 0;
	}
	return count;
}

static void test_processes(void **state)
{
	(void)state;
	const char *header = "    PID  PARENT USER       S NICE       KB NAME\n";
	const char *const only[] = { EXAMPLE("system_processes"), "system_processes", NULL };
	struct relevo_program_output output = run_well(only, NULL);
	assert_memory_equal(output.output, header, strlen(header));
	assert_int_equal(count_children(output.output + strlen(header), "system_processes"), 1);
	relevo_program_output_free(&output);
	/* All of them: this one is there. */
	output = run_well(COMMAND(EXAMPLE("system_processes")), NULL);
	assert_non_null(strstr(output.output, " test_examples_programs\n"));
	relevo_program_output_free(&output);
}

static char state_of(int pid)
{
	relevo_system_process *process = NULL;
	struct relevo_system_info *info;
	assert_ok(relevo_system_open(pid, 0, &process));
	assert_ok(relevo_system_inspect(process, &info));
	char state = info->state;
	relevo_system_info_free(info);
	relevo_system_close(process);
	return state;
}

static bool is_suspended(void *pid)
{
	return state_of(*(int *)pid) == 'T';
}

static bool is_asleep(void *pid)
{
	return state_of(*(int *)pid) == 'S';
}

static void expect_line(relevo_program *program, const char *expected)
{
	char line[100];
	read_line(program, line, sizeof line);
	assert_string_equal(line, expected);
}

/* A program of a name that no other has: a link to cat. */
static void make_link(char path[PATH_MAX])
{
	const char *temporary = getenv("TMPDIR");
	snprintf(path, PATH_MAX, "%s/dozer%d", temporary != NULL ? temporary : "/tmp", getpid());
	assert_int_equal(symlink("/bin/cat", path), 0);
}

/* For ever: so what is seen of that is no accident. */
static void stand_still(const char *path, const char *name)
{
	relevo_program *dozer = program_of(COMMAND(path), NULL);
	int pid = relevo_program_pid(dozer);
	assert_true(eventually(is_asleep, &pid));
	relevo_program *example =
		program_of(COMMAND(EXAMPLE("system_suspend"), name, "1000000"), NULL);
	expect_line(example, "suspended");
	assert_true(eventually(is_suspended, &pid));
	end_program(dozer);
	expect_line(example, "has ended");
	assert_int_equal(exit_code_of(example), 0);
	relevo_program_close(example);
}

static void go_on(const char *path, const char *name)
{
	relevo_program *dozer = program_of(COMMAND(path), NULL);
	int pid = relevo_program_pid(dozer);
	assert_true(eventually(is_asleep, &pid));
	relevo_program *example =
		program_of(COMMAND(EXAMPLE("system_suspend"), name, "1", "1000000"), NULL);
	expect_line(example, "suspended");
	expect_line(example, "goes on");
	assert_true(eventually(is_asleep, &pid));
	relevo_program_close_input(dozer);
	assert_int_equal(exit_code_of(dozer), 0);
	expect_line(example, "has ended");
	assert_int_equal(exit_code_of(example), 0);
	relevo_program_close(example);
	relevo_program_close(dozer);
}

static void test_suspend(void **state)
{
	(void)state;
	char path[PATH_MAX];
	make_link(path);
	const char *name = strrchr(path, '/') + 1;
	stand_still(path, name);
	go_on(path, name);
	/* None of that name any more. */
	struct relevo_program_output output;
	struct relevo_run_options options = { .program.errors.kind = RELEVO_STREAM_PIPE };
	assert_ok(relevo_program_run(COMMAND(EXAMPLE("system_suspend"), name), &options, &output));
	assert_int_equal(output.exit_code, 1);
	assert_string_equal(output.errors, "system_suspend: no such process\n");
	relevo_program_output_free(&output);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_fork),        leaks_unit_test(test_exec),
		leaks_unit_test(test_run),         leaks_unit_test(test_start),
		leaks_unit_test(test_communicate), leaks_unit_test(test_processes),
		leaks_unit_test(test_suspend),
	};
	return cmocka_run_group_tests(tests, examples_set_up, NULL);
}
