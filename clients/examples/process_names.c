/* Names, and daemons: they end with their parent, and may not have children. */
#include "must.h"

#include <unistd.h>

static int idle(relevo_tuple *arguments)
{
	(void)arguments;
	pause();
	return 0;
}

/* Its own child has its name in front; but a daemon may have none. */
static int work(relevo_tuple *arguments)
{
	relevo_process *child;
	(void)arguments;
	must(relevo_process_new(idle, NULL, &child));
	printf("%s, a daemon: %s", relevo_process_name(relevo_process_current()),
	       relevo_process_is_daemon(child) ? "yes" : "no");
	printf("; its child would be %s: %s\n", relevo_process_name(child),
	       relevo_error_name(relevo_process_start(child)));
	relevo_process_free(child);
	return 0;
}

static void run_daemon(const char *name)
{
	const struct relevo_process_options options = { .name = name, .daemon = RELEVO_DAEMON_YES };
	relevo_process *process;
	must(relevo_process_new(work, &options, &process));
	must(relevo_process_start(process));
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_process *first, *second;
	must(relevo_process_new(idle, NULL, &first));
	must(relevo_process_new(idle, NULL, &second));
	printf("this one is %s\n", relevo_process_name(relevo_process_current()));
	printf("others are %s and %s", relevo_process_name(first), relevo_process_name(second));
	must(relevo_process_set_name(second, "reader"));
	printf("; the second has become %s\n", relevo_process_name(second));
	fflush(stdout);
	run_daemon("writer");

	/* Started as a daemon, it does not keep this program from ending, and ends too. */
	must(relevo_process_set_daemon(first, true));
	must(relevo_process_start(first));
	relevo_process_free(first);
	relevo_process_free(second);
	return 0;
}
