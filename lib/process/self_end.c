/* The end of this process: what has to be done then. */
#include "base/mutant.h"
#include "process/children.h"
#include "process/self.h"
#include "session/fork.h"

#include <stdlib.h>

static pthread_once_t handlers_installed = PTHREAD_ONCE_INIT;
static bool installed;

void self_finish(void)
{
	children_finish();
	start_forkserver_stop();
	if (!MUTANT(last_puts_lost))
		fork_flush_all();
	self_close_session();
}

static void self_end_install(void)
{
	installed = children_mind_forks() && atexit(self_finish) == 0;
}

int self_at_exit(struct error *error)
{
	pthread_once(&handlers_installed, self_end_install);
	return installed ? RELEVO_OK
			 : error_set(error, RELEVO_NO_MEMORY, "no memory to care for children");
}
