/* The client at a data folder: it starts the broker, and leaves it for the next command. */
#include "integration/cli/client.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[64], url[96];

static int folder_setup(void **state)
{
	(void)state;
	/* The broker, which is nobody's, becomes this program's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("RELEVO_BROKER", test_broker_program(), 1);
	test_folder_make(folder);
	snprintf(url, sizeof url, "data://%s/data", folder);
	return 0;
}

static int folder_teardown(void **state)
{
	(void)state;
	unsetenv("RELEVO_BROKER");
	test_folder_remove(folder);
	return 0;
}

static pid_t the_broker(void)
{
	pid_t found[4];
	assert_int_equal(process_children(getpid(), found, 4), 1);
	return found[0];
}

static void commands_share_a_broker(void **state)
{
	(void)state;
	expect_output(client("", "--url", url, "queue", "create", "jobs", "--durable"), "");
	pid_t broker = the_broker();
	expect_output(client("", "--url", url, "queue", "put", "jobs", "hello"), "");
	setenv("RELEVO_URL", url, 1);
	expect_output(client("", "queue", "get", "jobs"), "hello\n");
	json_t *counts = expect_json(client("", "queue", "stat", "jobs", "--json"));
	assert_true(json_is_true(json_object_get(counts, "durable")));
	json_decref(counts);
	unsetenv("RELEVO_URL");
	assert_int_equal(the_broker(), broker);
	assert_true(process_ends(broker, 3000));
	waitpid(broker, NULL, 0);
}

static void what_cannot_be_is_named(void **state)
{
	char text[160];
	(void)state;
	expect_failure(client("", "--url", "data://here", "queue", "list"), 1,
		       "queue list: the address \"data://here\" needs the absolute path");
	assert_int_equal(chmod(folder, 0777), 0);
	snprintf(url, sizeof url, "data://%s", folder);
	snprintf(text, sizeof text, "queue list: nobody uses %s; and ", url);
	expect_failure(client("", "--url", url, "queue", "list"), 1, text);
	assert_int_equal(chmod(folder, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commands_share_a_broker, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_named, folder_setup,
						folder_teardown),
	};
	return cmocka_run_group_tests_name("data", tests, NULL, NULL);
}
