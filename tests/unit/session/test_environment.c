/*
 * What a program that runs with more rights than its user makes of the environment: nothing.
 * It is this program, copied and set-group-id, with the argument "privileged".
 */
#include "support/broker.h"
#include "support/leaks.h"
#include "support/process.h"

#include <fcntl.h>
#include <grp.h>
#include <relevo/relevo.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOT_PRIVILEGED = 77 };

/* ---- the program with more rights --------------------------------------------- */

static void expect_not_led(const char *what)
{
	child_check(strstr(relevo_error_detail(), what) == NULL);
}

static int be_privileged(void)
{
	relevo_session *session;
	const struct relevo_session_options no_private = { .no_private_broker = true };
	if (getauxval(AT_SECURE) == 0)
		return NOT_PRIVILEGED;
	/* Whoever runs this may have a broker of his own: it is none that the environment names. */
	if (relevo_session_open(NULL, &no_private, &session) == RELEVO_OK) {
		child_check(strstr(relevo_session_url(session), "led-astray") == NULL);
		relevo_session_close(session);
		return EXIT_SUCCESS;
	}
	expect_not_led("led-astray");
	if (relevo_session_open(NULL, NULL, &session) == RELEVO_OK)
		relevo_session_close(session);
	else
		expect_not_led("led-astray");
	/* The key would have to be read before anybody is asked. */
	child_check(relevo_session_open("tcp://127.0.0.1:1", NULL, &session) == RELEVO_NO_BROKER);
	return EXIT_SUCCESS;
}

/* ---- the test --------------------------------------------------------------------- */

static void copy_self(const char *path)
{
	struct stat about;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(from >= 0 && to >= 0 && fstat(from, &about) == 0);
	for (off_t left = about.st_size; left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);
		assert_true(sent > 0);
		left -= sent;
	}
	close(from);
	close(to);
}

/* A group that this process may give its files to, and that is not its own. */
static bool other_group(gid_t *group)
{
	gid_t groups[64];
	*group = 65534;
	if (geteuid() == 0)
		return true;
	int count = getgroups(64, groups);
	for (int i = 0; i < count; i++) {
		*group = groups[i];
		if (groups[i] != getgid())
			return true;
	}
	return false;
}

/* A private broker that the environment names leaves this behind. */
static void make_false_broker(const char *folder, char *path, size_t size, const char *trace)
{
	snprintf(path, size, "%s/led-astray", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	dprintf(fd, "#!/bin/sh\n: >%s\n", trace);
	close(fd);
}

static int run_with(const char *program, const char *folder, const char *variable,
		    const char *value)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		unsetenv("RELEVO_URL");
		setenv("XDG_RUNTIME_DIR", folder, 1);
		setenv(variable, value, 1);
		execl(program, program, "privileged", NULL);
		_exit(EXIT_FAILURE);
	}
	return test_wait(pid);
}

static void the_environment_does_not_lead_it(void **state)
{
	(void)state;
	char folder[64], program[80], broker[80], trace[80], link[80];
	gid_t group;
	test_folder_make(folder);
	snprintf(program, sizeof program, "%s/program", folder);
	snprintf(trace, sizeof trace, "%s/trace", folder);
	snprintf(link, sizeof link, "%s/relevod", folder);
	copy_self(program);
	make_false_broker(folder, broker, sizeof broker, trace);
	assert_int_equal(symlink(broker, link), 0);
	bool able = other_group(&group) && chown(program, (uid_t)-1, group) == 0 &&
		    chmod(program, 02755) == 0;
	int status = able ? run_with(program, folder, "RELEVO_BROKER", broker) : NOT_PRIVILEGED;
	if (status != NOT_PRIVILEGED) {
		assert_int_equal(status, 0);
		assert_int_equal(run_with(program, folder, "RELEVO_URL", "abstract://led-astray"),
				 0);
		assert_int_equal(run_with(program, folder, "RELEVO_KEY_FILE", "/led-astray"), 0);
		assert_int_equal(run_with(program, folder, "XDG_RUNTIME_DIR", "/led-astray"), 0);
		assert_int_equal(run_with(program, folder, "PATH", folder), 0);
		assert_int_not_equal(access(trace, F_OK), 0);
	}
	test_folder_remove(folder);
	/* Files cannot have that bit here: no other group, or nosuid. */
	if (status == NOT_PRIVILEGED)
		skip();
}

/* That what it looks for would be there to be seen. */
static void the_environment_leads_others(void **state)
{
	(void)state;
	char folder[64], broker[80], trace[80];
	relevo_session *session;
	test_folder_make(folder);
	snprintf(trace, sizeof trace, "%s/trace", folder);
	make_false_broker(folder, broker, sizeof broker, trace);
	setenv("RELEVO_BROKER", broker, 1);
	assert_status(relevo_session_open(NULL, NULL, &session), RELEVO_NO_BROKER);
	unsetenv("RELEVO_BROKER");
	assert_int_equal(access(trace, F_OK), 0);
	setenv("RELEVO_KEY_FILE", "/led-astray", 1);
	assert_fails(relevo_session_open("tcp://127.0.0.1:1", NULL, &session), RELEVO_NOT_FOUND,
		     "/led-astray");
	unsetenv("RELEVO_KEY_FILE");
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "privileged") == 0)
		return be_privileged();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_does_not_lead_it),
		cmocka_unit_test(the_environment_leads_others),
	};
	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
